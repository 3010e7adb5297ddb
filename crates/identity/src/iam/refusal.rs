//! Why this door says no: one closed list, with Oracle's answer and our explanation for each.

use std::borrow::Cow;

use obol_domain::{
    Explanation,
    caller::CallerRefusal,
    explanation::{describe, describe_id},
    policy::{Denied, Fault},
};
use obol_protocol::{
    analytics::{FieldFault, FieldProblem},
    oci::{
        ErrorCode,
        error::{NOT_AUTHENTICATED, NOT_AUTHORIZED_OR_NOT_FOUND},
        signature::{KeyError, SignatureRefusal},
    },
};
use obol_store::StoreError;

/// A refused request.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("no operation at this path and method")]
    NoSuchOperation,
    #[error(transparent)]
    Caller(#[from] CallerRefusal),
    /// No policy statement lets the caller do this.
    #[error("no policy statement allows it")]
    NotAllowed { operation: &'static str, compartment_id: String, denied: Denied },
    #[error("the body is too long")]
    BodyTooLong { most: usize },
    #[error("the body could not be received")]
    BodyBroken,
    /// A field of the body or a parameter of the query.
    #[error("a field is wrong: {0}")]
    Field(FieldProblem),
    #[error("no such compartment")]
    CompartmentUnknown { id: String },
    #[error("no such {what}")]
    NotFound { what: &'static str, id: String },
    /// A statement that is not one; `index` counts from zero.
    #[error("statement {index} cannot be read")]
    Statement { index: usize, fault: Fault },
    /// A statement about a place that its policy has no say in.
    #[error("statement {index} speaks of another place")]
    StatementPlace { index: usize, place: String },
    #[error("a compartment has the name")]
    CompartmentExists { name: String },
    #[error("a policy has the name")]
    PolicyExists { name: String },
    #[error("the compartment is in use")]
    CompartmentUsed,
    #[error("the compartment would lie too deep")]
    TooDeep,
    /// There are as many as there may be.
    #[error("there are too many {what}")]
    TooMany { what: &'static str, most: usize },
    #[error("the key cannot be used")]
    KeyUnusable(#[source] KeyError),
    #[error("the user has the key")]
    KeyExists,
    #[error("if-match does not fit")]
    EtagMismatch { current: String },
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// Something that cannot happen did.
    #[error("{0}")]
    Internal(&'static str),
}

impl From<FieldProblem> for Refusal {
    fn from(problem: FieldProblem) -> Self {
        Self::Field(problem)
    }
}

impl From<SignatureRefusal> for Refusal {
    fn from(refusal: SignatureRefusal) -> Self {
        Self::Caller(refusal.into())
    }
}

impl Refusal {
    /// Oracle's code, which has a status.
    pub(super) fn code(&self) -> ErrorCode {
        match self {
            Self::NoSuchOperation => ErrorCode::NotFound,
            Self::Caller(
                CallerRefusal::Signature(_)
                | CallerRefusal::Session(_)
                | CallerRefusal::UserUnknown
                | CallerRefusal::UserInactive,
            ) => ErrorCode::NotAuthenticated,
            Self::NotAllowed { .. } | Self::CompartmentUnknown { .. } | Self::NotFound { .. } => {
                ErrorCode::NotAuthorizedOrNotFound
            }
            Self::BodyTooLong { .. } => ErrorCode::PayloadTooLarge,
            Self::BodyBroken => ErrorCode::CannotParseRequest,
            Self::Field(problem) => match problem.fault {
                FieldFault::Missing => ErrorCode::MissingParameter,
                FieldFault::Unprocessable | FieldFault::OutOfBounds => ErrorCode::InvalidParameter,
            },
            Self::Statement { .. } | Self::StatementPlace { .. } | Self::TooDeep | Self::KeyUnusable(_) => {
                ErrorCode::InvalidParameter
            }
            Self::CompartmentExists { .. } => ErrorCode::CompartmentAlreadyExists,
            Self::PolicyExists { .. } => ErrorCode::PolicyAlreadyExists,
            Self::KeyExists => ErrorCode::NotAuthorizedOrResourceAlreadyExists,
            Self::CompartmentUsed => ErrorCode::Conflict,
            Self::TooMany { .. } => ErrorCode::LimitExceeded,
            Self::EtagMismatch { .. } => ErrorCode::NoEtagMatch,
            Self::Caller(CallerRefusal::Unavailable(_)) | Self::Store(StoreError::Unavailable(_)) => {
                ErrorCode::ServiceUnavailable
            }
            Self::Caller(CallerRefusal::Failed(_))
            | Self::Store(
                StoreError::Duplicate { .. }
                | StoreError::Dangling
                | StoreError::Corrupt { .. }
                | StoreError::Refused(_),
            )
            | Self::Internal(_) => ErrorCode::InternalServerError,
        }
    }

    /// The public text.
    pub(super) fn message(&self) -> Cow<'static, str> {
        match self {
            Self::NoSuchOperation => "No operation matches the requested path and method.".into(),
            Self::Caller(
                CallerRefusal::Signature(_)
                | CallerRefusal::Session(_)
                | CallerRefusal::UserUnknown
                | CallerRefusal::UserInactive,
            ) => NOT_AUTHENTICATED.into(),
            Self::NotAllowed { .. } | Self::CompartmentUnknown { .. } | Self::NotFound { .. } => {
                NOT_AUTHORIZED_OR_NOT_FOUND.into()
            }
            Self::BodyTooLong { .. } => "The request body is too large.".into(),
            Self::BodyBroken => "The request could not be parsed.".into(),
            Self::Field(problem) => match problem.fault {
                FieldFault::Unprocessable => "Unable to process JSON input".into(),
                FieldFault::Missing => format!("The required parameter {} was not specified.", problem.field).into(),
                FieldFault::OutOfBounds => format!("The value of parameter {} is not valid.", problem.field).into(),
            },
            Self::Statement { index, fault } => {
                format!("Statement {} cannot be parsed {fault}.", index.saturating_add(1)).into()
            }
            Self::StatementPlace { place, .. } => {
                format!("Compartment {{{place}}} does not exist or is not part of the policy compartment subtree")
                    .into()
            }
            Self::CompartmentExists { name } => format!("A compartment with name '{name}' already exists.").into(),
            Self::PolicyExists { name } => format!("Policy '{name}' already exists").into(),
            Self::KeyExists => "Authorization failed or the key already exists.".into(),
            Self::CompartmentUsed => "The compartment is not empty.".into(),
            Self::TooDeep => "The compartment would be nested too deep.".into(),
            Self::TooMany { what, .. } => format!("The maximum number of {what} has been reached.").into(),
            Self::KeyUnusable(_) => "The value of parameter key is not valid.".into(),
            Self::EtagMismatch { .. } => "The if-match header does not match the current etag of the resource.".into(),
            Self::Caller(CallerRefusal::Unavailable(_)) | Self::Store(StoreError::Unavailable(_)) => {
                "The service is currently unavailable.".into()
            }
            Self::Caller(CallerRefusal::Failed(_))
            | Self::Store(
                StoreError::Duplicate { .. }
                | StoreError::Dangling
                | StoreError::Corrupt { .. }
                | StoreError::Refused(_),
            )
            | Self::Internal(_) => "Internal Server Error".into(),
        }
    }

    /// Why, for whoever may ask afterwards. Failures of our own have none: they are in the log.
    pub(super) fn explanation(&self) -> Option<Explanation> {
        Some(match self {
            Self::NoSuchOperation => Explanation::new(
                "operation_exists",
                "a path and method of the identity API 20160918 that is served",
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
            Self::CompartmentUnknown { id } => Explanation::new(
                "compartment_known",
                "a compartment of the caller's tenancy, or the tenancy itself as its root",
                describe_id(id),
                "check the OCID; a user's OCID is not a compartment's",
            ),
            Self::NotFound { what, id } => Explanation::new(
                "resource_known",
                format!("a {what} of the caller's tenancy"),
                describe_id(id),
                "check the OCID and which tenancy the profile belongs to",
            ),
            Self::Statement { index, fault } => Explanation::new(
                "statement_readable",
                format!("statements[{index}], at character {}: {}", fault.position, fault.expected),
                fault.seen.clone(),
                "correct the statement; what is not here has no words either",
            ),
            Self::StatementPlace { index, place } => Explanation::new(
                "statement_place_known",
                format!("statements[{index}]: a place at or below the compartment that the policy is attached to"),
                format!("another one: {}", describe(place)),
                "attach the policy higher, or name the path from where it is attached",
            ),
            Self::CompartmentExists { name } | Self::PolicyExists { name } => Explanation::new(
                "name_is_free",
                "a name that no sibling has, or no other policy of the tenancy; case does not count",
                format!("a name that another one has, {}", describe(name)),
                "choose another name, or change the one that is there",
            ),
            Self::KeyExists => Explanation::new(
                "key_is_new",
                "a key that the user does not have yet",
                "one that it has",
                "use it, or make another one",
            ),
            Self::CompartmentUsed => Explanation::new(
                "compartment_is_empty",
                "a compartment without compartments, policies and instances in it",
                "one that has some",
                "remove or move what is in it first",
            ),
            Self::TooDeep => Explanation::new(
                "compartment_depth",
                "at most six compartments in each other below the root",
                "a seventh",
                "make it higher up",
            ),
            Self::TooMany { what, most } => Explanation::new(
                "within_identity_limit",
                format!("at most {most} {what}"),
                "as many as there may be, and one more",
                "remove one that is not needed",
            ),
            Self::KeyUnusable(error) => Explanation::new(
                "key_usable",
                "an RSA public key of 2048 to 8192 bits as PEM",
                error.to_string(),
                "send the contents of the file that begins with BEGIN PUBLIC KEY",
            ),
            Self::EtagMismatch { current } => Explanation::new(
                "etag_matches",
                format!("if-match: {current}"),
                "another value",
                "read the resource again and decide on its present version",
            ),
            Self::Store(_) | Self::Internal(_) => return None,
        })
    }
}

fn explain_field(problem: &FieldProblem) -> Explanation {
    let field = if problem.field.is_empty() { "the body" } else { &problem.field };
    let (check, fix) = match problem.fault {
        FieldFault::Missing => ("field_present", "send it"),
        FieldFault::Unprocessable => ("field_type", "send a value that fits"),
        FieldFault::OutOfBounds => ("field_bounds", "send a value that fits"),
    };
    Explanation::new(check, format!("{field}: {}", problem.expected), problem.seen.clone(), fix)
}
