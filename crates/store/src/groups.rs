//! Groups and who is in them. A change of members costs a few statements, however many they are, and each of them is
//! bounded by the request's size.

use obol_protocol::{
    Timestamp,
    scim::{Condition, Fault, condition::folded},
};

use crate::{
    Db, Row, Statement, StoreError, Tx, Value,
    scim::{Column, Form, List, Table, list_condition},
    values,
};

macro_rules! columns {
    () => {
        "t.id, t.ocid, t.display_name, t.external_id, t.details, t.created_by, t.modified_by, t.revision, t.created_at, \
         t.modified_at"
    };
}

statements! { "groups";
    GET = concat!("SELECT ", columns!(), " FROM groups t WHERE t.stripe = $1 AND t.id = $2");
    INSERT =
        "INSERT INTO groups (stripe, id, ocid, display_name, display_name_key, external_id, details, created_by, modified_by,
                             revision, created_at, modified_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 1, $9, $9)";
    UPDATE =
        "UPDATE groups SET display_name = $4, display_name_key = $5, external_id = $6, details = $7, modified_by = $8,
                           modified_at = $9, revision = revision + 1
         WHERE stripe = $1 AND id = $2 AND revision = $3";
    DELETE = "DELETE FROM groups WHERE stripe = $1 AND id = $2 AND revision = $3";
    CLEAR = "DELETE FROM group_members WHERE stripe = $1 AND group_id = $2";
    TOUCH_OF_USER =
        "UPDATE groups SET revision = revision + 1, modified_at = $3
         WHERE stripe = $1 AND id IN (SELECT group_id FROM group_members WHERE stripe = $1 AND user_id = $2)";
    MEMBER_IDS = "SELECT user_id FROM group_members WHERE stripe = $1 AND group_id = $2 ORDER BY user_id";
    OF_USER =
        "SELECT g.id, g.ocid, g.display_name FROM group_members m
         JOIN groups g ON g.stripe = m.stripe AND g.id = m.group_id
         WHERE m.stripe = $1 AND m.user_id = $2 ORDER BY g.id LIMIT 1000";
}

/// How many members, or groups of members, one answer has at the most.
pub const MOST_MEMBERS: usize = 10_000;
/// How many ids one statement names.
const CHUNK: usize = 500;

static MEMBERS: List =
    List { attribute: "members", table: "group_members", owner: "group_id", only: "", parts: MEMBER_PARTS };

const MEMBER_PARTS: &[Column] =
    &[Column::filters("value", "user_id", Form::Exact), Column::filters("dateAdded", "added_at", Form::Time)];

/// Where groups are listed.
pub static TABLE: Table = Table {
    name: "groups",
    columns: columns!(),
    only: "",
    attributes: &[
        Column::sorts("id", "id", Form::Exact),
        Column::filters("ocid", "ocid", Form::Exact),
        Column::filters("externalId", "external_id", Form::Exact),
        Column::sorts("displayName", "display_name_key", Form::Folded),
        Column::sorts("meta.created", "created_at", Form::Time),
        Column::sorts("meta.lastModified", "modified_at", Form::Time),
    ],
    lists: &[List { attribute: "members", table: "group_members", owner: "group_id", only: "", parts: MEMBER_PARTS }],
};

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its SCIM id, 32 hex digits.
    pub id: String,
    /// Its OCID.
    pub ocid: String,
    /// Its name, unique in the stripe without regard to case.
    pub display_name: String,
    /// The id that another system knows it by; empty for none.
    pub external_id: String,
    /// Its other attributes, as JSON.
    pub details: String,
    /// Who made it, as JSON; empty where it was the service.
    pub created_by: String,
    /// Who last changed it or its members.
    pub modified_by: String,
    /// Grows with every change, of members too.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub modified_at: Timestamp,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The group.
    pub group_id: String,
    /// The user.
    pub user_id: String,
    /// The user's OCID.
    pub ocid: String,
    /// The name it signs in with.
    pub user_name: String,
    /// The name shown.
    pub display_name: String,
    /// Since when.
    pub added_at: Timestamp,
}

/// A group that a user is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The user.
    pub user_id: String,
    /// The group.
    pub group_id: String,
    /// The group's OCID.
    pub ocid: String,
    /// The group's name.
    pub display_name: String,
}

/// A group by SCIM id.
pub async fn get(db: &Db, stripe: &str, group_id: &str) -> Result<Option<Group>, StoreError> {
    db.fetch_optional(&GET, values![stripe, group_id]).await?.map(|row| read(&row)).transpose()
}

/// Makes a group. [`StoreError::Duplicate`] when the name is taken in this stripe.
pub async fn insert(tx: &mut Tx, stripe: &str, group: &Group) -> Result<(), StoreError> {
    let values = values![
        stripe,
        &group.id,
        &group.ocid,
        &group.display_name,
        folded(&group.display_name),
        &group.external_id,
        &group.details,
        &group.created_by,
        group.created_at
    ];
    tx.execute(&INSERT, values).await.map(drop)
}

/// Changes a group that is still as it was read. Returns whether it was.
pub async fn update(tx: &mut Tx, stripe: &str, group: &Group) -> Result<bool, StoreError> {
    let values = values![
        stripe,
        &group.id,
        group.revision,
        &group.display_name,
        folded(&group.display_name),
        &group.external_id,
        &group.details,
        &group.modified_by,
        group.modified_at
    ];
    Ok(tx.execute(&UPDATE, values).await? == 1)
}

/// Removes a group that is still as it was read, with its memberships. Returns whether it was.
pub async fn delete(tx: &mut Tx, stripe: &str, group_id: &str, revision: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE, values![stripe, group_id, revision]).await? == 1)
}

/// Makes all groups that a user is in new versions of themselves, before the user goes.
pub async fn touch_of_user(tx: &mut Tx, stripe: &str, user_id: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(&TOUCH_OF_USER, values![stripe, user_id, now]).await.map(drop)
}

/// The groups a user is in, at most 1000.
pub async fn of_user(db: &Db, stripe: &str, user_id: &str) -> Result<Vec<Membership>, StoreError> {
    let rows = db.fetch_all(&OF_USER, values![stripe, user_id]).await?;
    let membership = |row: &Row| {
        Ok(Membership {
            user_id: user_id.to_owned(),
            group_id: row.get("id")?,
            ocid: row.get("ocid")?,
            display_name: row.get("display_name")?,
        })
    };
    rows.iter().map(membership).collect()
}

fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

fn texts(ids: &[&str]) -> impl Iterator<Item = Value> {
    ids.iter().map(|id| Value::from(*id))
}

/// The groups that several users are in; one more than [`MOST_MEMBERS`] when there are more than that.
pub async fn of_users(db: &Db, stripe: &str, user_ids: &[&str]) -> Result<Vec<Membership>, StoreError> {
    if user_ids.is_empty() {
        return Ok(Vec::new());
    }
    let values = values![stripe].into_iter().chain(texts(user_ids)).collect();
    let rows = db.fetch_all(&of_users_statement(user_ids.len()), values).await?;
    let membership = |row: &Row| {
        Ok(Membership {
            user_id: row.get("user_id")?,
            group_id: row.get("id")?,
            ocid: row.get("ocid")?,
            display_name: row.get("display_name")?,
        })
    };
    rows.iter().map(membership).collect()
}

fn of_users_statement(count: usize) -> Statement {
    Statement::built(
        "group_members",
        format!(
            "SELECT m.user_id, g.id, g.ocid, g.display_name FROM group_members m
             JOIN groups g ON g.stripe = m.stripe AND g.id = m.group_id
             WHERE m.stripe = $1 AND m.user_id IN ({}) ORDER BY m.user_id, g.id LIMIT {}",
            places(2, count),
            MOST_MEMBERS + 1
        ),
    )
}

/// The members of several groups, those that pass the condition; one more than [`MOST_MEMBERS`] when there are more.
///
/// # Errors
///
/// The outer for the database, the inner for a condition over what members are not filtered by.
pub async fn members(
    db: &Db,
    stripe: &str,
    group_ids: &[&str],
    only: Option<&Condition>,
) -> Result<Result<Vec<Member>, Fault>, StoreError> {
    let (condition, mut values) = match only.map(|only| list_condition(&MEMBERS, stripe, only)).transpose() {
        Ok(found) => found.unwrap_or_else(|| ("1 = 1".to_owned(), values![stripe])),
        Err(fault) => return Ok(Err(fault)),
    };
    if group_ids.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let statement = members_statement(&condition, values.len() + 1, group_ids.len());
    values.extend(texts(group_ids));
    let rows = db.fetch_all(&statement, values).await?;
    let member = |row: &Row| {
        Ok(Member {
            group_id: row.get("group_id")?,
            user_id: row.get("user_id")?,
            ocid: row.get("ocid")?,
            user_name: row.get("user_name")?,
            display_name: row.get("display_name")?,
            added_at: row.get("added_at")?,
        })
    };
    rows.iter().map(member).collect::<Result<_, StoreError>>().map(Ok)
}

fn members_statement(condition: &str, first: usize, count: usize) -> Statement {
    Statement::built(
        "group_members",
        format!(
            "SELECT l.group_id, l.user_id, l.added_at, u.ocid, u.user_name, u.display_name FROM group_members l
             JOIN users u ON u.stripe = l.stripe AND u.id = l.user_id
             WHERE l.stripe = $1 AND l.group_id IN ({}) AND ({condition})
             ORDER BY l.group_id, l.user_id LIMIT {}",
            places(first, count),
            MOST_MEMBERS + 1
        ),
    )
}

/// The first of these users that is not there.
pub async fn missing_user<'a>(tx: &mut Tx, stripe: &str, user_ids: &[&'a str]) -> Result<Option<&'a str>, StoreError> {
    for chunk in user_ids.chunks(CHUNK) {
        let values = values![stripe].into_iter().chain(texts(chunk)).collect();
        let rows = tx.fetch_all(&known_users(chunk.len()), values).await?;
        if rows.len() == chunk.len() {
            continue;
        }
        let known: Vec<String> = rows.iter().map(|row| row.get("id")).collect::<Result<_, _>>()?;
        let known: std::collections::HashSet<&str> = known.iter().map(String::as_str).collect();
        if let Some(missing) = chunk.iter().find(|id| !known.contains(*id)) {
            return Ok(Some(missing));
        }
    }
    Ok(None)
}

fn known_users(count: usize) -> Statement {
    Statement::built("users", format!("SELECT id FROM users WHERE stripe = $1 AND id IN ({})", places(2, count)))
}

/// Adds users to a group; who is in it already stays as it is, and who is not a user is passed over.
pub async fn add(
    tx: &mut Tx,
    stripe: &str,
    group_id: &str,
    user_ids: &[&str],
    now: Timestamp,
) -> Result<(), StoreError> {
    for chunk in user_ids.chunks(CHUNK) {
        let values = values![stripe, group_id, now].into_iter().chain(texts(chunk)).collect();
        tx.execute(&add_users(chunk.len()), values).await?;
    }
    Ok(())
}

fn add_users(count: usize) -> Statement {
    Statement::built(
        "group_members",
        format!(
            "INSERT INTO group_members (stripe, group_id, user_id, added_at)
             SELECT stripe, CAST($2 AS TEXT), id, CAST($3 AS BIGINT) FROM users WHERE stripe = $1 AND id IN ({})
             ON CONFLICT (stripe, group_id, user_id) DO NOTHING",
            places(4, count)
        ),
    )
}

/// Takes users out of a group.
pub async fn remove(tx: &mut Tx, stripe: &str, group_id: &str, user_ids: &[&str]) -> Result<(), StoreError> {
    for chunk in user_ids.chunks(CHUNK) {
        let values = values![stripe, group_id].into_iter().chain(texts(chunk)).collect();
        tx.execute(&remove_users(chunk.len()), values).await?;
    }
    Ok(())
}

fn remove_users(count: usize) -> Statement {
    let places = places(3, count);
    Statement::built(
        "group_members",
        format!("DELETE FROM group_members WHERE stripe = $1 AND group_id = $2 AND user_id IN ({places})"),
    )
}

/// The ids of all members, for whoever puts others in their place.
pub async fn member_ids(tx: &mut Tx, stripe: &str, group_id: &str) -> Result<Vec<String>, StoreError> {
    tx.fetch_all(&MEMBER_IDS, values![stripe, group_id]).await?.iter().map(|row| row.get("user_id")).collect()
}

/// Takes everybody out of a group.
pub async fn clear(tx: &mut Tx, stripe: &str, group_id: &str) -> Result<(), StoreError> {
    tx.execute(&CLEAR, values![stripe, group_id]).await.map(drop)
}

/// Takes those members out of a group that pass a condition.
///
/// # Errors
///
/// The outer for the database, the inner for a condition over what members are not filtered by.
pub async fn remove_where(
    tx: &mut Tx,
    stripe: &str,
    group_id: &str,
    condition: &Condition,
) -> Result<Result<(), Fault>, StoreError> {
    let (condition, mut values) = match list_condition(&MEMBERS, stripe, condition) {
        Ok(found) => found,
        Err(fault) => return Ok(Err(fault)),
    };
    values.push(group_id.into());
    let statement = remove_members(&condition, values.len());
    tx.execute(&statement, values).await?;
    Ok(Ok(()))
}

fn remove_members(condition: &str, group: usize) -> Statement {
    Statement::built(
        "group_members",
        format!("DELETE FROM group_members AS l WHERE l.stripe = $1 AND l.group_id = ${group} AND ({condition})"),
    )
}

/// The statements put together at run time.
pub(crate) fn built_statements() -> Vec<Statement> {
    let mut statements = crate::scim::samples(&TABLE, &obol_protocol::scim::resources::group::GROUP);
    statements.extend([
        of_users_statement(2),
        members_statement("l.user_id = $2", 3, 2),
        known_users(2),
        add_users(2),
        remove_users(2),
        remove_members("l.user_id = $2", 3),
    ]);
    statements
}

/// Reads a row of [`TABLE`].
pub fn read(row: &Row) -> Result<Group, StoreError> {
    Ok(Group {
        id: row.get("id")?,
        ocid: row.get("ocid")?,
        display_name: row.get("display_name")?,
        external_id: row.get("external_id")?,
        details: row.get("details")?,
        created_by: row.get("created_by")?,
        modified_by: row.get("modified_by")?,
        revision: row.get("revision")?,
        created_at: row.get("created_at")?,
        modified_at: row.get("modified_at")?,
    })
}
