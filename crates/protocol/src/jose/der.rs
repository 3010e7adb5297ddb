//! Reads DER (X.690) as far as keys need it: one element after the other, and the two numbers of an `RSAPublicKey` (RFC
//! 8017 appendix A.1.1).

/// Modulus and exponent, big-endian without leading zeros; `None` when the bytes are anything else.
pub(crate) fn rsa_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, rest) = element(der, 0x30)?;
    let (modulus, sequence) = element(sequence, 0x02)?;
    let (exponent, sequence) = element(sequence, 0x02)?;
    (rest.is_empty() && sequence.is_empty()).then(|| (unsigned(modulus), unsigned(exponent)))
}

/// The content of the element with `tag` at the start of `der`, and what follows it; `None` where another one stands, or
/// one of 64 KiB or more.
pub fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, der) = der.split_first()?;
    let (&short, der) = der.split_first()?;
    if first != tag {
        return None;
    }
    let (length, der) = match short {
        0..=0x7f => (usize::from(short), der),
        // Two length bytes reach 64 KiB, far beyond any key.
        0x81 | 0x82 => {
            let (bytes, der) = der.split_at_checked(usize::from(short & 0x0f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), der)
        }
        _ => return None,
    };
    der.split_at_checked(length)
}

fn unsigned(integer: &[u8]) -> &[u8] {
    match integer {
        [0, rest @ ..] => rest,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_lose_their_sign_byte() {
        assert_eq!(rsa_public_key(&[0x30, 7, 2, 2, 0, 0x81, 2, 1, 3]).unwrap(), (&[0x81][..], &[3][..]));
    }

    #[test]
    fn bytes_after_the_key_are_refused() {
        assert!(rsa_public_key(&[0x30, 6, 2, 1, 5, 2, 1, 3, 0]).is_none());
        assert!(rsa_public_key(&[0x30, 7, 2, 1, 5, 2, 1, 3, 0]).is_none());
    }

    #[test]
    fn other_tags_and_lengths_are_refused() {
        for der in
            [&[][..], &[0x30], &[0x31, 0], &[0x30, 0x83, 0, 0, 0], &[0x30, 6, 2, 1, 5, 4, 1, 3], &[0x30, 9, 2, 1]]
        {
            assert!(rsa_public_key(der).is_none(), "{der:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = rsa_public_key(&bytes);
        }
    }
}
