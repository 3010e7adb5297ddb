//! The keys themselves: parsed once, used for every token.

use std::fmt;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, PublicKeyComponents},
    signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::Serialize;

use super::{CompactJws, Jwk, JwsError, SIGNING_KEY, der, x5t, x5t_s256};

/// The longest signature a key may make, in bytes: RSA 8192, the largest the library reads.
const LONGEST_SIGNATURE: usize = 1024;

/// The shortest, in bytes: RSA 2048.
const SHORTEST_SIGNATURE: usize = 256;

/// Room for the claims of an ordinary token, in bytes.
const USUAL_CLAIMS: usize = 2048;

/// An RSA private key with its certificates, ready to sign: the key is parsed and the header is encoded, once.
pub struct SigningKey {
    pair: KeyPair,
    header: String,
    signature_length: usize,
    chain: Vec<Vec<u8>>,
    modulus: String,
    exponent: String,
    verifying: VerifyingKey,
}

impl SigningKey {
    /// Parses a PKCS#8 key and takes its certificates, the leaf's DER first, then the CA's.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when the key is not RSA of 2048 to 8192 bits, or the leaf is missing or carries another key.
    pub fn new(pkcs8_der: &[u8], chain: &[Vec<u8>]) -> Result<Self, KeyError> {
        let pair = KeyPair::from_pkcs8(pkcs8_der).map_err(|_| KeyError::Unreadable)?;
        let public = pair.public_key().as_ref();
        let (modulus, exponent) = der::rsa_public_key(public).ok_or(KeyError::Unreadable)?;
        let leaf = chain.first().ok_or(KeyError::NoCertificate)?;
        // A certificate holds the key in exactly this encoding; a thumbprint of some other key's certificate would send
        // verifiers to the wrong key.
        if !leaf.windows(public.len()).any(|window| window == public) {
            return Err(KeyError::CertificateOfAnotherKey);
        }
        let signature_length = pair.public_modulus_len();
        if signature_length > LONGEST_SIGNATURE {
            return Err(KeyError::Unreadable);
        }
        let verifying = VerifyingKey::from_numbers(modulus, exponent)?;
        let (modulus, exponent) = (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(exponent));
        let header = URL_SAFE_NO_PAD.encode(header_json(leaf));
        Ok(Self { pair, header, signature_length, chain: chain.to_vec(), modulus, exponent, verifying })
    }

    /// Signs the claims into a compact JWS (RFC 7515 section 7.1) under IDCS's header.
    ///
    /// # Errors
    ///
    /// [`SignError`] when the claims do not serialise, or the library fails.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, SignError> {
        let mut payload = Vec::with_capacity(USUAL_CLAIMS);
        serde_json::to_writer(&mut payload, claims).map_err(SignError::Claims)?;
        let mut signature = [0; LONGEST_SIGNATURE];
        let signature = signature.get_mut(..self.signature_length).ok_or(SignError::Signature)?;

        let length = self.header.len() + encoded(payload.len()) + encoded(signature.len()) + 2;
        let mut token = String::with_capacity(length);
        token.push_str(&self.header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&payload, &mut token);
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), signature)
            .map_err(|_| SignError::Signature)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// The public half as the key set publishes it (contract identity 8).
    pub fn jwk(&self) -> Jwk {
        let leaf = self.chain.first().map(Vec::as_slice).unwrap_or_default();
        Jwk {
            kty: "RSA".to_owned(),
            x5t_s256: Some(x5t_s256(leaf)),
            e: self.exponent.clone(),
            x5t: Some(x5t(leaf)),
            kid: Some(SIGNING_KEY.to_owned()),
            x5c: self.chain.iter().map(|certificate| STANDARD.encode(certificate)).collect(),
            key_ops: vec!["sign".to_owned(), "verify".to_owned()],
            alg: Some("RS256".to_owned()),
            n: self.modulus.clone(),
        }
    }

    /// The public half, ready to verify.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.verifying.clone()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

/// The header in its constant member order (contract identity 3.1), which makes tokens begin `eyJ4NXQjUzI1NiI6`.
fn header_json(leaf: &[u8]) -> String {
    format!(r#"{{"x5t#S256":"{}","x5t":"{}","kid":"{SIGNING_KEY}","alg":"RS256"}}"#, x5t_s256(leaf), x5t(leaf))
}

/// The base64url length of `bytes` bytes, without padding.
const fn encoded(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

/// An RSA public key, parsed once. Cloning shares nothing secret and is cheap.
#[derive(Debug, Clone)]
pub struct VerifyingKey(std::sync::Arc<ParsedPublicKey>);

impl VerifyingKey {
    /// Takes the numbers of a published key; its other members are not looked at.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unreadable`] when it is not an RSA key of 2048 to 8192 bits for RS256.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        if jwk.kty != "RSA" || jwk.alg.as_deref().is_some_and(|alg| alg != "RS256") {
            return Err(KeyError::Unreadable);
        }
        let number = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Unreadable);
        Self::from_numbers(&number(&jwk.n)?, &number(&jwk.e)?)
    }

    pub(super) fn from_numbers(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        // The library takes a number of any size here and would refuse it at the first signature.
        let known_size = (SHORTEST_SIGNATURE..=LONGEST_SIGNATURE).contains(&modulus.len());
        if !known_size || modulus.first() == Some(&0) || exponent.is_empty() {
            return Err(KeyError::Unreadable);
        }
        PublicKeyComponents { n: modulus, e: exponent }
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .map(|key| Self(std::sync::Arc::new(key)))
            .map_err(|_| KeyError::Unreadable)
    }

    /// Checks the signature; claims are the caller's to judge afterwards.
    ///
    /// # Errors
    ///
    /// [`JwsError::SignatureMismatch`].
    pub fn verify(&self, jws: &CompactJws<'_>) -> Result<(), JwsError> {
        self.0.verify_sig(jws.signing_input(), jws.signature()).map_err(|_| JwsError::SignatureMismatch)
    }
}

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are not an RSA key, or one outside 2048 to 8192 bits.
    #[error("not an RSA key of 2048 to 8192 bits")]
    Unreadable,
    /// A signing key came without its certificate.
    #[error("the signing key has no certificate")]
    NoCertificate,
    /// The first certificate was issued for another key.
    #[error("the first certificate carries another key")]
    CertificateOfAnotherKey,
}

/// Why claims could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The claims do not serialise.
    #[error("the claims do not serialise")]
    Claims(#[source] serde_json::Error),
    /// The cryptographic library failed.
    #[error("the signature could not be made")]
    Signature,
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::OnceLock;

    use aws_lc_rs::{
        encoding::{AsDer, Pkcs8V1Der},
        rsa::KeySize,
    };
    use serde_json::json;

    use super::*;

    pub(in crate::jose) struct Sample {
        pub(in crate::jose) pkcs8: Vec<u8>,
        pub(in crate::jose) leaf: Vec<u8>,
    }

    fn generate() -> Sample {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        // Not a certificate, but bytes that hold the key as one does.
        let leaf = [b"before", pair.public_key().as_ref(), b"after"].concat();
        Sample { pkcs8: pkcs8.as_ref().to_vec(), leaf }
    }

    pub(in crate::jose) fn sample() -> &'static Sample {
        static SAMPLE: OnceLock<Sample> = OnceLock::new();
        SAMPLE.get_or_init(generate)
    }

    fn other() -> &'static Sample {
        static OTHER: OnceLock<Sample> = OnceLock::new();
        OTHER.get_or_init(generate)
    }

    pub(in crate::jose) fn key() -> SigningKey {
        SigningKey::new(&sample().pkcs8, &[sample().leaf.clone(), b"CA".to_vec()]).unwrap()
    }

    fn tampered(token: &str, at: usize) -> String {
        let mut bytes = token.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn tokens_begin_as_the_products_do() {
        // Contract identity 3.1.
        let token = key().sign(&json!({"sub": "a"})).unwrap();
        assert!(token.starts_with("eyJ4NXQjUzI1NiI6"), "{token}");
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        let leaf = &sample().leaf;
        assert_eq!(
            String::from_utf8(header).unwrap(),
            format!(r#"{{"x5t#S256":"{}","x5t":"{}","kid":"SIGNING_KEY","alg":"RS256"}}"#, x5t_s256(leaf), x5t(leaf))
        );
    }

    #[test]
    fn a_token_fills_the_buffer_it_asked_for() {
        let token = key().sign(&json!({"sub": "a"})).unwrap();
        assert_eq!(token.capacity(), token.len());
    }

    #[test]
    fn an_independent_library_verifies_our_tokens() {
        let key = key();
        let token = key.sign(&json!({"sub": "a", "exp": 4_000_000_000_u64})).unwrap();
        let jwk = key.jwk();
        let decoding = jsonwebtoken::DecodingKey::from_rsa_components(&jwk.n, &jwk.e).unwrap();
        let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
        validation.set_required_spec_claims(&["exp"]);
        let claims = jsonwebtoken::decode::<serde_json::Value>(&token, &decoding, &validation).unwrap().claims;
        assert_eq!(claims["sub"], "a");
        let broken = tampered(&token, token.len() - 5);
        jsonwebtoken::decode::<serde_json::Value>(&broken, &decoding, &validation).unwrap_err();
    }

    #[test]
    fn we_verify_an_independent_librarys_tokens() {
        let der = rsa_private_key(&sample().pkcs8);
        let encoding = jsonwebtoken::EncodingKey::from_rsa_der(&der);
        let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
        let token = jsonwebtoken::encode(&header, &json!({"sub": "a"}), &encoding).unwrap();
        key().verifying_key().verify(&CompactJws::parse(&token).unwrap()).unwrap();
    }

    /// The `RSAPrivateKey` inside a PKCS#8 wrapping: the content of its last OCTET STRING.
    fn rsa_private_key(pkcs8: &[u8]) -> Vec<u8> {
        let at = pkcs8.windows(2).position(|window| window == [0x04, 0x82]).unwrap();
        pkcs8[at + 4..].to_vec()
    }

    #[test]
    fn our_own_key_verifies_by_every_way_in() {
        let key = key();
        let token = key.sign(&json!({"sub": "a"})).unwrap();
        let jws = CompactJws::parse(&token).unwrap();
        key.verifying_key().verify(&jws).unwrap();
        VerifyingKey::from_jwk(&key.jwk()).unwrap().verify(&jws).unwrap();
    }

    #[test]
    fn a_changed_token_does_not_verify() {
        let key = key();
        let token = key.sign(&json!({"sub": "administrator"})).unwrap();
        let payload = token.find('.').unwrap() + 10;
        for at in [payload, token.len() - 5] {
            let changed = tampered(&token, at);
            let jws = CompactJws::parse(&changed).unwrap();
            assert_eq!(key.verifying_key().verify(&jws).unwrap_err(), JwsError::SignatureMismatch);
        }
    }

    #[test]
    fn another_key_does_not_verify() {
        let token = key().sign(&json!({"sub": "a"})).unwrap();
        let other = SigningKey::new(&other().pkcs8, &[other().leaf.clone()]).unwrap();
        let jws = CompactJws::parse(&token).unwrap();
        assert_eq!(other.verifying_key().verify(&jws).unwrap_err(), JwsError::SignatureMismatch);
    }

    #[test]
    fn a_short_or_empty_signature_does_not_verify() {
        let key = key();
        let token = key.sign(&json!({"sub": "a"})).unwrap();
        let (input, _) = token.rsplit_once('.').unwrap();
        let short = format!("{input}.AAAA");
        assert_eq!(
            key.verifying_key().verify(&CompactJws::parse(&short).unwrap()).unwrap_err(),
            JwsError::SignatureMismatch
        );
    }

    #[test]
    fn the_certificate_must_carry_the_key() {
        assert_eq!(SigningKey::new(&sample().pkcs8, &[]).unwrap_err(), KeyError::NoCertificate);
        assert_eq!(
            SigningKey::new(&sample().pkcs8, &[other().leaf.clone()]).unwrap_err(),
            KeyError::CertificateOfAnotherKey
        );
        assert_eq!(SigningKey::new(b"no key", &[sample().leaf.clone()]).unwrap_err(), KeyError::Unreadable);
    }

    #[test]
    fn unusable_published_keys_are_refused() {
        let good = key().jwk();
        let cases = [
            Jwk { kty: "EC".into(), ..good.clone() },
            Jwk { alg: Some("HS256".into()), ..good.clone() },
            Jwk { n: "AQAB".into(), ..good.clone() },
            Jwk { n: format!("{}=", good.n), ..good.clone() },
            Jwk { e: String::new(), ..good },
        ];
        for jwk in cases {
            assert_eq!(VerifyingKey::from_jwk(&jwk).unwrap_err(), KeyError::Unreadable, "{jwk:?}");
        }
    }

    #[test]
    fn a_signing_key_is_not_printed() {
        assert_eq!(format!("{:?}", key()), "SigningKey(***)");
    }

    #[test]
    fn claims_that_do_not_serialise_are_an_error() {
        let claims: std::collections::HashMap<Vec<u8>, u8> = [(vec![1], 1)].into();
        assert!(matches!(key().sign(&claims).unwrap_err(), SignError::Claims(_)));
    }
}
