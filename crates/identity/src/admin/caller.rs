//! Who calls the administration API: a bearer token's client and user, or the user who signed the request (contract
//! identity 6.3). Both are looked at now, not as they were when the token was issued.

use std::sync::Arc;

use obol_domain::{
    RequestAuthenticator as _,
    administration::Asking,
    app_role::BuiltInRole,
    audit::{Cause, Kind, Party},
    caller::{CallerRefusal, Freshness},
};
use obol_protocol::{Timestamp, oci::signature::SignedRequest};
use serde_json::{Value, json};

use super::Refusal;
use crate::{
    Identity,
    cache::{LoadedClient, LoadedStripe},
    tokens::TokenFault,
    users::{SignInRefusal, UserWithRoles},
};

/// The client of the console's personal tokens, which is no application (contract identity 3.2).
const TOKEN_GENERATOR: &str = "tokenGenerator";

/// Who calls.
pub(crate) struct AdminCaller {
    /// The user, if there is one.
    pub(crate) user: Option<UserWithRoles>,
    /// The client, if there is one.
    pub(crate) client: Option<Arc<LoadedClient>>,
    /// Whether the client's roles restrict the user's.
    client_counts: bool,
    /// The token's scopes; none where the request was signed.
    scope: Option<String>,
}

impl AdminCaller {
    /// Who asks, for the rules.
    pub(crate) fn asking(&self) -> Asking<'_> {
        let client = self.client.as_deref().filter(|_| self.client_counts);
        Asking {
            user: self.user.as_ref().map(|user| user.roles.as_slice()),
            client: client.map(|client| client.roles.as_slice()),
            scope: self.scope.as_deref(),
        }
    }

    /// Whether the caller holds a role, on both sides where there are two.
    pub(crate) fn holds(&self, role: BuiltInRole) -> bool {
        self.asking().holds(role)
    }

    /// The user's id; empty where a client calls for itself.
    pub(crate) fn user_id(&self) -> &str {
        self.user.as_ref().map_or("", |user| &user.user.id)
    }

    /// A request's cause with the caller in it, for the trail.
    pub(crate) fn behind(&self, cause: Cause) -> Cause {
        let cause = match &self.client {
            Some(client) => cause.through(client.app.name.as_str()),
            None => cause,
        };
        match (&self.user, &self.client) {
            (Some(user), _) => cause.by(Party::new(Kind::User, &user.user.id, &user.user.user_name)),
            (None, Some(client)) => cause.by(Party::new(Kind::App, &client.app.id, &client.app.display_name)),
            (None, None) => cause,
        }
    }

    /// How `idcsCreatedBy` and `idcsLastModifiedBy` name the caller, but for the address.
    pub(crate) fn actor(&self) -> Value {
        match (&self.user, &self.client) {
            (Some(UserWithRoles { user, .. }), _) => {
                json!({"type": "User", "value": user.id, "display": user.display_name, "ocid": user.ocid})
            }
            (None, Some(client)) => {
                let app = &client.app;
                json!({"type": "App", "value": app.id, "display": app.display_name, "ocid": app.ocid})
            }
            (None, None) => Value::Null,
        }
    }
}

impl Identity {
    /// The caller behind a bearer token.
    pub(crate) async fn bearer_caller(
        &self,
        stripe: &LoadedStripe,
        token: &str,
        now: Timestamp,
    ) -> Result<AdminCaller, Refusal> {
        let claims = self.accept_token_of(stripe, token, now).await?.claims;
        let client = self.0.cache.client(stripe, &claims.client_id).await?;
        let on_behalf = claims.is_user() && claims.on_behalf_of_user == Some(true);
        match &client {
            Some(client) if !client.app.is_active => return Err(Refusal::ClientInactive),
            Some(_) => {}
            None if on_behalf && claims.client_id == TOKEN_GENERATOR => {}
            None => return Err(Refusal::ClientGone),
        }
        let user = if claims.is_user() {
            let user_id = claims.user_id.as_deref().unwrap_or_default();
            Some(self.acting_user(stripe, user_id, now).await.map_err(|refusal| match refusal {
                SignInRefusal::Service(error) => TokenFault::Service(error),
                refusal => TokenFault::User(refusal),
            })?)
        } else {
            None
        };
        Ok(AdminCaller { user, client, client_counts: !on_behalf, scope: Some(claims.scope) })
    }

    /// The user who signed a request, who must be one of this stripe.
    pub(crate) async fn signing_caller(
        &self,
        stripe: &LoadedStripe,
        request: SignedRequest<'_>,
        now: Timestamp,
        freshness: Freshness,
    ) -> Result<AdminCaller, Refusal> {
        let wall = self.0.clock.wall();
        let signer = self.authenticate(request, now, wall, freshness).await?;
        if signer.stripe != stripe.row.name {
            return Err(CallerRefusal::UserUnknown.into());
        }
        let user = self.acting_user(stripe, &signer.user_id, now).await.map_err(|refusal| match refusal {
            SignInRefusal::Service(error) => TokenFault::Service(error),
            refusal => TokenFault::User(refusal),
        })?;
        Ok(AdminCaller { user: Some(user), client: None, client_counts: false, scope: None })
    }
}
