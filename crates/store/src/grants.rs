//! Grants: who holds which app role, or access to an application. A user's roles are their own and those of their groups.

use std::collections::HashMap;

use obol_protocol::{Timestamp, scim::resources::grant::GRANT};

use crate::{
    Db, Row, Statement, StoreError, Tx, Value,
    scim::{self, Column, Form, List, Table},
    values,
};

macro_rules! held {
    () => {
        "SELECT r.app_id AS app_id, r.display_name AS display_name, r.is_admin AS is_admin FROM grants g
         JOIN app_roles r ON r.stripe = g.stripe AND r.id = g.role_id "
    };
}

macro_rules! whole {
    () => {
        "SELECT t.id, t.app_id, a.display_name AS app_name, t.entitlement, r.display_name AS role_name, r.is_admin,
                t.mechanism, t.grantee_type, t.grantee_id,
                COALESCE(u.display_name, c.display_name, p.display_name) AS grantee_name,
                t.grantor_type, t.grantor_id, t.created_at
         FROM grants t JOIN apps a ON a.stripe = t.stripe AND a.id = t.app_id
         LEFT JOIN app_roles r ON r.stripe = t.stripe AND r.id = t.role_id
         LEFT JOIN users u ON u.stripe = t.stripe AND u.id = t.user_id
         LEFT JOIN apps c ON c.stripe = t.stripe AND c.id = t.client_id
         LEFT JOIN groups p ON p.stripe = t.stripe AND p.id = t.group_id "
    };
}

/// A grant with the names of what it joins, from the grants called `t`.
pub(crate) const WHOLE: &str = whole!();

statements! { "grants";
    INSERT =
        "INSERT INTO grants (stripe, id, app_id, role_id, user_id, client_id, group_id, grantee_type, grantee_id,
                             entitlement_name, entitlement, mechanism, grantor_type, grantor_id, created_at)
         SELECT stripe, CAST($2 AS TEXT), app_id, id, CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT),
                CAST($7 AS TEXT), CAST($8 AS TEXT), 'appRoles', id, CAST($9 AS TEXT), CAST($10 AS TEXT),
                CAST($11 AS TEXT), CAST($12 AS BIGINT)
         FROM app_roles WHERE stripe = $1 AND id = $3";
    INSERT_ACCESS =
        "INSERT INTO grants (stripe, id, app_id, role_id, user_id, client_id, group_id, grantee_type, grantee_id,
                             entitlement_name, entitlement, mechanism, grantor_type, grantor_id, created_at)
         VALUES ($1, $2, $3, NULL, $4, $5, $6, $7, $8, '', '', $9, $10, $11, $12)";
    OF_USER =
        concat!(
            held!(), "WHERE g.stripe = $1 AND g.user_id = $2 UNION ",
            held!(), "JOIN group_members m ON m.stripe = g.stripe AND m.group_id = g.group_id
                      WHERE g.stripe = $1 AND m.user_id = $2
             ORDER BY app_id, display_name LIMIT 10000"
        );
    OF_CLIENT =
        concat!(held!(), "WHERE g.stripe = $1 AND g.client_id = $2 ORDER BY r.app_id, r.display_name LIMIT 10000");
    OF_GROUP =
        concat!(held!(), "WHERE g.stripe = $1 AND g.group_id = $2 ORDER BY r.app_id, r.display_name LIMIT 10000");
    FIND_OF_USER = "SELECT id FROM grants WHERE stripe = $1 AND user_id = $2 AND role_id = $3";
    GET = concat!(whole!(), "WHERE t.stripe = $1 AND t.id = $2");
    OF_ROLE =
        concat!(
            whole!(), "WHERE t.stripe = $1 AND t.role_id = $2 AND t.grantee_type <> 'App' ORDER BY t.grantee_id LIMIT $3"
        );
    DELETE = "DELETE FROM grants WHERE stripe = $1 AND id = $2";
    REVOKE_USER = "DELETE FROM grants WHERE stripe = $1 AND user_id = $2 AND role_id = $3";
    REVOKE_CLIENT = "DELETE FROM grants WHERE stripe = $1 AND client_id = $2 AND role_id = $3";
    REVOKE_GROUP = "DELETE FROM grants WHERE stripe = $1 AND group_id = $2 AND role_id = $3";
}

/// Where grants are listed: their ids, to be read whole by [`with_ids`].
pub static TABLE: Table = Table {
    name: "grants",
    columns: "t.id",
    only: "",
    attributes: &[
        Column::sorts("id", "id", Form::Exact),
        Column::filters("grantMechanism", "mechanism", Form::Exact),
        Column::filters("grantee.value", "grantee_id", Form::Exact),
        Column::filters("grantee.type", "grantee_type", Form::Exact),
        Column::filters("app.value", "app_id", Form::Exact),
        Column::filters("entitlement.attributeName", "entitlement_name", Form::Exact),
        Column::filters("entitlement.attributeValue", "entitlement", Form::Exact),
        Column::filters("grantor.value", "grantor_id", Form::Exact),
        Column::filters("grantor.type", "grantor_type", Form::Exact),
        Column::filters("meta.created", "created_at", Form::Time),
    ],
    // Official clients ask for the parts of one value in brackets, which means the same.
    lists: &[
        List {
            attribute: "grantee",
            table: "grants",
            owner: "id",
            only: "",
            parts: &[
                Column::filters("value", "grantee_id", Form::Exact),
                Column::filters("type", "grantee_type", Form::Exact),
            ],
        },
        List {
            attribute: "entitlement",
            table: "grants",
            owner: "id",
            only: "l.entitlement <> ''",
            parts: &[
                Column::filters("attributeName", "entitlement_name", Form::Exact),
                Column::filters("attributeValue", "entitlement", Form::Exact),
            ],
        },
        List {
            attribute: "app",
            table: "grants",
            owner: "id",
            only: "",
            parts: &[Column::filters("value", "app_id", Form::Exact)],
        },
    ],
};

/// Who holds a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grantee<'a> {
    /// A user, by SCIM id.
    User(&'a str),
    /// A client application, by SCIM id.
    Client(&'a str),
    /// A group, by SCIM id; all its members hold the role.
    Group(&'a str),
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

/// Access to an application that is to be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewAccess<'a> {
    /// The grant's SCIM id.
    pub id: &'a str,
    /// The application's SCIM id.
    pub app_id: &'a str,
    /// Who is to have it.
    pub grantee: Grantee<'a>,
    /// How it came about.
    pub mechanism: &'a str,
}

/// Who made a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grantor<'a> {
    /// The service itself: a seed, or the registration of an instance.
    Service,
    /// A user, by SCIM id.
    User(&'a str),
    /// A client application, by SCIM id.
    Client(&'a str),
}

/// A grant with the names of what it joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its SCIM id.
    pub id: String,
    /// The application it is for.
    pub app_id: String,
    /// That application's display name.
    pub app_name: String,
    /// The app role; nothing when it is access to the application itself.
    pub role: Option<GrantedRole>,
    /// `User`, `App` or `Group`.
    pub grantee_type: String,
    /// The holder's SCIM id.
    pub grantee_id: String,
    /// The name shown of it.
    pub grantee_name: String,
    /// How it came about.
    pub mechanism: String,
    /// Who made it, as `User` or `App` and a SCIM id.
    pub grantor: Option<(String, String)>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The role of a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedRole {
    /// Its SCIM id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it makes an administrator.
    pub is_admin: bool,
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
    insert_by(tx, stripe, grant, Grantor::Service, now).await
}

/// The same, made by somebody.
pub async fn insert_by(
    tx: &mut Tx,
    stripe: &str,
    grant: &NewGrant<'_>,
    grantor: Grantor<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let [user, client, group] = grant.grantee.columns();
    let (grantee_type, grantee_id) = grant.grantee.shown();
    let (grantor_type, grantor_id) = grantor.shown();
    let NewGrant { id, role_id, mechanism, .. } = *grant;
    let values = values![
        stripe,
        id,
        role_id,
        user,
        client,
        group,
        grantee_type,
        grantee_id,
        mechanism,
        grantor_type,
        grantor_id,
        now
    ];
    match tx.execute(&INSERT, values).await? {
        0 => Err(StoreError::Dangling),
        _ => Ok(()),
    }
}

/// Gives access to an application, without a role. [`StoreError::Duplicate`] when the grantee has it.
pub async fn insert_access(
    tx: &mut Tx,
    stripe: &str,
    access: &NewAccess<'_>,
    grantor: Grantor<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let [user, client, group] = access.grantee.columns();
    let (grantee_type, grantee_id) = access.grantee.shown();
    let (grantor_type, grantor_id) = grantor.shown();
    let NewAccess { id, app_id, mechanism, .. } = *access;
    let values = values![
        stripe,
        id,
        app_id,
        user,
        client,
        group,
        grantee_type,
        grantee_id,
        mechanism,
        grantor_type,
        grantor_id,
        now
    ];
    tx.execute(&INSERT_ACCESS, values).await.map(drop)
}

/// The roles a user holds, by a grant of their own or to a group they are in, at most 10000; the implicit ones are rules
/// and have no grant.
pub async fn of_user(db: &Db, stripe: &str, user_id: &str) -> Result<Vec<HeldRole>, StoreError> {
    db.fetch_all(&OF_USER, values![stripe, user_id]).await?.iter().map(read).collect()
}

/// The roles a client was granted, at most 10000; the implicit ones are rules and have no grant.
pub async fn of_client(db: &Db, stripe: &str, app_id: &str) -> Result<Vec<HeldRole>, StoreError> {
    db.fetch_all(&OF_CLIENT, values![stripe, app_id]).await?.iter().map(read).collect()
}

/// The roles a group was granted, at most 10000.
pub async fn of_group(db: &Db, stripe: &str, group_id: &str) -> Result<Vec<HeldRole>, StoreError> {
    db.fetch_all(&OF_GROUP, values![stripe, group_id]).await?.iter().map(read).collect()
}

/// A grant by its SCIM id.
pub async fn get(db: &Db, stripe: &str, grant_id: &str) -> Result<Option<Grant>, StoreError> {
    if grant_id.contains('\0') {
        return Ok(None);
    }
    db.fetch_optional(&GET, values![stripe, grant_id]).await?.map(|row| read_whole(&row)).transpose()
}

/// How many ids one statement names.
const CHUNK: usize = 500;

/// Grants by their SCIM ids, in the order of these.
pub async fn with_ids(db: &Db, stripe: &str, ids: &[&str]) -> Result<Vec<Grant>, StoreError> {
    let mut found = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let values = [Value::from(stripe)].into_iter().chain(chunk.iter().map(|id| Value::from(*id))).collect();
        for row in db.fetch_all(&ids_statement(chunk.len()), values).await? {
            let grant = read_whole(&row)?;
            found.insert(grant.id.clone(), grant);
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(*id)).collect())
}

/// The users and groups that hold a role, at most `most`.
pub async fn of_role(db: &Db, stripe: &str, role_id: &str, most: i64) -> Result<Vec<Grant>, StoreError> {
    db.fetch_all(&OF_ROLE, values![stripe, role_id, most]).await?.iter().map(read_whole).collect()
}

fn ids_statement(count: usize) -> Statement {
    let places: Vec<_> = (2..count + 2).map(|place| format!("${place}")).collect();
    let sql = format!("{WHOLE} WHERE t.stripe = $1 AND t.id IN ({})", places.join(", "));
    Statement::built("grants", sql)
}

/// The statements that are put together at run time.
pub(crate) fn built_statements() -> Vec<Statement> {
    let mut statements = scim::samples(&TABLE, &GRANT);
    statements.extend([ids_statement(1), ids_statement(3)]);
    statements
}

/// Removes a grant. Returns whether it was there.
pub async fn delete(tx: &mut Tx, stripe: &str, grant_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE, values![stripe, grant_id]).await? == 1)
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
        Grantee::Group(id) => (&REVOKE_GROUP, id),
    };
    Ok(tx.execute(statement, values![stripe, id, role_id]).await? == 1)
}

fn read(row: &Row) -> Result<HeldRole, StoreError> {
    Ok(HeldRole { app_id: row.get("app_id")?, name: row.get("display_name")?, is_admin: row.get("is_admin")? })
}

impl<'a> Grantee<'a> {
    /// The columns of users, clients and groups.
    const fn columns(self) -> [Option<&'a str>; 3] {
        match self {
            Self::User(id) => [Some(id), None, None],
            Self::Client(id) => [None, Some(id), None],
            Self::Group(id) => [None, None, Some(id)],
        }
    }

    const fn shown(self) -> (&'static str, &'a str) {
        match self {
            Self::User(id) => ("User", id),
            Self::Client(id) => ("App", id),
            Self::Group(id) => ("Group", id),
        }
    }
}

impl<'a> Grantor<'a> {
    const fn shown(self) -> (&'static str, &'a str) {
        match self {
            Self::Service => ("", ""),
            Self::User(id) => ("User", id),
            Self::Client(id) => ("App", id),
        }
    }
}

pub(crate) fn read_whole(row: &Row) -> Result<Grant, StoreError> {
    let filled = |text: String| Some(text).filter(|text| !text.is_empty());
    let role = match (filled(row.get("entitlement")?), row.get::<Option<String>>("role_name")?) {
        (Some(id), Some(name)) => Some(GrantedRole { id, name, is_admin: row.get("is_admin")? }),
        (None, None) => None,
        _ => return Err(row.corrupt("entitlement")),
    };
    Ok(Grant {
        id: row.get("id")?,
        app_id: row.get("app_id")?,
        app_name: row.get("app_name")?,
        role,
        grantee_type: row.get("grantee_type")?,
        grantee_id: row.get("grantee_id")?,
        grantee_name: row.get("grantee_name")?,
        mechanism: row.get("mechanism")?,
        grantor: filled(row.get("grantor_type")?).zip(filled(row.get("grantor_id")?)),
        created_at: row.get("created_at")?,
    })
}
