use tests::at_last;
use tokio::runtime::Handle;

use super::crowd::{Shop, Storm};
use super::{assert_calm, server};

/// Eleven of twelve leave: more than two thousand.
const STORM: Storm = Storm {
    name: "left",
    requests: 2_200,
    leavers: 12,
    writes: true,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_leave_in_the_middle_by_thousands_leave_nothing_behind() {
    let server = server().await;
    let shops = [
        Shop::of(&server, "python").await,
        Shop::of(&server, "ruby").await,
    ];
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let reached = || {
        let gauges = server.state.database.gauges();
        gauges.leases + gauges.carried
    };
    let before = (tasks(), reached());

    let mut answered = 0;
    for one in STORM.over(&shops).await {
        let (fine, refused) = one.fine_or(&[]);
        assert_eq!(refused, 0);
        answered += fine as u64;
    }

    let reached = reached() - before.1;

    assert!(
        reached > answered + 50,
        "{reached} of {answered} and others"
    );
    assert_calm(&server, &shops).await;
    // Those who left at the end, and whoever undoes what they began.
    let after = at_last(async || tasks(), |after| *after <= before.0).await;
    assert!(after <= before.0, "{after} tasks after {before:?}");
}
