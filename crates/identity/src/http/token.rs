//! `POST /oauth2/v1/token` (contract identity 2).

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::header;
use obol_protocol::oauth::{TokenBody, TokenRequest};

use super::{answer, body, context::Door};
use crate::{Identity, grants::TokenRefusal};

pub(super) async fn post(State(identity): State<Identity>, door: Door, request: Request) -> Response {
    let basic = request.headers().contains_key(header::AUTHORIZATION);
    match issue(&identity, door, request).await {
        Ok(token) => answer::token(&token),
        Err(refusal) => answer::token_refused(&refusal, basic),
    }
}

async fn issue(identity: &Identity, door: Door, request: Request) -> Result<TokenBody, TokenRefusal> {
    let (parts, form) = body::form(request).await?;
    let request = TokenRequest::parse(&form, &parts.headers)?;
    identity.token(&door.locator, door.base.as_ref(), request, &door.cause, door.now).await
}

#[cfg(test)]
mod tests;
