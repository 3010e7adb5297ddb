//! Why the authorization endpoint gave no code: what the browser is shown, or what the client is told.

use http::StatusCode;
use obol_domain::Explanation;
use obol_protocol::oauth::{AddresseeProblem, AuthorizationProblem, FormError, OAuthError, OAuthErrorCode};
use obol_store::StoreError;

use crate::{ServiceError, grants::TokenRefusal, users::unknown_stripe};

/// Why no code was given.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeRefusal {
    /// Nobody may be told but the browser.
    #[error("the request cannot be answered to its client")]
    Unanswerable(#[from] Unanswerable),
    /// The client is told, by redirect.
    #[error("the request was refused to its client")]
    Answered(Box<Answered>),
    /// The service failed.
    #[error("the service failed")]
    Service(#[from] ServiceError),
}

impl From<StoreError> for AuthorizeRefusal {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

/// What a client is told.
#[derive(Debug)]
pub struct Answered {
    /// The redirect URI with the error in it.
    pub location: String,
    /// Why.
    pub reason: Reason,
}

/// Why a client cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum Unanswerable {
    /// There is no such stripe.
    #[error("there is no such stripe")]
    UnknownStripe,
    /// The body broke off before its end.
    #[error("the body could not be received")]
    BodyBroken,
    /// The query or body is not an acceptable form.
    #[error("the request could not be read")]
    Form(#[from] FormError),
    /// Client or state are missing or malformed.
    #[error("the client could not be read")]
    Addressee(#[source] AddresseeProblem),
    /// No application has this client id.
    #[error("no application has this client id")]
    UnknownClient,
    /// The application is not a client.
    #[error("the application {0} is not a client")]
    NotAClient(String),
    /// The application is not active.
    #[error("the application {0} is not active")]
    Inactive(String),
    /// No redirect URI.
    #[error("the redirect_uri is missing")]
    NoRedirectUri,
    /// A redirect URI that is not registered.
    #[error("the redirect_uri is not registered for {0}")]
    RedirectUri(String),
}

/// Why a client is told that it gets no code.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The request is malformed or asks for what there is not.
    #[error("the request was refused")]
    Request(#[source] AuthorizationProblem),
    /// The client may not use codes.
    #[error("the client may not use the grant authorization_code")]
    Grant,
    /// A public client without a challenge.
    #[error("a public client sent no code_challenge")]
    NoChallenge,
    /// Nobody is signed in, and no page may be shown.
    #[error("nobody is signed in")]
    LoginRequired,
    /// A scope cannot be granted.
    #[error("a scope cannot be granted")]
    Scope(#[source] Box<TokenRefusal>),
    /// The user did not agree yet, and no page may be shown.
    #[error("the user was not asked")]
    ConsentRequired,
    /// The user said no.
    #[error("the user said no")]
    Denied,
}

impl Unanswerable {
    /// What the browser is answered.
    pub fn answer(&self) -> OAuthError {
        let bad_request = |text: &'static str| OAuthError::new(OAuthErrorCode::InvalidRequest, text);
        match self {
            Self::UnknownStripe => {
                OAuthError { status: StatusCode::NOT_FOUND, ..bad_request("The identity domain does not exist.") }
            }
            Self::BodyBroken => bad_request("The request could not be received."),
            Self::Form(problem) => TokenRefusal::form_answer(problem),
            Self::Addressee(_) | Self::NoRedirectUri => bad_request("A required parameter is missing or not valid."),
            Self::UnknownClient | Self::NotAClient(_) | Self::Inactive(_) | Self::RedirectUri(_) => {
                bad_request("The client or its redirect URI is not valid.")
            }
        }
    }

    /// The record for whoever asks why.
    pub fn explanation(&self) -> Explanation {
        match self {
            Self::UnknownStripe => unknown_stripe(),
            Self::BodyBroken => TokenRefusal::body_broken(),
            Self::Form(problem) => TokenRefusal::form_unreadable(problem),
            Self::Addressee(problem) => Explanation::new(
                "client_presented",
                "client_id, and a state of at most 2048 bytes",
                problem.to_string(),
                "send client_id, response_type, redirect_uri and scope",
            ),
            Self::UnknownClient => Explanation::new(
                "client_known",
                "the client id of an application of this stripe",
                "an unknown one",
                "check the client id and the stripe in the URL",
            ),
            Self::NotAClient(id) => Explanation::new(
                "client_known",
                "an application configured as a client",
                format!("{id}, which is a resource only"),
                "configure the application as a client, or use another one",
            ),
            Self::Inactive(id) => Explanation::new(
                "client_active",
                "an active application",
                format!("{id}, which is inactive"),
                "activate the application",
            ),
            Self::NoRedirectUri => Explanation::new(
                "redirect_uri_registered",
                "a redirect_uri of the client, letter by letter",
                "none",
                "send redirect_uri",
            ),
            Self::RedirectUri(id) => Explanation::new(
                "redirect_uri_registered",
                format!("a redirect_uri of {id}, letter by letter"),
                "another one",
                "register it in the application's configuration; scheme, port, path, query and a slash at the end count",
            ),
        }
    }
}

impl Reason {
    /// What the client is told.
    pub fn answer(&self) -> OAuthError {
        let error = |code, text: &'static str| OAuthError::new(code, text);
        match self {
            Self::Request(problem) => match problem {
                AuthorizationProblem::ResponseType => {
                    error(OAuthErrorCode::UnsupportedResponseType, "The response type is not supported.")
                }
                AuthorizationProblem::RequestObject => {
                    error(OAuthErrorCode::RequestNotSupported, "Request objects are not supported.")
                }
                AuthorizationProblem::Scope(_) => error(OAuthErrorCode::InvalidScope, "The scope is invalid."),
                AuthorizationProblem::NoResponseType
                | AuthorizationProblem::ResponseMode
                | AuthorizationProblem::Challenge
                | AuthorizationProblem::Prompt
                | AuthorizationProblem::MaxAge
                | AuthorizationProblem::Nonce => {
                    error(OAuthErrorCode::InvalidRequest, "A parameter is missing or not valid.")
                }
            },
            Self::Grant => OAuthError::client_authorization_failed(),
            Self::NoChallenge => error(OAuthErrorCode::InvalidRequest, "A code challenge is required."),
            Self::LoginRequired => error(OAuthErrorCode::LoginRequired, "The user must sign in."),
            Self::Scope(refusal) => refusal.answer().0,
            Self::ConsentRequired => error(OAuthErrorCode::ConsentRequired, "The user must consent."),
            Self::Denied => error(OAuthErrorCode::AccessDenied, "The user denied the request."),
        }
    }

    /// The record for whoever asks why; what the user decided is no fault, but on record all the same.
    pub fn explanation(&self) -> Option<Explanation> {
        Some(match self {
            Self::Request(problem) => Explanation::new(
                "authorization_request_readable",
                "response_type=code, and the other parameters as OpenID Connect Core section 3.1.2.1 and RFC 7636 have them",
                problem.to_string(),
                "implicit and hybrid flows are not served: use the code flow, with code_challenge_method=S256",
            ),
            Self::Grant => Explanation::new(
                "grant_allowed_to_client",
                "a client with the grant authorization_code",
                "a client without it",
                "allow Authorization Code in the application's configuration",
            ),
            Self::NoChallenge => Explanation::new(
                "code_challenge_present",
                "a code_challenge, as the client is public",
                "none",
                "send code_challenge and code_challenge_method=S256",
            ),
            Self::LoginRequired => Explanation::new(
                "user_signed_in",
                "a session that is fresh enough",
                "none, and prompt=none",
                "leave prompt=none out, so that the user can sign in",
            ),
            Self::Scope(refusal) => return refusal.explanation(),
            Self::ConsentRequired => Explanation::new(
                "user_consented",
                "a user who agreed to the scopes",
                "one who was not asked, and prompt=none",
                "leave prompt=none out, so that the user can be asked",
            ),
            Self::Denied => Explanation::new(
                "user_consented",
                "a user who agreed to the scopes",
                "one who said no",
                "ask the user again, or for less",
            ),
        })
    }
}
