//! `/metrics`, at an address of its own.

/// Where they are: not where the public is, and as long as the server is.
mod address;
/// What they say of what happens.
mod figures;
/// What they look like.
mod form;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tests::{Answer, raw};

/// A figure, under all sets of labels.
#[derive(Debug)]
struct Family {
    name: String,
    help: String,
    kind: String,
}

/// What was read at one moment.
#[derive(Debug)]
struct Scrape {
    families: Vec<Family>,
    /// By name and labels, as they stand there.
    samples: BTreeMap<String, u64>,
}

/// Asks as a monitoring system does.
async fn ask(admin: SocketAddr, method: &str, path: &str) -> Answer {
    let request = format!("{method} {path} HTTP/1.1\r\nhost: insula\r\nconnection: close\r\n\r\n");
    raw::send(admin, request.as_bytes()).await
}

async fn scrape(admin: SocketAddr) -> Scrape {
    let answer = ask(admin, "GET", "/metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Scrape::read(&answer.text)
}

impl Scrape {
    /// Reads it as strictly as the format is.
    #[track_caller]
    fn read(text: &str) -> Self {
        let lines = text.strip_suffix("# EOF\n").expect("an end");
        let mut families: Vec<Family> = Vec::new();
        let mut samples = BTreeMap::new();
        let mut lines = lines.lines();
        while let Some(line) = lines.next() {
            if let Some(said) = line.strip_prefix("# HELP ") {
                let (name, help) = said.split_once(' ').expect("a text");
                let typed = lines.next().unwrap_or_default();
                let kind = typed.strip_prefix(&format!("# TYPE {name} "));
                let kind = kind.unwrap_or_else(|| panic!("{typed} after {line}"));
                let again = families.iter().any(|family| family.name == name);
                assert!(!again && !help.is_empty(), "{line}");
                families.push(Family {
                    name: name.to_owned(),
                    help: help.to_owned(),
                    kind: kind.to_owned(),
                });
            } else {
                let (sample, value) = line.rsplit_once(' ').expect("a value");
                let family = families.last().expect("a family before its samples");
                assert_eq!(sample.split('{').next(), Some(&*family.sample()), "{line}");
                let before = samples.insert(sample.to_owned(), value.parse().expect(line));
                assert_eq!(before, None, "{line} is there twice");
            }
        }
        Self { families, samples }
    }

    #[track_caller]
    fn at(&self, sample: &str) -> u64 {
        let value = self.samples.get(sample);
        *value.unwrap_or_else(|| panic!("no {sample} in {self:?}"))
    }

    /// A figure of the pool that serves.
    #[track_caller]
    fn serving(&self, name: &str) -> u64 {
        self.at(&format!("insula_db_{name}{{pool=\"serving\"}}"))
    }

    /// How many of its connections are in use, and how many idle.
    #[track_caller]
    fn in_use_and_idle(&self) -> (u64, u64) {
        let of = |state| {
            self.at(&format!(
                "insula_db_connections{{pool=\"serving\",state=\"{state}\"}}"
            ))
        };
        (of("in_use"), of("idle"))
    }

    /// All that may only grow.
    fn counters(&self) -> BTreeMap<&str, u64> {
        let grows = |(sample, _): &(&String, &u64)| sample.contains("_total{");
        let counters = self.samples.iter().filter(grows);
        counters
            .map(|(sample, value)| (sample.as_str(), *value))
            .collect()
    }
}

impl Family {
    /// What its samples are called.
    fn sample(&self) -> String {
        match self.kind.as_str() {
            "gauge" => self.name.clone(),
            "counter" => format!("{}_total", self.name),
            other => panic!("{} is a {other}", self.name),
        }
    }
}
