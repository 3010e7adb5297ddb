//! Bytes as hex digits: ids, fingerprints, digests and keys are spelled so, in lower case unless a format says otherwise.

/// Two lowercase digits for each byte.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0f] {
            text.extend(char::from_digit(u32::from(nibble), 16));
        }
    }
    text
}

/// The value of one digit of either case.
pub(crate) fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(encode(&[0x00, 0x0f, 0xa0, 0xff]), "000fa0ff");
        assert_eq!(encode(&[]), "");
    }

    #[test]
    fn digits_are_of_either_case_and_nothing_else() {
        assert_eq!((digit(b'a'), digit(b'F'), digit(b'9')), (Some(10), Some(15), Some(9)));
        for other in [b'g', b'+', b' ', b'/', b':', 0xff] {
            assert_eq!(digit(other), None, "{other}");
        }
    }
}
