//! Second factors: a user's authenticator app with its sealed secret, and the recovery codes that stand in for it.

use obol_domain::lockout::{LockState, LockoutPolicy};
use obol_protocol::Timestamp;

use crate::{Db, StoreError, Tx, users, values};

statements! { "factors";
    // A confirmed one stays as it is.
    BEGIN =
        "INSERT INTO factors (stripe, user_id, id, sealed_secret, last_step, failed_attempts, created_at)
         VALUES ($1, $2, $3, $4, -1, 0, $5)
         ON CONFLICT (stripe, user_id) DO UPDATE SET
             id = excluded.id, sealed_secret = excluded.sealed_secret, created_at = excluded.created_at
         WHERE factors.confirmed_at IS NULL";
    GET =
        "SELECT id, sealed_secret, last_step, failed_attempts, created_at, confirmed_at,
                (SELECT COUNT(*) FROM recovery_codes r WHERE r.stripe = factors.stripe AND r.user_id = factors.user_id)
                    AS recovery_codes
         FROM factors WHERE stripe = $1 AND user_id = $2";
    IS_ACTIVE = "SELECT id FROM factors WHERE stripe = $1 AND user_id = $2 AND confirmed_at IS NOT NULL";
    CONFIRM =
        "UPDATE factors SET confirmed_at = $5, last_step = $4
         WHERE stripe = $1 AND user_id = $2 AND id = $3 AND confirmed_at IS NULL";
    USE_STEP =
        "UPDATE factors SET last_step = $4, failed_attempts = 0
         WHERE stripe = $1 AND user_id = $2 AND id = $3 AND confirmed_at IS NOT NULL AND last_step < $4";
    USE_RECOVERY = "DELETE FROM recovery_codes WHERE stripe = $1 AND user_id = $2 AND code_hash = $3";
    FORGIVE = "UPDATE factors SET failed_attempts = 0 WHERE stripe = $1 AND user_id = $2";
    FORGET_RECOVERY = "DELETE FROM recovery_codes WHERE stripe = $1 AND user_id = $2";
    INSERT_RECOVERY = "INSERT INTO recovery_codes (stripe, user_id, code_hash) VALUES ($1, $2, $3)";
    COUNT_FAILURE =
        "UPDATE factors SET failed_attempts = failed_attempts + 1 WHERE stripe = $1 AND user_id = $2
         RETURNING failed_attempts";
    DELETE = "DELETE FROM factors WHERE stripe = $1 AND user_id = $2";
}

/// A user's second factor.
#[derive(Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its id, which its secret is sealed for.
    pub id: String,
    /// The shared secret, sealed.
    pub sealed_secret: Vec<u8>,
    /// The step of the last code used; -1 before the first.
    pub last_step: i64,
    /// Wrong codes since the last right one.
    pub failed_attempts: i64,
    /// When its enrolment began.
    pub created_at: Timestamp,
    /// When it was confirmed by a code; nothing while it is not.
    pub confirmed_at: Option<Timestamp>,
    /// How many recovery codes are left.
    pub recovery_codes: i64,
}

/// The secret is not printed, sealed as it is.
impl std::fmt::Debug for Factor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Factor")
            .field("id", &self.id)
            .field("last_step", &self.last_step)
            .field("failed_attempts", &self.failed_attempts)
            .field("confirmed_at", &self.confirmed_at)
            .finish_non_exhaustive()
    }
}

/// Begins an enrolment in place of one that was not confirmed. Returns false when there is a confirmed one.
pub async fn begin(
    tx: &mut Tx,
    stripe: &str,
    user_id: &str,
    id: &str,
    sealed_secret: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&BEGIN, values![stripe, user_id, id, sealed_secret.to_vec(), now]).await? == 1)
}

/// A user's factor, confirmed or not.
pub async fn get(db: &Db, stripe: &str, user_id: &str) -> Result<Option<Factor>, StoreError> {
    let Some(row) = db.fetch_optional(&GET, values![stripe, user_id]).await? else { return Ok(None) };
    Ok(Some(Factor {
        id: row.get("id")?,
        sealed_secret: row.get("sealed_secret")?,
        last_step: row.get("last_step")?,
        failed_attempts: row.get("failed_attempts")?,
        created_at: row.get("created_at")?,
        confirmed_at: row.get("confirmed_at")?,
        recovery_codes: row.get("recovery_codes")?,
    }))
}

/// Whether a user has a confirmed factor.
pub async fn is_active(db: &Db, stripe: &str, user_id: &str) -> Result<bool, StoreError> {
    Ok(db.fetch_optional(&IS_ACTIVE, values![stripe, user_id]).await?.is_some())
}

/// Confirms the enrolment of that id by the step of its first code. Returns whether it was there and unconfirmed.
pub async fn confirm(
    tx: &mut Tx,
    stripe: &str,
    user_id: &str,
    id: &str,
    step: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&CONFIRM, values![stripe, user_id, id, step, now]).await? == 1)
}

/// Uses a code's step up and forgets wrong codes. Returns false when it, or a later one, was used already.
pub async fn use_step(tx: &mut Tx, stripe: &str, user_id: &str, id: &str, step: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&USE_STEP, values![stripe, user_id, id, step]).await? == 1)
}

/// Uses a recovery code up and forgets wrong codes. Returns false when there is none, or it was used already.
pub async fn use_recovery(tx: &mut Tx, stripe: &str, user_id: &str, code_hash: &str) -> Result<bool, StoreError> {
    if tx.execute(&USE_RECOVERY, values![stripe, user_id, code_hash]).await? == 0 {
        return Ok(false);
    }
    tx.execute(&FORGIVE, values![stripe, user_id]).await?;
    Ok(true)
}

/// Replaces a user's recovery codes; there are ten at the most.
pub async fn replace_recovery(
    tx: &mut Tx,
    stripe: &str,
    user_id: &str,
    code_hashes: &[String],
) -> Result<(), StoreError> {
    tx.execute(&FORGET_RECOVERY, values![stripe, user_id]).await?;
    for code_hash in code_hashes {
        tx.execute(&INSERT_RECOVERY, values![stripe, user_id, code_hash]).await?;
    }
    Ok(())
}

/// Counts a wrong code, and locks the user where the policy says so. Wrong codes that come at the same time are all
/// counted, and none is judged after the one that locks, where the caller holds the user. Returns how many there were.
pub async fn record_failure(
    tx: &mut Tx,
    stripe: &str,
    user_id: &str,
    policy: LockoutPolicy,
    now: Timestamp,
) -> Result<u32, StoreError> {
    let Some(row) = tx.fetch_optional(&COUNT_FAILURE, values![stripe, user_id]).await? else { return Ok(0) };
    let failed: i64 = row.get("failed_attempts")?;
    let failed = u32::try_from(failed).map_err(|_| row.corrupt("failed_attempts"))?;
    let before = LockState { failed_attempts: failed.saturating_sub(1), locked_at: None };
    let after = before.after_failure(policy, now);
    if after.locked_at.is_some() {
        users::set_lock(tx, stripe, user_id, after).await?;
        tx.execute(&FORGIVE, values![stripe, user_id]).await?;
    }
    Ok(failed)
}

/// Removes a user's factor with its recovery codes. Returns whether there was one.
pub async fn delete(tx: &mut Tx, stripe: &str, user_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE, values![stripe, user_id]).await? == 1)
}
