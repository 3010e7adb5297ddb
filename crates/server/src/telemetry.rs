//! One structured line per request, without anything a secret could be in: no query, no header, no body, and of the path
//! only which route it took, as a token may have been pasted where an id goes.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use tracing::Level;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Starts logging to standard error, one JSON object a line, from `level` up.
pub fn start(level: Level) {
    let filter = Targets::new().with_default(Level::WARN).with_targets(
        ["obol_server", "obol_identity", "obol_analytics", "obol_console", "obol_store"].map(|target| (target, level)),
    );
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::registry().with(lines).with(filter).try_init();
}

/// What is remembered of a request until its answer is known.
pub(crate) struct RequestLog(Option<Begun>);

struct Begun {
    method: String,
    at: std::time::Instant,
}

impl RequestLog {
    pub(crate) fn begin(request: &Request) -> Self {
        if !tracing::enabled!(Level::INFO) {
            return Self(None);
        }
        #[expect(clippy::disallowed_methods, reason = "how long a request took is measured, not decided by")]
        let at = std::time::Instant::now();
        Self(Some(Begun { method: request.method().to_string(), at }))
    }

    pub(crate) fn end(self, response: &Response) {
        let Some(Begun { method, at }) = self.0 else { return };
        let path = response.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
        let request_id = ["opc-request-id", "x-oracle-dms-ecid"]
            .iter()
            .find_map(|name| response.headers().get(*name))
            .and_then(|value| value.to_str().ok())
            .unwrap_or("-");
        let micros = u64::try_from(Duration::as_micros(&at.elapsed())).unwrap_or(u64::MAX);
        tracing::info!(method, path, status = response.status().as_u16(), request_id, micros, "request");
    }
}

/// Leaves the route a request took, e.g. `/20190331/analyticsInstances/{id}`, with its answer, for the log.
pub(crate) async fn note_route(route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// The answer to a request that took too long.
pub(crate) fn timed_out() -> Response {
    let mut response = Response::new(Body::from("the request took longer than a minute\n"));
    *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
    response
}
