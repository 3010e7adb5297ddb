//! The doors below `/admin/v1`: each request is authenticated, let in by the table, read, and handed to its operation.

use axum::{
    RequestPartsExt as _,
    body::{Body, to_bytes},
    extract::{FromRequestParts as _, RawPathParams, Request},
    response::Response,
};
use bytes::Bytes;
use http::{HeaderMap, Method, header, request::Parts};
use obol_domain::caller::Freshness;
use obol_protocol::oci::signature::{SignedRequest, check_body};
use serde_json::Value;

use super::{answer, context::Door};
use crate::{
    Identity,
    admin::{self, AdminCaller, Answer, Call, Refusal, Route},
    cache::LoadedStripe,
};

/// The largest body, in bytes (contract identity 6.1).
const LARGEST_BODY: usize = 1024 * 1024;

pub(super) async fn serve(identity: Identity, route: &'static Route, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    match answer(&identity, route, &mut parts, body).await {
        Ok(made) => answer::administration(made),
        Err(refusal) => answer::administration_refused(&refusal, is_signed(&parts.headers)),
    }
}

async fn answer(identity: &Identity, route: &'static Route, parts: &mut Parts, body: Body) -> Result<Answer, Refusal> {
    let door = match Door::from_request_parts(parts, identity).await {
        Ok(door) => door,
        Err(never) => match never {},
    };
    let stripe = identity.locate(&door.locator, door.now).await?.ok_or(Refusal::UnknownStripe)?;
    let caller = authenticate(identity, &stripe, &door, parts).await?;
    caller.asking().may(route.endpoint, route.access)?;
    let body = receive(parts, body).await?;
    let call = Call {
        cause: caller.behind(door.cause),
        identity: identity.clone(),
        base: door.base.as_ref().map_or_else(|| stripe.url.clone(), |base| base.0.clone()),
        stripe,
        caller,
        now: door.now,
        id: id_in(parts).await,
        query: query_of(parts.uri.query().unwrap_or_default())?,
        body: parsed(parts, &body)?,
        if_match: text_of(&parts.headers, &header::IF_MATCH),
    };
    admin::run(route.operation, &call).await
}

fn text_of(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn is_signed(headers: &HeaderMap) -> bool {
    let value = headers.get(header::AUTHORIZATION).map(http::HeaderValue::as_bytes).unwrap_or_default();
    value.get(..9).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"Signature"))
}

async fn authenticate(
    identity: &Identity,
    stripe: &LoadedStripe,
    door: &Door,
    parts: &Parts,
) -> Result<AdminCaller, Refusal> {
    if is_signed(&parts.headers) {
        let freshness = if parts.method.is_safe() { Freshness::Recent } else { Freshness::Exact };
        return identity.signing_caller(stripe, SignedRequest::of(parts), door.now, freshness).await;
    }
    identity.bearer_caller(stripe, door.bearer()?, door.now).await
}

fn has_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

async fn receive(parts: &Parts, body: Body) -> Result<Bytes, Refusal> {
    if !has_body(&parts.method) {
        return Ok(Bytes::new());
    }
    let body = to_bytes(body, LARGEST_BODY).await.map_err(|error| {
        let source = std::error::Error::source(&error);
        let cut = source.is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
        if cut { Refusal::BodyTooLarge } else { Refusal::BodyBroken }
    })?;
    if is_signed(&parts.headers) {
        check_body(&SignedRequest::of(parts), &body)?;
    }
    Ok(body)
}

fn parsed(parts: &Parts, body: &[u8]) -> Result<Value, Refusal> {
    if !has_body(&parts.method) {
        return Ok(Value::Null);
    }
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    if !["application/json", "application/scim+json"].iter().any(|known| media_type.eq_ignore_ascii_case(known)) {
        return Err(Refusal::ContentType);
    }
    serde_json::from_slice(body).map_err(|_| Refusal::BodyNotJson)
}

/// The id in the path, decoded: those of schemas have colons, which some clients escape.
async fn id_in(parts: &mut Parts) -> String {
    let Ok(parameters) = parts.extract::<RawPathParams>().await else { return String::new() };
    parameters.iter().next().map(|(_, value)| value.to_owned()).unwrap_or_default()
}

fn query_of(query: &str) -> Result<Vec<(String, String)>, Refusal> {
    use obol_protocol::{oauth::form::decode, scim::Fault};
    let decoded = |text: &str| decode(text.as_bytes()).map_err(|_| Fault::Parameter("encoding"));
    let mut parameters = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        parameters.push((decoded(name)?, decoded(value)?));
    }
    Ok(parameters)
}
