//! Where tenants are at home.

use super::Client;

/// The logins that were seen, in order. They take turns with the slots, so that each has an equal share of them.
#[derive(Default)]
pub(super) struct Homes {
    logins: Vec<u16>,
}

impl Homes {
    pub(super) fn meet(&mut self, login: u16) {
        if let Err(rank) = self.logins.binary_search(&login) {
            self.logins.insert(rank, login);
        }
    }

    /// Whether several logins share a slot.
    pub(super) fn are_shared(&self, slots: usize) -> bool {
        self.logins.len() > slots
    }

    /// How many of so many slots, the first ones, are homes: half as many again as work at once, so that most who
    /// come find theirs free. A login needs two, lest one connection come to know all of its tenants.
    pub(super) fn count(&self, at_once: usize, slots: usize) -> usize {
        let homes = (at_once * 3).div_ceil(2);
        homes.max(self.logins.len() * 2).min(slots)
    }

    /// The home of a client among so many.
    pub(super) fn first(&self, client: Client, homes: usize) -> usize {
        self.choice(client, homes, |share| pick(client.key, share))
    }

    /// What is as good but for its home; that itself, where its login has no other.
    pub(super) fn second(&self, client: Client, homes: usize) -> usize {
        self.choice(client, homes, |share| {
            let further = 1 + pick(client.key.rotate_left(32), share.max(2) - 1);
            (pick(client.key, share) + further) % share
        })
    }

    /// One of the slots of the client's login.
    fn choice(&self, client: Client, homes: usize, pick: impl Fn(usize) -> usize) -> usize {
        let rank = self.logins.partition_point(|login| *login < client.login);
        let logins = self.logins.len();
        if logins > homes {
            return rank % homes;
        }
        rank + logins * pick((homes - rank).div_ceil(logins))
    }
}

/// One of so many by a key. With one more or one less it is the same for most keys ("A Fast, Minimal Memory, Consistent
/// Hash Algorithm" by Lamping and Veach).
fn pick(mut key: u64, of: usize) -> usize {
    let (mut picked, mut next) = (0, 0);
    while next < of as u64 {
        picked = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((picked + 1) << 31) / ((key >> 33) + 1);
    }
    usize::try_from(picked).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANTS: u64 = 1_000;

    /// As tenants' keys are: of any size.
    fn tenants() -> impl Iterator<Item = Client> {
        let key = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (1..=TENANTS).map(move |n| Client {
            key: key(n),
            login: 1,
        })
    }

    #[test]
    fn each_home_has_its_share_and_one_more_moves_no_more_than_that() {
        let mut homes = Homes::default();
        homes.meet(1);
        for count in 1..20 {
            let mut here = vec![0; count];
            tenants().for_each(|one| here[homes.first(one, count)] += 1);
            let share = TENANTS / count as u64;
            assert!(
                here.iter().all(|n| (share / 2..=share * 2).contains(n)),
                "{here:?}"
            );
            let moved =
                tenants().filter(|one| homes.first(*one, count) != homes.first(*one, count + 1));
            let moved = moved.count() as u64;
            assert!(
                moved <= share * 3 / 2,
                "{moved} of {TENANTS} moved when there were {count}"
            );
        }
    }

    #[test]
    fn a_second_choice_is_another_slot_of_the_login() {
        let mut homes = Homes::default();
        for login in [1, 2] {
            homes.meet(login);
        }
        for one in tenants() {
            let [first, second] = [homes.first(one, 6), homes.second(one, 6)];
            assert_ne!(first, second);
            assert_eq!([first % 2, second % 2], [0, 0]);
            assert_eq!([homes.first(one, 2), homes.second(one, 2)], [0, 0]);
        }
    }
}
