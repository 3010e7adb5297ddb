//! The production server behind `obol serve`: a configuration file, TLS unless a proxy ends it, any number of nodes over one
//! PostgreSQL. No seed, no movable clock, and of `/obol/v1` only health, readiness and the API's description.

mod config;

use std::{fs, io, net::SocketAddr, path::PathBuf, sync::Arc};

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use obol_analytics::{
    Settings,
    provisioner::{Durations, Faults, Simulated},
};
use obol_domain::{Entropy, seal::MasterKey};
use obol_identity::PublicUrls;
use obol_store::{Db, OpenError, StoreError, open::Claim, stripes};
use serde::Serialize;

pub use config::{Config, ConfigError};

use crate::{
    clock::MovableClock,
    entropy::SystemEntropy,
    front::Front,
    listener::{self, Door},
    master_key, openapi,
    services::{Parts, Running, Services},
    tls::{self, TlsError},
};

/// Why the server did not start. `Display` says what and where in one line; [`ServeError::hint`] what to do.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] listener::BindError),
    /// The certificate or its key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The file with the master key cannot be read.
    #[error("the master key {} cannot be read: {}", path.display(), source.kind())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file holds no master key, or another one than the database was made with.
    #[error("the master key in {} is not this database's", .0.display())]
    WrongKey(PathBuf),
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database answered with an error.
    #[error("the database cannot be read or written")]
    Store(#[from] StoreError),
    /// There is no stripe in the database.
    #[error("the database has no identity domain yet")]
    Empty,
}

impl ServeError {
    /// What whoever ran `obol serve` can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Config(error) => error.hint(),
            Self::Bind(_) => "stop what listens there, or choose another address with listen in the configuration",
            Self::Tls(_) => "check tls.certificate_file and tls.private_key_file: PEM, the server's certificate first",
            Self::KeyFile { .. } => "master_key_file names a file of 64 hex digits that this user can read",
            Self::WrongKey(_) => "use the master.key that was made with the database",
            Self::Open(error) => error.hint(),
            Self::Store(_) => "check the database",
            Self::Empty => {
                "make one first: obol up --once --database-url URL, whose data directory gets the master key"
            }
        }
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    running: Running,
    _claim: Claim,
}

impl Server {
    /// Starts the server. The listener is bound before anything else is touched.
    ///
    /// # Errors
    ///
    /// [`ServeError`]
    pub async fn start(config: Config) -> Result<Self, ServeError> {
        let tls = match &config.tls {
            Some(files) => Some(tls::acceptor(&files.certificate_file, &files.private_key_file)?),
            None => None,
        };
        let listener = listener::bind(config.listen).await?;
        let address = listener.local_addr().unwrap_or(config.listen);
        let claim = Claim::share(&config.database_url).await?;
        let db = Db::open(&config.database_url).await?;
        let master = master(&db, config.master_key_file).await?;
        if stripes::versions(&db).await?.is_empty() {
            return Err(ServeError::Empty);
        }
        let public = config.public;
        let front = Front::named(public.scheme(), public.host());
        let services = Services::new(Parts {
            db: db.clone(),
            clock: Arc::new(MovableClock::new(0)),
            entropy: Arc::new(SystemEntropy) as Arc<dyn Entropy>,
            master,
            public: PublicUrls { scheme: public.scheme().to_owned(), authority: public.authority().to_owned() },
            provisioner: Arc::new(Simulated::new(Durations::all(config.provisioning), Faults::default())),
            settings: Settings::new(&config.region, &public.to_string()),
            safety: config.safety,
        });
        let running = services.serve(Door { listener, front, tls }, health(db));
        Ok(Self { address, running, _claim: claim })
    }

    /// Lets requests under way end, stops the background work and closes the database, in under a second.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

async fn master(db: &Db, path: PathBuf) -> Result<MasterKey, ServeError> {
    let text = match fs::read_to_string(&path) {
        Ok(text) => zeroize::Zeroizing::new(text),
        Err(source) => return Err(ServeError::KeyFile { path, source }),
    };
    let Some(key) = master_key::read(&text) else { return Err(ServeError::WrongKey(path)) };
    if master_key::is_proven(db, &key).await? { Ok(key) } else { Err(ServeError::WrongKey(path)) }
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

/// Whether the process answers, and whether its database does.
fn health(db: Db) -> Router {
    Router::new()
        .route("/obol/v1/health", get(async || Json(Status { status: "ok" })))
        .route("/obol/v1/ready", get(ready))
        .route(openapi::PATH, get(openapi::analytics))
        .with_state(db)
}

async fn ready(State(db): State<Db>) -> impl IntoResponse {
    match stripes::versions(&db).await {
        Ok(_) => (StatusCode::OK, Json(Status { status: "ready" })),
        Err(error) => {
            tracing::error!(error = obol_domain::with_causes(&error), "not ready: the database cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, Json(Status { status: "the database is not available" }))
        }
    }
}
