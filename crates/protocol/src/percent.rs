//! Percent signs before two hex digits (RFC 3986 section 2.1), as forms and query strings have them.

use crate::hex;

/// What a plus sign stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plus {
    /// A space: in forms and query strings.
    Space,
    /// Itself: everywhere else.
    Plus,
}

/// A percent sign is not followed by two hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BrokenEscape;

/// Decodes once. The result is bytes; whether they are text is the caller's to say.
pub(crate) fn decode(text: &[u8], plus: Plus) -> Result<Vec<u8>, BrokenEscape> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        decoded.push(match (byte, plus) {
            (b'+', Plus::Space) => b' ',
            (b'%', _) => {
                let high = bytes.next().and_then(hex::digit).ok_or(BrokenEscape)?;
                let low = bytes.next().and_then(hex::digit).ok_or(BrokenEscape)?;
                high << 4 | low
            }
            (plain, _) => plain,
        });
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_plus_is_what_the_place_says() {
        assert_eq!(decode(b"a+b%2b", Plus::Space).unwrap(), b"a b+");
        assert_eq!(decode(b"a+b%2B", Plus::Plus).unwrap(), b"a+b+");
    }

    #[test]
    fn what_is_decoded_is_not_decoded_again() {
        assert_eq!(decode(b"%2541", Plus::Space).unwrap(), b"%41");
    }

    #[test]
    fn broken_escapes_are_refused() {
        for text in ["%", "%4", "%zz", "a%4", "%+1", "%%41", "%\u{e9}1"] {
            assert_eq!(decode(text.as_bytes(), Plus::Space), Err(BrokenEscape), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = decode(&text, Plus::Space);
            let _ = decode(&text, Plus::Plus);
        }
    }
}
