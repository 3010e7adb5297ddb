//! Who signed a request. Analytics asks it of identity for each of its requests, and identity's own signed doors ask the
//! same: keys, users, groups and roles live in identity's tables alone.

use std::sync::Arc;

use obol_protocol::{
    Timestamp,
    oci::signature::{SignatureRefusal, SignedRequest},
};

use crate::{BoxFuture, Explanation};

/// An authenticated user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenancy it lives in.
    pub tenancy_id: String,
    /// The stripe of that tenancy it lives in.
    pub stripe: String,
    /// Its SCIM id, 32 hex digits.
    pub user_id: String,
    /// Its OCID.
    pub user_ocid: String,
    /// The name it signs in with.
    pub user_name: String,
    /// Whether it holds the role Identity Domain Administrator in its stripe.
    pub is_administrator: bool,
    /// The groups it is a member of, for policy statements that name a group. Stripes without groups leave it empty.
    pub groups: Vec<CallerGroup>,
}

/// A group that a caller is a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerGroup {
    /// Its OCID.
    pub ocid: String,
    /// Its display name.
    pub name: String,
}

/// What a request is about to do with what it learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It changes something: whoever signed is looked at anew.
    Exact,
    /// It only reads: what is a moment old will do.
    Recent,
}

/// Why nobody is the caller. To the caller all but the last two are the same.
#[derive(Debug, thiserror::Error)]
pub enum CallerRefusal {
    /// The signature, or the key behind it.
    #[error(transparent)]
    Signature(#[from] SignatureRefusal),
    /// The session token that the key id holds.
    #[error("the session token is not accepted")]
    Session(Explanation),
    /// The key id names a user that the tenancy does not have.
    #[error("the key's user is not in the tenancy")]
    UserUnknown,
    /// The user may not act any more.
    #[error("the key's user is not active")]
    UserInactive,
    /// Identity could not be asked; repeating may help.
    #[error("the caller could not be looked up")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Identity failed; repeating will not help.
    #[error("the caller could not be judged")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CallerRefusal {
    /// Why, for whoever may ask afterwards. Failures of our own have none: they are in the log.
    pub fn explanation(&self) -> Option<Explanation> {
        Some(match self {
            Self::Signature(refusal) => {
                let reason = refusal.reason();
                Explanation::new(reason.check, reason.expected, reason.seen, reason.fix)
            }
            Self::Session(explanation) => explanation.clone(),
            Self::UserUnknown => Explanation::new(
                "user_in_tenancy",
                "a keyId whose user lives in a stripe of its tenancy",
                "a user that this tenancy does not have",
                "check tenancy and user in the profile",
            ),
            Self::UserInactive => Explanation::new(
                "user_active",
                "an active user",
                "a user that has been deactivated",
                "have an administrator activate the user",
            ),
            Self::Unavailable(_) | Self::Failed(_) => return None,
        })
    }
}

/// Tells who signed a request (contract analytics 4.8, points 1 to 6). Identity implements it.
pub trait RequestAuthenticator: Send + Sync + 'static {
    /// Verifies a request's signature. The body is not looked at: whoever receives it compares it with the signed digest
    /// by [`obol_protocol::oci::signature::check_body`]. `now` is the service's time and `wall` what clients' clocks show.
    fn authenticate<'a>(
        &'a self,
        request: SignedRequest<'a>,
        now: Timestamp,
        wall: Timestamp,
        freshness: Freshness,
    ) -> BoxFuture<'a, Result<Arc<Caller>, CallerRefusal>>;
}
