//! Refresh tokens, found by their hash, in families: all that came from one sign-in. Each use replaces a token in one
//! guarded UPDATE, so that of two uses exactly one wins; whoever finds a used token ends the family.

use obol_protocol::Timestamp;

use crate::{Db, Row, StoreError, Tx, values};

macro_rules! columns {
    () => {
        "f.id, f.app_id, f.user_id, f.scope, f.origin, f.password_mark, f.auth_time, f.sid, f.created_at, \
         f.expires_at, f.revoked_at"
    };
}

statements! { "refresh_families";
    INSERT_FAMILY =
        "INSERT INTO refresh_families (stripe, id, app_id, user_id, scope, origin, password_mark, auth_time, sid,
                                       created_at, expires_at, revoked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL)";
    INSERT =
        "INSERT INTO refresh_tokens (stripe, token_hash, family_id, jti, created_at, used_at)
         VALUES ($1, $2, $3, $4, $5, NULL)";
    GET =
        concat!("SELECT ", columns!(), ", t.jti, t.created_at AS issued_at, t.used_at FROM refresh_tokens t
         JOIN refresh_families f ON f.stripe = t.stripe AND f.id = t.family_id
         WHERE t.stripe = $1 AND t.token_hash = $2");
    BY_JTI =
        concat!("SELECT ", columns!(), ", t.jti, t.created_at AS issued_at, t.used_at FROM refresh_tokens t
         JOIN refresh_families f ON f.stripe = t.stripe AND f.id = t.family_id
         WHERE t.stripe = $1 AND t.jti = $2");
    USE = "UPDATE refresh_tokens SET used_at = $3 WHERE stripe = $1 AND token_hash = $2 AND used_at IS NULL";
    REVOKE = "UPDATE refresh_families SET revoked_at = $3 WHERE stripe = $1 AND id = $2 AND revoked_at IS NULL";
    REVOKE_OF_USER =
        "UPDATE refresh_families SET revoked_at = $3 WHERE stripe = $1 AND user_id = $2 AND revoked_at IS NULL";
    SWEEP = "DELETE FROM refresh_families WHERE expires_at <= $1";
}

/// What all refresh tokens of one sign-in have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its id.
    pub id: String,
    /// The SCIM id of the client.
    pub app_id: String,
    /// The SCIM id of the user.
    pub user_id: String,
    /// What was granted, separated by spaces.
    pub scope: String,
    /// How the first token came to be, as `gtp` says it.
    pub origin: String,
    /// A keyed hash of the user's password hash as it was then.
    pub password_mark: String,
    /// When the user signed in, in a browser's session.
    pub auth_time: Option<Timestamp>,
    /// The browser's session.
    pub sid: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When its tokens end.
    pub expires_at: Timestamp,
    /// When it was ended before that.
    pub revoked_at: Option<Timestamp>,
}

/// A refresh token as it is found by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its family.
    pub family: Family,
    /// What access tokens name it by.
    pub jti: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// A refresh token to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    /// The hash of the token, in hex.
    pub token_hash: &'a str,
    /// What access tokens are to name it by.
    pub jti: &'a str,
}

/// Begins a family with its first token. [`StoreError::Dangling`] when client or user are not of this stripe.
pub async fn begin(tx: &mut Tx, stripe: &str, family: &Family, first: NewToken<'_>) -> Result<(), StoreError> {
    tx.execute(
        &INSERT_FAMILY,
        values![
            stripe,
            &family.id,
            &family.app_id,
            &family.user_id,
            &family.scope,
            &family.origin,
            &family.password_mark,
            family.auth_time,
            family.sid.clone(),
            family.created_at,
            family.expires_at
        ],
    )
    .await?;
    insert(tx, stripe, &family.id, first, family.created_at).await
}

/// Replaces a token by another of its family. Returns false, and changes nothing, when it was used already.
pub async fn rotate(
    tx: &mut Tx,
    stripe: &str,
    token_hash: &str,
    family_id: &str,
    next: NewToken<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if tx.execute(&USE, values![stripe, token_hash, now]).await? == 0 {
        return Ok(false);
    }
    insert(tx, stripe, family_id, next, now).await?;
    Ok(true)
}

async fn insert(
    tx: &mut Tx,
    stripe: &str,
    family_id: &str,
    token: NewToken<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(&INSERT, values![stripe, token.token_hash, family_id, token.jti, now]).await.map(drop)
}

/// A token by its hash. Whether it may still be used is the caller's to judge.
pub async fn get(db: &Db, stripe: &str, token_hash: &str) -> Result<Option<Found>, StoreError> {
    db.fetch_optional(&GET, values![stripe, token_hash]).await?.map(|row| read(&row)).transpose()
}

/// A token by what access tokens name it by.
pub async fn by_jti(db: &Db, stripe: &str, jti: &str) -> Result<Option<Found>, StoreError> {
    db.fetch_optional(&BY_JTI, values![stripe, jti]).await?.map(|row| read(&row)).transpose()
}

/// Ends a family. Returns whether it was this call that ended it.
pub async fn revoke(tx: &mut Tx, stripe: &str, family_id: &str, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&REVOKE, values![stripe, family_id, now]).await? == 1)
}

/// Ends every family of a user. Returns how many.
pub async fn revoke_of_user(tx: &mut Tx, stripe: &str, user_id: &str, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&REVOKE_OF_USER, values![stripe, user_id, now]).await
}

/// Removes the families of all stripes that are past their end. Returns how many.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, values![now]).await
}

fn read(row: &Row) -> Result<Found, StoreError> {
    Ok(Found {
        family: Family {
            id: row.get("id")?,
            app_id: row.get("app_id")?,
            user_id: row.get("user_id")?,
            scope: row.get("scope")?,
            origin: row.get("origin")?,
            password_mark: row.get("password_mark")?,
            auth_time: row.get("auth_time")?,
            sid: row.get("sid")?,
            created_at: row.get("created_at")?,
            expires_at: row.get("expires_at")?,
            revoked_at: row.get("revoked_at")?,
        },
        jti: row.get("jti")?,
        issued_at: row.get("issued_at")?,
        used_at: row.get("used_at")?,
    })
}
