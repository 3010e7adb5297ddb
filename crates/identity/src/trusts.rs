//! Identity propagation trusts: which other provider's tokens are exchanged for a session token, for which clients, and
//! which user a token speaks for (contract identity 2.5).

use std::time::Duration;

use obol_protocol::{
    Timestamp,
    jose::{Certificate, CertificateError},
    oci::ocid,
};
use obol_store::{
    StoreError,
    propagation_trusts::{self, PropagationTrust},
};

use crate::Identity;

/// How many trusts a stripe has at the most (contract identity 9).
const MOST: i64 = 30;
/// The largest allowance for the provider's clock.
const LARGEST_SKEW: Duration = Duration::from_mins(10);
/// The longest name, issuer or claim, in bytes, and the longest list of clients or values.
const LONGEST: usize = 1024;
const LONGEST_LIST: usize = 100;
/// The only attribute of a user that a token's subject is compared with.
pub const USER_NAME: &str = "userName";

/// A trust to be made.
#[derive(Debug, Clone)]
pub struct NewTrust {
    /// Its name, unique in the stripe.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The `iss` of the provider's tokens.
    pub issuer: String,
    /// Whether it is in force from the start.
    pub is_active: bool,
    /// The client ids that may exchange the provider's tokens.
    pub oauth_clients: Vec<String>,
    /// The provider's certificate, base64 or PEM.
    pub public_certificate: String,
    /// A claim that must have one of `client_claim_values`. Without it the token's `aud` must name this domain.
    pub client_claim_name: Option<String>,
    /// The values.
    pub client_claim_values: Vec<String>,
    /// The claim that names the user; `sub` where there is none.
    pub subject_claim_name: Option<String>,
    /// The user's attribute that it is compared with: [`USER_NAME`], also where there is none.
    pub subject_mapping_attribute: Option<String>,
    /// How far the provider's clock may be off.
    pub clock_skew: Duration,
}

/// Why a trust was not made.
#[derive(Debug, thiserror::Error)]
pub enum TrustRefusal {
    /// A value is empty or too long; it holds the attribute.
    #[error("{0} is empty or too long")]
    Value(&'static str),
    /// The certificate cannot be used.
    #[error("the certificate cannot be used: {0}")]
    Certificate(#[from] CertificateError),
    /// A claim without values, or values without their claim.
    #[error("clientClaimName and clientClaimValues must come together")]
    ClientClaim,
    /// Another attribute than the user name.
    #[error("the only attribute to map by is {USER_NAME}")]
    Mapping,
    /// The skew is too large.
    #[error("a clock is trusted to be at most ten minutes off")]
    Skew,
    /// The stripe has as many as it may.
    #[error("a domain has at most {MOST} identity propagation trusts")]
    TooMany,
    /// The name or the issuer is taken.
    #[error("the name or the issuer is taken")]
    Taken,
    /// The database.
    #[error("the database failed")]
    Store(#[source] StoreError),
}

impl From<StoreError> for TrustRefusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate { .. } => Self::Taken,
            StoreError::Dangling | StoreError::Corrupt { .. } | StoreError::Unavailable(_) | StoreError::Refused(_) => {
                Self::Store(error)
            }
        }
    }
}

impl Identity {
    /// Makes a trust.
    ///
    /// # Errors
    ///
    /// [`TrustRefusal`]
    pub async fn add_trust(&self, stripe: &str, new: &NewTrust) -> Result<PropagationTrust, TrustRefusal> {
        let trust = self.checked(new, self.now())?;
        let mut tx = self.0.db.begin().await?;
        if propagation_trusts::count(&mut tx, stripe).await? >= MOST {
            return Err(TrustRefusal::TooMany);
        }
        propagation_trusts::insert(&mut tx, stripe, &trust).await?;
        tx.commit().await?;
        Ok(trust)
    }

    /// The trusts of a stripe by name.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn trusts(&self, stripe: &str) -> Result<Vec<PropagationTrust>, StoreError> {
        propagation_trusts::all(&self.0.db, stripe).await
    }

    /// Puts a trust in force or out of it. Returns whether it exists.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn set_trust_active(&self, stripe: &str, id: &str, active: bool) -> Result<bool, StoreError> {
        let mut tx = self.0.db.begin().await?;
        let found = propagation_trusts::set_active(&mut tx, stripe, id, active, self.now()).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Removes a trust. Returns whether it was there.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn remove_trust(&self, stripe: &str, id: &str) -> Result<bool, StoreError> {
        let mut tx = self.0.db.begin().await?;
        let found = propagation_trusts::delete(&mut tx, stripe, id).await?;
        tx.commit().await?;
        Ok(found)
    }

    fn checked(&self, new: &NewTrust, now: Timestamp) -> Result<PropagationTrust, TrustRefusal> {
        let fits = |text: &str| !text.trim().is_empty() && text.len() <= LONGEST && !text.contains('\0');
        let all_fit = |texts: &[String]| texts.len() <= LONGEST_LIST && texts.iter().all(|text| fits(text));
        for (name, holds) in [
            ("name", fits(&new.name)),
            ("description", new.description.len() <= LONGEST && !new.description.contains('\0')),
            ("issuer", fits(&new.issuer)),
            ("oauthClients", !new.oauth_clients.is_empty() && all_fit(&new.oauth_clients)),
            ("clientClaimName", new.client_claim_name.as_deref().is_none_or(fits)),
            ("clientClaimValues", all_fit(&new.client_claim_values)),
            ("subjectClaimName", new.subject_claim_name.as_deref().is_none_or(fits)),
        ] {
            if !holds {
                return Err(TrustRefusal::Value(name));
            }
        }
        if new.client_claim_name.is_some() == new.client_claim_values.is_empty() {
            return Err(TrustRefusal::ClientClaim);
        }
        if new.subject_mapping_attribute.as_deref().is_some_and(|attribute| attribute != USER_NAME) {
            return Err(TrustRefusal::Mapping);
        }
        if new.clock_skew > LARGEST_SKEW {
            return Err(TrustRefusal::Skew);
        }
        let certificate = Certificate::from_text(&new.public_certificate)?;
        let entropy = &*self.0.entropy;
        Ok(PropagationTrust {
            id: entropy.hex32(),
            ocid: ocid::mint("domainidentitypropagationtrust", None, &entropy.ocid_unique()).to_string(),
            name: new.name.clone(),
            description: new.description.clone(),
            issuer: new.issuer.clone(),
            is_active: new.is_active,
            oauth_clients: new.oauth_clients.clone(),
            public_certificate: Some(certificate.der().to_vec()),
            public_key_endpoint: None,
            client_claim_name: new.client_claim_name.clone(),
            client_claim_values: new.client_claim_values.clone(),
            subject_claim_name: new.subject_claim_name.clone().unwrap_or_else(|| "sub".to_owned()),
            subject_mapping_attribute: USER_NAME.to_owned(),
            clock_skew_seconds: i64::try_from(new.clock_skew.as_secs()).unwrap_or(i64::MAX),
            created_at: now,
            modified_at: now,
        })
    }
}
