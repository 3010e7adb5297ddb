//! App roles: what an application lets others be. The scopes of the built-in ones are rules and live in `domain`.

use crate::{Db, StoreError, Tx, values};

statements! { "app_roles";
    INSERT =
        "INSERT INTO app_roles (stripe, id, app_id, display_name, is_admin, available_to_users, available_to_groups,
                                available_to_clients)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    OF_APP =
        "SELECT id, app_id, display_name, is_admin, available_to_users, available_to_groups, available_to_clients
         FROM app_roles WHERE stripe = $1 AND app_id = $2 ORDER BY display_name LIMIT 1000";
    FIND = "SELECT id FROM app_roles WHERE stripe = $1 AND app_id = $2 AND display_name = $3";
}

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
            role.available_to_clients
        ],
    )
    .await
    .map(drop)
}

/// The app roles of an application by name, at most 1000.
pub async fn of_app(db: &Db, stripe: &str, app_id: &str) -> Result<Vec<AppRole>, StoreError> {
    let rows = db.fetch_all(&OF_APP, values![stripe, app_id]).await?;
    rows.iter()
        .map(|row| {
            Ok(AppRole {
                id: row.get("id")?,
                app_id: row.get("app_id")?,
                display_name: row.get("display_name")?,
                is_admin: row.get("is_admin")?,
                available_to_users: row.get("available_to_users")?,
                available_to_groups: row.get("available_to_groups")?,
                available_to_clients: row.get("available_to_clients")?,
            })
        })
        .collect()
}

/// The id of an application's role of that name, seen from inside a transaction.
pub async fn find(tx: &mut Tx, stripe: &str, app_id: &str, name: &str) -> Result<Option<String>, StoreError> {
    tx.fetch_optional(&FIND, values![stripe, app_id, name]).await?.map(|row| row.get("id")).transpose()
}
