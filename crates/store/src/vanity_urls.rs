//! Vanity URLs, the sealed keys of their certificates, and whose host is whose.

use obol_protocol::{Timestamp, analytics::VanityUrlDetails};

use crate::{Db, Row, StoreError, Tx, values};

statements! { "vanity_urls";
    OF = "SELECT key, details, version FROM vanity_urls
          WHERE tenancy_id = $1 AND instance_id = $2 ORDER BY key LIMIT 1000";
    GET = "SELECT key, details, version FROM vanity_urls WHERE tenancy_id = $1 AND instance_id = $2 AND key = $3";
    PUT =
        "INSERT INTO vanity_urls (tenancy_id, instance_id, key, details, ca_certificate, sealed_key, not_after, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (instance_id, key) DO UPDATE SET
            details = excluded.details, ca_certificate = excluded.ca_certificate, sealed_key = excluded.sealed_key,
            not_after = excluded.not_after, version = excluded.version
         WHERE vanity_urls.tenancy_id = excluded.tenancy_id";
    REMOVE = "DELETE FROM vanity_urls WHERE tenancy_id = $1 AND instance_id = $2 AND key = $3";
    REMOVE_ALL = "DELETE FROM vanity_urls WHERE tenancy_id = $1 AND instance_id = $2";
    // Over all tenancies: a host leads to one instance only. What was wanted by work that came to nothing is free.
    FREE =
        "DELETE FROM vanity_hosts WHERE host = $1
            AND NOT EXISTS (SELECT 1 FROM vanity_urls u WHERE u.instance_id = vanity_hosts.instance_id
                            AND u.key = vanity_hosts.vanity_url_key)
            AND NOT EXISTS (SELECT 1 FROM work_requests w WHERE w.instance_id = vanity_hosts.instance_id
                            AND w.due_at IS NOT NULL)";
    TAKE = "INSERT INTO vanity_hosts (host, instance_id, vanity_url_key) VALUES ($1, $2, $3)";
    RELEASE =
        "DELETE FROM vanity_hosts WHERE instance_id = $2 AND vanity_url_key = $3
            AND EXISTS (SELECT 1 FROM instances i WHERE i.tenancy_id = $1 AND i.id = $2)";
    RELEASE_ALL =
        "DELETE FROM vanity_hosts WHERE instance_id = $2
            AND EXISTS (SELECT 1 FROM instances i WHERE i.tenancy_id = $1 AND i.id = $2)";
}

/// A vanity URL of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VanityUrl {
    /// The vanity URL as it is shown.
    pub details: VanityUrlDetails,
    /// Grows with every change.
    pub version: i64,
}

/// The certificate of a vanity URL, beside what is shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCertificate {
    /// The authority's certificates, as PEM.
    pub ca_certificate: String,
    /// The private key, sealed under the master key.
    pub sealed_key: Vec<u8>,
    /// When the certificate expires.
    pub not_after: Timestamp,
}

/// The vanity URLs of an instance, by key.
pub async fn of(db: &Db, tenancy_id: &str, instance_id: &str) -> Result<Vec<VanityUrl>, StoreError> {
    db.fetch_all(&OF, values![tenancy_id, instance_id]).await?.iter().map(read).collect()
}

/// The vanity URLs of an instance that is held, by key.
pub async fn held(tx: &mut Tx, tenancy_id: &str, instance_id: &str) -> Result<Vec<VanityUrl>, StoreError> {
    tx.fetch_all(&OF, values![tenancy_id, instance_id]).await?.iter().map(read).collect()
}

/// One vanity URL of an instance.
pub async fn get(db: &Db, tenancy_id: &str, instance_id: &str, key: &str) -> Result<Option<VanityUrl>, StoreError> {
    db.fetch_optional(&GET, values![tenancy_id, instance_id, key]).await?.map(|row| read(&row)).transpose()
}

/// Takes a host for a vanity URL that is to be made on an instance that is held. It stays taken as long as the vanity URL
/// stands or work on the instance is live.
///
/// # Errors
///
/// [`StoreError::Duplicate`] when another vanity URL of the installation has it.
pub async fn take_host(tx: &mut Tx, instance_id: &str, key: &str, host: &str) -> Result<(), StoreError> {
    tx.execute(&FREE, values![host]).await?;
    tx.execute(&TAKE, values![host, instance_id, key]).await.map(drop)
}

/// Makes a vanity URL, whose hosts are taken, or writes another version of it.
pub async fn put(
    tx: &mut Tx,
    tenancy_id: &str,
    instance_id: &str,
    url: &VanityUrl,
    certificate: &SealedCertificate,
) -> Result<(), StoreError> {
    let details = serde_json::to_string(&url.details).map_err(|error| StoreError::Refused(error.into()))?;
    let SealedCertificate { ca_certificate, sealed_key, not_after } = certificate;
    let values = values![
        tenancy_id,
        instance_id,
        &url.details.key,
        details,
        ca_certificate,
        sealed_key.as_slice(),
        *not_after,
        url.version,
    ];
    tx.execute(&PUT, values).await.map(drop)
}

/// Removes a vanity URL and frees its hosts; absence is success.
pub async fn remove(tx: &mut Tx, tenancy_id: &str, instance_id: &str, key: &str) -> Result<(), StoreError> {
    tx.execute(&RELEASE, values![tenancy_id, instance_id, key]).await?;
    tx.execute(&REMOVE, values![tenancy_id, instance_id, key]).await.map(drop)
}

/// Removes the vanity URLs of an instance and frees their hosts.
pub async fn remove_all(tx: &mut Tx, tenancy_id: &str, instance_id: &str) -> Result<(), StoreError> {
    tx.execute(&RELEASE_ALL, values![tenancy_id, instance_id]).await?;
    tx.execute(&REMOVE_ALL, values![tenancy_id, instance_id]).await.map(drop)
}

pub(crate) fn read(row: &Row) -> Result<VanityUrl, StoreError> {
    Ok(VanityUrl { details: row.json("details")?, version: row.get("version")? })
}
