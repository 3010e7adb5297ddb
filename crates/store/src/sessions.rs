//! Console sessions, found by the hash of their id.

use obol_protocol::Timestamp;

use crate::{Db, Row, StoreError, Tx, values};

statements! { "sessions";
    INSERT =
        "INSERT INTO sessions (stripe, id_hash, user_id, created_at, expires_at, last_used_at)
         VALUES ($1, $2, $3, $4, $5, $4)";
    GET =
        "SELECT id_hash, user_id, created_at, expires_at, last_used_at FROM sessions WHERE stripe = $1 AND id_hash = $2";
    OF_USER =
        "SELECT id_hash, user_id, created_at, expires_at, last_used_at FROM sessions
         WHERE stripe = $1 AND user_id = $2 AND expires_at > $3 AND last_used_at > $4
         ORDER BY created_at DESC, id_hash LIMIT 100";
    // Many requests at a time lead to one change.
    TOUCH = "UPDATE sessions SET last_used_at = $3 WHERE stripe = $1 AND id_hash = $2 AND last_used_at = $4";
    DELETE = "DELETE FROM sessions WHERE stripe = $1 AND id_hash = $2";
    DELETE_OWN = "DELETE FROM sessions WHERE stripe = $1 AND user_id = $2 AND id_hash = $3";
    DELETE_OF_USER = "DELETE FROM sessions WHERE stripe = $1 AND user_id = $2";
    SWEEP = "DELETE FROM sessions WHERE expires_at <= $1 OR last_used_at <= $2";
}

/// A console session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The hash of its id, in hex.
    pub id_hash: String,
    /// The SCIM id of the user who signed in.
    pub user_id: String,
    /// When they did.
    pub created_at: Timestamp,
    /// When the session ends.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute. A new one was used when it was made.
    pub last_used_at: Timestamp,
}

/// Opens a session.
pub async fn insert(tx: &mut Tx, stripe: &str, session: &Session) -> Result<(), StoreError> {
    let Session { id_hash, user_id, created_at, expires_at, last_used_at: _ } = session;
    tx.execute(&INSERT, values![stripe, id_hash, user_id, *created_at, *expires_at]).await.map(drop)
}

/// A session by the hash of its id. Whether it has ended is the caller's to judge.
pub async fn get(db: &Db, stripe: &str, id_hash: &str) -> Result<Option<Session>, StoreError> {
    db.fetch_optional(&GET, values![stripe, id_hash]).await?.map(|row| read(&row)).transpose()
}

/// The newest hundred sessions of a user that have not ended, newest first: by their time, or by being last used at or
/// before `idle_since`.
pub async fn of_user(
    db: &Db,
    stripe: &str,
    user_id: &str,
    now: Timestamp,
    idle_since: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    db.fetch_all(&OF_USER, values![stripe, user_id, now, idle_since]).await?.iter().map(read).collect()
}

/// Notes that a session was used, unless somebody else did since it was read.
pub async fn touch(db: &Db, stripe: &str, session: &Session, now: Timestamp) -> Result<bool, StoreError> {
    Ok(db.execute(&TOUCH, values![stripe, &session.id_hash, now, session.last_used_at]).await? == 1)
}

/// Closes a session of this user. Returns whether it was there.
pub async fn delete_own(tx: &mut Tx, stripe: &str, user_id: &str, id_hash: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE_OWN, values![stripe, user_id, id_hash]).await? == 1)
}

/// Closes a session. Returns whether it was there.
pub async fn delete(tx: &mut Tx, stripe: &str, id_hash: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE, values![stripe, id_hash]).await? == 1)
}

/// Closes all sessions of a user. Returns how many there were.
pub async fn delete_of_user(tx: &mut Tx, stripe: &str, user_id: &str) -> Result<u64, StoreError> {
    tx.execute(&DELETE_OF_USER, values![stripe, user_id]).await
}

/// Removes the sessions of all stripes that have ended, by their time or by being last used at or before `idle_since`.
/// Returns how many.
pub async fn sweep(tx: &mut Tx, now: Timestamp, idle_since: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, values![now, idle_since]).await
}

fn read(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id_hash: row.get("id_hash")?,
        user_id: row.get("user_id")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        last_used_at: row.get("last_used_at")?,
    })
}
