//! Oracle Cloud's error codes and the one body that carries them (contract analytics 3).

use std::borrow::Cow;

use http::StatusCode;
use serde::{Deserialize, Serialize};

/// A code of Oracle Cloud's error catalogue, each with its one HTTP status (contract analytics 3). Where Oracle spells
/// two situations alike, they are two values here, so that a status never has to be chosen apart from its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// 400: the request as a whole cannot be read.
    CannotParseRequest,
    /// 400: a value or its format is wrong.
    InvalidParameter,
    /// 400: something required is missing.
    MissingParameter,
    /// 400: a service limit would be exceeded.
    LimitExceeded,
    /// 400: a compartment quota would be exceeded.
    QuotaExceeded,
    /// 400: a resource that the body names is unknown or not for this caller.
    RelatedResourceNotAuthorizedOrNotFound,
    /// 401: the signature or the key behind it is not good.
    NotAuthenticated,
    /// 403: not in this region.
    NotAllowed,
    /// 403: a field is not for this caller.
    NotAuthorized,
    /// 403: the tenancy has not opted in.
    SignUpRequired,
    /// 404: the resource of the URI is unknown or not for this caller.
    NotAuthorizedOrNotFound,
    /// 404: no operation at that path and method.
    NotFound,
    /// 404 with the code `InvalidParameter`: a dynamic part of the path is malformed.
    InvalidPathParameter,
    /// 405: the path exists, the method does not.
    MethodNotAllowed,
    /// 409: a state that will pass is in the way.
    IncorrectState,
    /// 409: the resource already exists, or is not for this caller.
    NotAuthorizedOrResourceAlreadyExists,
    /// 409: a compartment of the same parent has the name.
    CompartmentAlreadyExists,
    /// 409: a policy of the tenancy has the name.
    PolicyAlreadyExists,
    /// 409: a lasting conflict.
    Conflict,
    /// 409: the retry token was used before, with another request.
    InvalidatedRetryToken,
    /// 412: `if-match` does not fit.
    NoEtagMatch,
    /// 413: the body is too long.
    PayloadTooLarge,
    /// 422: understood, and impossible.
    UnprocessableEntity,
    /// 429: slow down.
    TooManyRequests,
    /// 431: the header section is too long.
    RequestHeaderFieldsTooLarge,
    /// 500: our fault.
    InternalServerError,
    /// 501: Oracle has it, Obol does not.
    MethodNotImplemented,
    /// 503: come back later.
    ServiceUnavailable,
}

impl ErrorCode {
    /// The HTTP status that goes with the code.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::CannotParseRequest
            | Self::InvalidParameter
            | Self::MissingParameter
            | Self::LimitExceeded
            | Self::QuotaExceeded
            | Self::RelatedResourceNotAuthorizedOrNotFound => StatusCode::BAD_REQUEST,
            Self::NotAuthenticated => StatusCode::UNAUTHORIZED,
            Self::NotAllowed | Self::NotAuthorized | Self::SignUpRequired => StatusCode::FORBIDDEN,
            Self::NotAuthorizedOrNotFound | Self::NotFound | Self::InvalidPathParameter => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::IncorrectState
            | Self::NotAuthorizedOrResourceAlreadyExists
            | Self::CompartmentAlreadyExists
            | Self::PolicyAlreadyExists
            | Self::Conflict
            | Self::InvalidatedRetryToken => StatusCode::CONFLICT,
            Self::NoEtagMatch => StatusCode::PRECONDITION_FAILED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnprocessableEntity => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::RequestHeaderFieldsTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::InternalServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::MethodNotImplemented => StatusCode::NOT_IMPLEMENTED,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The code as the body spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CannotParseRequest => "CannotParseRequest",
            Self::InvalidParameter | Self::InvalidPathParameter => "InvalidParameter",
            Self::MissingParameter => "MissingParameter",
            Self::LimitExceeded => "LimitExceeded",
            Self::QuotaExceeded => "QuotaExceeded",
            Self::RelatedResourceNotAuthorizedOrNotFound => "RelatedResourceNotAuthorizedOrNotFound",
            Self::NotAuthenticated => "NotAuthenticated",
            Self::NotAllowed => "NotAllowed",
            Self::NotAuthorized => "NotAuthorized",
            Self::SignUpRequired => "SignUpRequired",
            Self::NotAuthorizedOrNotFound => "NotAuthorizedOrNotFound",
            Self::NotFound => "NotFound",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::IncorrectState => "IncorrectState",
            Self::NotAuthorizedOrResourceAlreadyExists => "NotAuthorizedOrResourceAlreadyExists",
            Self::CompartmentAlreadyExists => "CompartmentAlreadyExists",
            Self::PolicyAlreadyExists => "PolicyAlreadyExists",
            Self::Conflict => "Conflict",
            Self::InvalidatedRetryToken => "InvalidatedRetryToken",
            Self::NoEtagMatch => "NoEtagMatch",
            Self::PayloadTooLarge => "PayloadTooLarge",
            Self::UnprocessableEntity => "UnprocessableEntity",
            Self::TooManyRequests => "TooManyRequests",
            Self::RequestHeaderFieldsTooLarge => "RequestHeaderFieldsTooLarge",
            Self::InternalServerError => "InternalServerError",
            Self::MethodNotImplemented => "MethodNotImplemented",
            Self::ServiceUnavailable => "ServiceUnavailable",
        }
    }
}

/// The one public text of every refused authentication (contract analytics 3, row 401).
pub const NOT_AUTHENTICATED: &str =
    "The required information to complete authentication was not provided or was incorrect.";

/// The one public text for what is not there or not for this caller (contract analytics 3, row 404).
pub const NOT_AUTHORIZED_OR_NOT_FOUND: &str = "Authorization failed or requested resource not found";

/// The body of every Oracle Cloud error answer: `{"code":"...","message":"..."}` (contract analytics 3). The header
/// `opc-request-id` goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The code, e.g. `NotAuthenticated`.
    pub code: Cow<'static, str>,
    /// The text for a human.
    pub message: Cow<'static, str>,
}

impl ErrorBody {
    /// Builds the body.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: code.as_str().into(), message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_has_two_members() {
        // Contract analytics 3.
        let body = ErrorBody::new(ErrorCode::NotAuthenticated, NOT_AUTHENTICATED);
        assert_eq!(
            serde_json::to_string(&body).unwrap(),
            r#"{"code":"NotAuthenticated","message":"The required information to complete authentication was not provided or was incorrect."}"#
        );
    }

    #[test]
    fn a_malformed_path_part_is_invalid_parameter_with_404() {
        // Contract analytics 3, row 404 InvalidParameter.
        assert_eq!(ErrorCode::InvalidPathParameter.as_str(), ErrorCode::InvalidParameter.as_str());
        assert_eq!(ErrorCode::InvalidPathParameter.status(), 404);
        assert_eq!(ErrorCode::InvalidParameter.status(), 400);
    }

    #[test]
    fn extra_members_are_ignored_when_reading() {
        let body: ErrorBody =
            serde_json::from_str(r#"{"code":"X","message":"y","originalMessage":"z","messageArguments":{}}"#).unwrap();
        assert_eq!((body.code.as_ref(), body.message.as_ref()), ("X", "y"));
    }
}
