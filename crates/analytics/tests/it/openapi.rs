//! The OpenAPI document describes what is served: the committed file, the routes, and nothing that leads nowhere.

use std::collections::BTreeSet;

use obol_analytics::{http::routes::ROUTES, openapi};
use serde_json::Value;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi/analytics.json");

fn document() -> Value {
    serde_json::from_str(openapi::text()).unwrap()
}

#[test]
fn the_committed_document_is_the_served_one() {
    let committed = std::fs::read_to_string(COMMITTED).unwrap();
    assert!(committed == openapi::text(), "write GET /obol/v1/openapi/analytics.json to docs/openapi/analytics.json");
}

#[test]
fn every_route_has_an_entry_and_every_entry_a_route() {
    let document = document();
    let mut entries = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, entry) in methods.as_object().unwrap() {
            entries.insert((method.to_uppercase(), path.clone(), entry["operationId"].as_str().unwrap().to_owned()));
        }
    }
    let name = |route: &obol_analytics::http::routes::Route| {
        (route.method.to_string(), route.path.to_owned(), route.operation.name().to_owned())
    };
    assert_eq!(entries, ROUTES.iter().map(name).collect());
}

#[test]
fn every_varying_part_of_a_path_is_a_parameter() {
    let document = document();
    for route in ROUTES {
        let entry = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        let declared = entry["parameters"].as_array().unwrap().iter().filter(|each| each["in"] == "path");
        let declared: Vec<&str> = declared.map(|each| each["name"].as_str().unwrap()).collect();
        let varying: Vec<&str> = route.path.split('/').filter_map(|part| part.strip_prefix('{')).collect();
        assert_eq!(declared, varying.iter().map(|part| part.trim_end_matches('}')).collect::<Vec<_>>(), "{route:?}");
    }
}

#[test]
fn every_schema_is_used_and_every_reference_leads_to_one() {
    fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    found.insert(reference.strip_prefix("#/components/schemas/").unwrap());
                }
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert_eq!(found, schemas.keys().map(String::as_str).collect());
}

#[test]
fn every_operation_declares_the_refusals_that_it_can_answer() {
    // Contract analytics 1: all of them on every operation, two more where something changes.
    for (path, methods) in document()["paths"].as_object().unwrap() {
        for (method, entry) in methods.as_object().unwrap() {
            let responses = entry["responses"].as_object().unwrap();
            let has = |status: &str| responses.contains_key(status);
            assert!(["400", "401", "404", "429", "500", "default"].into_iter().all(has), "{method} {path}");
            assert!(["409", "412"].into_iter().all(|status| has(status) == (method != "get")), "{method} {path}");
        }
    }
}
