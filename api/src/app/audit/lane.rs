//! A way into the trail that never makes a request wait, and doesn't fill the disk.
//!
//! A request puts what it tells into a short queue and goes on. One task takes it out, counts equal ones,
//! and writes. What doesn't fit into the queue is only counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::shared::audit_event::Outcome;
use tenancy::{Access, Database};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};

use super::Event;
use super::tally::{Row, Tally, Whose};
use crate::app::reason;

/// How many may wait to be counted.
const QUEUE: usize = 1024;

/// For how long equal ones are counted together.
const MINUTE: Duration = Duration::from_mins(1);

/// A queue, and how much of it is lost.
#[derive(Debug)]
pub(super) struct Lane {
    whose: Whose,
    sender: mpsc::Sender<Message>,
    /// Until the writer takes it.
    receiver: Mutex<Option<mpsc::Receiver<Message>>>,
    /// How many found the queue full, or the database away.
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Message {
    Event(Box<Event>, Outcome, DateTime<Utc>),
    /// Write down everything, then say so.
    Flush(oneshot::Sender<()>),
}

impl Lane {
    pub(super) fn new(whose: Whose) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        Self {
            whose,
            sender,
            receiver: Mutex::new(Some(receiver)),
            lost: Arc::default(),
        }
    }

    /// Never waits and never fails.
    pub(super) fn tell(&self, event: Event, outcome: Outcome) {
        let message = Message::Event(Box::new(event), outcome, Utc::now());
        if self.sender.try_send(message).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes down what is told, for ever. Only the first call does.
    pub(super) fn writing(&self, database: Database) -> impl Future<Output = ()> + Send + 'static {
        let receiver = self.waiting().take();
        let writer = Writer {
            database,
            tally: Tally::new(self.whose),
            lost: Arc::clone(&self.lost),
        };
        async move {
            if let Some(receiver) = receiver {
                writer.run(receiver).await;
            }
        }
    }

    /// Waits until everything that was told so far is written down.
    pub(super) async fn flush(&self) {
        if self.waiting().is_some() {
            // Nobody writes.
            return;
        }
        let (done, written) = oneshot::channel();
        if self.sender.send(Message::Flush(done)).await.is_ok() {
            // Fails if the writer is aborted meanwhile.
            let _ = written.await;
        }
    }

    /// The other end of the queue, until the writer takes it.
    fn waiting(&self) -> MutexGuard<'_, Option<mpsc::Receiver<Message>>> {
        // Nothing can panic while it is held.
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Writer {
    database: Database,
    tally: Tally,
    lost: Arc<AtomicU64>,
}

impl Writer {
    async fn run(mut self, mut receiver: mpsc::Receiver<Message>) {
        let mut minutes = interval(MINUTE);
        minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut messages = Vec::with_capacity(QUEUE);
        loop {
            tokio::select! {
                many = receiver.recv_many(&mut messages, QUEUE) => {
                    if many == 0 {
                        return;
                    }
                    self.take(messages.drain(..)).await;
                }
                _ = minutes.tick() => self.end_minute().await,
            }
        }
    }

    async fn take(&mut self, messages: impl Iterator<Item = Message> + Send) {
        let mut rows = Vec::new();
        let mut waiting = Vec::new();
        for message in messages {
            match message {
                Message::Event(event, outcome, at) => {
                    rows.extend(self.tally.count(&event, outcome, at));
                }
                Message::Flush(done) => waiting.push(done),
            }
        }
        self.write(rows).await;
        if !waiting.is_empty() {
            self.end_minute().await;
        }
        for done in waiting {
            // Whoever asked may have gone.
            let _ = done.send(());
        }
    }

    async fn end_minute(&mut self) {
        self.tally.lose(self.lost.swap(0, Ordering::Relaxed));
        let rows = self.tally.end(Utc::now());
        self.write(rows).await;
    }

    /// All in one transaction. What can't be written is lost, and counted.
    async fn write(&self, rows: Vec<Row>) {
        if rows.is_empty() {
            return;
        }
        if let Err(error) = keep(&self.database, &rows).await {
            let lost: u64 = rows.iter().map(|row| row.count).sum();
            self.lost.fetch_add(lost, Ordering::Relaxed);
            let error = reason::of(&error);
            tracing::warn!(lost, error, "the audit trail could not be written");
        }
    }
}

async fn keep(database: &Database, rows: &[Row]) -> Result<(), tenancy::Error> {
    let db = database.shared(Access::Write);
    for row in rows {
        row.write(&db).await?;
    }
    db.commit().await
}
