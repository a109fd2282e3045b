//! Waiting for what comes true soon.

use std::time::{Duration, Instant};

/// How long something that is seen "at once" may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(1);

/// Asks again until the answer is good; the last answer where it never was.
pub async fn eventually<T>(mut ask: impl AsyncFnMut() -> T, good: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let answer = ask().await;
        if good(&answer) || Instant::now() > deadline {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
