//! Why requests were refused, found by request id. Recording never slows a refusal down: it goes through a bounded queue
//! to one background writer, which puts many records into one transaction. When the queue is full a record is dropped and
//! counted; a refusal itself is never lost, only its explanation.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use obol_domain::Explanation;
use obol_protocol::Timestamp;
use serde::Serialize;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{Db, StoreError, values};

statements! { "explanations";
    INSERT = "INSERT INTO explanations (request_id, recorded_at, check_name, expected, seen, fix)
              VALUES ($1, $2, $3, $4, $5, $6)";
    FIND = "SELECT request_id, recorded_at, check_name, expected, seen, fix FROM explanations
            WHERE request_id = $1 OR (request_id >= $2 AND request_id < $3) ORDER BY id LIMIT 100";
    FORGET = "DELETE FROM explanations WHERE id IN (SELECT id FROM explanations ORDER BY id LIMIT 1000)
              AND (recorded_at < $1 OR id <= (SELECT MAX(id) FROM explanations) - $2)";
}

/// Records waiting for the writer; more are dropped.
const QUEUE: usize = 4096;
/// Records written in one transaction at the most.
const BATCH: usize = 256;
/// After how many new records old ones are looked for; fewer than one look can remove, so that the table shrinks.
const SWEEP: usize = 500;
/// Records kept at the most, whatever their age.
const MOST: i64 = 100_000;
/// How long a record is kept.
pub const RETENTION: Duration = Duration::from_hours(24);

/// A recorded explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// The id of the refused request: an ECID or an `opc-request-id`.
    #[serde(skip)]
    pub request_id: String,
    /// When the request came.
    pub recorded_at: Timestamp,
    /// Why it was refused.
    #[serde(flatten)]
    pub explanation: Explanation,
}

/// Takes explanations without blocking. Clones feed the same writer, which ends after the last of them is dropped.
#[derive(Clone, Debug)]
pub struct Recorder {
    queue: mpsc::Sender<Message>,
    dropped: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Message {
    Record(Box<Recorded>),
    Flush(oneshot::Sender<()>),
}

impl Recorder {
    /// Starts the writer.
    pub fn start(db: Db) -> (Self, JoinHandle<()>) {
        let (queue, messages) = mpsc::channel(QUEUE);
        let writer = tokio::spawn(write(db, messages));
        (Self { queue, dropped: Arc::default() }, writer)
    }

    /// Records why a request was refused.
    pub fn record(&self, request_id: &str, explanation: Explanation, now: Timestamp) {
        let record = Recorded { request_id: request_id.to_owned(), recorded_at: now, explanation };
        if self.queue.try_send(Message::Record(Box::new(record))).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything recorded before is in the database.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.queue.send(Message::Flush(done)).await.is_ok() {
            // The writer answers or is gone; either way nothing is left to wait for.
            let _ = written.await;
        }
    }

    /// How many explanations were dropped because the queue was full.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// The explanations of a request, oldest first, at most 100. An `opc-request-id` is found by the whole id and by the
/// client's part of it, which may have been sent more than once.
///
/// # Errors
///
/// [`StoreError`]
pub async fn find(db: &Db, request_id: &str) -> Result<Vec<Recorded>, StoreError> {
    // No id holds it, and PostgreSQL cannot be asked for it.
    if request_id.contains('\0') {
        return Ok(Vec::new());
    }
    // `0` follows `/`: the range holds exactly the ids that continue this one with a slash.
    let rows = db.fetch_all(&FIND, values![request_id, format!("{request_id}/"), format!("{request_id}0")]).await?;
    rows.iter()
        .map(|row| {
            Ok(Recorded {
                request_id: row.get("request_id")?,
                recorded_at: row.get("recorded_at")?,
                explanation: Explanation {
                    check: row.get::<String>("check_name")?.into(),
                    expected: row.get::<String>("expected")?.into(),
                    seen: row.get::<String>("seen")?.into(),
                    fix: row.get::<String>("fix")?.into(),
                },
            })
        })
        .collect()
}

async fn write(db: Db, mut messages: mpsc::Receiver<Message>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut since_sweep = SWEEP;
    while messages.recv_many(&mut batch, BATCH).await > 0 {
        let mut records = Vec::with_capacity(batch.len());
        let mut flushes = Vec::new();
        for message in batch.drain(..) {
            match message {
                Message::Record(record) => records.push(*record),
                Message::Flush(done) => flushes.push(done),
            }
        }
        if let Err(error) = insert(&db, &records, &mut since_sweep).await {
            tracing::error!(error = obol_domain::with_causes(&error), count = records.len(), "explanations lost");
        }
        for done in flushes {
            // Whoever waited may have gone away.
            let _ = done.send(());
        }
    }
}

async fn insert(db: &Db, records: &[Recorded], since_sweep: &mut usize) -> Result<(), StoreError> {
    let Some(last) = records.last() else { return Ok(()) };
    let mut tx = db.begin().await?;
    for record in records {
        let Explanation { check, expected, seen, fix } = &record.explanation;
        tx.execute(&INSERT, values![&record.request_id, record.recorded_at, &**check, &**expected, &**seen, &**fix])
            .await?;
    }
    *since_sweep += records.len();
    if *since_sweep >= SWEEP {
        tx.execute(&FORGET, values![last.recorded_at.minus(RETENTION), MOST]).await?;
        *since_sweep = 0;
    }
    tx.commit().await
}
