//! Randomness is given, never taken: whoever mints an id or a secret holds an [`Entropy`].

use obol_protocol::Secret;
pub use obol_protocol::hex::encode as hex;

/// A source of random bytes fit for keys and secrets.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

impl dyn Entropy {
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }

    /// 128 random bits as 32 lowercase hex digits: SCIM ids, client ids, stripe names, `jti`.
    pub fn hex32(&self) -> String {
        hex(&self.bytes::<16>())
    }

    /// A random (version 4) UUID in its dashed form: client secrets have this shape (contract identity 5.2), with 122
    /// random bits.
    pub fn uuid(&self) -> String {
        let mut bytes = self.bytes::<16>();
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let digits = hex(&bytes);
        let mut text = String::with_capacity(36);
        for (index, digit) in digits.chars().enumerate() {
            if matches!(index, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            text.push(digit);
        }
        text
    }

    /// 256 random bits as URL-safe text, for session ids and the like.
    pub fn secret256(&self) -> Secret {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        Secret::new(URL_SAFE_NO_PAD.encode(self.bytes::<32>()))
    }

    /// The unique part of an OCID: 60 characters of lowercase base32, the first eight of them `a` (contract analytics
    /// 2.2), which leaves 260 random bits.
    pub fn ocid_unique(&self) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut text = String::from("aaaaaaaa");
        text.extend(
            self.bytes::<52>().iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).map(|c| char::from(*c)),
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;
    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            for (index, byte) in buffer.iter_mut().enumerate() {
                *byte = u8::try_from(index % 256).unwrap();
            }
        }
    }

    #[test]
    fn shapes_are_those_of_the_contract() {
        let entropy: &dyn Entropy = &Counting;
        assert_eq!(entropy.hex32(), "000102030405060708090a0b0c0d0e0f");
        assert_eq!(entropy.uuid(), "00010203-0405-4607-8809-0a0b0c0d0e0f");
        assert_eq!(entropy.ocid_unique().len(), 60);
        assert!(entropy.ocid_unique().starts_with("aaaaaaaaabc"));
        assert_eq!(entropy.secret256().expose().len(), 43);
    }
}
