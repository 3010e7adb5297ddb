//! Why a signed request was refused: one variant for each check of contract analytics 4.8.

use std::borrow::Cow;

use crate::{Timestamp, description::describe};

/// The check that said no. The public answer to all of them is 401 `NotAuthenticated` with one text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefusal {
    /// There is no `Authorization` header.
    #[error("the request has no Authorization header")]
    Missing,
    /// The header is of another scheme, e.g. `Bearer`.
    #[error("the Authorization header is not of the scheme Signature")]
    OtherScheme,
    /// The header cannot be taken apart; says what is wrong.
    #[error("{0}")]
    Malformed(&'static str),
    /// A parameter is not there.
    #[error("the Authorization header has no {0}")]
    ParameterMissing(&'static str),
    /// `version` is there and not `1`.
    #[error("the signature's version is not 1")]
    OtherVersion,
    /// `algorithm` is not `rsa-sha256`.
    #[error("the signature's algorithm is not rsa-sha256")]
    OtherAlgorithm,
    /// A header that must be signed is not in the list.
    #[error("{0} is not signed")]
    RequiredNotSigned(&'static str),
    /// A name is in the list twice.
    #[error("a header is listed more than once")]
    ListedTwice,
    /// A listed header is not in the request.
    #[error("{0} is listed as signed and not in the request")]
    ListedAbsent(String),
    /// The date is not an HTTP date.
    #[error("the date of the request cannot be read")]
    DateUnreadable,
    /// The date is more than five minutes from the server's.
    #[error("the date of the request is more than five minutes off")]
    DateSkewed {
        /// What the request says.
        sent: Timestamp,
        /// What the server's wall clock says.
        wall: Timestamp,
    },
    /// `keyId` has neither of its forms.
    #[error("the keyId has no known form")]
    KeyIdMalformed,
    /// No active key of that name: unknown tenancy, user or fingerprint, a user of another tenancy, a removed key.
    #[error("no active key has this keyId")]
    KeyUnknown {
        /// The fingerprint that was asked for.
        fingerprint: String,
    },
    /// The signature is not that of this request by this key.
    #[error("the signature does not fit the request")]
    SignatureMismatch {
        /// The header list, as sent.
        signed: String,
    },
    /// `content-length` is not the length of the body.
    #[error("content-length is not the length of the body")]
    LengthMismatch {
        /// The length of the body received, in bytes.
        received: usize,
    },
    /// `x-content-sha256` is not the digest of the body.
    #[error("x-content-sha256 is not the digest of the body")]
    DigestMismatch {
        /// The digest of the body received.
        received: String,
    },
}

/// The parts of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The named check.
    pub check: &'static str,
    /// What it wanted.
    pub expected: Cow<'static, str>,
    /// What it saw.
    pub seen: Cow<'static, str>,
    /// What to do.
    pub fix: Cow<'static, str>,
}

impl SignatureRefusal {
    /// Explains the refusal, without a secret: no session token, no signature, no body.
    pub fn reason(&self) -> Reason {
        const SDK: &str = "sign with an Oracle SDK, the oci command line or obol, which do it right";
        let seen = |text: &'static str| Cow::Borrowed(text);
        match self {
            Self::Missing => reason(
                "signature_present",
                "an Authorization header of the scheme Signature",
                seen("no Authorization header"),
                SDK,
            ),
            Self::OtherScheme => reason(
                "signature_present",
                "an Authorization header of the scheme Signature",
                seen("an Authorization header of another scheme"),
                "sign the request with an API key; the access token belongs into idcsAccessToken of the body",
            ),
            Self::Malformed(what) => reason("signature_well_formed", "Signature name=\"value\",...", seen(what), SDK),
            Self::ParameterMissing(name) => reason(
                "signature_well_formed",
                "the parameters keyId, algorithm, headers and signature",
                format!("no {name}").into(),
                SDK,
            ),
            Self::OtherVersion => {
                reason("signature_version", "version=\"1\", or none", seen("another version"), "send version=\"1\"")
            }
            Self::OtherAlgorithm => reason(
                "signature_algorithm",
                "algorithm=\"rsa-sha256\"",
                seen("another algorithm"),
                "sign with an RSA key, PKCS#1 v1.5 over SHA-256",
            ),
            Self::RequiredNotSigned(name) => reason(
                "required_headers_signed",
                "(request-target), host and date (or x-date, where it is sent), and with POST, PUT and PATCH also \
                 content-length, content-type and x-content-sha256",
                format!("{name} is not in the list of signed headers").into(),
                "add it to headers=\"...\" and to the signed text",
            ),
            Self::ListedTwice => reason(
                "signed_headers_unique",
                "each header once in headers=\"...\"",
                seen("a header listed more than once"),
                "list it once",
            ),
            Self::ListedAbsent(name) => reason(
                "signed_headers_present",
                "every header of headers=\"...\" in the request",
                format!("{} is listed and was not received", header_shown(name)).into(),
                "send it, or leave it out of the list; a proxy may have removed it",
            ),
            Self::DateUnreadable => reason(
                "date_readable",
                "date (or x-date) as in Sun, 22 Nov 2026 22:29:49 GMT",
                seen("something else"),
                "send the date in the preferred form of RFC 9110 section 5.6.7",
            ),
            Self::DateSkewed { sent, wall } => reason(
                "date_within_five_minutes",
                format!("a date within 5 minutes of {}", wall.http_date()),
                format!("{}, {} seconds off", sent.http_date(), sent.distance(*wall).as_secs()).into(),
                "set the client's clock; the Date header of every answer shows the server's",
            ),
            Self::KeyIdMalformed => reason(
                "key_id_well_formed",
                "<tenancy OCID>/<user OCID>/<fingerprint>, or ST$ and a session token",
                seen("a keyId of another form"),
                "check tenancy, user and fingerprint in the profile",
            ),
            Self::KeyUnknown { fingerprint } => reason(
                "key_registered",
                "an active API key of this user in this tenancy",
                format!("no such key with the fingerprint {fingerprint}").into(),
                "check tenancy, user and fingerprint in the profile, or register the key's public half for the user",
            ),
            Self::SignatureMismatch { signed } => reason(
                "signature_fits",
                "a signature by this key over the request as it was received",
                format!("one that does not fit; signed headers: {}", list_shown(signed)).into(),
                "check that key_file is the key of this fingerprint, and that no proxy changes the path, the query, Host \
                 or a signed header",
            ),
            Self::LengthMismatch { received } => reason(
                "body_length",
                "content-length equal to the length of the body",
                format!("a body of {received} bytes").into(),
                "sign the length of the bytes that are sent",
            ),
            Self::DigestMismatch { received } => reason(
                "body_digest",
                "x-content-sha256 equal to the base64 of the SHA-256 of the body",
                format!("a body with the digest {received}").into(),
                "sign the digest of the bytes that are sent; something on the way may have changed the body",
            ),
        }
    }
}

/// A header's name, if it is one that clients sign. The list of names is the caller's text like any other.
fn header_shown(name: &str) -> Cow<'_, str> {
    const SIGNED: [&str; 18] = [
        "(request-target)",
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "date",
        "expect",
        "host",
        "if-match",
        "opc-client-info",
        "opc-obo-token",
        "opc-request-id",
        "opc-retry-token",
        "user-agent",
        "x-content-sha256",
        "x-date",
    ];
    if SIGNED.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        Cow::Borrowed(name)
    } else {
        format!("another header (its name: {})", describe(name)).into()
    }
}

fn list_shown(list: &str) -> String {
    list.split_ascii_whitespace().map(header_shown).collect::<Vec<_>>().join(" ")
}

fn reason(
    check: &'static str,
    expected: impl Into<Cow<'static, str>>,
    seen: Cow<'static, str>,
    fix: &'static str,
) -> Reason {
    Reason { check, expected: expected.into(), seen, fix: fix.into() }
}
