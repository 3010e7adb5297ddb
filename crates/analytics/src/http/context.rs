//! What one request lives in: one instant, one id. Every answer carries the id and the date, and a refusal's explanation
//! is recorded under the id.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header::DATE, request::Parts},
    middleware::Next,
    response::Response,
};
use obol_domain::{Explanation, with_causes};
use obol_protocol::{Timestamp, oci::RequestId};

use super::answer::Failure;
use crate::{Analytics, Inner};

/// The header that names a request, both ways (contract analytics 5.1).
pub(crate) const OPC_REQUEST_ID: HeaderName = HeaderName::from_static("opc-request-id");

/// One request sees one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestContext {
    /// The service's time.
    pub(crate) now: Timestamp,
    /// The time that clients' clocks show.
    pub(crate) wall: Timestamp,
}

impl RequestContext {
    /// The context that [`enter`] made.
    pub(crate) fn of(parts: &Parts, analytics: &Inner) -> Self {
        parts.extensions.get().copied().unwrap_or_else(|| Self::begin(analytics))
    }

    fn begin(analytics: &Inner) -> Self {
        Self { now: analytics.clock.now(), wall: analytics.clock.wall() }
    }
}

/// Makes the context, and finishes the answer with it.
pub(super) async fn enter(State(analytics): State<Analytics>, mut request: Request, next: Next) -> Response {
    let context = RequestContext::begin(&analytics);
    let request_id = RequestId::mint(sent_id(request.headers()), &analytics.entropy.bytes::<48>());
    request.extensions_mut().insert(context);
    let mut response = next.run(request).await;
    if let Some(explanation) = response.extensions_mut().remove::<Explanation>() {
        analytics.recorder.record(request_id.as_str(), explanation, context.now);
    }
    let status = response.status().as_u16();
    if let Some(Failure(refusal)) = response.extensions_mut().remove() {
        tracing::error!(request_id = request_id.as_str(), status, error = with_causes(&*refusal), "request failed");
    } else {
        tracing::debug!(request_id = request_id.as_str(), status, "request answered");
    }
    let headers = response.headers_mut();
    // Both are made of visible ASCII only.
    if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
        headers.insert(OPC_REQUEST_ID, value);
    }
    // The documented way to read the server's time, to set a clock by (contract analytics 4.7).
    if let Ok(value) = HeaderValue::from_str(&context.wall.http_date()) {
        headers.insert(DATE, value);
    }
    response
}

fn sent_id(headers: &HeaderMap) -> Option<&str> {
    headers.get(OPC_REQUEST_ID).and_then(|value| value.to_str().ok())
}
