//! The `Authorization: Signature k="v",…` header: free parameter order, values with `=`, `/`, `$`, `+` (contract
//! analytics 4.1 and 4.8, point 1).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header::AUTHORIZATION};

use super::{PublicKey, SignatureRefusal, SigningString};
use crate::oci::Fingerprint;

/// The longest header that is read, in bytes. A session token takes about two thousand.
const LONGEST: usize = 16 * 1024;

/// A header that was taken apart. Nothing in it has been verified yet.
pub struct SignatureHeader<'a> {
    pub(super) version: Option<&'a str>,
    pub(super) algorithm: &'a str,
    pub(super) headers: &'a str,
    key_id: &'a str,
    signature: Vec<u8>,
}

/// What the signature's key is named by (contract analytics 4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyId<'a> {
    /// `<tenancy OCID>/<user OCID>/<fingerprint>`.
    ApiKey {
        /// The tenancy's OCID, as sent.
        tenancy: &'a str,
        /// The user's OCID, as sent.
        user: &'a str,
        /// The key's fingerprint, well formed.
        fingerprint: &'a str,
    },
    /// `ST$<JWT>`; holds the JWT, which is a secret.
    SessionToken(&'a str),
}

impl<'a> SignatureHeader<'a> {
    /// Finds and reads the header of a request.
    pub fn of(headers: &'a HeaderMap) -> Result<Self, SignatureRefusal> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(SignatureRefusal::Missing)?;
        if values.next().is_some() {
            return Err(SignatureRefusal::Malformed("the Authorization header is there more than once"));
        }
        Self::parse(value.as_bytes())
    }

    /// Reads the header's value.
    pub fn parse(value: &'a [u8]) -> Result<Self, SignatureRefusal> {
        if value.len() > LONGEST {
            return Err(SignatureRefusal::Malformed("the Authorization header is longer than 16 KiB"));
        }
        let text = std::str::from_utf8(value)
            .map_err(|_| SignatureRefusal::Malformed("the Authorization header is not text"))?
            .trim();
        // The scheme's name is case-insensitive (RFC 9110 section 11.1).
        let (scheme, mut rest) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("Signature") {
            return Err(SignatureRefusal::OtherScheme);
        }
        let (mut version, mut algorithm, mut headers, mut key_id, mut signature) = (None, None, None, None, None);
        loop {
            let (name, value, after) = parameter(rest)?;
            let slot = match name.to_ascii_lowercase().as_str() {
                "version" => Some(&mut version),
                "algorithm" => Some(&mut algorithm),
                "headers" => Some(&mut headers),
                "keyid" => Some(&mut key_id),
                "signature" => Some(&mut signature),
                _ => None,
            };
            if slot.is_some_and(|slot| slot.replace(value).is_some()) {
                return Err(SignatureRefusal::Malformed("a parameter is there more than once"));
            }
            let after = after.trim_start();
            if after.is_empty() {
                break;
            }
            rest = after
                .strip_prefix(',')
                .ok_or(SignatureRefusal::Malformed("the parameters are not separated by commas"))?;
        }
        let signature = signature.ok_or(SignatureRefusal::ParameterMissing("signature"))?;
        Ok(Self {
            version,
            algorithm: algorithm.ok_or(SignatureRefusal::ParameterMissing("algorithm"))?,
            headers: headers.ok_or(SignatureRefusal::ParameterMissing("headers"))?,
            key_id: key_id.ok_or(SignatureRefusal::ParameterMissing("keyId"))?,
            signature: STANDARD
                .decode(signature)
                .map_err(|_| SignatureRefusal::Malformed("the signature is not base64"))?,
        })
    }

    /// Names the key, to look it up by.
    pub fn key_id(&self) -> Result<KeyId<'a>, SignatureRefusal> {
        if let Some(token) = self.key_id.strip_prefix("ST$") {
            return if token.is_empty() {
                Err(SignatureRefusal::KeyIdMalformed)
            } else {
                Ok(KeyId::SessionToken(token))
            };
        }
        let mut parts = self.key_id.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(tenancy), Some(user), Some(fingerprint), None)
                if !tenancy.is_empty() && !user.is_empty() && Fingerprint::is_well_formed(fingerprint) =>
            {
                Ok(KeyId::ApiKey { tenancy, user, fingerprint })
            }
            _ => Err(SignatureRefusal::KeyIdMalformed),
        }
    }

    /// Verifies the signature over the text that [`SignatureHeader::signing_string`] built (contract analytics 4.8,
    /// point 6), with `:443` behind the host or without it.
    pub fn verify(&self, signing_string: &SigningString, key: &PublicKey) -> Result<(), SignatureRefusal> {
        let respelt = || signing_string.with_host_respelt().is_some_and(|text| key.verifies(&text, &self.signature));
        if key.verifies(&signing_string.text, &self.signature) || respelt() {
            Ok(())
        } else {
            Err(SignatureRefusal::SignatureMismatch { signed: self.headers.to_owned() })
        }
    }
}

/// Takes one `name="value"` off the front.
fn parameter(text: &str) -> Result<(&str, &str, &str), SignatureRefusal> {
    const SHAPE: SignatureRefusal = SignatureRefusal::Malformed("a parameter is not of the form name=\"value\"");
    let (name, rest) = text.split_once('=').ok_or(SHAPE)?;
    let name = name.trim();
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        return Err(SHAPE);
    }
    let (value, rest) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"')).ok_or(SHAPE)?;
    // No client escapes anything, and a backslash would make two readers see two values.
    if value.contains('\\') { Err(SHAPE) } else { Ok((name, value, rest)) }
}
