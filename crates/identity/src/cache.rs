//! What the token path keeps in memory: stripes with their parsed signing key, and clients with their roles.
//!
//! A copy is as good as its stripe's `version`, which every change raises in its own transaction. All versions are read
//! by one query, at the latest a second after the last time: normally by [`Cache::check`] from a background loop, and
//! by the request itself when that loop is late. So a change made on another node holds within a second whatever
//! happens, and when the versions cannot be read, nothing is issued. Users are not kept at all.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use obol_domain::{
    app_role::{BuiltInRole, IDCS_APP_ID},
    seal::MasterKey,
};
use obol_protocol::{
    Timestamp,
    jose::{AccessTokenClaims, JwkSet, SigningKey, VerifyingKey},
};
use obol_store::{Db, StoreError, apps, apps::App, grants, grants::HeldRole, signing_keys, stripes, stripes::Stripe};

use crate::{ServiceError, claims, keys, service::PublicUrls};

/// How old the last look at the versions may be.
const FRESH: Duration = Duration::from_secs(1);
/// How many clients of a stripe are kept; beyond it they are forgotten together.
const MOST_CLIENTS: usize = 10_000;

pub(crate) struct Cache {
    db: Db,
    master: MasterKey,
    public: PublicUrls,
    stripes: RwLock<HashMap<String, Arc<LoadedStripe>>>,
    /// The only stripe's name, when there is exactly one.
    only: RwLock<Option<String>>,
    /// When the versions were last read, in microseconds; `i64::MIN` for never.
    checked_at: AtomicI64,
    checking: tokio::sync::Mutex<()>,
}

/// A stripe in memory.
pub(crate) struct LoadedStripe {
    pub(crate) row: Stripe,
    /// Its address with the port, which is also `tenant_iss`.
    pub(crate) url: String,
    pub(crate) key: SigningKey,
    pub(crate) verifying: VerifyingKey,
    /// The key set's body.
    pub(crate) jwk_set: Bytes,
    clients: RwLock<HashMap<String, Arc<LoadedClient>>>,
}

/// A client in memory.
pub(crate) struct LoadedClient {
    pub(crate) app: App,
    /// Its built-in roles with the implicit one, sorted by name as tokens list them.
    pub(crate) roles: Vec<BuiltInRole>,
    /// The claims that every token of this client has.
    pub(crate) claims: AccessTokenClaims,
    /// The keyed hash of a supplied secret that was found right, so that Argon2id is paid once and not for each token.
    pub(crate) proven: Mutex<Option<[u8; 32]>>,
}

impl Cache {
    pub(crate) fn new(db: Db, master: MasterKey, public: PublicUrls) -> Self {
        Self {
            db,
            master,
            public,
            stripes: RwLock::default(),
            only: RwLock::default(),
            checked_at: AtomicI64::new(i64::MIN),
            checking: tokio::sync::Mutex::default(),
        }
    }

    /// Reads all versions and forgets what is old.
    pub(crate) async fn check(&self, now: Timestamp) -> Result<(), StoreError> {
        let versions = stripes::versions(&self.db).await?;
        let only = match versions.as_slice() {
            [(name, _)] => Some(name.clone()),
            _ => None,
        };
        let versions: HashMap<String, i64> = versions.into_iter().collect();
        let mut kept = self.stripes.write().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|name, stripe| versions.get(name) == Some(&stripe.row.version));
        drop(kept);
        *self.only.write().unwrap_or_else(PoisonError::into_inner) = only;
        self.checked_at.store(now.micros(), Ordering::Release);
        Ok(())
    }

    /// Forgets a stripe that was changed here, and looks at the versions before the next use.
    pub(crate) fn forget(&self, stripe: &str) {
        self.stripes.write().unwrap_or_else(PoisonError::into_inner).remove(stripe);
        self.checked_at.store(i64::MIN, Ordering::Release);
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        let checked_at = self.checked_at.load(Ordering::Acquire);
        checked_at != i64::MIN && Timestamp::from_micros(checked_at).distance(now) < FRESH
    }

    async fn freshen(&self, now: Timestamp) -> Result<(), StoreError> {
        if self.is_fresh(now) {
            return Ok(());
        }
        // Whoever waited here finds the work done.
        let _one_at_a_time = self.checking.lock().await;
        if self.is_fresh(now) { Ok(()) } else { self.check(now).await }
    }

    /// The name of the only stripe, if there is exactly one.
    pub(crate) async fn only(&self, now: Timestamp) -> Result<Option<String>, ServiceError> {
        self.freshen(now).await?;
        let only = self.only.read().unwrap_or_else(PoisonError::into_inner).clone();
        if only.is_some() {
            return Ok(only);
        }
        // A stripe that was made just now should be found at once.
        self.check(now).await?;
        Ok(self.only.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// A stripe by name.
    pub(crate) async fn stripe(&self, name: &str, now: Timestamp) -> Result<Option<Arc<LoadedStripe>>, ServiceError> {
        self.freshen(now).await?;
        let kept = self.stripes.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if kept.is_some() {
            return Ok(kept);
        }
        let Some(loaded) = self.load(name).await?.map(Arc::new) else { return Ok(None) };
        self.stripes.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::clone(&loaded));
        Ok(Some(loaded))
    }

    /// Reads a stripe. Its version comes first: what is read after it may be newer than it says, never older.
    async fn load(&self, name: &str) -> Result<Option<LoadedStripe>, ServiceError> {
        if name.contains('\0') {
            return Ok(None);
        }
        let Some(row) = stripes::get(&self.db, name).await? else { return Ok(None) };
        let sealed = signing_keys::current(&self.db, name).await?.ok_or(ServiceError::NoKey)?;
        let key = keys::open(&self.master, name, &sealed)?;
        let jwk_set = serde_json::to_vec(&JwkSet { keys: vec![key.jwk()] })
            .map_err(|error| ServiceError::Sign(obol_protocol::jose::SignError::Claims(error)))?;
        Ok(Some(LoadedStripe {
            url: self.public.stripe(name),
            verifying: key.verifying_key(),
            key,
            jwk_set: jwk_set.into(),
            row,
            clients: RwLock::default(),
        }))
    }

    /// A client of a stripe by its client id. Unknown ones are not remembered: anybody can make them up.
    pub(crate) async fn client(
        &self,
        stripe: &LoadedStripe,
        client_id: &str,
    ) -> Result<Option<Arc<LoadedClient>>, StoreError> {
        let kept = stripe.clients.read().unwrap_or_else(PoisonError::into_inner).get(client_id).cloned();
        if kept.is_some() {
            return Ok(kept);
        }
        let Some(app) = apps::by_name(&self.db, &stripe.row.name, client_id).await? else { return Ok(None) };
        let loaded = Arc::new(self.load_client(stripe, app).await?);
        let mut clients = stripe.clients.write().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= MOST_CLIENTS {
            clients.clear();
        }
        clients.insert(client_id.to_owned(), Arc::clone(&loaded));
        Ok(Some(loaded))
    }

    /// A client with its roles, read now.
    pub(crate) async fn load_client(&self, stripe: &LoadedStripe, app: App) -> Result<LoadedClient, StoreError> {
        let held = grants::of_client(&self.db, &stripe.row.name, &app.id).await?;
        let roles = built_in(&held, BuiltInRole::AuthenticatedClient);
        let claims = claims::of_client(stripe, &app);
        Ok(LoadedClient { app, roles, claims, proven: Mutex::default() })
    }
}

/// The built-in roles among those somebody holds, with the implicit one, sorted by name.
pub(crate) fn built_in(held: &[HeldRole], implicit: BuiltInRole) -> Vec<BuiltInRole> {
    let mut roles: Vec<_> = held
        .iter()
        .filter(|role| role.app_id == IDCS_APP_ID)
        .filter_map(|role| BuiltInRole::named(&role.name))
        .chain([implicit])
        .collect();
    roles.sort_by_key(|role| role.name());
    roles.dedup();
    roles
}
