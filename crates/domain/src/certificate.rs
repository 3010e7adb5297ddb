//! Whether a certificate that a customer brings can serve the customer's hosts: its key fits, it is in force, it was issued
//! by the authority that came with it, and it covers every host.
//!
//! What a browser would refuse later is refused now, with the reason. Paths are built and signatures checked by webpki, the
//! one that TLS here is built on: RSA of at least 2048 bits or elliptic curves, SHA-256 or more, version 3.

mod pbes2;
mod private_key;

use std::time::Duration;

use obol_protocol::{
    Secret, Timestamp,
    oci::pem::{self, Block},
};
use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};
use zeroize::Zeroizing;

use private_key::PrivateKey;

/// The most certificates of one field.
const MOST_CERTIFICATES: usize = 20;

/// A certificate with its key, as PEM.
#[derive(Debug, Clone, Copy)]
pub struct CertificateOffer<'a> {
    /// The private key.
    pub private_key: &'a Secret,
    /// What the private key is encrypted with.
    pub passphrase: Option<&'a Secret>,
    /// The certificate of the hosts first, then those between it and the authority.
    pub public_certificate: &'a str,
    /// The certificates of the authority; each of them is trusted.
    pub ca_certificate: &'a str,
}

/// What a certificate that can serve brings along.
#[derive(Clone)]
pub struct AcceptedCertificate {
    /// The private key as PKCS #8, to be sealed at once.
    pub private_key: Zeroizing<Vec<u8>>,
    /// When the certificate of the hosts expires.
    pub not_after: Timestamp,
}

/// Which of the fields a certificate stood in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateField {
    /// The hosts' own, and those between.
    Public,
    /// The authority's.
    Authority,
}

impl CertificateField {
    /// The field's name (contract analytics 2, CreateVanityUrlDetails).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "publicCertificate",
            Self::Authority => "caCertificate",
        }
    }
}

/// Why a certificate cannot serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateRefusal {
    /// No PEM, or not of a private key.
    #[error("no private key in PEM")]
    KeyUnreadable,
    /// Encrypted in a way that is not opened here.
    #[error("the private key is encrypted in an unsupported way")]
    KeyEncryptionUnsupported,
    /// Encrypted, and no passphrase came along.
    #[error("the private key is encrypted, and there is no passphrase")]
    PassphraseMissing,
    /// Encrypted with another passphrase.
    #[error("the passphrase does not open the private key")]
    PassphraseWrong,
    /// A key of a kind or size that does not serve.
    #[error("the private key is not RSA of 2048 bits or more, P-256 or P-384")]
    KeyUnusable,
    /// No PEM, or not of certificates.
    #[error("{} holds no certificate in PEM", .0.name())]
    CertificateUnreadable(CertificateField),
    /// More certificates than any chain has.
    #[error("{} holds too many certificates", .0.name())]
    TooManyCertificates(CertificateField),
    /// The certificate is of another key.
    #[error("the certificate is of another key")]
    KeyMismatch,
    /// A certificate is not valid yet.
    #[error("a certificate in {} is not valid yet", .field.name())]
    NotYetValid {
        /// Where it stands.
        field: CertificateField,
        /// From when on it is.
        not_before: Timestamp,
    },
    /// A certificate is not valid any more.
    #[error("a certificate in {} has expired", .field.name())]
    Expired {
        /// Where it stands.
        field: CertificateField,
        /// Until when it was.
        not_after: Timestamp,
    },
    /// The first certificate is an authority's own.
    #[error("the first certificate is that of an authority")]
    IsAuthority,
    /// The certificate is not for servers.
    #[error("the certificate is not for servers")]
    NotForServers,
    /// No chain of good signatures leads from the certificate to the authority.
    #[error("no chain leads to the authority")]
    ChainBroken,
    /// None of the certificate's names covers a host.
    #[error("a host is not covered")]
    HostNotCovered {
        /// The host.
        host: String,
    },
}

/// Decides whether a certificate can serve `hosts` at the time `now`. It may take half a second: whoever encrypted the key
/// chose how much work its passphrase is.
///
/// # Errors
///
/// The first [`CertificateRefusal`], in the order: key, certificates, key fits, dates, chain, hosts.
pub fn judge(
    offer: &CertificateOffer<'_>,
    hosts: &[String],
    now: Timestamp,
) -> Result<AcceptedCertificate, CertificateRefusal> {
    let key = private_key::read(offer.private_key, offer.passphrase)?;
    let public = certificates(offer.public_certificate, CertificateField::Public)?;
    let authority = certificates(offer.ca_certificate, CertificateField::Authority)?;
    let unreadable = CertificateRefusal::CertificateUnreadable(CertificateField::Public);
    let (leaf, between) = public.split_first().ok_or(unreadable)?;
    key_fits(&key, leaf)?;
    let not_after = are_in_force(&public, CertificateField::Public, now)?;
    are_in_force(&authority, CertificateField::Authority, now)?;
    let leaf = EndEntityCert::try_from(leaf).map_err(|error| chain_refusal(&error))?;
    chain_reaches_authority(&leaf, between, &authority, now)?;
    covers_hosts(&leaf, hosts)?;
    Ok(AcceptedCertificate { private_key: key.pkcs8, not_after })
}

fn certificates(text: &str, field: CertificateField) -> Result<Vec<CertificateDer<'static>>, CertificateRefusal> {
    let unreadable = CertificateRefusal::CertificateUnreadable(field);
    let blocks = pem::blocks(text, MOST_CERTIFICATES + 1).map_err(|_| unreadable.clone())?;
    if blocks.len() > MOST_CERTIFICATES {
        return Err(CertificateRefusal::TooManyCertificates(field));
    }
    blocks.iter().map(|block| certificate(block).ok_or_else(|| unreadable.clone())).collect()
}

fn certificate(block: &Block<'_>) -> Option<CertificateDer<'static>> {
    if !matches!(block.label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE") {
        return None;
    }
    let (rest, _) = X509Certificate::from_der(&block.der).ok()?;
    rest.is_empty().then(|| CertificateDer::from(block.der.to_vec()))
}

fn parsed<'a>(der: &'a CertificateDer<'_>, field: CertificateField) -> Result<X509Certificate<'a>, CertificateRefusal> {
    let parsed = X509Certificate::from_der(der).map_err(|_| CertificateRefusal::CertificateUnreadable(field));
    parsed.map(|(_, certificate)| certificate)
}

fn key_fits(key: &PrivateKey, leaf: &CertificateDer<'_>) -> Result<(), CertificateRefusal> {
    let certificate = parsed(leaf, CertificateField::Public)?;
    if certificate.public_key().subject_public_key.data.as_ref() == key.public {
        return Ok(());
    }
    Err(CertificateRefusal::KeyMismatch)
}

/// Every certificate of the field must be within its dates. Returns the end of the first.
fn are_in_force(
    certificates: &[CertificateDer<'_>],
    field: CertificateField,
    now: Timestamp,
) -> Result<Timestamp, CertificateRefusal> {
    let mut end = None;
    for der in certificates {
        let certificate = parsed(der, field)?;
        let validity = certificate.validity();
        let not_before = Timestamp::from_seconds(validity.not_before.timestamp());
        // The last second is part of the validity (RFC 5280 section 4.1.2.5).
        let not_after = Timestamp::from_seconds(validity.not_after.timestamp());
        if now < not_before {
            return Err(CertificateRefusal::NotYetValid { field, not_before });
        }
        if now >= not_after.plus(Duration::from_secs(1)) {
            return Err(CertificateRefusal::Expired { field, not_after });
        }
        end = end.or(Some(not_after));
    }
    end.ok_or(CertificateRefusal::CertificateUnreadable(field))
}

fn chain_reaches_authority(
    leaf: &EndEntityCert<'_>,
    between: &[CertificateDer<'_>],
    authority: &[CertificateDer<'_>],
    now: Timestamp,
) -> Result<(), CertificateRefusal> {
    let anchors: Vec<TrustAnchor<'_>> = authority
        .iter()
        .map(anchor_from_trusted_cert)
        .collect::<Result<_, _>>()
        .map_err(|_| CertificateRefusal::CertificateUnreadable(CertificateField::Authority))?;
    let since_epoch = Duration::from_micros(u64::try_from(now.micros()).unwrap_or(0));
    let time = UnixTime::since_unix_epoch(since_epoch);
    let usage = KeyUsage::server_auth();
    let path = leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, between, time, usage, None, None);
    path.map(drop).map_err(|error| chain_refusal(&error))
}

/// Of webpki's many reasons, those a customer can do something different about; the others all mean that the chain does not
/// hold. Its list is open, hence the last arm.
fn chain_refusal(error: &webpki::Error) -> CertificateRefusal {
    match error {
        webpki::Error::CaUsedAsEndEntity => CertificateRefusal::IsAuthority,
        webpki::Error::RequiredEkuNotFoundContext(_) | webpki::Error::EmptyEkuExtension => {
            CertificateRefusal::NotForServers
        }
        _ => CertificateRefusal::ChainBroken,
    }
}

/// By the subject's alternative names alone; an asterisk stands for the whole leftmost label (RFC 6125 section 6.4.3).
fn covers_hosts(leaf: &EndEntityCert<'_>, hosts: &[String]) -> Result<(), CertificateRefusal> {
    for host in hosts {
        let name = ServerName::try_from(host.as_str());
        if !name.is_ok_and(|name| leaf.verify_is_valid_for_subject_name(&name).is_ok()) {
            return Err(CertificateRefusal::HostNotCovered { host: host.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use rcgen::{
        BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
        PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, date_time_ymd,
    };

    use super::*;
    use CertificateField::{Authority, Public};

    /// 22 November 2026.
    const NOW: Timestamp = Timestamp::from_seconds(1_795_348_800);
    /// The same key for all: making one is slow in a debug build.
    static KEYS: LazyLock<Vec<KeyPair>> =
        LazyLock::new(|| (0..4).map(|_| KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()).collect());

    fn key(index: usize) -> KeyPair {
        KeyPair::try_from(KEYS[index].serialized_der()).unwrap()
    }

    fn params(name: &str, hosts: &[&str]) -> CertificateParams {
        let mut params =
            CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        params
    }

    fn authority(name: &str) -> CertificateParams {
        let mut params = params(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    }

    /// Root (key 0), an authority below it (key 1), and a leaf (key 2), each as PEM.
    struct Chain {
        root: String,
        middle: String,
        leaf: String,
    }

    fn chain(change: impl FnOnce(&mut CertificateParams, &mut CertificateParams, &mut CertificateParams)) -> Chain {
        let (mut root, mut middle) = (authority("root"), authority("middle"));
        let mut leaf = params("leaf", &["a.example.com", "*.wild.example.com"]);
        change(&mut root, &mut middle, &mut leaf);
        let root_pem = root.self_signed(&key(0)).unwrap().pem();
        let root = Issuer::new(root, key(0));
        let middle_pem = middle.signed_by(&key(1), &root).unwrap().pem();
        let middle = Issuer::new(middle, key(1));
        let leaf = leaf.signed_by(&key(2), &middle).unwrap().pem();
        Chain { root: root_pem, middle: middle_pem, leaf }
    }

    fn valid() -> Chain {
        chain(|_, _, _| {})
    }

    fn judged(
        key: &str,
        public: &str,
        authority: &str,
        hosts: &[&str],
    ) -> Result<AcceptedCertificate, CertificateRefusal> {
        let offer = CertificateOffer {
            private_key: &Secret::new(key),
            passphrase: None,
            public_certificate: public,
            ca_certificate: authority,
        };
        judge(&offer, &hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>(), NOW)
    }

    fn refusal(chain: &Chain, hosts: &[&str]) -> Option<CertificateRefusal> {
        judged(&KEYS[2].serialize_pem(), &format!("{}{}", chain.leaf, chain.middle), &chain.root, hosts).err()
    }

    #[test]
    fn a_chain_that_reaches_the_authority_serves() {
        let Chain { root, middle, leaf } = valid();
        let key = KEYS[2].serialize_pem();
        for (public, authority) in [
            (format!("{leaf}{middle}"), root.clone()),
            (leaf.clone(), middle.clone()),
            (leaf.clone(), format!("{root}{middle}")),
            (format!("{leaf}{middle}{root}"), root.clone()),
        ] {
            let accepted = judged(&key, &public, &authority, &["a.example.com", "x.wild.example.com"]).ok().unwrap();
            assert_eq!(accepted.not_after, Timestamp::from_seconds(1_798_761_600));
            assert!(!accepted.private_key.is_empty());
        }
    }

    #[test]
    fn a_certificate_may_sign_itself_unless_it_is_an_authority() {
        let own = params("own", &["a.example.com"]).self_signed(&key(2)).unwrap().pem();
        assert_eq!(judged(&KEYS[2].serialize_pem(), &own, &own, &["a.example.com"]).err(), None);
        let mut ca = authority("own");
        ca.subject_alt_names = params("own", &["a.example.com"]).subject_alt_names;
        let ca = ca.self_signed(&key(2)).unwrap().pem();
        let refused = judged(&KEYS[2].serialize_pem(), &ca, &ca, &["a.example.com"]).err();
        assert_eq!(refused, Some(CertificateRefusal::IsAuthority));
    }

    #[test]
    fn the_key_must_be_that_of_the_first_certificate() {
        let Chain { root, middle, leaf } = valid();
        let public = format!("{leaf}{middle}");
        for other in [1, 3] {
            let refused = judged(&KEYS[other].serialize_pem(), &public, &root, &[]).err();
            assert_eq!(refused, Some(CertificateRefusal::KeyMismatch));
        }
        let turned = format!("{middle}{leaf}");
        let refused = judged(&KEYS[2].serialize_pem(), &turned, &root, &[]).err();
        assert_eq!(refused, Some(CertificateRefusal::KeyMismatch), "the hosts' own comes first");
    }

    #[test]
    fn every_certificate_must_be_in_force() {
        let expired =
            |field| Some(CertificateRefusal::Expired { field, not_after: Timestamp::from_seconds(1_767_225_600) });
        let past = |params: &mut CertificateParams| {
            params.not_before = date_time_ymd(2025, 1, 1);
            params.not_after = date_time_ymd(2026, 1, 1);
        };
        assert_eq!(refusal(&chain(|_, _, leaf| past(leaf)), &[]), expired(Public));
        assert_eq!(refusal(&chain(|_, middle, _| past(middle)), &[]), expired(Public));
        assert_eq!(refusal(&chain(|root, _, _| past(root)), &[]), expired(Authority));
        let early = chain(|_, _, leaf| leaf.not_before = date_time_ymd(2026, 12, 1));
        let not_before = Timestamp::from_seconds(1_796_083_200);
        assert_eq!(refusal(&early, &[]), Some(CertificateRefusal::NotYetValid { field: Public, not_before }));
    }

    #[test]
    fn the_last_second_is_part_of_the_validity() {
        let end = date_time_ymd(1970, 1, 1) + NOW.since(Timestamp::default());
        assert_eq!(refusal(&chain(|_, _, leaf| leaf.not_after = end), &[]), None);
    }

    #[test]
    fn the_chain_must_reach_the_authority_by_good_signatures() {
        let Chain { root, middle, leaf } = valid();
        let key = KEYS[2].serialize_pem();
        let same_name = authority("root").self_signed(&self::key(3)).unwrap().pem();
        let same_middle = authority("middle").signed_by(&self::key(3), &Issuer::new(authority("root"), self::key(0)));
        let same_middle = same_middle.unwrap().pem();
        for (public, authority) in [
            (leaf.clone(), root.clone()),
            (format!("{leaf}{middle}"), same_name),
            (format!("{leaf}{same_middle}"), root.clone()),
            (leaf.clone(), leaf.clone()),
        ] {
            let refused = judged(&key, &public, &authority, &[]).err();
            assert_eq!(refused, Some(CertificateRefusal::ChainBroken));
        }
        let no_authority = chain(|_, middle, _| middle.is_ca = IsCa::ExplicitNoCa);
        assert_eq!(refusal(&no_authority, &[]), Some(CertificateRefusal::ChainBroken));
    }

    #[test]
    fn a_certificate_for_something_else_does_not_serve() {
        let mail = chain(|_, _, leaf| leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection]);
        assert_eq!(refusal(&mail, &[]), Some(CertificateRefusal::NotForServers));
        let server = chain(|_, _, leaf| leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]);
        assert_eq!(refusal(&server, &[]), None);
    }

    #[test]
    fn every_host_must_be_covered() {
        let chain = valid();
        for hosts in [&["a.example.com"][..], &["x.wild.example.com", "a.example.com"], &["A.EXAMPLE.com"]] {
            assert_eq!(refusal(&chain, hosts), None, "{hosts:?}");
        }
        for (hosts, host) in [
            (&["b.example.com"][..], "b.example.com"),
            (&["a.example.com", "example.com"], "example.com"),
            (&["wild.example.com"], "wild.example.com"),
            (&["x.y.wild.example.com"], "x.y.wild.example.com"),
            (&["leaf"], "leaf"),
            (&["xwild.example.com"], "xwild.example.com"),
            (&["not a host"], "not a host"),
        ] {
            let expected = CertificateRefusal::HostNotCovered { host: host.to_owned() };
            assert_eq!(refusal(&chain, hosts), Some(expected));
        }
        let nameless = super::tests::chain(|_, _, leaf| leaf.subject_alt_names.clear());
        assert!(refusal(&nameless, &["leaf"]).is_some(), "the common name covers nothing");
    }

    #[test]
    fn what_holds_no_certificates_is_refused_by_field() {
        let Chain { root, leaf, .. } = valid();
        let key = KEYS[2].serialize_pem();
        let other_block = leaf.replace("CERTIFICATE", "PUBLIC KEY");
        let broken = pem::encode("CERTIFICATE", &[0x30, 1, 0]).to_string();
        for wrong in ["", "no PEM", other_block.as_str(), broken.as_str(), &format!("{leaf}{key}")] {
            let refused = judged(&key, wrong, &root, &[]).err();
            assert_eq!(refused, Some(CertificateRefusal::CertificateUnreadable(Public)), "{wrong}");
            let refused = judged(&key, &leaf, wrong, &[]).err();
            assert_eq!(refused, Some(CertificateRefusal::CertificateUnreadable(Authority)), "{wrong}");
        }
        let many = root.repeat(21);
        assert_eq!(judged(&key, &leaf, &many, &[]).err(), Some(CertificateRefusal::TooManyCertificates(Authority)));
        assert_eq!(judged(&key, &many, &root, &[]).err(), Some(CertificateRefusal::TooManyCertificates(Public)));
    }

    #[test]
    fn the_larger_curve_serves_and_others_do_not() {
        for (algorithm, expected) in
            [(&PKCS_ECDSA_P384_SHA384, None), (&PKCS_ED25519, Some(CertificateRefusal::KeyUnusable))]
        {
            let pair = KeyPair::generate_for(algorithm).unwrap();
            let own = params("own", &["a.example.com"]).self_signed(&pair).unwrap().pem();
            assert_eq!(judged(&pair.serialize_pem(), &own, &own, &["a.example.com"]).err(), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_certificate_is_judged_without_panic(text in ".*", bytes: Vec<u8>) {
            static CHAIN: LazyLock<Chain> = LazyLock::new(valid);
            let Chain { root, leaf, .. } = &*CHAIN;
            let key = KEYS[2].serialize_pem();
            let _ = judged(&key, &text, root, &[]);
            let damaged = pem::encode("CERTIFICATE", &bytes);
            let _ = judged(&key, &damaged, &damaged, &[text.as_str()]);
            let mut der = pem::first_block(leaf).unwrap().der.to_vec();
            for byte in bytes.iter().take(2) {
                let at = usize::from(*byte) % der.len();
                der[at] ^= 1;
            }
            let _ = judged(&key, &pem::encode("CERTIFICATE", &der), root, &["a.example.com"]);
        }
    }
}
