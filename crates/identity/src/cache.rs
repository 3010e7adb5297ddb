//! What the token path keeps in memory: stripes with their parsed signing key, and clients with their roles.
//!
//! A copy is as good as its stripe's `version`, which every change raises in its own transaction. All versions are read
//! by one query, at the latest a second after the last time: normally by [`Cache::check`] from a background loop, and
//! by the request itself when that loop is late. So a change made on another node holds within a second whatever
//! happens, and when the versions cannot be read, nothing is issued. Users are not kept at all.
//!
//! The node that makes a change forgets its own copy at once. Whatever was being read from the database at that moment may
//! be from before the change, so it is not kept: [`Cache::forget`] raises a generation, and a result is stored only while
//! the generation is still the one its reading began in.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use obol_domain::{
    app_role::{BuiltInRole, IDCS_APP_ID},
    password_policy::{self, PasswordPolicy},
    scopes::{KnownScopes, Resource, ResourceScope},
    seal::MasterKey,
};
use obol_protocol::{
    Timestamp,
    jose::{AccessTokenClaims, JwkSet, SigningKey},
    oauth::{GrantType, Scope, ScopeList},
};
use obol_store::{
    Db, StoreError, app_certificates, app_scopes, apps, apps::App, grants, grants::HeldRole, password_policies,
    signing_keys, stripes, stripes::Stripe,
};

use crate::{
    ServiceError,
    certificates::{self, ClientCertificate},
    claims,
    keys::{self, Verifiers},
    service::PublicUrls,
};

/// How old the last look at the versions may be.
const FRESH: Duration = Duration::from_secs(1);
/// How many clients of a stripe are kept; beyond it they are forgotten together.
const MOST_CLIENTS: usize = 10_000;
/// How many scopes of resource servers of a stripe are kept; beyond it they are forgotten together.
const MOST_SCOPES: usize = 10_000;

pub(crate) struct Cache {
    db: Db,
    master: MasterKey,
    public: PublicUrls,
    stripes: RwLock<HashMap<String, Arc<LoadedStripe>>>,
    /// The only stripe's name, when there is exactly one.
    only: RwLock<Option<String>>,
    /// When the versions were last read, in microseconds; `i64::MIN` for never.
    checked_at: AtomicI64,
    /// How often something was forgotten. Read and raised under the lock of `stripes` where it decides.
    generation: AtomicU64,
    checking: tokio::sync::Mutex<()>,
}

/// A stripe in memory.
pub(crate) struct LoadedStripe {
    pub(crate) row: Stripe,
    /// Its address with the port, which is also `tenant_iss`.
    pub(crate) url: String,
    pub(crate) key: SigningKey,
    /// Those that its tokens may be signed with.
    pub(crate) verifying: Verifiers,
    /// The key set's body.
    pub(crate) jwk_set: Bytes,
    /// The password policies with the groups they are for.
    policies: Vec<PasswordPolicy>,
    /// The policy of everybody who is in none of those groups.
    default_policy: PasswordPolicy,
    clients: RwLock<HashMap<String, Arc<LoadedClient>>>,
    /// Scopes of resource servers by their fully qualified text.
    scopes: RwLock<HashMap<String, Arc<ResourceScope>>>,
}

impl LoadedStripe {
    /// The password policy of a user who is in these groups.
    pub(crate) fn policy(&self, groups: &[String]) -> &PasswordPolicy {
        password_policy::choose(&self.policies, groups, &self.default_policy.name).unwrap_or(&self.default_policy)
    }

    /// Whether there is a group with a policy, so that a user's groups have to be known.
    pub(crate) fn has_group_policies(&self) -> bool {
        self.policies.iter().any(|policy| !policy.groups.is_empty())
    }
}

/// A client in memory.
pub(crate) struct LoadedClient {
    pub(crate) app: App,
    /// Its built-in roles with the implicit one, sorted by name as tokens list them.
    pub(crate) roles: Vec<BuiltInRole>,
    /// What it signs assertions with.
    pub(crate) certificates: Vec<ClientCertificate>,
    /// The claims that every token of this client has.
    pub(crate) claims: AccessTokenClaims,
    /// The keyed hash of a supplied secret that was found right, so that Argon2id is paid once and not for each token.
    pub(crate) proven: Mutex<Option<[u8; 32]>>,
}

impl LoadedClient {
    /// Whether the client may use a grant.
    pub(crate) fn allows(&self, grant: GrantType) -> bool {
        self.app.allowed_grants.iter().any(|allowed| allowed == grant.as_str())
    }
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
            generation: AtomicU64::new(0),
            checking: tokio::sync::Mutex::default(),
        }
    }

    /// Reads all versions and forgets what is old.
    pub(crate) async fn check(&self, now: Timestamp) -> Result<(), StoreError> {
        let generation = self.generation();
        let versions = stripes::versions(&self.db).await?;
        self.keep_versions(generation, versions, now);
        Ok(())
    }

    /// Forgets what is older than these versions. They count as a look only if nothing was forgotten while they were read.
    fn keep_versions(&self, generation: u64, versions: Vec<(String, i64)>, now: Timestamp) {
        let only = match versions.as_slice() {
            [(name, _)] => Some(name.clone()),
            _ => None,
        };
        let versions: HashMap<String, i64> = versions.into_iter().collect();
        let mut kept = self.stripes.write().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|name, stripe| versions.get(name) == Some(&stripe.row.version));
        if generation == self.generation() {
            *self.only.write().unwrap_or_else(PoisonError::into_inner) = only;
            self.checked_at.store(now.micros(), Ordering::Release);
        }
    }

    /// Forgets a stripe that was made or changed here, and looks at the versions before the next use.
    pub(crate) fn forget(&self, stripe: &str) {
        let mut kept = self.stripes.write().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::AcqRel);
        kept.remove(stripe);
        self.checked_at.store(i64::MIN, Ordering::Release);
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
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
        // A look during which something was forgotten does not count, and is taken again.
        while !self.is_fresh(now) {
            self.check(now).await?;
        }
        Ok(())
    }

    /// The name of the only stripe, if there is exactly one. Whoever makes a stripe calls [`Cache::forget`], so that it is
    /// found at once; one made on another node is found within a second.
    pub(crate) async fn only(&self, now: Timestamp) -> Result<Option<String>, ServiceError> {
        self.freshen(now).await?;
        Ok(self.only.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// A stripe by name.
    pub(crate) async fn stripe(&self, name: &str, now: Timestamp) -> Result<Option<Arc<LoadedStripe>>, ServiceError> {
        self.freshen(now).await?;
        let kept = self.stripes.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if kept.is_some() {
            return Ok(kept);
        }
        let generation = self.generation();
        let Some(loaded) = self.load(name).await?.map(Arc::new) else { return Ok(None) };
        self.keep_stripe(generation, &loaded);
        Ok(Some(loaded))
    }

    /// Keeps a stripe for later, unless something was forgotten while it was read.
    fn keep_stripe(&self, generation: u64, loaded: &Arc<LoadedStripe>) {
        let mut kept = self.stripes.write().unwrap_or_else(PoisonError::into_inner);
        if generation == self.generation() {
            kept.insert(loaded.row.name.clone(), Arc::clone(loaded));
        }
    }

    /// Reads a stripe. Its version comes first: what is read after it may be newer than it says, never older.
    async fn load(&self, name: &str) -> Result<Option<LoadedStripe>, ServiceError> {
        if name.contains('\0') {
            return Ok(None);
        }
        let Some(row) = stripes::get(&self.db, name).await? else { return Ok(None) };
        let sealed = signing_keys::current(&self.db, name).await?.ok_or(ServiceError::NoKey)?;
        let key = keys::open(&self.master, name, &sealed)?;
        let policies = password_policies::all(&self.db, name).await?;
        let default = policies.iter().find(|policy| policy.name == password_policies::STANDARD).cloned();
        let default_policy = default.ok_or_else(|| {
            ServiceError::Store(StoreError::Corrupt {
                table: "password_policies",
                column: "name",
                key: name.to_owned(),
            })
        })?;
        let (keys, verifying) = keys::published(&signing_keys::all(&self.db, name).await?)?;
        let jwk_set = serde_json::to_vec(&JwkSet { keys })
            .map_err(|error| ServiceError::Sign(obol_protocol::jose::SignError::Claims(error)))?;
        Ok(Some(LoadedStripe {
            url: self.public.stripe(name),
            verifying,
            key,
            jwk_set: jwk_set.into(),
            row,
            policies,
            default_policy,
            clients: RwLock::default(),
            scopes: RwLock::default(),
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

    /// The scopes of resource servers that a request names, up to the first that nobody has: that one fails the request.
    pub(crate) async fn known_scopes(
        &self,
        stripe: &LoadedStripe,
        requested: &ScopeList,
    ) -> Result<KnownScopes, StoreError> {
        let mut known = KnownScopes::new();
        for scope in requested {
            if let Scope::Other(fqs) = scope {
                let Some(found) = self.resource_scope(stripe, fqs).await? else { break };
                known.insert(fqs.clone(), found);
            }
        }
        Ok(known)
    }

    /// A scope of a resource server. Unknown ones are not remembered: anybody can make them up.
    async fn resource_scope(&self, stripe: &LoadedStripe, fqs: &str) -> Result<Option<Arc<ResourceScope>>, StoreError> {
        let kept = stripe.scopes.read().unwrap_or_else(PoisonError::into_inner).get(fqs).cloned();
        if kept.is_some() {
            return Ok(kept);
        }
        let name = &stripe.row.name;
        let Some(scope) = app_scopes::by_fqs(&self.db, name, fqs).await? else { return Ok(None) };
        let Some(app) = apps::by_id(&self.db, name, &scope.app_id).await? else { return Ok(None) };
        let resource = Resource {
            app_id: app.id,
            audience: app.audience.into_iter().chain(app.oauth.secondary_audiences).collect(),
            access_token_expiry: app.oauth.access_token_expiry,
            refresh_token_expiry: app.oauth.refresh_token_expiry,
            allow_offline: app.oauth.allow_offline,
            tags: app.oauth.tags,
        };
        let loaded = Arc::new(ResourceScope {
            resource: Arc::new(resource),
            fqs: scope.fqs,
            value: scope.value,
            display_name: scope.display_name,
            description: scope.description,
            requires_consent: scope.requires_consent,
        });
        let mut scopes = stripe.scopes.write().unwrap_or_else(PoisonError::into_inner);
        if scopes.len() >= MOST_SCOPES {
            scopes.clear();
        }
        scopes.insert(fqs.to_owned(), Arc::clone(&loaded));
        Ok(Some(loaded))
    }

    /// A client with its roles, read now.
    pub(crate) async fn load_client(&self, stripe: &LoadedStripe, app: App) -> Result<LoadedClient, StoreError> {
        let held = grants::of_client(&self.db, &stripe.row.name, &app.id).await?;
        let roles = built_in(&held, BuiltInRole::AuthenticatedClient);
        let certificates = app_certificates::of_app(&self.db, &stripe.row.name, &app.id).await?;
        let certificates = certificates::loaded(certificates)?;
        let claims = claims::of_client(stripe, &app);
        Ok(LoadedClient { app, roles, certificates, claims, proven: Mutex::default() })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        StripeLocator,
        testing::{STRIPE, World},
    };

    #[tokio::test]
    async fn a_stripe_that_was_being_read_when_it_was_forgotten_is_not_kept() {
        let world = World::new().await;
        let cache = &world.identity.0.cache;
        let generation = cache.generation();
        let before = Arc::new(cache.load(STRIPE).await.unwrap().unwrap());
        let mut tx = world.db().begin().await.unwrap();
        stripes::bump(&mut tx, STRIPE).await.unwrap();
        tx.commit().await.unwrap();
        cache.forget(STRIPE);
        // Another request looks at the versions first, so that nothing else would find the old copy for a second.
        let now = world.identity.now();
        cache.freshen(now).await.unwrap();
        cache.keep_stripe(generation, &before);
        let found = cache.stripe(STRIPE, now).await.unwrap().unwrap();
        assert_eq!(found.row.version, before.row.version + 1);
    }

    #[tokio::test]
    async fn versions_that_were_being_read_when_a_stripe_was_forgotten_are_no_look() {
        let world = World::new().await;
        let (cache, now) = (&world.identity.0.cache, world.identity.now());
        let generation = cache.generation();
        let before = stripes::versions(world.db()).await.unwrap();
        world.add_other_stripe().await;
        cache.keep_versions(generation, before, now);
        assert!(!cache.is_fresh(now));
        assert_eq!(cache.only(now).await.unwrap(), None, "there are two since");
        assert!(cache.is_fresh(now));
    }

    // Design: nobody who has not authenticated makes the database work for each of their requests.
    #[tokio::test]
    async fn requests_without_a_stripe_do_not_read_the_versions_again_while_they_are_fresh() {
        let world = World::new().await;
        world.add_other_stripe().await;
        let node = world.node();
        assert!(node.stripe(&StripeLocator::Only).await.unwrap().is_none());
        world.db().close().await;
        assert!(node.stripe(&StripeLocator::Only).await.unwrap().is_none(), "from memory");
    }
}
