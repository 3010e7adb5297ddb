//! Console sessions, found by the hash of their id.

use obol_protocol::Timestamp;

use crate::{Db, StoreError, Tx, values};

statements! { "sessions";
    INSERT =
        "INSERT INTO sessions (stripe, id_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    GET = "SELECT id_hash, user_id, created_at, expires_at FROM sessions WHERE stripe = $1 AND id_hash = $2";
    DELETE = "DELETE FROM sessions WHERE stripe = $1 AND id_hash = $2";
    DELETE_OF_USER = "DELETE FROM sessions WHERE stripe = $1 AND user_id = $2";
    SWEEP = "DELETE FROM sessions WHERE expires_at <= $1";
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
}

/// Opens a session.
pub async fn insert(tx: &mut Tx, stripe: &str, session: &Session) -> Result<(), StoreError> {
    let Session { id_hash, user_id, created_at, expires_at } = session;
    tx.execute(&INSERT, values![stripe, id_hash, user_id, *created_at, *expires_at]).await.map(drop)
}

/// A session by the hash of its id. Whether it has ended is the caller's to judge.
pub async fn get(db: &Db, stripe: &str, id_hash: &str) -> Result<Option<Session>, StoreError> {
    let row = db.fetch_optional(&GET, values![stripe, id_hash]).await?;
    row.map(|row| {
        Ok(Session {
            id_hash: row.get("id_hash")?,
            user_id: row.get("user_id")?,
            created_at: row.get("created_at")?,
            expires_at: row.get("expires_at")?,
        })
    })
    .transpose()
}

/// Closes a session. Returns whether it was there.
pub async fn delete(tx: &mut Tx, stripe: &str, id_hash: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE, values![stripe, id_hash]).await? == 1)
}

/// Closes all sessions of a user. Returns how many there were.
pub async fn delete_of_user(tx: &mut Tx, stripe: &str, user_id: &str) -> Result<u64, StoreError> {
    tx.execute(&DELETE_OF_USER, values![stripe, user_id]).await
}

/// Removes the sessions of all stripes that have ended. Returns how many.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, values![now]).await
}
