//! Signing a request, as Oracle's Python and Go SDKs do (contract analytics 4.4).

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderValue, Method,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HOST},
};

use super::{
    PrivateKey, SignedRequest,
    request::{digest, signs_body, text},
};
use crate::{Secret, Timestamp, oci::Fingerprint};

const WITHOUT_BODY: &[&str] = &["date", "(request-target)", "host"];
const WITH_BODY: &[&str] = &["date", "(request-target)", "host", "content-length", "content-type", "x-content-sha256"];

/// Who signs, and with what.
pub struct Signer {
    /// Secret, as it may hold a session token.
    key_id: Secret,
    key: PrivateKey,
}

/// Why a request could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// The host, key id or another value cannot stand in a header.
    #[error("a value cannot stand in a header")]
    NotAHeader,
    /// A header of the list is not in the request, or is listed twice.
    #[error("a header that is to be signed is not in the request, or is listed twice")]
    List,
    /// The cryptographic library failed.
    #[error("the signature could not be made")]
    Crypto,
}

impl Signer {
    /// Signs with a user's API key.
    pub fn api_key(tenancy: &str, user: &str, fingerprint: &Fingerprint, key: PrivateKey) -> Self {
        Self { key_id: Secret::new(format!("{tenancy}/{user}/{fingerprint}")), key }
    }

    /// Signs with the key that a session token was given for.
    pub fn session_token(token: &Secret, key: PrivateKey) -> Self {
        Self { key_id: Secret::new(format!("ST${}", token.expose().trim())), key }
    }

    /// Signs a request and gives the headers to send with it: `date`, `host`, `authorization`, and with POST, PUT and
    /// PATCH also `content-type: application/json`, `content-length` and `x-content-sha256`. `target` is path and query
    /// exactly as they will be sent, `host` has the port where it is not the scheme's own.
    pub fn sign(
        &self,
        method: &Method,
        target: &str,
        host: &str,
        body: &[u8],
        wall: Timestamp,
    ) -> Result<HeaderMap, SigningError> {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(DATE, value(&wall.http_date())?);
        headers.insert(HOST, value(host)?);
        let listed = if signs_body(method) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            headers.insert("x-content-sha256", value(&digest(body))?);
            WITH_BODY
        } else {
            WITHOUT_BODY
        };
        let authorization =
            self.authorization(listed, &SignedRequest { method, target, authority: None, headers: &headers })?;
        headers.insert(AUTHORIZATION, authorization);
        Ok(headers)
    }

    /// The `Authorization` header for any list of header names, all of which the request must have.
    pub fn authorization(&self, listed: &[&str], request: &SignedRequest<'_>) -> Result<HeaderValue, SigningError> {
        let text = text(listed, request).map_err(|_| SigningError::List)?;
        let signature = STANDARD.encode(self.key.sign(&text.text).ok_or(SigningError::Crypto)?);
        let mut value = value(&format!(
            "Signature algorithm=\"rsa-sha256\",headers=\"{}\",keyId=\"{}\",signature=\"{signature}\",version=\"1\"",
            listed.join(" "),
            self.key_id.expose()
        ))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn value(text: &str) -> Result<HeaderValue, SigningError> {
    HeaderValue::from_str(text).map_err(|_| SigningError::NotAHeader)
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(***)")
    }
}
