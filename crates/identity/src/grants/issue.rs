//! What the grants share once they know for whom: the scopes, the tokens, the answer. A grant proves who the user is and
//! hands over a [`SignIn`]; whatever must happen exactly once beside the refresh token is the grant's own transaction.

use std::time::Duration;

use obol_domain::{
    app_role::BuiltInRole,
    scopes::{self, Granted, ResourceRights, Rights},
};
use obol_protocol::{
    Secret, Timestamp,
    jose::{AccessTokenClaims, IdTokenRole},
    oauth::{GrantType, OidcScope, Scope, TokenAnswer, TokenAnswers, TokenBody},
};
use obol_store::{
    Tx,
    apps::ClientType,
    grants,
    refresh_tokens::{self, Family, NewToken},
};

use super::{Admitted, ON_BEHALF_OF_USER, TokenRefusal};
use crate::{
    Identity, ServiceError,
    cache::LoadedStripe,
    claims::{self, Issue, Origin},
    id_token::{self, IdToken},
    opaque::{self, Kind},
    sessions,
    users::UserWithRoles,
};

/// How long refresh tokens live when their resource server does not say (contract identity 9).
const REFRESH_LIFETIME: u32 = 604_800;
/// The shortest life of an access token that the end of a session leaves.
const SHORTEST: Duration = Duration::from_secs(scopes::SHORTEST_LIFETIME as u64);

/// How and when a user was authenticated.
#[derive(Debug, Clone)]
pub(crate) struct SignIn {
    /// By which grant the first token came to be.
    pub(crate) origin: Origin,
    /// When the user signed in.
    pub(crate) auth_time: Timestamp,
    /// The browser's session, if there is one; tokens then live no longer than it.
    pub(crate) sid: Option<String>,
    /// What the ID token is to repeat.
    pub(crate) nonce: Option<String>,
}

impl SignIn {
    /// A sign-in of this moment, outside a browser's session.
    pub(crate) const fn now(origin: Origin, now: Timestamp) -> Self {
        Self { origin, auth_time: now, sid: None, nonce: None }
    }

    /// When the session ends, or would end had there been one; for a sign-in of long ago, a session from now on.
    pub(crate) fn session_end(&self, now: Timestamp) -> Timestamp {
        let end = self.auth_time.plus(sessions::LIFETIME);
        if end > now { end } else { now.plus(sessions::LIFETIME) }
    }
}

/// A refresh token that goes with the tokens of an answer.
pub(super) struct Refresh {
    token: Secret,
    hash: String,
    jti: String,
    lifetime: Duration,
    scope: String,
}

/// Tokens that were made and not yet handed out.
pub(super) struct Made {
    body: TokenBody,
    pub(super) refresh: Option<Refresh>,
    issued: Vec<AccessTokenClaims>,
}

impl Refresh {
    /// The token as the database keeps it.
    pub(super) fn kept(&self) -> NewToken<'_> {
        NewToken { token_hash: &self.hash, jti: &self.jti }
    }
}

impl Identity {
    /// Resolves scopes for a client, and for a user if there is one; says whether the client acted on the user's behalf.
    pub(crate) async fn resolve(
        &self,
        admitted: &Admitted<'_>,
        user: Option<&[BuiltInRole]>,
    ) -> Result<(Vec<Granted>, bool), TokenRefusal> {
        let Admitted { stripe, client, scope, .. } = *admitted;
        let known = self.0.cache.known_scopes(stripe, scope).await.map_err(ServiceError::Store)?;
        let oauth = &client.app.oauth;
        let on_behalf_of_user = client.app.allowed_operations.iter().any(|operation| operation == ON_BEHALF_OF_USER);
        let resources = ResourceRights {
            known: &known,
            allowed: &oauth.allowed_scopes,
            trust: oauth.trust_scope.resolved(stripe.row.default_trust_scope),
            tags: &oauth.allowed_tags,
            several: client.app.client_type != ClientType::Public,
            refresh: client.allows(GrantType::RefreshToken),
        };
        let rights = Rights { client: &client.roles, user, on_behalf_of_user, resources };
        Ok((scopes::resolve_each(scope, rights)?, on_behalf_of_user && user.is_some()))
    }

    /// Tokens that a client gets for itself.
    pub(super) async fn issue_to_client(&self, admitted: &Admitted<'_>) -> Result<TokenBody, TokenRefusal> {
        let (granted, _) = self.resolve(admitted, None).await?;
        let (mut tokens, mut issued) = (Vec::new(), Vec::new());
        for granted in &granted {
            let issue = self.issue(granted, admitted.now, Origin::ClientCredentials);
            let claims = claims::for_client(admitted.client, issue);
            tokens.push(bearer(admitted.stripe, &claims, granted.lifetime)?);
            issued.push(claims);
        }
        Ok(self.hand_out(admitted, Made { body: body(tokens, None), refresh: None, issued }))
    }

    /// Records that tokens were issued, and gives the answer with them.
    pub(super) fn hand_out(&self, admitted: &Admitted<'_>, made: Made) -> TokenBody {
        for claims in &made.issued {
            self.audit_token(admitted.stripe, claims, admitted.cause, admitted.now);
        }
        made.body
    }

    /// Tokens that a client gets for a user who was authenticated, with a refresh token of a new family if it asked.
    pub(super) async fn issue_for_user(
        &self,
        admitted: &Admitted<'_>,
        user: &UserWithRoles,
        sign_in: &SignIn,
    ) -> Result<TokenBody, TokenRefusal> {
        let made = self.make_for_user(admitted, user, sign_in, false).await?;
        if let Some(refresh) = &made.refresh {
            let mut tx = self.0.db.begin().await.map_err(ServiceError::Store)?;
            self.begin_family(&mut tx, admitted, user, sign_in, refresh).await?;
            tx.commit().await.map_err(ServiceError::Store)?;
        }
        Ok(self.hand_out(admitted, made))
    }

    /// Makes the tokens and writes nothing. `renewing` says that a refresh token goes with them whatever the scopes say,
    /// as one was used up.
    pub(super) async fn make_for_user(
        &self,
        admitted: &Admitted<'_>,
        user: &UserWithRoles,
        sign_in: &SignIn,
        renewing: bool,
    ) -> Result<Made, TokenRefusal> {
        let Admitted { stripe, client, scope, now, .. } = *admitted;
        let (granted, on_behalf) = self.resolve(admitted, Some(&user.roles)).await?;
        let refresh = granted.iter().find(|token| token.offline || renewing).map(|token| {
            let lifetime = token.resource.as_ref().and_then(|resource| resource.refresh_token_expiry);
            self.make_refresh(lifetime.unwrap_or(REFRESH_LIFETIME), scopes::lasting(scope, &granted))
        });
        let (mut tokens, mut issued) = (Vec::new(), Vec::new());
        for granted in &granted {
            let lifetime = capped(granted.lifetime, sign_in, now);
            let issue = Issue {
                lifetime,
                rt_jti: refresh.as_ref().map(|refresh| refresh.jti.clone()),
                sid: sign_in.sid.clone(),
                ..self.issue(granted, now, sign_in.origin)
            };
            let claims = claims::for_user(stripe, client, &user.user, &user.roles, on_behalf, issue);
            tokens.push(bearer(stripe, &claims, lifetime)?);
            issued.push(claims);
        }
        let id_token = if granted.iter().any(|token| token.open_id) {
            let access_token = tokens.first().map(|token| token.access_token.as_str());
            Some(self.make_id_token(admitted, user, sign_in, access_token).await?)
        } else {
            None
        };
        if let (Some(token), Some(refresh)) = (tokens.first_mut(), &refresh) {
            token.refresh_token = Some(refresh.token.expose().to_owned());
        }
        Ok(Made { body: body(tokens, id_token), refresh, issued })
    }

    fn make_refresh(&self, lifetime: u32, scope: String) -> Refresh {
        let token = opaque::mint(&*self.0.entropy);
        Refresh {
            hash: self.opaque_hash(Kind::RefreshToken, &token).unwrap_or_default(),
            token,
            jti: self.0.entropy.hex32(),
            lifetime: Duration::from_secs(u64::from(lifetime)),
            scope,
        }
    }

    async fn make_id_token(
        &self,
        admitted: &Admitted<'_>,
        user: &UserWithRoles,
        sign_in: &SignIn,
        access_token: Option<&str>,
    ) -> Result<String, TokenRefusal> {
        let asks = |scope: &Scope| matches!(scope, Scope::Oidc(OidcScope::AppRoles | OidcScope::GetAppRoles));
        let app_roles = if admitted.scope.iter().any(asks) {
            Some(self.roles_listed(admitted.stripe, &user.user.id).await?)
        } else {
            None
        };
        let jti = self.0.entropy.hex32();
        let token = IdToken { user: &user.user, sign_in, access_token, app_roles, jti, now: admitted.now };
        let claims = id_token::claims(admitted.stripe, admitted.client, token);
        Ok(admitted.stripe.key.sign(&claims).map_err(ServiceError::Sign)?)
    }

    /// The app roles a user was granted, as ID tokens and userinfo list them.
    pub(crate) async fn roles_listed(
        &self,
        stripe: &LoadedStripe,
        user_id: &str,
    ) -> Result<Vec<IdTokenRole>, ServiceError> {
        let held = grants::of_user(&self.0.db, &stripe.row.name, user_id).await?;
        Ok(held.into_iter().map(|role| IdTokenRole { name: role.name, app_id: role.app_id }).collect())
    }

    /// Keeps a refresh token as the first of a family; returns the family's id.
    pub(super) async fn begin_family(
        &self,
        tx: &mut Tx,
        admitted: &Admitted<'_>,
        user: &UserWithRoles,
        sign_in: &SignIn,
        refresh: &Refresh,
    ) -> Result<String, ServiceError> {
        let family = Family {
            id: self.0.entropy.hex32(),
            app_id: admitted.client.app.id.clone(),
            user_id: user.user.id.clone(),
            scope: refresh.scope.clone(),
            origin: sign_in.origin.gtp().to_owned(),
            password_mark: self.password_mark(user.user.password_hash.as_deref()),
            auth_time: Some(sign_in.auth_time),
            sid: sign_in.sid.clone(),
            created_at: admitted.now,
            expires_at: admitted.now.plus(refresh.lifetime),
            revoked_at: None,
        };
        refresh_tokens::begin(tx, &admitted.stripe.row.name, &family, refresh.kept()).await?;
        Ok(family.id)
    }

    pub(super) fn issue<'a>(&self, granted: &'a Granted, now: Timestamp, origin: Origin) -> Issue<'a> {
        Issue::new(granted, now, self.0.entropy.hex32(), origin)
    }
}

/// What the session leaves of a life (contract identity 9), and never less than the shortest.
fn capped(lifetime: Duration, sign_in: &SignIn, now: Timestamp) -> Duration {
    if sign_in.sid.is_none() || lifetime <= SHORTEST {
        return lifetime;
    }
    lifetime.min(sign_in.session_end(now).since(now)).max(SHORTEST)
}

fn bearer(stripe: &LoadedStripe, claims: &AccessTokenClaims, lifetime: Duration) -> Result<TokenAnswer, ServiceError> {
    Ok(TokenAnswer::bearer(stripe.key.sign(claims)?, lifetime.as_secs()))
}

fn body(mut tokens: Vec<TokenAnswer>, id_token: Option<String>) -> TokenBody {
    match tokens.pop() {
        Some(only) if tokens.is_empty() => TokenAnswer { id_token, ..only }.into(),
        last => {
            tokens.extend(last);
            TokenBody::Several(TokenAnswers { token_responses: tokens, id_token })
        }
    }
}
