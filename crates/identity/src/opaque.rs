//! Refresh tokens and authorization codes: opaque texts in the product's shape, kept as keyed hashes (contract identity
//! 3.4).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use obol_domain::{Entropy, entropy::hex};
use obol_protocol::Secret;

use crate::Identity;

/// How the product's begin, `AQIDBAXv…` in base64.
const HEAD: &[u8; 6] = &[1, 2, 3, 4, 5, 0xef];
/// How they end, `…djF9NCA=` in base64: the name of a key.
const TAIL: &[u8; 12] = b"KEY14 {v1}4 ";
/// Between the two: 376 random bits, a number that leaves the tail where base64 spells it so.
const RANDOM: usize = 47;
/// The longest text that is looked up, in bytes; ours are shorter.
const LONGEST: usize = 256;

/// What an opaque text is for; the hash of one kind is never that of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A refresh token.
    RefreshToken,
    /// An authorization code.
    Code,
}

impl Kind {
    const fn purpose(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh token",
            Self::Code => "authorization code",
        }
    }
}

/// An opaque text of 376 random bits.
pub(crate) fn mint(entropy: &dyn Entropy) -> Secret {
    let bytes: Vec<u8> = [&HEAD[..], &entropy.bytes::<RANDOM>(), TAIL].concat();
    Secret::new(STANDARD.encode(bytes))
}

impl Identity {
    /// The hash that an opaque text is found by; nothing for a text that is longer than ours are.
    pub(crate) fn opaque_hash(&self, kind: Kind, text: &Secret) -> Option<String> {
        let bytes = text.expose().as_bytes();
        (bytes.len() <= LONGEST).then(|| hex(&self.0.master.keyed_hash(kind.purpose(), bytes)))
    }

    /// A mark that changes with a user's password and tells nothing of it.
    pub(crate) fn password_mark(&self, password_hash: Option<&str>) -> String {
        hex(&self.0.master.keyed_hash("password mark", password_hash.unwrap_or_default().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use obol_testkit::SeededEntropy;

    use super::*;

    // Contract identity 3.4.
    #[test]
    fn opaque_texts_have_the_products_shape() {
        let entropy = SeededEntropy::new(1);
        let (one, two) = (mint(&entropy), mint(&entropy));
        for text in [one.expose(), two.expose()] {
            assert!(text.starts_with("AQIDBAXv") && text.ends_with("djF9NCA="), "{text}");
            assert!(text.len() <= LONGEST && !text.contains('.'));
        }
        assert_ne!(one.expose(), two.expose());
    }
}
