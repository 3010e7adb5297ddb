//! The settings of a stripe that only administration knows: what is kept and shown, and by whom it was changed. What the
//! token service goes by is in [`crate::stripes`].

use obol_protocol::Timestamp;

use crate::{Db, StoreError, Tx, values};

statements! { "stripes";
    GET =
        "SELECT name, extra_settings, settings_modified_at, settings_modified_by, settings_revision
         FROM stripes WHERE name = $1";
    SET =
        "UPDATE stripes SET extra_settings = $3, settings_modified_at = $4, settings_modified_by = $5,
                            settings_revision = settings_revision + 1
         WHERE name = $1 AND settings_revision = $2";
}

/// What is kept of a stripe's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSettings {
    /// Attributes without a column of their own, as JSON.
    pub extra: String,
    /// When they were last changed; nothing when they never were.
    pub modified_at: Option<Timestamp>,
    /// By whom, as JSON; empty where it was nobody.
    pub modified_by: String,
    /// Grows with every change.
    pub revision: i64,
}

/// The settings of a stripe.
pub async fn get(db: &Db, stripe: &str) -> Result<Option<KeptSettings>, StoreError> {
    let Some(row) = db.fetch_optional(&GET, values![stripe]).await? else { return Ok(None) };
    let modified_at: Timestamp = row.get("settings_modified_at")?;
    Ok(Some(KeptSettings {
        extra: row.get("extra_settings")?,
        modified_at: Some(modified_at).filter(|at| at.micros() != 0),
        modified_by: row.get("settings_modified_by")?,
        revision: row.get("settings_revision")?,
    }))
}

/// Changes settings that are still as they were read. Returns whether they were.
pub async fn set(
    tx: &mut Tx,
    stripe: &str,
    revision: i64,
    extra: &str,
    by: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&SET, values![stripe, revision, extra, now, by]).await? == 1)
}
