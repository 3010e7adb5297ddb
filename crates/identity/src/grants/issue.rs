//! What the grants share once they know for whom: the scopes, the tokens, the answer.

use obol_domain::{
    app_role::BuiltInRole,
    scopes::{self, Granted, ResourceRights, Rights},
};
use obol_protocol::{
    jose::AccessTokenClaims,
    oauth::{GrantType, TokenAnswer, TokenAnswers, TokenBody},
};
use obol_store::apps::ClientType;

use super::{Admitted, ON_BEHALF_OF_USER, TokenRefusal};
use crate::{Identity, ServiceError, claims, claims::Origin, users::UserWithRoles};

impl Identity {
    /// Resolves scopes for a client, and for a user if there is one; says whether the client acted on the user's behalf.
    pub(super) async fn resolve(
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
        let tokens = granted.iter().map(|granted| {
            let issue = self.issue(granted, admitted.now, Origin::ClientCredentials);
            self.bearer(admitted, &claims::for_client(admitted.client, issue), granted)
        });
        Ok(body(tokens.collect::<Result<_, _>>()?))
    }

    /// Tokens that a client gets for a user who was authenticated.
    pub(super) async fn issue_for_user(
        &self,
        admitted: &Admitted<'_>,
        user: &UserWithRoles,
        origin: Origin,
    ) -> Result<TokenBody, TokenRefusal> {
        let Admitted { stripe, client, now, .. } = *admitted;
        let (granted, on_behalf) = self.resolve(admitted, Some(&user.roles)).await?;
        let tokens = granted.iter().map(|granted| {
            let issue = self.issue(granted, now, origin);
            let claims = claims::for_user(stripe, client, &user.user, &user.roles, on_behalf, issue);
            self.bearer(admitted, &claims, granted)
        });
        Ok(body(tokens.collect::<Result<_, _>>()?))
    }

    /// Signs a token and records that it was issued.
    fn bearer(
        &self,
        admitted: &Admitted<'_>,
        claims: &AccessTokenClaims,
        granted: &Granted,
    ) -> Result<TokenAnswer, ServiceError> {
        let token = admitted.stripe.key.sign(claims)?;
        self.audit_token(admitted.stripe, claims, admitted.cause, admitted.now);
        Ok(TokenAnswer::bearer(token, granted.lifetime.as_secs()))
    }
}

fn body(mut tokens: Vec<TokenAnswer>) -> TokenBody {
    match tokens.pop() {
        Some(only) if tokens.is_empty() => only.into(),
        last => {
            tokens.extend(last);
            TokenBody::Several(TokenAnswers { token_responses: tokens, id_token: None })
        }
    }
}
