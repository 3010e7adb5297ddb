//! The console's *Generate Access Token* on an application's page, *Customized Scopes* → *Invokes Identity Cloud Service
//! APIs* (contract identity 4): a token with the application's own client id for the user who is signed in.

use obol_domain::{
    Explanation,
    scopes::{self, Rights, ScopeRefusal},
};
use obol_protocol::oauth::{GrantType, Scope, TokenFile};
use obol_store::apps::ClientType;

use crate::{
    Identity, ServiceError, StripeLocator,
    claims::{self, Origin},
    users::{SignInRefusal, UserWithRoles, unknown_stripe},
};

/// Why the dialog generated nothing.
#[derive(Debug, thiserror::Error)]
pub enum GenerateRefusal {
    /// There is no such stripe.
    #[error("there is no such stripe")]
    UnknownStripe,
    /// There is no such application.
    #[error("there is no such application")]
    UnknownApplication,
    /// A public application, or no client at all.
    #[error("the application is not a confidential client")]
    NotConfidential,
    /// The application is not active.
    #[error("the application is not active")]
    Inactive,
    /// The application may not use the JWT assertion grant.
    #[error("the application may not use the JWT assertion grant")]
    NoJwtAssertion,
    /// No role was chosen.
    #[error("no app role was chosen")]
    NothingChosen,
    /// The user may not act any more.
    #[error("the user may not act")]
    User(#[from] SignInRefusal),
    /// A chosen role cannot be granted.
    #[error("a chosen role cannot be granted")]
    Scope(#[from] ScopeRefusal),
    /// The service failed.
    #[error("the service failed")]
    Service(#[from] ServiceError),
}

/// What is chosen in the dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// *Available Scopes*: all that the application and the user both have.
    Available,
    /// *Customized Scopes*: app roles by display name.
    Roles(&'a [&'a str]),
}

impl Identity {
    /// Generates the file that *Download Token* saves. `roles` are display names of app roles that the application was
    /// granted, e.g. `Me`; the token lives for the default hour.
    ///
    /// # Errors
    ///
    /// [`GenerateRefusal`], in the order of the dialog's prerequisites.
    pub async fn generate_access_token(
        &self,
        stripe: &str,
        acting_user_id: &str,
        app_id: &str,
        roles: &[&str],
    ) -> Result<TokenFile, GenerateRefusal> {
        self.generate(stripe, acting_user_id, app_id, Choice::Roles(roles)).await
    }

    /// Generates the file that *Download Token* saves, for what was chosen in the dialog.
    ///
    /// # Errors
    ///
    /// [`GenerateRefusal`], in the order of the dialog's prerequisites.
    pub async fn generate(
        &self,
        stripe: &str,
        acting_user_id: &str,
        app_id: &str,
        choice: Choice<'_>,
    ) -> Result<TokenFile, GenerateRefusal> {
        let now = self.now();
        let locator = StripeLocator::Named(stripe.to_owned());
        let stripe = self.locate(&locator, now).await?.ok_or(GenerateRefusal::UnknownStripe)?;
        let client = self.client_now(&stripe, app_id).await?.ok_or(GenerateRefusal::UnknownApplication)?;
        if !client.app.is_oauth_client || client.app.client_type == ClientType::Public {
            return Err(GenerateRefusal::NotConfidential);
        }
        if !client.app.is_active {
            return Err(GenerateRefusal::Inactive);
        }
        if !client.app.allowed_grants.iter().any(|grant| grant == GrantType::JwtBearer.as_str()) {
            return Err(GenerateRefusal::NoJwtAssertion);
        }
        let scope = match choice {
            Choice::Available => [Scope::MyScopes].into_iter().collect(),
            Choice::Roles([]) => return Err(GenerateRefusal::NothingChosen),
            Choice::Roles(roles) => roles.iter().map(|role| Scope::Role((*role).to_owned())).collect(),
        };
        let UserWithRoles { user, roles: held } = self.acting_user(&stripe, acting_user_id, now).await?;
        let rights = Rights { client: &client.roles, user: Some(&held), on_behalf_of_user: false };
        let granted = scopes::resolve(&scope, rights)?;
        let issue = self.issue(&granted, now, Origin::Console);
        let claims = claims::for_user(&stripe, &client, &user, &held, true, issue);
        Ok(TokenFile::new(stripe.key.sign(&claims).map_err(ServiceError::Sign)?))
    }
}

impl GenerateRefusal {
    /// The record for whoever asks why. Service failures have none: they are not the caller's.
    pub fn explanation(&self) -> Option<Explanation> {
        let prerequisite = |seen: &'static str, fix: &'static str| {
            Explanation::new(
                "application_can_generate",
                "an active confidential application with the JWT Assertion grant",
                seen,
                fix,
            )
        };
        Some(match self {
            Self::UnknownStripe => unknown_stripe(),
            Self::UnknownApplication => prerequisite("no such application", "open the application from the list"),
            Self::NotConfidential => {
                prerequisite("a public application, or none that is a client", "use a confidential application")
            }
            Self::Inactive => prerequisite("an inactive application", "activate the application"),
            Self::NoJwtAssertion => {
                prerequisite("an application without JWT Assertion", "allow the grant JWT Assertion")
            }
            Self::NothingChosen => {
                Explanation::new("scope_requested", "at least one app role", "none", "choose an app role, e.g. Me")
            }
            Self::User(refusal) => return refusal.explanation(),
            Self::Scope(refusal) => refusal.explanation(),
            Self::Service(_) => return None,
        })
    }
}
