//! Making stripes, users, applications and grants: what the dev cloud's seed and tests are built from. Each function
//! writes into the caller's transaction and commits nothing; call [`crate::Identity::forget`] after the commit.

use obol_domain::{
    Entropy,
    app_role::{BuiltInRole, IDCS_APP_ID, IDCS_APP_NAME},
    lockout::LockoutPolicy,
    scopes::TrustScope,
    seal::MasterKey,
};
use obol_protocol::{Secret, Timestamp, oauth::GrantType, oci::ocid};
use obol_store::{
    StoreError, Tx,
    app_roles::{self, AppRole},
    apps::{self, App, ClientSecret, ClientType},
    grants::{self, Grantee, NewGrant},
    signing_keys,
    stripes::{self, Stripe},
    users::{self, User},
};

use crate::{clients, keys, keys::KeyFault, password};

/// The issuer of every stripe that does not set its own (contract identity 1).
pub const DEFAULT_ISSUER: &str = "https://identity.oraclecloud.com/";

/// Why something could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The database, or a name that is taken ([`StoreError::Duplicate`]).
    #[error("the database refused it")]
    Store(#[from] StoreError),
    /// The signing key.
    #[error("the signing key could not be made")]
    Key(#[from] KeyFault),
    /// The password could not be hashed.
    #[error("the password could not be hashed")]
    Password,
    /// Such a holder may not have the role (contract identity 7).
    #[error("the role {0} cannot be granted to such a holder")]
    NotGrantable(&'static str),
    /// The stripe does not have its built-in roles.
    #[error("the stripe has no role {0}")]
    NoRole(&'static str),
}

/// What everything that is made needs.
#[derive(Clone, Copy)]
pub struct Provisioning<'a> {
    /// Randomness for ids, keys and secrets.
    pub entropy: &'a dyn Entropy,
    /// What keys are sealed under.
    pub master: &'a MasterKey,
    /// The present time.
    pub now: Timestamp,
}

/// A stripe to be made.
#[derive(Debug, Clone)]
pub struct NewStripe {
    /// Its name, or none for a random one.
    pub name: Option<String>,
    /// The tenancy it belongs to, which must be there.
    pub tenancy_id: String,
    /// The cloud account's name.
    pub cloud_account_name: String,
    /// The domain's display name, e.g. `OracleIdentityCloudService`.
    pub domain_name: String,
    /// The home region, e.g. `us-ashburn-1`.
    pub home_region: String,
}

/// A user to be made, active.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The name they sign in with.
    pub user_name: String,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: String,
    /// The primary work address.
    pub email: String,
    /// The password, if they sign in with one.
    pub password: Option<Secret>,
}

/// A user that was made.
#[derive(Debug, Clone)]
pub struct MadeUser {
    /// The SCIM id.
    pub id: String,
    /// The OCID.
    pub ocid: String,
}

/// A confidential application to be made.
#[derive(Debug, Clone)]
pub struct NewApplication {
    /// The name shown.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// The grants it may use.
    pub allowed_grants: Vec<GrantType>,
    /// `introspect` and `onBehalfOfUser`, as far as allowed.
    pub allowed_operations: Vec<String>,
    /// Whether it is active from the start.
    pub is_active: bool,
    /// The secret, or none for a generated one.
    pub secret: Option<Secret>,
}

/// An application that was made. Its secret is not kept and cannot be read again.
#[derive(Debug, Clone)]
pub struct MadeApplication {
    /// The SCIM id.
    pub id: String,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: Secret,
}

impl Provisioning<'_> {
    /// Makes a stripe with its signing key, certificates, password policy and built-in app roles; returns its name. It
    /// takes about 0.2 s of a core.
    ///
    /// # Errors
    ///
    /// [`ProvisionError`]
    pub async fn stripe(&self, tx: &mut Tx, new: &NewStripe) -> Result<String, ProvisionError> {
        let name = new.name.clone().unwrap_or_else(|| format!("idcs-{}", self.entropy.hex32()));
        let stripe = Stripe {
            name: name.clone(),
            tenancy_id: new.tenancy_id.clone(),
            cloud_account_name: new.cloud_account_name.clone(),
            domain_id: self.ocid("domain"),
            domain_name: new.domain_name.clone(),
            home_region: new.home_region.clone(),
            region_name: region_name(&new.home_region),
            is_primary: true,
            issuer: DEFAULT_ISSUER.to_owned(),
            previous_issuer: None,
            default_trust_scope: TrustScope::Explicit,
            signing_cert_public: false,
            mfa: obol_domain::totp::MfaPolicy::default(),
            version: 1,
            lockout: LockoutPolicy::STANDARD,
            created_at: self.now,
        };
        stripes::insert(tx, &stripe).await?;
        let key = keys::make(self.entropy, self.master, &name, self.now)?;
        signing_keys::insert(tx, &name, &key).await?;
        self.built_in_roles(tx, &name).await?;
        Ok(name)
    }

    async fn built_in_roles(&self, tx: &mut Tx, stripe: &str) -> Result<(), ProvisionError> {
        let app = App {
            is_oauth_client: false,
            is_opc_service: true,
            ..self.app(IDCS_APP_ID.to_owned(), IDCS_APP_NAME.to_owned(), IDCS_APP_NAME.to_owned())
        };
        apps::insert(tx, stripe, &app).await?;
        for role in BuiltInRole::ALL {
            let holders = role.holders();
            let role = AppRole {
                id: self.entropy.hex32(),
                app_id: IDCS_APP_ID.to_owned(),
                display_name: role.name().to_owned(),
                is_admin: role.is_admin(),
                available_to_users: holders.users,
                available_to_groups: holders.groups,
                available_to_clients: holders.clients,
                description: String::new(),
                is_public: false,
                created_at: self.now,
            };
            app_roles::insert(tx, stripe, &role).await?;
        }
        Ok(())
    }

    /// Makes a user. With a password it takes some 15 ms of a core.
    ///
    /// # Errors
    ///
    /// [`ProvisionError`]; [`StoreError::Duplicate`] when the name is taken.
    pub async fn user(&self, tx: &mut Tx, stripe: &str, new: &NewUser) -> Result<MadeUser, ProvisionError> {
        let password_hash = match &new.password {
            Some(password) => Some(password::hash(self.entropy, password).ok_or(ProvisionError::Password)?),
            None => None,
        };
        let user = User {
            id: self.entropy.hex32(),
            ocid: self.ocid("user"),
            user_name: new.user_name.clone(),
            display_name: match &new.given_name {
                Some(given_name) => format!("{given_name} {}", new.family_name),
                None => new.family_name.clone(),
            },
            given_name: new.given_name.clone(),
            family_name: new.family_name.clone(),
            email: new.email.clone(),
            preferred_language: "en".to_owned(),
            locale: "en".to_owned(),
            timezone: "America/Chicago".to_owned(),
            is_active: true,
            password_hash,
            password: obol_domain::password_policy::PasswordState::default(),
            lock: obol_domain::lockout::LockState::default(),
            created_at: self.now,
            modified_at: self.now,
        };
        users::insert(tx, stripe, &user).await?;
        Ok(MadeUser { id: user.id, ocid: user.ocid })
    }

    /// Makes a confidential application. A generated secret is kept as a keyed hash, a supplied one as Argon2id.
    ///
    /// # Errors
    ///
    /// [`ProvisionError`]
    pub async fn application(
        &self,
        tx: &mut Tx,
        stripe: &str,
        new: &NewApplication,
    ) -> Result<MadeApplication, ProvisionError> {
        let (id, client_id) = (self.entropy.hex32(), self.entropy.hex32());
        let (secret, client_secret) = if let Some(secret) = &new.secret {
            let hash = password::hash(self.entropy, secret).ok_or(ProvisionError::Password)?;
            (ClientSecret::Password(hash), secret.clone())
        } else {
            let secret = Secret::new(self.entropy.uuid());
            let hash = self.master.keyed_hash(&clients::purpose(stripe, &id), secret.expose().as_bytes());
            (ClientSecret::Keyed(hash.to_vec()), secret)
        };
        let app = App {
            description: new.description.clone(),
            is_active: new.is_active,
            allowed_grants: new.allowed_grants.iter().map(|grant| grant.as_str().to_owned()).collect(),
            allowed_operations: new.allowed_operations.clone(),
            secret,
            ..self.app(id, client_id, new.display_name.clone())
        };
        apps::insert(tx, stripe, &app).await?;
        stripes::bump(tx, stripe).await?;
        Ok(MadeApplication { id: app.id, client_id: app.name, client_secret })
    }

    /// Grants a built-in role to a user.
    ///
    /// # Errors
    ///
    /// [`ProvisionError::NotGrantable`] for a role that users may not hold, such as Me.
    pub async fn grant_to_user(
        &self,
        tx: &mut Tx,
        stripe: &str,
        user_id: &str,
        role: BuiltInRole,
    ) -> Result<(), ProvisionError> {
        if !role.holders().users {
            return Err(ProvisionError::NotGrantable(role.name()));
        }
        self.grant(tx, stripe, Grantee::User(user_id), role, "ADMINISTRATOR_TO_USER").await
    }

    /// Grants a built-in role to a client.
    ///
    /// # Errors
    ///
    /// [`ProvisionError::NotGrantable`] for a role that clients hold without a grant, or never.
    pub async fn grant_to_client(
        &self,
        tx: &mut Tx,
        stripe: &str,
        app_id: &str,
        role: BuiltInRole,
    ) -> Result<(), ProvisionError> {
        if !role.holders().clients {
            return Err(ProvisionError::NotGrantable(role.name()));
        }
        self.grant(tx, stripe, Grantee::Client(app_id), role, "ADMINISTRATOR_TO_APP").await
    }

    async fn grant(
        &self,
        tx: &mut Tx,
        stripe: &str,
        grantee: Grantee<'_>,
        role: BuiltInRole,
        mechanism: &str,
    ) -> Result<(), ProvisionError> {
        let role_id = app_roles::find(tx, stripe, IDCS_APP_ID, role.name()).await?;
        let role_id = role_id.ok_or(ProvisionError::NoRole(role.name()))?;
        let id = self.entropy.hex32();
        let grant = NewGrant { id: &id, role_id: &role_id, grantee, mechanism };
        grants::insert(tx, stripe, &grant, self.now).await?;
        Ok(stripes::bump(tx, stripe).await?)
    }

    fn app(&self, id: String, name: String, display_name: String) -> App {
        App {
            id,
            ocid: self.ocid("domainapp"),
            name,
            display_name,
            description: String::new(),
            client_type: ClientType::Confidential,
            is_active: true,
            is_oauth_client: true,
            is_oauth_resource: false,
            is_opc_service: false,
            allowed_grants: Vec::new(),
            allowed_operations: Vec::new(),
            audience: None,
            oauth: apps::OAuthSettings::default(),
            secret: ClientSecret::None,
            created_at: self.now,
            modified_at: self.now,
        }
    }

    fn ocid(&self, kind: &str) -> String {
        ocid::mint(kind, None, &self.entropy.ocid_unique()).to_string()
    }
}

/// `us-ashburn-1` has the stripes of `us-ashburn-idcs-1` (contract identity 1).
fn region_name(home_region: &str) -> String {
    match home_region.rsplit_once('-') {
        Some((place, number)) => format!("{place}-idcs-{number}"),
        None => format!("{home_region}-idcs-1"),
    }
}
