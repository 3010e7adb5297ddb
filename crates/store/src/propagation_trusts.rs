//! Identity propagation trusts: other providers whose tokens are exchanged for session tokens (contract identity 2.5).

use obol_protocol::Timestamp;

use crate::{Db, Row, StoreError, Tx, values};

macro_rules! columns {
    () => {
        "id, ocid, name, description, issuer, is_active, oauth_clients, public_certificate, public_key_endpoint, \
         client_claim_name, client_claim_values, subject_claim_name, subject_mapping_attribute, clock_skew_seconds, \
         created_at, modified_at"
    };
}

statements! { "propagation_trusts";
    INSERT =
        "INSERT INTO propagation_trusts (stripe, id, ocid, name, description, issuer, is_active, oauth_clients,
                                         public_certificate, public_key_endpoint, client_claim_name,
                                         client_claim_values, subject_claim_name, subject_mapping_attribute,
                                         clock_skew_seconds, created_at, modified_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)";
    BY_ISSUER = concat!("SELECT ", columns!(), " FROM propagation_trusts WHERE stripe = $1 AND issuer = $2");
    ALL = concat!("SELECT ", columns!(), " FROM propagation_trusts WHERE stripe = $1 ORDER BY name LIMIT 100");
    COUNT = "SELECT COUNT(*) AS trusts FROM propagation_trusts WHERE stripe = $1";
    SET_ACTIVE = "UPDATE propagation_trusts SET is_active = $3, modified_at = $4 WHERE stripe = $1 AND id = $2";
    DELETE = "DELETE FROM propagation_trusts WHERE stripe = $1 AND id = $2";
}

/// A trust in another provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropagationTrust {
    /// Its SCIM id.
    pub id: String,
    /// Its OCID.
    pub ocid: String,
    /// Its name, unique in the stripe.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The `iss` of the provider's tokens, unique in the stripe.
    pub issuer: String,
    /// Whether it is in force.
    pub is_active: bool,
    /// The client ids that may exchange the provider's tokens.
    pub oauth_clients: Vec<String>,
    /// The provider's certificate, DER.
    pub public_certificate: Option<Vec<u8>>,
    /// Where the provider publishes its keys.
    pub public_key_endpoint: Option<String>,
    /// A claim that must have one of the values below.
    pub client_claim_name: Option<String>,
    /// The values.
    pub client_claim_values: Vec<String>,
    /// The claim that names the user.
    pub subject_claim_name: String,
    /// The user's attribute that it is compared with.
    pub subject_mapping_attribute: String,
    /// How far the provider's clock may be off.
    pub clock_skew_seconds: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub modified_at: Timestamp,
}

/// Makes a trust. [`StoreError::Duplicate`] when its name or its issuer is taken in this stripe.
pub async fn insert(tx: &mut Tx, stripe: &str, trust: &PropagationTrust) -> Result<(), StoreError> {
    tx.execute(
        &INSERT,
        values![
            stripe,
            &trust.id,
            &trust.ocid,
            &trust.name,
            &trust.description,
            &trust.issuer,
            trust.is_active,
            serde_json::json!(trust.oauth_clients).to_string(),
            trust.public_certificate.clone(),
            trust.public_key_endpoint.clone(),
            trust.client_claim_name.clone(),
            serde_json::json!(trust.client_claim_values).to_string(),
            &trust.subject_claim_name,
            &trust.subject_mapping_attribute,
            trust.clock_skew_seconds,
            trust.created_at
        ],
    )
    .await
    .map(drop)
}

/// The trust in an issuer.
pub async fn by_issuer(db: &Db, stripe: &str, issuer: &str) -> Result<Option<PropagationTrust>, StoreError> {
    // PostgreSQL has no text with a NUL in it; such an issuer is nobody's.
    if issuer.contains('\0') {
        return Ok(None);
    }
    db.fetch_optional(&BY_ISSUER, values![stripe, issuer]).await?.map(|row| read(&row)).transpose()
}

/// The trusts of a stripe by name.
pub async fn all(db: &Db, stripe: &str) -> Result<Vec<PropagationTrust>, StoreError> {
    db.fetch_all(&ALL, values![stripe]).await?.iter().map(read).collect()
}

/// How many trusts a stripe has, seen from inside a transaction.
pub async fn count(tx: &mut Tx, stripe: &str) -> Result<i64, StoreError> {
    tx.fetch_optional(&COUNT, values![stripe]).await?.map_or(Ok(0), |row| row.get("trusts"))
}

/// Puts a trust in force or out of it. Returns whether it exists.
pub async fn set_active(tx: &mut Tx, stripe: &str, id: &str, active: bool, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&SET_ACTIVE, values![stripe, id, active, now]).await? == 1)
}

/// Removes a trust. Returns whether it was there.
pub async fn delete(tx: &mut Tx, stripe: &str, id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE, values![stripe, id]).await? == 1)
}

fn read(row: &Row) -> Result<PropagationTrust, StoreError> {
    Ok(PropagationTrust {
        id: row.get("id")?,
        ocid: row.get("ocid")?,
        name: row.get("name")?,
        description: row.get("description")?,
        issuer: row.get("issuer")?,
        is_active: row.get("is_active")?,
        oauth_clients: row.json("oauth_clients")?,
        public_certificate: row.get("public_certificate")?,
        public_key_endpoint: row.get("public_key_endpoint")?,
        client_claim_name: row.get("client_claim_name")?,
        client_claim_values: row.json("client_claim_values")?,
        subject_claim_name: row.get("subject_claim_name")?,
        subject_mapping_attribute: row.get("subject_mapping_attribute")?,
        clock_skew_seconds: row.get("clock_skew_seconds")?,
        created_at: row.get("created_at")?,
        modified_at: row.get("modified_at")?,
    })
}
