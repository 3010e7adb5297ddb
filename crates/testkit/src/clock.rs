//! A clock that stands still until it is moved.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use obol_domain::{BoxFuture, Clock};
use obol_protocol::Timestamp;
use tokio::sync::watch;

/// Time moved by hand. Clones share it. Service time and wall time are the same unless [`ManualClock::skew`] parts them.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    micros: AtomicI64,
    skew: AtomicI64,
    moved: watch::Sender<()>,
}

impl Default for ManualClock {
    /// Begins on 22 November 2026 at noon.
    fn default() -> Self {
        Self::at(Timestamp::from_seconds(1_795_348_800))
    }
}

impl ManualClock {
    /// Begins at an instant.
    pub fn at(start: Timestamp) -> Self {
        Self(Arc::new(Inner {
            micros: AtomicI64::new(start.micros()),
            skew: AtomicI64::new(0),
            moved: watch::Sender::new(()),
        }))
    }

    /// Moves time on, and wakes whatever waited for it.
    pub fn advance(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        self.0.micros.fetch_add(micros, Ordering::SeqCst);
        self.0.moved.send_replace(());
    }

    /// How many waits are under way, so that a test moves time only after what it tests has gone to sleep.
    pub fn sleepers(&self) -> usize {
        self.0.moved.receiver_count()
    }

    /// Lets the service's time run `duration` ahead of the wall's from now on.
    pub fn skew(&self, duration: Duration) {
        self.0.skew.store(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        self.0.moved.send_replace(());
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.wall().micros().saturating_add(self.0.skew.load(Ordering::SeqCst)))
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_micros(self.0.micros.load(Ordering::SeqCst))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let clock = self.clone();
        let until = self.now().plus(duration);
        Box::pin(async move {
            let mut moved = clock.0.moved.subscribe();
            while clock.now() < until {
                // The sender lives as long as this future's own clone of the clock.
                let _ = moved.changed().await;
            }
        })
    }
}
