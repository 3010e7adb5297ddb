//! The RSA keys on both sides of a signature, parsed once and used often: parsing costs more than verifying.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    rand::SystemRandom,
    rsa,
    signature::{
        KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaParameters,
    },
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    jose::{Jwk, der::rsa_public_key},
    oci::{Fingerprint, pem},
};

/// A public key's RSAPublicKey encoding is at least this long when its modulus has 2048 bits.
const SHORTEST: usize = 256;

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The PEM text cannot be read.
    #[error("the key file cannot be read")]
    Pem(#[from] pem::PemError),
    /// The PEM block holds something else than the key that is wanted.
    #[error("the PEM block is not an RSA key of the kind that is wanted")]
    OtherLabel,
    /// The bytes are not an RSA key, not a consistent one, or a private one of another size.
    #[error("not an RSA key of 2048 to 8192 bits")]
    NotRsa,
    /// The key has less than 2048 bits, or more than 8192.
    #[error("the RSA key does not have 2048 to 8192 bits")]
    WrongSize,
}

/// A public key to verify signatures with. Cloning is cheap.
#[derive(Clone)]
pub struct PublicKey {
    parsed: Arc<ParsedPublicKey>,
    spki: Arc<[u8]>,
}

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo, or a PKCS#1 RSAPublicKey.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let key = rsa::PublicKey::from_der(der).map_err(|_| KeyError::NotRsa)?;
        if key.as_ref().len() < SHORTEST {
            return Err(KeyError::WrongSize);
        }
        Self::with_parameters(&key, &RSA_PKCS1_2048_8192_SHA256)
    }

    /// Reads PEM: `PUBLIC KEY` or `RSA PUBLIC KEY`.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let block = pem::first_block(text)?;
        match block.label {
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Self::from_der(&block.der),
            _ => Err(KeyError::OtherLabel),
        }
    }

    /// Reads the text of a JWK with an RSA key, as a session token carries it.
    pub fn from_jwk_text(text: &str) -> Result<Self, KeyError> {
        let jwk: Jwk = serde_json::from_str(text).map_err(|_| KeyError::NotRsa)?;
        if jwk.kty != "RSA" {
            return Err(KeyError::NotRsa);
        }
        let number = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::NotRsa);
        let components = rsa::PublicKeyComponents { n: number(&jwk.n)?, e: number(&jwk.e)? };
        let spki: PublicKeyX509Der<'_> = components.as_der().map_err(|_| KeyError::NotRsa)?;
        Self::from_der(spki.as_ref())
    }

    /// The text of the key's JWK, named by its fingerprint.
    pub fn jwk_text(&self) -> Option<String> {
        let key = rsa::PublicKey::from_der(&self.spki).ok()?;
        let (modulus, exponent) = rsa_public_key(key.as_ref())?;
        let jwk = Jwk {
            kty: "RSA".to_owned(),
            x5t_s256: None,
            e: URL_SAFE_NO_PAD.encode(exponent),
            x5t: None,
            kid: Some(self.fingerprint().to_string()),
            x5c: Vec::new(),
            key_ops: Vec::new(),
            alg: Some("RS256".to_owned()),
            n: URL_SAFE_NO_PAD.encode(modulus),
        };
        serde_json::to_string(&jwk).ok()
    }

    pub(super) fn with_parameters(key: &rsa::PublicKey, parameters: &'static RsaParameters) -> Result<Self, KeyError> {
        let spki: PublicKeyX509Der<'_> = key.as_der().map_err(|_| KeyError::NotRsa)?;
        let parsed = ParsedPublicKey::new(parameters, spki.as_ref()).map_err(|_| KeyError::WrongSize)?;
        Ok(Self { parsed: Arc::new(parsed), spki: spki.as_ref().into() })
    }

    /// The DER SubjectPublicKeyInfo, in its one canonical encoding.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The name of the key.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_spki(&self.spki)
    }

    /// Whether `signature` is one of `message` by this key.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

/// A private key to sign with.
pub struct PrivateKey(RsaKeyPair);

impl PrivateKey {
    /// Reads PEM: `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY` (PKCS#1). Text around the block is skipped.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let block = pem::first_block(text)?;
        let pair = match block.label {
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&block.der),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&block.der),
            _ => return Err(KeyError::OtherLabel),
        };
        pair.map(Self).map_err(|_| KeyError::NotRsa)
    }

    /// Reads a DER PKCS#8 PrivateKeyInfo.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        RsaKeyPair::from_pkcs8(der).map(Self).map_err(|_| KeyError::NotRsa)
    }

    /// The public half.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_der(self.0.public_key().as_ref())
    }

    /// Signs; `None` only where the cryptographic library fails.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        // PKCS#1 v1.5 is deterministic; the library does not use the generator.
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(***)")
    }
}
