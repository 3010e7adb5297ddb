//! Answers own their status and headers, the good ones and the refusals.

use std::sync::Arc;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use obol_protocol::oci::ErrorBody;
use serde::Serialize;

use super::{call::etag, refusal::Refusal};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const OPC_NEXT_PAGE: HeaderName = HeaderName::from_static("opc-next-page");

/// What an operation answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    status: StatusCode,
    etag: Option<String>,
    next_page: Option<String>,
    body: Option<String>,
}

impl Answer {
    /// A status without a body.
    pub(super) const fn empty(status: StatusCode) -> Self {
        Self { status, etag: None, next_page: None, body: None }
    }

    /// 200 with a JSON body.
    ///
    /// # Errors
    ///
    /// [`Refusal::Internal`] when it cannot be spelled, which none of ours is.
    pub(super) fn json(body: &impl Serialize) -> Result<Self, Refusal> {
        let body = serde_json::to_string(body).map_err(|_| Refusal::Internal("an answer cannot be spelled"))?;
        Ok(Self { body: Some(body), ..Self::empty(StatusCode::OK) })
    }

    /// With the ETag of a version.
    pub(super) fn version(mut self, version: i64) -> Self {
        self.etag = Some(etag(version));
        self
    }

    pub(super) fn next_page(mut self, token: Option<String>) -> Self {
        self.next_page = token;
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let content_type = self.body.is_some().then_some((header::CONTENT_TYPE, JSON));
        let mut response = Response::new(self.body.map_or_else(Body::empty, Body::from));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.extend(content_type);
        for (name, value) in [(header::ETAG, self.etag), (OPC_NEXT_PAGE, self.next_page)] {
            // Both are made of visible ASCII only.
            headers.extend(value.and_then(|value| HeaderValue::from_str(&value).ok()).map(|value| (name, value)));
        }
        response
    }
}

/// What made an answer a failure of ours, for the log.
#[derive(Clone)]
pub(super) struct Failure(pub(super) Arc<Refusal>);

/// The explanation, and a failure's cause, travel in the response's extensions to where the request's id is known.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let code = self.code();
        let body = serde_json::to_string(&ErrorBody::new(code, self.message())).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = code.status();
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        if code.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        if let Some(explanation) = self.explanation() {
            response.extensions_mut().insert(explanation);
        }
        if code.status().is_server_error() {
            response.extensions_mut().insert(Failure(Arc::new(self)));
        }
        response
    }
}
