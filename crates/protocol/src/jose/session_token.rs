//! The claims of a session token (UPST): a JWT that binds a key to a user for a while, so that requests may be signed with
//! that key under `keyId="ST$<token>"` (contract identity 2.5, contract analytics 4.6).

use serde::{Deserialize, Serialize};

/// The issuer of session tokens.
pub const SESSION_ISSUER: &str = "authService.oracle.com";
/// Whom a session token is for.
pub const SESSION_AUDIENCE: &str = "oci";
/// What kind of token it is (`ttype`).
pub const SESSION_KIND: &str = "upst";

/// What a session token says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTokenClaims {
    /// The user's OCID.
    pub sub: String,
    /// [`SESSION_ISSUER`].
    pub iss: String,
    /// The kind of principal: `user`.
    pub ptype: String,
    /// [`SESSION_KIND`].
    pub ttype: String,
    /// [`SESSION_AUDIENCE`].
    pub aud: String,
    /// The tenancy's OCID.
    pub tenant: String,
    /// The stripe that issued it, and whose key signed it.
    pub stripe: String,
    /// Its id.
    pub jti: String,
    /// When it was issued, in seconds since the epoch.
    pub iat: i64,
    /// Its end, in seconds since the epoch.
    pub exp: i64,
    /// The key that requests are signed with, as the text of a JWK.
    pub jwk: String,
}

/// Claims are a token's content; only what finds them in a log is printed.
impl std::fmt::Debug for SessionTokenClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionTokenClaims").field("jti", &self.jti).finish_non_exhaustive()
    }
}
