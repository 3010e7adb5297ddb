//! Certificates that applications sign their assertions with (contract identity 2.4).

use obol_protocol::Timestamp;

use crate::{Db, StoreError, Tx, values};

statements! { "app_certificates";
    INSERT =
        "INSERT INTO app_certificates (stripe, app_id, alias, der, x5t, x5t_s256, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    OF_APP =
        "SELECT alias, der, x5t, x5t_s256, created_at FROM app_certificates
         WHERE stripe = $1 AND app_id = $2 ORDER BY alias LIMIT 100";
    DELETE = "DELETE FROM app_certificates WHERE stripe = $1 AND app_id = $2 AND alias = $3";
}

/// A certificate of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppCertificate {
    /// What an assertion calls it by.
    pub alias: String,
    /// The certificate itself, DER.
    pub der: Vec<u8>,
    /// Its SHA-1 thumbprint, base64url.
    pub x5t: String,
    /// Its SHA-256 thumbprint, base64url.
    pub x5t_s256: String,
    /// When it was uploaded.
    pub created_at: Timestamp,
}

/// Adds a certificate. [`StoreError::Duplicate`] when the application has the alias or the certificate. Whoever calls it
/// also calls [`crate::stripes::bump`].
pub async fn insert(tx: &mut Tx, stripe: &str, app_id: &str, certificate: &AppCertificate) -> Result<(), StoreError> {
    let AppCertificate { alias, der, x5t, x5t_s256, created_at } = certificate;
    tx.execute(&INSERT, values![stripe, app_id, alias, &der[..], x5t, x5t_s256, *created_at]).await.map(drop)
}

/// The certificates of an application by alias, at most 100.
pub async fn of_app(db: &Db, stripe: &str, app_id: &str) -> Result<Vec<AppCertificate>, StoreError> {
    let rows = db.fetch_all(&OF_APP, values![stripe, app_id]).await?;
    rows.iter()
        .map(|row| {
            Ok(AppCertificate {
                alias: row.get("alias")?,
                der: row.get("der")?,
                x5t: row.get("x5t")?,
                x5t_s256: row.get("x5t_s256")?,
                created_at: row.get("created_at")?,
            })
        })
        .collect()
}

/// Removes a certificate; returns whether it was there. Whoever calls it also calls [`crate::stripes::bump`].
pub async fn delete(tx: &mut Tx, stripe: &str, app_id: &str, alias: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE, values![stripe, app_id, alias]).await? == 1)
}
