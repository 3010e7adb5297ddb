//! What a work request's holder has done so far, step by step. Whoever takes the work over reads it and goes on.
//!
//! The writes are guarded by the lease: they stand in the transaction of `work_requests::save`, which refuses a holder
//! that lost it.

use obol_protocol::Timestamp;

use crate::{Db, StoreError, Tx, values, work_requests::Lease};

statements! { "work_steps";
    OF =
        "SELECT name, position, state, attempts, output, started_at, finished_at FROM work_steps
         WHERE work_request_id = $1 ORDER BY position LIMIT 100";
    WRITE =
        "INSERT INTO work_steps (work_request_id, position, name, state, attempts, output, started_at, finished_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (work_request_id, position) DO UPDATE
            SET state = excluded.state, attempts = excluded.attempts, output = excluded.output,
                started_at = excluded.started_at, finished_at = excluded.finished_at";
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// It may have taken effect.
    Started,
    /// It has taken effect.
    Succeeded,
    /// It failed for good; it may have taken part of its effect.
    Failed,
    /// It may have been undone.
    Undoing,
    /// It has been undone.
    Undone,
    /// It could not be undone: somebody has to look.
    UndoFailed,
}

impl StepState {
    const ALL: [Self; 6] =
        [Self::Started, Self::Succeeded, Self::Failed, Self::Undoing, Self::Undone, Self::UndoFailed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "STARTED",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Undoing => "UNDOING",
            Self::Undone => "UNDONE",
            Self::UndoFailed => "UNDO_FAILED",
        }
    }
}

/// A step that has been started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its place in the workflow, from 0.
    pub position: i64,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub state: StepState,
    /// Tries that ended in a passing failure.
    pub attempts: i64,
    /// What it leaves for later ones, as JSON.
    pub output: String,
    /// When it was first started.
    pub started_at: Timestamp,
    /// When it came to its present end.
    pub finished_at: Option<Timestamp>,
}

/// The steps of a work request that have been started, in order.
pub async fn of(db: &Db, lease: &Lease) -> Result<Vec<Step>, StoreError> {
    let rows = db.fetch_all(&OF, values![&lease.work_request_id]).await?;
    rows.iter()
        .map(|row| {
            let state: String = row.get("state")?;
            Ok(Step {
                position: row.get("position")?,
                name: row.get("name")?,
                state: StepState::ALL
                    .into_iter()
                    .find(|known| known.as_str() == state)
                    .ok_or_else(|| row.corrupt("state"))?,
                attempts: row.get("attempts")?,
                output: row.get("output")?,
                started_at: row.get("started_at")?,
                finished_at: Some(row.get::<Timestamp>("finished_at")?).filter(|time| *time != Timestamp::default()),
            })
        })
        .collect()
}

/// Writes a step, in place of what was known of it. In the transaction of `work_requests::save`.
pub async fn write(tx: &mut Tx, lease: &Lease, step: &Step) -> Result<(), StoreError> {
    let values = values![
        &lease.work_request_id,
        step.position,
        &step.name,
        step.state.as_str(),
        step.attempts,
        &step.output,
        step.started_at,
        step.finished_at.unwrap_or_default(),
    ];
    tx.execute(&WRITE, values).await.map(drop)
}
