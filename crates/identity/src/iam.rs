//! Oracle's identity API 20160918, as far as scripts and Terraform need it on the way to an Analytics instance:
//! compartments, policies, users' API keys, the tenancy and its regions. It is signed like the Analytics API and speaks the
//! same dialect of errors; what it keeps is identity's.
//!
//! Who may is decided by the tenancy's policy statements, as there. A user may always look after its own API keys.

mod answer;
mod call;
mod context;
mod operations;
mod page;
mod refusal;
pub mod routes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{FromRequestParts as _, RawPathParams, Request},
    middleware::from_fn_with_state,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, any},
};
use http::{Method, request::Parts};
use obol_domain::{RequestAuthenticator as _, caller::Freshness};
use obol_protocol::oci::signature::{SignedRequest, check_body};

use crate::Identity;
use answer::Answer;
use call::Call;
use context::RequestContext;
use refusal::Refusal;
use routes::{ROUTES, Route};

/// The most bytes a body has: fifty statements of 4096 characters, and what is around them.
const MOST_BYTES: usize = 512 * 1024;

/// The routes of the API, each with and without a slash at its end, and Oracle's 404 for everything else below its version.
pub fn router(identity: Identity) -> Router {
    let mut paths: BTreeMap<&'static str, MethodRouter> = BTreeMap::new();
    for route in &ROUTES {
        let identity = identity.clone();
        let handler = move |request: Request| serve(identity, route, request);
        let methods = paths.remove(route.path).unwrap_or_default().on(route.filter(), handler);
        paths.insert(route.path, methods);
    }
    let mut router = Router::new();
    for (path, methods) in paths {
        let methods = methods.fallback(no_such_operation);
        router = router.route(&format!("{path}/"), methods.clone()).route(path, methods);
    }
    router
        .route("/20160918", any(no_such_operation))
        .route("/20160918/", any(no_such_operation))
        .route("/20160918/{*rest}", any(no_such_operation))
        .route_layer(from_fn_with_state(identity, context::enter))
}

async fn no_such_operation() -> Response {
    Refusal::NoSuchOperation.into_response()
}

async fn serve(identity: Identity, route: &'static Route, request: Request) -> Response {
    match answer(&identity, route, request).await {
        Ok(answer) => answer.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn answer(identity: &Identity, route: &'static Route, request: Request) -> Result<Answer, Refusal> {
    let (mut parts, body) = request.into_parts();
    let context = RequestContext::of(&parts, identity);
    let freshness = if parts.method.is_safe() { Freshness::Recent } else { Freshness::Exact };
    let caller = identity.authenticate(SignedRequest::of(&parts), context.now, context.wall, freshness).await?;
    let body = receive(&parts, body).await?;
    check_body(&SignedRequest::of(&parts), &body)?;
    // Whoever made a compartment or a policy looks at it next: here the rules are never old, on whichever node.
    let rules = identity.0.rules.exact(&caller.tenancy_id, context.wall).await?;
    let ids = varying_parts(&mut parts).await;
    let call = Call {
        identity,
        route,
        now: context.now,
        caller: &caller,
        rules: rules.ok_or(Refusal::Internal("the caller's tenancy is not there"))?,
        ids,
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: &body,
    };
    operations::run(&call).await
}

/// Receives the body of a request that has one, up to a limit. GET and DELETE have none that counts.
async fn receive(parts: &Parts, body: Body) -> Result<Bytes, Refusal> {
    if !matches!(parts.method, Method::POST | Method::PUT) {
        return Ok(Bytes::new());
    }
    axum::body::to_bytes(body, MOST_BYTES).await.map_err(|error| {
        let source = std::error::Error::source(&error);
        let cut = source.and_then(|source| source.downcast_ref::<http_body_util::LengthLimitError>()).is_some();
        if cut { Refusal::BodyTooLong { most: MOST_BYTES } } else { Refusal::BodyBroken }
    })
}

/// The ids in the path. A fingerprint has colons, which clients escape or not.
async fn varying_parts(parts: &mut Parts) -> [String; 2] {
    let Ok(parameters) = RawPathParams::from_request_parts(parts, &()).await else { return Default::default() };
    let mut values = parameters.iter().map(|(_, value)| value.replace("%3A", ":").replace("%3a", ":"));
    [values.next().unwrap_or_default(), values.next().unwrap_or_default()]
}
