//! The dev cloud behind `obol up`: one process, loopback only, seeded, with a movable clock and the lab's routes.
//!
//! Everything below is composition. The seed calls the same provisioning functions that any administration door will; the
//! walk that follows it is the command line's, through the public interfaces.

mod data_dir;
mod dotenv;
mod key;
mod seed;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use obol_analytics::{
    Settings,
    provisioner::{Faults, Simulated},
};
use obol_domain::{Entropy, capacity::TenancyLimits};
use obol_identity::PublicUrls;
use obol_protocol::Timestamp;
use obol_store::{Db, StoreError, meta, open::Claim, stripes};

pub use data_dir::{DataDir, DataDirError};
pub use obol_analytics::provisioner::Durations;
pub use obol_domain::rate_limit::Tier;
pub use obol_identity::Safety;
/// What [`Durations`] are told apart by.
pub use obol_protocol::analytics::{OperationType, enums::Vocabulary};
pub use obol_store::OpenError;
pub use seed::Facts;

use crate::{
    clock::MovableClock,
    entropy::SystemEntropy,
    front::Front,
    lab::{self, Lab},
    listener::{self, Door},
    services::{Parts, Running, Services},
};

/// The region of a dev cloud.
pub const REGION: &str = "us-ashburn-1";

/// What `obol up` was asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; loopback only. Port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where the files go.
    pub data_dir: PathBuf,
    /// A SQLite file or `postgres://…`; `None` is `obol.db` in the data directory.
    pub database_url: Option<String>,
    /// Forget what an earlier start left.
    pub fresh: bool,
    /// How long simulated provisioning takes, for each kind of work.
    pub provisioning: Durations,
    /// Let the tenancy have any number of instances, instead of Oracle's default limits.
    pub no_limits: bool,
    /// Let everybody read the stripe's public signing key, as `Settings.signingCertPublicAccess` does.
    pub public_signing_cert: bool,
    /// What guards the token service.
    pub safety: Safety,
}

/// Why the dev cloud did not start. `Display` says what and where in one line; [`StartError::hint`] what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `--listen` names an address that others can reach.
    #[error("a dev cloud listens on loopback only, and {0} is not")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] listener::BindError),
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database answered with an error.
    #[error("the database cannot be read or written")]
    Store(#[from] StoreError),
    /// Data directory and database do not belong together.
    #[error("{what} in {} does not belong to this database", directory.display())]
    Mismatch {
        /// The file at fault.
        what: &'static str,
        /// The data directory.
        directory: PathBuf,
    },
    /// A file that an earlier start left is gone.
    #[error("{what} is missing from {}", directory.display())]
    Missing {
        /// The file.
        what: &'static str,
        /// The data directory.
        directory: PathBuf,
    },
    /// The seed could not be made.
    #[error("the seed cannot be made: {0}")]
    Seed(String),
}

impl StartError {
    /// What whoever ran `obol up` can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotLoopback(_) => "use --listen 127.0.0.1:4620",
            Self::Bind(_) => {
                "stop what listens there, or choose another address with --listen (port 0 picks a free one)"
            }
            Self::DataDir(error) => error.hint(),
            Self::Open(error) => error.hint(),
            Self::Store(_) => "check the database and its disk, or start over with --fresh",
            Self::Mismatch { .. } => {
                "use the data directory that this database was made with, or start over with --fresh"
            }
            Self::Missing { .. } => "put it back, or start over with --fresh",
            Self::Seed(_) => "start over with --fresh",
        }
    }
}

/// A running dev cloud.
#[derive(Debug)]
pub struct DevCloud {
    /// Where it listens, e.g. `http://127.0.0.1:4620`.
    pub url: String,
    /// Whether this start made the seed.
    pub first_start: bool,
    /// How long steps 1 and 2, the seed, took. Zero on later starts.
    pub seeding: [Duration; 2],
    /// What stands in `dev.env`.
    pub facts: Facts,
    /// Where the files are.
    pub data_dir: DataDir,
    running: Running,
    _claim: Claim,
}

/// The name under which it is kept that the walk was done once.
const WALKED: &str = "dev.walked";

impl DevCloud {
    /// Starts the dev cloud and serves. The listener is bound before anything else is touched.
    ///
    /// # Errors
    ///
    /// [`StartError`]
    pub async fn start(options: Options) -> Result<Self, StartError> {
        if !options.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(options.listen));
        }
        let listener = listener::bind(options.listen).await?;
        let address = listener.local_addr().unwrap_or(options.listen);
        let data_dir = DataDir::claim(&options.data_dir)?;
        let database = options.database_url.clone().unwrap_or_else(|| data_dir.path("obol.db").display().to_string());
        let claim = Claim::take(&database).await?;
        if options.fresh {
            Db::erase(&database).await?;
            data_dir.forget()?;
        }
        let db = Db::open(&database).await?;
        let clock = MovableClock::new(lab::kept_offset(&db).await?);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let master = key::master(&db, &data_dir, &*entropy).await?;
        let seeded = seed::ensure(&db, &data_dir, &master, &clock, &*entropy, address).await?;
        if options.public_signing_cert {
            let mut tx = db.begin().await?;
            stripes::set_signing_cert_public(&mut tx, &seeded.facts.stripe, true).await?;
            tx.commit().await?;
        }
        let mut settings = Settings::new(REGION, &format!("http://{address}"));
        if options.no_limits {
            settings.limits = TenancyLimits::UNLIMITED;
        }
        let faults = Faults::default();
        let services = Services::new(Parts {
            db: db.clone(),
            clock: Arc::new(clock.clone()),
            entropy,
            master,
            public: PublicUrls { scheme: "http".to_owned(), authority: address.to_string() },
            provisioner: Arc::new(Simulated::new(options.provisioning, faults.clone())),
            settings,
            safety: options.safety,
        });
        let lab = Lab {
            db,
            clock,
            recorder: services.recorder.clone(),
            faults,
            identity: services.identity.clone(),
            stripe: seeded.facts.stripe.clone(),
            moving: Arc::default(),
        };
        let door = Door { listener, front: Front::loopback(), tls: None };
        Ok(Self {
            url: format!("http://{address}"),
            first_start: seeded.first_start,
            seeding: seeded.took,
            facts: seeded.facts,
            data_dir,
            running: services.serve(door, lab::router(lab)),
            _claim: claim,
        })
    }

    /// Whether an earlier start has walked the whole way already.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn walked(&self) -> Result<bool, StoreError> {
        Ok(meta::get(&self.running.db, WALKED).await?.is_some())
    }

    /// Keeps that the whole way has been walked.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn mark_walked(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.running.db.begin().await?;
        meta::set(&mut tx, WALKED, &now.to_string()).await?;
        tx.commit().await
    }

    /// Lets requests under way end, stops the background work and closes the database, in under a second.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}
