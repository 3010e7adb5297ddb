//! Receives the form of an OAuth request.

use axum::{body::to_bytes, extract::Request};
use http::{header, request::Parts};
use obol_protocol::oauth::{Form, FormError, form::LONGEST_BODY};

use crate::grants::TokenRefusal;

/// The form of a request's body, and the rest of the request.
pub(super) async fn form(request: Request) -> Result<(Parts, Form), TokenRefusal> {
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
