//! Applications: clients, resource servers, or both.

use obol_domain::scopes::{Tag, TrustScope};
use obol_protocol::Timestamp;

use crate::{Db, Row, StoreError, Tx, Value, values};

macro_rules! columns {
    () => {
        "id, ocid, name, display_name, description, client_type, is_active, is_oauth_client, is_oauth_resource, \
         is_opc_service, allowed_grants, allowed_operations, audience, secret_keyed_hash, secret_password_hash, \
         created_at, modified_at, secondary_audiences, allowed_scopes, redirect_uris, post_logout_redirect_uris, \
         logout_uri, login_page_url, logout_page_url, error_page_url, landing_page_url, trust_scope, tags, allowed_tags, \
         access_token_expiry, refresh_token_expiry, allow_offline, bypass_consent, all_url_schemes_allowed, \
         client_ip_checking"
    };
}

pub mod resource;

statements! { "apps";
    INSERT =
        "INSERT INTO apps (stripe, id, ocid, name, display_name, description, client_type, is_active, is_oauth_client,
                           is_oauth_resource, is_opc_service, allowed_grants, allowed_operations, audience,
                           created_at, modified_at, secret_keyed_hash, secret_password_hash, secondary_audiences,
                           allowed_scopes, redirect_uris, post_logout_redirect_uris, logout_uri, login_page_url,
                           logout_page_url, error_page_url, landing_page_url, trust_scope, tags, allowed_tags,
                           access_token_expiry, refresh_token_expiry, allow_offline, bypass_consent,
                           all_url_schemes_allowed, client_ip_checking, display_name_key, name_key, audience_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
                 $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39)";
    UPDATE =
        "UPDATE apps SET ocid = $3, name = $4, display_name = $5, description = $6, client_type = $7, is_active = $8,
                         is_oauth_client = $9, is_oauth_resource = $10, is_opc_service = $11, allowed_grants = $12,
                         allowed_operations = $13, audience = $14, created_at = $15, modified_at = $16,
                         secondary_audiences = $17, allowed_scopes = $18, redirect_uris = $19,
                         post_logout_redirect_uris = $20, logout_uri = $21, login_page_url = $22, logout_page_url = $23,
                         error_page_url = $24, landing_page_url = $25, trust_scope = $26, tags = $27,
                         allowed_tags = $28, access_token_expiry = $29, refresh_token_expiry = $30,
                         allow_offline = $31, bypass_consent = $32, all_url_schemes_allowed = $33,
                         client_ip_checking = $34, display_name_key = $35, name_key = $36, audience_key = $37,
                         revision = revision + 1
         WHERE stripe = $1 AND id = $2";
    BY_NAME = concat!("SELECT ", columns!(), " FROM apps WHERE stripe = $1 AND name = $2");
    BY_ID = concat!("SELECT ", columns!(), " FROM apps WHERE stripe = $1 AND id = $2");
    ALL = concat!("SELECT ", columns!(), " FROM apps WHERE stripe = $1 ORDER BY display_name, id LIMIT 1000");
    FIND_NAME = "SELECT id FROM apps WHERE stripe = $1 AND name = $2";
    SET_ACTIVE =
        "UPDATE apps SET is_active = $3, modified_at = $4, revision = revision + 1 WHERE stripe = $1 AND id = $2";
    SET_SECRET =
        "UPDATE apps SET secret_keyed_hash = $3, secret_password_hash = $4, modified_at = $5, revision = revision + 1
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

/// From where a client may come (`clientIPChecking`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientIpChecking {
    /// From everywhere.
    #[default]
    Anywhere,
    /// From the network perimeters given.
    Whitelisted,
}

impl ClientIpChecking {
    /// As the wire and the database spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anywhere => "anywhere",
            Self::Whitelisted => "whitelisted",
        }
    }
}

impl std::str::FromStr for ClientIpChecking {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Anywhere, Self::Whitelisted].into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// What an application asks of tokens, as a client and as a resource server (contract identity 5.1 and 5.2). The scopes
/// it has as a resource server are in [`crate::app_scopes`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OAuthSettings {
    /// Audiences beside the primary one, as a resource server.
    pub secondary_audiences: Vec<String>,
    /// The fully qualified scopes it may ask for, as a client (`allowedScopes[].fqs`).
    pub allowed_scopes: Vec<String>,
    /// Where a code may be sent, compared exactly.
    pub redirect_uris: Vec<String>,
    /// Where a browser may be sent after signing out, compared exactly.
    pub post_logout_redirect_uris: Vec<String>,
    /// What is called when a user signs out.
    pub logout_uri: Option<String>,
    /// A sign-in page of its own.
    pub login_page_url: Option<String>,
    /// A sign-out page of its own.
    pub logout_page_url: Option<String>,
    /// An error page of its own.
    pub error_page_url: Option<String>,
    /// Where it begins.
    pub landing_page_url: Option<String>,
    /// Which resource servers it may have tokens for, beyond its allowed scopes.
    pub trust_scope: TrustScope,
    /// What it is labelled with, as a resource server.
    pub tags: Vec<Tag>,
    /// The labels of the resource servers it trusts, when its trust scope is Tags.
    pub allowed_tags: Vec<Tag>,
    /// How long access tokens for it live, in seconds.
    pub access_token_expiry: Option<u32>,
    /// How long refresh tokens for it live, in seconds.
    pub refresh_token_expiry: Option<u32>,
    /// Whether there are refresh tokens for it.
    pub allow_offline: bool,
    /// Whether no user is asked before it gets a scope that requires consent, as a client.
    pub bypass_consent: bool,
    /// Whether its addresses may be other than HTTPS.
    pub all_url_schemes_allowed: bool,
    /// From where it may come.
    pub client_ip_checking: ClientIpChecking,
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
    /// What it asks of tokens.
    pub oauth: OAuthSettings,
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
    let mut all = written(stripe, app);
    // The secret's two columns come after those that an update writes as well.
    all.splice(SECRET_AT..SECRET_AT, values![keyed, password]);
    tx.execute(&INSERT, all).await.map(drop)
}

/// Replaces an application, all but its secret. [`StoreError::Duplicate`] when the client id is taken in this stripe.
/// Returns whether it exists.
pub async fn update(tx: &mut Tx, stripe: &str, app: &App) -> Result<bool, StoreError> {
    Ok(tx.execute(&UPDATE, written(stripe, app)).await? == 1)
}

/// How many values stand before the secret's in an INSERT.
const SECRET_AT: usize = 16;

fn written(stripe: &str, app: &App) -> Vec<Value> {
    let oauth = &app.oauth;
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
        app.created_at,
        app.modified_at,
        json(&oauth.secondary_audiences),
        json(&oauth.allowed_scopes),
        json(&oauth.redirect_uris),
        json(&oauth.post_logout_redirect_uris),
        oauth.logout_uri.clone(),
        oauth.login_page_url.clone(),
        oauth.logout_page_url.clone(),
        oauth.error_page_url.clone(),
        oauth.landing_page_url.clone(),
        oauth.trust_scope.as_str(),
        json(&oauth.tags),
        json(&oauth.allowed_tags),
        oauth.access_token_expiry.map(i64::from),
        oauth.refresh_token_expiry.map(i64::from),
        oauth.allow_offline,
        oauth.bypass_consent,
        oauth.all_url_schemes_allowed,
        oauth.client_ip_checking.as_str(),
        app.display_name.to_lowercase(),
        app.name.to_lowercase(),
        app.audience.clone().unwrap_or_default()
    ]
}

/// A list as its column keeps it.
fn json<T: serde::Serialize>(list: &[T]) -> String {
    serde_json::json!(list).to_string()
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

pub(crate) fn read(row: &Row) -> Result<App, StoreError> {
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
        oauth: read_oauth(row)?,
        secret,
        created_at: row.get("created_at")?,
        modified_at: row.get("modified_at")?,
    })
}

fn read_oauth(row: &Row) -> Result<OAuthSettings, StoreError> {
    Ok(OAuthSettings {
        secondary_audiences: row.json("secondary_audiences")?,
        allowed_scopes: row.json("allowed_scopes")?,
        redirect_uris: row.json("redirect_uris")?,
        post_logout_redirect_uris: row.json("post_logout_redirect_uris")?,
        logout_uri: row.get("logout_uri")?,
        login_page_url: row.get("login_page_url")?,
        logout_page_url: row.get("logout_page_url")?,
        error_page_url: row.get("error_page_url")?,
        landing_page_url: row.get("landing_page_url")?,
        trust_scope: row.parse("trust_scope")?,
        tags: row.json("tags")?,
        allowed_tags: row.json("allowed_tags")?,
        access_token_expiry: seconds(row, "access_token_expiry")?,
        refresh_token_expiry: seconds(row, "refresh_token_expiry")?,
        allow_offline: row.get("allow_offline")?,
        bypass_consent: row.get("bypass_consent")?,
        all_url_schemes_allowed: row.get("all_url_schemes_allowed")?,
        client_ip_checking: row.parse("client_ip_checking")?,
    })
}

fn seconds(row: &Row, column: &'static str) -> Result<Option<u32>, StoreError> {
    let seconds: Option<i64> = row.get(column)?;
    seconds.map(|seconds| u32::try_from(seconds).map_err(|_| row.corrupt(column))).transpose()
}

fn words(row: &Row, column: &'static str) -> Result<Vec<String>, StoreError> {
    Ok(row.get::<String>(column)?.split_whitespace().map(str::to_owned).collect())
}
