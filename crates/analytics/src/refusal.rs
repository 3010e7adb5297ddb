//! Why this door says no: one closed list, with Oracle's answer and our explanation for each.
//!
//! The public half stays Oracle's, and terse: a caller who may not see something learns nothing about it. What we know
//! beyond that goes into the [`Explanation`], which is recorded under the request's id.

mod certificate;

use std::borrow::Cow;

use obol_domain::{
    Explanation,
    caller::CallerRefusal,
    capacity::{CapacityRefusal, FEWEST_USERS, OCPU_SIZES, SCALABLE_OCPU_SIZES, ServiceLimit},
    certificate::CertificateRefusal,
    explanation::{describe, describe_id},
    policy::Denied,
};
use obol_protocol::{
    analytics::{Capacity, FieldFault, FieldProblem, LifecycleState, WorkRequestStatus, enums::Vocabulary as _},
    oci::{
        ErrorCode,
        error::{NOT_AUTHENTICATED, NOT_AUTHORIZED_OR_NOT_FOUND},
        signature::SignatureRefusal,
    },
};
use obol_store::StoreError;

use crate::ChildKind;

/// A refused request.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No operation at this path and method.
    #[error("no operation at this path and method")]
    NoSuchOperation,
    /// Nobody who is known signed it.
    #[error(transparent)]
    Caller(#[from] CallerRefusal),
    /// The user is no administrator, and no policy statement lets it do this.
    #[error("no policy statement allows it")]
    NotAllowed {
        /// The operation it wanted.
        operation: &'static str,
        /// Where it wanted to do it.
        compartment_id: String,
        /// What was looked at.
        denied: Denied,
    },
    /// The body is longer than any of this API.
    #[error("the body is too long")]
    BodyTooLong {
        /// The most bytes a body has.
        most: usize,
    },
    /// The body broke off.
    #[error("the body could not be received")]
    BodyBroken,
    /// A field of the body or a parameter of the query.
    #[error("a field is wrong: {0}")]
    Field(FieldProblem),
    /// The body has no access token.
    #[error("the access token is missing")]
    TokenMissing,
    /// The body has the whole file `tokens.tok` where the token in it belongs.
    #[error("the access token is the whole file")]
    TokenIsFile,
    /// The access token speaks for a client.
    #[error("the access token is not user-context")]
    TokenNotUserContext(Explanation),
    /// The access token is not valid here.
    #[error("the access token is not valid")]
    TokenInvalid(Explanation),
    /// The stripe could not be asked about the token.
    #[error("the access token could not be verified")]
    VerifierUnavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No such compartment in the caller's tenancy.
    #[error("no such compartment")]
    CompartmentUnknown {
        /// The OCID that was named.
        id: String,
    },
    /// The capacity does not exist.
    #[error("no such capacity")]
    Capacity {
        /// Why not.
        refusal: CapacityRefusal,
        /// What was asked for.
        wanted: Capacity,
    },
    /// The tenancy has no room for it.
    #[error("a service limit would be exceeded")]
    LimitExceeded {
        /// Which limit.
        limit: ServiceLimit,
        /// What is taken already.
        used: i64,
        /// What was asked for.
        wanted: i64,
    },
    /// A live instance of the tenancy has the name.
    #[error("the name is taken")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The instance has no such child.
    #[error("no such {}", .kind.noun())]
    ChildUnknown {
        /// What was looked for.
        kind: ChildKind,
        /// Under which key.
        key: String,
    },
    /// Another child of the instance has the name.
    #[error("the name of a {} is taken", .kind.noun())]
    ChildNameTaken {
        /// What was to be named.
        kind: ChildKind,
        /// The field that holds the name.
        field: &'static str,
    },
    /// Another vanity URL of the installation has the host.
    #[error("the host is taken")]
    HostTaken {
        /// The host.
        host: String,
    },
    /// The instance has as many as it may have.
    #[error("the instance has no room for another {}", .kind.noun())]
    TooManyChildren {
        /// Of what.
        kind: ChildKind,
    },
    /// The resource groups would take more than their instance has.
    #[error("the resource groups would be larger than their instance")]
    GroupsTooLarge {
        /// What the instance has.
        most: i64,
        /// What the other groups take.
        used: i64,
        /// What was asked for.
        wanted: i64,
    },
    /// The certificate of a vanity URL cannot serve.
    #[error("the certificate cannot serve")]
    Certificate(#[source] CertificateRefusal),
    /// No such resource in the caller's tenancy.
    #[error("no such {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// Under which id.
        id: String,
    },
    /// The instance was deleted.
    #[error("the instance is deleted")]
    Gone {
        /// Its id.
        id: String,
    },
    /// The instance's state forbids it.
    #[error("the state {state} forbids it")]
    IncorrectState {
        /// What was wanted.
        operation: &'static str,
        /// The state it is in.
        state: LifecycleState,
        /// The states it would have to be in.
        legal: &'static [LifecycleState],
    },
    /// The work request has begun or ended.
    #[error("the work request is {status}")]
    WorkHasBegun {
        /// How far it is.
        status: WorkRequestStatus,
    },
    /// `if-match` names another version.
    #[error("if-match does not fit")]
    EtagMismatch {
        /// The present etag.
        current: String,
    },
    /// `opc-retry-token` has no or more than 64 characters.
    #[error("the retry token is malformed")]
    RetryTokenMalformed,
    /// The retry token was used for another request.
    #[error("the retry token belongs to another request")]
    RetryTokenOfAnother,
    /// The first answer was contradicted by a later operation.
    #[error("the retry token was invalidated")]
    RetryTokenInvalidated,
    /// The database failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// Something that cannot happen did.
    #[error("{0}")]
    Internal(&'static str),
}

impl From<SignatureRefusal> for Refusal {
    fn from(refusal: SignatureRefusal) -> Self {
        Self::Caller(refusal.into())
    }
}

impl From<FieldProblem> for Refusal {
    fn from(problem: FieldProblem) -> Self {
        Self::Field(problem)
    }
}

/// The text for a body that Oracle's JSON reader cannot place (contract analytics 3, row 400 InvalidParameter).
const UNPROCESSABLE: &str = "Unable to process JSON input";
const TRY_LATER: &str = "The service is currently unavailable.";
const INTERNAL: &str = "Internal Server Error";

impl Refusal {
    /// Oracle's code, which has a status.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NoSuchOperation => ErrorCode::NotFound,
            Self::Caller(refusal) => match refusal {
                CallerRefusal::Signature(_)
                | CallerRefusal::Session(_)
                | CallerRefusal::UserUnknown
                | CallerRefusal::UserInactive => ErrorCode::NotAuthenticated,
                CallerRefusal::Unavailable(_) => ErrorCode::ServiceUnavailable,
                CallerRefusal::Failed(_) => ErrorCode::InternalServerError,
            },
            Self::NotAllowed { .. }
            | Self::CompartmentUnknown { .. }
            | Self::NotFound { .. }
            | Self::ChildUnknown { .. }
            | Self::Gone { .. } => ErrorCode::NotAuthorizedOrNotFound,
            Self::BodyTooLong { .. } => ErrorCode::PayloadTooLarge,
            Self::BodyBroken => ErrorCode::CannotParseRequest,
            Self::Field(problem) => match problem.fault {
                FieldFault::Missing => ErrorCode::MissingParameter,
                FieldFault::Unprocessable | FieldFault::OutOfBounds => ErrorCode::InvalidParameter,
            },
            Self::Certificate(CertificateRefusal::PassphraseMissing) => ErrorCode::MissingParameter,
            Self::TokenMissing
            | Self::TokenIsFile
            | Self::TokenNotUserContext(_)
            | Self::TokenInvalid(_)
            | Self::Capacity { .. }
            | Self::GroupsTooLarge { .. }
            | Self::Certificate(_)
            | Self::RetryTokenMalformed => ErrorCode::InvalidParameter,
            Self::LimitExceeded { .. } | Self::TooManyChildren { .. } => ErrorCode::LimitExceeded,
            Self::NameTaken { .. } | Self::ChildNameTaken { .. } | Self::HostTaken { .. } => {
                ErrorCode::NotAuthorizedOrResourceAlreadyExists
            }
            Self::IncorrectState { .. } => ErrorCode::IncorrectState,
            Self::WorkHasBegun { .. } => ErrorCode::Conflict,
            Self::EtagMismatch { .. } => ErrorCode::NoEtagMatch,
            Self::RetryTokenOfAnother | Self::RetryTokenInvalidated => ErrorCode::InvalidatedRetryToken,
            Self::VerifierUnavailable(_) | Self::Store(StoreError::Unavailable(_)) => ErrorCode::ServiceUnavailable,
            Self::Store(
                StoreError::Duplicate { .. }
                | StoreError::Dangling
                | StoreError::Corrupt { .. }
                | StoreError::Refused(_),
            )
            | Self::Internal(_) => ErrorCode::InternalServerError,
        }
    }

    /// The public text.
    pub fn message(&self) -> Cow<'static, str> {
        match self {
            Self::NoSuchOperation => "No operation matches the requested path and method.".into(),
            Self::Caller(refusal) => match refusal {
                CallerRefusal::Signature(_)
                | CallerRefusal::Session(_)
                | CallerRefusal::UserUnknown
                | CallerRefusal::UserInactive => NOT_AUTHENTICATED.into(),
                CallerRefusal::Unavailable(_) => TRY_LATER.into(),
                CallerRefusal::Failed(_) => INTERNAL.into(),
            },
            Self::NotAllowed { .. }
            | Self::CompartmentUnknown { .. }
            | Self::NotFound { .. }
            | Self::ChildUnknown { .. }
            | Self::Gone { .. } => NOT_AUTHORIZED_OR_NOT_FOUND.into(),
            Self::BodyTooLong { .. } => "The request body is too large.".into(),
            Self::BodyBroken => "The request could not be parsed.".into(),
            Self::Field(problem) => match problem.fault {
                FieldFault::Unprocessable => UNPROCESSABLE.into(),
                FieldFault::Missing => format!("The required parameter {} was not specified.", problem.field).into(),
                FieldFault::OutOfBounds => format!("The value of parameter {} is not valid.", problem.field).into(),
            },
            Self::TokenMissing => {
                "OAC-DAL-001034: idcsAccessToken is a required parameter, but was not specified.".into()
            }
            Self::TokenNotUserContext(_) => "OAC-DAL-001041: idcsAccessToken is not a user access token.".into(),
            Self::TokenIsFile | Self::TokenInvalid(_) => "The value of parameter idcsAccessToken is not valid.".into(),
            Self::Capacity { refusal: CapacityRefusal::OtherType, .. } => {
                "The value of parameter capacity.capacityType is not valid.".into()
            }
            Self::Capacity { .. } => "The value of parameter capacity.capacityValue is not valid.".into(),
            Self::LimitExceeded { limit, .. } => {
                format!("The following service limits were exceeded: {}.", limit.name).into()
            }
            Self::ChildNameTaken { kind, .. } => {
                format!("Authorization failed or a {} with this name already exists.", kind.noun()).into()
            }
            Self::HostTaken { .. } => "Authorization failed or a vanity URL with this host already exists.".into(),
            Self::TooManyChildren { kind } => {
                format!("The following service limits were exceeded: {}.", kind.limit().0).into()
            }
            Self::GroupsTooLarge { .. } => "The value of parameter capacity is not valid.".into(),
            Self::Certificate(CertificateRefusal::PassphraseMissing) => {
                "The required parameter passphrase was not specified.".into()
            }
            Self::Certificate(refusal) => {
                format!("The value of parameter {} is not valid.", certificate::field(refusal)).into()
            }
            Self::NameTaken { .. } => "Authorization failed or an instance with this name already exists.".into(),
            Self::IncorrectState { state, .. } => {
                format!("The requested operation is not allowed while the instance is in state {state}.").into()
            }
            Self::WorkHasBegun { status } => format!("A work request that is {status} cannot be canceled.").into(),
            Self::EtagMismatch { .. } => "The if-match header does not match the current etag of the resource.".into(),
            Self::RetryTokenMalformed => "The value of header opc-retry-token is not valid.".into(),
            Self::RetryTokenOfAnother | Self::RetryTokenInvalidated => {
                "The retry token was used for a different request, or has been invalidated by a later operation.".into()
            }
            Self::VerifierUnavailable(_) | Self::Store(StoreError::Unavailable(_)) => TRY_LATER.into(),
            Self::Store(
                StoreError::Duplicate { .. }
                | StoreError::Dangling
                | StoreError::Corrupt { .. }
                | StoreError::Refused(_),
            )
            | Self::Internal(_) => INTERNAL.into(),
        }
    }

    /// Why, for whoever may ask afterwards. Failures of our own have none: they are in the log.
    #[expect(clippy::too_many_lines, reason = "one arm for each refusal")]
    pub fn explanation(&self) -> Option<Explanation> {
        let explanation = match self {
            Self::NoSuchOperation => Explanation::new(
                "operation_exists",
                "a path and method of the Analytics API 20190331",
                "none of them",
                "see the table of operations in docs/compatibility.md",
            ),
            Self::Caller(refusal) => return refusal.explanation(),
            Self::NotAllowed { operation, compartment_id, denied } => Explanation::new(
                "statement_allows_operation",
                format!("a policy statement that grants the user {} for {operation}", denied.permission),
                format!(
                    "{} statements in the tenancy, {} of them about this user, {} of those with a condition that fails",
                    denied.statements, denied.of_the_user, denied.by_condition
                ),
                format!("{}; an Identity Domain Administrator needs none", denied.example(compartment_id)),
            ),
            Self::BodyTooLong { most } => {
                Explanation::new("body_size", format!("a body of at most {most} bytes"), "a longer one", "send less")
            }
            Self::BodyBroken => {
                Explanation::new("body_received", "a whole body", "one that broke off", "send the request again")
            }
            Self::Field(problem) => explain_field(problem),
            Self::TokenMissing => Explanation::new(
                "token_present",
                "an access token in idcsAccessToken",
                "no idcsAccessToken, or an empty one",
                "get one with `obol token get` and send it, e.g. with --idcs-access-token-file",
            ),
            Self::TokenIsFile => Explanation::new(
                "token_is_bare",
                "the access token alone, beginning with eyJ",
                "the whole JSON of tokens.tok",
                "send only the value of app_access_token, without braces and quotes",
            ),
            Self::TokenNotUserContext(explanation) | Self::TokenInvalid(explanation) => explanation.clone(),
            Self::CompartmentUnknown { id } => Explanation::new(
                "compartment_known",
                "a compartment of the caller's tenancy, or the tenancy itself as its root",
                describe_id(id),
                "check the OCID; a user's OCID is not a compartment's",
            ),
            Self::Capacity { refusal, wanted } => explain_capacity(*refusal, *wanted),
            Self::LimitExceeded { limit, used, wanted } => Explanation::new(
                "within_service_limit",
                format!("{} of at most {}", limit.name, limit.most),
                format!("{used} in use and {wanted} more wanted"),
                "delete an instance or ask for a smaller capacity; a dev cloud begun with `obol up --no-limits` has no limits",
            ),
            Self::NameTaken { name } => Explanation::new(
                "name_is_free",
                "a name that no other instance of the tenancy has, whatever its compartment; case does not count",
                format!("a name that another instance has, {}", describe(name)),
                "choose another name, or delete the other instance and wait until it is DELETED",
            ),
            Self::ChildUnknown { kind, key } => Explanation::new(
                "resource_known",
                format!("the key of a {} of this instance", kind.noun()),
                describe(key),
                "read the instance, which shows its children by key; one stands there once its work request has succeeded",
            ),
            Self::ChildNameTaken { kind, field } => Explanation::new(
                "child_name_is_free",
                format!("{field}: a name that no other {} of the instance has", kind.noun()),
                "the name of another one",
                "choose another name, or change or delete the other one first",
            ),
            Self::HostTaken { host } => Explanation::new(
                "host_is_free",
                "hosts that no other vanity URL has, on any instance",
                format!("a host that another one has, {}", describe(host)),
                "delete the other vanity URL first; its instance may be in another tenancy",
            ),
            Self::TooManyChildren { kind } => Explanation::new(
                "within_service_limit",
                format!("at most {} of the kind {} on an instance", kind.limit().1, kind.noun()),
                "another one wanted",
                "delete one first",
            ),
            Self::GroupsTooLarge { most, used, wanted } => Explanation::new(
                "groups_within_capacity",
                format!("resource groups of at most {most} OCPUs together, which is what the instance has"),
                format!("{used} in other groups and {wanted} wanted"),
                "ask for fewer, make another group smaller, or scale the instance up",
            ),
            Self::Certificate(refusal) => certificate::explain(refusal),
            Self::NotFound { what, id } => Explanation::new(
                "resource_known",
                format!("{} of the caller's tenancy", with_article(what)),
                describe_id(id),
                "check the OCID and which tenancy the profile belongs to",
            ),
            Self::Gone { id } => Explanation::new(
                "resource_known",
                "an instance that has not been deleted",
                format!("{id}, which is DELETED"),
                "a deleted instance is only listed, for 24 hours",
            ),
            Self::IncorrectState { operation, state, legal } => Explanation::new(
                "state_allows_operation",
                format!(
                    "{operation} in one of {}",
                    legal.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ")
                ),
                state.as_str(),
                "wait until the present work request has finished",
            ),
            Self::WorkHasBegun { status } => Explanation::new(
                "work_not_begun",
                "a work request that is ACCEPTED: only work that has not begun can be canceled",
                status.as_str(),
                "let the work end; its errors and its log say how it went",
            ),
            Self::EtagMismatch { current } => Explanation::new(
                "etag_matches",
                format!("if-match: {current}"),
                "another value",
                "read the instance again and decide on its present version",
            ),
            Self::RetryTokenMalformed => Explanation::new(
                "retry_token_form",
                "an opc-retry-token of 1 to 64 characters",
                "another length",
                "send a shorter one, such as a UUID",
            ),
            Self::RetryTokenOfAnother => Explanation::new(
                "retry_token_fits",
                "the same operation, resource and body as the first request with this opc-retry-token",
                "another request",
                "use a new token for each new request",
            ),
            Self::RetryTokenInvalidated => Explanation::new(
                "retry_token_fits",
                "an answer that still holds",
                "an instance that has been deleted since",
                "use a new token to make a new instance",
            ),
            Self::VerifierUnavailable(_) | Self::Store(_) | Self::Internal(_) => return None,
        };
        Some(explanation)
    }
}

fn with_article(noun: &str) -> String {
    format!("{} {noun}", if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" })
}

fn explain_field(problem: &FieldProblem) -> Explanation {
    let field = if problem.field.is_empty() { "the body" } else { &problem.field };
    let fix = match problem.fault {
        FieldFault::Missing => "send it",
        FieldFault::Unprocessable | FieldFault::OutOfBounds => "send a value that fits",
    };
    let check = match problem.fault {
        FieldFault::Missing => "field_present",
        FieldFault::Unprocessable => "field_type",
        FieldFault::OutOfBounds => "field_bounds",
    };
    Explanation::new(check, format!("{field}: {}", problem.expected), problem.seen.clone(), fix)
}

fn explain_capacity(refusal: CapacityRefusal, wanted: Capacity) -> Explanation {
    let sizes = |sizes: &[i64]| sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let seen = || wanted.capacity_value.to_string();
    let (expected, seen) = match refusal {
        CapacityRefusal::OcpuSize => (format!("capacity.capacityValue: one of {} OCPUs", sizes(&OCPU_SIZES)), seen()),
        CapacityRefusal::TooFewUsers => (format!("capacity.capacityValue: at least {FEWEST_USERS} users"), seen()),
        CapacityRefusal::OtherType => (
            "capacity.capacityType: the type that the instance was created with".to_owned(),
            wanted.capacity_type.to_string(),
        ),
        CapacityRefusal::NotScalable => (
            format!("an instance of {} OCPUs", sizes(&SCALABLE_OCPU_SIZES)),
            "one of a size that is fixed when it is created".to_owned(),
        ),
        CapacityRefusal::NotScalableSize => {
            (format!("capacity.capacityValue: one of {} OCPUs", sizes(&SCALABLE_OCPU_SIZES)), seen())
        }
        CapacityRefusal::UserRange { fewest, most: i64::MAX } => {
            (format!("capacity.capacityValue: at least {fewest} users, as when the instance was created"), seen())
        }
        CapacityRefusal::UserRange { fewest, most } => (
            format!("capacity.capacityValue: {fewest} to {most} users, the range that the instance was created in"),
            seen(),
        ),
    };
    Explanation::new("capacity_exists", expected, seen, "choose one that exists, or create another instance")
}
