//! The error answers of the token endpoint (contract identity 2.6).

use std::borrow::Cow;

use http::StatusCode;
use serde::{Deserialize, Serialize};

/// The `error` member (RFC 6749 section 5.2, RFC 8628 section 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OAuthErrorCode {
    /// The request is malformed.
    InvalidRequest,
    /// The client did not authenticate.
    InvalidClient,
    /// The user's or the grant's credentials are not valid.
    InvalidGrant,
    /// The client may not have this grant or scope.
    UnauthorizedClient,
    /// The endpoint does not serve this grant.
    UnsupportedGrantType,
    /// The scope is malformed or names what cannot be granted together.
    InvalidScope,
    /// The user has not decided yet.
    AuthorizationPending,
    /// The client polls too fast.
    SlowDown,
    /// The device code lapsed.
    ExpiredToken,
    /// The user said no.
    AccessDenied,
    /// The authorization endpoint does not serve this response type.
    UnsupportedResponseType,
    /// Request objects are not served.
    RequestNotSupported,
    /// Nobody is signed in, and nobody may be asked to.
    LoginRequired,
    /// The user did not agree, and may not be asked to.
    ConsentRequired,
    /// The access token is not accepted (RFC 6750 section 3.1).
    InvalidToken,
    /// The access token lacks a scope (RFC 6750 section 3.1).
    InsufficientScope,
    /// Obol failed.
    ServerError,
    /// Obol is overloaded.
    TemporarilyUnavailable,
}

impl OAuthErrorCode {
    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::RequestNotSupported => "request_not_supported",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    /// The status it comes with: 401 for a client's authentication and authorization, 400 for the request's problems.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient | Self::UnauthorizedClient | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::InvalidRequest
            | Self::InvalidGrant
            | Self::UnsupportedGrantType
            | Self::InvalidScope
            | Self::AuthorizationPending
            | Self::SlowDown
            | Self::ExpiredToken
            | Self::AccessDenied
            | Self::UnsupportedResponseType
            | Self::RequestNotSupported
            | Self::LoginRequired
            | Self::ConsentRequired => StatusCode::BAD_REQUEST,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// An error answer. It serialises as `{"error":…,"error_description":…}` and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OAuthError {
    /// The HTTP status.
    #[serde(skip)]
    pub status: StatusCode,
    /// The `error` member.
    #[serde(rename = "error")]
    pub code: OAuthErrorCode,
    /// The public text; it holds nothing the caller may not know.
    #[serde(rename = "error_description")]
    pub description: Cow<'static, str>,
}

impl OAuthError {
    /// Builds the answer with the code's own status.
    pub fn new(code: OAuthErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self { status: code.status(), code, description: description.into() }
    }

    /// A client that did not authenticate, whatever the reason (contract identity 2.6).
    pub fn client_authentication_failed() -> Self {
        Self::new(OAuthErrorCode::InvalidClient, "Client authentication failed.")
    }

    /// A scope or grant this client was not given (contract identity 2.6).
    pub fn client_authorization_failed() -> Self {
        Self::new(OAuthErrorCode::UnauthorizedClient, "Client authorization failed.")
    }

    /// Our own failure; the text is constant.
    pub fn server_error() -> Self {
        Self::new(OAuthErrorCode::ServerError, "The server could not process the request.")
    }
}

/// The texts of the authentication catalogue (contract identity 2.6), which `invalid_grant` reuses.
pub mod catalogue {
    /// AUTH-3001.
    pub const WRONG_NAME_OR_PASSWORD: &str = "You entered an incorrect user name or password.";
    /// AUTH-3002.
    pub const LOCKED: &str = "Your account is locked. Contact your system administrator.";
    /// AUTH-3003.
    pub const DEACTIVATED: &str = "Your account is deactivated. Contact your system administrator.";
    /// The whole stripe asks for a second factor.
    pub const MFA_ENABLED: &str =
        "Tenant is MFA enabled. Use Multi-Factor Authentication for all users in this tenant.";
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [OAuthErrorCode; 18] = [
        OAuthErrorCode::UnsupportedResponseType,
        OAuthErrorCode::RequestNotSupported,
        OAuthErrorCode::LoginRequired,
        OAuthErrorCode::ConsentRequired,
        OAuthErrorCode::InvalidToken,
        OAuthErrorCode::InsufficientScope,
        OAuthErrorCode::InvalidRequest,
        OAuthErrorCode::InvalidClient,
        OAuthErrorCode::InvalidGrant,
        OAuthErrorCode::UnauthorizedClient,
        OAuthErrorCode::UnsupportedGrantType,
        OAuthErrorCode::InvalidScope,
        OAuthErrorCode::AuthorizationPending,
        OAuthErrorCode::SlowDown,
        OAuthErrorCode::ExpiredToken,
        OAuthErrorCode::AccessDenied,
        OAuthErrorCode::ServerError,
        OAuthErrorCode::TemporarilyUnavailable,
    ];

    #[test]
    fn an_ungranted_scope_answers_as_captured() {
        // Contract identity 2.6, first row.
        let error = OAuthError::client_authorization_failed();
        assert_eq!(error.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            r#"{"error":"unauthorized_client","error_description":"Client authorization failed."}"#
        );
    }

    #[test]
    fn a_client_that_did_not_authenticate_gets_401() {
        // Contract identity 2.6.
        let error = OAuthError::client_authentication_failed();
        assert_eq!((error.status, error.code), (StatusCode::UNAUTHORIZED, OAuthErrorCode::InvalidClient));
    }

    #[test]
    fn request_problems_are_400_and_never_a_success() {
        for code in ALL {
            assert!(code.status().is_client_error() || code.status().is_server_error(), "{code:?}");
        }
        for code in [OAuthErrorCode::InvalidRequest, OAuthErrorCode::InvalidGrant, OAuthErrorCode::InvalidScope] {
            assert_eq!(code.status(), StatusCode::BAD_REQUEST);
        }
    }

    #[test]
    fn the_wire_name_is_the_same_either_way() {
        for code in ALL {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("{:?}", code.as_str()));
        }
    }
}
