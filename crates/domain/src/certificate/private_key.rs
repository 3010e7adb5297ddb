//! The private key of a certificate: read from PEM, with or without a passphrase, and judged by whether it can serve.

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        KeyPair as _,
    },
};
use obol_protocol::{
    Secret,
    oci::pem::{self, PemError},
};
use zeroize::Zeroizing;

use super::{
    CertificateRefusal,
    pbes2::{self, Closed},
};

/// The most blocks of a file that are looked at: a key may follow its curve's parameters.
const MOST_BLOCKS: usize = 4;

/// A key that can serve.
pub(super) struct PrivateKey {
    /// PKCS #8, not encrypted.
    pub(super) pkcs8: Zeroizing<Vec<u8>>,
    /// The bits of the public key as they stand in a certificate.
    pub(super) public: Vec<u8>,
}

/// Reads a key from PEM: PKCS #8, PKCS #8 under a passphrase, PKCS #1 (RSA) or SEC 1 (elliptic curves).
pub(super) fn read(text: &Secret, passphrase: Option<&Secret>) -> Result<PrivateKey, CertificateRefusal> {
    let blocks = pem::blocks(text.expose(), MOST_BLOCKS).map_err(|error| match error {
        PemError::Encrypted => CertificateRefusal::KeyEncryptionUnsupported,
        PemError::NoBlock | PemError::Damaged => CertificateRefusal::KeyUnreadable,
    })?;
    let block =
        blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY")).ok_or(CertificateRefusal::KeyUnreadable)?;
    match block.label {
        "PRIVATE KEY" => judge(from_pkcs8(&block.der)),
        "RSA PRIVATE KEY" => judge(rsa::KeyPair::from_der(&block.der).ok().and_then(|pair| from_rsa(&pair))),
        "EC PRIVATE KEY" => judge(from_curves(&block.der, EcdsaKeyPair::from_private_key_der)),
        "ENCRYPTED PRIVATE KEY" => {
            let passphrase = passphrase.ok_or(CertificateRefusal::PassphraseMissing)?;
            let pkcs8 = pbes2::open(&block.der, passphrase.expose()).map_err(|closed| match closed {
                Closed::Malformed => CertificateRefusal::KeyUnreadable,
                Closed::Unsupported | Closed::TooManyRounds => CertificateRefusal::KeyEncryptionUnsupported,
                Closed::WrongPassphrase => CertificateRefusal::PassphraseWrong,
            })?;
            judge(from_pkcs8(&pkcs8))
        }
        _ => Err(CertificateRefusal::KeyUnreadable),
    }
}

fn judge(key: Option<PrivateKey>) -> Result<PrivateKey, CertificateRefusal> {
    key.ok_or(CertificateRefusal::KeyUnusable)
}

fn from_pkcs8(der: &[u8]) -> Option<PrivateKey> {
    match rsa::KeyPair::from_pkcs8(der) {
        Ok(pair) => from_rsa(&pair),
        Err(_) => from_curves(der, EcdsaKeyPair::from_pkcs8),
    }
}

/// The library takes 2048 to 8192 bits, and checks that the numbers belong together.
fn from_rsa(pair: &rsa::KeyPair) -> Option<PrivateKey> {
    let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    Some(PrivateKey { pkcs8: Zeroizing::new(der.as_ref().to_vec()), public: pair.public_key().as_ref().to_vec() })
}

type Parse = fn(&'static EcdsaSigningAlgorithm, &[u8]) -> Result<EcdsaKeyPair, aws_lc_rs::error::KeyRejected>;

fn from_curves(der: &[u8], parse: Parse) -> Option<PrivateKey> {
    let algorithms = [&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1_SIGNING];
    let pair = algorithms.into_iter().find_map(|algorithm| parse(algorithm, der).ok())?;
    let pkcs8 = pair.to_pkcs8v1().ok()?;
    Some(PrivateKey { pkcs8: Zeroizing::new(pkcs8.as_ref().to_vec()), public: pair.public_key().as_ref().to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! key {
        ($name:literal) => {
            include_str!(concat!("testdata/", $name, ".pem"))
        };
    }

    fn refusal(text: &str, passphrase: Option<&str>) -> Option<CertificateRefusal> {
        read(&Secret::new(text), passphrase.map(Secret::new).as_ref()).err()
    }

    #[test]
    fn a_key_is_the_same_however_it_is_written() {
        let plain = read(&Secret::new(key!("pkcs8")), None).ok().unwrap();
        let canary = Secret::new("canary");
        for text in [key!("sec1"), key!("aes256_sha256"), key!("aes128_sha1"), key!("aes192_sha512")] {
            let key = read(&Secret::new(text), Some(&canary)).ok().unwrap();
            assert_eq!((&key.public, key.pkcs8.len()), (&plain.public, plain.pkcs8.len()));
        }
        let one = read(&Secret::new(key!("rsa_pkcs1")), None).ok().unwrap();
        let other = read(&Secret::new(key!("rsa_pkcs8")), None).ok().unwrap();
        assert_eq!((one.public, one.pkcs8), (other.public, other.pkcs8));
    }

    #[test]
    fn a_key_may_follow_other_text_and_a_passphrase_may_be_needless() {
        assert_eq!(refusal(key!("with_parameters"), None), None);
        assert_eq!(refusal(key!("sec1_p384"), None), None);
        assert_eq!(refusal(&format!("Bag Attributes\n{}\nOCI_API_KEY", key!("pkcs8")), Some("needless")), None);
    }

    #[test]
    fn what_keeps_a_key_closed_is_told_apart() {
        use CertificateRefusal::{KeyEncryptionUnsupported, PassphraseMissing, PassphraseWrong};
        for (text, passphrase, expected) in [
            (key!("aes256_sha256"), None, PassphraseMissing),
            (key!("aes256_sha256"), Some("canarY"), PassphraseWrong),
            (key!("aes128_sha1"), Some("another"), PassphraseWrong),
            (key!("traditional"), Some("canary"), KeyEncryptionUnsupported),
            (key!("scrypt"), Some("canary"), KeyEncryptionUnsupported),
            (key!("des3"), Some("canary"), KeyEncryptionUnsupported),
            (key!("rounds"), Some("canary"), KeyEncryptionUnsupported),
        ] {
            assert_eq!(refusal(text, passphrase), Some(expected), "{text}");
        }
    }

    #[test]
    fn no_wrong_passphrase_opens_a_key() {
        // Padding fits by chance for one in 256 of them.
        for index in 0..600 {
            assert_eq!(
                refusal(key!("aes128_sha1"), Some(&format!("wrong {index}"))),
                Some(CertificateRefusal::PassphraseWrong)
            );
        }
    }

    #[test]
    fn keys_that_cannot_serve_are_refused() {
        use CertificateRefusal::{KeyUnreadable, KeyUnusable};
        let certificate = key!("pkcs8").replace("PRIVATE KEY", "CERTIFICATE");
        let foreign = key!("pkcs8").replace("PRIVATE KEY", "OPENSSH PRIVATE KEY");
        let damaged = key!("pkcs8").replacen('M', "?", 1);
        for (text, expected) in [
            ("", KeyUnreadable),
            ("no key", KeyUnreadable),
            (certificate.as_str(), KeyUnreadable),
            (foreign.as_str(), KeyUnreadable),
            (damaged.as_str(), KeyUnreadable),
            ("-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----", KeyUnusable),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAQID\n-----END ENCRYPTED PRIVATE KEY-----", KeyUnreadable),
            (key!("rsa_1024"), KeyUnusable),
            (key!("sec1_p521"), KeyUnusable),
            (key!("ed25519"), KeyUnusable),
        ] {
            assert_eq!(refusal(text, Some("canary")), Some(expected), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_key_or_refused(text in ".*", bytes: Vec<u8>) {
            let _ = refusal(&text, None);
            for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
                let _ = refusal(&pem::encode(label, &bytes), Some("canary"));
            }
        }
    }
}
