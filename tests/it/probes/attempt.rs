//! One attempt: what somebody asks, and in a word what came of it.

use serde_json::{Value, json};
use tests::{Answer, Client};

use super::declare::{Operation, Probe};
use super::words::Words;

/// What somebody got.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// `yes`, a code, or that nothing was found.
    pub(super) word: String,
    pub(super) answer: Answer,
}

/// Somebody was let in, and it worked.
pub(super) const YES: &str = "yes";

/// Asks, and looks for what the probe says it shows.
pub(super) async fn ask(
    client: &Client<'_>,
    document: &str,
    arguments: &Value,
    (probe, words): (&Probe, &Words),
) -> Outcome {
    let answer = client.ask(document, arguments).await;
    let word = word(&answer, probe, &words.fill(probe.shows));
    Outcome { word, answer }
}

fn word(answer: &Answer, probe: &Probe, shown: &str) -> String {
    let codes = answer.codes();
    if answer.status != 200 {
        return format!("{} {}", answer.status.as_u16(), codes.join(" "));
    }
    if !codes.is_empty() {
        return codes.join(" ");
    }
    let found = &answer.json()["data"][probe.field];
    let refused = found["userErrors"][0]["code"].as_str();
    if let Some(code) = refused {
        return code.to_owned();
    }
    let is_empty = found.is_null() || *found == json!([null]) || found["nodes"] == json!([]);
    if is_empty && probe.operation != Operation::Mutation {
        return "nothing".to_owned();
    }
    if found.to_string().contains(shown) {
        return YES.to_owned();
    }
    format!("something else than {shown:?}")
}
