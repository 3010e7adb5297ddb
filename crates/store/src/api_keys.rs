//! API signing keys, and all that the signed door asks about whoever holds one, in one read.

use obol_domain::app_role::{BuiltInRole, IDCS_APP_ID};
use obol_protocol::Timestamp;

use crate::{Db, Row, StoreError, Tx, values};

statements! { "api_keys";
    OWNER =
        "SELECT u.id, u.stripe FROM users u JOIN stripes s ON s.name = u.stripe WHERE s.tenancy_id = $1 AND u.ocid = $2";
    OF_OWNER =
        "SELECT user_id, fingerprint, public_key, created_at FROM api_keys
         WHERE stripe = $1 AND user_id = $2 ORDER BY created_at, fingerprint LIMIT 100";
    COUNT = "SELECT COUNT(*) AS keys FROM api_keys WHERE stripe = $1 AND user_id = $2";
    INSERT =
        "INSERT INTO api_keys (stripe, user_id, fingerprint, public_key, created_at, id)
         VALUES ($1, $2, $3, $4, $5, replace(CAST($3 AS TEXT), ':', ''))";
    DELETE = "DELETE FROM api_keys WHERE stripe = $1 AND user_id = $2 AND fingerprint = $3";
    HOLDER =
        "SELECT u.id, u.stripe, u.user_name, u.is_active, k.public_key,
                EXISTS (SELECT 1 FROM grants g JOIN app_roles r ON r.stripe = g.stripe AND r.id = g.role_id
                        WHERE g.stripe = u.stripe AND g.user_id = u.id AND r.app_id = $4 AND r.display_name = $5)
                    OR EXISTS (SELECT 1 FROM group_members m
                               JOIN grants g ON g.stripe = m.stripe AND g.group_id = m.group_id
                               JOIN app_roles r ON r.stripe = g.stripe AND r.id = g.role_id
                               WHERE m.stripe = u.stripe AND m.user_id = u.id AND r.app_id = $4
                                     AND r.display_name = $5)
                    AS is_administrator
         FROM users u
         JOIN stripes s ON s.name = u.stripe
         LEFT JOIN api_keys k ON k.stripe = u.stripe AND k.user_id = u.id AND k.fingerprint = $3
         WHERE s.tenancy_id = $1 AND u.ocid = $2";
}

/// The public half of a user's signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The user's SCIM id.
    pub user_id: String,
    /// 16 pairs of hex digits with colons.
    pub fingerprint: String,
    /// DER SubjectPublicKeyInfo.
    pub public_key: Vec<u8>,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// A user as the signed door sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The stripe the user lives in.
    pub stripe: String,
    /// Its SCIM id.
    pub user_id: String,
    /// Its user name.
    pub user_name: String,
    /// Whether it may act.
    pub is_active: bool,
    /// Whether it holds the built-in role that was asked about; an application's own role of that name does not count.
    pub is_administrator: bool,
    /// The key with the fingerprint that was asked for, as DER SubjectPublicKeyInfo, when it has one.
    pub public_key: Option<Vec<u8>>,
}

/// Registers a key.
pub async fn insert(tx: &mut Tx, stripe: &str, key: &ApiKey) -> Result<(), StoreError> {
    let ApiKey { user_id, fingerprint, public_key, created_at } = key;
    tx.execute(&INSERT, values![stripe, user_id, fingerprint, public_key.as_slice(), *created_at]).await.map(drop)
}

/// Removes a key. Returns whether it was there.
pub async fn delete(tx: &mut Tx, stripe: &str, user_id: &str, fingerprint: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE, values![stripe, user_id, fingerprint]).await? == 1)
}

/// A user of a tenancy by OCID, with one of its keys, and whether it holds a built-in role.
pub async fn holder(
    db: &Db,
    tenancy_id: &str,
    user_ocid: &str,
    fingerprint: &str,
    administrator: BuiltInRole,
) -> Result<Option<Holder>, StoreError> {
    let values = values![tenancy_id, user_ocid, fingerprint, IDCS_APP_ID, administrator.name()];
    let row = db.fetch_optional(&HOLDER, values).await?;
    row.map(|row| {
        Ok(Holder {
            stripe: row.get("stripe")?,
            user_id: row.get("id")?,
            user_name: row.get("user_name")?,
            is_active: row.get("is_active")?,
            is_administrator: row.get("is_administrator")?,
            public_key: row.get("public_key")?,
        })
    })
    .transpose()
}

/// A user by where it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The stripe the user lives in.
    pub stripe: String,
    /// Its SCIM id.
    pub user_id: String,
}

/// A user of a tenancy by OCID.
pub async fn owner(db: &Db, tenancy_id: &str, user_ocid: &str) -> Result<Option<Owner>, StoreError> {
    let row = db.fetch_optional(&OWNER, values![tenancy_id, user_ocid]).await?;
    row.map(|row| Ok(Owner { stripe: row.get("stripe")?, user_id: row.get("id")? })).transpose()
}

/// A user's keys, the oldest first.
pub async fn of_owner(db: &Db, owner: &Owner) -> Result<Vec<ApiKey>, StoreError> {
    let rows = db.fetch_all(&OF_OWNER, values![&owner.stripe, &owner.user_id]).await?;
    let key = |row: &Row| {
        Ok(ApiKey {
            user_id: row.get("user_id")?,
            fingerprint: row.get("fingerprint")?,
            public_key: row.get("public_key")?,
            created_at: row.get("created_at")?,
        })
    };
    rows.iter().map(key).collect()
}

/// How many keys a user has.
pub async fn count(tx: &mut Tx, owner: &Owner) -> Result<i64, StoreError> {
    let row = tx.fetch_optional(&COUNT, values![&owner.stripe, &owner.user_id]).await?;
    row.map_or(Ok(0), |row| row.get("keys"))
}
