//! Answers own their status and headers, the good ones and the refusals.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use obol_protocol::oci::ErrorBody;
use serde::{Deserialize, Serialize};

use crate::Refusal;

const OPC_WORK_REQUEST_ID: HeaderName = HeaderName::from_static("opc-work-request-id");
const CHILD_RESOURCE_ID: HeaderName = HeaderName::from_static("child-resource-id");
const OPC_NEXT_PAGE: HeaderName = HeaderName::from_static("opc-next-page");
/// How long a caller is asked to wait before it polls or tries again, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// What an operation answers with. It can be kept, to be given again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    status: u16,
    etag: Option<String>,
    location: Option<String>,
    child_resource_id: Option<String>,
    work_request_id: Option<String>,
    #[serde(skip)]
    next_page: Option<String>,
    #[serde(skip)]
    poll: bool,
    body: Option<String>,
}

impl Answer {
    /// A status without a body.
    pub(crate) const fn empty(status: StatusCode) -> Self {
        Self {
            status: status.as_u16(),
            etag: None,
            location: None,
            child_resource_id: None,
            work_request_id: None,
            next_page: None,
            poll: false,
            body: None,
        }
    }

    /// A JSON body.
    ///
    /// # Errors
    ///
    /// [`Refusal::Internal`] when it cannot be spelled, which none of ours is.
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Refusal> {
        let body = serde_json::to_string(body).map_err(|_| Refusal::Internal("an answer cannot be spelled"))?;
        Ok(Self { body: Some(body), ..Self::empty(status) })
    }

    pub(crate) fn etag(mut self, etag: String) -> Self {
        self.etag = Some(etag);
        self
    }

    pub(crate) fn location(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    /// Names the child that the operation is about.
    pub(crate) fn child_resource(mut self, id: &str) -> Self {
        self.child_resource_id = Some(id.to_owned());
        self
    }

    pub(crate) fn work_request(mut self, id: String) -> Self {
        self.work_request_id = Some(id);
        self
    }

    pub(crate) fn next_page(mut self, token: Option<String>) -> Self {
        self.next_page = token;
        self
    }

    /// Asks the caller to come again.
    pub(crate) const fn poll(mut self, poll: bool) -> Self {
        self.poll = poll;
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = self.body.map(|body| (Body::from(body), HeaderValue::from_static("application/json")));
        let (body, content_type) = body.map_or_else(|| (Body::empty(), None), |(body, kind)| (body, Some(kind)));
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.extend(content_type.map(|value| (header::CONTENT_TYPE, value)));
        for (name, value) in [
            (header::ETAG, self.etag),
            (header::LOCATION, self.location),
            (CHILD_RESOURCE_ID, self.child_resource_id),
            (OPC_WORK_REQUEST_ID, self.work_request_id),
            (OPC_NEXT_PAGE, self.next_page),
        ] {
            // All are made of visible ASCII only.
            headers.extend(value.and_then(|value| HeaderValue::from_str(&value).ok()).map(|value| (name, value)));
        }
        if self.poll {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
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
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if code.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
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
