//! The certificate of a vanity URL: judged by the rules of `domain`, and its private key sealed before it is written anywhere.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use obol_domain::certificate::{self, CertificateOffer};
use obol_protocol::{
    Timestamp,
    analytics::{VanityCertificate, VanityUrlDetails},
};
use obol_store::vanity_urls::{SealedCertificate, VanityUrl};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Inner, Refusal, http::Call};

/// A vanity URL as it stands in the input of its work, without anything secret in the clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SealedVanity {
    /// The vanity URL as it will be shown.
    pub(crate) details: VanityUrlDetails,
    /// The version it will have.
    pub(crate) version: i64,
    ca_certificate: String,
    /// The private key, sealed and then encoded.
    sealed_key: String,
    not_after: i64,
}

impl SealedVanity {
    /// What the workflow's steps read.
    pub(crate) fn input(&self) -> Result<Value, Refusal> {
        serde_json::to_value(self)
            .map(|vanity| serde_json::json!({ "vanity": vanity }))
            .map_err(|_| Refusal::Internal("a vanity URL cannot be written down"))
    }

    /// The rows to be written; none where the sealed key is no base64.
    pub(crate) fn rows(self) -> Option<(VanityUrl, SealedCertificate)> {
        let certificate = SealedCertificate {
            ca_certificate: self.ca_certificate,
            sealed_key: STANDARD.decode(self.sealed_key).ok()?,
            not_after: Timestamp::from_micros(self.not_after),
        };
        Some((VanityUrl { details: self.details, version: self.version }, certificate))
    }
}

/// For what a key is sealed: it opens for no other vanity URL.
pub(crate) fn purpose(instance_id: &str, key: &str) -> String {
    format!("vanity key {instance_id}/{key}")
}

/// Judges a certificate for the hosts of a vanity URL, and seals its key. Opening a key may take half a second of a core, so
/// it is done aside.
pub(crate) async fn seal(
    analytics: &Inner,
    call: &Call<'_>,
    certificate: VanityCertificate,
    details: VanityUrlDetails,
    version: i64,
) -> Result<SealedVanity, Refusal> {
    let (hosts, now) = (details.hosts.clone(), call.context.now);
    let judged = tokio::task::spawn_blocking(move || {
        let offer = CertificateOffer {
            private_key: &certificate.private_key,
            passphrase: certificate.passphrase.as_ref(),
            public_certificate: &certificate.public_certificate,
            ca_certificate: &certificate.ca_certificate,
        };
        certificate::judge(&offer, &hosts, now).map(|accepted| (accepted, certificate.ca_certificate))
    });
    let (accepted, ca_certificate) =
        judged.await.map_err(|_| Refusal::Internal("the judge of certificates died"))?.map_err(Refusal::Certificate)?;
    let purpose = purpose(call.id, &details.key);
    let sealed = analytics
        .master
        .seal(&*analytics.entropy, &purpose, &accepted.private_key)
        .map_err(|_| Refusal::Internal("a key could not be sealed"))?;
    Ok(SealedVanity {
        details,
        version,
        ca_certificate,
        sealed_key: STANDARD.encode(sealed),
        not_after: accepted.not_after.micros(),
    })
}
