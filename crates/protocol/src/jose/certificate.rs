//! A certificate somebody signs with: its key, its thumbprints and its dates. Who issued it does not matter, as it was
//! uploaded by someone who may; it is a public key with a name and an end.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{Jwk, KeyError, SIGNING_KEY, VerifyingKey, der, x5t, x5t_s256};
use crate::Timestamp;

/// The longest certificate read, in bytes of DER.
pub const LONGEST_CERTIFICATE: usize = 16 * 1024;

/// The OID of `rsaEncryption` (RFC 8017 appendix C); a key for PSS alone has another.
const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";

/// A certificate with an RSA key.
#[derive(Debug, Clone)]
pub struct Certificate {
    der: Vec<u8>,
    key: VerifyingKey,
    not_before: Timestamp,
    not_after: Timestamp,
    /// Modulus and exponent, base64url.
    numbers: (String, String),
}

/// Why a certificate cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Longer than [`LONGEST_CERTIFICATE`].
    #[error("longer than {LONGEST_CERTIFICATE} bytes")]
    TooLong,
    /// Neither DER of a certificate, nor its base64.
    #[error("not one X.509 certificate")]
    Unreadable,
    /// The key is not RSA of 2048 to 8192 bits.
    #[error("the key is not RSA of 2048 to 8192 bits")]
    NotRsa,
}

impl From<KeyError> for CertificateError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Unreadable | KeyError::NoCertificate | KeyError::CertificateOfAnotherKey => Self::NotRsa,
        }
    }
}

impl Certificate {
    /// Reads exactly one DER certificate.
    ///
    /// # Errors
    ///
    /// [`CertificateError`]
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > LONGEST_CERTIFICATE {
            return Err(CertificateError::TooLong);
        }
        let (rest, certificate) = X509Certificate::from_der(bytes).map_err(|_| CertificateError::Unreadable)?;
        if !rest.is_empty() {
            return Err(CertificateError::Unreadable);
        }
        let spki = certificate.public_key();
        if spki.algorithm.algorithm.to_id_string() != RSA_ENCRYPTION {
            return Err(CertificateError::NotRsa);
        }
        let (modulus, exponent) = der::rsa_public_key(&spki.subject_public_key.data).ok_or(CertificateError::NotRsa)?;
        Ok(Self {
            key: VerifyingKey::from_numbers(modulus, exponent)?,
            not_before: Timestamp::from_seconds(certificate.validity().not_before.timestamp()),
            not_after: Timestamp::from_seconds(certificate.validity().not_after.timestamp()),
            numbers: (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(exponent)),
            der: bytes.to_vec(),
        })
    }

    /// Reads a certificate as people paste it: base64 of its DER, with or without the lines of PEM around it, however it
    /// is broken into lines.
    ///
    /// # Errors
    ///
    /// [`CertificateError`]
    pub fn from_text(text: &str) -> Result<Self, CertificateError> {
        if text.len() > LONGEST_CERTIFICATE * 2 {
            return Err(CertificateError::TooLong);
        }
        let body = match text.split_once("-----BEGIN CERTIFICATE-----") {
            Some((_, rest)) => rest.split_once("-----END CERTIFICATE-----").ok_or(CertificateError::Unreadable)?.0,
            None => text,
        };
        let digits: String = body.chars().filter(|character| !character.is_ascii_whitespace()).collect();
        Self::from_der(&STANDARD.decode(digits).map_err(|_| CertificateError::Unreadable)?)
    }

    /// The key as IDCS's own key sets publish it, with the certificate of whoever issued this one behind it (contract
    /// identity 8).
    pub fn signing_jwk(&self, issuer: &[u8]) -> Jwk {
        let (modulus, exponent) = self.numbers.clone();
        Jwk {
            kty: "RSA".to_owned(),
            x5t_s256: Some(self.x5t_s256()),
            e: exponent,
            x5t: Some(self.x5t()),
            kid: Some(SIGNING_KEY.to_owned()),
            x5c: vec![STANDARD.encode(&self.der), STANDARD.encode(issuer)],
            key_ops: vec!["sign".to_owned(), "verify".to_owned()],
            alg: Some("RS256".to_owned()),
            n: modulus,
        }
    }

    /// The certificate's bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The key in it.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Its SHA-1 thumbprint, base64url.
    pub fn x5t(&self) -> String {
        x5t(&self.der)
    }

    /// Its SHA-256 thumbprint, base64url.
    pub fn x5t_s256(&self) -> String {
        x5t_s256(&self.der)
    }

    /// From when it is valid.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Until when it is valid, that second included (RFC 5280 section 4.1.2.5).
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd};

    use super::*;

    fn made(key: &KeyPair) -> Vec<u8> {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        params.self_signed(key).unwrap().der().to_vec()
    }

    fn rsa() -> Vec<u8> {
        made(&KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap())
    }

    #[test]
    fn dates_and_thumbprints_are_those_of_the_certificate() {
        let der = rsa();
        let certificate = Certificate::from_der(&der).unwrap();
        assert_eq!(certificate.not_before().to_string(), "2026-01-01T00:00:00.000Z");
        assert_eq!(certificate.not_after().to_string(), "2027-01-01T00:00:00.000Z");
        assert_eq!((certificate.x5t(), certificate.x5t_s256()), (x5t(&der), x5t_s256(&der)));
        assert_eq!(certificate.der(), der);
    }

    #[test]
    fn text_is_read_as_people_paste_it() {
        let der = rsa();
        let base64 = STANDARD.encode(&der);
        let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let (body, carriage) = (lines.join("\n"), lines.join("\r\n"));
        for text in [
            base64.clone(),
            body.clone(),
            carriage,
            format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"),
            format!("subject=x\n-----BEGIN CERTIFICATE-----{base64}-----END CERTIFICATE-----"),
        ] {
            assert_eq!(Certificate::from_text(&text).unwrap().der(), der);
        }
    }

    #[test]
    fn what_is_not_one_rsa_certificate_is_refused() {
        let der = rsa();
        let error = |bytes: &[u8]| Certificate::from_der(bytes).unwrap_err();
        assert_eq!(error(&[]), CertificateError::Unreadable);
        assert_eq!(error(&der[..der.len() - 1]), CertificateError::Unreadable);
        assert_eq!(error(&[&der[..], &der[..]].concat()), CertificateError::Unreadable);
        assert_eq!(error(&vec![0x30; LONGEST_CERTIFICATE + 1]), CertificateError::TooLong);
        let elliptic = made(&KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap());
        assert_eq!(error(&elliptic), CertificateError::NotRsa);
        for text in ["", "nonsense!", "-----BEGIN CERTIFICATE-----AAAA", "AAAA"] {
            assert_eq!(Certificate::from_text(text).unwrap_err(), CertificateError::Unreadable, "{text}");
        }
        let endless = "A".repeat(LONGEST_CERTIFICATE * 2 + 1);
        assert_eq!(Certificate::from_text(&endless).unwrap_err(), CertificateError::TooLong);
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512), text in ".*") {
            let _ = Certificate::from_der(&bytes);
            let _ = Certificate::from_text(&text);
        }

        #[test]
        fn an_altered_certificate_never_panics(at in 0_usize..600, byte in any::<u8>()) {
            static DER: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(rsa);
            let mut der = DER.clone();
            let at = at % der.len();
            der[at] = byte;
            let _ = Certificate::from_der(&der);
        }
    }
}
