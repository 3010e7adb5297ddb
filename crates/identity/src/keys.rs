//! The key that signs a stripe's tokens: made with its certificates, sealed for keeping, opened for use.

use std::time::Duration;

use obol_domain::{Entropy, seal::MasterKey};
use obol_protocol::{
    Timestamp,
    jose::{Certificate, CertificateError, CompactJws, Jwk, JwsError, KeyError, SigningKey, VerifyingKey},
};
use obol_store::signing_keys::{PublishedKey, SealedKey};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, RsaKeySize, SerialNumber,
};

/// How long the certificates are valid: ten years, longer than any key should be used.
const VALIDITY: Duration = Duration::from_hours(24 * 3650);

/// Why a signing key could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The certificates could not be made.
    #[error("the certificates could not be made")]
    Certificate(#[source] rcgen::Error),
    /// The key is sealed under another master key, or damaged.
    #[error("the signing key is sealed under another master key, or damaged")]
    Sealed(#[source] obol_domain::seal::Unsealable),
    /// A certificate of the stripe's own cannot be read.
    #[error("a certificate of the stripe's own cannot be read")]
    Published(#[source] CertificateError),
    /// What was sealed is not a usable key.
    #[error("the signing key cannot be used")]
    Key(#[source] KeyError),
}

/// Makes an RSA 2048 key with a leaf certificate and the certificate of its issuer, valid from `now`, and seals it for
/// this stripe. It takes about 0.2 s of a core.
pub(crate) fn make(
    entropy: &dyn Entropy,
    master: &MasterKey,
    stripe: &str,
    now: Timestamp,
) -> Result<SealedKey, KeyFault> {
    let authority_key = rsa_key(entropy)?;
    let mut authority = certificate(entropy, &format!("Obol CA {stripe}"), now)?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_der = authority.self_signed(&authority_key).map_err(KeyFault::Certificate)?.der().to_vec();
    // The issuer's key has signed once and is forgotten; nobody can issue another certificate in its name.
    let issuer = Issuer::new(authority, authority_key);

    let key = rsa_key(entropy)?;
    let mut leaf = certificate(entropy, stripe, now)?;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let leaf = leaf.signed_by(&key, &issuer).map_err(KeyFault::Certificate)?.der().to_vec();

    let id = entropy.hex32();
    let sealed_key = master.seal(entropy, &purpose(stripe, &id), key.serialized_der()).map_err(KeyFault::Sealed)?;
    Ok(SealedKey { id, sealed_key, leaf, issuer: authority_der, created_at: now })
}

/// The keys that a stripe's tokens are verified with, the current one first, by the thumbprint that tokens carry: `kid` is
/// the same for all of them (contract identity 3.1).
pub(crate) struct Verifiers(Vec<(String, VerifyingKey)>);

impl Verifiers {
    /// Checks a signature by the key that the header names, or by the current one where it names none.
    pub(crate) fn verify(&self, jws: &CompactJws<'_>) -> Result<(), JwsError> {
        let named = jws.header().x5t_s256.as_deref();
        let found = self.0.iter().find(|(thumbprint, _)| named.is_none_or(|named| named == thumbprint));
        found.map_or(Err(JwsError::SignatureMismatch), |(_, key)| key.verify(jws))
    }
}

/// The key set and the verifiers of a stripe's keys, in the order given.
pub(crate) fn published(keys: &[PublishedKey]) -> Result<(Vec<Jwk>, Verifiers), KeyFault> {
    let (mut set, mut verifiers) = (Vec::with_capacity(keys.len()), Vec::with_capacity(keys.len()));
    for key in keys {
        let leaf = Certificate::from_der(&key.leaf).map_err(KeyFault::Published)?;
        set.push(leaf.signing_jwk(&key.issuer));
        verifiers.push((leaf.x5t_s256(), leaf.key().clone()));
    }
    Ok((set, Verifiers(verifiers)))
}

/// Opens a sealed key for signing.
pub(crate) fn open(master: &MasterKey, stripe: &str, key: &SealedKey) -> Result<SigningKey, KeyFault> {
    let pkcs8 = master.open(&purpose(stripe, &key.id), &key.sealed_key).map_err(KeyFault::Sealed)?;
    SigningKey::new(&pkcs8, &[key.leaf.clone(), key.issuer.clone()]).map_err(KeyFault::Key)
}

fn purpose(stripe: &str, id: &str) -> String {
    format!("signing key {stripe}/{id}")
}

#[cfg(not(test))]
fn rsa_key(_entropy: &dyn Entropy) -> Result<KeyPair, KeyFault> {
    // The library takes its randomness from the operating system; it offers no way to give it any.
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(KeyFault::Certificate)
}

/// One of a few keys, chosen by the seed: a new one for each of a hundred tests takes half a minute.
#[cfg(test)]
fn rsa_key(entropy: &dyn Entropy) -> Result<KeyPair, KeyFault> {
    static KEYS: [std::sync::OnceLock<Vec<u8>>; 16] = [const { std::sync::OnceLock::new() }; 16];
    let chosen = &KEYS[usize::from(entropy.bytes::<1>()[0] % 16)];
    let der = chosen.get_or_init(|| {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048);
        key.unwrap().serialize_der()
    });
    KeyPair::try_from(der.as_slice()).map_err(KeyFault::Certificate)
}

fn certificate(entropy: &dyn Entropy, name: &str, now: Timestamp) -> Result<CertificateParams, KeyFault> {
    let mut params = CertificateParams::new(Vec::new()).map_err(KeyFault::Certificate)?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    let start = rcgen::date_time_ymd(1970, 1, 1) + now.since(Timestamp::default());
    params.not_before = start;
    params.not_after = start + VALIDITY;
    let mut serial = entropy.bytes::<16>();
    // A serial number is positive (RFC 5280 section 4.1.2.2).
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(params)
}

#[cfg(test)]
mod tests {
    use obol_testkit::SeededEntropy;

    use super::*;

    #[test]
    fn a_sealed_key_opens_for_its_stripe_and_master_only() {
        let master = MasterKey::new(&[7; 32]).unwrap();
        let entropy = SeededEntropy::new(1);
        let key = make(&entropy, &master, "idcs-1", Timestamp::from_seconds(1_795_348_800)).unwrap();
        let opened = open(&master, "idcs-1", &key).unwrap();
        // Contract identity 8: the chain is the leaf, then its issuer.
        assert_eq!(opened.jwk().x5c.len(), 2);
        assert!(matches!(open(&master, "idcs-2", &key), Err(KeyFault::Sealed(_))));
        let other = MasterKey::new(&[8; 32]).unwrap();
        assert!(matches!(open(&other, "idcs-1", &key), Err(KeyFault::Sealed(_))));
    }

    #[test]
    fn the_certificates_begin_when_the_clock_says() {
        let master = MasterKey::new(&[7; 32]).unwrap();
        let key = make(&SeededEntropy::new(1), &master, "idcs-1", Timestamp::from_seconds(1_795_348_800)).unwrap();
        // 22 November 2026 at noon as UTCTime.
        let begins = b"261122120000Z";
        for certificate in [&key.leaf, &key.issuer] {
            assert!(certificate.windows(begins.len()).any(|window| window == begins));
        }
    }
}
