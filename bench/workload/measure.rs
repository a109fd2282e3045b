//! One measurement: so many seconds of one query, by the server or by the limit.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::arguments::Arguments;
use crate::limit::Limit;
use crate::load::Answers;
use crate::place::Place;
use crate::queries::Query;
use crate::usage::Usage;
use crate::{Failure, check, written};

/// Who is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Target {
    Insula,
    Limit,
}

/// What was measured. Times are in milliseconds, CPU is in microseconds for each answer, memory in MB.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) target: Target,
    pub(crate) query: String,
    pub(crate) rate: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) server: f64,
    pub(crate) postgres: f64,
    pub(crate) load: f64,
    pub(crate) server_memory: f64,
    pub(crate) postgres_memory: f64,
    /// The cores that nobody of us used.
    pub(crate) foreign: f64,
}

/// Answers of the server's, none of them bad or wrong.
pub(crate) async fn insula(
    place: &Place,
    query: &Arc<Query>,
    arguments: &Arguments,
) -> Result<Run, Failure> {
    let load = place.load(query, arguments.connections)?;
    let (warm_up, seconds) = (arguments.warm_up(), arguments.seconds());
    let (stop, stopped) = oneshot::channel();
    let checking = check::until(&load, stopped);
    let measuring = async {
        let asking = load.clone().start(warm_up + seconds);
        tokio::time::sleep(warm_up).await;
        let from = place.processes.usage(None)?;
        tokio::time::sleep(seconds).await;
        let to = place.processes.usage(None)?;
        let memory = place.processes.memory()?;
        let joined = tokio::task::spawn_blocking(|| asking.join()).await?;
        let answers = joined.map_err(|_| "the load panicked")??;
        // It may have ended by itself, on a wrong answer.
        let _ = stop.send(());
        Ok::<_, Failure>((answers, from, to, memory))
    };
    let (checks, (answers, from, to, memory)) = tokio::try_join!(checking, measuring)?;
    if let Some(sample) = &answers.sample {
        let (bad, query) = (answers.bad, query.name);
        return Err(format!("{query}: {bad} bad answers, such as {sample}").into());
    }
    if query.writes {
        compare(place, Some(answers.times.len() + checks)).await?;
    }
    let mut times = within(&answers, warm_up, seconds);
    Ok(run(
        (Target::Insula, query),
        &mut times,
        [&from, &to],
        memory,
    ))
}

/// The same by `pgbench`.
pub(crate) async fn limit(
    place: &Place,
    (query, transaction): (&Query, &str),
    arguments: &Arguments,
) -> Result<Run, Failure> {
    let (warm_up, seconds) = (arguments.warm_up(), arguments.seconds());
    // It counts whole seconds, and connects first.
    let time = warm_up + seconds + Duration::from_secs(1);
    let how = (arguments.connections, time);
    let limit = Limit::start(&place.database, transaction, &place.tenants, how)?;
    tokio::time::sleep(warm_up).await;
    let from = place.processes.usage(Some(limit.id()))?;
    tokio::time::sleep(seconds).await;
    let to = place.processes.usage(Some(limit.id()))?;
    let memory = place.processes.memory()?;
    let (begun, ended) = (from.clock, to.clock);
    let times = tokio::task::spawn_blocking(move || {
        limit.times(begun, ended).map_err(|error| error.to_string())
    });
    let times = times.await??;
    if query.writes {
        compare(place, None).await?;
    }
    let mut times: Vec<_> = times
        .into_iter()
        .map(|took| Duration::from_micros(took.into()))
        .collect();
    Ok(run(
        (Target::Limit, query),
        &mut times,
        [&from, &to],
        memory,
    ))
}

/// Whether there are as many rows as answers, each invoice with its lines; they are gone then.
async fn compare(place: &Place, answers: Option<usize>) -> Result<(), Failure> {
    let written = written::take(&place.database, &place.tenants).await?;
    let invoices = written.invoices;
    if written.wrong > 0 || written.lines != 3 * invoices {
        return Err(format!("{} of {invoices} invoices don't add up", written.wrong).into());
    }
    match answers.map(i64::try_from).transpose()? {
        Some(answers) if answers != invoices => {
            Err(format!("{answers} answers tell of invoices, and there are {invoices}").into())
        }
        _ => Ok(()),
    }
}

/// How long those took that came between the warm-up and the end.
pub(crate) fn within(answers: &Answers, warm_up: Duration, seconds: Duration) -> Vec<Duration> {
    let times = answers.times.iter();
    let within = times.filter(|(came, _)| (warm_up..warm_up + seconds).contains(came));
    within.map(|(_, took)| *took).collect()
}

#[expect(clippy::cast_precision_loss, reason = "some hundred thousand answers")]
fn run(
    (target, query): (Target, &Query),
    times: &mut [Duration],
    [from, to]: [&Usage; 2],
    [server_memory, postgres_memory]: [f64; 2],
) -> Run {
    times.sort_unstable();
    let seconds = (to.at - from.at).as_secs_f64();
    let count = times.len().max(1) as f64;
    let each = |of: fn(&Usage) -> f64| (of(to) - of(from)) / count * 1e6;
    let ours: fn(&Usage) -> f64 = |usage| usage.server + usage.postgres + usage.load;
    let others = (to.machine - from.machine) - (ours(to) - ours(from));
    Run {
        target,
        query: query.name.to_owned(),
        rate: count / seconds,
        p50: quantile(times, 50),
        p99: quantile(times, 99),
        server: each(|usage| usage.server),
        postgres: each(|usage| usage.postgres),
        load: each(|usage| usage.load),
        server_memory,
        postgres_memory,
        foreign: (others / seconds).max(0.0),
    }
}

/// The milliseconds that so many percent of sorted times stayed below.
pub(crate) fn quantile(sorted: &[Duration], percent: usize) -> f64 {
    let at = sorted.len() * percent / 100;
    let time = sorted.get(at).or(sorted.last());
    time.map_or(0.0, |time| time.as_secs_f64() * 1e3)
}
