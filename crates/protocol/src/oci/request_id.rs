//! Request ids: what the caller sends in `opc-request-id`, and the longer one that goes back (contract analytics 5.1).
//! The caller's part is never unique: it is sent again on retries, on every page of a list and on every poll of a wait
//! (contract analytics 0, rule 8). What is appended is, so that one answer can be found.

use std::fmt;

use crate::hex;

/// The longest id taken from a caller, in characters. Real clients send 32 to 35.
pub const LONGEST: usize = 255;

/// The id of one answer: `<first>/<32 HEX>/<32 HEX>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// Mints the id of an answer. The first part is the caller's own where it sent a well-formed one (only up to its
    /// first slash, as Oracle's have three parts); otherwise it is random like the others.
    pub fn mint(client: Option<&str>, random: &[u8; 48]) -> Self {
        let hex = hex::encode(random).to_ascii_uppercase();
        let mut hex = hex.chars();
        let first = client
            .filter(|id| Self::is_acceptable(id))
            .and_then(|id| id.split('/').next())
            .filter(|first| !first.is_empty());
        let mut text = String::with_capacity(98);
        match first {
            Some(first) => text.push_str(first),
            None => text.extend(hex.by_ref().take(32)),
        }
        for _ in 0..2 {
            text.push('/');
            text.extend(hex.by_ref().take(32));
        }
        Self(text)
    }

    /// Whether an id that a caller sent has the allowed form: `^[a-zA-Z0-9_./-]+$` (contract analytics 1).
    pub fn is_acceptable(text: &str) -> bool {
        !text.is_empty()
            && text.len() <= LONGEST
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b'-'))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TAIL: &str = "/ABABABABABABABABABABABABABABABAB/ABABABABABABABABABABABABABABABAB";

    #[test]
    fn the_callers_id_comes_first() {
        // Contract analytics 5.1.
        let random = [0xab; 48];
        let node = "F09EBF31E6C4-11F1-AFB2-138DDA91F2CC";
        assert_eq!(RequestId::mint(Some(node), &random).as_str(), format!("{node}{TAIL}"));
        assert_eq!(RequestId::mint(Some("one/two/three"), &random).as_str(), format!("one{TAIL}"));
    }

    #[test]
    fn without_a_good_one_all_three_parts_are_ours() {
        let random = [0xab; 48];
        for bad in [None, Some(""), Some("/x"), Some("a b"), Some("a\"b"), Some("é")] {
            assert_eq!(RequestId::mint(bad, &random).as_str(), format!("{}{TAIL}", "AB".repeat(16)), "{bad:?}");
        }
        assert!(!RequestId::is_acceptable(&"a".repeat(LONGEST + 1)));
    }

    proptest! {
        #[test]
        fn any_caller_gets_an_acceptable_id(text in ".*") {
            let id = RequestId::mint(Some(&text), &[7; 48]);
            prop_assert_eq!(id.as_str().split('/').count(), 3);
            prop_assert!(id.as_str().bytes().all(|b| b.is_ascii_graphic()));
        }
    }
}
