//! Applications: clients, resource servers, or both.

use obol_protocol::Timestamp;

use crate::{Db, Row, StoreError, Tx, values};

macro_rules! columns {
    () => {
        "id, ocid, name, display_name, description, client_type, is_active, is_oauth_client, is_oauth_resource, \
         is_opc_service, allowed_grants, allowed_operations, audience, secret_keyed_hash, secret_password_hash, \
         created_at, modified_at"
    };
}

statements! { "apps";
    INSERT =
        "INSERT INTO apps (stripe, id, ocid, name, display_name, description, client_type, is_active, is_oauth_client,
                           is_oauth_resource, is_opc_service, allowed_grants, allowed_operations, audience,
                           secret_keyed_hash, secret_password_hash, created_at, modified_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)";
    BY_NAME = concat!("SELECT ", columns!(), " FROM apps WHERE stripe = $1 AND name = $2");
    BY_ID = concat!("SELECT ", columns!(), " FROM apps WHERE stripe = $1 AND id = $2");
    ALL = concat!("SELECT ", columns!(), " FROM apps WHERE stripe = $1 ORDER BY display_name, id LIMIT 1000");
    FIND_NAME = "SELECT id FROM apps WHERE stripe = $1 AND name = $2";
    SET_ACTIVE = "UPDATE apps SET is_active = $3, modified_at = $4 WHERE stripe = $1 AND id = $2";
    SET_SECRET =
        "UPDATE apps SET secret_keyed_hash = $3, secret_password_hash = $4, modified_at = $5
         WHERE stripe = $1 AND id = $2";
    DELETE_NAMED = "DELETE FROM apps WHERE stripe = $1 AND name = $2";
}

/// How a client's secret is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum ClientSecret {
    /// The application has none: it is public, or no client at all.
    None,
    /// A generated secret, as a hash keyed with the master key.
    Keyed(Vec<u8>),
    /// A secret that somebody supplied, as Argon2id.
    Password(String),
}

/// Neither form is printed: the second can be guessed against.
impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Keyed(_) => "Keyed(***)",
            Self::Password(_) => "Password(***)",
        })
    }
}

/// What kind of client an application is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientType {
    /// It keeps a secret.
    Confidential,
    /// It cannot keep one.
    Public,
    /// It signs with a certificate.
    Trusted,
}

impl ClientType {
    /// As the wire and the database spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confidential => "confidential",
            Self::Public => "public",
            Self::Trusted => "trusted",
        }
    }
}

impl std::str::FromStr for ClientType {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Confidential, Self::Public, Self::Trusted].into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// An application of a stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the SCIM resource has as many")]
pub struct App {
    /// Its SCIM id (`client_guid`).
    pub id: String,
    /// Its OCID.
    pub ocid: String,
    /// Its client id.
    pub name: String,
    /// The name shown (`client_name`).
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// What kind of client it is.
    pub client_type: ClientType,
    /// Whether it has been activated.
    pub is_active: bool,
    /// Whether it may ask for tokens.
    pub is_oauth_client: bool,
    /// Whether tokens may be for it.
    pub is_oauth_resource: bool,
    /// Whether an Oracle Cloud service put it here.
    pub is_opc_service: bool,
    /// The grants it may use, as the wire spells them.
    pub allowed_grants: Vec<String>,
    /// `introspect` and `onBehalfOfUser`.
    pub allowed_operations: Vec<String>,
    /// Its primary audience as a resource server.
    pub audience: Option<String>,
    /// Its secret.
    pub secret: ClientSecret,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub modified_at: Timestamp,
}

/// Makes an application. [`StoreError::Duplicate`] when the client id is taken in this stripe.
pub async fn insert(tx: &mut Tx, stripe: &str, app: &App) -> Result<(), StoreError> {
    let (keyed, password) = columns(&app.secret);
    tx.execute(
        &INSERT,
        values![
            stripe,
            &app.id,
            &app.ocid,
            &app.name,
            &app.display_name,
            &app.description,
            app.client_type.as_str(),
            app.is_active,
            app.is_oauth_client,
            app.is_oauth_resource,
            app.is_opc_service,
            app.allowed_grants.join(" "),
            app.allowed_operations.join(" "),
            app.audience.clone(),
            keyed,
            password,
            app.created_at
        ],
    )
    .await
    .map(drop)
}

/// An application by its client id.
pub async fn by_name(db: &Db, stripe: &str, client_id: &str) -> Result<Option<App>, StoreError> {
    // PostgreSQL has no text with a NUL in it; such a name is no application's.
    if client_id.contains('\0') {
        return Ok(None);
    }
    db.fetch_optional(&BY_NAME, values![stripe, client_id]).await?.map(|row| read(&row)).transpose()
}

/// An application by its SCIM id.
pub async fn by_id(db: &Db, stripe: &str, app_id: &str) -> Result<Option<App>, StoreError> {
    if app_id.contains('\0') {
        return Ok(None);
    }
    db.fetch_optional(&BY_ID, values![stripe, app_id]).await?.map(|row| read(&row)).transpose()
}

/// The applications of a stripe by display name, at most 1000.
pub async fn all(db: &Db, stripe: &str) -> Result<Vec<App>, StoreError> {
    db.fetch_all(&ALL, values![stripe]).await?.iter().map(read).collect()
}

/// The SCIM id of the application with that client id, seen from inside a transaction.
pub async fn find_name(tx: &mut Tx, stripe: &str, client_id: &str) -> Result<Option<String>, StoreError> {
    tx.fetch_optional(&FIND_NAME, values![stripe, client_id]).await?.map(|row| row.get("id")).transpose()
}

/// Activates or deactivates an application. Returns whether it exists.
pub async fn set_active(
    tx: &mut Tx,
    stripe: &str,
    app_id: &str,
    active: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&SET_ACTIVE, values![stripe, app_id, active, now]).await? == 1)
}

/// Replaces an application's secret. Returns whether it exists.
pub async fn set_secret(
    tx: &mut Tx,
    stripe: &str,
    app_id: &str,
    secret: &ClientSecret,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (keyed, password) = columns(secret);
    Ok(tx.execute(&SET_SECRET, values![stripe, app_id, keyed, password, now]).await? == 1)
}

/// Removes the application with that client id, its roles and grants. Returns whether it was there.
pub async fn delete_named(tx: &mut Tx, stripe: &str, client_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE_NAMED, values![stripe, client_id]).await? == 1)
}

fn columns(secret: &ClientSecret) -> (Option<Vec<u8>>, Option<String>) {
    match secret {
        ClientSecret::None => (None, None),
        ClientSecret::Keyed(hash) => (Some(hash.clone()), None),
        ClientSecret::Password(hash) => (None, Some(hash.clone())),
    }
}

fn read(row: &Row) -> Result<App, StoreError> {
    let secret = match (row.get("secret_keyed_hash")?, row.get("secret_password_hash")?) {
        (None, None) => ClientSecret::None,
        (Some(hash), None) => ClientSecret::Keyed(hash),
        (None, Some(hash)) => ClientSecret::Password(hash),
        (Some(_), Some(_)) => return Err(row.corrupt("secret_keyed_hash")),
    };
    Ok(App {
        id: row.get("id")?,
        ocid: row.get("ocid")?,
        name: row.get("name")?,
        display_name: row.get("display_name")?,
        description: row.get("description")?,
        client_type: row.parse("client_type")?,
        is_active: row.get("is_active")?,
        is_oauth_client: row.get("is_oauth_client")?,
        is_oauth_resource: row.get("is_oauth_resource")?,
        is_opc_service: row.get("is_opc_service")?,
        allowed_grants: words(row, "allowed_grants")?,
        allowed_operations: words(row, "allowed_operations")?,
        audience: row.get("audience")?,
        secret,
        created_at: row.get("created_at")?,
        modified_at: row.get("modified_at")?,
    })
}

fn words(row: &Row, column: &'static str) -> Result<Vec<String>, StoreError> {
    Ok(row.get::<String>(column)?.split_whitespace().map(str::to_owned).collect())
}
