//! The body of an OAuth request: `application/x-www-form-urlencoded`, read as strictly as RFC 6749 section 3.2 asks.

use std::fmt;

use crate::{
    Secret, hex,
    percent::{self, BrokenEscape, Plus},
};

/// The media type of every OAuth request body.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// The longest body read, in bytes.
pub const LONGEST_BODY: usize = 64 * 1024;

/// A form whose names are unique. Values may be secrets, so `Debug` prints the names only and memory is wiped.
#[derive(Clone)]
pub struct Form(Vec<(String, Secret)>);

impl Form {
    /// Reads a body. The charset may be named in any case and spacing, and must be UTF-8 (contract identity 2.1).
    ///
    /// # Errors
    ///
    /// [`FormError`] names the first thing that is wrong; it holds no value of the form.
    pub fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Self, FormError> {
        check_content_type(content_type.ok_or(FormError::ContentType)?)?;
        if body.len() > LONGEST_BODY {
            return Err(FormError::TooLong);
        }
        let mut fields: Vec<(String, Secret)> = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if fields.len() == MOST_FIELDS {
                return Err(FormError::TooManyFields);
            }
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(FormError::Duplicate(name));
            }
            fields.push((name, Secret::new(value)));
        }
        Ok(Self(fields))
    }

    /// The value of a parameter. One without a value counts as omitted (RFC 6749 section 3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.expose())
            .filter(|value| !value.is_empty())
    }

    /// The value of a parameter that is a secret.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.get(name).map(Secret::new)
    }

    /// The names that were sent, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, value)| (name, value))).finish()
    }
}

/// More parameters than any grant has; the bound keeps the search for duplicates short.
const MOST_FIELDS: usize = 64;

fn check_content_type(content_type: &str) -> Result<(), FormError> {
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next().is_some_and(|media_type| media_type.eq_ignore_ascii_case(MEDIA_TYPE)) {
        return Err(FormError::ContentType);
    }
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        if name.trim().eq_ignore_ascii_case("charset") && !value.eq_ignore_ascii_case("utf-8") {
            return Err(FormError::Charset);
        }
    }
    Ok(())
}

/// Decodes one name or value of a form: `+` is a space, `%` stands before two hex digits, the result is UTF-8.
///
/// # Errors
///
/// [`FormError::Encoding`] or [`FormError::NotUtf8`].
pub fn decode(text: &[u8]) -> Result<String, FormError> {
    text_of(text, Plus::Space)
}

/// Decodes the percent signs only, for text in which a plus is a plus.
pub(super) fn percent_decode(text: &str) -> Result<String, FormError> {
    text_of(text.as_bytes(), Plus::Plus)
}

fn text_of(text: &[u8], plus: Plus) -> Result<String, FormError> {
    let decoded = percent::decode(text, plus).map_err(|BrokenEscape| FormError::Encoding)?;
    String::from_utf8(decoded).map_err(|_| FormError::NotUtf8)
}

/// Encodes text as one name or value of a form, so that [`decode`] gives it back.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => encoded.push(char::from(byte)),
            b' ' => encoded.push('+'),
            other => {
                encoded.push('%');
                encoded.push_str(&hex::encode(&[other]).to_ascii_uppercase());
            }
        }
    }
    encoded
}

/// Why a body is not an acceptable form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The content type is missing or another one.
    #[error("the content type is not {MEDIA_TYPE}")]
    ContentType,
    /// The content type names another charset than UTF-8.
    #[error("the charset is not UTF-8")]
    Charset,
    /// Longer than [`LONGEST_BODY`].
    #[error("the body is longer than {LONGEST_BODY} bytes")]
    TooLong,
    /// More parameters than any request has.
    #[error("more than {MOST_FIELDS} parameters")]
    TooManyFields,
    /// A percent sign without two hex digits after it.
    #[error("a percent sign is not followed by two hex digits")]
    Encoding,
    /// A name or value is not UTF-8.
    #[error("a name or value is not UTF-8")]
    NotUtf8,
    /// A parameter was sent twice; it holds the name.
    #[error("the parameter {0:?} was sent more than once")]
    Duplicate(String),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(body: &[u8]) -> Result<Form, FormError> {
        Form::parse(Some(MEDIA_TYPE), body)
    }

    #[test]
    fn charset_is_utf_8_in_any_spelling() {
        // Contract identity 2.1.
        for content_type in [
            "application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded;charset=UTF-8",
            "application/x-www-form-urlencoded; charset=utf-8",
            "Application/X-WWW-Form-URLEncoded ; Charset = \"Utf-8\"",
            "application/x-www-form-urlencoded;",
        ] {
            assert!(Form::parse(Some(content_type), b"a=b").is_ok(), "{content_type}");
        }
    }

    #[test]
    fn other_content_types_and_charsets_are_refused() {
        for (content_type, error) in [
            (None, FormError::ContentType),
            (Some(""), FormError::ContentType),
            (Some("application/json"), FormError::ContentType),
            (Some("application/x-www-form-urlencoded-2"), FormError::ContentType),
            (Some("multipart/form-data; boundary=x"), FormError::ContentType),
            (Some("application/x-www-form-urlencoded; charset=iso-8859-1"), FormError::Charset),
            (Some("application/x-www-form-urlencoded; charset"), FormError::Charset),
        ] {
            assert_eq!(Form::parse(content_type, b"a=b").unwrap_err(), error, "{content_type:?}");
        }
    }

    #[test]
    fn values_are_decoded_once() {
        let form = parse("scope=a+b%20c&name=%C3%A9&role=User%2520Administrator&url=a%3D%26b=c".as_bytes()).unwrap();
        assert_eq!(form.get("scope"), Some("a b c"));
        assert_eq!(form.get("name"), Some("é"));
        assert_eq!(form.get("role"), Some("User%20Administrator"));
        assert_eq!(form.get("url"), Some("a=&b=c"));
    }

    #[test]
    fn parameters_are_refused_when_sent_twice() {
        // RFC 6749 section 3.2.
        for body in ["scope=a&scope=b", "scope=a&x=1&scope=a", "scope=&scope=a", "sc%6Fpe=a&scope=a"] {
            assert_eq!(parse(body.as_bytes()).unwrap_err(), FormError::Duplicate("scope".into()), "{body}");
        }
    }

    #[test]
    fn a_parameter_without_a_value_counts_as_omitted() {
        let form = parse(b"a=&b&c=1&&").unwrap();
        assert_eq!((form.get("a"), form.get("b"), form.get("c"), form.get("d")), (None, None, Some("1"), None));
        assert_eq!(form.names().collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn broken_encodings_are_refused() {
        for body in ["a=%", "a=%4", "a=%zz", "%=a", "a=%+1", "a=b%"] {
            assert_eq!(parse(body.as_bytes()).unwrap_err(), FormError::Encoding, "{body}");
        }
        for body in [&b"a=%FF"[..], b"a=\xff", b"%C3=a", b"a=%C3%28"] {
            assert_eq!(parse(body).unwrap_err(), FormError::NotUtf8, "{body:?}");
        }
    }

    #[test]
    fn endless_bodies_are_refused() {
        assert_eq!(parse(&vec![b'a'; LONGEST_BODY + 1]).unwrap_err(), FormError::TooLong);
        let many: Vec<String> = (0..=MOST_FIELDS).map(|index| format!("a{index}=1")).collect();
        assert_eq!(parse(many.join("&").as_bytes()).unwrap_err(), FormError::TooManyFields);
    }

    #[test]
    fn values_are_not_printed() {
        let form = parse(b"client_secret=canary").unwrap();
        assert_eq!(format!("{form:?}"), r#"{"client_secret": ***}"#);
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(content_type in ".*", body in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = Form::parse(Some(&content_type), &body);
            let _ = parse(&body);
        }

        #[test]
        fn what_is_encoded_is_decoded(text in ".*") {
            prop_assert_eq!(decode(encode(&text).as_bytes()).unwrap(), text);
        }
    }
}
