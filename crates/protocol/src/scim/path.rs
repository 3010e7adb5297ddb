//! How filters, projections and PATCH name an attribute: `userName`, `name.familyName`, `urn:…:User:status` (contract
//! identity 6.1). The URN ends at the last colon; whether what stands before it is a schema is the resource's to say.

use std::{fmt, str::FromStr};

/// The longest path, in bytes.
const LONGEST: usize = 256;

/// The name of an attribute, maybe within a schema, maybe of one of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePath {
    /// The schema's URN, when it is spelled out.
    pub urn: Option<String>,
    /// The attribute.
    pub name: String,
    /// The sub-attribute.
    pub sub: Option<String>,
}

/// The text is no path of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an attribute path")]
pub struct InvalidPath;

impl AttributePath {
    /// A path of a name alone.
    pub fn plain(name: &str) -> Self {
        Self { urn: None, name: name.to_owned(), sub: None }
    }
}

/// Whether a character may stand in a path, with its URN, dots and colons.
pub(super) fn in_path(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '$' | '.' | ':')
}

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '$')
        && characters.all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_'))
}

fn is_urn(text: &str) -> bool {
    let prefix = text.get(..4).unwrap_or_default();
    prefix.eq_ignore_ascii_case("urn:") && text.len() > 4 && text.chars().all(in_path)
}

impl FromStr for AttributePath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        if text.len() > LONGEST {
            return Err(InvalidPath);
        }
        let (urn, rest) = match text.rsplit_once(':') {
            Some((urn, rest)) if is_urn(urn) => (Some(urn.to_owned()), rest),
            Some(_) => return Err(InvalidPath),
            None => (None, text),
        };
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        if !is_name(name) || sub.is_some_and(|sub| !is_name(sub)) {
            return Err(InvalidPath);
        }
        Ok(Self { urn, name: name.to_owned(), sub: sub.map(str::to_owned) })
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_has_a_urn_a_name_and_a_part() {
        let urn = "urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User";
        let path: AttributePath = format!("{urn}:locked.on").parse().unwrap();
        assert_eq!(path.urn.as_deref(), Some(urn));
        assert_eq!((path.name.as_str(), path.sub.as_deref()), ("locked", Some("on")));
        let core: AttributePath = "urn:ietf:params:scim:schemas:core:2.0:User:userName".parse().unwrap();
        assert_eq!(
            (core.urn.as_deref(), core.name.as_str()),
            (Some("urn:ietf:params:scim:schemas:core:2.0:User"), "userName")
        );
        assert_eq!("members.$ref".parse::<AttributePath>().unwrap().sub.as_deref(), Some("$ref"));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in
            ["", ".", "a.", ".a", "a.b.c", "1a", "a b", "a:b", "urn:", "urn::", "urn:a:", "a[b]", "ä", &"a".repeat(257)]
        {
            assert!(text.parse::<AttributePath>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_printed_as_it_was(text in "(urn:[a-z:.0-9]{1,20}:)?[a-zA-Z$][a-zA-Z0-9_-]{0,8}(\\.[a-zA-Z$][a-z]{0,8})?", any in ".*") {
            if let Ok(path) = text.parse::<AttributePath>() {
                prop_assert_eq!(path.to_string(), text);
            }
            let _ = any.parse::<AttributePath>();
        }
    }
}
