mod crowd;

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;

use super::Client;
use super::slots::{Slots, State};
use crowd::{Crowd, client};

/// Longer than anybody is patient.
const LONG: Duration = Duration::from_millis(300);

#[derive(Debug, Clone)]
enum Step {
    Ask(Client),
    Free(usize, bool),
    Board(usize, usize),
    GiveUp(usize),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..6_u64, 1..4_u16).prop_map(|(key, login)| Step::Ask(client(key, login))),
        3 => (0..8_usize, any::<bool>()).prop_map(|(at, connected)| Step::Free(at, connected)),
        1 => (0..8_usize, 0..4_usize).prop_map(|(at, most)| Step::Board(at, most)),
        1 => (0..8_usize).prop_map(Step::GiveUp),
        1 => (0..30_u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    #[test]
    fn nobody_is_lost_and_nobody_waits_for_a_free_slot(
        total in 1..6_usize, at_once in 1..6_usize, steps in steps(),
    ) {
        let at_once = at_once.min(total);
        let mut crowd = Crowd::of(total, at_once);
        for step in steps {
            match step {
                Step::Ask(client) => drop(crowd.ask(client)),
                Step::Free(at, connected) => drop(crowd.free(at % total, connected)),
                Step::Board(at, most) if crowd.holder(at % total).is_some() => {
                    crowd.board(at % total, most);
                }
                Step::Board(..) => {}
                Step::GiveUp(nth) => {
                    if let Some(who) = crowd.waiting.keys().nth(nth).copied() {
                        let (ticket, _) = crowd.waiting.remove(&who).unwrap();
                        crowd.slots.give_up(ticket);
                    }
                }
                Step::Wait(time) => crowd.pass_time(Duration::from_millis(time)),
            }
            crowd.check();
            prop_assert!(crowd.working() <= at_once);
        }
        // Whoever waits for long waits only as long as every slot is busy.
        for _ in 0..total.div_ceil(at_once) {
            crowd.pass_time(LONG);
        }
        prop_assert!(crowd.waiting.is_empty() || crowd.holders.len() == total);
        // And all are served in the end.
        while let Some(at) = crowd.holders.keys().next().copied() {
            crowd.free(at, true);
            crowd.check();
        }
        prop_assert!(crowd.waiting.is_empty());
        let busy = |state| matches!(state, State::Busy { .. });
        prop_assert!(!crowd.slots.states().any(busy));
    }

    #[test]
    fn a_tenant_is_always_at_home_among_the_slots_of_its_login(
        total in 1..40_usize, logins in 1..10_u16, key: u64, login in 0..10_u16,
    ) {
        let mut slots = Slots::<()>::new(total, true);
        for login in 1..=logins {
            slots.home(client(0, login));
        }
        let login = login % logins + 1;
        let home = slots.home(client(key, login));
        prop_assert!(home < total);
        prop_assert_eq!(slots.home(client(key, login)), home);
        for other in (1..=logins).filter(|other| *other != login) {
            let apart = slots.home(client(key, other)) != home;
            prop_assert!(apart || usize::from(logins) > total);
        }
    }
}

#[test]
fn a_hot_tenants_neighbour_waits_for_two_leases_at_most() {
    let mut crowd = Crowd::new(1);
    let (hot, modest) = (client(0, 1), client(1, 1));
    for _ in 0..32 {
        crowd.ask(hot);
    }
    for _ in 0..100 {
        let (who, _) = crowd.ask(modest);
        let turns = (1..10).find(|_| {
            crowd.ask(hot);
            crowd.free(0, true) == Some(who)
        });
        assert!(matches!(turns, Some(1 | 2)), "{turns:?}");
    }
}

#[test]
fn whoever_waits_in_company_is_not_passed_by_for_ever() {
    let mut crowd = Crowd::new(1);
    let [one, first, second] = [0, 1, 2].map(|key| client(key, 1));
    crowd.ask(first);
    crowd.ask(one);
    let (last, _) = crowd.ask(one);
    for round in 0..10 {
        crowd.ask(if round % 2 == 0 { second } else { first });
        if crowd.free(0, true) == Some(last) {
            return;
        }
    }
    panic!("it was passed by by those who came later");
}

#[test]
fn whoever_comes_alone_is_served_in_the_order_of_coming() {
    let mut crowd = Crowd::new(1);
    crowd.ask(client(0, 1));
    let mut holder = client(0, 1);
    let mut line = VecDeque::new();
    for stranger in 1..100 {
        // One who was served a moment ago, and then one who never was.
        for one in [holder, client(stranger, 1)] {
            line.push_back(crowd.ask(one).0);
        }
        let next = crowd.free(0, true);
        assert_eq!(next, line.pop_front());
        holder = crowd.came[next.unwrap() - 1];
    }
}

#[test]
fn those_who_are_taken_along_are_one_of_each_tenant_and_then_more() {
    let mut crowd = Crowd::new(1);
    let [hot, modest, stranger] = [0, 1, 2].map(|key| client(key, 1));
    for known in [hot, modest] {
        crowd.ask(known);
        crowd.free(0, true);
    }
    crowd.ask(hot);
    let line = [hot, hot, hot, stranger, modest, hot].map(|one| crowd.ask(one).0);
    assert_eq!(crowd.board(0, 3), [line[0], line[4], line[1]]);
    // Whose turn it was stays so; who was served waits behind.
    let later = crowd.ask(modest).0;
    assert_eq!(
        crowd.free(0, true),
        Some(line[3]),
        "it had to be known first"
    );
    assert_eq!(crowd.board(0, 7), [line[2], later, line[5]]);
}

#[test]
fn nobody_is_taken_along_on_a_connection_of_another_login() {
    let mut crowd = Crowd::new(1);
    let (one, other) = (client(0, 1), client(0, 2));
    for holder in [one, other] {
        crowd.ask(holder);
        let waits = crowd.ask(one).0;
        let aboard = crowd.board(0, 7);
        assert_eq!(aboard == [waits], holder == one);
        crowd.free(0, true);
        crowd.free(0, true);
    }
}

#[test]
fn no_more_work_at_once_than_should_and_who_waited_longest_is_next() {
    let mut crowd = Crowd::of(6, 2);
    let clients = [0, 1, 2, 0].map(|at| crowd.at_home(at, 1));
    let found = clients.map(|one| crowd.ask(one));
    assert_eq!(found.map(|(_, at)| at), [Some(0), Some(1), None, None]);
    // Whichever is given back, they come in order, and each is at home.
    for (given, next, home) in [(1, 3, 2), (0, 4, 0)] {
        assert_eq!(crowd.free(given, true), Some(next));
        assert_eq!(crowd.holder(home), Some(next));
    }
    assert_eq!(crowd.slots.spilled, 0);
    // Of six slots three are homes.
    let homes = (0..1_000).map(|key| crowd.slots.home(client(key, 1)));
    assert_eq!(homes.max(), Some(2));
}

#[test]
fn who_takes_long_keeps_nobody_from_working() {
    let mut crowd = Crowd::of(6, 2);
    let [first, second, third] = [0, 1, 2].map(|at| crowd.at_home(at, 1));
    for slow in [first, second] {
        crowd.ask(slow);
    }
    let (who, at) = crowd.ask(third);
    assert_eq!(at, None);
    let patience = crowd.slots.patience().pauses()[0];
    crowd.pass_time(patience);
    assert_eq!(crowd.holder(2), Some(who), "both take long by now");
    crowd.free(0, true);
    assert_eq!(crowd.ask(first).1, Some(0), "one is at work");
    crowd.free(1, true);
    assert_eq!(crowd.ask(second).1, None, "a third would be too many");
}

#[test]
fn a_hot_tenant_has_all_idle_slots_and_no_more_than_it_needs() {
    let mut crowd = Crowd::new(4);
    let hot = crowd.at_home(0, 1);
    assert_eq!(crowd.ask(hot).1, Some(0), "at home");
    assert_eq!([crowd.ask(hot).1, crowd.ask(hot).1], [None; 2], "in line");
    let mut elsewhere = [(); 3].map(|()| crowd.ask(hot).1);
    elsewhere.sort_unstable();
    assert_eq!(elsewhere, [Some(1), Some(2), Some(3)]);
    assert_eq!(crowd.ask(hot).1, None, "there is none left");
    assert_eq!(crowd.slots.spilled, 3);
}

#[test]
fn whoever_is_stuck_behind_a_long_lease_is_served_elsewhere_also_where_all_is_busy() {
    let mut crowd = Crowd::new(2);
    let [slow, other] = [0, 1].map(|at| crowd.at_home(at, 1));
    crowd.ask(slow);
    crowd.ask(other);
    let (stuck, _) = crowd.ask(slow);
    crowd.ask(other);
    crowd.ask(other);
    crowd.pass_time(LONG);
    for _ in 0..3 {
        crowd.ask(other);
        if crowd.free(1, true) == Some(stuck) {
            return;
        }
    }
    panic!("it still waits for the long one");
}

#[test]
fn a_connection_of_another_login_is_closed_only_where_waiting_has_been_long() {
    let mut crowd = Crowd::new(2);
    // Both logins are known, and each has one slot.
    let (one, other) = (client(0, 1), client(0, 2));
    let at = [crowd.ask(one).1.unwrap(), crowd.ask(other).1.unwrap()];
    assert_eq!(at, [0, 1]);
    crowd.free(1, true);
    let (who, waits) = crowd.ask(one);
    assert_eq!(waits, None);
    crowd.pass_time(crowd.slots.patience().pauses()[1]);
    assert!(crowd.waiting.contains_key(&who), "there is another way yet");
    crowd.pass_time(LONG);
    assert_eq!(crowd.holder(1), Some(who));
}

#[test]
fn connections_of_other_logins_are_not_closed_while_those_of_ones_own_are_opened() {
    // Everybody is busy at home, for as long as it takes to connect: so nothing is gained elsewhere.
    let mut crowd = Crowd::new(4);
    for login in [1, 2] {
        crowd.slots.home(client(0, login));
    }
    let everybody = [(0, 1), (1, 2), (2, 1), (3, 2)];
    let holders = everybody.map(|(at, login)| (at, crowd.at_home(at, login)));
    for (at, one) in holders {
        assert_eq!(crowd.ask(one).1, Some(at));
    }
    let connecting = Duration::from_millis(150);
    for _ in 0..100 {
        for (_, one) in holders {
            crowd.ask(one);
        }
        crowd.pass_time(connecting);
        for (at, holder) in holders.into_iter().rev() {
            let next = crowd.free(at, true);
            let next = next.expect("somebody waits there");
            assert_eq!(
                crowd.came[next - 1].login,
                holder.login,
                "slot {at} has changed hands"
            );
        }
    }
}

#[test]
fn a_connection_that_nobody_misses_is_closed_for_another_login() {
    let mut crowd = Crowd::new(2);
    let (one, other) = (client(0, 1), client(0, 2));
    crowd.ask(one);
    crowd.ask(other);
    crowd.free(1, true);
    for (rested, closed) in [(900, false), (200, true)] {
        crowd.now += Duration::from_millis(rested);
        let (who, _) = crowd.ask(one);
        let a_while = crowd.slots.patience().pauses()[2];
        crowd.pass_time(a_while);
        assert_eq!(crowd.holder(1) == Some(who), closed);
    }
}

#[test]
fn a_connection_that_knows_many_tenants_is_left_to_those_at_home_there() {
    for full in [false, true] {
        let mut crowd = Crowd::new(2);
        let [one, other] = [0, 1].map(|at| crowd.at_home(at, 1));
        crowd.ask(other);
        crowd.slots.fill(1, full);
        crowd.free(1, true);
        crowd.ask(one);
        let (who, _) = crowd.ask(one);
        crowd.pass_time(crowd.slots.patience().pauses()[1]);
        assert_eq!(crowd.holder(1), (!full).then_some(who));
        crowd.pass_time(LONG);
        assert_eq!(crowd.holder(1), Some(who), "but after long");
    }
}

#[test]
fn a_connection_that_knows_somebody_will_do_sooner_than_a_strange_one() {
    let mut crowd = Crowd::new(2);
    let (mine, other) = (client(1, 1), client(2, 1));
    let home = crowd.slots.home(mine);
    let away = 1 - home;
    // Both are known at both, but for one whom nobody knows away from home.
    for (who, at) in [(mine, home), (mine, away), (other, away)] {
        crowd.slots.seize(1 - at, crowd.now);
        let elsewhere = crowd.ask(who).1;
        let found = elsewhere.or_else(|| {
            crowd.pass_time(LONG);
            crowd.holders.keys().next().copied()
        });
        assert_eq!(found, Some(at));
        crowd.free(at, true);
        crowd.slots.rest(1 - at, true, crowd.now);
    }

    let a_little = crowd.slots.patience().pauses()[0];
    crowd.slots.seize(home, crowd.now);
    let (who, at) = crowd.ask(mine);
    assert_eq!(at, None, "home is warmer");
    crowd.pass_time(a_little);
    assert_eq!(crowd.holder(away), Some(who));
    crowd.free(away, true);

    crowd.slots.forget(away);
    crowd.slots.seize(home, crowd.now);
    let (who, at) = crowd.ask(mine);
    assert_eq!(at, None);
    crowd.pass_time(a_little);
    assert_eq!(crowd.holder(away), None, "it would be a stranger");
    crowd.pass_time(LONG);
    assert_eq!(crowd.holder(away), Some(who));
}
