//! Assertions that were accepted, so that each with a `jti` is accepted once (RFC 7523 section 3).

use obol_protocol::Timestamp;

use crate::{Db, StoreError, Tx, values};

statements! { "used_assertions";
    USE =
        "INSERT INTO used_assertions (stripe, id_hash, expires_at) VALUES ($1, $2, $3)
         ON CONFLICT (stripe, id_hash) DO NOTHING";
    SWEEP = "DELETE FROM used_assertions WHERE expires_at <= $1";
}

/// Uses an assertion up; returns whether this was the first time.
pub async fn use_up(db: &Db, stripe: &str, id_hash: &str, expires_at: Timestamp) -> Result<bool, StoreError> {
    Ok(db.execute(&USE, values![stripe, id_hash, expires_at]).await? == 1)
}

/// Forgets those of all stripes whose time is over by the wall's clock. Returns how many.
pub async fn sweep(tx: &mut Tx, wall: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, values![wall]).await
}
