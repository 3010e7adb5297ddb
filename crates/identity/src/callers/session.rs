//! Session tokens in the place of a key's name, `keyId="ST$<token>"` (contract analytics 4.6 and 4.8, point 5): the stripe
//! that issued the token signed it, and the key that it is bound to signs the request.

use obol_domain::{Explanation, caller::CallerRefusal};
use obol_protocol::{
    Timestamp,
    jose::{
        CompactJws, SessionTokenClaims,
        session_token::{SESSION_AUDIENCE, SESSION_ISSUER, SESSION_KIND},
    },
    oci::signature::PublicKey,
};

use crate::{Identity, ServiceError, StripeLocator, assertions::SKEW};

/// A session token that holds.
pub(super) struct Session {
    pub(super) tenancy_id: String,
    pub(super) stripe: String,
    pub(super) user_ocid: String,
    pub(super) key: PublicKey,
    pub(super) ends_at: Timestamp,
}

/// Why a session token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionFault {
    Unreadable,
    UnknownStripe,
    Signature,
    Kind,
    Early,
    Expired(Timestamp),
}

impl Identity {
    /// Verifies a session token; `now` is the service's time, which stamped it.
    pub(super) async fn session_of_token(&self, token: &str, now: Timestamp) -> Result<Session, CallerRefusal> {
        let jws = CompactJws::parse(token).map_err(|_| SessionFault::Unreadable)?;
        // Read before the signature is verified, to find the key that can verify it; nothing else is believed yet.
        let claims: SessionTokenClaims = jws.claims().map_err(|_| SessionFault::Unreadable)?;
        let locator = StripeLocator::Named(claims.stripe.clone());
        let stripe = self.locate(&locator, now).await.map_err(failure)?.ok_or(SessionFault::UnknownStripe)?;
        stripe.verifying.verify(&jws).map_err(|_| SessionFault::Signature)?;
        let ours = claims.iss == SESSION_ISSUER && claims.ttype == SESSION_KIND && claims.aud == SESSION_AUDIENCE;
        if !ours || claims.tenant != stripe.row.tenancy_id {
            return Err(SessionFault::Kind.into());
        }
        if Timestamp::from_seconds(claims.iat) > now.plus(SKEW) {
            return Err(SessionFault::Early.into());
        }
        let ends_at = Timestamp::from_seconds(claims.exp);
        if ends_at <= now {
            return Err(SessionFault::Expired(ends_at).into());
        }
        let key = PublicKey::from_jwk_text(&claims.jwk).map_err(|_| SessionFault::Unreadable)?;
        Ok(Session { tenancy_id: claims.tenant, stripe: claims.stripe, user_ocid: claims.sub, key, ends_at })
    }
}

fn failure(error: ServiceError) -> CallerRefusal {
    if error.is_passing() { CallerRefusal::Unavailable(error.into()) } else { CallerRefusal::Failed(error.into()) }
}

impl From<SessionFault> for CallerRefusal {
    fn from(fault: SessionFault) -> Self {
        const AGAIN: &str = "exchange for a new session token";
        Self::Session(match fault {
            SessionFault::Unreadable => Explanation::new(
                "session_token_readable",
                "ST$ and a session token as it was issued",
                "something else",
                "check security_token_file in the profile; an access token is none",
            ),
            SessionFault::UnknownStripe | SessionFault::Signature => Explanation::new(
                "session_token_signature",
                "a session token signed by a stripe of this installation",
                "another signature",
                AGAIN,
            ),
            SessionFault::Kind => Explanation::new(
                "session_token_kind",
                "a user's session token (UPST) of this stripe's tenancy",
                "another kind of token",
                AGAIN,
            ),
            SessionFault::Early => Explanation::new(
                "session_token_not_expired",
                "a session token issued at the service's time, or at most 60 seconds ahead of it",
                "one that was issued later",
                "the service's clock was set back since: exchange for a new session token",
            ),
            SessionFault::Expired(at) => Explanation::new(
                "session_token_not_expired",
                "a session token that still lives",
                format!("one that expired at {at}"),
                "exchange for a new session token; they live for an hour",
            ),
        })
    }
}
