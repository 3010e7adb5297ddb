//! What one request lives in: one instant, one id. Every answer carries the id and the date, and a refusal's explanation
//! is recorded under the id.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, header::DATE, request::Parts};
use obol_domain::{Explanation, with_causes};
use obol_protocol::{Timestamp, oci::RequestId};

use super::answer::Failure;
use crate::Identity;

const OPC_REQUEST_ID: HeaderName = HeaderName::from_static("opc-request-id");

/// One request sees one instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestContext {
    /// The service's time.
    pub(super) now: Timestamp,
    /// The time that clients' clocks show.
    pub(super) wall: Timestamp,
}

impl RequestContext {
    /// The context that [`enter`] made.
    pub(super) fn of(parts: &Parts, identity: &Identity) -> Self {
        parts.extensions.get().copied().unwrap_or_else(|| Self::begin(identity))
    }

    fn begin(identity: &Identity) -> Self {
        Self { now: identity.0.clock.now(), wall: identity.0.clock.wall() }
    }
}

/// Makes the context, and finishes the answer with it.
pub(super) async fn enter(State(identity): State<Identity>, mut request: Request, next: Next) -> Response {
    let context = RequestContext::begin(&identity);
    let sent = request.headers().get(OPC_REQUEST_ID).and_then(|value| value.to_str().ok());
    let request_id = RequestId::mint(sent, &identity.0.entropy.bytes::<48>());
    request.extensions_mut().insert(context);
    let mut response = next.run(request).await;
    let id = request_id.as_str();
    if let Some(explanation) = response.extensions_mut().remove::<Explanation>() {
        identity.0.recorder.record(id, explanation, context.now);
    }
    let status = response.status().as_u16();
    if let Some(Failure(refusal)) = response.extensions_mut().remove() {
        tracing::error!(request_id = id, status, error = with_causes(&*refusal), "request failed");
    } else {
        tracing::debug!(request_id = id, status, "request answered");
    }
    let headers = response.headers_mut();
    // Both are made of visible ASCII only.
    headers.extend(HeaderValue::from_str(id).ok().map(|value| (OPC_REQUEST_ID, value)));
    headers.extend(HeaderValue::from_str(&context.wall.http_date()).ok().map(|value| (DATE, value)));
    response
}
