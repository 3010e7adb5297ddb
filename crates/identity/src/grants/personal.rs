//! *My Access Tokens* of the console (contract identity 4): a token that a user makes for themself, with roles of their own
//! or for a resource server they were given, for as long as they say.
//!
//! Such tokens belong to no application: `client_id` and `client_name` are `tokenGenerator` (contract identity 3.2). They
//! carry what the user may do at that moment, and like all tokens nothing takes that back before they end, but that the
//! user is deactivated.

use std::{sync::Mutex, time::Duration};

use obol_domain::{
    Explanation,
    app_role::BuiltInRole,
    audit::Cause,
    scopes::{self, Granted, ResourceRights, Rights, ScopeRefusal, TrustScope},
};
use obol_protocol::oauth::{Scope, ScopeList, TokenFile};
use obol_store::{
    app_scopes,
    apps::{App, ClientSecret, ClientType, OAuthSettings, resource},
};

use crate::{
    Identity, ServiceError, StripeLocator,
    cache::{LoadedClient, LoadedStripe},
    claims::{self, Origin},
    users::{SignInRefusal, UserWithRoles, unknown_stripe},
};

/// The longest life in minutes, 366 days (contract identity 9); the shortest is one.
pub const LONGEST_MINUTES: u32 = 527_040;
/// What such tokens name as their client.
const TOKEN_GENERATOR: &str = "tokenGenerator";
/// What they name as its roles.
const GENERATORS_ROLES: [&str; 2] = ["Authenticated Client", "Cross Tenant"];

/// Why no token was generated.
#[derive(Debug, thiserror::Error)]
pub enum PersonalRefusal {
    /// There is no such stripe.
    #[error("there is no such stripe")]
    UnknownStripe,
    /// A life out of bounds.
    #[error("a life of {0} minutes is out of bounds")]
    Minutes(u32),
    /// No role and no scope was chosen.
    #[error("nothing was chosen")]
    NothingChosen,
    /// The user is no administrator and was given no resource server.
    #[error("the user may not generate tokens")]
    NotEntitled,
    /// A role that is none of the user's own administrator roles.
    #[error("a chosen role is none of the user's own")]
    Role,
    /// A resource server that the user was not given.
    #[error("the user was not given this application")]
    Application,
    /// The user may not act any more.
    #[error("the user may not act")]
    User(#[from] SignInRefusal),
    /// A chosen scope cannot be granted.
    #[error("a chosen scope cannot be granted")]
    Scope(#[from] ScopeRefusal),
    /// The service failed.
    #[error("the service failed")]
    Service(#[from] ServiceError),
}

/// What is chosen in the dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonalChoice<'a> {
    /// *Invokes Identity Cloud Service APIs*: the user's own administrator roles, by name.
    Roles(&'a [&'a str]),
    /// *Invokes Other APIs*: a resource server by its SCIM id, and its scopes, fully qualified; none for all of them.
    Application {
        /// Which.
        app_id: &'a str,
        /// Its scopes.
        scopes: &'a [&'a str],
    },
}

/// What a user may choose from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonalOptions {
    /// Their own administrator roles, by name.
    pub roles: Vec<String>,
    /// The resource servers they were given: SCIM id and the name shown.
    pub applications: Vec<(String, String)>,
}

impl PersonalOptions {
    /// Whether the dialog is open to the user at all.
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.applications.is_empty()
    }
}

impl Identity {
    /// What a user may choose from.
    ///
    /// # Errors
    ///
    /// [`PersonalRefusal`]
    pub async fn personal_options(&self, stripe: &str, user_id: &str) -> Result<PersonalOptions, PersonalRefusal> {
        let locator = StripeLocator::Named(stripe.to_owned());
        let stripe = self.locate(&locator, self.now()).await?.ok_or(PersonalRefusal::UnknownStripe)?;
        let user = self.acting_user(&stripe, user_id, self.now()).await?;
        self.options_of(&stripe, &user).await
    }

    async fn options_of(
        &self,
        stripe: &LoadedStripe,
        user: &UserWithRoles,
    ) -> Result<PersonalOptions, PersonalRefusal> {
        let given = resource::servers_of_user(&self.0.db, &stripe.row.name, &user.user.id).await;
        Ok(PersonalOptions {
            roles: user.roles.iter().filter(|role| role.is_admin()).map(|role| role.name().to_owned()).collect(),
            applications: given
                .map_err(ServiceError::Store)?
                .into_iter()
                .map(|app| (app.id, app.display_name))
                .collect(),
        })
    }

    /// Generates the file that *Download Token* saves, with a token that lives for so many minutes.
    ///
    /// # Errors
    ///
    /// [`PersonalRefusal`]
    pub async fn generate_personal_token(
        &self,
        stripe: &str,
        user_id: &str,
        choice: PersonalChoice<'_>,
        minutes: u32,
        cause: &Cause,
    ) -> Result<TokenFile, PersonalRefusal> {
        let now = self.now();
        let locator = StripeLocator::Named(stripe.to_owned());
        let stripe = self.locate(&locator, now).await?.ok_or(PersonalRefusal::UnknownStripe)?;
        if !(1..=LONGEST_MINUTES).contains(&minutes) {
            return Err(PersonalRefusal::Minutes(minutes));
        }
        let user = self.acting_user(&stripe, user_id, now).await?;
        let options = self.options_of(&stripe, &user).await?;
        if options.is_empty() {
            return Err(PersonalRefusal::NotEntitled);
        }
        let mut granted = match choice {
            PersonalChoice::Roles(roles) => of_roles(&user.roles, &options, roles)?,
            PersonalChoice::Application { app_id, scopes } => {
                if !options.applications.iter().any(|(id, _)| id == app_id) {
                    return Err(PersonalRefusal::Application);
                }
                self.of_application(&stripe, &user.roles, app_id, scopes).await?
            }
        };
        granted.lifetime = Duration::from_mins(u64::from(minutes));
        let generator = token_generator(&stripe, now);
        let issue = self.issue(&granted, now, Origin::Console);
        let mut claims = claims::for_user(&stripe, &generator, &user.user, &user.roles, true, issue);
        if granted.admin_api {
            claims.client_app_roles = Some(GENERATORS_ROLES.map(str::to_owned).to_vec());
        }
        let token = stripe.key.sign(&claims).map_err(ServiceError::Sign)?;
        self.audit_token(&stripe, &claims, cause, now);
        Ok(TokenFile::new(token))
    }

    async fn of_application(
        &self,
        stripe: &LoadedStripe,
        roles: &[BuiltInRole],
        app_id: &str,
        chosen: &[&str],
    ) -> Result<Granted, PersonalRefusal> {
        let all = app_scopes::of_app(&self.0.db, &stripe.row.name, app_id).await.map_err(ServiceError::Store)?;
        let allowed: Vec<String> = all.into_iter().map(|scope| scope.fqs).collect();
        let scope: ScopeList = if chosen.is_empty() {
            allowed.iter().cloned().map(Scope::Other).collect()
        } else {
            chosen.iter().map(|fqs| Scope::Other((*fqs).to_owned())).collect()
        };
        let known = self.0.cache.known_scopes(stripe, &scope).await.map_err(ServiceError::Store)?;
        let trust = TrustScope::Explicit;
        let resources =
            ResourceRights { known: &known, allowed: &allowed, trust, tags: &[], several: false, refresh: false };
        Ok(scopes::resolve(&scope, Rights { client: &[], user: Some(roles), on_behalf_of_user: true, resources })?)
    }
}

/// The user's own administrator roles and no others: not what every user may, and not what others have.
fn of_roles(held: &[BuiltInRole], options: &PersonalOptions, chosen: &[&str]) -> Result<Granted, PersonalRefusal> {
    if chosen.is_empty() {
        return Err(PersonalRefusal::NothingChosen);
    }
    if chosen.iter().any(|role| !options.roles.iter().any(|own| own == role)) {
        return Err(PersonalRefusal::Role);
    }
    let scope: ScopeList = chosen.iter().map(|role| Scope::Role((*role).to_owned())).collect();
    let rights = Rights { client: &[], user: Some(held), on_behalf_of_user: true, resources: ResourceRights::NONE };
    Ok(scopes::resolve(&scope, rights)?)
}

/// The client that personal tokens name. There is no such application.
fn token_generator(stripe: &LoadedStripe, now: obol_protocol::Timestamp) -> LoadedClient {
    let app = App {
        id: String::new(),
        ocid: String::new(),
        name: TOKEN_GENERATOR.to_owned(),
        display_name: TOKEN_GENERATOR.to_owned(),
        description: String::new(),
        client_type: ClientType::Confidential,
        is_active: true,
        is_oauth_client: true,
        is_oauth_resource: false,
        is_opc_service: true,
        allowed_grants: Vec::new(),
        allowed_operations: Vec::new(),
        audience: None,
        secret: ClientSecret::None,
        oauth: OAuthSettings::default(),
        created_at: now,
        modified_at: now,
    };
    let mut claims = claims::of_client(stripe, &app);
    (claims.client_ocid, claims.client_guid) = (None, None);
    LoadedClient { app, roles: Vec::new(), certificates: Vec::new(), claims, proven: Mutex::default() }
}

impl PersonalRefusal {
    /// The record for whoever asks why. Service failures have none: they are not the caller's.
    pub fn explanation(&self) -> Option<Explanation> {
        Some(match self {
            Self::UnknownStripe => unknown_stripe(),
            Self::Minutes(minutes) => Explanation::new(
                "lifetime_in_bounds",
                format!("1 to {LONGEST_MINUTES} minutes"),
                minutes.to_string(),
                "choose a life within the bounds",
            ),
            Self::NothingChosen => {
                Explanation::new("scope_requested", "at least one app role or scope", "none", "choose one")
            }
            Self::NotEntitled => Explanation::new(
                "personal_token_allowed",
                "an administrator role, or a resource application that was assigned",
                "neither",
                "have an administrator grant a role or assign an application",
            ),
            Self::Role => Explanation::new(
                "scope_held_by_user",
                "the user's own administrator roles",
                "another role",
                "choose one of the roles that the dialog lists",
            ),
            Self::Application => Explanation::new(
                "application_assigned",
                "an active resource application that was assigned to the user",
                "another application",
                "choose one of the applications that the dialog lists",
            ),
            Self::User(refusal) => return refusal.explanation(),
            Self::Scope(refusal) => refusal.explanation(),
            Self::Service(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests;
