//! What would be logged, kept in memory.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use tracing::Dispatch;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// The lines so far, with their spans, of the thread that began to keep them: that is all of a test and of
/// its server, for a test has one thread, but for passwords that are hashed.
pub struct Logs {
    bytes: Bytes,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Bytes(Arc<Mutex<Vec<u8>>>);

impl Logs {
    /// Begins to keep what this filter lets through, of every library.
    pub fn keep(filter: &str) -> Self {
        // As long as there was never more than one, whichever thread comes first to a place that logs decides
        // for all whether anybody listens there.
        static BESIDE: OnceLock<Dispatch> = OnceLock::new();
        BESIDE.get_or_init(|| {
            let silent = tracing_subscriber::fmt().with_max_level(LevelFilter::OFF);
            Dispatch::new(silent.finish())
        });
        let bytes = Bytes::default();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(filter))
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(bytes.clone())
            .finish();
        Self {
            bytes,
            _guard: subscriber.set_default(),
        }
    }

    pub fn text(&self) -> String {
        let bytes = self.bytes.0.lock().expect("nobody panics while writing");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl io::Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().expect("nobody panics while writing");
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Bytes {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
