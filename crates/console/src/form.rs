//! Reads a form of a page, and refuses one that does not carry its token.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts as _, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use obol_domain::Explanation;
use obol_protocol::{
    Secret,
    oauth::{Form, FormError},
};

use crate::{refusal::Refused, visit::Visit};

/// The body of a form. One that is too long, or broke off, is refused with a page like everything else.
pub(crate) struct Sent(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, state).await.map_err(IntoResponse::into_response)?;
        let received = Bytes::from_request(Request::from_parts(parts, body), state).await;
        received.map(Self).map_err(|rejection| not_received(&visit, &rejection).into_response())
    }
}

fn not_received(visit: &Visit, rejection: &BytesRejection) -> Refused {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return unreadable(visit, StatusCode::PAYLOAD_TOO_LARGE, FormError::TooLong.to_string());
    }
    unreadable(visit, StatusCode::BAD_REQUEST, "a form that broke off".to_owned())
}

fn unreadable(visit: &Visit, status: StatusCode, seen: String) -> Refused {
    Refused::new(
        visit,
        status,
        "The form could not be read",
        Explanation::new(
            "form_readable",
            "a form as its page sends it",
            seen,
            "Open the page again and send its form unchanged.",
        ),
    )
}

/// Describes what is wrong with a form. A field's name is the caller's text like its value, and is not repeated.
fn problem(error: &FormError) -> String {
    match error {
        FormError::Duplicate(_) => "a field was sent more than once".to_owned(),
        FormError::ContentType
        | FormError::Charset
        | FormError::TooLong
        | FormError::TooManyFields
        | FormError::Encoding
        | FormError::NotUtf8 => error.to_string(),
    }
}

/// Reads the form. `owner` is the session or the visitor that the page with the form was made for.
pub(crate) fn read(visit: &Visit, owner: Option<&Secret>, headers: &HeaderMap, body: &Bytes) -> Result<Form, Refused> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let form =
        Form::parse(content_type, body).map_err(|error| unreadable(visit, StatusCode::BAD_REQUEST, problem(&error)))?;
    if visit.form_token_matches(owner, form.get("form_token")) {
        return Ok(form);
    }
    Err(Refused::new(
        visit,
        StatusCode::FORBIDDEN,
        "This form is not valid any more",
        Explanation::new(
            "form_token_matches",
            "the form token of this browser's session",
            if owner.is_some() { "another token, or none" } else { "no cookie of this console" },
            "Open the page again and send the form from there; the browser must accept cookies.",
        ),
    ))
}
