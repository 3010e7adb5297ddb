//! `POST /oauth2/v1/token` (contract identity 2).

use axum::{
    body::to_bytes,
    extract::{Request, State},
    response::Response,
};
use http::{header, request::Parts};
use obol_protocol::oauth::{Form, FormError, TokenBody, TokenRequest, form::LONGEST_BODY};

use super::{answer, context::Door};
use crate::{Identity, grants::TokenRefusal};

pub(super) async fn post(State(identity): State<Identity>, door: Door, request: Request) -> Response {
    let basic = request.headers().contains_key(header::AUTHORIZATION);
    match issue(&identity, door, request).await {
        Ok(token) => answer::token(&token),
        Err(refusal) => answer::token_refused(&refusal, basic),
    }
}

async fn issue(identity: &Identity, door: Door, request: Request) -> Result<TokenBody, TokenRefusal> {
    let (parts, form) = receive(request).await?;
    let request = TokenRequest::parse(&form, &parts.headers)?;
    identity.token(&door.locator, door.base.as_ref(), request, &door.cause, door.now).await
}

/// Receives a form.
pub(super) async fn receive(request: Request) -> Result<(Parts, Form), TokenRefusal> {
    let (parts, body) = request.into_parts();
    // One byte more than is allowed tells a long body from one that just fits.
    let body = to_bytes(body, LONGEST_BODY + 1).await.map_err(|error| not_received(&error))?;
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let form = Form::parse(content_type, &body)?;
    Ok((parts, form))
}

/// Why a body was not received: it is longer than is read, or it broke off on its way.
fn not_received(error: &axum::Error) -> TokenRefusal {
    let source = std::error::Error::source(error);
    let cut = source.is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
    if cut { FormError::TooLong.into() } else { TokenRefusal::BodyBroken }
}

#[cfg(test)]
mod tests;
