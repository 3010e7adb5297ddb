//! Why a call of the administration API is refused, with its answer and its explanation (contract identity 6.2).

use http::StatusCode;
use obol_domain::{Explanation, administration::Denied, caller::CallerRefusal};
use obol_protocol::{
    oci::signature::SignatureRefusal,
    scim::{Fault, ScimError, filter::FilterError},
};
use obol_store::{StoreError, scim::PageError};

use super::app_refusal::AppRefusal;
use crate::{ServiceError, password::Busy, passwords::PasswordRefusal, tokens::TokenFault};

/// A refusal of the administration API.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the token is not accepted")]
    Token(#[from] TokenFault),
    #[error("the signature is not accepted")]
    Signature(#[from] CallerRefusal),
    #[error("the token's client is not there any more")]
    ClientGone,
    #[error("the token's client is deactivated")]
    ClientInactive,
    #[error("the caller may not do this")]
    Denied(#[from] Denied),
    #[error("the target may do more than the caller")]
    TargetAboveCaller,
    #[error("it would leave the stripe without an administrator")]
    LastAdministrator,
    #[error("the stripe is not there")]
    UnknownStripe,
    #[error("the request is not valid")]
    Fault(#[from] Fault),
    #[error("the body is larger than 1 MiB")]
    BodyTooLarge,
    #[error("the body broke off")]
    BodyBroken,
    #[error("the body is not JSON")]
    BodyNotJson,
    #[error("the content type is not JSON")]
    ContentType,
    #[error("there is no {0} with this id")]
    NotFound(&'static str),
    #[error("a {kind} with this {attribute} is there already")]
    Duplicate { kind: &'static str, attribute: &'static str },
    #[error("{attribute} refers to a {kind} that is not there")]
    Reference { attribute: &'static str, kind: &'static str },
    #[error("the resource has another version")]
    VersionDiffers,
    #[error("the resource was changed at the same time")]
    Raced,
    #[error("the answer would have more than {0} members")]
    TooManyMembers(usize),
    #[error("the user has {0} keys already")]
    TooManyKeys(i64),
    #[error("the password was not set")]
    Password(#[from] PasswordRefusal),
    #[error("too many passwords are being checked")]
    Busy(#[from] Busy),
    #[error("administration refuses it")]
    App(#[from] AppRefusal),
    #[error("the service failed")]
    Service(#[from] ServiceError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl From<PageError> for Refusal {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Fault(fault) => fault.into(),
            PageError::Store(error) => error.into(),
        }
    }
}

impl From<FilterError> for Refusal {
    fn from(error: FilterError) -> Self {
        Fault::from(error).into()
    }
}

impl From<SignatureRefusal> for Refusal {
    fn from(refusal: SignatureRefusal) -> Self {
        CallerRefusal::from(refusal).into()
    }
}

impl Refusal {
    /// The failure of ours behind it, if it is one.
    pub(crate) const fn failure(&self) -> Option<&ServiceError> {
        match self {
            Self::Service(error)
            | Self::Token(TokenFault::Service(error))
            | Self::Password(PasswordRefusal::Service(error)) => Some(error),
            _ => None,
        }
    }

    /// The public answer.
    pub(crate) fn answer(&self) -> ScimError {
        match self {
            Self::Token(TokenFault::Service(failure)) | Self::Service(failure) => failed(failure),
            Self::Signature(CallerRefusal::Unavailable(_)) | Self::Busy(_) => {
                ScimError::plain(StatusCode::SERVICE_UNAVAILABLE)
            }
            Self::Signature(CallerRefusal::Failed(_)) => ScimError::plain(StatusCode::INTERNAL_SERVER_ERROR),
            Self::Token(_)
            | Self::Signature(_)
            | Self::ClientGone
            | Self::ClientInactive
            | Self::Denied(_)
            | Self::TargetAboveCaller => ScimError::unauthorized_access(),
            Self::App(refusal) => refusal.answer(),
            Self::UnknownStripe => ScimError::plain(StatusCode::NOT_FOUND),
            Self::Fault(fault) => fault.answer(),
            Self::BodyTooLarge => error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "error.common.exception.payloadTooLarge",
                "The request body exceeds the maximum of 1048576 bytes.",
            ),
            Self::BodyBroken => ScimError::plain(StatusCode::BAD_REQUEST),
            Self::BodyNotJson => error(
                StatusCode::BAD_REQUEST,
                "error.common.validation.invalidSyntax",
                "The request body must be a JSON object.",
            ),
            Self::ContentType => ScimError::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::NotFound(kind) => error(
                StatusCode::NOT_FOUND,
                "error.common.exception.resourceNotFound",
                format!("{kind} does not exist."),
            ),
            Self::Duplicate { kind, attribute } => error(
                StatusCode::CONFLICT,
                "error.common.validation.uniquenessViolation",
                format!("A {kind} with this {attribute} already exists."),
            ),
            Self::Reference { attribute, kind } => error(
                StatusCode::BAD_REQUEST,
                "error.common.validation.invalidReferenceResource",
                format!("{attribute} references a {kind} that does not exist."),
            ),
            Self::VersionDiffers => error(
                StatusCode::PRECONDITION_FAILED,
                "error.common.exception.preconditionFailed",
                "The resource was changed since the version in If-Match.",
            ),
            Self::Raced => error(
                StatusCode::CONFLICT,
                "error.common.exception.versionMismatch",
                "The resource was changed by another request at the same time.",
            ),
            Self::TooManyMembers(most) => error(
                StatusCode::BAD_REQUEST,
                "error.common.validation.tooManyValues",
                format!("The answer would have more than {most} members. Ask for fewer resources at a time."),
            ),
            Self::TooManyKeys(most) => error(
                StatusCode::BAD_REQUEST,
                "error.identity.apikey.maximumReached",
                format!("The user has the maximum of {most} API keys already."),
            ),
            Self::LastAdministrator => error(
                StatusCode::BAD_REQUEST,
                "error.identity.user.lastAdministrator",
                "The last active Identity Domain Administrator cannot be removed or deactivated.",
            ),
            Self::Password(refusal) => password_refused(refusal),
        }
    }

    /// The record where what is there does not go with what was asked.
    fn of_the_resource(&self) -> Explanation {
        match self {
            Self::NotFound(_) => Explanation::new(
                "resource_known",
                "the id of a resource of this stripe",
                "an id that nothing has",
                "list the resources to find the id",
            ),
            Self::Duplicate { attribute, .. } => Explanation::new(
                "attribute_unique",
                format!("a {attribute} that nothing else has"),
                "one that is taken",
                "choose another, or change the resource that has it",
            ),
            Self::Reference { attribute, kind } => Explanation::new(
                "reference_known",
                format!("the id of a {kind} in {attribute}"),
                "an id that nothing has",
                "send the SCIM id, not the OCID",
            ),
            Self::VersionDiffers => Explanation::new(
                "version_matches",
                "the present version in If-Match",
                "another one",
                "read the resource again and repeat the change",
            ),
            _ => Explanation::new(
                "version_matches",
                "a resource that nobody else changes meanwhile",
                "one that was changed at the same time",
                "repeat the request",
            ),
        }
    }

    /// The record for whoever asks why; failures of ours have none.
    pub(crate) fn explanation(&self) -> Option<Explanation> {
        let explained = |check, expected: &'static str, seen: &'static str, fix: &'static str| {
            Some(Explanation::new(check, expected, seen, fix))
        };
        match self {
            Self::Token(fault) => fault.explanation(),
            Self::Signature(refusal) => refusal.explanation(),
            Self::Service(_) => None,
            Self::ClientGone => explained(
                "client_known",
                "a token of an application that is there",
                "a token of one that was deleted",
                "get a token for another application",
            ),
            Self::ClientInactive => explained(
                "client_active",
                "a token of an active application",
                "a token of a deactivated one",
                "activate the application",
            ),
            Self::Denied(denied) => Some(denied_explained(*denied)),
            Self::TargetAboveCaller => explained(
                "target_not_above_caller",
                "a target whose administrator's roles the caller holds too",
                "a target with a role that the caller does not hold",
                "have an Identity Domain Administrator do it",
            ),
            Self::LastAdministrator => explained(
                "administrator_remains",
                "another active Identity Domain Administrator",
                "none but this one",
                "grant the role to somebody else first",
            ),
            Self::UnknownStripe => Some(crate::users::unknown_stripe()),
            Self::App(refusal) => Some(refusal.explanation()),
            Self::Fault(fault) => Some(Explanation::new(
                fault.check(),
                "a request that fits the resource's schema",
                fault.to_string(),
                fault.answer().detail,
            )),
            Self::BodyTooLarge => {
                explained("body_size", "a body of at most 1 MiB", "a larger one", "send less at a time")
            }
            Self::BodyBroken => explained("body_received", "a whole body", "one that broke off", "send it again"),
            Self::BodyNotJson => explained("body_readable", "a JSON object", "something else", "send JSON in UTF-8"),
            Self::ContentType => explained(
                "content_type",
                "application/json or application/scim+json",
                "another content type, or none",
                "send Content-Type: application/json",
            ),
            Self::NotFound(_)
            | Self::Duplicate { .. }
            | Self::Reference { .. }
            | Self::VersionDiffers
            | Self::Raced => Some(self.of_the_resource()),
            Self::TooManyMembers(_) => explained(
                "members_bounded",
                "at most 10000 members in an answer",
                "more",
                "lower count, or filter the members: attributes=members[value gt \"...\"]",
            ),
            Self::TooManyKeys(_) => explained(
                "keys_bounded",
                "at most three API keys for a user",
                "three that are there already",
                "delete one first",
            ),
            Self::Password(refusal) => refusal.explanation(),
            Self::Busy(_) => Some(crate::clients::busy()),
        }
    }
}

fn error(status: StatusCode, id: &'static str, detail: impl Into<std::borrow::Cow<'static, str>>) -> ScimError {
    ScimError::new(status, id, detail)
}

fn failed(failure: &ServiceError) -> ScimError {
    let passing = failure.is_passing();
    ScimError::plain(if passing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR })
}

/// Of a present password that was not proven nothing is said but that.
fn password_refused(refusal: &PasswordRefusal) -> ScimError {
    let bad = |id, detail| error(StatusCode::BAD_REQUEST, id, detail);
    match refusal {
        PasswordRefusal::UnknownStripe | PasswordRefusal::UnknownUser => Refusal::NotFound("User").answer(),
        PasswordRefusal::NotProven(_) => {
            bad("error.identity.passwordmgmt.invalidCredentials", "INVALID_CREDENTIALS".to_owned())
        }
        PasswordRefusal::CannotChange => {
            bad("error.identity.passwordmgmt.passwordCannotBeChanged", refusal.public_text())
        }
        PasswordRefusal::Rules(_) => bad("error.identity.passwordmgmt.passwordPolicyViolated", refusal.public_text()),
        PasswordRefusal::Lost => Refusal::Raced.answer(),
        PasswordRefusal::Busy(_) => ScimError::plain(StatusCode::SERVICE_UNAVAILABLE),
        PasswordRefusal::Service(failure) => failed(failure),
    }
}

fn denied_explained(denied: Denied) -> Explanation {
    let names = |roles: &'static [obol_domain::app_role::BuiltInRole]| {
        roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ")
    };
    match denied {
        Denied::NotUser => Explanation::new(
            "token_of_a_user",
            "a token that speaks for a user (sub_type user)",
            "a client's own token (client_credentials)",
            "use a grant with a user",
        ),
        Denied::Scope(scopes) => Explanation::new(
            "token_scope",
            format!("one of the scopes {}", scopes.join(", ")),
            "a token without it",
            "ask for it, or for urn:opc:idm:__myscopes__; client and user need an app role that opens it",
        ),
        Denied::UserRole(roles) => Explanation::new(
            "role_held_by_user",
            format!("one of the app roles {}", names(roles)),
            "a user who holds none of them now",
            "grant the role to the user",
        ),
        Denied::ClientRole(roles) => Explanation::new(
            "role_held_by_client",
            format!("one of the app roles {}", names(roles)),
            "a client that holds none of them now",
            "grant the role to the application",
        ),
    }
}
