//! Answers in the two dialects, each with the headers that are its own.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use obol_domain::{Explanation, rate_limit::TooMany, with_causes};
use obol_protocol::{
    oauth::{OAuthError, OAuthErrorCode},
    scim::{self, ScimError},
};
use serde::Serialize;

use super::userlogout::LogoutRefusal;
use crate::{
    ServiceError,
    admin::{Answer, Refusal},
    authorize::Unanswerable,
    grants::{TokenRefusal, failure},
    inspection::InspectRefusal,
    limits,
    tokens::TokenFault,
};

const OPC_NEXT_PAGE: HeaderName = HeaderName::from_static("opc-next-page");

const OAUTH_JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");

/// Contract identity 2.3.
const OAUTH_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_TYPE, OAUTH_JSON),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::PRAGMA, HeaderValue::from_static("no-cache")),
];

/// What made an answer a failure of ours, with its causes. It travels in the response's extensions to where the request's
/// id is known, for the log.
#[derive(Debug, Clone)]
pub(super) struct Failure(pub(super) String);

fn body(value: &impl Serialize) -> Option<Bytes> {
    serde_json::to_vec(value).ok().map(Bytes::from)
}

/// An answer whose body cannot be written; it cannot happen to the types used here.
fn unwritable() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// A token, or codes for one (contract identity 2.3).
pub(super) fn token(answer: &impl Serialize) -> Response {
    body(answer).map_or_else(unwritable, |body| (OAUTH_HEADERS, body).into_response())
}

/// A public document, which may be kept for as long as the key set may (contract identity 8).
pub(super) fn document(document: &impl Serialize) -> Response {
    let headers =
        [(header::CONTENT_TYPE, OAUTH_JSON), (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"))];
    body(document).map_or_else(unwritable, |body| (headers, body).into_response())
}

/// A body of this dialect that nobody keeps.
pub(super) fn oauth_body(value: &impl Serialize) -> Response {
    body(value).map_or_else(unwritable, |body| (OAUTH_HEADERS, body).into_response())
}

/// Success without a body.
pub(super) fn oauth_empty() -> Response {
    let [_, control, pragma] = OAUTH_HEADERS;
    ([control, pragma], Bytes::new()).into_response()
}

/// A refusal or failure of the token endpoint. `basic` says whether the client used Basic, which must then be challenged
/// (RFC 6749 section 5.2).
pub(super) fn token_refused(refusal: &TokenRefusal, basic: bool) -> Response {
    refused(refusal, refusal.answer(), refusal.explanation(), basic)
}

/// A refusal or failure of introspection or revocation; `basic` as at the token endpoint.
pub(super) fn inspection_refused(refusal: &InspectRefusal, basic: bool) -> Response {
    refused(refusal, refusal.answer(), refusal.explanation(), basic)
}

fn refused(
    refusal: &(dyn std::error::Error + 'static),
    (error, retry_after): (OAuthError, Option<u32>),
    explanation: Option<Explanation>,
    basic: bool,
) -> Response {
    let mut response = oauth(&error);
    if error.status.is_server_error() {
        response.extensions_mut().insert(Failure(with_causes(refusal)));
    }
    let headers = response.headers_mut();
    if basic && error.code == OAuthErrorCode::InvalidClient {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"idcs\""));
    }
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    explained(response, explanation)
}

/// An authorization request whose client is not told.
pub(super) fn unanswerable(problem: &Unanswerable) -> Response {
    explained(oauth(&problem.answer()), Some(problem.explanation()))
}

/// A failure of ours at a door that a browser comes to.
pub(super) fn authorize_failed(error: &ServiceError) -> Response {
    refused(error, failure(error), None, false)
}

/// A sign-out that did not happen.
pub(super) fn logout_refused(refusal: &LogoutRefusal) -> Response {
    let bad_request = |text: &'static str| OAuthError::new(OAuthErrorCode::InvalidRequest, text);
    let error = match refusal {
        LogoutRefusal::Service(error) => return authorize_failed(error),
        LogoutRefusal::UnknownStripe => return oauth_unknown_stripe(),
        LogoutRefusal::Form(problem) => TokenRefusal::form_answer(problem),
        LogoutRefusal::Hint | LogoutRefusal::OtherSession => bad_request("The ID token hint is not valid."),
        LogoutRefusal::NoHint | LogoutRefusal::Address => bad_request("The post-logout redirect URI is not valid."),
    };
    explained(oauth(&error), refusal.explanation())
}

/// A token that is not accepted at a door of this dialect (RFC 6750 section 3).
pub(super) fn bearer_refused(fault: &TokenFault) -> Response {
    let (code, text, challenge) = match fault {
        TokenFault::Service(error) => return authorize_failed(error),
        TokenFault::Missing => (OAuthErrorCode::InvalidToken, "An access token is required.", "Bearer"),
        TokenFault::SentTwice => {
            (OAuthErrorCode::InvalidRequest, "The Authorization header was sent more than once.", "Bearer")
        }
        TokenFault::Scope(_) | TokenFault::NotUser => (
            OAuthErrorCode::InsufficientScope,
            "The access token lacks the scope openid.",
            "Bearer error=\"insufficient_scope\", scope=\"openid\"",
        ),
        TokenFault::WholeFile
        | TokenFault::Malformed(_)
        | TokenFault::OtherStripe { .. }
        | TokenFault::Signature
        | TokenFault::Kind(_)
        | TokenFault::Issuer(_)
        | TokenFault::Expired(_)
        | TokenFault::Early(_)
        | TokenFault::Audience
        | TokenFault::User(_) => {
            (OAuthErrorCode::InvalidToken, "The access token is not valid.", "Bearer error=\"invalid_token\"")
        }
    };
    let mut response = oauth(&OAuthError::new(code, text));
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    explained(response, fault.explanation())
}

/// A stripe that is not there, in this dialect.
pub(super) fn oauth_unknown_stripe() -> Response {
    unanswerable(&Unanswerable::UnknownStripe)
}

fn oauth(error: &OAuthError) -> Response {
    body(error).map_or_else(unwritable, |body| (error.status, OAUTH_HEADERS, body).into_response())
}

/// A body of the admin API.
pub(super) fn scim(status: StatusCode, body: Bytes) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(scim::CONTENT_TYPE));
    for (name, value) in scim::HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// A token that is not accepted at a door of the admin API: one answer for all (contract identity 6.2).
pub(super) fn token_not_accepted(fault: &TokenFault) -> Response {
    if let TokenFault::Service(error) = fault {
        return failed(error);
    }
    let mut response = scim_error(&ScimError::unauthorized_access());
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    explained(response, fault.explanation())
}

/// A failure of ours at a door of the admin API.
pub(super) fn failed(error: &ServiceError) -> Response {
    let status = if error.is_passing() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
    let mut response = scim_error(&ScimError::plain(status));
    if error.is_passing() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(1));
    }
    response.extensions_mut().insert(Failure(with_causes(error)));
    response
}

/// A stripe that was asked too often, in the dialect of the door.
pub(super) fn too_many(door: &str, refused: &TooMany) -> Response {
    let mut response = if door == "admin.request" {
        scim_error(&ScimError::plain(StatusCode::TOO_MANY_REQUESTS))
    } else {
        let error = OAuthError::new(OAuthErrorCode::TemporarilyUnavailable, "Too many requests.");
        oauth(&OAuthError { status: StatusCode::TOO_MANY_REQUESTS, ..error })
    };
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(refused.retry_after));
    explained(response, Some(limits::explanation(refused)))
}

/// A stripe that is not there, at a door of the admin API or of discovery.
pub(super) fn unknown_stripe() -> Response {
    explained(scim_error(&ScimError::plain(StatusCode::NOT_FOUND)), Some(crate::users::unknown_stripe()))
}

/// What an operation of the admin API answers (contract identity 6.1).
pub(super) fn administration(answer: Answer) -> Response {
    let mut response = scim(answer.status, answer.body.map(Bytes::from).unwrap_or_default());
    let headers = response.headers_mut();
    if answer.status == StatusCode::NO_CONTENT {
        headers.remove(header::CONTENT_TYPE);
    }
    let next = answer.next.map(|token| token.to_string());
    let texts = [(header::ETAG, answer.etag), (header::LOCATION, answer.location), (OPC_NEXT_PAGE, next)];
    for (name, text) in texts {
        if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

/// A refusal or failure of an operation of the admin API. Who was not let in by a token is told which scheme there is.
pub(super) fn administration_refused(refusal: &Refusal, signed: bool) -> Response {
    let error = refusal.answer();
    let mut response = scim_error(&error);
    let headers = response.headers_mut();
    if error.status == StatusCode::UNAUTHORIZED && !signed {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if error.status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(1));
    }
    if error.status.is_server_error() && refusal.explanation().is_none() {
        let failure = refusal.failure().map_or_else(|| with_causes(refusal), |failure| with_causes(failure));
        response.extensions_mut().insert(Failure(failure));
    }
    explained(response, refusal.explanation())
}

fn scim_error(error: &ScimError) -> Response {
    body(error).map_or_else(unwritable, |body| scim(error.status, body))
}

pub(super) fn explained(mut response: Response, explanation: Option<Explanation>) -> Response {
    if let Some(explanation) = explanation {
        response.extensions_mut().insert(explanation);
    }
    response
}

fn endpoint_unknown() -> Explanation {
    Explanation::new(
        "endpoint_known",
        "an endpoint that is served",
        "another path",
        "docs/compatibility.md lists what is served; discovery documents also name what this release has not",
    )
}

fn method_not_served() -> Explanation {
    Explanation::new("method_served", "the endpoint's own method", "another method", "see docs/compatibility.md")
}

pub(super) async fn oauth_not_found() -> Response {
    let error = OAuthError::new(OAuthErrorCode::InvalidRequest, "The endpoint does not exist.");
    explained(oauth(&OAuthError { status: StatusCode::NOT_FOUND, ..error }), Some(endpoint_unknown()))
}

pub(super) async fn oauth_method_not_allowed() -> Response {
    let error = OAuthError::new(OAuthErrorCode::InvalidRequest, "The method is not allowed.");
    let response = oauth(&OAuthError { status: StatusCode::METHOD_NOT_ALLOWED, ..error });
    explained(response, Some(method_not_served()))
}

pub(super) async fn scim_not_found() -> Response {
    explained(scim_error(&ScimError::plain(StatusCode::NOT_FOUND)), Some(endpoint_unknown()))
}

/// A path that is served by other methods; `allow` lists them.
pub(super) fn scim_other_method(allow: &str) -> Response {
    let mut response = scim_error(&ScimError::plain(StatusCode::METHOD_NOT_ALLOWED));
    if let Ok(allow) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    explained(response, Some(method_not_served()))
}
