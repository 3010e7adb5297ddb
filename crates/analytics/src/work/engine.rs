//! Who takes work: a loop that claims what is due, up to a bound, woken when work was accepted, when some is due, and every
//! second, for the work that other nodes accepted.

use std::{future::Future, time::Duration};

use obol_domain::Entropy;
use obol_protocol::Timestamp;
use obol_store::{StoreError, work_requests};
use tokio::{sync::watch, task::JoinSet};

use super::{
    LEASE, reconcilers,
    worker::{self, Stopped},
};
use crate::Analytics;

/// How many work requests one node carries on at a time: one that writes and one that waits for the stripe, or more where
/// the database takes more writers. Callers' requests must find room between them.
const FEWEST: usize = 2;
const MOST: usize = 4;
/// How long the engine is quiet at most.
const QUIET: Duration = Duration::from_secs(1);
/// How often the reconcilers run.
const RECONCILE: Duration = Duration::from_mins(1);

/// The engine. One of them runs in each node; any number share a database.
pub struct Engine {
    analytics: Analytics,
}

/// Why the engine could not go on by hand.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The database failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// A test let the process die here.
    #[error("crashed on purpose")]
    Crashed,
}

impl Engine {
    /// The engine of a control plane.
    pub const fn new(analytics: Analytics) -> Self {
        Self { analytics }
    }

    /// Carries work on until `shutdown` is ready, then lets go of what it holds and ends.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let stop = watch::Sender::new(false);
        let concurrency = self.concurrency();
        let mut workers = JoinSet::new();
        let mut reconciled_at: Option<Timestamp> = None;
        tokio::pin!(shutdown);
        loop {
            let now = self.analytics.clock.now();
            if reconciled_at.is_none_or(|at| now.distance(at) >= RECONCILE) {
                reconciled_at = Some(now);
                if let Err(error) = reconcilers::run(&self.analytics, now).await {
                    log_failure("the reconcilers failed", &error);
                }
            }
            let pause = self.fill(&mut workers, &stop).await;
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = self.analytics.accepted.notified(), if workers.len() < concurrency => {}
                ended = workers.join_next(), if !workers.is_empty() => {
                    if let Some(Err(error)) = ended {
                        tracing::error!(%error, "a worker died; its lease will end");
                    }
                }
                () = self.analytics.clock.sleep(pause) => {}
            }
        }
        stop.send_replace(true);
        while workers.join_next().await.is_some() {}
    }

    fn concurrency(&self) -> usize {
        self.analytics.db.writers().clamp(FEWEST, MOST)
    }

    /// Starts workers for what is due, up to the bound. Returns how long nothing else is.
    async fn fill(&self, workers: &mut JoinSet<()>, stop: &watch::Sender<bool>) -> Duration {
        while workers.len() < self.concurrency() {
            match self.claim().await {
                Ok(Claim::Taken(work, mark)) => {
                    let (analytics, stopping) = (self.analytics.clone(), stop.subscribe());
                    workers.spawn(async move {
                        match worker::carry_on(&analytics, *work, mark, &stopping).await {
                            Ok(()) | Err(Stopped::Released | Stopped::Crashed) => {}
                            Err(Stopped::LeaseLost) => tracing::info!("work was taken over by another holder"),
                            Err(Stopped::Store(error)) => log_failure("work stopped; its lease will end", &error),
                        }
                    });
                }
                Ok(Claim::Nothing { next }) => {
                    let now = self.analytics.clock.now();
                    return next.map_or(QUIET, |next| next.since(now).clamp(Duration::from_millis(1), QUIET));
                }
                Err(error) => {
                    log_failure("no work could be claimed", &error);
                    return QUIET;
                }
            }
        }
        QUIET
    }

    /// Carries on, one after the other, all work that is due at the present instant. For whoever moves the clock by hand.
    ///
    /// # Errors
    ///
    /// [`EngineError`]
    pub async fn run_due(&self) -> Result<usize, EngineError> {
        let (_stop, stopping) = watch::channel(false);
        let mut taken = 0;
        while let Claim::Taken(work, mark) = self.claim().await? {
            taken += 1;
            match worker::carry_on(&self.analytics, *work, mark, &stopping).await {
                Ok(()) | Err(Stopped::Released | Stopped::LeaseLost) => {}
                Err(Stopped::Crashed) => return Err(EngineError::Crashed),
                Err(Stopped::Store(error)) => return Err(error.into()),
            }
        }
        Ok(taken)
    }

    /// Runs the reconcilers once.
    ///
    /// # Errors
    ///
    /// [`EngineError`]
    pub async fn reconcile(&self) -> Result<(), EngineError> {
        Ok(reconcilers::run(&self.analytics, self.analytics.clock.now()).await?)
    }

    /// Looks before it claims: a look takes no lock.
    async fn claim(&self) -> Result<Claim, StoreError> {
        let db = &self.analytics.db;
        let now = self.analytics.clock.now();
        let next = work_requests::next_due(db).await?;
        if next.is_none_or(|next| next > now) {
            return Ok(Claim::Nothing { next });
        }
        let entropy: &dyn Entropy = &*self.analytics.entropy;
        let mark = entropy.hex32();
        match work_requests::claim(db, &mark, now, now.plus(LEASE)).await? {
            Some(work) => Ok(Claim::Taken(Box::new(work), mark)),
            None => Ok(Claim::Nothing { next: None }),
        }
    }
}

enum Claim {
    Taken(Box<work_requests::WorkRequest>, String),
    Nothing { next: Option<Timestamp> },
}

fn log_failure(what: &str, error: &StoreError) {
    tracing::error!(error = obol_domain::with_causes(error), "{what}");
}
