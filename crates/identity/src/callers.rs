//! Who signed a request: its signature against the user's registered key, or the key of a session token (contract
//! analytics 4.8).
//!
//! Everything a signed door knows about the holder of a key comes from two reads, of the holder and of its groups, and a
//! parsed key with its holder is kept in memory. A request that changes something reads the holder anew, so that a removed
//! key, a deactivated user or a group that was left is noticed at once; one that only reads may trust what is at most
//! [`FRESH`] old. That is how a signed read costs one read of the store.

mod session;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use obol_domain::{
    BoxFuture, RequestAuthenticator,
    app_role::BuiltInRole,
    caller::{Caller, CallerGroup, CallerRefusal, Freshness},
    entropy::hex,
};
use obol_protocol::{
    Timestamp,
    oci::signature::{KeyId, PublicKey, SignatureHeader, SignatureRefusal, SignedRequest},
};
use obol_store::{StoreError, api_keys, api_keys::Holder, groups};

use crate::Identity;

/// How long a read may trust what is known of a key's holder.
pub const FRESH: Duration = Duration::from_millis(250);
/// How many keys are kept before the memory starts over.
const MOST_KEYS: usize = 10_000;

struct KnownKey {
    key: PublicKey,
    caller: Arc<Caller>,
    /// When a session token that brought it ends, by the service's time.
    ends_at: Option<Timestamp>,
    /// By the wall's clock: moving the service's time does not make knowledge older.
    read_at: Timestamp,
}

/// Keys that were verified with, by their whole id.
#[derive(Default)]
pub(crate) struct KeyCache(RwLock<HashMap<String, Arc<KnownKey>>>);

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

impl RequestAuthenticator for Identity {
    fn authenticate<'a>(
        &'a self,
        request: SignedRequest<'a>,
        now: Timestamp,
        wall: Timestamp,
        freshness: Freshness,
    ) -> BoxFuture<'a, Result<Arc<Caller>, CallerRefusal>> {
        Box::pin(async move {
            let header = SignatureHeader::of(request.headers)?;
            let signing_string = header.signing_string(&request, wall)?;
            let known = match header.key_id()? {
                KeyId::ApiKey { tenancy, user, fingerprint } => {
                    self.known_key(tenancy, user, fingerprint, wall, freshness).await?
                }
                KeyId::SessionToken(token) => self.known_session(token, now, wall, freshness).await?,
            };
            header.verify(&signing_string, &known.key)?;
            Ok(Arc::clone(&known.caller))
        })
    }
}

impl Identity {
    async fn known_key(
        &self,
        tenancy: &str,
        user: &str,
        fingerprint: &str,
        wall: Timestamp,
        freshness: Freshness,
    ) -> Result<Arc<KnownKey>, CallerRefusal> {
        let key_id = format!("{tenancy}/{user}/{fingerprint}");
        let keys = &self.0.keys;
        let earlier = match keys.get(&key_id) {
            Some(known) if freshness == Freshness::Recent && known.read_at.distance(wall) < FRESH => return Ok(known),
            earlier => earlier,
        };
        let read = self.read_holder(tenancy, user, fingerprint, wall, earlier.as_deref()).await;
        match &read {
            Ok(known) => keys.put(key_id, Arc::clone(known)),
            Err(_) => keys.forget(&key_id),
        }
        read
    }

    /// The same for a session token: the token in place of the key's row, and the user read like any other.
    async fn known_session(
        &self,
        token: &str,
        now: Timestamp,
        wall: Timestamp,
        freshness: Freshness,
    ) -> Result<Arc<KnownKey>, CallerRefusal> {
        // The token is a secret, and is remembered by its hash.
        let key_id = hex(&self.0.master.keyed_hash("session token", token.as_bytes()));
        let keys = &self.0.keys;
        if let Some(known) = keys.get(&key_id)
            && freshness == Freshness::Recent
            && known.read_at.distance(wall) < FRESH
            && known.ends_at.is_none_or(|end| now < end)
        {
            return Ok(known);
        }
        let read = self.read_session(token, now, wall).await;
        match &read {
            Ok(known) => keys.put(key_id, Arc::clone(known)),
            Err(_) => keys.forget(&key_id),
        }
        read
    }

    async fn read_session(&self, token: &str, now: Timestamp, wall: Timestamp) -> Result<Arc<KnownKey>, CallerRefusal> {
        let session = self.session_of_token(token, now).await?;
        // No key has an empty fingerprint: what is wanted is the user alone.
        let holder = self.holder(&session.tenancy_id, &session.user_ocid, "").await?;
        if holder.stripe != session.stripe {
            return Err(CallerRefusal::UserUnknown);
        }
        let caller = self.caller(&session.tenancy_id, &session.user_ocid, holder).await?;
        Ok(Arc::new(KnownKey { key: session.key, caller, ends_at: Some(session.ends_at), read_at: wall }))
    }

    async fn holder(&self, tenancy_id: &str, user_ocid: &str, fingerprint: &str) -> Result<Holder, CallerRefusal> {
        let administrator = BuiltInRole::IdentityDomainAdministrator;
        let holder = api_keys::holder(&self.0.db, tenancy_id, user_ocid, fingerprint, administrator).await;
        holder.map_err(failure)?.ok_or(CallerRefusal::UserUnknown)
    }

    /// Contract analytics 4.8, point 5: the key is known and active, and its user is one of the tenancy.
    async fn read_holder(
        &self,
        tenancy_id: &str,
        user_ocid: &str,
        fingerprint: &str,
        wall: Timestamp,
        earlier: Option<&KnownKey>,
    ) -> Result<Arc<KnownKey>, CallerRefusal> {
        let mut holder = self.holder(tenancy_id, user_ocid, fingerprint).await?;
        let unknown = || SignatureRefusal::KeyUnknown { fingerprint: fingerprint.to_owned() };
        let spki = holder.public_key.take().ok_or_else(unknown)?;
        let caller = self.caller(tenancy_id, user_ocid, holder).await?;
        let key = match earlier {
            Some(earlier) if earlier.key.spki() == spki.as_slice() => earlier.key.clone(),
            _ => PublicKey::from_der(&spki).map_err(|error| CallerRefusal::Failed(error.into()))?,
        };
        Ok(Arc::new(KnownKey { key, caller, ends_at: None, read_at: wall }))
    }

    /// The caller that a holder is, if it may act, with its groups.
    async fn caller(&self, tenancy_id: &str, user_ocid: &str, holder: Holder) -> Result<Arc<Caller>, CallerRefusal> {
        if !holder.is_active {
            return Err(CallerRefusal::UserInactive);
        }
        let groups = groups::of_user(&self.0.db, &holder.stripe, &holder.user_id).await.map_err(failure)?;
        Ok(Arc::new(Caller {
            tenancy_id: tenancy_id.to_owned(),
            stripe: holder.stripe,
            user_id: holder.user_id,
            user_ocid: user_ocid.to_owned(),
            user_name: holder.user_name,
            is_administrator: holder.is_administrator,
            groups: groups
                .into_iter()
                .map(|group| CallerGroup { ocid: group.ocid, name: group.display_name })
                .collect(),
        }))
    }
}

/// Whether repeating may help is the store's to say.
fn failure(error: StoreError) -> CallerRefusal {
    match error {
        StoreError::Unavailable(_) => CallerRefusal::Unavailable(error.into()),
        StoreError::Duplicate { .. } | StoreError::Dangling | StoreError::Corrupt { .. } | StoreError::Refused(_) => {
            CallerRefusal::Failed(error.into())
        }
    }
}

#[cfg(test)]
mod tests;
