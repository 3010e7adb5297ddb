//! Reading an access token that this installation issued: form, stripe, signature, kind, issuer, life, audience.

use std::sync::Arc;

use obol_domain::Explanation;
use obol_protocol::{
    Timestamp,
    jose::{AccessTokenClaims, CompactJws, JwsError},
    oauth::TokenFile,
};
use obol_store::users::User;
use serde::Deserialize;

use crate::{Identity, ServiceError, StripeLocator, cache::LoadedStripe, claims::logical_guid, users::SignInRefusal};

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TokenFault {
    /// No token was sent.
    #[error("no token was sent")]
    Missing,
    /// More than one `Authorization` header was sent.
    #[error("the Authorization header was sent more than once")]
    SentTwice,
    /// The whole `tokens.tok` was sent instead of the value in it.
    #[error("the whole tokens.tok was sent")]
    WholeFile,
    /// Not a compact JWS of ours.
    #[error("not a token")]
    Malformed(#[source] JwsError),
    /// The stripe it names is not here, or is not the one it was sent to.
    #[error("the token is of another stripe")]
    OtherStripe {
        /// The stripe the token names.
        named: String,
    },
    /// Not signed by the stripe's key.
    #[error("the signature does not match")]
    Signature,
    /// Not an access token.
    #[error("the token is of the kind {0}")]
    Kind(String),
    /// Another issuer than the stripe's, and than the one it had before.
    #[error("the issuer is {0}")]
    Issuer(String),
    /// It has expired.
    #[error("the token expired at {0}")]
    Expired(Timestamp),
    /// It was issued in the future: the service's clock was ahead then.
    #[error("the token was issued at {0}, which is to come")]
    Early(Timestamp),
    /// It is for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// It speaks for a client where a user is needed.
    #[error("the token speaks for a client")]
    NotUser,
    /// It lacks the scope that is needed.
    #[error("the token lacks the scope {0}")]
    Scope(&'static str),
    /// Its user may not act any more.
    #[error("the token's user may not act")]
    User(#[source] SignInRefusal),
    /// The service failed.
    #[error("the token could not be checked")]
    Service(#[from] ServiceError),
}

/// A token that holds, with the stripe that issued it.
pub(crate) struct AcceptedToken {
    pub(crate) stripe: Arc<LoadedStripe>,
    pub(crate) claims: AccessTokenClaims,
}

#[derive(Deserialize)]
struct Locator {
    tenant: String,
}

impl Identity {
    /// Accepts a token of any stripe of this installation, in the order of the checks above.
    pub(crate) async fn accept_token(&self, token: &str, now: Timestamp) -> Result<AcceptedToken, TokenFault> {
        let accepted = self.accept_any_token(token, now).await?;
        // The stripe's address may have changed since (another port); its logical id has not.
        if !accepted.claims.aud.contains(&logical_guid(&accepted.stripe.row.name)) {
            return Err(TokenFault::Audience);
        }
        Ok(accepted)
    }

    /// The same for a token whoever it is for.
    async fn accept_any_token(&self, token: &str, now: Timestamp) -> Result<AcceptedToken, TokenFault> {
        let token = token.trim();
        if token.is_empty() {
            return Err(TokenFault::Missing);
        }
        if TokenFile::is_pasted(token) {
            return Err(TokenFault::WholeFile);
        }
        let jws = CompactJws::parse(token).map_err(TokenFault::Malformed)?;
        // Read before the signature is verified, to find the key that can verify it; nothing else is believed yet.
        let Locator { tenant } = jws.claims().map_err(TokenFault::Malformed)?;
        let named = StripeLocator::Named(tenant.clone());
        let stripe = self.locate(&named, now).await?.ok_or(TokenFault::OtherStripe { named: tenant })?;
        stripe.verifying.verify(&jws).map_err(|_| TokenFault::Signature)?;
        let claims: AccessTokenClaims = jws.claims().map_err(TokenFault::Malformed)?;
        check_claims(&stripe, &claims, now)?;
        Ok(AcceptedToken { stripe, claims })
    }

    /// Accepts a token that was sent to `stripe` itself.
    pub(crate) async fn accept_token_of(
        &self,
        stripe: &LoadedStripe,
        token: &str,
        now: Timestamp,
    ) -> Result<AcceptedToken, TokenFault> {
        of_stripe(self.accept_token(token, now).await?, stripe)
    }

    /// The same for a token whoever it is for: what this stripe itself says of it does not depend on that.
    pub(crate) async fn accept_any_token_of(
        &self,
        stripe: &LoadedStripe,
        token: &str,
        now: Timestamp,
    ) -> Result<AcceptedToken, TokenFault> {
        of_stripe(self.accept_any_token(token, now).await?, stripe)
    }

    /// The user an accepted token speaks for, who must have `scope` in it and still be allowed to act.
    pub(crate) async fn token_user(
        &self,
        accepted: &AcceptedToken,
        scope: &'static str,
        now: Timestamp,
    ) -> Result<User, TokenFault> {
        if !accepted.claims.is_user() {
            return Err(TokenFault::NotUser);
        }
        if !accepted.claims.scopes().any(|held| held == scope) {
            return Err(TokenFault::Scope(scope));
        }
        let user_id = accepted.claims.user_id.as_deref().unwrap_or_default();
        match self.present_user(&accepted.stripe, user_id, now).await {
            Ok(user) => Ok(user),
            Err(SignInRefusal::Service(error)) => Err(TokenFault::Service(error)),
            Err(refusal) => Err(TokenFault::User(refusal)),
        }
    }
}

fn of_stripe(accepted: AcceptedToken, stripe: &LoadedStripe) -> Result<AcceptedToken, TokenFault> {
    if accepted.stripe.row.name == stripe.row.name {
        return Ok(accepted);
    }
    Err(TokenFault::OtherStripe { named: accepted.stripe.row.name.clone() })
}

/// How far ahead of the service's time a token may have been issued, in seconds (contract identity 9, clock skew).
const SKEW: i64 = 60;

fn check_claims(stripe: &LoadedStripe, claims: &AccessTokenClaims, now: Timestamp) -> Result<(), TokenFault> {
    if claims.tok_type != "AT" {
        return Err(TokenFault::Kind(claims.tok_type.clone()));
    }
    if claims.iss != stripe.row.issuer && stripe.row.previous_issuer.as_deref() != Some(&*claims.iss) {
        return Err(TokenFault::Issuer(claims.iss.clone()));
    }
    if claims.exp <= now.seconds() {
        return Err(TokenFault::Expired(Timestamp::from_seconds(claims.exp)));
    }
    if claims.iat > now.seconds().saturating_add(SKEW) {
        return Err(TokenFault::Early(Timestamp::from_seconds(claims.iat)));
    }
    Ok(())
}

/// A stripe's name for the record, if it is one: the token that names it may be anybody's make.
fn stripe_shown(named: &str) -> &str {
    let digits = named.strip_prefix("idcs-").unwrap_or_default();
    if digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) { named } else { "no stripe" }
}

impl TokenFault {
    /// The record for whoever asks why. Service failures have none: they are not the caller's.
    pub fn explanation(&self) -> Option<Explanation> {
        const AGAIN: &str = "get a new token from this stripe";
        Some(match self {
            Self::Missing => Explanation::new(
                "token_present",
                "an access token",
                "none",
                "send Authorization: Bearer with a token of this stripe",
            ),
            Self::SentTwice => Explanation::new(
                "token_sent_once",
                "one Authorization header",
                "more than one",
                "send one; a proxy may have added the other",
            ),
            Self::WholeFile => Explanation::new(
                "token_readable",
                "the token alone",
                "the whole JSON of tokens.tok",
                "send only the value of app_access_token, without braces and quotation marks",
            ),
            Self::Malformed(error) => Explanation::new(
                "token_readable",
                "a JWT: three parts of base64url with dots between them, RS256",
                error.to_string(),
                "send the token as it was issued, whole and without line breaks",
            ),
            Self::OtherStripe { named } => Explanation::new(
                "token_stripe",
                "a token of this stripe",
                format!("a token of {}", stripe_shown(named)),
                AGAIN,
            ),
            Self::Signature => Explanation::new(
                "token_signature",
                "a signature by a key of the stripe's set",
                "a signature that does not match",
                "the token was altered, or the stripe was made anew: get a new token",
            ),
            Self::Kind(kind) => {
                Explanation::new("token_kind", "an access token (tok_type AT)", kind.clone(), "send the access token")
            }
            Self::Issuer(issuer) => Explanation::new("token_issuer", "the stripe's issuer", issuer.clone(), AGAIN),
            Self::Expired(at) => Explanation::new(
                "token_not_expired",
                "a token that still lives",
                format!("a token that expired at {at}"),
                "get a new token; they live for an hour",
            ),
            Self::Early(at) => Explanation::new(
                "token_not_early",
                "a token issued at the service's time, or at most 60 seconds ahead of it",
                format!("a token issued at {at}"),
                "the service's clock was set back since: get a new token",
            ),
            Self::Audience => Explanation::new(
                "token_audience",
                "a token for the identity domain's own API",
                "a token for another resource",
                "ask for a scope such as urn:opc:idm:t.user.me",
            ),
            Self::NotUser => Explanation::new(
                "token_of_a_user",
                "a token that speaks for a user (sub_type user)",
                "a client's own token (client_credentials)",
                "use the grant password, or generate the token in the console",
            ),
            Self::Scope(scope) => Explanation::new(
                "token_scope",
                format!("the scope {scope}"),
                "a token without it",
                format!("ask for scope={scope}; the client needs the app role that opens it"),
            ),
            Self::User(refusal) => return refusal.explanation(),
            Self::Service(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_stands_in_the_document_of_errors() {
        let document = include_str!("../../../docs/errors.md");
        let text = String::new;
        for fault in [
            TokenFault::Missing,
            TokenFault::WholeFile,
            TokenFault::Malformed(JwsError::Header),
            TokenFault::OtherStripe { named: text() },
            TokenFault::Signature,
            TokenFault::Kind(text()),
            TokenFault::Issuer(text()),
            TokenFault::Expired(Timestamp::default()),
            TokenFault::Early(Timestamp::default()),
            TokenFault::SentTwice,
            TokenFault::Audience,
            TokenFault::NotUser,
            TokenFault::Scope("scope"),
            TokenFault::User(SignInRefusal::Unknown),
        ] {
            let explanation = fault.explanation().unwrap();
            let row = format!("| `{}` |", explanation.check);
            assert!(document.lines().any(|line| line.starts_with(&row)), "{row}");
        }
        assert!(TokenFault::Service(ServiceError::NoKey).explanation().is_none());
    }

    #[test]
    fn a_stripe_that_anybody_can_make_up_is_not_repeated() {
        let seen = |named: &str| TokenFault::OtherStripe { named: named.into() }.explanation().unwrap().seen;
        assert_eq!(seen("canary"), "a token of no stripe");
        assert_eq!(seen("idcs-canary"), "a token of no stripe");
        let named = format!("idcs-{}", "0".repeat(32));
        assert_eq!(seen(&named), format!("a token of {named}"));
    }
}
