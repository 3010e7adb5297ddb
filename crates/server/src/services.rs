//! The services over one database, put together: what a dev cloud and a production server have in common.

use std::{future::Future, sync::Arc, time::Duration};

use axum::{Router, middleware};
use obol_analytics::{Analytics, AnalyticsParts, Settings, provisioner::Provisioner, work::Engine};
use obol_domain::{Clock, Entropy, injector::NoFaults, seal::MasterKey};
use obol_identity::{Identity, IdentityParts, PublicUrls, Safety, audit::Trail};
use obol_store::{Db, explanations::Recorder};
use tokio::{sync::watch, task::JoinSet};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    listener::{self, Door},
    telemetry,
};

/// How long requests under way and background work may take to stop.
const ENDING: Duration = Duration::from_millis(750);
/// How long the database may take to close.
const CLOSING: Duration = Duration::from_millis(100);

/// What the services are made of.
pub(crate) struct Parts {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) master: MasterKey,
    /// How clients reach this installation.
    pub(crate) public: PublicUrls,
    /// What provisions instances.
    pub(crate) provisioner: Arc<dyn Provisioner>,
    pub(crate) settings: Settings,
    /// What guards the token service.
    pub(crate) safety: Safety,
}

/// Services that are put together and not yet reachable.
pub(crate) struct Services {
    db: Db,
    pub(crate) identity: Identity,
    analytics: Analytics,
    pub(crate) recorder: Recorder,
    recording: tokio::task::JoinHandle<()>,
}

impl Services {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { db, clock, entropy, master, public, provisioner, settings, safety } = parts;
        let (recorder, recording) = Recorder::start(db.clone());
        let identity = Identity::new(IdentityParts {
            db: db.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            master: master.clone(),
            public,
            recorder: recorder.clone(),
            password_slots: std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            safety,
        });
        let analytics = Analytics::new(AnalyticsParts {
            db: db.clone(),
            clock,
            entropy,
            verifier: Arc::new(identity.clone()),
            registrar: Arc::new(identity.clone()),
            master,
            authenticator: Arc::new(identity.clone()),
            injector: Arc::new(NoFaults),
            provisioner,
            settings,
            recorder: recorder.clone(),
        });
        Self { db, identity, analytics, recorder, recording }
    }

    /// Opens the door: the services' routes beside `own`, and the work that goes on behind them.
    pub(crate) fn serve(self, door: Door, own: Router) -> Running {
        let Self { db, identity, analytics, recorder: _, recording } = self;
        let stop = watch::Sender::new(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(Engine::new(analytics.clone()).run(stopped(&stop)));
        let (watched, stopping) = (identity.clone(), stopped(&stop));
        tasks.spawn(async move {
            tokio::select! {
                () = watched.watch() => {}
                () = stopping => {}
            }
        });
        let trail = identity.trail();
        let router = Router::new()
            .merge(obol_identity::http::router(identity.clone()))
            .merge(obol_identity::iam::router(identity.clone()))
            .merge(obol_analytics::http::router(analytics))
            .merge(obol_console::router(identity.clone()))
            .merge(own)
            .route_layer(middleware::from_fn(telemetry::note_route))
            .fallback_service(obol_identity::http::elsewhere(identity))
            .layer(CatchPanicLayer::new());
        tasks.spawn(listener::serve(door, router, stopped(&stop)));
        tasks.spawn(async move {
            if let Err(error) = recording.await {
                tracing::error!(%error, "explanations were not written to the end");
            }
        });
        Running { db, trail, stop, tasks }
    }
}

/// Services that can be reached.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) db: Db,
    trail: Trail,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Lets requests under way end, stops the background work and closes the database, in under a second.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(ENDING, ended).await.is_err() {
            tracing::warn!("background work was still under way at shutdown; it goes on at the next start");
        }
        self.tasks.abort_all();
        // Whoever could add a record of the audit trail is gone.
        let _ = tokio::time::timeout(CLOSING, self.trail.flush()).await;
        // SQLite folds its write-ahead log back into the file; a slow disk must not hold the exit up.
        let _ = tokio::time::timeout(CLOSING, self.db.close()).await;
    }
}

fn stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stop = stop.subscribe();
    async move {
        // The sender is gone only when the services are.
        let _ = stop.wait_for(|stopped| *stopped).await;
    }
}
