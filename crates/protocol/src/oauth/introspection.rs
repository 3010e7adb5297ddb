//! The answer of the introspection endpoint (RFC 7662; contract identity 8).

use serde::Serialize;

use crate::jose::Audience;

/// What is told of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Introspection {
    /// It holds.
    Active(Box<ActiveToken>),
    /// It does not, for whatever reason.
    Inactive(InactiveToken),
}

/// A token that holds; what does not apply is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of RFC 7662 section 2.2 and contract identity 8")]
pub struct ActiveToken {
    pub active: bool,
    pub token_type: &'static str,
    pub scope: String,
    pub iss: String,
    pub exp: i64,
    pub iat: i64,
    pub nbf: i64,
    pub prn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    pub sub: String,
    pub client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    pub jti: String,
}

/// A token that does not hold: nothing more is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct InactiveToken {
    active: bool,
}

impl Introspection {
    /// The answer for a token that does not hold.
    pub const INACTIVE: Self = Self::Inactive(InactiveToken { active: false });
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7662 section 2.2.
    #[test]
    fn nothing_more_is_told_of_a_token_that_does_not_hold() {
        assert_eq!(serde_json::to_string(&Introspection::INACTIVE).unwrap(), r#"{"active":false}"#);
    }
}
