//! Proof Key for Code Exchange (RFC 7636), S256 only: `plain` proves nothing to whoever reads the request.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::Secret;

/// The length of a challenge: SHA-256 in base64url.
const CHALLENGE: usize = 43;
/// The lengths of a verifier (RFC 7636 section 4.1).
const VERIFIER: std::ops::RangeInclusive<usize> = 43..=128;

/// Whether a text can be a S256 challenge.
pub fn is_challenge(text: &str) -> bool {
    text.len() == CHALLENGE && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Whether a verifier fits a challenge. One that is malformed fits none.
pub fn fits(verifier: &Secret, challenge: &str) -> bool {
    let text = verifier.expose();
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    VERIFIER.contains(&text.len()) && text.bytes().all(unreserved) && challenge_of(text).matches(challenge)
}

fn challenge_of(verifier: &str) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // RFC 7636 appendix B.
    const KNOWN: (&str, &str) =
        ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");

    #[test]
    fn the_published_pair_fits() {
        assert!(is_challenge(KNOWN.1));
        assert!(fits(&Secret::new(KNOWN.0), KNOWN.1));
    }

    #[test]
    fn what_is_not_the_verifier_does_not_fit() {
        let long = "a".repeat(129);
        for verifier in ["", "short", KNOWN.1, &KNOWN.0[..42], &format!("{}+", KNOWN.0), &long] {
            assert!(!fits(&Secret::new(verifier), KNOWN.1), "{verifier}");
        }
        // A verifier that is too short fits not even its own challenge.
        assert!(!fits(&Secret::new("short"), challenge_of("short").expose()));
    }

    #[test]
    fn other_texts_are_no_challenge() {
        for text in ["", "a", &KNOWN.1[..42], &format!("{}=", KNOWN.1), &KNOWN.1.replace('-', "+"), &"é".repeat(22)] {
            assert!(!is_challenge(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_verifier_fits_its_own_challenge_and_any_text_never_panics(verifier in "[A-Za-z0-9._~-]{43,128}", any in ".*") {
            prop_assert!(fits(&Secret::new(verifier.as_str()), challenge_of(&verifier).expose()));
            let _ = is_challenge(&any);
            prop_assert!(!fits(&Secret::new(any.as_str()), KNOWN.1));
        }
    }
}
