//! What users agreed to: that a client gets a scope.

use obol_protocol::Timestamp;

use crate::{Db, StoreError, Tx, values};

statements! { "consents";
    GIVE =
        "INSERT INTO consents (stripe, user_id, app_id, scope, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (stripe, user_id, app_id, scope) DO NOTHING";
    GIVEN =
        "SELECT scope FROM consents WHERE stripe = $1 AND user_id = $2 AND app_id = $3 ORDER BY scope LIMIT 10000";
}

/// Remembers that a user agreed to scopes for a client. What was agreed to before stays as it is.
pub async fn give(
    tx: &mut Tx,
    stripe: &str,
    user_id: &str,
    app_id: &str,
    scopes: &[String],
    now: Timestamp,
) -> Result<(), StoreError> {
    for scope in scopes {
        tx.execute(&GIVE, values![stripe, user_id, app_id, scope, now]).await?;
    }
    Ok(())
}

/// The scopes a user agreed to for a client, at most 10000.
pub async fn given(db: &Db, stripe: &str, user_id: &str, app_id: &str) -> Result<Vec<String>, StoreError> {
    db.fetch_all(&GIVEN, values![stripe, user_id, app_id]).await?.iter().map(|row| row.get("scope")).collect()
}
