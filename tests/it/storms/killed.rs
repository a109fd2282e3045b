use super::crowd::{Shop, Storm};
use super::{SERVING, assert_calm, meanwhile, server};

const STORM: Storm = Storm {
    name: "killed",
    requests: 500,
    leavers: 1,
    writes: true,
};

/// How many have had a connection between one kill and the next.
const BETWEEN: u64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backends_killed_under_load_cost_some_answers_and_nothing_else() {
    let server = server().await;
    let shops = [
        Shop::of(&server, "python").await,
        Shop::of(&server, "ruby").await,
    ];
    let sql = server.shared_sql();
    let kill = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {SERVING} ORDER BY random() LIMIT 1"
    );
    let mut latest = 0;

    let (outcomes, kills) = meanwhile(STORM.over(&shops), async || {
        // So that there is somebody to hit, and somebody to be served between two hits.
        let leases = server.state.database.gauges().leases;
        if leases < latest + BETWEEN {
            return false;
        }
        latest = leases;
        sql.run(&kill).await;
        true
    })
    .await;

    assert!(kills > 20, "only {kills} were killed");
    for one in outcomes {
        let (fine, refused) = one.fine_or(&["503 DATABASE_UNAVAILABLE"]);
        assert!(fine > refused, "{one:?} with {kills} kills");
    }
    assert_calm(&server, &shops).await;
}
