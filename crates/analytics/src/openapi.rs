//! The API as an OpenAPI 3.1 document, made from the table of routes: what generators, fuzzers and people read instead of code.
//!
//! `docs/openapi/analytics.json` is the same text, and a test holds them equal.

mod operations;
mod schemas;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::http::routes::{Operation, ROUTES, Route};
use operations::{Answer, Shape};

static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", document()));

/// What every answer, refusals included, may be.
const ERRORS: &[(&str, &str)] = &[
    ("400", "Malformed, out of bounds, or beyond a limit"),
    ("401", "Not signed, or not by a known key"),
    ("404", "Unknown, or not the caller's to know"),
    ("429", "Too many requests"),
    ("500", "A fault of the service"),
    ("default", "Another refusal"),
];
/// What only a change may be answered.
const ERRORS_OF_CHANGES: &[(&str, &str)] =
    &[("409", "The state or a name stands in the way"), ("412", "The ETag is not the resource's")];

/// The document as JSON text, the same at every call.
pub fn text() -> &'static str {
    &TEXT
}

fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Analytics API",
            "version": obol_protocol::analytics::API_VERSION,
            "description": "The control plane of Oracle Analytics Cloud as Obol serves it.",
        },
        "servers": [{ "url": "/" }],
        "security": [{ "signature": [] }],
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "signature": {
                    "type": "http",
                    "scheme": "signature",
                    "description": "Oracle's request signature, version 1: rsa-sha256 with an API key.",
                },
            },
            "schemas": schemas::all(),
        },
    })
}

fn paths() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let method = route.method.as_str().to_ascii_lowercase();
        if let Value::Object(methods) = paths.entry(route.path).or_insert_with(|| json!({})) {
            methods.insert(method, operation(route));
        }
    }
    paths.into()
}

fn operation(route: &Route) -> Value {
    let shape = operations::shape(route.operation);
    let mut entry = json!({
        "operationId": route.operation.name(),
        "parameters": parameters(route, &shape),
        "responses": responses(route, &shape),
    });
    if let (Some(body), Value::Object(entry)) = (shape.body, &mut entry) {
        let content = json!({ "application/json": { "schema": schemas::reference(body) } });
        entry.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
    }
    if let (Operation::GetAdditionalInfo, Value::Object(entry)) = (route.operation, &mut entry) {
        entry.insert("description".to_owned(), json!("In no published description of the API."));
    }
    entry
}

fn parameters(route: &Route, shape: &Shape) -> Vec<Value> {
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> =
        in_path.map(|name| parameter(name, "path", true, &schemas::text(1, 255))).collect();
    parameters.extend(shape.query.iter().map(|query| operations::query_parameter(*query)));
    parameters.push(parameter("opc-request-id", "header", false, &schemas::pattern(1, 255, "^[a-zA-Z0-9_./-]+$")));
    if shape.retry_token {
        parameters.push(parameter("opc-retry-token", "header", false, &schemas::text(1, 64)));
    }
    if shape.if_match {
        parameters.push(parameter("if-match", "header", false, &json!({ "type": "string" })));
    }
    parameters
}

fn parameter(name: &str, place: &str, required: bool, schema: &Value) -> Value {
    json!({ "name": name, "in": place, "required": required, "schema": schema })
}

fn responses(route: &Route, shape: &Shape) -> Value {
    let mut responses: Map<String, Value> = Map::new();
    let mut headers = json!({ "opc-request-id": header(true) });
    if let Value::Object(headers) = &mut headers {
        for (name, required) in shape.headers {
            headers.insert((*name).to_owned(), header(*required));
        }
    }
    let mut success = json!({ "description": "Done, or accepted", "headers": headers });
    let schema = match shape.answer {
        Answer::Nothing => None,
        Answer::One(name) => Some(schemas::reference(name)),
        Answer::Many(name) => Some(json!({ "type": "array", "maxItems": 1000, "items": schemas::reference(name) })),
    };
    if let (Some(schema), Value::Object(success)) = (schema, &mut success) {
        success.insert("content".to_owned(), json!({ "application/json": { "schema": schema } }));
    }
    responses.insert(shape.status.to_owned(), success);
    let is_change = route.method != http::Method::GET;
    for (status, description) in ERRORS.iter().chain(ERRORS_OF_CHANGES.iter().filter(|_| is_change)) {
        responses.insert((*status).to_owned(), refusal(description));
    }
    responses.into()
}

fn refusal(description: &str) -> Value {
    json!({
        "description": description,
        "headers": { "opc-request-id": header(true) },
        "content": { "application/json": { "schema": schemas::reference("Error") } },
    })
}

fn header(required: bool) -> Value {
    json!({ "required": required, "schema": { "type": "string" } })
}
