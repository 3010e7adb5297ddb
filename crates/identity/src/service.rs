//! The service itself: what it is made of, how a stripe is found, and what keeps its memory fresh.

use std::{sync::Arc, time::Duration};

use obol_domain::{Clock, Entropy, rate_limit::Tier, seal::MasterKey};
use obol_protocol::Timestamp;
use obol_store::{
    Db, StoreError, access::Memory, authorization_codes, device_codes, explanations::Recorder, half_sign_ins,
    refresh_tokens, sessions, used_assertions,
};

use crate::{
    audit::Trail,
    cache::{Cache, LoadedStripe},
    callers::KeyCache,
    keys::KeyFault,
    limits::Limiter,
    memo::PasswordMemo,
    password::PasswordPool,
    sessions::IDLE,
};

/// What the service is given.
pub struct IdentityParts {
    /// Where everything is kept.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids and secrets.
    pub entropy: Arc<dyn Entropy>,
    /// What signing keys are sealed under and generated secrets hashed with.
    pub master: MasterKey,
    /// How clients reach this installation.
    pub public: PublicUrls,
    /// Where explanations go.
    pub recorder: Recorder,
    /// How many passwords are checked at a time; one for each core is right.
    pub password_slots: usize,
    /// What guards it.
    pub safety: Safety,
}

/// What guards a node, and can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Safety {
    /// Whether a password that was verified moments ago is known again without an Argon2id.
    pub password_memo: bool,
    /// How often each stripe may be asked; none is as often as the machine can.
    pub rate_limits: Option<Tier>,
}

impl Default for Safety {
    fn default() -> Self {
        Self { password_memo: true, rate_limits: None }
    }
}

/// Scheme and authority as clients see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrls {
    /// `http` or `https`.
    pub scheme: String,
    /// Host and port, e.g. `127.0.0.1:4620` or `identity.example.com`.
    pub authority: String,
}

impl PublicUrls {
    /// The address of a stripe with its port: by host name where there can be one below ours
    /// (`https://idcs-….identity.example.com:443`, contract identity 1), by path where the host is an IP address.
    pub fn stripe(&self, stripe: &str) -> String {
        let port = match (self.has_port(), self.scheme.as_str()) {
            (true, _) => "",
            (false, "https") => ":443",
            (false, _) => ":80",
        };
        let Self { scheme, authority } = self;
        if self.is_address() {
            format!("{scheme}://{authority}{port}/{stripe}")
        } else {
            format!("{scheme}://{stripe}.{authority}{port}")
        }
    }

    fn has_port(&self) -> bool {
        self.authority.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
    }

    fn is_address(&self) -> bool {
        let host = if self.has_port() {
            self.authority.rsplit_once(':').map_or("", |(host, _)| host)
        } else {
            &self.authority
        };
        host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
    }
}

/// Which stripe a request is for. The server puts it into the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StripeLocator {
    /// The stripe that the host name or the path names.
    Named(String),
    /// None was named: the only one there is.
    #[default]
    Only,
}

/// What others may know of a stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeView {
    /// Its name, `idcs-` and 32 hex digits.
    pub name: String,
    /// Its address with the port.
    pub url: String,
    /// The tenancy it belongs to.
    pub tenancy_id: String,
    /// The cloud account's name.
    pub cloud_account_name: String,
    /// The domain's OCID.
    pub domain_id: String,
    /// The domain's display name.
    pub domain_name: String,
    /// Its home region.
    pub home_region: String,
    /// The issuer of its tokens.
    pub issuer: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why the service could not do what it was asked, through no fault of the caller.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The database.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// The stripe's signing key.
    #[error("the stripe's signing key cannot be used")]
    Key(#[from] KeyFault),
    /// The stripe has no signing key.
    #[error("the stripe has no signing key")]
    NoKey,
    /// A password could not be checked, whatever it is.
    #[error("the check of a password ended without a result")]
    PasswordCheck,
    /// A token or an answer could not be made.
    #[error("the token could not be made")]
    Sign(#[from] obol_protocol::jose::SignError),
}

impl ServiceError {
    /// Whether repeating may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Store(error) => matches!(error, StoreError::Unavailable(_)),
            Self::Key(_) | Self::NoKey | Self::PasswordCheck | Self::Sign(_) => false,
        }
    }
}

/// The token service. Clones share everything.
#[derive(Clone)]
pub struct Identity(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: Db,
    /// Who may do what in a tenancy.
    pub(crate) rules: Memory,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) master: MasterKey,
    pub(crate) recorder: Recorder,
    pub(crate) passwords: PasswordPool,
    pub(crate) memo: PasswordMemo,
    pub(crate) limiter: Limiter,
    pub(crate) trail: Trail,
    pub(crate) cache: Cache,
    pub(crate) keys: KeyCache,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

/// How often the versions of all stripes are read, so that a change made on another node is noticed.
const POLL: Duration = Duration::from_millis(500);
/// How often ended sessions, assertions that cannot be used again anyway and old audit records are removed.
const SWEEP: Duration = Duration::from_secs(30);
/// How often is looked whether a signing key's turn has come.
const TURN: Duration = Duration::from_secs(1);
/// How long codes are kept after their end, so that one that comes again is known for a replay.
const CODES_KEPT: Duration = Duration::from_hours(24);
/// How long the memory of password hashing is kept when nobody signs in; half of all idle memory would be it.
const RELEASE: Duration = Duration::from_secs(5);

impl Identity {
    /// Puts the service together and starts the writer of its audit trail. Nothing is read yet.
    pub fn new(parts: IdentityParts) -> Self {
        let IdentityParts { db, clock, entropy, master, public, recorder, password_slots, safety } = parts;
        let passwords = PasswordPool::new(password_slots, &*entropy);
        let cache = Cache::new(db.clone(), master.clone(), public);
        let keys = KeyCache::default();
        let memo = PasswordMemo::new(if safety.password_memo { passwords.process_key() } else { None });
        let limiter = Limiter::new(safety.rate_limits);
        let trail = Trail::start(db.clone(), master.clone());
        Self(Arc::new(Inner {
            rules: Memory::new(db.clone()),
            db,
            clock,
            entropy,
            master,
            recorder,
            passwords,
            memo,
            limiter,
            trail,
            cache,
            keys,
        }))
    }

    /// Keeps memory fresh, for ever; whoever composes the server spawns it and drops it at the end. Without it every
    /// answer stays right, as a memory older than a second is checked before use, but tokens then wait for that check.
    pub async fn watch(&self) {
        let (mut swept, mut released, mut turned) = <(Timestamp, Timestamp, Timestamp)>::default();
        let mut failing = false;
        loop {
            self.0.clock.sleep(POLL).await;
            let now = self.0.clock.now();
            let checked = self.0.cache.check(now).await;
            match (&checked, failing) {
                (Ok(()), true) => tracing::info!("the stripes' versions can be read again"),
                // Said once: twice a second would drown what else there is to read.
                (Err(error), false) => {
                    tracing::warn!(error = obol_domain::with_causes(error), "the stripes' versions cannot be read");
                }
                (Ok(()), false) | (Err(_), true) => {}
            }
            failing = checked.is_err();
            if now.distance(released) >= RELEASE {
                released = now;
                self.0.passwords.release_idle();
            }
            if now.distance(swept) >= SWEEP {
                swept = now;
                if let Err(error) = self.sweep(now).await {
                    tracing::warn!(error = obol_domain::with_causes(&error), "what has ended could not be removed");
                }
            }
            if now.distance(turned) >= TURN {
                turned = now;
                if let Err(error) = self.turn_keys(now).await {
                    tracing::warn!(error = obol_domain::with_causes(&error), "signing keys could not be turned");
                }
            }
        }
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.0.db.begin().await?;
        sessions::sweep(&mut tx, now, now.minus(IDLE)).await?;
        half_sign_ins::sweep(&mut tx, now).await?;
        device_codes::sweep(&mut tx, now).await?;
        used_assertions::sweep(&mut tx, self.0.clock.wall()).await?;
        refresh_tokens::sweep(&mut tx, now).await?;
        authorization_codes::sweep(&mut tx, now.minus(CODES_KEPT)).await?;
        tx.commit().await?;
        self.sweep_audit(now).await
    }

    /// Drops what is remembered of a stripe; call it after committing a change to one.
    pub fn forget(&self, stripe: &str) {
        self.0.cache.forget(stripe);
    }

    /// The service's present time.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The stripe a request is for, if there is one.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]
    pub async fn stripe(&self, locator: &StripeLocator) -> Result<Option<StripeView>, ServiceError> {
        Ok(self.locate(locator, self.now()).await?.map(|stripe| StripeView {
            name: stripe.row.name.clone(),
            url: stripe.url.clone(),
            tenancy_id: stripe.row.tenancy_id.clone(),
            cloud_account_name: stripe.row.cloud_account_name.clone(),
            domain_id: stripe.row.domain_id.clone(),
            domain_name: stripe.row.domain_name.clone(),
            home_region: stripe.row.home_region.clone(),
            issuer: stripe.row.issuer.clone(),
            created_at: stripe.row.created_at,
        }))
    }

    pub(crate) async fn locate(
        &self,
        locator: &StripeLocator,
        now: Timestamp,
    ) -> Result<Option<Arc<LoadedStripe>>, ServiceError> {
        match locator {
            StripeLocator::Named(name) => self.0.cache.stripe(name, now).await,
            StripeLocator::Only => match self.0.cache.only(now).await? {
                Some(name) => self.0.cache.stripe(&name, now).await,
                None => Ok(None),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Contract identity 1 and 3.2: the locator carries the port.
    #[test]
    fn a_stripes_address_always_has_its_port() {
        let url = |scheme: &str, authority: &str| {
            PublicUrls { scheme: scheme.into(), authority: authority.into() }.stripe("idcs-1")
        };
        assert_eq!(url("https", "identity.oraclecloud.com"), "https://idcs-1.identity.oraclecloud.com:443");
        assert_eq!(url("https", "identity.example.com:8443"), "https://idcs-1.identity.example.com:8443");
        assert_eq!(url("http", "localhost:4620"), "http://idcs-1.localhost:4620");
        assert_eq!(url("http", "127.0.0.1:4620"), "http://127.0.0.1:4620/idcs-1");
        assert_eq!(url("http", "127.0.0.1"), "http://127.0.0.1:80/idcs-1");
        assert_eq!(url("http", "[::1]:4620"), "http://[::1]:4620/idcs-1");
    }
}
