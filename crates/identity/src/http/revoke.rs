//! `POST /oauth2/v1/revoke` (contract identity 8; RFC 7009): a refresh token and all of its sign-in end. Access tokens are
//! self-contained and live on; what is no token of anybody's is revoked already.

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::header;
use obol_domain::audit::{self, Party};
use obol_store::refresh_tokens;

use super::{answer, body, context::Door};
use crate::{
    Identity, ServiceError,
    grants::TokenRefusal,
    inspection::{InspectRefusal, Presented},
    opaque::Kind,
};

pub(super) async fn post(State(identity): State<Identity>, door: Door, request: Request) -> Response {
    let basic = request.headers().contains_key(header::AUTHORIZATION);
    match revoke(&identity, door, request).await {
        Ok(()) => answer::oauth_empty(),
        Err(refusal) => answer::inspection_refused(&refusal, basic),
    }
}

async fn revoke(identity: &Identity, door: Door, request: Request) -> Result<(), InspectRefusal> {
    let (parts, form) = body::form(request).await?;
    let presented = identity.present(&door.locator, door.base.as_ref(), &form, &parts.headers, door.now).await?;
    let Presented { stripe, client, token } = presented;
    let Some(hash) = identity.opaque_hash(Kind::RefreshToken, &token) else { return Ok(()) };
    let found = refresh_tokens::get(&identity.0.db, &stripe.row.name, &hash).await;
    let Some(found) = found.map_err(ServiceError::Store).map_err(TokenRefusal::Service)? else { return Ok(()) };
    if found.family.app_id != client.app.id {
        return Err(InspectRefusal::OtherClient);
    }
    let cause = door.cause.by(Party::new(audit::Kind::App, &client.app.id, &client.app.display_name));
    Ok(identity.end_family(&stripe, &found.family.id, &cause, door.now).await.map_err(TokenRefusal::Service)?)
}

#[cfg(test)]
mod tests;
