//! What is said of a certificate that cannot serve: which field it is about, and what its owner can do.

use obol_domain::{
    Explanation,
    certificate::{CertificateField, CertificateRefusal},
    explanation::describe,
};
use obol_protocol::Timestamp;

const PRIVATE_KEY: &str = "privateKey";
const PASSPHRASE: &str = "passphrase";
const PUBLIC: &str = CertificateField::Public.name();

/// The field that the public answer names.
pub(super) const fn field(refusal: &CertificateRefusal) -> &'static str {
    match refusal {
        CertificateRefusal::KeyUnreadable
        | CertificateRefusal::KeyEncryptionUnsupported
        | CertificateRefusal::KeyUnusable
        | CertificateRefusal::KeyMismatch => PRIVATE_KEY,
        CertificateRefusal::PassphraseMissing | CertificateRefusal::PassphraseWrong => PASSPHRASE,
        CertificateRefusal::CertificateUnreadable(field)
        | CertificateRefusal::TooManyCertificates(field)
        | CertificateRefusal::NotYetValid { field, .. }
        | CertificateRefusal::Expired { field, .. } => field.name(),
        CertificateRefusal::IsAuthority
        | CertificateRefusal::NotForServers
        | CertificateRefusal::ChainBroken
        | CertificateRefusal::HostNotCovered { .. } => PUBLIC,
    }
}

pub(super) fn explain(refusal: &CertificateRefusal) -> Explanation {
    match refusal {
        CertificateRefusal::KeyUnreadable => Explanation::new(
            "private_key_readable",
            "privateKey: one private key in PEM, as PKCS #8, PKCS #1 or SEC 1",
            "no such block, or a damaged one",
            "send the key's file, with its BEGIN and END lines",
        ),
        CertificateRefusal::KeyEncryptionUnsupported => Explanation::new(
            "private_key_opens",
            "privateKey: not encrypted, or PKCS #8 with PBES2, PBKDF2 (at most 1000000 rounds) and AES in CBC mode",
            "a key that is encrypted in another way",
            "convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in old.pem -out new.pem",
        ),
        CertificateRefusal::PassphraseMissing => Explanation::new(
            "private_key_opens",
            "passphrase: what the private key is encrypted with",
            "no passphrase, or an empty one",
            "send it, e.g. with --passphrase",
        ),
        CertificateRefusal::PassphraseWrong => Explanation::new(
            "private_key_opens",
            "passphrase: what the private key is encrypted with",
            "another passphrase",
            "try it yourself: openssl pkey -in key.pem -noout",
        ),
        CertificateRefusal::KeyUnusable => Explanation::new(
            "private_key_serves",
            "privateKey: RSA of 2048 to 8192 bits, or an elliptic curve key on P-256 or P-384",
            "a key of another kind or size, or a damaged one",
            "make another key and have a certificate issued for it",
        ),
        CertificateRefusal::CertificateUnreadable(field) => Explanation::new(
            "certificate_readable",
            format!("{}: X.509 certificates in PEM, and nothing else", field.name()),
            "no such block, a damaged one, or one of another kind",
            "send the certificates' files, with their BEGIN and END lines",
        ),
        CertificateRefusal::TooManyCertificates(field) => Explanation::new(
            "certificate_readable",
            format!("{}: at most 20 certificates", field.name()),
            "more",
            "send only those of the chain",
        ),
        CertificateRefusal::KeyMismatch => Explanation::new(
            "private_key_fits_certificate",
            "privateKey: the key of the first certificate in publicCertificate",
            "another key",
            "put the hosts' certificate first, and send the key that it was issued for",
        ),
        CertificateRefusal::NotYetValid { field, not_before } => {
            in_force(*field, format!("one that begins at {}", told(*not_before)))
        }
        CertificateRefusal::Expired { field, not_after } => {
            in_force(*field, format!("one that ended at {}", told(*not_after)))
        }
        CertificateRefusal::IsAuthority => Explanation::new(
            "certificate_for_servers",
            "publicCertificate: first a certificate that is no authority's (basicConstraints CA:FALSE)",
            "an authority's own",
            "have the authority issue a certificate for the hosts, and send the authority's in caCertificate",
        ),
        CertificateRefusal::NotForServers => Explanation::new(
            "certificate_for_servers",
            "publicCertificate: first a certificate whose extended key usage, if any, has serverAuth",
            "one for other uses",
            "have a certificate for servers issued",
        ),
        CertificateRefusal::ChainBroken => Explanation::new(
            "chain_reaches_authority",
            "publicCertificate: the hosts' certificate, and those between it and one in caCertificate, each signed by the next",
            "no such chain, or a signature that does not fit",
            "try it yourself: openssl verify -CAfile ca.pem -untrusted between.pem host.pem",
        ),
        CertificateRefusal::HostNotCovered { host } => Explanation::new(
            "certificate_covers_hosts",
            "publicCertificate: first a certificate with a subject alternative name for every host",
            format!(
                "none for one of the hosts, {}; an asterisk covers one label, and the common name does not count",
                describe(host)
            ),
            "have a certificate issued for all hosts, or ask for the hosts that it covers",
        ),
    }
}

fn in_force(field: CertificateField, seen: String) -> Explanation {
    Explanation::new(
        "certificate_in_force",
        format!("{}: only certificates that are valid now, by the service's clock", field.name()),
        seen,
        "have it renewed; a dev cloud's clock may have been moved",
    )
}

fn told(time: Timestamp) -> String {
    time.to_string()
}
