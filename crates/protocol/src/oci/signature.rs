//! Oracle Cloud request signatures, version 1 (contract analytics 4): draft-cavage-http-signatures-08 with RSA PKCS#1
//! v1.5 over SHA-256, a fixed minimum of signed headers, and a body digest.
//!
//! A server walks these steps, in the order of contract analytics 4.8, and answers any refusal with 401
//! `NotAuthenticated` and one text; the refusal itself says which check it was:
//!
//! 1. [`SignatureHeader::of`] reads the `Authorization` header;
//! 2. [`SignatureHeader::signing_string`] checks algorithm, version, the required set, the presence of every listed
//!    header and the date, and rebuilds the signed text;
//! 3. the caller looks the key up by [`SignatureHeader::key_id`];
//! 4. [`SignatureHeader::verify`] verifies the signature with a key that was parsed once;
//! 5. [`check_body`] compares length and digest with the body received.
//!
//! A client holds a [`Signer`]. Both sides build the text with the same function.

mod header;
mod key;
mod refusal;
mod request;
mod signer;

use std::time::Duration;

pub use header::{KeyId, SignatureHeader};
pub use key::{KeyError, PrivateKey, PublicKey};
pub use refusal::{Reason, SignatureRefusal};
pub use request::{RawTarget, SignedRequest, SigningString, check_body, digest};
pub use signer::{Signer, SigningError};

/// How far a request's date may be from the server's wall clock, either way (contract analytics 4.7).
pub const SKEW: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests;
