//! OAuth 2.0 as IDCS speaks it: the form, the client's credentials, grants, scopes, answers, errors and discovery.
//!
//! Each module reads or writes one piece of contract identity 2 and 8 and decides nothing: whether a client may have a
//! grant or a scope is the token service's to say.

pub mod authorize;
pub mod client;
pub mod device;
pub mod discovery;
pub mod error;
pub mod form;
pub mod grant;
pub mod introspection;
pub mod pkce;
pub mod scope;
pub mod token;
pub mod userinfo;

pub use authorize::{Addressee, AddresseeProblem, AuthorizationProblem, AuthorizationRequest};
pub use client::{ClientProblem, PresentedClient, SecretMethod};
pub use device::{DeviceAnswer, DeviceRequest};
pub use error::{OAuthError, OAuthErrorCode};
pub use form::{Form, FormError};
pub use grant::{ExchangeRequest, Grant, GrantProblem, GrantType};
pub use introspection::Introspection;
pub use scope::{OidcScope, Scope, ScopeError, ScopeList};
pub use token::{SessionToken, TokenAnswer, TokenAnswers, TokenBody, TokenFile, TokenProblem, TokenRequest, TokenType};
