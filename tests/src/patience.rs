//! Waiting for what comes true soon.

use std::time::{Duration, Instant};

/// How long something that is seen "at once" may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(1);

/// How long anything may take that nobody promised.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks again until the answer is good; the last answer where it never was.
pub async fn eventually<T>(ask: impl AsyncFnMut() -> T, good: impl Fn(&T) -> bool) -> T {
    within(DEADLINE, ask, good).await
}

/// The same for what takes as long as the machine takes.
pub async fn at_last<T>(ask: impl AsyncFnMut() -> T, good: impl Fn(&T) -> bool) -> T {
    within(PATIENCE, ask, good).await
}

async fn within<T>(
    time: Duration,
    mut ask: impl AsyncFnMut() -> T,
    good: impl Fn(&T) -> bool,
) -> T {
    let deadline = Instant::now() + time;
    loop {
        let answer = ask().await;
        if good(&answer) || Instant::now() > deadline {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
