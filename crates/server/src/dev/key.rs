//! The dev cloud's master key: made at the first start, kept in the data directory, proven against the database.

use obol_domain::{Entropy, entropy::hex, seal::MasterKey};
use obol_store::Db;
use zeroize::Zeroizing;

use super::{DataDir, StartError};
use crate::master_key;

const FILE: &str = "master.key";

/// Reads the master key, or makes one for a database that has none yet.
///
/// # Errors
///
/// [`StartError::Mismatch`] when the database was made under another key.
pub(super) async fn master(db: &Db, data_dir: &DataDir, entropy: &dyn Entropy) -> Result<MasterKey, StartError> {
    let mismatch = || StartError::Mismatch { what: FILE, directory: data_dir.directory().to_owned() };
    let is_made = master_key::has_proof(db).await?;
    let master = match (data_dir.read(FILE)?, is_made) {
        (Some(text), _) => master_key::read(&text).ok_or_else(mismatch)?,
        (None, true) => {
            return Err(StartError::Missing { what: FILE, directory: data_dir.directory().to_owned() });
        }
        (None, false) => {
            let text = Zeroizing::new(hex(&entropy.bytes::<{ MasterKey::LENGTH }>()));
            data_dir.write(FILE, &format!("{}\n", text.as_str()))?;
            master_key::read(&text).ok_or_else(mismatch)?
        }
    };
    if !is_made {
        master_key::keep(db, &master).await?;
    } else if !master_key::is_proven(db, &master).await? {
        return Err(mismatch());
    }
    Ok(master)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[tokio::test]
    async fn a_database_opens_only_with_the_key_it_was_made_with() {
        let parent = tempfile::tempdir().unwrap();
        let data_dir = DataDir::claim(parent.path()).unwrap();
        let db = Db::open(data_dir.path("obol.db").to_str().unwrap()).await.unwrap();
        master(&db, &data_dir, &SystemEntropy).await.unwrap();
        master(&db, &data_dir, &SystemEntropy).await.unwrap();

        for wrong in ["", "zz", &"0".repeat(64)] {
            data_dir.write(FILE, wrong).unwrap();
            let error = master(&db, &data_dir, &SystemEntropy).await.unwrap_err();
            assert!(matches!(error, StartError::Mismatch { what: FILE, .. }), "{error}");
        }
        data_dir.forget().unwrap();
        let error = master(&db, &data_dir, &SystemEntropy).await.unwrap_err();
        assert!(matches!(error, StartError::Missing { what: FILE, .. }), "{error}");
    }
}
