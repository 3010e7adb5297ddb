//! The documents that mirror the code say what the code says.

use obol_analytics::{ChildKind, Refusal, http::routes::ROUTES};
use obol_domain::{
    Explanation,
    caller::CallerRefusal,
    capacity::{CapacityRefusal, ServiceLimit},
    certificate::{CertificateField, CertificateRefusal},
    lifecycle::{After, InstanceOperation, transition},
    policy::{Denied, Permission},
};
use obol_protocol::{
    Timestamp,
    analytics::{Capacity, CapacityType, FieldFault, FieldProblem, LifecycleState, WorkRequestStatus},
    oci::signature::SignatureRefusal,
};
use obol_store::StoreError;

const COMPATIBILITY: &str = include_str!("../../../../docs/compatibility.md");
const LIFECYCLE: &str = include_str!("../../../../docs/lifecycle.md");
const ERRORS: &str = include_str!("../../../../docs/errors.md");

#[test]
fn every_route_stands_in_the_table_of_operations() {
    for route in ROUTES {
        let row = format!("| {} | `{} {}` |", route.operation.name(), route.method, route.path);
        assert!(COMPATIBILITY.contains(&row), "docs/compatibility.md lacks {row}");
    }
}

#[test]
fn the_table_of_the_lifecycle_is_the_one_that_rules() {
    let state = |state: LifecycleState| format!("`{state}`");
    let after = |after: After| match after {
        After::State(to) => state(to),
        After::Unchanged => "as before".to_owned(),
    };
    let mut table = Vec::new();
    for operation in InstanceOperation::ALL {
        let name = match operation {
            InstanceOperation::Create => "CreateAnalyticsInstance",
            InstanceOperation::Start => "StartAnalyticsInstance",
            InstanceOperation::Stop => "StopAnalyticsInstance",
            InstanceOperation::Change => {
                "scaling; network endpoint, encryption key, feature bundle; private access channels, vanity URLs, \
                 resource groups"
            }
            InstanceOperation::Move => "ChangeAnalyticsInstanceCompartment",
            InstanceOperation::Update => "UpdateAnalyticsInstance",
            InstanceOperation::Delete => "DeleteAnalyticsInstance",
        };
        let row = transition(operation);
        let from = match row.from {
            [] => "no instance of the name".to_owned(),
            states => states.iter().map(|from| state(*from)).collect::<Vec<_>>().join(", "),
        };
        let during = row.during.map_or_else(|| "at once".to_owned(), state);
        let cells = [name.to_owned(), from, during, after(row.after), after(row.failed), after(row.canceled)];
        table.push(format!("| {} |", cells.join(" | ")));
    }
    let kept: Vec<_> = LIFECYCLE.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert_eq!(kept, table);
}

#[test]
fn every_refusal_stands_in_the_table_of_errors() {
    let section = ERRORS.split("## Analytics (`/20190331`)").nth(1).unwrap().split("\n## ").next().unwrap();
    for refusal in refusals() {
        let message = refusal
            .message()
            .replace("ee-ocpu-count", "<limit>")
            .replace("vanity-url-count", "<limit>")
            .replace("a resource group with", "a <child> with")
            .replace("parameter passphrase", "parameter <field>")
            .replace("parameter privateKey", "parameter <field>")
            .replace("parameter publicCertificate", "parameter <field>")
            .replace("parameter capacity is", "parameter <field> is")
            .replace("CREATING", "<state>")
            .replace("FAILED", "<status>")
            .replace("parameter name", "parameter <field>")
            .replace("parameter idcsAccessToken", "parameter <field>")
            .replace("parameter capacity.capacityValue", "parameter <field>")
            .replace("parameter capacity.capacityType", "parameter <field>");
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
    let token = |check| Explanation::new(check, "", "", "");
    let mut refusals: Vec<Refusal> = [
        SignatureRefusal::Missing,
        SignatureRefusal::OtherScheme,
        SignatureRefusal::Malformed("x"),
        SignatureRefusal::ParameterMissing("x"),
        SignatureRefusal::OtherVersion,
        SignatureRefusal::OtherAlgorithm,
        SignatureRefusal::RequiredNotSigned("x"),
        SignatureRefusal::ListedTwice,
        SignatureRefusal::ListedAbsent("x".to_owned()),
        SignatureRefusal::DateUnreadable,
        SignatureRefusal::DateSkewed { sent: Timestamp::default(), wall: Timestamp::default() },
        SignatureRefusal::KeyIdMalformed,
        SignatureRefusal::KeyUnknown { fingerprint: String::new() },
        SignatureRefusal::SignatureMismatch { signed: String::new() },
        SignatureRefusal::LengthMismatch { received: 0 },
        SignatureRefusal::DigestMismatch { received: String::new() },
    ]
    .into_iter()
    .map(Refusal::from)
    .collect();
    let limit = ServiceLimit { name: "ee-ocpu-count", most: 40 };
    let state = LifecycleState::Creating;
    let capacity = Capacity { capacity_type: CapacityType::OlpuCount, capacity_value: 3 };
    let denied = Denied { permission: Permission::InstanceRead, statements: 0, of_the_user: 0, by_condition: 0 };
    refusals.extend([
        Refusal::NoSuchOperation,
        CallerRefusal::UserUnknown.into(),
        CallerRefusal::UserInactive.into(),
        CallerRefusal::Session(token("session_token_readable")).into(),
        CallerRefusal::Session(token("session_token_signature")).into(),
        CallerRefusal::Session(token("session_token_kind")).into(),
        CallerRefusal::Session(token("session_token_not_expired")).into(),
        CallerRefusal::Unavailable("away".into()).into(),
        CallerRefusal::Failed("broken".into()).into(),
        Refusal::NotAllowed { operation: "", compartment_id: String::new(), denied },
        Refusal::BodyTooLong { most: 0 },
        Refusal::BodyBroken,
        field(FieldFault::Missing),
        field(FieldFault::Unprocessable),
        field(FieldFault::OutOfBounds),
        Refusal::TokenMissing,
        Refusal::TokenIsFile,
        Refusal::TokenNotUserContext(token("token_of_a_user")),
        Refusal::TokenInvalid(token("user_not_locked")),
        Refusal::VerifierUnavailable("away".into()),
        Refusal::CompartmentUnknown { id: String::new() },
        Refusal::Capacity { refusal: CapacityRefusal::OcpuSize, wanted: capacity },
        Refusal::Capacity { refusal: CapacityRefusal::OtherType, wanted: capacity },
        Refusal::LimitExceeded { limit, used: 40, wanted: 1 },
        Refusal::NameTaken { name: String::new() },
        Refusal::ChildUnknown { kind: ChildKind::VanityUrl, key: String::new() },
        Refusal::ChildNameTaken { kind: ChildKind::ResourceGroup, field: "" },
        Refusal::HostTaken { host: String::new() },
        Refusal::TooManyChildren { kind: ChildKind::VanityUrl },
        Refusal::GroupsTooLarge { most: 1, used: 1, wanted: 1 },
        Refusal::NotFound { what: "instance", id: String::new() },
        Refusal::Gone { id: String::new() },
        Refusal::IncorrectState { operation: "", state, legal: &[] },
        Refusal::WorkHasBegun { status: WorkRequestStatus::Failed },
        Refusal::EtagMismatch { current: String::new() },
        Refusal::RetryTokenMalformed,
        Refusal::RetryTokenOfAnother,
        Refusal::RetryTokenInvalidated,
        Refusal::Store(StoreError::Unavailable("away".into())),
        Refusal::Store(StoreError::Dangling),
        Refusal::Internal("x"),
    ]);
    refusals.extend(certificates().into_iter().map(Refusal::Certificate));
    refusals
}

/// One of each kind.
fn certificates() -> [CertificateRefusal; 14] {
    let (field, time) = (CertificateField::Public, Timestamp::default());
    [
        CertificateRefusal::KeyUnreadable,
        CertificateRefusal::KeyEncryptionUnsupported,
        CertificateRefusal::PassphraseMissing,
        CertificateRefusal::PassphraseWrong,
        CertificateRefusal::KeyUnusable,
        CertificateRefusal::CertificateUnreadable(field),
        CertificateRefusal::TooManyCertificates(field),
        CertificateRefusal::KeyMismatch,
        CertificateRefusal::NotYetValid { field, not_before: time },
        CertificateRefusal::Expired { field, not_after: time },
        CertificateRefusal::IsAuthority,
        CertificateRefusal::NotForServers,
        CertificateRefusal::ChainBroken,
        CertificateRefusal::HostNotCovered { host: String::new() },
    ]
}
