//! An API key's fingerprint: MD5 of its DER SubjectPublicKeyInfo, as Oracle Cloud names keys (contract analytics 4.6).
//! MD5 is a name here, not a protection: the key itself is looked up by it and then verified with.

use std::{fmt, str::FromStr};

use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

use crate::hex;

/// Sixteen lowercase hex pairs with colons between them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(String);

/// The text is not sixteen lowercase hex pairs with colons between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not sixteen lowercase hex pairs with colons between them")]
pub struct InvalidFingerprint;

impl Fingerprint {
    /// Computes the fingerprint of a public key in its DER SubjectPublicKeyInfo form.
    pub fn of_spki(der: &[u8]) -> Self {
        let mut text = String::with_capacity(47);
        for byte in Md5::digest(der) {
            if !text.is_empty() {
                text.push(':');
            }
            text.push_str(&hex::encode(&[byte]));
        }
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the text has a fingerprint's shape (contract analytics 2.2, the Python configuration's check).
    pub fn is_well_formed(text: &str) -> bool {
        text.len() == 47
            && text.bytes().enumerate().all(|(index, byte)| match index % 3 {
                2 => byte == b':',
                _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if Self::is_well_formed(text) { Ok(Self(text.to_owned())) } else { Err(InvalidFingerprint) }
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = InvalidFingerprint;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if Self::is_well_formed(&text) { Ok(Self(text)) } else { Err(InvalidFingerprint) }
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_is_md5_in_hex_pairs() {
        // MD5 of nothing, RFC 1321 appendix A.5.
        assert_eq!(Fingerprint::of_spki(b"").as_str(), "d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e");
    }

    #[test]
    fn other_shapes_are_refused() {
        let good = "d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e";
        assert_eq!(good.parse::<Fingerprint>().unwrap().as_str(), good);
        for bad in ["", "d41d8cd98f00b204e9800998ecf8427e", &good.to_uppercase(), &good[..46], &format!("{good}0")] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(InvalidFingerprint), "{bad}");
        }
        assert!(serde_json::from_str::<Fingerprint>(r#""x""#).is_err());
    }
}
