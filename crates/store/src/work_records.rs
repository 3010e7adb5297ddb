//! The log and the errors of work requests, which callers read.
//!
//! Only the holder of the lease writes, in the transaction of `work_requests::save`, so that numbering from the last line
//! is safe.

use obol_protocol::{
    Timestamp,
    analytics::{WorkRequestError, WorkRequestLog},
};

use crate::{Db, StoreError, Tx, values, work_requests::Lease};

statements! { "work_records";
    LOG =
        "INSERT INTO work_request_logs (work_request_id, sequence, message, logged_at)
         SELECT CAST($1 AS TEXT), COALESCE(MAX(sequence), 0) + 1, CAST($2 AS TEXT), CAST($3 AS BIGINT)
         FROM work_request_logs WHERE work_request_id = $1";
    ERROR =
        "INSERT INTO work_request_errors (work_request_id, sequence, code, message, occurred_at)
         SELECT CAST($1 AS TEXT), COALESCE(MAX(sequence), 0) + 1, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT)
         FROM work_request_errors WHERE work_request_id = $1";
    LOGS =
        "SELECT l.work_request_id, l.sequence, l.message, l.logged_at FROM work_request_logs l
         JOIN work_requests w ON w.id = l.work_request_id
         WHERE w.tenancy_id = $1 AND l.work_request_id = $2 AND l.sequence > $3 ORDER BY l.sequence LIMIT $4";
    ERRORS =
        "SELECT e.work_request_id, e.sequence, e.code, e.message, e.occurred_at FROM work_request_errors e
         JOIN work_requests w ON w.id = e.work_request_id
         WHERE w.tenancy_id = $1 AND e.work_request_id = $2 AND e.sequence > $3 ORDER BY e.sequence LIMIT $4";
}

/// Adds a line to the log. In the transaction of `work_requests::save`.
pub async fn log(tx: &mut Tx, lease: &Lease, message: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(&LOG, values![&lease.work_request_id, message, now]).await.map(drop)
}

/// Adds an error. In the transaction of `work_requests::save`.
pub async fn error(tx: &mut Tx, lease: &Lease, code: &str, message: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(&ERROR, values![&lease.work_request_id, code, message, now]).await.map(drop)
}

/// Lines with their numbers.
pub type Numbered<T> = Vec<(i64, T)>;

/// Up to `limit` lines of a work request's log after a line, oldest first.
pub async fn logs(
    db: &Db,
    tenancy_id: &str,
    work_request_id: &str,
    after: i64,
    limit: i64,
) -> Result<Numbered<WorkRequestLog>, StoreError> {
    let rows = db.fetch_all(&LOGS, values![tenancy_id, work_request_id, after, limit]).await?;
    rows.iter()
        .map(|row| {
            let log = WorkRequestLog { message: row.get("message")?, timestamp: row.get("logged_at")? };
            Ok((row.get("sequence")?, log))
        })
        .collect()
}

/// Up to `limit` errors of a work request after one of them, oldest first.
pub async fn errors(
    db: &Db,
    tenancy_id: &str,
    work_request_id: &str,
    after: i64,
    limit: i64,
) -> Result<Numbered<WorkRequestError>, StoreError> {
    let rows = db.fetch_all(&ERRORS, values![tenancy_id, work_request_id, after, limit]).await?;
    rows.iter()
        .map(|row| {
            let error = WorkRequestError {
                code: row.get("code")?,
                message: row.get("message")?,
                timestamp: row.get("occurred_at")?,
            };
            Ok((row.get("sequence")?, error))
        })
        .collect()
}
