//! What is logged and how it looks.

use tracing_subscriber::filter::Targets;

use super::{
    key::{Key, KeyInfo},
    layers::Layers,
    value::Value,
};

const LOG: Key<LogFilter> = Key::new("telemetry.log", "INSULA_LOG");
const FORMAT: Key<LogFormat> = Key::new("telemetry.format", "INSULA_TELEMETRY_FORMAT");

pub(super) const KEYS: &[KeyInfo] = &[LOG.info(), FORMAT.info()];

#[derive(Debug, Clone)]
pub struct Telemetry {
    /// What is logged of which part (`INSULA_LOG`).
    pub log: Targets,
    pub format: LogFormat,
}

impl Telemetry {
    pub(super) fn read(layers: &Layers) -> Self {
        Self {
            log: layers.get(&LOG).0,
            format: layers.get(&FORMAT),
        }
    }
}

struct LogFilter(Targets);

impl Value for LogFilter {
    fn expected() -> String {
        "levels by target, such as info or info,tenancy=debug".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl Value for LogFormat {
    fn expected() -> String {
        "text or json".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}
