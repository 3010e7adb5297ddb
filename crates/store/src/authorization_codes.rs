//! Authorization codes, found by their hash and used once.

use obol_protocol::Timestamp;

use crate::{Db, StoreError, Tx, values};

statements! { "authorization_codes";
    INSERT =
        "INSERT INTO authorization_codes (stripe, code_hash, app_id, user_id, redirect_uri, scope, nonce, code_challenge,
                                          auth_time, sid, created_at, expires_at, used_at, family_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, NULL)";
    GET =
        "SELECT code_hash, app_id, user_id, redirect_uri, scope, nonce, code_challenge, auth_time, sid, created_at,
                expires_at, used_at, family_id
         FROM authorization_codes WHERE stripe = $1 AND code_hash = $2";
    USE =
        "UPDATE authorization_codes SET used_at = $3, family_id = $4
         WHERE stripe = $1 AND code_hash = $2 AND used_at IS NULL";
    SWEEP = "DELETE FROM authorization_codes WHERE expires_at <= $1";
}

/// An authorization code and what it was given for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The hash of the code, in hex.
    pub code_hash: String,
    /// The SCIM id of the client.
    pub app_id: String,
    /// The SCIM id of the user.
    pub user_id: String,
    /// Where it was sent.
    pub redirect_uri: String,
    /// What was asked for, separated by spaces.
    pub scope: String,
    /// What the ID token is to repeat.
    pub nonce: Option<String>,
    /// The S256 challenge.
    pub code_challenge: Option<String>,
    /// When the user signed in.
    pub auth_time: Timestamp,
    /// The browser's session.
    pub sid: String,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// The family of the refresh tokens that were issued for it.
    pub family_id: Option<String>,
}

/// Keeps a code, unused and without a family whatever it says. [`StoreError::Dangling`] when client or user are not of
/// this stripe.
pub async fn insert(tx: &mut Tx, stripe: &str, code: &Code) -> Result<(), StoreError> {
    tx.execute(
        &INSERT,
        values![
            stripe,
            &code.code_hash,
            &code.app_id,
            &code.user_id,
            &code.redirect_uri,
            &code.scope,
            code.nonce.clone(),
            code.code_challenge.clone(),
            code.auth_time,
            &code.sid,
            code.created_at,
            code.expires_at
        ],
    )
    .await
    .map(drop)
}

/// A code by its hash. Whether it may still be used is the caller's to judge.
pub async fn get(db: &Db, stripe: &str, code_hash: &str) -> Result<Option<Code>, StoreError> {
    let row = db.fetch_optional(&GET, values![stripe, code_hash]).await?;
    row.map(|row| {
        Ok(Code {
            code_hash: row.get("code_hash")?,
            app_id: row.get("app_id")?,
            user_id: row.get("user_id")?,
            redirect_uri: row.get("redirect_uri")?,
            scope: row.get("scope")?,
            nonce: row.get("nonce")?,
            code_challenge: row.get("code_challenge")?,
            auth_time: row.get("auth_time")?,
            sid: row.get("sid")?,
            created_at: row.get("created_at")?,
            expires_at: row.get("expires_at")?,
            used_at: row.get("used_at")?,
            family_id: row.get("family_id")?,
        })
    })
    .transpose()
}

/// Uses a code and remembers what family comes of it. Returns false, and changes nothing, when it was used already.
pub async fn consume(
    tx: &mut Tx,
    stripe: &str,
    code_hash: &str,
    family_id: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&USE, values![stripe, code_hash, now, family_id]).await? == 1)
}

/// Removes the codes of all stripes that ended by `before`. Returns how many.
pub async fn sweep(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, values![before]).await
}
