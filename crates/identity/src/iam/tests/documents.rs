//! The documents that mirror the code say what the code says.

use obol_domain::{
    caller::CallerRefusal,
    policy::{Denied, Permission, Statement},
};
use obol_protocol::{
    analytics::{FieldFault, FieldProblem},
    oci::signature::{KeyError, SignatureRefusal},
};
use obol_store::StoreError;

use super::*;

const COMPATIBILITY: &str = include_str!("../../../../../docs/compatibility.md");
const ERRORS: &str = include_str!("../../../../../docs/errors.md");

#[test]
fn every_route_stands_in_the_table_of_operations() {
    for route in &ROUTES {
        let row = format!("| {} | `{} {}` |", route.operation.name(), route.method, route.path);
        assert!(COMPATIBILITY.contains(&row), "docs/compatibility.md lacks {row}");
    }
}

#[test]
fn each_operation_has_one_route_with_a_method_that_can_be_routed() {
    for (index, route) in ROUTES.iter().enumerate() {
        assert_ne!(route.filter(), axum::routing::MethodFilter::TRACE, "{route:?}");
        assert!(!ROUTES[index + 1..].iter().any(|other| other.operation == route.operation), "{route:?}");
    }
}

#[test]
fn every_refusal_stands_in_the_table_of_errors() {
    let section = ERRORS.split("## Identity and access (`/20160918`)").nth(1).unwrap().split("\n## ").next().unwrap();
    for refusal in refusals() {
        let message = refusal
            .message()
            .replace("parameter name", "parameter <field>")
            .replace("parameter key", "parameter <field>")
            .replace(
                "Statement 1 cannot be parsed at character 1: expected allow.",
                "Statement <n> cannot be parsed at character <n>: expected <words>.",
            )
            .replace("number of policies", "number of <what>");
        let start = format!("| {} | `{}` | `{message}`", refusal.code().status().as_u16(), refusal.code().as_str());
        let row = section.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("docs/errors.md lacks {start}"));
        if let Some(explanation) = refusal.explanation() {
            assert!(row.contains(&format!("`{}`", explanation.check)), "{} in {row}", explanation.check);
            let checks = ERRORS.split("## Explanations: the checks").nth(1).unwrap();
            assert!(checks.contains(&format!("`{}`", explanation.check)), "{}", explanation.check);
        }
    }
}

/// One of each kind.
fn refusals() -> Vec<Refusal> {
    let field = |fault| {
        Refusal::Field(FieldProblem { fault, field: "name".to_owned(), expected: String::new(), seen: String::new() })
    };
    let denied = Denied { permission: Permission::PolicyRead, statements: 0, of_the_user: 0, by_condition: 0 };
    let id = || "x".to_owned();
    vec![
        Refusal::NoSuchOperation,
        SignatureRefusal::Missing.into(),
        CallerRefusal::UserUnknown.into(),
        CallerRefusal::UserInactive.into(),
        CallerRefusal::Unavailable("away".into()).into(),
        CallerRefusal::Failed("broken".into()).into(),
        Refusal::NotAllowed { operation: "", compartment_id: id(), denied },
        Refusal::BodyTooLong { most: 0 },
        Refusal::BodyBroken,
        field(FieldFault::Missing),
        field(FieldFault::Unprocessable),
        field(FieldFault::OutOfBounds),
        Refusal::CompartmentUnknown { id: id() },
        Refusal::NotFound { what: "policy", id: id() },
        Refusal::Statement { index: 0, fault: "".parse::<Statement>().unwrap_err() },
        Refusal::StatementPlace { index: 0, place: "<place>".to_owned() },
        Refusal::CompartmentExists { name: "<name>".to_owned() },
        Refusal::PolicyExists { name: "<name>".to_owned() },
        Refusal::CompartmentUsed,
        Refusal::TooDeep,
        Refusal::TooMany { what: "policies", most: 0 },
        Refusal::KeyUnusable(KeyError::NotRsa),
        Refusal::KeyExists,
        Refusal::EtagMismatch { current: String::new() },
        Refusal::Store(StoreError::Unavailable("away".into())),
        Refusal::Store(StoreError::Dangling),
        Refusal::Internal("x"),
    ]
}
