//! Setting a user's password: the hash, its state, and the hashes that came before.

use obol_protocol::Timestamp;

use crate::{Db, StoreError, Tx, values};

statements! { "password_history";
    // Only from the hash that was there when the new one was judged by the history.
    REPLACE =
        "UPDATE users SET password_hash = $4, password_set_at = $5, password_must_change = $6, failed_attempts = 0,
                locked_at = NULL, modified_at = $5, modified_by = $7, revision = revision + 1
         WHERE stripe = $1 AND id = $2 AND COALESCE(password_hash, '') = $3";
    SET_FLAGS =
        "UPDATE users SET password_must_change = $3, password_cant_change = $4, password_cant_expire = $5
         WHERE stripe = $1 AND id = $2";
    HISTORY =
        "SELECT password_hash FROM password_history WHERE stripe = $1 AND user_id = $2 ORDER BY number DESC LIMIT $3";
    RETIRE =
        "INSERT INTO password_history (stripe, user_id, number, password_hash, retired_at)
         SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), COALESCE(MAX(number), 0) + 1, CAST($3 AS TEXT), CAST($4 AS BIGINT)
         FROM password_history WHERE stripe = $1 AND user_id = $2";
    FORGET =
        "DELETE FROM password_history WHERE stripe = $1 AND user_id = $2 AND number <= (
             SELECT MAX(number) FROM password_history WHERE stripe = $1 AND user_id = $2) - $3";
}

/// Old hashes kept for each user, whatever the policy of the day asks for: it may ask for more tomorrow.
const KEPT: i64 = 24;

/// A password to be set.
#[derive(Clone, Copy)]
pub struct NewHash<'a> {
    /// The hash that the user has now, if any; with another one nothing is set.
    pub before: Option<&'a str>,
    /// The new hash.
    pub hash: &'a str,
    /// Whether its user must change it before it is any good.
    pub must_change: bool,
    /// Who sets it, as a user's `modified_by` has it.
    pub by: &'a str,
    /// When it is set.
    pub now: Timestamp,
}

/// Replaces a user's password, keeps the old hash for the history, and forgets wrong passwords. Returns false when the
/// user is not there or has another password by now.
pub async fn replace(tx: &mut Tx, stripe: &str, user_id: &str, new: NewHash<'_>) -> Result<bool, StoreError> {
    let NewHash { before, hash, must_change, by, now } = new;
    let values = values![stripe, user_id, before.unwrap_or_default(), hash, now, must_change, by];
    if tx.execute(&REPLACE, values).await? == 0 {
        return Ok(false);
    }
    if let Some(before) = before {
        tx.execute(&RETIRE, values![stripe, user_id, before, now]).await?;
        tx.execute(&FORGET, values![stripe, user_id, KEPT]).await?;
    }
    Ok(true)
}

/// What is fixed about a user's password, whatever its policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// Whether the user must change it.
    pub must_change: bool,
    /// Whether the user may not change it.
    pub cant_change: bool,
    /// Whether it never expires.
    pub cant_expire: bool,
}

/// Sets those. Returns whether the user is there.
pub async fn set_flags(tx: &mut Tx, stripe: &str, user_id: &str, flags: Flags) -> Result<bool, StoreError> {
    let Flags { must_change, cant_change, cant_expire } = flags;
    Ok(tx.execute(&SET_FLAGS, values![stripe, user_id, must_change, cant_change, cant_expire]).await? == 1)
}

/// The hashes of a user's passwords before the present one, newest first.
pub async fn history(db: &Db, stripe: &str, user_id: &str, most: u16) -> Result<Vec<String>, StoreError> {
    let rows = db.fetch_all(&HISTORY, values![stripe, user_id, i64::from(most)]).await?;
    rows.iter().map(|row| row.get("password_hash")).collect()
}
