//! The claims of an assertion: a JWT that a client or another provider signed and presents here (RFC 7523 section 3).

use serde::Deserialize;

use super::Audience;

/// What an assertion says. Nothing is required while it is read, so that what is missing can be named.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct AssertionClaims {
    /// Who signed it.
    #[serde(default)]
    pub iss: Option<String>,
    /// Whom it speaks for.
    #[serde(default)]
    pub sub: Option<String>,
    /// Whom it is for.
    #[serde(default)]
    pub aud: Option<Audience>,
    /// The end of its life, in seconds since the epoch.
    #[serde(default)]
    pub exp: Option<i64>,
    /// When it was issued, in seconds since the epoch.
    #[serde(default)]
    pub iat: Option<i64>,
    /// From when it holds, in seconds since the epoch.
    #[serde(default)]
    pub nbf: Option<i64>,
    /// Its id; with one it can be used once.
    #[serde(default)]
    pub jti: Option<String>,
}

/// Claims are a token's content, and are not printed.
impl std::fmt::Debug for AssertionClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AssertionClaims(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_absent_and_what_is_of_another_type_is_refused() {
        let read = |text: &str| serde_json::from_str::<AssertionClaims>(text);
        let claims = read(r#"{"iss":"a","aud":["b","c"],"exp":1,"other":{}}"#).unwrap();
        assert_eq!((claims.iss.as_deref(), claims.sub, claims.exp, claims.jti), (Some("a"), None, Some(1), None));
        assert!(claims.aud.unwrap().contains("c"));
        for text in [r#"{"exp":"1"}"#, r#"{"exp":1.5}"#, r#"{"iss":1}"#, r#"{"jti":{}}"#, r#"{"iss":"a","iss":"b"}"#] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
