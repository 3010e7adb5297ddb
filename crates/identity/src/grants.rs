//! The grants, one file each, and what they share: the refusal, its answer and its explanation.

mod authorization_code;
mod client_credentials;
pub mod console;
mod device_code;
mod issue;
mod jwt_bearer;
mod password;
pub mod personal;
mod refresh_token;
mod token_exchange;

use std::sync::Arc;

pub use authorization_code::CodeRefusal;
pub(crate) use issue::SignIn;
pub use refresh_token::RefreshRefusal;
pub(crate) use refresh_token::judge as judge_refresh_token;

use authorization_code::Redeemed;
use http::StatusCode;
use obol_domain::{Explanation, audit::Cause, scopes::ScopeRefusal, totp::MfaPolicy};
use obol_protocol::{
    Timestamp,
    oauth::{
        ClientProblem, FormError, Grant, GrantProblem, GrantType, OAuthError, OAuthErrorCode, ScopeError, ScopeList,
        TokenBody, TokenProblem, TokenRequest, error::catalogue,
    },
};
use obol_store::apps::ClientType;

pub use device_code::DeviceFault;
pub use token_exchange::ExchangeFault;

use crate::{
    Identity, ServiceError, StripeLocator,
    assertions::AssertionFault,
    cache::{LoadedClient, LoadedStripe},
    clients::ClientRefusal,
    http::PublicBase,
    users::{SignInRefusal, unknown_stripe},
};

/// The operation that drops the client's side of the scope rule (contract identity 2.7).
const ON_BEHALF_OF_USER: &str = "onBehalfOfUser";

/// Why the token endpoint issued nothing.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// The body broke off before its end.
    #[error("the body could not be received")]
    BodyBroken,
    /// The body is not an acceptable form.
    #[error("the form could not be read")]
    Form(#[from] FormError),
    /// The form is not a token request.
    #[error("the request could not be read")]
    Request(#[from] TokenProblem),
    /// There is no such stripe.
    #[error("there is no such stripe")]
    UnknownStripe,
    /// The client was not authenticated.
    #[error("the client was not authenticated")]
    Client(#[from] ClientRefusal),
    /// The client may not use this grant.
    #[error("the client may not use the grant {grant}")]
    Grant {
        /// What was asked for.
        grant: GrantType,
        /// What the client may use.
        allowed: String,
    },
    /// The user's assertion is not accepted.
    #[error("the assertion is not accepted")]
    Assertion(#[from] AssertionFault),
    /// A device's code brings no token.
    #[error("the device code brings no token")]
    Device(#[from] DeviceFault),
    /// A token was not exchanged.
    #[error("the token was not exchanged")]
    Exchange(#[from] ExchangeFault),
    /// The user was not signed in.
    #[error("the user was not signed in")]
    User(#[from] SignInRefusal),
    /// The code is good for nothing.
    #[error("the code cannot be used")]
    Code(#[from] CodeRefusal),
    /// The refresh token is good for nothing.
    #[error("the refresh token cannot be used")]
    Refresh(#[from] RefreshRefusal),
    /// The user was authenticated, and the sign-on policy asks for a second factor, for which this grant has no place.
    #[error("the sign-on policy asks for a second factor")]
    SecondFactor(MfaPolicy),
    /// A scope cannot be granted.
    #[error("a scope cannot be granted")]
    Scope(#[from] ScopeRefusal),
    /// The service failed.
    #[error("the service failed")]
    Service(#[from] ServiceError),
}

/// What a client is about to get a token for, after it was authenticated.
pub(crate) struct Admitted<'a> {
    pub(crate) stripe: &'a LoadedStripe,
    pub(crate) client: &'a LoadedClient,
    pub(crate) scope: &'a ScopeList,
    /// The stripe's address as the client reached it.
    pub(crate) base: Option<&'a PublicBase>,
    pub(crate) cause: &'a Cause,
    pub(crate) now: Timestamp,
}

impl Identity {
    /// Answers a token request: stripe, client, grant, then what the grant itself checks.
    pub(crate) async fn token(
        &self,
        locator: &StripeLocator,
        base: Option<&PublicBase>,
        request: TokenRequest,
        cause: &Cause,
        now: Timestamp,
    ) -> Result<TokenBody, TokenRefusal> {
        let stripe = self.locate(locator, now).await?.ok_or(TokenRefusal::UnknownStripe)?;
        let client: Arc<LoadedClient> = self.authenticate_client(&stripe, &request.client, base).await?;
        check_grant(&client, request.grant.grant_type())?;
        let admitted = Admitted { stripe: &stripe, client: &client, scope: &request.scope, base, cause, now };
        match request.grant {
            Grant::ClientCredentials => self.client_credentials(&admitted).await,
            Grant::Password { username, password } => self.password(&admitted, &username, &password).await,
            Grant::AuthorizationCode { code, redirect_uri, code_verifier } => {
                let redirect_uri = redirect_uri.as_deref();
                let redeemed = Redeemed { code: &code, redirect_uri, verifier: code_verifier.as_ref() };
                self.authorization_code(&admitted, redeemed).await
            }
            Grant::RefreshToken { refresh_token } => self.refresh_token(&admitted, &refresh_token).await,
            Grant::JwtBearer { assertion } => self.jwt_bearer(&admitted, &assertion).await,
            Grant::DeviceCode { device_code } => self.device_code(&admitted, &device_code).await,
            Grant::TokenExchange(exchange) => self.token_exchange(&admitted, &exchange).await,
        }
    }
}

pub(crate) fn check_grant(client: &LoadedClient, grant: GrantType) -> Result<(), TokenRefusal> {
    let public = client.app.client_type == ClientType::Public;
    // A client is not configured for token exchange: the trust in the other provider names it (contract identity 2.5).
    let allowed = client.allows(grant) || grant == GrantType::TokenExchange;
    if allowed && (!public || grant.is_open_to_public_clients()) {
        return Ok(());
    }
    Err(TokenRefusal::Grant { grant, allowed: client.app.allowed_grants.join(", ") })
}

impl TokenRefusal {
    /// The public answer (contract identity 2.6), and after how many seconds repeating may help.
    pub fn answer(&self) -> (OAuthError, Option<u32>) {
        let bad_request = |text: &'static str| OAuthError::new(OAuthErrorCode::InvalidRequest, text);
        let answer = match self {
            Self::BodyBroken => bad_request("The request could not be received."),
            Self::Form(problem) => Self::form_answer(problem),
            Self::Request(TokenProblem::Client(problem)) => match problem {
                ClientProblem::TwoMethods | ClientProblem::TwoHeaders | ClientProblem::TwoIds => {
                    bad_request("More than one client authentication method was used.")
                }
                ClientProblem::Missing
                | ClientProblem::Scheme
                | ClientProblem::MalformedBasic
                | ClientProblem::SecretWithoutId
                | ClientProblem::HalfAnAssertion
                | ClientProblem::AssertionType
                | ClientProblem::AssertionUnreadable => OAuthError::client_authentication_failed(),
            },
            Self::Request(TokenProblem::Grant(GrantProblem::Missing(_))) => {
                bad_request("A required parameter is missing.")
            }
            Self::Request(TokenProblem::Grant(GrantProblem::Unsupported(_))) => {
                OAuthError::new(OAuthErrorCode::UnsupportedGrantType, "The grant type is not supported.")
            }
            Self::Request(TokenProblem::Scope(problem)) => match problem {
                ScopeError::Character(_) | ScopeError::RoleName | ScopeError::Expiry => invalid_scope(),
            },
            Self::UnknownStripe | Self::User(SignInRefusal::UnknownStripe) => {
                OAuthError { status: StatusCode::NOT_FOUND, ..bad_request("The identity domain does not exist.") }
            }
            Self::Client(refusal) => match refusal {
                ClientRefusal::Unknown(_)
                | ClientRefusal::NotAClient(_)
                | ClientRefusal::Inactive(_)
                | ClientRefusal::NoSecret(_)
                | ClientRefusal::PublicWithSecret(_)
                | ClientRefusal::PublicWithAssertion(_)
                | ClientRefusal::Assertion(_)
                | ClientRefusal::WrongSecret(_) => OAuthError::client_authentication_failed(),
                ClientRefusal::Busy(_) => return overloaded(),
                ClientRefusal::Service(error) => return failure(error),
            },
            Self::Grant { .. } => OAuthError::client_authorization_failed(),
            Self::Assertion(_) => OAuthError::new(OAuthErrorCode::InvalidGrant, "The assertion is not valid."),
            Self::Device(fault) => fault.answer(),
            Self::Exchange(fault) => match fault {
                ExchangeFault::Requested | ExchangeFault::SubjectType | ExchangeFault::PublicKey => {
                    bad_request("The token exchange request is not valid.")
                }
                ExchangeFault::Client => OAuthError::client_authorization_failed(),
                ExchangeFault::Untrusted
                | ExchangeFault::NoCertificate
                | ExchangeFault::Token(_)
                | ExchangeFault::ClientClaim
                | ExchangeFault::User(_) => {
                    OAuthError::new(OAuthErrorCode::InvalidGrant, "The subject token is not valid.")
                }
            },
            Self::User(refusal) => match refusal {
                // Answered above; the arm keeps the list whole.
                SignInRefusal::UnknownStripe
                | SignInRefusal::Unknown
                | SignInRefusal::Inactive
                | SignInRefusal::Locked(_)
                | SignInRefusal::WrongPassword { .. }
                | SignInRefusal::PasswordExpired
                | SignInRefusal::PasswordMustChange => {
                    OAuthError::new(OAuthErrorCode::InvalidGrant, refusal.public_text())
                }
                SignInRefusal::Busy(_) => return overloaded(),
                SignInRefusal::Service(error) => return failure(error),
            },
            Self::Code(_) => OAuthError::new(OAuthErrorCode::InvalidGrant, "The authorization code is invalid."),
            Self::Refresh(_) => OAuthError::new(OAuthErrorCode::InvalidGrant, "The refresh token is invalid."),
            Self::SecondFactor(_) => OAuthError::new(OAuthErrorCode::InvalidGrant, catalogue::MFA_ENABLED),
            Self::Scope(refusal) => match refusal {
                ScopeRefusal::Client(_) | ScopeRefusal::User(_) | ScopeRefusal::Disjoint => {
                    OAuthError::client_authorization_failed()
                }
                ScopeRefusal::Nothing
                | ScopeRefusal::ConsumerNotAlone
                | ScopeRefusal::SeveralResources
                | ScopeRefusal::MultiResource
                | ScopeRefusal::Lifetime { .. }
                | ScopeRefusal::NeedsUser(_)
                | ScopeRefusal::Wider(_)
                | ScopeRefusal::NoRefreshToken(_) => invalid_scope(),
            },
            Self::Service(error) => return failure(error),
        };
        (answer, None)
    }

    /// The record for whoever asks why. Service failures have none: they are not the caller's.
    pub fn explanation(&self) -> Option<Explanation> {
        Some(match self {
            Self::BodyBroken => Self::body_broken(),
            Self::Form(problem) => Self::form_unreadable(problem),
            Self::Request(TokenProblem::Client(problem)) => Explanation::new(
                "client_presented",
                "a client id and secret, by Basic or in the body, or a client assertion, and only one of them",
                problem.to_string(),
                "use curl -u id:secret, client_id and client_secret in the body, or client_assertion with its type",
            ),
            Self::Request(TokenProblem::Grant(problem)) => Explanation::new(
                "grant_readable",
                "a grant_type that is served, with all its parameters",
                grant_problem(problem),
                "name a grant that is served here, with all its parameters",
            ),
            Self::Request(TokenProblem::Scope(problem)) => Explanation::new(
                "scope_readable",
                "scopes separated by spaces",
                problem.to_string(),
                "spell the scope as the application's page shows it; a space in a role name is %2520",
            ),
            Self::UnknownStripe => unknown_stripe(),
            Self::Client(refusal) => return refusal.explanation(),
            Self::Grant { grant, allowed } => Explanation::new(
                "grant_allowed_to_client",
                if allowed.is_empty() { "no grant".to_owned() } else { format!("one of {allowed}") },
                grant.as_str(),
                format!("allow {} in the application's configuration", grant.label()),
            ),
            Self::Assertion(fault) => fault.explanation(),
            Self::Device(fault) => fault.explanation(),
            Self::Exchange(fault) => return fault.explanation(),
            Self::User(refusal) => return refusal.explanation(),
            Self::Code(refusal) => refusal.explanation(),
            Self::Refresh(refusal) => refusal.explanation(),
            Self::SecondFactor(policy) => Explanation::new(
                "second_factor_not_asked",
                "a user whom the sign-on policy does not ask for a second factor",
                match policy {
                    MfaPolicy::Required => "the policy Required, which asks everybody",
                    MfaPolicy::Optional | MfaPolicy::Off => "a user who has set one up, whom the policy Optional asks",
                },
                "use authorization_code or a device code, or change mfaPolicy in the settings",
            ),
            Self::Scope(refusal) => refusal.explanation(),
            Self::Service(_) => return None,
        })
    }
}

/// What every door of this dialect says of a form.
impl TokenRefusal {
    pub(crate) fn form_answer(problem: &FormError) -> OAuthError {
        let bad_request = |text: &'static str| OAuthError::new(OAuthErrorCode::InvalidRequest, text);
        match problem {
            FormError::ContentType | FormError::Charset => {
                bad_request("The content type must be application/x-www-form-urlencoded in UTF-8.")
            }
            FormError::TooLong | FormError::TooManyFields => bad_request("The request is too large."),
            FormError::Encoding | FormError::NotUtf8 => bad_request("The request is not properly encoded."),
            FormError::Duplicate(_) => bad_request("A parameter was sent more than once."),
        }
    }

    pub(crate) fn body_broken() -> Explanation {
        Explanation::new("body_received", "a whole body", "one that broke off", "send the request again")
    }

    pub(crate) fn form_unreadable(problem: &FormError) -> Explanation {
        Explanation::new(
            "form_readable",
            "application/x-www-form-urlencoded in UTF-8, each parameter once, at most 64 KiB",
            form_problem(problem),
            "send the parameters as curl -d does",
        )
    }
}

/// Describes what is wrong with a form. A name is repeated only if it is a known one: in a form put together by hand, a
/// password can come to stand where a name should.
fn form_problem(problem: &FormError) -> String {
    const KNOWN: [&str; 19] = [
        "grant_type",
        "scope",
        "username",
        "password",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "assertion",
        "requested_token_type",
        "subject_token",
        "subject_token_type",
        "public_key",
        "device_code",
        "response_type",
        "code",
        "redirect_uri",
        "code_verifier",
        "refresh_token",
    ];
    match problem {
        FormError::Duplicate(name) if !KNOWN.contains(&name.as_str()) => {
            "a parameter was sent more than once".to_owned()
        }
        FormError::Duplicate(_)
        | FormError::ContentType
        | FormError::Charset
        | FormError::TooLong
        | FormError::TooManyFields
        | FormError::Encoding
        | FormError::NotUtf8 => problem.to_string(),
    }
}

/// Describes what is wrong with a grant; a name is repeated only if it is a grant's.
fn grant_problem(problem: &GrantProblem) -> String {
    match problem {
        GrantProblem::Unsupported(name) if name.parse::<GrantType>().is_err() => "no grant's name".to_owned(),
        GrantProblem::Unsupported(_) | GrantProblem::Missing(_) => problem.to_string(),
    }
}

fn invalid_scope() -> OAuthError {
    OAuthError::new(OAuthErrorCode::InvalidScope, "The scope is invalid.")
}

fn overloaded() -> (OAuthError, Option<u32>) {
    (OAuthError::new(OAuthErrorCode::TemporarilyUnavailable, "The service is busy."), Some(1))
}

pub(crate) fn failure(error: &ServiceError) -> (OAuthError, Option<u32>) {
    if error.is_passing() {
        return (OAuthError::new(OAuthErrorCode::TemporarilyUnavailable, "The service is not available."), Some(1));
    }
    (OAuthError::server_error(), None)
}

#[cfg(test)]
mod tests {
    use obol_protocol::{jose::JwsError, oauth::ScopeError};

    use super::*;
    use crate::password::Busy;

    const DOCUMENT: &str = include_str!("../../../docs/errors.md");

    fn assertions() -> [AssertionFault; 16] {
        let at = Timestamp::default();
        [
            AssertionFault::Malformed(JwsError::Header),
            AssertionFault::Type,
            AssertionFault::NoKeyNamed,
            AssertionFault::KeyUnknown,
            AssertionFault::CertificateEarly(at),
            AssertionFault::CertificateExpired(at),
            AssertionFault::Signature,
            AssertionFault::Issuer,
            AssertionFault::Subject,
            AssertionFault::Audience,
            AssertionFault::NoExpiry,
            AssertionFault::Expired(at),
            AssertionFault::LivesTooLong(at),
            AssertionFault::Early(at),
            AssertionFault::Replayed,
            AssertionFault::Kind,
        ]
    }

    fn codes() -> [CodeRefusal; 8] {
        [
            CodeRefusal::Unknown,
            CodeRefusal::OtherClient,
            CodeRefusal::Reused,
            CodeRefusal::Expired(Timestamp::default()),
            CodeRefusal::RedirectUri,
            CodeRefusal::NoVerifier,
            CodeRefusal::Verifier,
            CodeRefusal::NoChallenge,
        ]
    }

    fn refreshes() -> [RefreshRefusal; 6] {
        [
            RefreshRefusal::Unknown,
            RefreshRefusal::OtherClient,
            RefreshRefusal::Reused,
            RefreshRefusal::Revoked,
            RefreshRefusal::Expired(Timestamp::default()),
            RefreshRefusal::PasswordChanged,
        ]
    }

    /// Every refusal there is, each variant once.
    fn all() -> Vec<TokenRefusal> {
        let text = String::new;
        let form = [
            FormError::ContentType,
            FormError::Charset,
            FormError::TooLong,
            FormError::TooManyFields,
            FormError::Encoding,
            FormError::NotUtf8,
            FormError::Duplicate(text()),
        ];
        let presented = [
            ClientProblem::Missing,
            ClientProblem::Scheme,
            ClientProblem::MalformedBasic,
            ClientProblem::SecretWithoutId,
            ClientProblem::TwoMethods,
            ClientProblem::TwoHeaders,
            ClientProblem::TwoIds,
            ClientProblem::HalfAnAssertion,
            ClientProblem::AssertionType,
            ClientProblem::AssertionUnreadable,
        ];
        let client = [
            ClientRefusal::Unknown(text()),
            ClientRefusal::NotAClient(text()),
            ClientRefusal::Inactive(text()),
            ClientRefusal::NoSecret(text()),
            ClientRefusal::PublicWithSecret(text()),
            ClientRefusal::PublicWithAssertion(text()),
            ClientRefusal::WrongSecret(text()),
            ClientRefusal::Busy(Busy),
            ClientRefusal::Service(ServiceError::NoKey),
        ];
        let user = [
            SignInRefusal::UnknownStripe,
            SignInRefusal::Unknown,
            SignInRefusal::Inactive,
            SignInRefusal::Locked(None),
            SignInRefusal::WrongPassword { attempts: 1, limit: 5 },
            SignInRefusal::PasswordExpired,
            SignInRefusal::PasswordMustChange,
            SignInRefusal::Busy(Busy),
            SignInRefusal::Service(ServiceError::NoKey),
        ];
        let scope = [
            ScopeRefusal::Nothing,
            ScopeRefusal::ConsumerNotAlone,
            ScopeRefusal::SeveralResources,
            ScopeRefusal::MultiResource,
            ScopeRefusal::Lifetime { seconds: 1, longest: 2 },
            ScopeRefusal::NeedsUser(text()),
            ScopeRefusal::NoRefreshToken(obol_domain::scopes::NoRefreshToken::Client),
            ScopeRefusal::Client(text()),
            ScopeRefusal::User(text()),
            ScopeRefusal::Wider(text()),
            ScopeRefusal::Disjoint,
        ];
        let mut all = vec![
            TokenRefusal::BodyBroken,
            TokenRefusal::SecondFactor(MfaPolicy::Required),
            TokenRefusal::UnknownStripe,
            TokenRefusal::Grant { grant: GrantType::Password, allowed: text() },
            TokenRefusal::Request(GrantProblem::Missing("scope").into()),
            TokenRefusal::Request(GrantProblem::Unsupported(text()).into()),
            TokenRefusal::Request(ScopeError::RoleName.into()),
            TokenRefusal::Service(ServiceError::NoKey),
            TokenRefusal::Service(obol_store::StoreError::Unavailable("gone".into()).into()),
        ];
        all.extend(form.map(TokenRefusal::from));
        all.extend(presented.map(|problem| TokenRefusal::Request(problem.into())));
        all.extend(client.map(TokenRefusal::from));
        all.extend(assertions().map(|fault| ClientRefusal::Assertion(fault).into()));
        all.extend(assertions().map(TokenRefusal::from));
        all.extend(assertions().map(|fault| ExchangeFault::Token(fault).into()));
        let device = [
            DeviceFault::Unknown,
            DeviceFault::OtherClient,
            DeviceFault::Used,
            DeviceFault::Expired,
            DeviceFault::TooFast,
            DeviceFault::Pending,
            DeviceFault::Denied,
        ];
        all.extend(device.map(TokenRefusal::from));
        let exchange = [
            ExchangeFault::Requested,
            ExchangeFault::SubjectType,
            ExchangeFault::PublicKey,
            ExchangeFault::Untrusted,
            ExchangeFault::Client,
            ExchangeFault::NoCertificate,
            ExchangeFault::ClientClaim,
            ExchangeFault::User(SignInRefusal::Unknown),
        ];
        all.extend(exchange.map(TokenRefusal::from));
        all.extend(user.map(TokenRefusal::from));
        all.extend(scope.map(TokenRefusal::from));
        all.extend(codes().map(TokenRefusal::from));
        all.extend(refreshes().map(TokenRefusal::from));
        all
    }

    #[test]
    fn every_refusal_stands_in_the_document_of_errors() {
        for refusal in all() {
            let (error, _) = refusal.answer();
            let row = format!("| {} | `{}` | `{}`", error.status.as_u16(), error.code.as_str(), error.description);
            let line = DOCUMENT.lines().find(|line| line.starts_with(&row));
            let line = line.unwrap_or_else(|| panic!("docs/errors.md has no row {row} for {refusal:?}"));
            if let Some(explanation) = refusal.explanation() {
                let check = format!("`{}`", explanation.check);
                assert!(line.contains(&check), "docs/errors.md: {row} does not name {check}");
            }
        }
    }

    #[test]
    fn a_refusal_has_an_explanation_unless_it_is_our_own_failure() {
        for refusal in all() {
            let (error, _) = refusal.answer();
            let ours = matches!(error.code, OAuthErrorCode::ServerError) || matches!(refusal, TokenRefusal::Service(_));
            assert_eq!(refusal.explanation().is_none(), ours, "{refusal:?}");
        }
    }
}
