//! Page tokens: where a list went on, opaque to the caller (contract analytics 5.1). A page begins after a place in the
//! order, not at a number, so that rows that come or go between two pages neither repeat nor hide others.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The longest token that a request may carry, in characters (contract analytics 1, `page`).
pub const LONGEST: usize = 512;

/// The last row of the page before: its value in the order of the list, and its id to break ties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken {
    /// The sort key of the last row, as text; the list decides what it is.
    pub key: String,
    /// The id of the last row.
    pub id: String,
}

/// The text is not a token that this service gave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a page token of this list")]
pub struct InvalidPageToken;

impl PageToken {
    /// Builds the token of a row.
    pub fn new(key: impl Into<String>, id: impl Into<String>) -> Self {
        Self { key: key.into(), id: id.into() }
    }

    /// Reads a token back. It came through the caller's hands, so both parts are still to be treated as input.
    pub fn parse(text: &str) -> Result<Self, InvalidPageToken> {
        if text.len() > LONGEST {
            return Err(InvalidPageToken);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidPageToken)?;
        let (key, id) = serde_json::from_slice(&bytes).map_err(|_| InvalidPageToken)?;
        Ok(Self { key, id })
    }
}

/// The token as it goes into `opc-next-page`.
impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(&(&self.key, &self.id)).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn foreign_tokens_are_refused() {
        for bad in ["", "1", "tok+/=2", "W10", "WyJhIl0", "WyJhIiwxXQ", &"A".repeat(LONGEST + 1)] {
            assert_eq!(PageToken::parse(bad), Err(InvalidPageToken), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_token_or_refused(text in ".*") {
            let _ = PageToken::parse(&text);
        }

        #[test]
        fn a_token_survives_a_round_trip(key in ".{0,40}", id in "[a-z0-9.]{0,100}") {
            let token = PageToken::new(key, id);
            let text = token.to_string();
            prop_assume!(text.len() <= LONGEST);
            prop_assert_eq!(PageToken::parse(&text), Ok(token));
        }
    }
}
