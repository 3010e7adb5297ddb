//! Applications as the administration API knows them: the application of [`crate::apps`] with what only is shown, in
//! columns where it is filtered or sorted by and as JSON where not.

use std::collections::HashMap;

use obol_protocol::{
    Timestamp,
    scim::resources::{app::APP, my_app::MY_APP},
};

use super::App;
use crate::{
    Db, Row, Statement, StoreError, Tx, Value,
    app_scopes::{self, AppScope},
    grants::{self, Grant},
    scim::{self, Column, Form, List, Table},
    values,
};

macro_rules! resource {
    () => {
        concat!(columns!(), ", template, shown_to_users, extra, created_by, modified_by, revision")
    };
}

statements! { "apps";
    GET = concat!("SELECT ", resource!(), " FROM apps WHERE stripe = $1 AND id = $2");
    DESCRIBE =
        "UPDATE apps SET template = $3, shown_to_users = $4, extra = $5, created_by = $6, modified_by = $7
         WHERE stripe = $1 AND id = $2";
    TOUCH = "UPDATE apps SET revision = revision WHERE stripe = $1 AND id = $2 AND revision = $3";
    CHANGED_BY = "UPDATE apps SET modified_by = $3, modified_at = $4 WHERE stripe = $1 AND id = $2";
    DELETE = "DELETE FROM apps WHERE stripe = $1 AND id = $2 AND revision = $3";
    SERVERS_OF_USER =
        concat!("SELECT ", columns!(), " FROM apps
                 WHERE stripe = $1 AND is_active AND is_oauth_resource AND id IN (
                     SELECT g.app_id FROM grants g WHERE g.stripe = $1 AND g.user_id = $2
                     UNION SELECT g.app_id FROM group_members m
                     JOIN grants g ON g.stripe = m.stripe AND g.group_id = m.group_id
                     WHERE m.stripe = $1 AND m.user_id = $2)
                 ORDER BY display_name_key, id LIMIT 1000");
    NAMED_ALIKE = "SELECT id FROM apps WHERE stripe = $1 AND display_name_key = $2 AND id <> $3 LIMIT 1";
    WITH_AUDIENCE = "SELECT id FROM apps WHERE stripe = $1 AND audience_key = $2 AND id <> $3 LIMIT 1";
}

/// How many ids one statement names.
const CHUNK: usize = 500;

/// Where applications are listed.
pub static TABLE: Table = Table {
    name: "apps",
    columns: resource!(),
    only: "",
    attributes: &[
        Column::sorts("id", "id", Form::Exact),
        Column::filters("ocid", "ocid", Form::Exact),
        Column::filters("name", "name_key", Form::Folded),
        Column::sorts("displayName", "display_name_key", Form::Folded),
        Column::filters("active", "is_active", Form::Boolean),
        Column::filters("isOAuthClient", "is_oauth_client", Form::Boolean),
        Column::filters("isOAuthResource", "is_oauth_resource", Form::Boolean),
        Column::filters("isOPCService", "is_opc_service", Form::Boolean),
        Column::filters("showInMyApps", "shown_to_users", Form::Boolean),
        Column::filters("clientType", "client_type", Form::Folded),
        Column::filters("trustScope", "trust_scope", Form::Exact),
        Column::filters("audience", "audience_key", Form::Exact),
        Column::filters("basedOnTemplate.value", "template", Form::Exact),
        Column::sorts("meta.created", "created_at", Form::Time),
        Column::sorts("meta.lastModified", "modified_at", Form::Time),
    ],
    lists: &[
        List {
            attribute: "scopes",
            table: "app_scopes",
            owner: "app_id",
            only: "",
            parts: &[Column::filters("value", "value", Form::Exact), Column::filters("fqs", "fqs", Form::Exact)],
        },
        List {
            attribute: "grantedAppRoles",
            table: "grants",
            owner: "grantee_id",
            only: "l.grantee_type = 'App' AND l.entitlement <> ''",
            parts: &[
                Column::filters("value", "entitlement", Form::Exact),
                Column::filters("appId", "app_id", Form::Exact),
            ],
        },
    ],
};

/// Where the applications of a user are listed; the condition says of whom.
pub static MINE: Table = Table {
    name: "my_apps",
    columns: "owner_id, id, ocid, name, display_name, description, is_active, is_opc_service, landing_page_url, \
              created_at, modified_at",
    only: "",
    attributes: &[
        Column::sorts("id", "id", Form::Exact),
        Column::sorts("name", "display_name_key", Form::Folded),
        Column::filters("owner.value", "owner_id", Form::Exact),
        Column::filters("app.value", "id", Form::Exact),
        Column::filters("active", "is_active", Form::Boolean),
        Column::filters("meta.created", "created_at", Form::Time),
    ],
    lists: &[],
};

/// An application with all that it has of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppResource {
    /// What the token service knows of it.
    pub app: App,
    /// The template it was made from.
    pub template: String,
    /// Whether users see it among their applications.
    pub shown_to_users: bool,
    /// Its other attributes, as JSON.
    pub extra: String,
    /// Who made it, as JSON; empty where it was the service.
    pub created_by: String,
    /// Who last changed it.
    pub modified_by: String,
    /// Grows with every change.
    pub revision: i64,
}

/// An application of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnApp {
    /// The user.
    pub owner_id: String,
    /// The application's SCIM id.
    pub id: String,
    /// Its OCID.
    pub ocid: String,
    /// Its client id.
    pub name: String,
    /// The name shown.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// Whether it is active.
    pub is_active: bool,
    /// Whether an Oracle Cloud service put it here.
    pub is_opc_service: bool,
    /// Where it begins.
    pub landing_page_url: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub modified_at: Timestamp,
}

/// An application by SCIM id.
pub async fn get(db: &Db, stripe: &str, app_id: &str) -> Result<Option<AppResource>, StoreError> {
    if app_id.contains('\0') {
        return Ok(None);
    }
    db.fetch_optional(&GET, values![stripe, app_id]).await?.map(|row| read(&row)).transpose()
}

/// Writes what only is shown of an application. Returns whether it exists.
pub async fn describe(tx: &mut Tx, stripe: &str, resource: &AppResource) -> Result<bool, StoreError> {
    let AppResource { app, template, shown_to_users, extra, created_by, modified_by, .. } = resource;
    let values = values![stripe, &app.id, template, *shown_to_users, extra, created_by, modified_by];
    Ok(tx.execute(&DESCRIBE, values).await? == 1)
}

/// Says who changed an application, after a change by another function.
pub async fn changed_by(
    tx: &mut Tx,
    stripe: &str,
    app_id: &str,
    actor: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(&CHANGED_BY, values![stripe, app_id, actor, now]).await.map(drop)
}

/// Holds an application that is still as it was read. Returns whether it is.
pub async fn hold(tx: &mut Tx, stripe: &str, app_id: &str, revision: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&TOUCH, values![stripe, app_id, revision]).await? == 1)
}

/// Removes an application that is still as it was read, with its roles, scopes and grants. Returns whether it was.
pub async fn delete(tx: &mut Tx, stripe: &str, app_id: &str, revision: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE, values![stripe, app_id, revision]).await? == 1)
}

/// Whether another application is shown by that name, without regard to case.
pub async fn is_named(tx: &mut Tx, stripe: &str, display_name: &str, but: &str) -> Result<bool, StoreError> {
    let key = display_name.to_lowercase();
    Ok(tx.fetch_optional(&NAMED_ALIKE, values![stripe, key, but]).await?.is_some())
}

/// Whether another application has that primary audience.
pub async fn has_audience(tx: &mut Tx, stripe: &str, audience: &str, but: &str) -> Result<bool, StoreError> {
    Ok(tx.fetch_optional(&WITH_AUDIENCE, values![stripe, audience, but]).await?.is_some())
}

/// The active resource servers that a user was given, by a grant of their own or through a group; at most 1000.
pub async fn servers_of_user(db: &Db, stripe: &str, user_id: &str) -> Result<Vec<App>, StoreError> {
    db.fetch_all(&SERVERS_OF_USER, values![stripe, user_id]).await?.iter().map(super::read).collect()
}

/// The scopes of several applications, each application's in its order.
pub async fn scopes_of(db: &Db, stripe: &str, app_ids: &[&str]) -> Result<Vec<AppScope>, StoreError> {
    many(db, stripe, app_ids, scopes_statement, app_scopes::read).await
}

/// The scopes of these texts, whatever application has them.
pub async fn scopes_called(db: &Db, stripe: &str, fqs: &[&str]) -> Result<Vec<AppScope>, StoreError> {
    many(db, stripe, fqs, called_statement, app_scopes::read).await
}

/// The app roles that several applications were granted, by name.
pub async fn roles_granted_to(db: &Db, stripe: &str, app_ids: &[&str]) -> Result<Vec<Grant>, StoreError> {
    many(db, stripe, app_ids, granted_statement, grants::read_whole).await
}

/// The certificates of several applications, by application and alias: alias and SHA-1 thumbprint.
pub async fn certificates_of(
    db: &Db,
    stripe: &str,
    app_ids: &[&str],
) -> Result<HashMap<String, Vec<(String, String)>>, StoreError> {
    let read = |row: &Row| Ok((row.get::<String>("app_id")?, (row.get("alias")?, row.get("x5t")?)));
    let mut by_app: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for (app_id, certificate) in many(db, stripe, app_ids, certificates_statement, read).await? {
        by_app.entry(app_id).or_default().push(certificate);
    }
    Ok(by_app)
}

/// The names that several applications are shown by.
pub async fn names_of(db: &Db, stripe: &str, app_ids: &[&str]) -> Result<HashMap<String, String>, StoreError> {
    let named = many(db, stripe, app_ids, names_statement, |row| Ok((row.get("id")?, row.get("display_name")?)));
    Ok(named.await?.into_iter().collect())
}

async fn many<T>(
    db: &Db,
    stripe: &str,
    keys: &[&str],
    statement: fn(usize) -> Statement,
    read: fn(&Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    for chunk in keys.chunks(CHUNK) {
        let values = [Value::from(stripe)].into_iter().chain(chunk.iter().map(|key| Value::from(*key))).collect();
        let rows = db.fetch_all(&statement(chunk.len()), values).await?;
        found.extend(rows.iter().map(read).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(found)
}

fn places(count: usize) -> String {
    (2..count + 2).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

fn scopes_statement(count: usize) -> Statement {
    let (columns, places) = (app_scopes::COLUMNS, places(count));
    let sql = format!(
        "SELECT {columns} FROM app_scopes WHERE stripe = $1 AND app_id IN ({places}) ORDER BY app_id, position LIMIT 100000"
    );
    Statement::built("app_scopes", sql)
}

fn called_statement(count: usize) -> Statement {
    let (columns, places) = (app_scopes::COLUMNS, places(count));
    Statement::built("app_scopes", format!("SELECT {columns} FROM app_scopes WHERE stripe = $1 AND fqs IN ({places})"))
}

fn certificates_statement(count: usize) -> Statement {
    let places = places(count);
    let sql = format!(
        "SELECT app_id, alias, x5t FROM app_certificates WHERE stripe = $1 AND app_id IN ({places}) ORDER BY app_id, alias
         LIMIT 10000"
    );
    Statement::built("app_certificates", sql)
}

fn names_statement(count: usize) -> Statement {
    let places = places(count);
    Statement::built("apps", format!("SELECT id, display_name FROM apps WHERE stripe = $1 AND id IN ({places})"))
}

fn granted_statement(count: usize) -> Statement {
    let (whole, places) = (grants::WHOLE, places(count));
    let sql = format!(
        "{whole} WHERE t.stripe = $1 AND t.client_id IN ({places}) AND t.role_id IS NOT NULL
         ORDER BY t.client_id, r.display_name, t.id LIMIT 100000"
    );
    Statement::built("grants", sql)
}

/// The statements that are put together at run time.
pub(crate) fn built_statements() -> Vec<Statement> {
    let mut statements = scim::samples(&TABLE, &APP);
    statements.extend(scim::samples(&MINE, &MY_APP));
    for count in [1, 3] {
        statements.extend([scopes_statement(count), called_statement(count)]);
        statements.extend([granted_statement(count), names_statement(count), certificates_statement(count)]);
    }
    statements
}

/// Reads a row of [`TABLE`].
pub fn read(row: &Row) -> Result<AppResource, StoreError> {
    Ok(AppResource {
        app: super::read(row)?,
        template: row.get("template")?,
        shown_to_users: row.get("shown_to_users")?,
        extra: row.get("extra")?,
        created_by: row.get("created_by")?,
        modified_by: row.get("modified_by")?,
        revision: row.get("revision")?,
    })
}

/// Reads a row of [`MINE`].
pub fn read_own(row: &Row) -> Result<OwnApp, StoreError> {
    Ok(OwnApp {
        owner_id: row.get("owner_id")?,
        id: row.get("id")?,
        ocid: row.get("ocid")?,
        name: row.get("name")?,
        display_name: row.get("display_name")?,
        description: row.get("description")?,
        is_active: row.get("is_active")?,
        is_opc_service: row.get("is_opc_service")?,
        landing_page_url: row.get("landing_page_url")?,
        created_at: row.get("created_at")?,
        modified_at: row.get("modified_at")?,
    })
}
