//! Who calls: the request signature against the user's registered key (contract analytics 4.8).
//!
//! Everything this door knows about the holder of a key comes from one read, and a parsed key with its holder is kept in
//! memory. A request that changes something reads the holder anew, so that a removed key or a deactivated user is refused
//! at once; one that only reads may trust what is at most [`FRESH`] old. That is how a signed read costs one read of the
//! store.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::http::request::Parts;
use obol_domain::app_role::BuiltInRole;
use obol_protocol::{
    Timestamp,
    oci::signature::{KeyId, PublicKey, SignatureHeader, SignatureRefusal, SignedRequest},
};
use obol_store::api_keys;

use crate::{Inner, Refusal, http::RawTarget};

/// How long a read may trust what is known of a key's holder.
pub const FRESH: Duration = Duration::from_millis(250);
/// How many keys are kept before the memory starts over.
const MOST_KEYS: usize = 10_000;

/// An authenticated user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenancy it lives in.
    pub tenancy_id: String,
    /// Its OCID.
    pub user_ocid: String,
    /// Whether it holds the role Identity Domain Administrator in its stripe, which is one of the tenancy's.
    pub is_administrator: bool,
}

/// What a request is about to do with what it learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It changes something.
    Exact,
    /// It only reads.
    Recent,
}

struct KnownKey {
    key: PublicKey,
    caller: Arc<Caller>,
    /// By the wall's clock: moving the service's time does not make knowledge older.
    read_at: Timestamp,
}

/// Keys that were verified with, by their whole id.
#[derive(Default)]
pub struct KeyCache(RwLock<HashMap<String, Arc<KnownKey>>>);

impl KeyCache {
    fn get(&self, key_id: &str) -> Option<Arc<KnownKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key_id).cloned()
    }

    fn put(&self, key_id: String, known: Arc<KnownKey>) {
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MOST_KEYS && !keys.contains_key(&key_id) {
            keys.clear();
        }
        keys.insert(key_id, known);
    }

    fn forget(&self, key_id: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(key_id);
    }
}

/// The request in the form that was signed: the target as it came, before routing made it clean.
pub(crate) fn signed_request(parts: &Parts) -> SignedRequest<'_> {
    let target = match parts.extensions.get::<RawTarget>() {
        Some(RawTarget(raw)) => raw.as_str(),
        None => parts.uri.path_and_query().map_or("/", |target| target.as_str()),
    };
    SignedRequest {
        method: &parts.method,
        target,
        authority: parts.uri.authority().map(axum::http::uri::Authority::as_str),
        headers: &parts.headers,
    }
}

/// Tells who signed a request. The body is not looked at yet.
///
/// # Errors
///
/// [`Refusal::Signature`], [`Refusal::UserUnknown`] or [`Refusal::UserInactive`], all the same to the caller.
pub(crate) async fn authenticate(
    analytics: &Inner,
    parts: &Parts,
    wall: Timestamp,
    freshness: Freshness,
) -> Result<Arc<Caller>, Refusal> {
    let request = signed_request(parts);
    let header = SignatureHeader::of(&parts.headers)?;
    let signing_string = header.signing_string(&request, wall)?;
    let KeyId::ApiKey { tenancy, user, fingerprint } = header.key_id()? else {
        return Err(SignatureRefusal::SessionTokenNotTaken.into());
    };
    let key_id = format!("{tenancy}/{user}/{fingerprint}");
    let known = match analytics.keys.get(&key_id) {
        Some(known) if freshness == Freshness::Recent && known.read_at.distance(wall) < FRESH => known,
        earlier => {
            let read = read_holder(analytics, tenancy, user, fingerprint, wall, earlier.as_deref()).await;
            match read {
                Ok(known) => {
                    analytics.keys.put(key_id, Arc::clone(&known));
                    known
                }
                Err(refusal) => {
                    analytics.keys.forget(&key_id);
                    return Err(refusal);
                }
            }
        }
    };
    header.verify(&signing_string, &known.key)?;
    Ok(Arc::clone(&known.caller))
}

/// Contract analytics 4.8, point 5: the key is known and active, and its user is one of the tenancy.
async fn read_holder(
    analytics: &Inner,
    tenancy_id: &str,
    user_ocid: &str,
    fingerprint: &str,
    wall: Timestamp,
    earlier: Option<&KnownKey>,
) -> Result<Arc<KnownKey>, Refusal> {
    let administrator = BuiltInRole::IdentityDomainAdministrator;
    let holder = api_keys::holder(&analytics.db, tenancy_id, user_ocid, fingerprint, administrator)
        .await?
        .ok_or(Refusal::UserUnknown)?;
    let spki = holder.public_key.ok_or_else(|| SignatureRefusal::KeyUnknown { fingerprint: fingerprint.to_owned() })?;
    if !holder.is_active {
        return Err(Refusal::UserInactive);
    }
    let key = match earlier {
        Some(earlier) if earlier.key.spki() == spki.as_slice() => earlier.key.clone(),
        _ => PublicKey::from_der(&spki).map_err(|_| Refusal::Internal("a registered key cannot be read"))?,
    };
    let caller = Arc::new(Caller {
        tenancy_id: tenancy_id.to_owned(),
        user_ocid: user_ocid.to_owned(),
        is_administrator: holder.is_administrator,
    });
    Ok(Arc::new(KnownKey { key, caller, read_at: wall }))
}
