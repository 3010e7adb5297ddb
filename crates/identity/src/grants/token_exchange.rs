//! Token exchange: a token of a provider that the stripe trusts becomes a session token of Oracle Cloud, bound to a key
//! that the caller holds (contract identity 2.5). Requests signed with that key are then the user's own.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use obol_domain::Explanation;
use obol_protocol::{
    Secret, Timestamp,
    jose::{
        Audience, Certificate, CompactJws, SessionTokenClaims,
        session_token::{SESSION_AUDIENCE, SESSION_ISSUER, SESSION_KIND},
    },
    oauth::{ExchangeRequest, SessionToken, TokenBody},
    oci::signature::PublicKey,
};
use obol_store::{StoreError, propagation_trusts, propagation_trusts::PropagationTrust};
use serde_json::Value;

use super::{Admitted, TokenRefusal};
use crate::{
    Identity, ServiceError,
    assertions::{self, AssertionFault, Presented, is_ours},
    users::SignInRefusal,
};

/// How long a session token lives.
const LIFETIME: Duration = Duration::from_hours(1);
/// The token that is asked for.
const UPST: &str = "urn:oci:token-type:oci-upst";
/// The kinds of token that are taken in exchange.
const JWT: [&str; 2] = ["jwt", "urn:ietf:params:oauth:token-type:jwt"];
/// The longest `public_key` read, in characters: RSA 8192 takes about 1,400.
const LONGEST_KEY: usize = 4096;

/// Why a token was not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeFault {
    /// Another token than a UPST was asked for.
    #[error("another token than a UPST was asked for")]
    Requested,
    /// A subject token that is not a JWT.
    #[error("the subject token is of another type than jwt")]
    SubjectType,
    /// The key is not base64 of the DER of an RSA public key of at least 2048 bits.
    #[error("the public key cannot be used")]
    PublicKey,
    /// No active trust of the stripe has the token's issuer.
    #[error("the token's issuer is not trusted")]
    Untrusted,
    /// The trust does not name this client.
    #[error("the client may not exchange tokens of this issuer")]
    Client,
    /// The trust has no certificate.
    #[error("the trust has no certificate")]
    NoCertificate,
    /// The token itself.
    #[error("the subject token is not accepted")]
    Token(#[source] AssertionFault),
    /// The claim that the trust asks for has none of its values.
    #[error("the token lacks the claim that the trust asks for")]
    ClientClaim,
    /// The user the token speaks for.
    #[error("the token's user may not act")]
    User(#[source] SignInRefusal),
}

impl From<AssertionFault> for ExchangeFault {
    fn from(fault: AssertionFault) -> Self {
        Self::Token(fault)
    }
}

impl Identity {
    pub(super) async fn token_exchange(
        &self,
        admitted: &Admitted<'_>,
        request: &ExchangeRequest,
    ) -> Result<TokenBody, TokenRefusal> {
        let Admitted { stripe, client, now, .. } = *admitted;
        if request.requested_token_type != UPST {
            return Err(ExchangeFault::Requested.into());
        }
        if !JWT.contains(&request.subject_token_type.as_str()) {
            return Err(ExchangeFault::SubjectType.into());
        }
        let key = session_key(&request.public_key)?;
        let (trust, claims) = self.trusted(admitted, &request.subject_token).await?;
        if !trust.oauth_clients.contains(&client.app.name) {
            return Err(ExchangeFault::Client.into());
        }
        let named = claims.get(&trust.subject_claim_name).and_then(Value::as_str).unwrap_or_default();
        if named.trim().is_empty() {
            return Err(ExchangeFault::from(AssertionFault::Subject).into());
        }
        let user = match self.acting_user_named(stripe, named, now).await {
            Ok(user) => user.user,
            Err(SignInRefusal::Service(error)) => return Err(error.into()),
            Err(refusal) => return Err(ExchangeFault::User(refusal).into()),
        };
        let session = SessionTokenClaims {
            sub: user.ocid,
            iss: SESSION_ISSUER.to_owned(),
            ptype: "user".to_owned(),
            ttype: SESSION_KIND.to_owned(),
            aud: SESSION_AUDIENCE.to_owned(),
            tenant: stripe.row.tenancy_id.clone(),
            stripe: stripe.row.name.clone(),
            jti: self.0.entropy.hex32(),
            iat: now.seconds(),
            exp: now.plus(LIFETIME).seconds(),
            jwk: key.jwk_text().ok_or(ExchangeFault::PublicKey)?,
        };
        let token = stripe.key.sign(&session).map_err(ServiceError::Sign)?;
        Ok(TokenBody::Session(SessionToken { token }))
    }

    /// The trust that a subject token is verified by, and the token's claims.
    async fn trusted(
        &self,
        admitted: &Admitted<'_>,
        token: &Secret,
    ) -> Result<(PropagationTrust, serde_json::Map<String, Value>), TokenRefusal> {
        let stripe = admitted.stripe;
        let jws =
            CompactJws::parse(token.expose()).map_err(|error| ExchangeFault::from(AssertionFault::Malformed(error)))?;
        // Read before the signature is verified, to find the key that can verify it; nothing else is believed yet.
        let claims: serde_json::Map<String, Value> =
            jws.claims().map_err(|error| ExchangeFault::from(AssertionFault::Malformed(error)))?;
        let issuer = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
        let trust = propagation_trusts::by_issuer(&self.0.db, &stripe.row.name, issuer)
            .await
            .map_err(ServiceError::Store)?
            .filter(|trust| trust.is_active)
            .ok_or(ExchangeFault::Untrusted)?;
        let wall = self.0.clock.wall();
        verified(&trust, &jws, wall)?;
        in_time(&trust, &claims, wall)?;
        let at = Presented { stripe, base: admitted.base };
        for_us(&trust, &claims, at)?;
        Ok((trust, claims))
    }
}

/// The key that requests will be signed with.
fn session_key(text: &str) -> Result<PublicKey, ExchangeFault> {
    if text.len() > LONGEST_KEY {
        return Err(ExchangeFault::PublicKey);
    }
    let der = STANDARD.decode(text).map_err(|_| ExchangeFault::PublicKey)?;
    PublicKey::from_der(&der).map_err(|_| ExchangeFault::PublicKey)
}

fn verified(trust: &PropagationTrust, jws: &CompactJws<'_>, wall: Timestamp) -> Result<(), TokenRefusal> {
    let der = trust.public_certificate.as_ref().ok_or(ExchangeFault::NoCertificate)?;
    let certificate = Certificate::from_der(der).map_err(|_| {
        let column = "public_certificate";
        ServiceError::Store(StoreError::Corrupt { table: "propagation_trusts", column, key: trust.id.clone() })
    })?;
    let fault = if wall < certificate.not_before() {
        AssertionFault::CertificateEarly(certificate.not_before())
    } else if wall > certificate.not_after() {
        AssertionFault::CertificateExpired(certificate.not_after())
    } else if certificate.key().verify(jws).is_err() {
        AssertionFault::Signature
    } else {
        return Ok(());
    };
    Err(ExchangeFault::from(fault).into())
}

/// The provider's tokens live as long as it likes, but they end.
fn in_time(
    trust: &PropagationTrust,
    claims: &serde_json::Map<String, Value>,
    wall: Timestamp,
) -> Result<(), ExchangeFault> {
    let number = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or(AssertionFault::Malformed(obol_protocol::jose::JwsError::Claims)),
    };
    let skew = Duration::from_secs(u64::try_from(trust.clock_skew_seconds).unwrap_or_default());
    assertions::times(number("exp")?, number("iat")?, number("nbf")?, wall, skew, None)?;
    Ok(())
}

/// The claim that the trust asks for, or without one the audience.
fn for_us(
    trust: &PropagationTrust,
    claims: &serde_json::Map<String, Value>,
    at: Presented<'_>,
) -> Result<(), ExchangeFault> {
    let texts = |name: &str| match claims.get(name) {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => Vec::new(),
    };
    match &trust.client_claim_name {
        Some(name) if texts(name).iter().any(|value| trust.client_claim_values.contains(value)) => Ok(()),
        Some(_) => Err(ExchangeFault::ClientClaim),
        None if is_ours(&Audience::from(texts("aud")), at) => Ok(()),
        None => Err(AssertionFault::Audience.into()),
    }
}

impl ExchangeFault {
    /// The record for whoever asks why. A failure of the service behind the user has none.
    pub fn explanation(&self) -> Option<Explanation> {
        Some(match self {
            Self::Requested => Explanation::new(
                "exchange_requested_token",
                format!("requested_token_type {UPST}"),
                "another type",
                "ask for a UPST; other tokens are not given in exchange by this release",
            ),
            Self::SubjectType => Explanation::new(
                "exchange_subject_type",
                "subject_token_type jwt",
                "another type",
                "exchange a JWT of a provider that the domain trusts",
            ),
            Self::PublicKey => Explanation::new(
                "exchange_public_key",
                "public_key: base64 of the DER SubjectPublicKeyInfo of an RSA key of 2048 bits or more",
                "something else",
                "send the key without the lines of PEM around it",
            ),
            Self::Untrusted => Explanation::new(
                "exchange_issuer_trusted",
                "a token whose iss an active identity propagation trust of this domain has",
                "another issuer",
                "make an identity propagation trust for the issuer, or activate it",
            ),
            Self::Client => Explanation::new(
                "exchange_client_trusted",
                "a client that the identity propagation trust names in oauthClients",
                "another client",
                "add the client id to the trust",
            ),
            Self::NoCertificate => Explanation::new(
                "exchange_certificate_present",
                "an identity propagation trust with a publicCertificate",
                "one without; a publicKeyEndpoint is not fetched by this release",
                "put the provider's certificate into the trust",
            ),
            Self::Token(fault) => fault.explanation(),
            Self::ClientClaim => Explanation::new(
                "exchange_client_claim",
                "the trust's clientClaimName with one of its clientClaimValues",
                "another value, or none",
                "check which claim of the provider's tokens the trust looks at",
            ),
            Self::User(refusal) => return refusal.explanation(),
        })
    }
}

#[cfg(test)]
mod tests;
