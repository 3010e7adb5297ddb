//! Grants: who holds which app role.

use obol_protocol::Timestamp;

use crate::{Db, Row, StoreError, Tx, values};

statements! { "grants";
    INSERT =
        "INSERT INTO grants (stripe, id, role_id, user_id, client_id, mechanism, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    OF_USER =
        "SELECT r.app_id, r.display_name, r.is_admin FROM grants g
         JOIN app_roles r ON r.stripe = g.stripe AND r.id = g.role_id
         WHERE g.stripe = $1 AND g.user_id = $2 ORDER BY r.app_id, r.display_name LIMIT 10000";
    OF_CLIENT =
        "SELECT r.app_id, r.display_name, r.is_admin FROM grants g
         JOIN app_roles r ON r.stripe = g.stripe AND r.id = g.role_id
         WHERE g.stripe = $1 AND g.client_id = $2 ORDER BY r.app_id, r.display_name LIMIT 10000";
    FIND_OF_USER = "SELECT id FROM grants WHERE stripe = $1 AND user_id = $2 AND role_id = $3";
    REVOKE_USER = "DELETE FROM grants WHERE stripe = $1 AND user_id = $2 AND role_id = $3";
    REVOKE_CLIENT = "DELETE FROM grants WHERE stripe = $1 AND client_id = $2 AND role_id = $3";
}

/// Who holds a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grantee<'a> {
    /// A user, by SCIM id.
    User(&'a str),
    /// A client application, by SCIM id.
    Client(&'a str),
}

/// A grant to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewGrant<'a> {
    /// Its SCIM id.
    pub id: &'a str,
    /// The app role's SCIM id.
    pub role_id: &'a str,
    /// Who is to hold it.
    pub grantee: Grantee<'a>,
    /// How it came about, e.g. `ADMINISTRATOR_TO_APP` (contract identity 6.4).
    pub mechanism: &'a str,
}

/// A role somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRole {
    /// The application the role belongs to.
    pub app_id: String,
    /// The role's name.
    pub name: String,
    /// Whether it makes an administrator.
    pub is_admin: bool,
}

/// Makes a grant. [`StoreError::Duplicate`] when the grantee holds the role, [`StoreError::Dangling`] when either of them
/// is not of this stripe.
pub async fn insert(tx: &mut Tx, stripe: &str, grant: &NewGrant<'_>, now: Timestamp) -> Result<(), StoreError> {
    let (user, client) = match grant.grantee {
        Grantee::User(id) => (Some(id), None),
        Grantee::Client(id) => (None, Some(id)),
    };
    tx.execute(&INSERT, values![stripe, grant.id, grant.role_id, user, client, grant.mechanism, now]).await.map(drop)
}

/// The roles a user was granted, at most 10000; the implicit ones are rules and have no grant.
pub async fn of_user(db: &Db, stripe: &str, user_id: &str) -> Result<Vec<HeldRole>, StoreError> {
    db.fetch_all(&OF_USER, values![stripe, user_id]).await?.iter().map(read).collect()
}

/// The roles a client was granted, at most 10000; the implicit ones are rules and have no grant.
pub async fn of_client(db: &Db, stripe: &str, app_id: &str) -> Result<Vec<HeldRole>, StoreError> {
    db.fetch_all(&OF_CLIENT, values![stripe, app_id]).await?.iter().map(read).collect()
}

/// Whether a user holds a role, seen from inside a transaction.
pub async fn user_holds(tx: &mut Tx, stripe: &str, user_id: &str, role_id: &str) -> Result<bool, StoreError> {
    Ok(tx.fetch_optional(&FIND_OF_USER, values![stripe, user_id, role_id]).await?.is_some())
}

/// Takes a role away. Returns whether the grantee held it.
pub async fn revoke(tx: &mut Tx, stripe: &str, grantee: Grantee<'_>, role_id: &str) -> Result<bool, StoreError> {
    let (statement, id) = match grantee {
        Grantee::User(id) => (&REVOKE_USER, id),
        Grantee::Client(id) => (&REVOKE_CLIENT, id),
    };
    Ok(tx.execute(statement, values![stripe, id, role_id]).await? == 1)
}

fn read(row: &Row) -> Result<HeldRole, StoreError> {
    Ok(HeldRole { app_id: row.get("app_id")?, name: row.get("display_name")?, is_admin: row.get("is_admin")? })
}
