//! Certificates that clients sign their assertions with: read when they are uploaded, parsed once when a client is loaded.

use obol_protocol::{
    Timestamp,
    jose::{Certificate, CertificateError, SIGNING_KEY},
};
use obol_store::{StoreError, app_certificates::AppCertificate};

/// The longest alias, in characters.
const LONGEST_ALIAS: usize = 255;

/// Why a certificate is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UploadRefusal {
    /// The alias is empty, too long, holds control characters, or is the name of the stripe's own key.
    #[error("the alias is not 1 to {LONGEST_ALIAS} visible characters, or is {SIGNING_KEY}")]
    Alias,
    /// The certificate cannot be used.
    #[error("the certificate cannot be used: {0}")]
    Certificate(#[from] CertificateError),
    /// The certificate is not valid yet.
    #[error("the certificate is not valid before {0}")]
    NotYet(Timestamp),
    /// The certificate has expired.
    #[error("the certificate expired at {0}")]
    Expired(Timestamp),
}

/// Reads a certificate that an administrator uploads for an application: base64 of its DER, or PEM. What comes back is
/// ready for [`obol_store::app_certificates::insert`].
///
/// # Errors
///
/// [`UploadRefusal`]
pub fn upload(alias: &str, text: &str, now: Timestamp) -> Result<AppCertificate, UploadRefusal> {
    let length = alias.chars().count();
    if length == 0 || length > LONGEST_ALIAS || alias == SIGNING_KEY || alias.chars().any(char::is_control) {
        return Err(UploadRefusal::Alias);
    }
    let certificate = Certificate::from_text(text)?;
    if now < certificate.not_before() {
        return Err(UploadRefusal::NotYet(certificate.not_before()));
    }
    if now > certificate.not_after() {
        return Err(UploadRefusal::Expired(certificate.not_after()));
    }
    Ok(AppCertificate {
        alias: alias.to_owned(),
        x5t: certificate.x5t(),
        x5t_s256: certificate.x5t_s256(),
        der: certificate.der().to_vec(),
        created_at: now,
    })
}

/// A client's certificate in memory.
pub(crate) struct ClientCertificate {
    pub(crate) alias: String,
    pub(crate) x5t: String,
    pub(crate) x5t_s256: String,
    pub(crate) certificate: Certificate,
}

/// Parses what is kept of a client's certificates.
pub(crate) fn loaded(kept: Vec<AppCertificate>) -> Result<Vec<ClientCertificate>, StoreError> {
    kept.into_iter()
        .map(|AppCertificate { alias, der, x5t, x5t_s256, .. }| match Certificate::from_der(&der) {
            Ok(certificate) => Ok(ClientCertificate { alias, x5t, x5t_s256, certificate }),
            Err(_) => Err(StoreError::Corrupt { table: "app_certificates", column: "der", key: alias }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, certificate_text};

    #[test]
    fn a_certificate_is_taken_while_it_is_valid() {
        let text = certificate_text(0);
        let taken = upload("signing", &text, NOW).unwrap();
        let certificate = Certificate::from_text(&text).unwrap();
        assert_eq!((taken.alias.as_str(), &taken.der[..]), ("signing", certificate.der()));
        let (first, last) = (certificate.not_before(), certificate.not_after());
        upload("a", &text, first).unwrap();
        upload("a", &text, last).unwrap();
        let second = std::time::Duration::from_secs(1);
        assert_eq!(upload("a", &text, first.minus(second)).unwrap_err(), UploadRefusal::NotYet(first));
        assert_eq!(upload("a", &text, last.plus(second)).unwrap_err(), UploadRefusal::Expired(last));
    }

    #[test]
    fn an_alias_has_bounds_and_is_not_the_stripes_own_key() {
        let text = certificate_text(0);
        for alias in ["", "SIGNING_KEY", "a\nb", "a\0", &"a".repeat(256)] {
            assert_eq!(upload(alias, &text, NOW).unwrap_err(), UploadRefusal::Alias, "{alias:?}");
        }
        upload(&"é".repeat(255), &text, NOW).unwrap();
        upload("signing_key", &text, NOW).unwrap();
        assert!(matches!(upload("a", "nonsense", NOW), Err(UploadRefusal::Certificate(_))));
    }
}
