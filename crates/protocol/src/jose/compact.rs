//! The compact form of a JWS (RFC 7515 section 7.1), read strictly: what a lenient reader forgives, an attacker uses.

use std::{borrow::Cow, collections::HashSet, fmt};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor},
};

/// The longest token read, in bytes: the largest limit a stripe can choose (contract identity 3.5).
pub const LONGEST_TOKEN: usize = 128_000;

/// A compact JWS taken apart; nothing about it is verified yet.
#[derive(Clone, PartialEq, Eq)]
pub struct CompactJws<'a> {
    header: JwsHeader,
    payload: Vec<u8>,
    signature: Vec<u8>,
    signing_input: &'a str,
}

impl<'a> CompactJws<'a> {
    /// Takes the token apart: three parts of base64url without padding, an RS256 header without duplicate members.
    ///
    /// # Errors
    ///
    /// [`JwsError`] names the first thing that is wrong; it never repeats the token.
    pub fn parse(token: &'a str) -> Result<Self, JwsError> {
        if token.len() > LONGEST_TOKEN {
            return Err(JwsError::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsError::NotThreeParts)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::NotThreeParts)?;
        if payload.contains('.') {
            return Err(JwsError::NotThreeParts);
        }
        let header = JwsHeader::parse(&decode(header)?)?;
        Ok(Self { header, payload: decode(payload)?, signature: decode(signature)?, signing_input })
    }

    /// The header.
    pub fn header(&self) -> &JwsHeader {
        &self.header
    }

    /// The payload's bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Reads the payload as claims. Call it after the signature was verified.
    ///
    /// # Errors
    ///
    /// [`JwsError::Claims`] when a member is missing or of another type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        serde_json::from_slice(&self.payload).map_err(|_| JwsError::Claims)
    }

    /// What was signed: the first two parts with the dot between them.
    pub fn signing_input(&self) -> &'a [u8] {
        self.signing_input.as_bytes()
    }

    /// The signature's bytes.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// A token is a secret, so neither its claims nor its signature are printed.
impl fmt::Debug for CompactJws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompactJws").field("header", &self.header).finish_non_exhaustive()
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::NotBase64Url)
}

/// The header's members that select a key; the algorithm is RS256, as anything else is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JwsHeader {
    /// The key id; in tokens of IDCS the constant `SIGNING_KEY`, in a client's assertion a certificate's alias.
    pub kid: Option<String>,
    /// The SHA-1 thumbprint of the signing certificate, base64url.
    pub x5t: Option<String>,
    /// The SHA-256 thumbprint of the signing certificate, base64url.
    pub x5t_s256: Option<String>,
    /// The media type, `JWT` in assertions; IDCS's own tokens have none.
    pub typ: Option<String>,
}

impl JwsHeader {
    fn parse(json: &[u8]) -> Result<Self, JwsError> {
        let raw: RawHeader = serde_json::from_slice(json).map_err(|_| JwsError::Header)?;
        // RFC 7515 section 4.1.11: an extension that must be understood and is not makes the token invalid.
        if raw.critical {
            return Err(JwsError::CriticalExtension);
        }
        match raw.alg.as_deref() {
            Some("RS256") => Ok(raw.header),
            Some(_) | None => Err(JwsError::Algorithm),
        }
    }
}

#[derive(Default)]
struct RawHeader {
    header: JwsHeader,
    alg: Option<String>,
    critical: bool,
}

impl<'de> Deserialize<'de> for RawHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = RawHeader;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawHeader, A::Error> {
        let mut seen = HashSet::new();
        let mut raw = RawHeader::default();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match name.as_ref() {
                "alg" => raw.alg = Some(map.next_value()?),
                "kid" => raw.header.kid = Some(map.next_value()?),
                "x5t" => raw.header.x5t = Some(map.next_value()?),
                "x5t#S256" => raw.header.x5t_s256 = Some(map.next_value()?),
                "typ" => raw.header.typ = Some(map.next_value()?),
                "crit" => {
                    map.next_value::<IgnoredAny>()?;
                    raw.critical = true;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            // RFC 7515 section 4: member names must be unique; readers that take the first and readers that take the
            // last would see two different headers.
            if !seen.insert(name) {
                return Err(A::Error::custom("duplicate member"));
            }
        }
        Ok(raw)
    }
}

/// Why a token is not an acceptable JWS. It never holds a part of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than [`LONGEST_TOKEN`].
    #[error("longer than {LONGEST_TOKEN} bytes")]
    TooLong,
    /// Not three parts separated by dots.
    #[error("not three parts separated by dots")]
    NotThreeParts,
    /// A part is not base64url without padding.
    #[error("a part is not base64url without padding")]
    NotBase64Url,
    /// The header is not a JSON object of the known types with unique members.
    #[error("the header is not a JSON object with unique members")]
    Header,
    /// The header asks for an extension to be understood.
    #[error("the header names a critical extension")]
    CriticalExtension,
    /// The algorithm is missing or not RS256.
    #[error("the algorithm is not RS256")]
    Algorithm,
    /// The signature was not made by this key over these bytes.
    #[error("the signature does not match")]
    SignatureMismatch,
    /// The payload is not the expected set of claims.
    #[error("the payload is not the expected set of claims")]
    Claims,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(header: &str) -> String {
        format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode("sig"))
    }

    fn refusal(token: &str) -> JwsError {
        CompactJws::parse(token).unwrap_err()
    }

    #[test]
    fn header_and_payload_are_read() {
        let token = token(r#"{"x5t#S256":"a","x5t":"b","kid":"SIGNING_KEY","alg":"RS256","extra":[1]}"#);
        let jws = CompactJws::parse(&token).unwrap();
        assert_eq!(jws.header().kid.as_deref(), Some("SIGNING_KEY"));
        assert_eq!(jws.header().x5t.as_deref(), Some("b"));
        assert_eq!(jws.header().x5t_s256.as_deref(), Some("a"));
        assert_eq!((jws.payload(), jws.signature()), (&b"{}"[..], &b"sig"[..]));
        assert_eq!(jws.signing_input(), token.rsplit_once('.').unwrap().0.as_bytes());
    }

    #[test]
    fn anything_but_three_parts_is_refused() {
        for text in ["", "a", "a.b", "a.b.c.d", r#"{"app_access_token":"x"}"#] {
            assert_eq!(refusal(text), JwsError::NotThreeParts, "{text}");
        }
        assert_eq!(refusal(".."), JwsError::Header);
    }

    #[test]
    fn padding_and_the_other_alphabet_are_refused() {
        let good = token(r#"{"alg":"RS256"}"#);
        for text in [format!("{good}="), format!("{good}+"), format!(" {good}"), format!("{good}\n")] {
            assert_eq!(refusal(&text), JwsError::NotBase64Url, "{text}");
        }
    }

    #[test]
    fn stray_bits_at_the_end_of_a_part_are_refused() {
        // `c2ln` is complete; `Zg` holds one byte and four zero bits, `Zh` the same byte and a stray bit.
        let good = token(r#"{"alg":"RS256"}"#);
        let (input, _) = good.rsplit_once('.').unwrap();
        CompactJws::parse(&format!("{input}.Zg")).unwrap();
        assert_eq!(refusal(&format!("{input}.Zh")), JwsError::NotBase64Url);
    }

    #[test]
    fn every_algorithm_but_rs256_is_refused() {
        for alg in [r#""none""#, r#""HS256""#, r#""rs256""#, r#""RS512""#, r#""PS256""#, r#""""#] {
            assert_eq!(refusal(&token(&format!(r#"{{"alg":{alg}}}"#))), JwsError::Algorithm, "{alg}");
        }
        assert_eq!(refusal(&token("{}")), JwsError::Algorithm);
        assert_eq!(refusal(&token(r#"{"alg":1}"#)), JwsError::Header);
        assert_eq!(refusal(&token(r#"{"alg":null}"#)), JwsError::Header);
    }

    #[test]
    fn duplicate_header_members_are_refused() {
        for header in [
            r#"{"alg":"RS256","alg":"RS256"}"#,
            r#"{"alg":"none","alg":"RS256"}"#,
            r#"{"alg":"RS256","extra":1,"extra":2}"#,
            r#"{"alg":"RS256","\u0061lg":"RS256"}"#,
        ] {
            assert_eq!(refusal(&token(header)), JwsError::Header, "{header}");
        }
    }

    #[test]
    fn critical_extensions_are_refused() {
        assert_eq!(refusal(&token(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#)), JwsError::CriticalExtension);
    }

    #[test]
    fn headers_that_are_not_objects_are_refused() {
        for header in ["", "[]", "null", "\"RS256\"", r#"{"alg":"RS256"}x"#, r#"{"alg":"RS256","kid":1}"#] {
            assert_eq!(refusal(&token(header)), JwsError::Header, "{header}");
        }
    }

    #[test]
    fn an_endless_token_is_refused_unread() {
        assert_eq!(refusal(&"a".repeat(LONGEST_TOKEN + 1)), JwsError::TooLong);
    }

    #[test]
    fn a_token_is_not_printed() {
        let token = token(r#"{"alg":"RS256"}"#);
        let printed = format!("{:?}", CompactJws::parse(&token).unwrap());
        assert!(!printed.contains(token.rsplit_once('.').unwrap().1), "{printed}");
    }

    #[test]
    fn claims_of_another_type_are_refused() {
        let text = format!("{}.{}.AA", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#), URL_SAFE_NO_PAD.encode("[1]"));
        assert_eq!(CompactJws::parse(&text).unwrap().claims::<String>().unwrap_err(), JwsError::Claims);
    }

    proptest! {
        #[test]
        fn any_text_never_panics(text in ".*") {
            let _ = CompactJws::parse(&text);
        }

        #[test]
        fn any_header_and_payload_never_panic(header in proptest::collection::vec(any::<u8>(), 0..64), payload in ".*") {
            let text = format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
            if let Ok(jws) = CompactJws::parse(&text) {
                let _ = jws.claims::<super::super::AccessTokenClaims>();
            }
        }
    }
}
