//! The keys that sign a stripe's tokens. The private half is sealed under the master key before it comes here.

use obol_protocol::Timestamp;

use crate::{Db, Row, StoreError, Tx, values};

statements! { "signing_keys";
    INSERT =
        "INSERT INTO signing_keys (stripe, id, sealed_key, leaf, issuer, is_current, created_at)
         VALUES ($1, $2, $3, $4, $5, TRUE, $6)";
    CURRENT =
        "SELECT id, sealed_key, leaf, issuer, created_at FROM signing_keys WHERE stripe = $1 AND is_current = TRUE";
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

/// Makes a key the stripe's current one. [`StoreError::Duplicate`] when it has one.
pub async fn insert(tx: &mut Tx, stripe: &str, key: &SealedKey) -> Result<(), StoreError> {
    let SealedKey { id, sealed_key, leaf, issuer, created_at } = key;
    tx.execute(&INSERT, values![stripe, id, &sealed_key[..], &leaf[..], &issuer[..], *created_at]).await.map(drop)
}

/// The key that signs the stripe's tokens.
pub async fn current(db: &Db, stripe: &str) -> Result<Option<SealedKey>, StoreError> {
    db.fetch_optional(&CURRENT, values![stripe]).await?.map(|row| read(&row)).transpose()
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
