//! Retry tokens: the first answer to a request, given again to the same request for as long as the token lives.

use obol_protocol::Timestamp;

use crate::{Db, Row, StoreError, Tx, values};

statements! { "retry_tokens";
    FIND =
        "SELECT token, request_digest, answer, is_invalidated FROM retry_tokens
         WHERE tenancy_id = $1 AND user_ocid = $2 AND token = $3 AND expires_at > $4";
    KEEP =
        "INSERT INTO retry_tokens (tenancy_id, user_ocid, token, request_digest, instance_id, answer, is_invalidated,
                                   expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (tenancy_id, user_ocid, token) DO UPDATE
            SET request_digest = excluded.request_digest, instance_id = excluded.instance_id,
                answer = excluded.answer, is_invalidated = excluded.is_invalidated, expires_at = excluded.expires_at
            WHERE retry_tokens.expires_at <= $9";
    INVALIDATE =
        "UPDATE retry_tokens SET is_invalidated = TRUE
         WHERE tenancy_id = $1 AND instance_id = $2";
    FORGET = "DELETE FROM retry_tokens WHERE expires_at <= $1";
}

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenKey<'a> {
    /// The caller's tenancy.
    pub tenancy_id: &'a str,
    /// The caller.
    pub user_ocid: &'a str,
    /// What it sent.
    pub token: &'a str,
}

/// What is kept under a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256 of operation, resource and body.
    pub request_digest: Vec<u8>,
    /// The first answer, as JSON.
    pub answer: String,
    /// Whether a later operation contradicts it.
    pub is_invalidated: bool,
}

/// An answer to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAnswer<'a> {
    /// SHA-256 of operation, resource and body.
    pub request_digest: &'a [u8],
    /// The instance it is about.
    pub instance_id: &'a str,
    /// The answer, as JSON.
    pub answer: String,
    /// Until when it is given again.
    pub expires_at: Timestamp,
    /// When it is kept.
    pub now: Timestamp,
}

/// What is kept under a token that has not lapsed.
pub async fn find(db: &Db, key: TokenKey<'_>, now: Timestamp) -> Result<Option<Kept>, StoreError> {
    let row = db.fetch_optional(&FIND, values![key.tenancy_id, key.user_ocid, key.token, now]).await?;
    row.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Result<Kept, StoreError> {
    Ok(Kept {
        request_digest: row.get("request_digest")?,
        answer: row.get("answer")?,
        is_invalidated: row.get("is_invalidated")?,
    })
}

/// What is kept under a token that has not lapsed, in the midst of a transaction.
pub async fn find_within(tx: &mut Tx, key: TokenKey<'_>, now: Timestamp) -> Result<Option<Kept>, StoreError> {
    let row = tx.fetch_optional(&FIND, values![key.tenancy_id, key.user_ocid, key.token, now]).await?;
    row.map(|row| read(&row)).transpose()
}

/// Keeps an answer. Returns `false` when the token is taken, by a request that was faster.
pub async fn keep(tx: &mut Tx, key: TokenKey<'_>, new: &NewAnswer<'_>) -> Result<bool, StoreError> {
    let values = values![
        key.tenancy_id,
        key.user_ocid,
        key.token,
        new.request_digest,
        new.instance_id,
        &new.answer,
        false,
        new.expires_at,
        new.now,
    ];
    Ok(tx.execute(&KEEP, values).await? == 1)
}

/// Makes the tokens of earlier operations on an instance invalid: an answer that says it is being made must not be given
/// again once it is being deleted. The answer of the present request is kept afterwards. Returns how many were made
/// invalid.
pub async fn invalidate(tx: &mut Tx, tenancy_id: &str, instance_id: &str) -> Result<u64, StoreError> {
    tx.execute(&INVALIDATE, values![tenancy_id, instance_id]).await
}

/// Removes the lapsed tokens of the whole installation. Returns how many.
pub async fn forget_lapsed(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    db.execute(&FORGET, values![now]).await
}
