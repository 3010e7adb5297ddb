//! Why a request was refused, for whoever may ask afterwards. The public answer stays Oracle's, and terse.

use std::borrow::Cow;

/// How to speak of a caller's text without repeating it.
pub use obol_protocol::description::{describe, describe_among, describe_id};
use serde::{Deserialize, Serialize};

/// The record beside a refusal: which check said no, what it wanted, what it saw, what to do. It never holds a secret:
/// no token, password, key, assertion or request body. Text from the caller goes through [`describe`] and its like,
/// because any of these may stand in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The named check, e.g. `client_secret_matches`.
    pub check: Cow<'static, str>,
    /// What the check wanted, as a sentence fragment.
    pub expected: Cow<'static, str>,
    /// What it saw instead.
    pub seen: Cow<'static, str>,
    /// What the caller can do about it.
    pub fix: Cow<'static, str>,
}

impl Explanation {
    /// Builds the record; text that came from the caller is cut to a length fit for a log line.
    pub fn new(
        check: &'static str,
        expected: impl Into<Cow<'static, str>>,
        seen: impl Into<Cow<'static, str>>,
        fix: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { check: check.into(), expected: cut(expected.into()), seen: cut(seen.into()), fix: cut(fix.into()) }
    }
}

/// The longest part of an explanation, in bytes.
const LONGEST: usize = 512;

fn cut(text: Cow<'static, str>) -> Cow<'static, str> {
    if text.len() <= LONGEST {
        return text;
    }
    let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_at_a_character() {
        let explanation = Explanation::new("a", "é".repeat(600), "b", "c");
        assert!(explanation.expected.len() <= LONGEST + '…'.len_utf8());
        assert!(explanation.expected.ends_with('…'));
    }
}
