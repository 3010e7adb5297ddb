//! Named values of the whole installation, such as the proof that the master key is the right one.

use crate::{Db, StoreError, Tx, values};

statements! { "meta";
    GET = "SELECT value FROM meta WHERE name = $1";
    SET = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
}

/// The value of a name.
///
/// # Errors
///
/// [`StoreError`]
pub async fn get(db: &Db, name: &str) -> Result<Option<String>, StoreError> {
    db.fetch_optional(&GET, values![name]).await?.map(|row| row.get("value")).transpose()
}

/// Sets the value of a name, in place of an earlier one.
///
/// # Errors
///
/// [`StoreError`]
pub async fn set(tx: &mut Tx, name: &str, value: &str) -> Result<(), StoreError> {
    tx.execute(&SET, values![name, value]).await.map(drop)
}
