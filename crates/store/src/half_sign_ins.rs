//! Sign-ins whose second factor is still to come, found by the hash of their id. They are no sessions and open nothing.

use obol_protocol::Timestamp;

use crate::{Db, StoreError, Tx, values};

statements! { "half_sign_ins";
    INSERT = "INSERT INTO half_sign_ins (stripe, id_hash, user_id, expires_at) VALUES ($1, $2, $3, $4)";
    GET = "SELECT user_id FROM half_sign_ins WHERE stripe = $1 AND id_hash = $2 AND expires_at > $3";
    END = "DELETE FROM half_sign_ins WHERE stripe = $1 AND id_hash = $2";
    DELETE_OF_USER = "DELETE FROM half_sign_ins WHERE stripe = $1 AND user_id = $2";
    SWEEP = "DELETE FROM half_sign_ins WHERE expires_at <= $1";
}

/// Begins one.
pub async fn insert(
    tx: &mut Tx,
    stripe: &str,
    id_hash: &str,
    user_id: &str,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(&INSERT, values![stripe, id_hash, user_id, expires_at]).await.map(drop)
}

/// Whose it is, unless it has ended.
pub async fn user_of(db: &Db, stripe: &str, id_hash: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
    let row = db.fetch_optional(&GET, values![stripe, id_hash, now]).await?;
    row.map(|row| row.get("user_id")).transpose()
}

/// Ends one. Returns whether it was there, which it is once.
pub async fn end(tx: &mut Tx, stripe: &str, id_hash: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&END, values![stripe, id_hash]).await? == 1)
}

/// Ends all of a user, as a new password does.
pub async fn delete_of_user(tx: &mut Tx, stripe: &str, user_id: &str) -> Result<u64, StoreError> {
    tx.execute(&DELETE_OF_USER, values![stripe, user_id]).await
}

/// Removes those of all stripes that have ended. Returns how many.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, values![now]).await
}
