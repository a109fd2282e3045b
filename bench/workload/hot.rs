//! What one tenant that asks all the time does to its neighbours.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use comfy_table::Table;

use crate::arguments::Arguments;
use crate::load::Load;
use crate::measure::{quantile, within};
use crate::place::Place;
use crate::queries::Query;
use crate::{Failure, report};

/// The neighbours' connections.
const NEIGHBOURS: usize = 4;

/// How many times their p99 beside the hot tenant may be what it is beside a crowd that asks as much:
/// that the machine is busy isn't the hot tenant's fault, that it is one is.
const LIMIT: f64 = 1.5;

/// The neighbours alone, beside a crowd of all tenants, and beside one hot tenant.
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
        "others' answers/s",
    ]);
    let everybody = 1..place.tenants.len();
    for query in queries.iter().filter(|query| !query.writes) {
        let load = |among: &Range<usize>, connections| -> Result<Load, Failure> {
            Ok(Load {
                among: among.clone(),
                ..place.load(query, connections)?
            })
        };
        let neighbours = load(&everybody, NEIGHBOURS)?;
        let mut sides = [
            Side::of("alone", None),
            Side::of(
                "beside a crowd",
                Some(load(&everybody, arguments.connections)?),
            ),
            Side::of(
                "beside a hot one",
                Some(load(&(0..1), arguments.connections)?),
            ),
        ];
        for _ in 0..arguments.rounds {
            for side in &mut sides {
                side.measure(&neighbours, arguments).await?;
            }
        }
        let time = arguments.seconds() * u32::try_from(arguments.rounds)?;
        let [alone, crowd, hot] = sides.map(|side| side.show(query.name, time, &mut table));
        let limit = format!("to the crowd, at most {LIMIT}");
        table.add_row(["", &limit, "", "", &format!("{:.2}", hot / crowd), ""]);
        table.add_row(["", "to alone", "", "", &format!("{:.2}", hot / alone), ""]);
    }
    report::show(&table);
    Ok(())
}

/// What goes on beside the neighbours, and how long both waited for answers.
struct Side {
    name: &'static str,
    others: Option<Load>,
    neighbours: Vec<Duration>,
    beside: Vec<Duration>,
}

impl Side {
    fn of(name: &'static str, others: Option<Load>) -> Self {
        Self {
            name,
            others,
            neighbours: Vec::new(),
            beside: Vec::new(),
        }
    }

    async fn measure(&mut self, neighbours: &Load, arguments: &Arguments) -> Result<(), Failure> {
        let others = async {
            match self.others.clone() {
                Some(load) => ask(load, arguments).await,
                None => Ok(Vec::new()),
            }
        };
        let (theirs, beside) = tokio::try_join!(ask(neighbours.clone(), arguments), others)?;
        self.neighbours.extend(theirs);
        self.beside.extend(beside);
        Ok(())
    }

    /// Adds a row; answers the neighbours' p99 in milliseconds.
    fn show(mut self, query: &str, time: Duration, table: &mut Table) -> f64 {
        self.neighbours.sort_unstable();
        let [p50, p99] = [50, 99].map(|percent| quantile(&self.neighbours, percent));
        let others = self
            .others
            .map(|_| format!("{:.0}", rate(&self.beside, time)));
        table.add_row([
            query,
            self.name,
            &format!("{:.0}", rate(&self.neighbours, time)),
            &format!("{p50:.2}"),
            &format!("{p99:.2}"),
            &others.unwrap_or_default(),
        ]);
        p99
    }
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
