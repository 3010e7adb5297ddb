//! Work requests: the public record of a long operation, and the queue of the engine that carries it out, in one row.
//!
//! `due_at` says when somebody may take the work: at once, after a wait, or when the present holder's lease ends. Whoever
//! takes it writes its own `lease` into the row, and every later write about the work is guarded by it: a holder that was
//! too slow finds its writes refused.

use obol_protocol::{
    Timestamp,
    analytics::{
        ActionResult, LifecycleState, OperationType, WorkRequestStatus,
        enums::Vocabulary as _,
        query::{SortOrder, WorkRequestSort},
    },
};
use serde_json::Value as JsonValue;

use crate::{Db, Row, Statement, StoreError, Tx, Value, instances::SortValue, page::Page, values};

const TABLE: &str = "work_requests";

macro_rules! columns {
    () => {
        "id, tenancy_id, compartment_id, instance_id, operation_type, workflow_version, status, is_unwinding, \
         percent_complete, action_result, version, time_accepted, time_started, time_finished, lease, input, \
         state_before"
    };
}

statements! { "work_requests";
    ACCEPT =
        "INSERT INTO work_requests (id, tenancy_id, compartment_id, instance_id, operation_type, workflow_version, status,
                                    is_unwinding, percent_complete, action_result, version, time_accepted, time_started,
                                    time_finished, due_at, lease, input, state_before)
         VALUES ($1, $2, $3, $4, $5, $6, 'ACCEPTED', FALSE, 0, 'NONE', 1, $7, 0, 0, $7, NULL, $8, $9)";
    GET = concat!("SELECT ", columns!(), " FROM work_requests WHERE tenancy_id = $1 AND id = $2");
    // Changes nothing, and holds the row until the transaction ends.
    HOLD = concat!(
        "UPDATE work_requests SET version = version WHERE tenancy_id = $1 AND id = $2 RETURNING ", columns!()
    );
    // Whoever holds the lease of work that has not begun finds its next write refused.
    CANCEL =
        "UPDATE work_requests
         SET status = 'CANCELED', time_finished = $3, due_at = NULL, lease = NULL, input = '{}', version = version + 1
         WHERE tenancy_id = $1 AND id = $2 AND status = 'ACCEPTED'";
    REFILE =
        "UPDATE work_requests SET compartment_id = $3, version = version + 1
         WHERE tenancy_id = $1 AND instance_id = $2";
    // SQLite has one writer, so nobody can take the row in between; PostgreSQL passes by the rows that others are taking.
    CLAIM =
        concat!(
            "UPDATE work_requests SET lease = $1, due_at = $2
             WHERE id = (SELECT id FROM work_requests WHERE due_at <= $3 ORDER BY due_at LIMIT 1)
             RETURNING ", columns!()
        ),
        concat!(
            "UPDATE work_requests SET lease = $1, due_at = $2
             WHERE id = (SELECT id FROM work_requests WHERE due_at <= $3 ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING ", columns!()
        );
    NEXT_DUE = "SELECT due_at FROM work_requests WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1";
    EXTEND = "UPDATE work_requests SET due_at = $4 WHERE tenancy_id = $1 AND id = $2 AND lease = $3";
    // What was asked for is forgotten with the end of the work: it may hold a sealed key.
    SAVE =
        "UPDATE work_requests
         SET status = $4, is_unwinding = $5, percent_complete = $6, action_result = $7, time_started = $8,
             time_finished = $9, due_at = $10, lease = $11, version = version + 1,
             input = CASE WHEN CAST($10 AS BIGINT) IS NULL THEN '{}' ELSE input END
         WHERE tenancy_id = $1 AND id = $2 AND lease = $3";
    BRING_FORWARD = "UPDATE work_requests SET due_at = $1 WHERE due_at > $1";
    BEGIN_NOW = "UPDATE work_steps SET started_at = $1 WHERE started_at > $1";
}

/// A work request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRequest {
    /// Its OCID.
    pub id: String,
    /// The tenancy it belongs to.
    pub tenancy_id: String,
    /// The compartment of the instance.
    pub compartment_id: String,
    /// The instance it is done to.
    pub instance_id: String,
    /// What it does.
    pub operation_type: OperationType,
    /// By which version of the workflow.
    pub workflow_version: i64,
    /// How far it is.
    pub progress: Progress,
    /// Grows with every visible change.
    pub version: i64,
    /// When it became durable.
    pub time_accepted: Timestamp,
    /// Who holds it.
    pub lease: Option<String>,
    /// What it was asked for, as its workflow spells it.
    pub input: JsonValue,
    /// The state of the instance when it was accepted; none where it makes the instance.
    pub state_before: Option<LifecycleState>,
}

/// The part of a work request that its holder changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Where it is in its life.
    pub status: WorkRequestStatus,
    /// Whether it failed and its steps are being undone.
    pub is_unwinding: bool,
    /// 0 to 100.
    pub percent_complete: i64,
    /// What has been done to the instance.
    pub action_result: ActionResult,
    /// When it began.
    pub time_started: Option<Timestamp>,
    /// When it ended.
    pub time_finished: Option<Timestamp>,
}

/// The right to write about a work request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The tenancy of the work request.
    pub tenancy_id: String,
    /// The work request.
    pub work_request_id: String,
    /// The holder's own mark.
    pub mark: String,
}

/// What becomes of the lease when progress is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The holder goes on, until then.
    Until(Timestamp),
    /// Anybody may take the work from then on.
    Release(Timestamp),
    /// There is nothing left to do.
    Finish,
}

/// A work request to accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWorkRequest<'a> {
    /// Its OCID.
    pub id: &'a str,
    /// The compartment of the instance.
    pub compartment_id: &'a str,
    /// The instance.
    pub instance_id: &'a str,
    /// What it does.
    pub operation_type: OperationType,
    /// By which version of the workflow.
    pub workflow_version: i64,
    /// What it is to do, as its workflow spells it. Never a secret in the clear.
    pub input: &'a JsonValue,
    /// The state of the instance before; none where it is made by this.
    pub state_before: Option<LifecycleState>,
    /// When.
    pub now: Timestamp,
}

/// Which work requests of a compartment are wanted, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRequestQuery<'a> {
    /// Whose work.
    pub compartment_id: &'a str,
    /// Only work on this instance.
    pub instance_id: Option<&'a str>,
    /// Only these states; empty for all.
    pub statuses: &'a [WorkRequestStatus],
    /// By what; ties are broken by time of acceptance, then by OCID.
    pub sort: WorkRequestSort,
    /// In which direction.
    pub order: SortOrder,
    /// Only what comes after this place.
    pub after: Option<WorkRequestKey>,
    /// At most so many.
    pub limit: i64,
}

/// The place of a work request in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRequestKey {
    /// The value that is sorted by.
    pub value: SortValue,
    /// When it was accepted.
    pub time_accepted: Timestamp,
    /// Its OCID.
    pub id: String,
}

impl WorkRequest {
    /// Its place in an order.
    pub fn key(&self, sort: WorkRequestSort) -> WorkRequestKey {
        let time = |time: Option<Timestamp>| SortValue::Number(time.unwrap_or_default().micros());
        let value = match sort {
            WorkRequestSort::Id => SortValue::Text(self.id.clone()),
            WorkRequestSort::OperationType => SortValue::Text(self.operation_type.to_string()),
            WorkRequestSort::Status => SortValue::Text(self.progress.status.to_string()),
            WorkRequestSort::TimeAccepted => SortValue::Number(self.time_accepted.micros()),
            WorkRequestSort::TimeStarted => time(self.progress.time_started),
            WorkRequestSort::TimeFinished => time(self.progress.time_finished),
        };
        WorkRequestKey { value, time_accepted: self.time_accepted, id: self.id.clone() }
    }
}

/// Accepts a work request, to be taken at once.
pub async fn accept(tx: &mut Tx, tenancy_id: &str, new: &NewWorkRequest<'_>) -> Result<(), StoreError> {
    let values = values![
        new.id,
        tenancy_id,
        new.compartment_id,
        new.instance_id,
        new.operation_type.as_str(),
        new.workflow_version,
        new.now,
        new.input.to_string(),
        new.state_before.map_or("", LifecycleState::as_str),
    ];
    tx.execute(&ACCEPT, values).await.map(drop)
}

/// A work request of a tenancy.
pub async fn get(db: &Db, tenancy_id: &str, id: &str) -> Result<Option<WorkRequest>, StoreError> {
    db.fetch_optional(&GET, values![tenancy_id, id]).await?.map(|row| read(&row)).transpose()
}

/// A work request of a tenancy, which nobody else changes until the transaction ends: what is decided by it holds.
pub async fn hold(tx: &mut Tx, tenancy_id: &str, id: &str) -> Result<Option<WorkRequest>, StoreError> {
    tx.fetch_optional(&HOLD, values![tenancy_id, id]).await?.map(|row| read(&row)).transpose()
}

/// Cancels a work request that has not begun. Returns `false` when it has.
pub async fn cancel(tx: &mut Tx, tenancy_id: &str, id: &str, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&CANCEL, values![tenancy_id, id, now]).await? == 1)
}

/// Files all work on an instance in the compartment it has moved to.
pub async fn refile(tx: &mut Tx, tenancy_id: &str, instance_id: &str, compartment_id: &str) -> Result<(), StoreError> {
    tx.execute(&REFILE, values![tenancy_id, instance_id, compartment_id]).await.map(drop)
}

/// The work requests of a compartment that fit a query.
pub async fn list(db: &Db, tenancy_id: &str, query: &WorkRequestQuery<'_>) -> Result<Vec<WorkRequest>, StoreError> {
    let mut values = values![tenancy_id, query.compartment_id];
    values.extend(query.instance_id.map(Value::from));
    values.extend(query.statuses.iter().map(|status| Value::from(status.as_str())));
    if let Some(WorkRequestKey { value, time_accepted, id }) = &query.after {
        match query.sort {
            WorkRequestSort::Id => {}
            WorkRequestSort::TimeAccepted => values.push((*time_accepted).into()),
            WorkRequestSort::OperationType
            | WorkRequestSort::Status
            | WorkRequestSort::TimeStarted
            | WorkRequestSort::TimeFinished => {
                values.push(value.clone().into());
                values.push((*time_accepted).into());
            }
        }
        values.push(id.into());
    }
    values.push(query.limit.into());
    db.fetch_all(&list_statement(query), values).await?.iter().map(read).collect()
}

const fn keys(sort: WorkRequestSort) -> &'static [&'static str] {
    match sort {
        WorkRequestSort::Id => &["id"],
        WorkRequestSort::OperationType => &["operation_type", "time_accepted", "id"],
        WorkRequestSort::Status => &["status", "time_accepted", "id"],
        WorkRequestSort::TimeAccepted => &["time_accepted", "id"],
        WorkRequestSort::TimeStarted => &["time_started", "time_accepted", "id"],
        WorkRequestSort::TimeFinished => &["time_finished", "time_accepted", "id"],
    }
}

fn list_statement(query: &WorkRequestQuery<'_>) -> Statement {
    let filters = [("instance_id", usize::from(query.instance_id.is_some())), ("status", query.statuses.len())];
    let page = Page {
        table: TABLE,
        parent: "compartment_id",
        columns: columns!(),
        filters: &filters,
        keys: keys(query.sort),
        order: query.order,
        goes_on: query.after.is_some(),
    };
    page.statement()
}

/// Every text that [`list`] can put together, for the census.
pub(crate) fn list_statements() -> Vec<Statement> {
    let mut statements = Vec::new();
    for sort in WorkRequestSort::ALL {
        for order in SortOrder::ALL {
            for given in 0..=WorkRequestStatus::ALL.len() {
                for (instance_id, after) in [(None, false), (None, true), (Some(""), false), (Some(""), true)] {
                    statements.push(list_statement(&WorkRequestQuery {
                        compartment_id: "",
                        instance_id,
                        statuses: WorkRequestStatus::ALL.get(..given).unwrap_or_default(),
                        sort: *sort,
                        order: *order,
                        after: after.then(|| WorkRequestKey {
                            value: SortValue::Number(0),
                            time_accepted: Timestamp::default(),
                            id: String::new(),
                        }),
                        limit: 1,
                    }));
                }
            }
        }
    }
    statements
}

/// Takes the work of the whole installation that has been due the longest, if any is due. `mark` must be the holder's own
/// and new.
///
/// # Errors
///
/// [`StoreError::Corrupt`] for work that cannot be read, such as a newer release's. It is taken all the same, until
/// `until`: left where it is, it would stay the longest due, and keep everybody from all other work.
pub async fn claim(db: &Db, mark: &str, now: Timestamp, until: Timestamp) -> Result<Option<WorkRequest>, StoreError> {
    let mut tx = db.begin().await?;
    let row = tx.fetch_optional(&CLAIM, values![mark, until, now]).await?;
    let Some(row) = row else { return Ok(None) };
    tx.commit().await?;
    read(&row).map(Some)
}

/// When the next work of the whole installation may be taken.
pub async fn next_due(db: &Db) -> Result<Option<Timestamp>, StoreError> {
    db.fetch_optional(&NEXT_DUE, values![]).await?.map_or(Ok(None), |row| row.get("due_at"))
}

/// Prolongs a lease. Returns `false` when it is lost.
pub async fn extend(db: &Db, lease: &Lease, until: Timestamp) -> Result<bool, StoreError> {
    let values = values![&lease.tenancy_id, &lease.work_request_id, &lease.mark, until];
    Ok(db.execute(&EXTEND, values).await? == 1)
}

/// Saves the progress. Returns `false` when the lease is lost; the transaction must then be dropped.
pub async fn save(tx: &mut Tx, lease: &Lease, progress: &Progress, keep: Keep) -> Result<bool, StoreError> {
    let (due_at, mark) = match keep {
        Keep::Until(time) => (Some(time), Some(lease.mark.as_str())),
        Keep::Release(time) => (Some(time), None),
        Keep::Finish => (None, None),
    };
    let values = values![
        &lease.tenancy_id,
        &lease.work_request_id,
        &lease.mark,
        progress.status.as_str(),
        progress.is_unwinding,
        progress.percent_complete,
        progress.action_result.as_str(),
        progress.time_started.unwrap_or_default(),
        progress.time_finished.unwrap_or_default(),
        due_at,
        mark,
    ];
    Ok(tx.execute(&SAVE, values).await? == 1)
}

fn read(row: &Row) -> Result<WorkRequest, StoreError> {
    let time = |column| -> Result<Option<Timestamp>, StoreError> {
        Ok(Some(row.get::<Timestamp>(column)?).filter(|time| *time != Timestamp::default()))
    };
    Ok(WorkRequest {
        id: row.get("id")?,
        tenancy_id: row.get("tenancy_id")?,
        compartment_id: row.get("compartment_id")?,
        instance_id: row.get("instance_id")?,
        operation_type: row.parse("operation_type")?,
        workflow_version: row.get("workflow_version")?,
        progress: Progress {
            status: row.parse("status")?,
            is_unwinding: row.get("is_unwinding")?,
            percent_complete: row.get("percent_complete")?,
            action_result: row.parse("action_result")?,
            time_started: time("time_started")?,
            time_finished: time("time_finished")?,
        },
        version: row.get("version")?,
        time_accepted: row.get("time_accepted")?,
        lease: row.get("lease")?,
        input: row.json("input")?,
        state_before: match row.get::<String>("state_before")?.as_str() {
            "" => None,
            _ => Some(row.parse("state_before")?),
        },
    })
}

/// Brings everything that waits for a time after `now` forward to it: the clock was moved back, and what was accepted
/// while it was ahead should not wait for that time to come again. A holder that is at work loses its lease.
///
/// # Errors
///
/// [`StoreError`]
pub async fn bring_forward(db: &Db, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute(&BEGIN_NOW, values![now]).await?;
    tx.execute(&BRING_FORWARD, values![now]).await?;
    tx.commit().await
}
