//! Users as the administration API knows them: the user of [`crate::users`] with everything else that it has, in columns
//! where it is filtered or sorted by and as JSON where not.

use obol_protocol::{Timestamp, scim::condition::folded};

use crate::{
    Db, Row, Statement, StoreError, Tx, Value,
    scim::{Column, Form, List, Table},
    users::{self, User, name_key},
    values,
};

macro_rules! columns {
    () => {
        "t.id, t.ocid, t.user_name, t.display_name, t.given_name, t.family_name, t.email, t.preferred_language, t.locale, \
         t.timezone, t.is_active, t.password_hash, t.failed_attempts, t.locked_at, t.created_at, t.modified_at, \
         t.password_set_at, t.password_must_change, t.password_cant_change, t.password_cant_expire, \
         t.external_id, t.details, t.created_by, t.modified_by, t.revision"
    };
}

statements! { "users";
    GET = concat!("SELECT ", columns!(), " FROM users t WHERE t.stripe = $1 AND t.id = $2");
    ID_OF_OCID = "SELECT id FROM users WHERE stripe = $1 AND ocid = $2";
    INSERT =
        "INSERT INTO users (stripe, id, ocid, user_name, user_name_key, display_name, given_name, family_name, email,
                            preferred_language, locale, timezone, is_active, password_hash, failed_attempts, locked_at,
                            created_at, modified_at, display_name_key, given_name_key, family_name_key, title_key,
                            department_key, employee_number_key, external_id, details, created_by, modified_by, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, NULL,
                 $15, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $24, 1)";
    UPDATE =
        "UPDATE users SET user_name = $4, user_name_key = $5, display_name = $6, given_name = $7, family_name = $8,
                          email = $9, preferred_language = $10, locale = $11, timezone = $12, is_active = $13,
                          modified_at = $14, display_name_key = $15, given_name_key = $16, family_name_key = $17,
                          title_key = $18, department_key = $19, employee_number_key = $20, external_id = $21,
                          details = $22, modified_by = $23, revision = revision + 1
         WHERE stripe = $1 AND id = $2 AND revision = $3";
    SET_ACTIVE =
        "UPDATE users SET is_active = $3, modified_at = $4, modified_by = $5, revision = revision + 1
         WHERE stripe = $1 AND id = $2";
    END_SESSIONS = "DELETE FROM sessions WHERE stripe = $1 AND user_id = $2";
    DELETE_EMAILS = "DELETE FROM user_emails WHERE stripe = $1 AND user_id = $2";
    OTHER_HOLDERS =
        "SELECT COUNT(*) AS n FROM users u
         WHERE u.stripe = $1 AND u.is_active = $4 AND u.id <> $5 AND u.id IN (
             SELECT g.user_id FROM grants g
             JOIN app_roles r ON r.stripe = g.stripe AND r.id = g.role_id
             WHERE g.stripe = $1 AND r.app_id = $2 AND r.display_name = $3 AND g.user_id IS NOT NULL
             UNION
             SELECT m.user_id FROM grants g
             JOIN app_roles r ON r.stripe = g.stripe AND r.id = g.role_id
             JOIN group_members m ON m.stripe = g.stripe AND m.group_id = g.group_id
             WHERE g.stripe = $1 AND r.app_id = $2 AND r.display_name = $3)";
}

/// How many addresses a user may have.
pub const MOST_EMAILS: usize = 20;

/// Where users are listed.
pub static TABLE: Table = Table {
    name: "users",
    columns: columns!(),
    only: "",
    attributes: &[
        Column::sorts("id", "id", Form::Exact),
        Column::filters("ocid", "ocid", Form::Exact),
        Column::filters("externalId", "external_id", Form::Exact),
        Column::sorts("userName", "user_name_key", Form::Folded),
        Column::sorts("displayName", "display_name_key", Form::Folded),
        Column::sorts("name.givenName", "given_name_key", Form::Folded),
        Column::sorts("name.familyName", "family_name_key", Form::Folded),
        Column::filters("title", "title_key", Form::Folded),
        Column::filters("active", "is_active", Form::Boolean),
        Column::sorts("meta.created", "created_at", Form::Time),
        Column::sorts("meta.lastModified", "modified_at", Form::Time),
        Column::filters(
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            "department_key",
            Form::Folded,
        ),
        Column::filters(
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
            "employee_number_key",
            Form::Folded,
        ),
    ],
    lists: &[
        List {
            attribute: "emails",
            table: "user_emails",
            owner: "user_id",
            only: "",
            parts: &[
                Column::filters("value", "value_key", Form::Folded),
                Column::filters("type", "kind", Form::Folded),
                Column::filters("primary", "is_primary", Form::Boolean),
            ],
        },
        List {
            attribute: "groups",
            table: "group_members",
            owner: "user_id",
            only: "",
            parts: &[Column::filters("value", "group_id", Form::Exact)],
        },
    ],
};

/// A user with all that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What the token service knows of it.
    pub user: User,
    /// The id that another system knows it by; empty for none.
    pub external_id: String,
    /// Its other attributes, as JSON.
    pub details: String,
    /// Who made it, as JSON; empty where it was the service.
    pub created_by: String,
    /// Who last changed it.
    pub modified_by: String,
    /// Grows with every change.
    pub revision: i64,
}

/// What of a user is filtered by and stands in its JSON alone.
#[derive(Debug, Clone, Default)]
pub struct Keys<'a> {
    /// The title.
    pub title: &'a str,
    /// The department.
    pub department: &'a str,
    /// The employee's number.
    pub employee_number: &'a str,
    /// The addresses.
    pub emails: Vec<Email<'a>>,
}

/// An address of a user.
#[derive(Debug, Clone, Copy)]
pub struct Email<'a> {
    /// The address.
    pub value: &'a str,
    /// `work`, `home`, `other` or `recovery`.
    pub kind: &'a str,
    /// Whether it is the primary one.
    pub primary: bool,
}

/// A user by SCIM id.
pub async fn get(db: &Db, stripe: &str, user_id: &str) -> Result<Option<Person>, StoreError> {
    db.fetch_optional(&GET, values![stripe, user_id]).await?.map(|row| read(&row)).transpose()
}

/// The SCIM id of the user with an OCID.
pub async fn id_of_ocid(db: &Db, stripe: &str, ocid: &str) -> Result<Option<String>, StoreError> {
    db.fetch_optional(&ID_OF_OCID, values![stripe, ocid]).await?.map(|row| row.get("id")).transpose()
}

/// Makes a user. [`StoreError::Duplicate`] when the name is taken in this stripe.
pub async fn insert(tx: &mut Tx, stripe: &str, person: &Person, keys: &Keys<'_>) -> Result<(), StoreError> {
    let user = &person.user;
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
            folded(&user.family_name),
            folded(keys.title),
            folded(keys.department),
            folded(keys.employee_number),
            &person.external_id,
            &person.details,
            &person.created_by
        ],
    )
    .await?;
    insert_emails(tx, stripe, &user.id, &keys.emails).await
}

/// Changes a user that is still as it was read. Its password is not touched. Returns whether it was.
pub async fn update(tx: &mut Tx, stripe: &str, person: &Person, keys: &Keys<'_>) -> Result<bool, StoreError> {
    let user = &person.user;
    let values = values![
        stripe,
        &user.id,
        person.revision,
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
        user.modified_at,
        folded(&user.display_name),
        folded(user.given_name.as_deref().unwrap_or_default()),
        folded(&user.family_name),
        folded(keys.title),
        folded(keys.department),
        folded(keys.employee_number),
        &person.external_id,
        &person.details,
        &person.modified_by
    ];
    if tx.execute(&UPDATE, values).await? == 0 {
        return Ok(false);
    }
    tx.execute(&DELETE_EMAILS, values![stripe, &user.id]).await?;
    insert_emails(tx, stripe, &user.id, &keys.emails).await?;
    Ok(true)
}

async fn insert_emails(tx: &mut Tx, stripe: &str, user_id: &str, emails: &[Email<'_>]) -> Result<(), StoreError> {
    let mut values = values![stripe, user_id];
    for (position, email) in (0_i64..).zip(emails.iter().take(MOST_EMAILS)) {
        values.extend([position.into(), folded(email.value).into(), email.kind.into(), Value::Bool(email.primary)]);
    }
    match emails.len().min(MOST_EMAILS) {
        0 => Ok(()),
        count => tx.execute(&email_rows(count), values).await.map(drop),
    }
}

fn email_rows(count: usize) -> Statement {
    let row = |index: usize| {
        let first = 3 + index * 4;
        format!("($1, $2, ${first}, ${}, ${}, ${})", first + 1, first + 2, first + 3)
    };
    let rows: Vec<_> = (0..count).map(row).collect();
    let columns = "stripe, user_id, position, value_key, kind, is_primary";
    Statement::built("user_emails", format!("INSERT INTO user_emails ({columns}) VALUES {}", rows.join(", ")))
}

/// The statements put together at run time.
pub(crate) fn built_statements() -> Vec<Statement> {
    let mut statements = crate::scim::samples(&TABLE, &obol_protocol::scim::resources::user::USER);
    statements.extend([email_rows(1), email_rows(2)]);
    statements
}

/// Activates or deactivates a user; who is deactivated has no session any more. Returns whether the user exists.
pub async fn set_active(
    tx: &mut Tx,
    stripe: &str,
    user_id: &str,
    active: bool,
    by: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = tx.execute(&SET_ACTIVE, values![stripe, user_id, active, now, by]).await?;
    if !active {
        end_sessions(tx, stripe, user_id).await?;
    }
    Ok(changed == 1)
}

/// Closes all of a user's sessions.
pub async fn end_sessions(tx: &mut Tx, stripe: &str, user_id: &str) -> Result<(), StoreError> {
    tx.execute(&END_SESSIONS, values![stripe, user_id]).await.map(drop)
}

/// How many other active users hold an application's role, by a grant of their own or through a group that they are in;
/// with an empty id, how many do at all. Whoever decides by the count holds the stripe's row, so that two that take one
/// away each see the other.
pub async fn other_holders(
    tx: &mut Tx,
    stripe: &str,
    (app_id, role): (&str, &str),
    user_id: &str,
) -> Result<i64, StoreError> {
    let row = tx.fetch_optional(&OTHER_HOLDERS, values![stripe, app_id, role, true, user_id]).await?;
    row.map_or(Ok(0), |row| row.get("n"))
}

/// Reads a row of [`TABLE`].
pub fn read(row: &Row) -> Result<Person, StoreError> {
    Ok(Person {
        user: users::read(row)?,
        external_id: row.get("external_id")?,
        details: row.get("details")?,
        created_by: row.get("created_by")?,
        modified_by: row.get("modified_by")?,
        revision: row.get("revision")?,
    })
}
