//! The master key's text, and its proof: the database keeps a keyed hash that only the right key reproduces.

use obol_domain::{entropy::hex, seal::MasterKey};
use obol_store::{Db, StoreError, meta};
use zeroize::Zeroizing;

/// The name under which it is kept, which is also what is hashed for.
const PROOF: &str = "master.proof";

/// Reads a key from 64 hex digits.
pub(crate) fn read(text: &str) -> Option<MasterKey> {
    let text = text.trim();
    let mut material = Zeroizing::new([0; MasterKey::LENGTH]);
    if text.len() != 2 * material.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in material.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    MasterKey::new(&material).ok()
}

/// Whether the database was made with some master key.
pub(crate) async fn has_proof(db: &Db) -> Result<bool, StoreError> {
    Ok(meta::get(db, PROOF).await?.is_some())
}

/// Whether the database was made with this one.
pub(crate) async fn is_proven(db: &Db, key: &MasterKey) -> Result<bool, StoreError> {
    Ok(meta::get(db, PROOF).await?.is_some_and(|proof| proof == proof_of(key)))
}

/// Keeps the proof of the key that a new database is made with.
pub(crate) async fn keep(db: &Db, key: &MasterKey) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    meta::set(&mut tx, PROOF, &proof_of(key)).await?;
    tx.commit().await
}

fn proof_of(key: &MasterKey) -> String {
    hex(&key.keyed_hash(PROOF, b""))
}
