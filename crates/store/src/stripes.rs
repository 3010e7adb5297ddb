//! Stripes: an identity domain's own settings, its password policy, and the version by which memory copies of them are
//! found to be old.

use obol_domain::{lockout::LockoutPolicy, scopes::TrustScope, totp::MfaPolicy};
use obol_protocol::Timestamp;

use crate::{Db, Row, StoreError, Tx, access, password_policies, values};

statements! { "stripes";
    INSERT =
        "INSERT INTO stripes (name, tenancy_id, cloud_account_name, domain_id, domain_name, home_region, region_name,
                              is_primary, issuer, signing_cert_public, version, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11)";
    GET =
        "SELECT s.name, s.tenancy_id, s.cloud_account_name, s.domain_id, s.domain_name, s.home_region, s.region_name,
                s.is_primary, s.issuer, s.previous_issuer, s.default_trust_scope, s.signing_cert_public, s.version,
                s.created_at, s.mfa_policy, p.max_incorrect_attempts, p.lockout_minutes
         FROM stripes s JOIN password_policies p ON p.stripe = s.name AND p.id = 'standardPasswordPolicy'
         WHERE s.name = $1";
    VERSIONS = "SELECT name, version FROM stripes ORDER BY name";
    BUMP = "UPDATE stripes SET version = version + 1 WHERE name = $1";
    SET_CERT_PUBLIC = "UPDATE stripes SET signing_cert_public = $2 WHERE name = $1";
    SET_ISSUER =
        "UPDATE stripes SET previous_issuer = issuer, issuer = $2 WHERE name = $1 AND issuer <> $2";
    SET_TRUST = "UPDATE stripes SET default_trust_scope = $2 WHERE name = $1";
    SET_MFA = "UPDATE stripes SET mfa_policy = $2 WHERE name = $1";
    SET_POLICY =
        "UPDATE password_policies SET max_incorrect_attempts = $3, lockout_minutes = $4 WHERE stripe = $1 AND id = $2";
}

/// A stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stripe {
    /// Its name, `idcs-` and 32 hex digits.
    pub name: String,
    /// The tenancy it belongs to.
    pub tenancy_id: String,
    /// The cloud account's name (`ca_name`).
    pub cloud_account_name: String,
    /// The OCID of the identity domain.
    pub domain_id: String,
    /// The domain's display name.
    pub domain_name: String,
    /// The domain's home region, e.g. `us-ashburn-1`.
    pub home_region: String,
    /// The stripe's region, e.g. `us-ashburn-idcs-1`.
    pub region_name: String,
    /// Whether it is the primary stripe of its cloud account.
    pub is_primary: bool,
    /// The issuer of its tokens.
    pub issuer: String,
    /// The issuer before the last change, whose tokens still hold.
    pub previous_issuer: Option<String>,
    /// What the trust scope Default of a client stands for.
    pub default_trust_scope: TrustScope,
    /// Whether the key set may be read without a token.
    pub signing_cert_public: bool,
    /// Whom the sign-on policy asks for a second factor.
    pub mfa: MfaPolicy,
    /// Grows with every change to what the token path keeps in memory.
    pub version: i64,
    /// What wrong passwords lead to by the standard policy.
    pub lockout: LockoutPolicy,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Makes a stripe with its built-in password policy. `version`, the previous issuer, the default trust scope and the
/// policy of second factors are not taken: a stripe begins at 1, without the one, and with Explicit and Optional.
pub async fn insert(tx: &mut Tx, stripe: &Stripe) -> Result<(), StoreError> {
    tx.execute(
        &INSERT,
        values![
            &stripe.name,
            &stripe.tenancy_id,
            &stripe.cloud_account_name,
            &stripe.domain_id,
            &stripe.domain_name,
            &stripe.home_region,
            &stripe.region_name,
            stripe.is_primary,
            &stripe.issuer,
            stripe.signing_cert_public,
            stripe.created_at
        ],
    )
    .await?;
    access::bump(tx, &stripe.tenancy_id).await?;
    password_policies::insert_built_in(tx, &stripe.name, stripe.lockout, stripe.created_at).await
}

/// A stripe by its name.
pub async fn get(db: &Db, stripe: &str) -> Result<Option<Stripe>, StoreError> {
    db.fetch_optional(&GET, values![stripe]).await?.map(|row| read(&row)).transpose()
}

/// The version of every stripe of the installation, by name.
pub async fn versions(db: &Db) -> Result<Vec<(String, i64)>, StoreError> {
    db.fetch_all(&VERSIONS, values![]).await?.iter().map(|row| Ok((row.get("name")?, row.get("version")?))).collect()
}

/// Makes every memory copy of the stripe old. Belongs in the transaction of each change to a stripe's settings, keys,
/// applications, app roles or grants to applications.
pub async fn bump(tx: &mut Tx, stripe: &str) -> Result<(), StoreError> {
    tx.execute(&BUMP, values![stripe]).await.map(drop)
}

/// Opens or guards the key set. Returns whether the stripe exists.
pub async fn set_signing_cert_public(tx: &mut Tx, stripe: &str, public: bool) -> Result<bool, StoreError> {
    let changed = tx.execute(&SET_CERT_PUBLIC, values![stripe, public]).await?;
    bump(tx, stripe).await?;
    Ok(changed == 1)
}

/// Gives the stripe another issuer and remembers the one it had. Returns whether it is another.
pub async fn set_issuer(tx: &mut Tx, stripe: &str, issuer: &str) -> Result<bool, StoreError> {
    let changed = tx.execute(&SET_ISSUER, values![stripe, issuer]).await?;
    bump(tx, stripe).await?;
    Ok(changed == 1)
}

/// Chooses what the trust scope Default stands for, which is never itself. Returns whether the stripe exists.
pub async fn set_default_trust_scope(tx: &mut Tx, stripe: &str, trust: TrustScope) -> Result<bool, StoreError> {
    let trust = if trust == TrustScope::Default { TrustScope::Explicit } else { trust };
    let changed = tx.execute(&SET_TRUST, values![stripe, trust.as_str()]).await?;
    bump(tx, stripe).await?;
    Ok(changed == 1)
}

/// Chooses whom the sign-on policy asks for a second factor. Returns whether the stripe exists.
pub async fn set_mfa(tx: &mut Tx, stripe: &str, policy: MfaPolicy) -> Result<bool, StoreError> {
    let changed = tx.execute(&SET_MFA, values![stripe, policy.as_str()]).await?;
    bump(tx, stripe).await?;
    Ok(changed == 1)
}

/// Changes what wrong passwords lead to. Returns whether the stripe exists.
pub async fn set_lockout(tx: &mut Tx, stripe: &str, policy: LockoutPolicy) -> Result<bool, StoreError> {
    let (attempts, minutes) = password_policies::lockout_columns(policy);
    let changed = tx.execute(&SET_POLICY, values![stripe, password_policies::STANDARD, attempts, minutes]).await?;
    bump(tx, stripe).await?;
    Ok(changed == 1)
}

fn read(row: &Row) -> Result<Stripe, StoreError> {
    Ok(Stripe {
        name: row.get("name")?,
        tenancy_id: row.get("tenancy_id")?,
        cloud_account_name: row.get("cloud_account_name")?,
        domain_id: row.get("domain_id")?,
        domain_name: row.get("domain_name")?,
        home_region: row.get("home_region")?,
        region_name: row.get("region_name")?,
        is_primary: row.get("is_primary")?,
        issuer: row.get("issuer")?,
        previous_issuer: row.get("previous_issuer")?,
        default_trust_scope: row.parse("default_trust_scope")?,
        signing_cert_public: row.get("signing_cert_public")?,
        mfa: row.parse("mfa_policy")?,
        version: row.get("version")?,
        lockout: password_policies::read_lockout(row)?,
        created_at: row.get("created_at")?,
    })
}
