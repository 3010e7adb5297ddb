//! JSON Web Signatures as IDCS makes and takes them: the compact form, its header, the claims, the key set.
//!
//! Signing is done here and not by a general JOSE library, because those parse the private key again for every token,
//! which costs more than the signature itself. Only RS256 exists (contract identity 2.4 and 8), so there is nothing to
//! negotiate and no algorithm to be confused about.

pub mod assertion;
pub mod certificate;
pub mod claims;
pub mod compact;
pub mod id_claims;
pub mod jwk;
pub mod key;
pub mod session_token;

pub mod der;

pub use assertion::AssertionClaims;
pub use certificate::{Certificate, CertificateError};
pub use claims::{AccessTokenClaims, Audience};
pub use compact::{CompactJws, JwsError, JwsHeader};
pub use id_claims::{IdTokenClaims, IdTokenRole};
pub use jwk::{Jwk, JwkSet};
pub use key::{KeyError, SignError, SigningKey, VerifyingKey};
pub use session_token::SessionTokenClaims;

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The `kid` of every IDCS key: a constant, not a rotating id (contract identity 3.1).
pub const SIGNING_KEY: &str = "SIGNING_KEY";

/// The SHA-1 thumbprint of a DER certificate as `x5t` spells it (RFC 7515 section 4.1.7).
pub fn x5t(certificate: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate))
}

/// The `at_hash` of an access token under RS256: the left half of its SHA-256 (OpenID Connect Core section 3.1.3.6).
pub fn at_hash(access_token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

/// The SHA-256 thumbprint of a DER certificate as `x5t#S256` spells it (RFC 7515 section 4.1.8).
pub fn x5t_s256(certificate: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, certificate))
}
