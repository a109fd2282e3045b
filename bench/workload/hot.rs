//! What one tenant that asks all the time does to its neighbours.

use std::sync::Arc;
use std::time::Duration;

use crate::arguments::Arguments;
use crate::load::Load;
use crate::measure::{quantile, within};
use crate::place::Place;
use crate::queries::Query;
use crate::{Failure, report};

/// The neighbours' connections.
const NEIGHBOURS: usize = 4;

/// How many times their p99 beside the hot tenant may be what it is without.
const LIMIT: f64 = 1.5;

/// The neighbours without the hot tenant, and beside it.
pub(crate) async fn run(
    place: &Place,
    queries: &[Arc<Query>],
    arguments: &Arguments,
) -> Result<(), Failure> {
    let mut table = report::table(&[
        "",
        "neighbours",
        "answers/s",
        "p50 ms",
        "p99 ms",
        "hot answers/s",
    ]);
    for query in queries.iter().filter(|query| !query.writes) {
        let neighbours = Load {
            among: 1..place.tenants.len(),
            ..place.load(query, NEIGHBOURS)?
        };
        let hot = Load {
            among: 0..1,
            ..place.load(query, arguments.connections)?
        };
        let (mut alone, mut beside, mut its) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..arguments.rounds {
            alone.extend(ask(neighbours.clone(), arguments).await?);
            let (theirs, own) = tokio::try_join!(
                ask(neighbours.clone(), arguments),
                ask(hot.clone(), arguments)
            )?;
            beside.extend(theirs);
            its.extend(own);
        }
        let time = arguments.seconds() * u32::try_from(arguments.rounds)?;
        let mut row = |name: &str, times: &mut [Duration], hot: String| {
            times.sort_unstable();
            let [p50, p99] = [50, 99].map(|percent| quantile(times, percent));
            let rate = format!("{:.0}", rate(times, time));
            let cells = [rate, format!("{p50:.2}"), format!("{p99:.2}"), hot];
            table.add_row(
                [query.name.to_owned(), name.to_owned()]
                    .into_iter()
                    .chain(cells),
            );
            p99
        };
        let without = row("alone", &mut alone, String::new());
        let with = row(
            "beside the hot one",
            &mut beside,
            format!("{:.0}", rate(&its, time)),
        );
        let limit = format!("ratio, at most {LIMIT}");
        table.add_row(["", &limit, "", "", &format!("{:.2}", with / without)]);
    }
    report::show(&table);
    Ok(())
}

async fn ask(load: Load, arguments: &Arguments) -> Result<Vec<Duration>, Failure> {
    let (warm_up, seconds) = (arguments.warm_up(), arguments.seconds());
    let asking = load.start(warm_up + seconds);
    let joined = tokio::task::spawn_blocking(|| asking.join()).await?;
    let answers = joined.map_err(|_| "the load panicked")??;
    match answers.sample.as_ref() {
        Some(sample) => Err(format!("a bad answer: {sample}").into()),
        None => Ok(within(&answers, warm_up, seconds)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "some hundred thousand answers")]
fn rate(times: &[Duration], time: Duration) -> f64 {
    times.len() as f64 / time.as_secs_f64()
}
