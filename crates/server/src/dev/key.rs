//! The dev cloud's master key: made at the first start, kept in the data directory, proven against the database.

use obol_domain::{Entropy, entropy::hex, seal::MasterKey};
use obol_store::{Db, meta};

use super::{DataDir, StartError};

const FILE: &str = "master.key";
/// Under this name the database keeps a keyed hash that only the right key reproduces.
const PROOF: &str = "master.proof";

/// Reads the master key, or makes one for a database that has none yet.
///
/// # Errors
///
/// [`StartError::Mismatch`] when the database was made under another key.
pub(super) async fn master(db: &Db, data_dir: &DataDir, entropy: &dyn Entropy) -> Result<MasterKey, StartError> {
    let mismatch = || StartError::Mismatch { what: FILE, directory: data_dir.directory().to_owned() };
    let proof = meta::get(db, PROOF).await?;
    let material = match (data_dir.read(FILE)?, &proof) {
        (Some(text), _) => unhex(text.trim()).ok_or_else(mismatch)?,
        (None, Some(_)) => {
            return Err(StartError::Missing { what: FILE, directory: data_dir.directory().to_owned() });
        }
        (None, None) => {
            let material = entropy.bytes::<{ MasterKey::LENGTH }>();
            data_dir.write(FILE, &format!("{}\n", hex(&material)))?;
            material
        }
    };
    let master = MasterKey::new(&material).map_err(|_| mismatch())?;
    let ours = hex(&master.keyed_hash(PROOF, b""));
    match proof {
        Some(proof) if proof != ours => return Err(mismatch()),
        Some(_) => {}
        None => {
            let mut tx = db.begin().await?;
            meta::set(&mut tx, PROOF, &ours).await?;
            tx.commit().await?;
        }
    }
    Ok(master)
}

fn unhex(text: &str) -> Option<[u8; MasterKey::LENGTH]> {
    let mut bytes = [0; MasterKey::LENGTH];
    if text.len() != 2 * bytes.len() || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
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
