//! Users. They are never kept in memory: who signs in is read anew, so that a lock or a deactivation holds at once.

use obol_domain::{
    lockout::{LockState, LockoutPolicy},
    password_policy::PasswordState,
};
use obol_protocol::{Timestamp, scim::condition::folded};

use crate::{Db, Row, StoreError, Tx, password_policies, values};

macro_rules! columns {
    () => {
        "id, ocid, user_name, display_name, given_name, family_name, email, preferred_language, locale, timezone, \
         is_active, password_hash, failed_attempts, locked_at, created_at, modified_at, \
         password_set_at, password_must_change, password_cant_change, password_cant_expire"
    };
}

statements! { "users";
    INSERT =
        "INSERT INTO users (stripe, id, ocid, user_name, user_name_key, display_name, given_name, family_name, email,
                            preferred_language, locale, timezone, is_active, password_hash, failed_attempts, locked_at,
                            created_at, modified_at, display_name_key, given_name_key, family_name_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, NULL, $15, $15, $16, $17, $18)";
    INSERT_EMAILS =
        "INSERT INTO user_emails (stripe, user_id, position, value_key, kind, is_primary)
         VALUES ($1, $2, 0, $3, 'work', $4), ($1, $2, 1, $3, 'recovery', $5)";
    BY_ID = concat!("SELECT ", columns!(), " FROM users WHERE stripe = $1 AND id = $2");
    BY_NAME = concat!("SELECT ", columns!(), " FROM users WHERE stripe = $1 AND user_name_key = $2");
    TOUCH =
        "UPDATE users SET failed_attempts = failed_attempts WHERE stripe = $1 AND id = $2
         RETURNING failed_attempts, locked_at";
    SET_LOCK = "UPDATE users SET failed_attempts = $3, locked_at = $4 WHERE stripe = $1 AND id = $2";
    TOUCH_POLICY =
        "UPDATE password_policies SET priority = priority WHERE stripe = $1 AND id = $2 RETURNING id";
    FORGIVE =
        "UPDATE users SET failed_attempts = 0, locked_at = NULL WHERE stripe = $1 AND id = $2 AND failed_attempts = $3";
    SET_ACTIVE =
        "UPDATE users SET is_active = $3, modified_at = $4, revision = revision + 1 WHERE stripe = $1 AND id = $2";
    DELETE = "DELETE FROM users WHERE stripe = $1 AND id = $2";
    DELETE_AS_READ = "DELETE FROM users WHERE stripe = $1 AND id = $2 AND revision = $3";
}

/// A user of a stripe.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Its SCIM id, 32 hex digits.
    pub id: String,
    /// Its OCID.
    pub ocid: String,
    /// The name it signs in with, unique in the stripe without regard to case.
    pub user_name: String,
    /// The name shown.
    pub display_name: String,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: String,
    /// The primary work address.
    pub email: String,
    /// Its language, e.g. `en`.
    pub preferred_language: String,
    /// Its locale, e.g. `en`.
    pub locale: String,
    /// Its time zone, e.g. `America/Chicago`.
    pub timezone: String,
    /// Whether it may sign in.
    pub is_active: bool,
    /// The password's Argon2id hash; a user without one cannot sign in by password.
    pub password_hash: Option<String>,
    /// How old the password is, and what is fixed about it. It is not taken when a user is made.
    pub password: PasswordState,
    /// What is remembered of wrong passwords.
    pub lock: LockState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub modified_at: Timestamp,
}

/// The hash is not printed: it can be guessed against.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("is_active", &self.is_active)
            .field("lock", &self.lock)
            .finish_non_exhaustive()
    }
}

/// How a user name is compared: without regard to case and to spaces around it.
pub fn name_key(user_name: &str) -> String {
    user_name.trim().to_lowercase()
}

/// Makes a user. [`StoreError::Duplicate`] when the name is taken in this stripe.
pub async fn insert(tx: &mut Tx, stripe: &str, user: &User) -> Result<(), StoreError> {
    tx.execute(
        &INSERT,
        values![
            stripe,
            &user.id,
            &user.ocid,
            &user.user_name,
            name_key(&user.user_name),
            &user.display_name,
            user.given_name.clone(),
            &user.family_name,
            &user.email,
            &user.preferred_language,
            &user.locale,
            &user.timezone,
            user.is_active,
            user.password_hash.clone(),
            user.created_at,
            folded(&user.display_name),
            folded(user.given_name.as_deref().unwrap_or_default()),
            folded(&user.family_name)
        ],
    )
    .await?;
    tx.execute(&INSERT_EMAILS, values![stripe, &user.id, folded(&user.email), true, false]).await.map(drop)
}

/// A user by SCIM id.
pub async fn by_id(db: &Db, stripe: &str, user_id: &str) -> Result<Option<User>, StoreError> {
    db.fetch_optional(&BY_ID, values![stripe, user_id]).await?.map(|row| read(&row)).transpose()
}

/// A user by the name they sign in with.
pub async fn by_name(db: &Db, stripe: &str, user_name: &str) -> Result<Option<User>, StoreError> {
    // PostgreSQL has no text with a NUL in it; such a name is nobody's, which is an answer and not an error.
    if user_name.contains('\0') {
        return Ok(None);
    }
    db.fetch_optional(&BY_NAME, values![stripe, name_key(user_name)]).await?.map(|row| read(&row)).transpose()
}

/// Holds a user until the transaction ends, and says how they stand with wrong passwords now.
pub async fn hold(tx: &mut Tx, stripe: &str, user_id: &str) -> Result<Option<LockState>, StoreError> {
    tx.fetch_optional(&TOUCH, values![stripe, user_id]).await?.as_ref().map(read_lock).transpose()
}

/// Counts a wrong password and returns the state it led to. Wrong passwords that come at the same time are all counted:
/// the first statement holds the row.
pub async fn record_failure(
    tx: &mut Tx,
    stripe: &str,
    user_id: &str,
    policy: LockoutPolicy,
    now: Timestamp,
) -> Result<LockState, StoreError> {
    let before = hold(tx, stripe, user_id).await?.unwrap_or_default();
    let after = before.after_failure(policy, now);
    tx.execute(&SET_LOCK, values![stripe, user_id, i64::from(after.failed_attempts), after.locked_at]).await?;
    Ok(after)
}

/// Does the work of [`record_failure`] and changes nothing: for a name that nobody has, or whose user may not sign in
/// anyway, so that the answer takes as long.
pub async fn record_nobodys_failure(tx: &mut Tx, stripe: &str) -> Result<(), StoreError> {
    for _statement in 0..2 {
        tx.fetch_optional(&TOUCH_POLICY, values![stripe, password_policies::STANDARD]).await?;
    }
    Ok(())
}

/// Forgets the wrong passwords after a right one, unless another wrong one was counted since `seen` was read.
pub async fn forgive(db: &Db, stripe: &str, user_id: &str, seen: LockState) -> Result<bool, StoreError> {
    Ok(db.execute(&FORGIVE, values![stripe, user_id, i64::from(seen.failed_attempts)]).await? == 1)
}

/// Locks or unlocks a user by hand. Returns whether the user exists.
pub async fn set_lock(tx: &mut Tx, stripe: &str, user_id: &str, lock: LockState) -> Result<bool, StoreError> {
    let values = values![stripe, user_id, i64::from(lock.failed_attempts), lock.locked_at];
    Ok(tx.execute(&SET_LOCK, values).await? == 1)
}

/// Activates or deactivates a user. Returns whether the user exists.
pub async fn set_active(
    tx: &mut Tx,
    stripe: &str,
    user_id: &str,
    active: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&SET_ACTIVE, values![stripe, user_id, active, now]).await? == 1)
}

/// Removes a user with its grants and sessions. Returns whether it was there.
pub async fn delete(tx: &mut Tx, stripe: &str, user_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE, values![stripe, user_id]).await? == 1)
}

/// The same, of a user who is still as they were read.
pub async fn delete_as_read(tx: &mut Tx, stripe: &str, user_id: &str, revision: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE_AS_READ, values![stripe, user_id, revision]).await? == 1)
}

fn read_lock(row: &Row) -> Result<LockState, StoreError> {
    let failed: i64 = row.get("failed_attempts")?;
    Ok(LockState {
        failed_attempts: u32::try_from(failed).map_err(|_| row.corrupt("failed_attempts"))?,
        locked_at: row.get("locked_at")?,
    })
}

/// A password that came with its user is as old as the user.
fn read_password(row: &Row) -> Result<PasswordState, StoreError> {
    let set_at: Option<Timestamp> = row.get("password_set_at")?;
    let has_one = row.get::<Option<String>>("password_hash")?.is_some();
    Ok(PasswordState {
        set_at: if has_one { Some(set_at.map_or_else(|| row.get("created_at"), Ok)?) } else { None },
        must_change: row.get("password_must_change")?,
        cant_change: row.get("password_cant_change")?,
        cant_expire: row.get("password_cant_expire")?,
    })
}

pub(crate) fn read(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: row.get("id")?,
        ocid: row.get("ocid")?,
        user_name: row.get("user_name")?,
        display_name: row.get("display_name")?,
        given_name: row.get("given_name")?,
        family_name: row.get("family_name")?,
        email: row.get("email")?,
        preferred_language: row.get("preferred_language")?,
        locale: row.get("locale")?,
        timezone: row.get("timezone")?,
        is_active: row.get("is_active")?,
        password_hash: row.get("password_hash")?,
        password: read_password(row)?,
        lock: read_lock(row)?,
        created_at: row.get("created_at")?,
        modified_at: row.get("modified_at")?,
    })
}
