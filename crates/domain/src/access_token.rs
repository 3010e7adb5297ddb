//! What analytics asks of identity when a caller hands it an access token.

use crate::{BoxFuture, Explanation};

/// The user a valid access token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedUser {
    /// The stripe that issued the token.
    pub stripe: String,
    /// The SCIM id of the user, 32 hex digits.
    pub user_id: String,
    /// The user name, `sub` in the token.
    pub user_name: String,
}

/// Why an access token was not accepted, each with its own explanation.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// The token is well formed and signed, but speaks for a client and not for a user (`OAC-DAL-001041`).
    #[error("the token is not user-context")]
    NotUserContext(Explanation),
    /// Anything else: form, signature, issuer, expiry, stripe, scope, or a user who may not act any more.
    #[error("the token is not valid here")]
    Invalid(Explanation),
    /// The stripe could not be asked; repeating may help.
    #[error("the stripe could not be asked")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Tells who an access token is. Identity implements it for its own stripes.
pub trait AccessTokenVerifier: Send + Sync + 'static {
    /// Verifies a token for creating an instance in `tenancy_id`: signature, issuer, expiry, a stripe of this tenancy,
    /// `sub_type` user, the scope `urn:opc:idm:t.user.me`, and that the user still exists, is active and not locked.
    fn verify_for_instance<'a>(
        &'a self,
        tenancy_id: &'a str,
        token: &'a str,
    ) -> BoxFuture<'a, Result<VerifiedUser, TokenRefusal>>;
}
