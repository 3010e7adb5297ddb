//! The keys that sign a stripe's tokens. The private half is sealed under the master key before it comes here.
//!
//! A key is *next* (published, so that it is known before it signs), then *current*, then *old* (honoured until the last
//! token it signed is dead). An old key's private half is gone.

use obol_protocol::Timestamp;

use crate::{Db, Row, StoreError, Tx, values};

statements! { "signing_keys";
    INSERT =
        "INSERT INTO signing_keys (stripe, id, sealed_key, leaf, issuer, is_current, created_at)
         VALUES ($1, $2, $3, $4, $5, TRUE, $6)";
    INSERT_NEXT =
        "INSERT INTO signing_keys (stripe, id, sealed_key, leaf, issuer, is_current, created_at, activates_at)
         VALUES ($1, $2, $3, $4, $5, FALSE, $6, $7)";
    CURRENT =
        "SELECT id, sealed_key, leaf, issuer, created_at FROM signing_keys WHERE stripe = $1 AND is_current = TRUE";
    ALL =
        "SELECT id, leaf, issuer, is_current, activates_at, honoured_until FROM signing_keys WHERE stripe = $1
         ORDER BY is_current DESC, created_at DESC, id LIMIT 50";
    HASTEN =
        "UPDATE signing_keys SET activates_at = $2
         WHERE stripe = $1 AND is_current = FALSE AND honoured_until IS NULL AND activates_at > $2";
    RETIRE =
        "UPDATE signing_keys SET is_current = FALSE, honoured_until = $2, sealed_key = $3
         WHERE stripe = $1 AND is_current = TRUE
           AND EXISTS (SELECT 1 FROM signing_keys n
                       WHERE n.stripe = $1 AND n.is_current = FALSE AND n.honoured_until IS NULL
                         AND n.activates_at <= $4)";
    PROMOTE =
        "UPDATE signing_keys SET is_current = TRUE, activates_at = NULL
         WHERE stripe = $1 AND is_current = FALSE AND honoured_until IS NULL AND activates_at <= $2";
    REMOVE = "DELETE FROM signing_keys WHERE stripe = $1 AND honoured_until <= $2";
    DUE =
        "SELECT DISTINCT k.stripe FROM signing_keys k
         WHERE k.honoured_until <= $1 OR k.activates_at <= $1
            OR (k.is_current = TRUE AND k.created_at <= $2
                AND NOT EXISTS (SELECT 1 FROM signing_keys n
                                WHERE n.stripe = k.stripe AND n.is_current = FALSE AND n.honoured_until IS NULL))
         ORDER BY k.stripe LIMIT 100";
}

/// A signing key at rest.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedKey {
    /// Its id, which is part of what it is sealed for.
    pub id: String,
    /// PKCS#8, sealed.
    pub sealed_key: Vec<u8>,
    /// The DER of its certificate.
    pub leaf: Vec<u8>,
    /// The DER of the certificate that signed the leaf.
    pub issuer: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedKey").field("id", &self.id).field("created_at", &self.created_at).finish_non_exhaustive()
    }
}

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It will sign from then on.
    Next(Timestamp),
    /// It signs.
    Current,
    /// It is honoured until then.
    Old(Timestamp),
}

/// The public half of a key of a stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// Its id.
    pub id: String,
    /// The DER of its certificate.
    pub leaf: Vec<u8>,
    /// The DER of the certificate that signed the leaf.
    pub issuer: Vec<u8>,
    /// Where it stands.
    pub phase: Phase,
}

/// Makes a key the stripe's current one. [`StoreError::Duplicate`] when it has one.
pub async fn insert(tx: &mut Tx, stripe: &str, key: &SealedKey) -> Result<(), StoreError> {
    let SealedKey { id, sealed_key, leaf, issuer, created_at } = key;
    tx.execute(&INSERT, values![stripe, id, &sealed_key[..], &leaf[..], &issuer[..], *created_at]).await.map(drop)
}

/// Makes a key the stripe's next one. [`StoreError::Duplicate`] when it has one.
pub async fn insert_next(tx: &mut Tx, stripe: &str, key: &SealedKey, at: Timestamp) -> Result<(), StoreError> {
    let SealedKey { id, sealed_key, leaf, issuer, created_at } = key;
    let values = values![stripe, id, &sealed_key[..], &leaf[..], &issuer[..], *created_at, at];
    tx.execute(&INSERT_NEXT, values).await.map(drop)
}

/// The key that signs the stripe's tokens.
pub async fn current(db: &Db, stripe: &str) -> Result<Option<SealedKey>, StoreError> {
    db.fetch_optional(&CURRENT, values![stripe]).await?.map(|row| read(&row)).transpose()
}

/// The keys of a stripe, the current one first.
pub async fn all(db: &Db, stripe: &str) -> Result<Vec<PublishedKey>, StoreError> {
    db.fetch_all(&ALL, values![stripe]).await?.iter().map(read_published).collect()
}

/// Brings the next key's turn forward to `at`, if it would come later.
pub async fn hasten(tx: &mut Tx, stripe: &str, at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&HASTEN, values![stripe, at]).await? == 1)
}

/// Makes the next key the current one if its turn has come, and the current one old, without its private half. Returns
/// whether that was so.
pub async fn turn(tx: &mut Tx, stripe: &str, now: Timestamp, honoured_until: Timestamp) -> Result<bool, StoreError> {
    let nothing: &[u8] = &[];
    if tx.execute(&RETIRE, values![stripe, honoured_until, nothing, now]).await? != 1 {
        return Ok(false);
    }
    Ok(tx.execute(&PROMOTE, values![stripe, now]).await? == 1)
}

/// Removes the old keys that are honoured no longer. Returns how many.
pub async fn remove(tx: &mut Tx, stripe: &str, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&REMOVE, values![stripe, now]).await
}

/// The stripes that have something to do: a key to remove, one whose turn has come, or a current one made before
/// `made_before` that has no successor yet. At most 100.
pub async fn due(db: &Db, now: Timestamp, made_before: Timestamp) -> Result<Vec<String>, StoreError> {
    db.fetch_all(&DUE, values![now, made_before]).await?.iter().map(|row| row.get("stripe")).collect()
}

fn read(row: &Row) -> Result<SealedKey, StoreError> {
    Ok(SealedKey {
        id: row.get("id")?,
        sealed_key: row.get("sealed_key")?,
        leaf: row.get("leaf")?,
        issuer: row.get("issuer")?,
        created_at: row.get("created_at")?,
    })
}

fn read_published(row: &Row) -> Result<PublishedKey, StoreError> {
    let times = (row.get("is_current")?, row.get("activates_at")?, row.get("honoured_until")?);
    let phase = match times {
        (true, None, None) => Phase::Current,
        (false, Some(at), None) => Phase::Next(at),
        (false, _, Some(until)) => Phase::Old(until),
        (true, _, _) | (false, None, None) => return Err(row.corrupt("is_current")),
    };
    Ok(PublishedKey { id: row.get("id")?, leaf: row.get("leaf")?, issuer: row.get("issuer")?, phase })
}
