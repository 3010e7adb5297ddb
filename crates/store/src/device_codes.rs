//! Device codes: what a device polls with and what its user types, both as keyed hashes (RFC 8628).

use obol_protocol::Timestamp;

use crate::{Db, Row, StoreError, Tx, values};

macro_rules! columns {
    () => {
        "code_hash, app_id, scope, state, user_id, expires_at"
    };
}

statements! { "device_codes";
    INSERT =
        "INSERT INTO device_codes (stripe, code_hash, user_code_hash, app_id, scope, state, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7)";
    BY_CODE = concat!("SELECT ", columns!(), " FROM device_codes WHERE stripe = $1 AND code_hash = $2");
    BY_USER_CODE = concat!("SELECT ", columns!(), " FROM device_codes WHERE stripe = $1 AND user_code_hash = $2");
    POLL =
        "UPDATE device_codes SET polled_at = $3
         WHERE stripe = $1 AND code_hash = $2 AND (polled_at IS NULL OR polled_at <= $4)";
    DECIDE =
        "UPDATE device_codes SET state = $3, user_id = $4
         WHERE stripe = $1 AND user_code_hash = $2 AND state = 'pending' AND expires_at > $5";
    USE = "UPDATE device_codes SET state = 'used' WHERE stripe = $1 AND code_hash = $2 AND state = 'allowed'";
    SWEEP = "DELETE FROM device_codes WHERE expires_at <= $1";
    FAILED = "SELECT failed FROM device_attempts WHERE stripe = $1 AND user_id = $2 AND expires_at > $3";
    COUNT_FAILURE =
        "INSERT INTO device_attempts (stripe, user_id, failed, expires_at) VALUES ($1, $2, 1, $4)
         ON CONFLICT (stripe, user_id) DO UPDATE SET
             failed = CASE WHEN device_attempts.expires_at <= $3 THEN 1 ELSE device_attempts.failed + 1 END,
             expires_at = CASE WHEN device_attempts.expires_at <= $3 THEN $4 ELSE device_attempts.expires_at END";
    SWEEP_ATTEMPTS = "DELETE FROM device_attempts WHERE expires_at <= $1";
}

/// What has become of a device code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceState {
    /// Nobody decided yet.
    Pending,
    /// A user allowed it.
    Allowed,
    /// A user denied it.
    Denied,
    /// It was exchanged for a token.
    Used,
}

impl DeviceState {
    const ALL: [Self; 4] = [Self::Pending, Self::Allowed, Self::Denied, Self::Used];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Used => "used",
        }
    }
}

impl std::str::FromStr for DeviceState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

/// A device code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCode {
    /// The hash of the code that the device polls with.
    pub code_hash: String,
    /// The application it was given to.
    pub app_id: String,
    /// The scope asked for.
    pub scope: String,
    /// What has become of it.
    pub state: DeviceState,
    /// Who decided.
    pub user_id: Option<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A device code to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewDeviceCode<'a> {
    /// The hash of the device's code.
    pub code_hash: &'a str,
    /// The hash of the user's code.
    pub user_code_hash: &'a str,
    /// The application.
    pub app_id: &'a str,
    /// The scope asked for.
    pub scope: &'a str,
    /// The present time.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Keeps a pending code. [`StoreError::Duplicate`] when one of the two is taken.
pub async fn insert(db: &Db, stripe: &str, new: NewDeviceCode<'_>) -> Result<(), StoreError> {
    let NewDeviceCode { code_hash, user_code_hash, app_id, scope, created_at, expires_at } = new;
    db.execute(&INSERT, values![stripe, code_hash, user_code_hash, app_id, scope, created_at, expires_at])
        .await
        .map(drop)
}

/// A code by the device's half.
pub async fn by_code(db: &Db, stripe: &str, code_hash: &str) -> Result<Option<DeviceCode>, StoreError> {
    db.fetch_optional(&BY_CODE, values![stripe, code_hash]).await?.map(|row| read(&row)).transpose()
}

/// A code by the user's half.
pub async fn by_user_code(db: &Db, stripe: &str, user_code_hash: &str) -> Result<Option<DeviceCode>, StoreError> {
    db.fetch_optional(&BY_USER_CODE, values![stripe, user_code_hash]).await?.map(|row| read(&row)).transpose()
}

/// Notes that the device asked; returns false, and notes nothing, when it asked after `not_after` already.
pub async fn poll(
    db: &Db,
    stripe: &str,
    code_hash: &str,
    now: Timestamp,
    not_after: Timestamp,
) -> Result<bool, StoreError> {
    Ok(db.execute(&POLL, values![stripe, code_hash, now, not_after]).await? == 1)
}

/// Allows or denies a pending code; returns false when it is not there, has ended or was decided.
pub async fn decide(
    tx: &mut Tx,
    stripe: &str,
    user_code_hash: &str,
    allow: bool,
    user_id: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let state = if allow { DeviceState::Allowed } else { DeviceState::Denied };
    Ok(tx.execute(&DECIDE, values![stripe, user_code_hash, state.as_str(), user_id, now]).await? == 1)
}

/// Uses an allowed code up; returns whether this was the first time.
pub async fn use_up(db: &Db, stripe: &str, code_hash: &str) -> Result<bool, StoreError> {
    Ok(db.execute(&USE, values![stripe, code_hash]).await? == 1)
}

/// How many wrong codes a user typed lately.
pub async fn failures(db: &Db, stripe: &str, user_id: &str, now: Timestamp) -> Result<i64, StoreError> {
    let row = db.fetch_optional(&FAILED, values![stripe, user_id, now]).await?;
    row.map_or(Ok(0), |row| row.get("failed"))
}

/// Counts a wrong code; the count begins anew at `until` after the first of them.
pub async fn count_failure(
    db: &Db,
    stripe: &str,
    user_id: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), StoreError> {
    db.execute(&COUNT_FAILURE, values![stripe, user_id, now, until]).await.map(drop)
}

/// Removes what has ended, of all stripes.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(&SWEEP, values![now]).await?;
    tx.execute(&SWEEP_ATTEMPTS, values![now]).await.map(drop)
}

fn read(row: &Row) -> Result<DeviceCode, StoreError> {
    Ok(DeviceCode {
        code_hash: row.get("code_hash")?,
        app_id: row.get("app_id")?,
        scope: row.get("scope")?,
        state: row.parse("state")?,
        user_id: row.get("user_id")?,
        expires_at: row.get("expires_at")?,
    })
}
