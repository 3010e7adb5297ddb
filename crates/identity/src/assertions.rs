//! Assertions: JWTs that a client signs with a certificate of its own, to authenticate itself or to speak for a user
//! (contract identity 2.4; RFC 7523 section 3).
//!
//! Their times are judged by the wall's clock, which is the one that clients stamp by: moving the service's time must not
//! turn every client away.

use std::time::Duration;

use obol_domain::{Explanation, entropy::hex};
use obol_protocol::{
    Secret, Timestamp,
    jose::{AssertionClaims, Audience, CompactJws, JwsError, JwsHeader},
};
use obol_store::used_assertions;

use crate::{
    Identity, ServiceError,
    cache::{LoadedClient, LoadedStripe},
    certificates::ClientCertificate,
    clients::ClientRefusal,
    grants::TokenRefusal,
    http::PublicBase,
    provisioning::DEFAULT_ISSUER,
};

/// How far a client's clock may be off (contract identity 2.4 and 9).
pub(crate) const SKEW: Duration = Duration::from_mins(1);
/// How long before its end an assertion may be used at the most.
pub(crate) const LONGEST_LIFE: Duration = Duration::from_hours(1);

/// Why an assertion is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AssertionFault {
    /// Not a compact JWS of claims.
    #[error("the assertion cannot be read")]
    Malformed(#[source] JwsError),
    /// `typ` is there and not JWT.
    #[error("the assertion is not of the type JWT")]
    Type,
    /// The header has neither `kid` nor `x5t`.
    #[error("the assertion names no key")]
    NoKeyNamed,
    /// No certificate of the client has what the header names.
    #[error("the client has no such certificate")]
    KeyUnknown,
    /// The certificate is not valid yet.
    #[error("the certificate is not valid before {0}")]
    CertificateEarly(Timestamp),
    /// The certificate has expired.
    #[error("the certificate expired at {0}")]
    CertificateExpired(Timestamp),
    /// Another key made the signature, or something was altered.
    #[error("the signature of the assertion does not match")]
    Signature,
    /// `iss` is not who should have signed.
    #[error("the assertion has another issuer")]
    Issuer,
    /// `sub` is missing, or not whom the assertion should speak for.
    #[error("the assertion has another subject, or none")]
    Subject,
    /// `aud` names neither issuer, domain nor token endpoint.
    #[error("the assertion is for somebody else")]
    Audience,
    /// There is no `exp`.
    #[error("the assertion has no end")]
    NoExpiry,
    /// `exp` is past.
    #[error("the assertion expired at {0}")]
    Expired(Timestamp),
    /// `exp` is too far away.
    #[error("the assertion lives until {0}, which is too long")]
    LivesTooLong(Timestamp),
    /// `iat` or `nbf` is to come.
    #[error("the assertion holds from {0}, which is to come")]
    Early(Timestamp),
    /// Its `jti` was used before.
    #[error("the assertion was used before")]
    Replayed,
    /// An IDCS token that is not an id token.
    #[error("the assertion is another kind of token")]
    Kind,
}

/// What came of checking an assertion that is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAccepted {
    /// A check said no.
    #[error("a check said no")]
    Fault(#[from] AssertionFault),
    /// The service failed.
    #[error("the service failed")]
    Service(#[from] ServiceError),
}

impl From<NotAccepted> for ClientRefusal {
    fn from(refusal: NotAccepted) -> Self {
        match refusal {
            NotAccepted::Fault(fault) => Self::Assertion(fault),
            NotAccepted::Service(error) => Self::Service(error),
        }
    }
}

impl From<NotAccepted> for TokenRefusal {
    fn from(refusal: NotAccepted) -> Self {
        match refusal {
            NotAccepted::Fault(fault) => Self::Assertion(fault),
            NotAccepted::Service(error) => Self::Service(error),
        }
    }
}

/// Whom an assertion must speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The client that signed it.
    Client,
    /// Some user, by login.
    User,
}

/// Where an assertion was presented, for its audience.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'a> {
    pub(crate) stripe: &'a LoadedStripe,
    pub(crate) base: Option<&'a PublicBase>,
}

impl Identity {
    /// Verifies an assertion that `client` signed, and uses it up if it can be used once only. Returns its subject.
    pub(crate) async fn verify_assertion(
        &self,
        at: Presented<'_>,
        client: &LoadedClient,
        assertion: &Secret,
        subject: Subject,
    ) -> Result<String, NotAccepted> {
        let wall = self.0.clock.wall();
        let jws = CompactJws::parse(assertion.expose()).map_err(AssertionFault::Malformed)?;
        if jws.header().typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err(AssertionFault::Type.into());
        }
        let signer = signer(&client.certificates, jws.header())?;
        let (first, last) = (signer.certificate.not_before(), signer.certificate.not_after());
        if wall < first {
            return Err(AssertionFault::CertificateEarly(first).into());
        }
        if wall > last {
            return Err(AssertionFault::CertificateExpired(last).into());
        }
        signer.certificate.key().verify(&jws).map_err(|_| AssertionFault::Signature)?;
        let claims: AssertionClaims = jws.claims().map_err(AssertionFault::Malformed)?;
        let client_id = client.app.name.as_str();
        if claims.iss.as_deref() != Some(client_id) {
            return Err(AssertionFault::Issuer.into());
        }
        let spoken_for = match (claims.sub, subject) {
            (Some(sub), Subject::Client) if sub == client_id => sub,
            (Some(sub), Subject::User) if !sub.trim().is_empty() => sub,
            (Some(_) | None, Subject::Client | Subject::User) => return Err(AssertionFault::Subject.into()),
        };
        if !claims.aud.is_some_and(|audience| is_ours(&audience, at)) {
            return Err(AssertionFault::Audience.into());
        }
        let end = times(claims.exp, claims.iat, claims.nbf, wall, SKEW, Some(LONGEST_LIFE))?;
        if let Some(jti) = claims.jti {
            let id = format!("{client_id}\0{jti}");
            let hash = hex(&self.0.master.keyed_hash("assertion id", id.as_bytes()));
            let first = used_assertions::use_up(&self.0.db, &at.stripe.row.name, &hash, end.plus(SKEW)).await;
            if !first.map_err(ServiceError::Store)? {
                return Err(AssertionFault::Replayed.into());
            }
        }
        Ok(spoken_for)
    }
}

/// The certificate that a header names. What it names must all be of the same one.
fn signer<'a>(
    certificates: &'a [ClientCertificate],
    header: &JwsHeader,
) -> Result<&'a ClientCertificate, AssertionFault> {
    let JwsHeader { kid, x5t, x5t_s256, typ: _ } = header;
    if kid.is_none() && x5t.is_none() && x5t_s256.is_none() {
        return Err(AssertionFault::NoKeyNamed);
    }
    let fits = |named: &Option<String>, has: &str| named.as_deref().is_none_or(|named| named == has);
    certificates
        .iter()
        .find(|one| fits(kid, &one.alias) && fits(x5t, &one.x5t) && fits(x5t_s256, &one.x5t_s256))
        .ok_or(AssertionFault::KeyUnknown)
}

/// Whether one of the audiences is the issuer, the domain's address or its token endpoint, with or without `:443` and a
/// slash at the end.
pub(crate) fn is_ours(audience: &Audience, at: Presented<'_>) -> bool {
    const TOKEN: &str = "/oauth2/v1/token";
    let spelt = |address: &str| address.trim_end_matches('/').replacen(":443", "", 1);
    let url = spelt(&at.stripe.url);
    let base = at.base.map(|base| spelt(&base.0));
    let ours = [spelt(DEFAULT_ISSUER), spelt(&at.stripe.row.issuer), format!("{url}{TOKEN}"), url];
    audience.values().map(spelt).any(|named| {
        let at_base =
            |base: &String| named.strip_prefix(base.as_str()).is_some_and(|rest| rest.is_empty() || rest == TOKEN);
        ours.contains(&named) || base.as_ref().is_some_and(at_base)
    })
}

/// Checks the times of an assertion, which may be bound to end soon, and returns its end.
pub(crate) fn times(
    exp: Option<i64>,
    iat: Option<i64>,
    nbf: Option<i64>,
    wall: Timestamp,
    skew: Duration,
    longest: Option<Duration>,
) -> Result<Timestamp, AssertionFault> {
    let end = Timestamp::from_seconds(exp.ok_or(AssertionFault::NoExpiry)?);
    if end.plus(skew) <= wall {
        return Err(AssertionFault::Expired(end));
    }
    if longest.is_some_and(|longest| end > wall.plus(longest).plus(skew)) {
        return Err(AssertionFault::LivesTooLong(end));
    }
    let begin = iat.max(nbf).map(Timestamp::from_seconds);
    match begin {
        Some(begin) if begin > wall.plus(skew) => Err(AssertionFault::Early(begin)),
        Some(_) | None => Ok(end),
    }
}

impl AssertionFault {
    /// The record for whoever asks why.
    pub fn explanation(&self) -> Explanation {
        const CLOCK: &str = "check the clock of the machine that signs";
        match self {
            Self::Malformed(error) => Explanation::new(
                "assertion_readable",
                "a JWT: three parts of base64url with dots between them, RS256",
                error.to_string(),
                "sign the claims with RS256 and send the compact form",
            ),
            Self::Type => Explanation::new("assertion_readable", "typ JWT, or none", "another typ", "send typ JWT"),
            Self::Kind => Explanation::new(
                "assertion_readable",
                "an id token of this stripe (tok_type IT), or a JWT signed by the client",
                "another kind of token",
                "send the id token",
            ),
            Self::NoKeyNamed => Explanation::new(
                "assertion_key_known",
                "kid (the certificate's alias) or x5t in the header",
                "neither",
                "name the certificate in the header",
            ),
            Self::KeyUnknown => Explanation::new(
                "assertion_key_known",
                "the alias or thumbprint of a certificate of the client",
                "a key that the client does not have",
                "upload the certificate to the application; where kid and x5t both stand, they must name the same one",
            ),
            Self::CertificateEarly(at) => Explanation::new(
                "certificate_valid",
                "a certificate that is valid now",
                format!("one that is valid from {at}"),
                CLOCK,
            ),
            Self::CertificateExpired(at) => Explanation::new(
                "certificate_valid",
                "a certificate that is valid now",
                format!("one that expired at {at}"),
                "upload a new certificate to the application",
            ),
            Self::Signature => Explanation::new(
                "assertion_signature",
                "a signature by the key of the named certificate",
                "a signature that does not match",
                "sign with the private key that belongs to the certificate",
            ),
            Self::Issuer => Explanation::new(
                "assertion_issuer",
                "iss that is the client id, or for a token of another provider that provider",
                "another iss, or none",
                "set iss to the client id",
            ),
            Self::Subject => Explanation::new(
                "assertion_subject",
                "sub that is the client id, or in a user assertion the user's login",
                "another sub, or none",
                "set sub",
            ),
            Self::Audience => Explanation::new(
                "assertion_audience",
                "aud with the issuer, the domain's URL or its token endpoint",
                "another aud, or none",
                "set aud to https://identity.oraclecloud.com/",
            ),
            Self::NoExpiry => {
                Explanation::new("assertion_not_expired", "exp", "no exp", "set exp, a few minutes from now")
            }
            Self::Expired(at) => Explanation::new(
                "assertion_not_expired",
                "an exp that is to come, 60 seconds of skew allowed",
                format!("an assertion that expired at {at}"),
                "make a new one for each request",
            ),
            Self::LivesTooLong(at) => Explanation::new(
                "assertion_life_bounded",
                "an exp at most an hour away",
                format!("an assertion that lives until {at}"),
                "set exp a few minutes from now",
            ),
            Self::Early(at) => Explanation::new(
                "assertion_not_early",
                "iat and nbf that are past, 60 seconds of skew allowed",
                format!("an assertion of {at}"),
                CLOCK,
            ),
            Self::Replayed => Explanation::new(
                "assertion_used_once",
                "a jti that was not used before",
                "one that was",
                "make a new assertion with a new jti for each request",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
