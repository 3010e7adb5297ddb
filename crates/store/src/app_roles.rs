//! App roles: what an application lets others be. The scopes of the built-in ones are rules and live in `domain`.

use obol_protocol::{Timestamp, scim::resources::app_role::APP_ROLE};

use crate::{
    Db, Row, Statement, StoreError, Tx,
    scim::{self, Column, Form, List, Table},
    values,
};

macro_rules! columns {
    () => {
        "id, app_id, display_name, is_admin, available_to_users, available_to_groups, available_to_clients, description, \
         is_public, created_at"
    };
}

statements! { "app_roles";
    INSERT =
        "INSERT INTO app_roles (stripe, id, app_id, display_name, is_admin, available_to_users, available_to_groups,
                                available_to_clients, description, is_public, created_at, display_name_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    OF_APP =
        concat!("SELECT ", columns!(), " FROM app_roles WHERE stripe = $1 AND app_id = $2
                 ORDER BY display_name LIMIT 1000");
    GET = concat!("SELECT ", columns!(), " FROM app_roles WHERE stripe = $1 AND id = $2");
    FIND = "SELECT id FROM app_roles WHERE stripe = $1 AND app_id = $2 AND display_name = $3";
    DELETE = "DELETE FROM app_roles WHERE stripe = $1 AND id = $2";
}

/// Where app roles are listed.
pub static TABLE: Table = Table {
    name: "app_roles",
    columns: columns!(),
    only: "",
    attributes: &[
        Column::sorts("id", "id", Form::Exact),
        Column::sorts("displayName", "display_name_key", Form::Folded),
        Column::filters("app.value", "app_id", Form::Exact),
        Column::filters("adminRole", "is_admin", Form::Boolean),
        Column::filters("availableToUsers", "available_to_users", Form::Boolean),
        Column::filters("availableToGroups", "available_to_groups", Form::Boolean),
        Column::filters("availableToClients", "available_to_clients", Form::Boolean),
        Column::filters("public", "is_public", Form::Boolean),
        Column::filters("meta.created", "created_at", Form::Time),
    ],
    lists: &[
        List {
            attribute: "members",
            table: "grants",
            owner: "entitlement",
            only: "l.grantee_type <> 'App'",
            parts: &[
                Column::filters("value", "grantee_id", Form::Exact),
                Column::filters("type", "grantee_type", Form::Exact),
            ],
        },
        List {
            attribute: "app",
            table: "app_roles",
            owner: "id",
            only: "",
            parts: &[Column::filters("value", "app_id", Form::Exact)],
        },
    ],
};

/// An app role.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the SCIM resource has as many")]
pub struct AppRole {
    /// Its SCIM id, 32 hex digits.
    pub id: String,
    /// The application it belongs to.
    pub app_id: String,
    /// Its name, unique in the application.
    pub display_name: String,
    /// Whether its holder is an administrator.
    pub is_admin: bool,
    /// Whether users may hold it.
    pub available_to_users: bool,
    /// Whether groups may hold it.
    pub available_to_groups: bool,
    /// Whether clients may hold it.
    pub available_to_clients: bool,
    /// What it is for.
    pub description: String,
    /// Whether anybody may ask for it.
    pub is_public: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Makes an app role. [`StoreError::Duplicate`] when the application has one of that name.
pub async fn insert(tx: &mut Tx, stripe: &str, role: &AppRole) -> Result<(), StoreError> {
    tx.execute(
        &INSERT,
        values![
            stripe,
            &role.id,
            &role.app_id,
            &role.display_name,
            role.is_admin,
            role.available_to_users,
            role.available_to_groups,
            role.available_to_clients,
            &role.description,
            role.is_public,
            role.created_at,
            role.display_name.to_lowercase()
        ],
    )
    .await
    .map(drop)
}

/// The app roles of an application by name, at most 1000.
pub async fn of_app(db: &Db, stripe: &str, app_id: &str) -> Result<Vec<AppRole>, StoreError> {
    db.fetch_all(&OF_APP, values![stripe, app_id]).await?.iter().map(read).collect()
}

/// An app role by its SCIM id.
pub async fn get(db: &Db, stripe: &str, role_id: &str) -> Result<Option<AppRole>, StoreError> {
    if role_id.contains('\0') {
        return Ok(None);
    }
    db.fetch_optional(&GET, values![stripe, role_id]).await?.map(|row| read(&row)).transpose()
}

/// The same, seen from inside a transaction.
pub async fn get_in(tx: &mut Tx, stripe: &str, role_id: &str) -> Result<Option<AppRole>, StoreError> {
    if role_id.contains('\0') {
        return Ok(None);
    }
    tx.fetch_optional(&GET, values![stripe, role_id]).await?.map(|row| read(&row)).transpose()
}

/// Removes an app role with its grants. Returns whether it was there.
pub async fn delete(tx: &mut Tx, stripe: &str, role_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE, values![stripe, role_id]).await? == 1)
}

/// The id of an application's role of that name, seen from inside a transaction.
pub async fn find(tx: &mut Tx, stripe: &str, app_id: &str, name: &str) -> Result<Option<String>, StoreError> {
    tx.fetch_optional(&FIND, values![stripe, app_id, name]).await?.map(|row| row.get("id")).transpose()
}

/// The statements that are put together at run time.
pub(crate) fn built_statements() -> Vec<Statement> {
    scim::samples(&TABLE, &APP_ROLE)
}

/// Reads a row of [`TABLE`].
pub fn read(row: &Row) -> Result<AppRole, StoreError> {
    Ok(AppRole {
        id: row.get("id")?,
        app_id: row.get("app_id")?,
        display_name: row.get("display_name")?,
        is_admin: row.get("is_admin")?,
        available_to_users: row.get("available_to_users")?,
        available_to_groups: row.get("available_to_groups")?,
        available_to_clients: row.get("available_to_clients")?,
        description: row.get("description")?,
        is_public: row.get("is_public")?,
        created_at: row.get("created_at")?,
    })
}
