//! API signing keys as the administration API lists and changes them. What the signed door asks is in [`crate::api_keys`].

use obol_protocol::Timestamp;

use crate::{
    Db, Row, Statement, StoreError, Tx,
    scim::{Column, Form, Table},
    values,
};

macro_rules! columns {
    () => {
        "t.id, t.user_id, t.fingerprint, t.public_key, t.description, t.created_at, \
         (SELECT u.ocid FROM users u WHERE u.stripe = t.stripe AND u.id = t.user_id) AS user_ocid, \
         (SELECT u.user_name FROM users u WHERE u.stripe = t.stripe AND u.id = t.user_id) AS user_name, \
         (SELECT u.display_name FROM users u WHERE u.stripe = t.stripe AND u.id = t.user_id) AS user_display"
    };
}

statements! { "api_keys";
    GET = concat!("SELECT ", columns!(), " FROM api_keys t WHERE t.stripe = $1 AND t.id = $2 LIMIT 1");
    HOLD_USER = "UPDATE users SET failed_attempts = failed_attempts WHERE stripe = $1 AND id = $2";
    COUNT = "SELECT COUNT(*) AS n FROM api_keys WHERE stripe = $1 AND user_id = $2";
    INSERT =
        "INSERT INTO api_keys (stripe, user_id, fingerprint, public_key, created_at, id, description)
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    DELETE = "DELETE FROM api_keys WHERE stripe = $1 AND id = $2 AND user_id = $3";
}

/// How many keys a user may have.
pub const MOST_KEYS: i64 = 3;

/// Where keys are listed.
pub static TABLE: Table = Table {
    name: "api_keys",
    columns: columns!(),
    only: "",
    attributes: &[
        Column::sorts("id", "id", Form::Exact),
        Column::filters("fingerprint", "fingerprint", Form::Exact),
        Column::filters("user.value", "user_id", Form::Exact),
    ],
    lists: &[],
};

/// A user's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserKey {
    /// Its SCIM id.
    pub id: String,
    /// The user's.
    pub user_id: String,
    /// The user's OCID.
    pub user_ocid: String,
    /// The name the user signs in with.
    pub user_name: String,
    /// The user's name.
    pub user_display: String,
    /// 16 pairs of hex digits with colons.
    pub fingerprint: String,
    /// DER SubjectPublicKeyInfo.
    pub public_key: Vec<u8>,
    /// What it is for.
    pub description: String,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// A key to be registered.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// Its SCIM id.
    pub id: &'a str,
    /// The user's.
    pub user_id: &'a str,
    /// 16 pairs of hex digits with colons.
    pub fingerprint: &'a str,
    /// DER SubjectPublicKeyInfo.
    pub public_key: &'a [u8],
    /// What it is for.
    pub description: &'a str,
}

/// What became of a key to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// It was.
    Done,
    /// There is no such user.
    NoUser,
    /// The user has as many as may be.
    Full,
}

/// A key by SCIM id.
pub async fn get(db: &Db, stripe: &str, id: &str) -> Result<Option<UserKey>, StoreError> {
    db.fetch_optional(&GET, values![stripe, id]).await?.map(|row| read(&row)).transpose()
}

/// Registers a key, unless its user has [`MOST_KEYS`]. It holds the user's row, so that keys that come at the same time
/// are counted one after the other. [`StoreError::Duplicate`] when the user has this key.
pub async fn insert(tx: &mut Tx, stripe: &str, key: &NewKey<'_>, now: Timestamp) -> Result<Registered, StoreError> {
    let NewKey { id, user_id, fingerprint, public_key, description } = *key;
    if tx.execute(&HOLD_USER, values![stripe, user_id]).await? == 0 {
        return Ok(Registered::NoUser);
    }
    let row = tx.fetch_optional(&COUNT, values![stripe, user_id]).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.get("n"))?;
    if count >= MOST_KEYS {
        return Ok(Registered::Full);
    }
    tx.execute(&INSERT, values![stripe, user_id, fingerprint, public_key, now, id, description]).await?;
    Ok(Registered::Done)
}

/// Removes a user's key. Returns whether it was there.
pub async fn delete(tx: &mut Tx, stripe: &str, id: &str, user_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE, values![stripe, id, user_id]).await? == 1)
}

/// The statements put together at run time.
pub(crate) fn built_statements() -> Vec<Statement> {
    crate::scim::samples(&TABLE, &obol_protocol::scim::resources::api_key::API_KEY)
}

/// Reads a row of [`TABLE`].
pub fn read(row: &Row) -> Result<UserKey, StoreError> {
    Ok(UserKey {
        id: row.get("id")?,
        user_id: row.get("user_id")?,
        user_ocid: row.get("user_ocid")?,
        user_name: row.get("user_name")?,
        user_display: row.get("user_display")?,
        fingerprint: row.get("fingerprint")?,
        public_key: row.get("public_key")?,
        description: row.get("description")?,
        created_at: row.get("created_at")?,
    })
}
