//! The door: every request gets a context, is matched against one table of routes, authenticated, authorised, and handed
//! to its operation.

mod answer;
mod context;
pub mod routes;

use std::collections::BTreeMap;

use axum::{
    Router,
    body::Bytes,
    extract::{FromRequestParts as _, RawPathParams, Request},
    http::{HeaderMap, Method, request::Parts},
    middleware,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, any},
};
use obol_domain::caller::{Caller, Freshness};
pub use obol_protocol::oci::signature::RawTarget;
use obol_protocol::oci::signature::{SignedRequest, check_body};

pub(crate) use answer::Answer;
pub(crate) use context::RequestContext;

use crate::{Analytics, Refusal, access, operations};
use routes::{Policy, ROUTES, Route};

/// The most bytes a body has. A real one has a few hundred, an access token at most 8192 characters.
const MOST_BYTES: usize = 256 * 1024;

/// The routes of the Analytics API, and Oracle's 404 for everything else below its version.
pub fn router(analytics: Analytics) -> Router {
    let mut paths: BTreeMap<&'static str, MethodRouter> = BTreeMap::new();
    for route in ROUTES {
        let analytics = analytics.clone();
        let handler = move |request: Request| serve(analytics, route, request);
        let methods = paths.remove(route.path).unwrap_or_default().on(route.filter(), handler);
        paths.insert(route.path, methods);
    }
    let mut router = Router::new();
    for (path, methods) in paths {
        router = router.route(path, methods.fallback(no_such_operation));
    }
    router
        .route("/20190331", any(no_such_operation))
        .route("/20190331/", any(no_such_operation))
        .route("/20190331/{*rest}", any(no_such_operation))
        .route_layer(middleware::from_fn_with_state(analytics, context::enter))
}

async fn no_such_operation() -> Response {
    Refusal::NoSuchOperation.into_response()
}

/// A request that may be carried out.
pub(crate) struct Call<'a> {
    pub(crate) context: RequestContext,
    pub(crate) caller: &'a Caller,
    /// The first part of the path that varies, which names an instance or a work request; empty where nothing does.
    pub(crate) id: &'a str,
    /// The second, which names something of the instance; empty where there is none.
    pub(crate) key: &'a str,
    /// The raw query.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

async fn serve(analytics: Analytics, route: &'static Route, request: Request) -> Response {
    match answer(&analytics, route, request).await {
        Ok(answer) => answer.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn answer(analytics: &Analytics, route: &'static Route, request: Request) -> Result<Answer, Refusal> {
    let (mut parts, body) = request.into_parts();
    let context = RequestContext::of(&parts, analytics);
    let freshness = if parts.method.is_safe() { Freshness::Recent } else { Freshness::Exact };
    let caller =
        analytics.authenticator.authenticate(SignedRequest::of(&parts), context.now, context.wall, freshness).await?;
    let body = receive(&parts, body).await?;
    check_body(&SignedRequest::of(&parts), &body)?;
    let [id, key] = varying_parts(&mut parts).await;
    let call = Call {
        context,
        caller: &caller,
        id: &id,
        key: &key,
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: &body,
    };
    match route.policy {
        Policy::Permission => access::authorise(analytics, route, &call, freshness).await?,
    }
    operations::run(analytics, route.operation, &call).await
}

/// Receives the body of a request that has one, up to a limit. GET and DELETE have none that counts.
async fn receive(parts: &Parts, body: axum::body::Body) -> Result<Bytes, Refusal> {
    if !matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) {
        return Ok(Bytes::new());
    }
    axum::body::to_bytes(body, MOST_BYTES).await.map_err(|error| {
        let source = std::error::Error::source(&error);
        let cut = source.and_then(|source| source.downcast_ref::<http_body_util::LengthLimitError>()).is_some();
        if cut { Refusal::BodyTooLong { most: MOST_BYTES } } else { Refusal::BodyBroken }
    })
}

/// The ids in the path, as they were sent: no id needs an escape, so one that has some is nobody's.
async fn varying_parts(parts: &mut Parts) -> [String; 2] {
    let Ok(parameters) = RawPathParams::from_request_parts(parts, &()).await else { return Default::default() };
    let mut values = parameters.iter().map(|(_, value)| value.to_owned());
    [values.next().unwrap_or_default(), values.next().unwrap_or_default()]
}
