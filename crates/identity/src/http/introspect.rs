//! `POST /oauth2/v1/introspect` (contract identity 8; RFC 7662): what an access or refresh token of this stripe is worth
//! now. One that holds no more is inactive, whatever the reason; the user and the client are looked at as they are now.

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::header;
use obol_protocol::{
    Secret, Timestamp,
    oauth::{Introspection, introspection::ActiveToken},
};
use obol_store::{apps, apps::ClientType, refresh_tokens};

use super::{answer, body, context::Door};
use crate::{
    Identity, ServiceError,
    cache::LoadedStripe,
    grants::{TokenRefusal, judge_refresh_token},
    inspection::{InspectRefusal, Presented},
    opaque::Kind,
    tokens::{AcceptedToken, TokenFault},
    users::SignInRefusal,
};

/// The operation that opens this door to a client (contract identity 5.2).
const INTROSPECT: &str = "introspect";

pub(super) async fn post(State(identity): State<Identity>, door: Door, request: Request) -> Response {
    let basic = request.headers().contains_key(header::AUTHORIZATION);
    match introspect(&identity, door, request).await {
        Ok(found) => answer::oauth_body(&found),
        Err(refusal) => answer::inspection_refused(&refusal, basic),
    }
}

async fn introspect(identity: &Identity, door: Door, request: Request) -> Result<Introspection, InspectRefusal> {
    let (parts, form) = body::form(request).await?;
    let presented = identity.present(&door.locator, door.base.as_ref(), &form, &parts.headers, door.now).await?;
    let Presented { stripe, client, token } = presented;
    let may = client.app.allowed_operations.iter().any(|operation| operation == INTROSPECT);
    if !may || client.app.client_type == ClientType::Public {
        return Err(InspectRefusal::Operation);
    }
    Ok(identity.look_into(&stripe, &token, door.now).await.map_err(TokenRefusal::Service)?)
}

impl Identity {
    async fn look_into(
        &self,
        stripe: &LoadedStripe,
        token: &Secret,
        now: Timestamp,
    ) -> Result<Introspection, ServiceError> {
        match self.accept_any_token_of(stripe, token.expose(), now).await {
            Ok(accepted) => Ok(self.access_token(&accepted, now).await?.unwrap_or(Introspection::INACTIVE)),
            Err(TokenFault::Service(error)) => Err(error),
            Err(TokenFault::Malformed(_)) => {
                Ok(self.refresh_token_now(stripe, token, now).await?.unwrap_or(Introspection::INACTIVE))
            }
            Err(
                TokenFault::Missing
                | TokenFault::SentTwice
                | TokenFault::WholeFile
                | TokenFault::OtherStripe { .. }
                | TokenFault::Signature
                | TokenFault::Kind(_)
                | TokenFault::Issuer(_)
                | TokenFault::Expired(_)
                | TokenFault::Early(_)
                | TokenFault::Audience
                | TokenFault::NotUser
                | TokenFault::Scope(_)
                | TokenFault::User(_),
            ) => Ok(Introspection::INACTIVE),
        }
    }

    async fn access_token(
        &self,
        accepted: &AcceptedToken,
        now: Timestamp,
    ) -> Result<Option<Introspection>, ServiceError> {
        let AcceptedToken { stripe, claims } = accepted;
        let client = self.0.cache.client(stripe, &claims.client_id).await?;
        if client.is_none_or(|client| !client.app.is_active) {
            return Ok(None);
        }
        if let Some(user_id) = &claims.user_id
            && !self.may_act(stripe, user_id, now).await?
        {
            return Ok(None);
        }
        if let Some(jti) = &claims.rt_jti {
            let sibling = refresh_tokens::by_jti(&self.0.db, &stripe.row.name, jti).await?;
            if sibling.is_some_and(|sibling| sibling.family.revoked_at.is_some()) {
                return Ok(None);
            }
        }
        Ok(Some(Introspection::Active(Box::new(ActiveToken {
            active: true,
            token_type: "Bearer",
            scope: claims.scope.clone(),
            iss: claims.iss.clone(),
            exp: claims.exp,
            iat: claims.iat,
            nbf: claims.iat,
            prn: claims.sub.clone(),
            preferred_username: claims.user_id.as_ref().map(|_| claims.sub.clone()),
            sub: claims.sub.clone(),
            client_id: claims.client_id.clone(),
            aud: Some(claims.aud.clone()),
            jti: claims.jti.clone(),
        }))))
    }

    async fn refresh_token_now(
        &self,
        stripe: &LoadedStripe,
        token: &Secret,
        now: Timestamp,
    ) -> Result<Option<Introspection>, ServiceError> {
        let name = &stripe.row.name;
        let Some(hash) = self.opaque_hash(Kind::RefreshToken, token) else { return Ok(None) };
        let Some(found) = refresh_tokens::get(&self.0.db, name, &hash).await? else { return Ok(None) };
        let family = &found.family;
        if judge_refresh_token(&found, &family.app_id, now).is_err() {
            return Ok(None);
        }
        let client = apps::by_id(&self.0.db, name, &family.app_id).await?.filter(|app| app.is_active);
        let Some(client) = client else { return Ok(None) };
        let user = match self.present_user(stripe, &family.user_id, now).await {
            Ok(user) if self.password_mark(user.password_hash.as_deref()) == family.password_mark => user,
            Err(SignInRefusal::Service(error)) => return Err(error),
            Ok(_) | Err(_) => return Ok(None),
        };
        Ok(Some(Introspection::Active(Box::new(ActiveToken {
            active: true,
            token_type: "refresh_token",
            scope: family.scope.clone(),
            iss: stripe.row.issuer.clone(),
            exp: family.expires_at.seconds(),
            iat: found.issued_at.seconds(),
            nbf: found.issued_at.seconds(),
            prn: user.user_name.clone(),
            preferred_username: Some(user.user_name.clone()),
            sub: user.user_name,
            client_id: client.name,
            aud: None,
            jti: found.jti,
        }))))
    }

    async fn may_act(&self, stripe: &LoadedStripe, user_id: &str, now: Timestamp) -> Result<bool, ServiceError> {
        match self.present_user(stripe, user_id, now).await {
            Ok(_) => Ok(true),
            Err(SignInRefusal::Service(error)) => Err(error),
            Err(_) => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests;
