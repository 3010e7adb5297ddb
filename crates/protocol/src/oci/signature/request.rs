//! The text that is signed, and the checks around it (contract analytics 4.2, 4.3, 4.5, 4.7).

use std::ops::Range;

use aws_lc_rs::digest::{SHA256, digest as hash};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, Method,
    header::{CONTENT_LENGTH, DATE, HOST},
    request::Parts,
    uri::{Authority, PathAndQuery},
};

use super::{SKEW, SignatureHeader, SignatureRefusal};
use crate::Timestamp;

/// The request target exactly as it came, where something before routing made it clean: signatures are judged by it. It
/// travels in the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawTarget(pub String);

const DIGEST: &str = "x-content-sha256";
const TARGET: &str = "(request-target)";
const X_DATE: &str = "x-date";

/// A request as it was received: nothing decoded, nothing normalised (contract analytics 4.7).
#[derive(Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// Path and query exactly as on the request line.
    pub target: &'a str,
    /// The `:authority` of an HTTP/2 request, which stands for `host` where there is no such header.
    pub authority: Option<&'a str>,
    /// The headers.
    pub headers: &'a HeaderMap,
}

impl<'a> SignedRequest<'a> {
    /// The request in the form that was signed: the target as it came, before routing made it clean.
    pub fn of(parts: &'a Parts) -> Self {
        let target = match parts.extensions.get::<RawTarget>() {
            Some(RawTarget(raw)) => raw.as_str(),
            None => parts.uri.path_and_query().map_or("/", PathAndQuery::as_str),
        };
        let authority = parts.uri.authority().map(Authority::as_str);
        Self { method: &parts.method, target, authority, headers: &parts.headers }
    }
}

/// The text that a signature is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningString {
    pub(super) text: Vec<u8>,
    /// Where the value of `host` stands in it.
    host: Range<usize>,
}

impl SigningString {
    /// The text with `:443` behind the host put there, or taken away: some clients sign the host as they were configured
    /// and send it as their HTTP library spells it (contract identity 6.3). With another port there is nothing to mistake.
    pub(super) fn with_host_respelt(&self) -> Option<Vec<u8>> {
        let host = self.text.get(self.host.clone())?;
        let (before, after) = (self.text.get(..self.host.start)?, self.text.get(self.host.end..)?);
        let respelt = match host.strip_suffix(b":443") {
            Some(bare) => bare.to_vec(),
            None if host.contains(&b':') => return None,
            None => [host, b":443"].concat(),
        };
        Some([before, &respelt, after].concat())
    }
}

impl SignatureHeader<'_> {
    /// Checks all that needs no key (contract analytics 4.8, points 2 to 4) and rebuilds the signed text. `wall` is the
    /// time of the server's wall clock.
    pub fn signing_string(
        &self,
        request: &SignedRequest<'_>,
        wall: Timestamp,
    ) -> Result<SigningString, SignatureRefusal> {
        if self.version.is_some_and(|version| version != "1") {
            return Err(SignatureRefusal::OtherVersion);
        }
        if self.algorithm != "rsa-sha256" {
            return Err(SignatureRefusal::OtherAlgorithm);
        }
        let listed: Vec<&str> = self.headers.split_ascii_whitespace().collect();
        required_headers_are_signed(&listed, request)?;
        let text = text(&listed, request)?;
        date_is_near(request, wall)?;
        Ok(text)
    }
}

/// Contract analytics 4.3. Where `x-date` is sent, it is the date that counts, so that is the one to be signed.
fn required_headers_are_signed(listed: &[&str], request: &SignedRequest<'_>) -> Result<(), SignatureRefusal> {
    let date = if request.headers.contains_key(X_DATE) { X_DATE } else { "date" };
    let with_body: &[&'static str] =
        if signs_body(request.method) { &["content-length", "content-type", DIGEST] } else { &[] };
    let missing = [TARGET, "host", date]
        .into_iter()
        .chain(with_body.iter().copied())
        .find(|required| !listed.iter().any(|name| name.eq_ignore_ascii_case(required)));
    match missing {
        Some(name) => Err(SignatureRefusal::RequiredNotSigned(name)),
        None => Ok(()),
    }
}

/// Builds the text for a list of header names, in their order (contract analytics 4.2). Names are lowercased; values
/// are taken raw, those of a repeated header joined as RFC 9110 section 5.3 joins them.
pub(super) fn text(listed: &[&str], request: &SignedRequest<'_>) -> Result<SigningString, SignatureRefusal> {
    let mut text = Vec::with_capacity(512);
    let mut host = 0..0;
    for (index, name) in listed.iter().enumerate() {
        if listed.iter().take(index).any(|earlier| earlier.eq_ignore_ascii_case(name)) {
            return Err(SignatureRefusal::ListedTwice);
        }
        if index > 0 {
            text.push(b'\n');
        }
        text.extend(name.bytes().map(|byte| byte.to_ascii_lowercase()));
        text.extend_from_slice(b": ");
        if name.eq_ignore_ascii_case(TARGET) {
            text.extend(request.method.as_str().bytes().map(|byte| byte.to_ascii_lowercase()));
            text.push(b' ');
            text.extend_from_slice(request.target.as_bytes());
            continue;
        }
        let begin = text.len();
        let mut values = request.headers.get_all(*name).iter();
        match (values.next(), request.authority) {
            (Some(first), _) => text.extend_from_slice(first.as_bytes()),
            (None, Some(authority)) if name.eq_ignore_ascii_case(HOST.as_str()) => {
                text.extend_from_slice(authority.as_bytes());
            }
            (None, _) => return Err(SignatureRefusal::ListedAbsent(name.to_ascii_lowercase())),
        }
        for value in values {
            text.extend_from_slice(b", ");
            text.extend_from_slice(value.as_bytes());
        }
        if name.eq_ignore_ascii_case(HOST.as_str()) {
            host = begin..text.len();
        }
    }
    Ok(SigningString { text, host })
}

/// Contract analytics 4.3 and 4.7: `x-date` before `date`, five minutes either way.
fn date_is_near(request: &SignedRequest<'_>, wall: Timestamp) -> Result<(), SignatureRefusal> {
    let sent = request
        .headers
        .get(X_DATE)
        .or_else(|| request.headers.get(DATE))
        .and_then(|value| value.to_str().ok())
        .and_then(Timestamp::parse_http_date)
        .ok_or(SignatureRefusal::DateUnreadable)?;
    if sent.distance(wall) > SKEW { Err(SignatureRefusal::DateSkewed { sent, wall }) } else { Ok(()) }
}

/// Whether a request of this method must sign its body, an empty one too (contract analytics 4.3).
pub(super) fn signs_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// Compares the signed `content-length` and `x-content-sha256` of a POST, PUT or PATCH with the body received (contract
/// analytics 4.8, point 7). Other methods sign no body.
pub fn check_body(request: &SignedRequest<'_>, body: &[u8]) -> Result<(), SignatureRefusal> {
    if !signs_body(request.method) {
        return Ok(());
    }
    let length = request.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if length.and_then(|length| length.parse::<usize>().ok()) != Some(body.len()) {
        return Err(SignatureRefusal::LengthMismatch { received: body.len() });
    }
    let received = digest(body);
    if request.headers.get(DIGEST).is_some_and(|sent| sent.as_bytes() == received.as_bytes()) {
        Ok(())
    } else {
        Err(SignatureRefusal::DigestMismatch { received })
    }
}

/// The value of `x-content-sha256` for a body: base64 of its SHA-256 (contract analytics 4.5).
pub fn digest(body: &[u8]) -> String {
    STANDARD.encode(hash(&SHA256, body))
}
