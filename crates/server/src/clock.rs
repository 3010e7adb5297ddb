//! The server's clock. In a dev cloud it can be moved; what waits by it wakes when it is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use obol_domain::{BoxFuture, Clock};
use obol_protocol::Timestamp;
use tokio::sync::watch;

/// The system's time plus an offset. Clones share the offset.
#[derive(Clone, Debug)]
pub struct MovableClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    offset: AtomicI64,
    moved: watch::Sender<()>,
}

impl MovableClock {
    /// A clock that runs `offset` microseconds ahead of the system's.
    pub fn new(offset: i64) -> Self {
        Self(Arc::new(Inner { offset: AtomicI64::new(offset), moved: watch::Sender::new(()) }))
    }

    /// How far ahead of the system's time this clock runs, in microseconds.
    pub fn offset(&self) -> i64 {
        self.0.offset.load(Ordering::Relaxed)
    }

    /// Sets how far ahead of the system's time this clock runs, and wakes whatever waits by it.
    pub fn set_offset(&self, offset: i64) {
        self.0.offset.store(offset, Ordering::Relaxed);
        self.0.moved.send_replace(());
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.wall().micros().saturating_add(self.offset()))
    }

    fn wall(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place where the time comes from")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp::from_micros(0).plus(since_epoch)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let clock = self.clone();
        let until = self.now().plus(duration);
        Box::pin(async move {
            let mut moved = clock.0.moved.subscribe();
            loop {
                let left = until.since(clock.now());
                // More is left than was asked for when the clock was moved back: a wait does not grow by that.
                if left.is_zero() || left > duration {
                    return;
                }
                #[expect(clippy::disallowed_methods, reason = "the one place where waiting happens")]
                let slept = tokio::time::sleep(left);
                tokio::select! {
                    () = slept => {}
                    // The sender lives as long as this future's own clone of the clock.
                    _ = moved.changed() => {}
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn moving_the_clock_ends_a_wait() {
        let clock = MovableClock::new(0);
        let hour = Duration::from_hours(1);
        let waiting = tokio::spawn(clock.sleep(hour));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.set_offset(2 * 3600 * 1_000_000);
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("the wait ends").unwrap();
    }

    #[tokio::test]
    async fn moving_the_clock_back_ends_a_wait_that_would_grow() {
        let clock = MovableClock::new(3_600_000_000);
        let waiting = tokio::spawn(clock.sleep(Duration::from_secs(1)));
        tokio::task::yield_now().await;
        clock.set_offset(0);
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("the wait ends").unwrap();
    }

    #[test]
    fn wall_time_stays_when_the_clock_is_moved() {
        let clock = MovableClock::new(0);
        clock.set_offset(3_600_000_000);
        assert!(clock.now().since(clock.wall()) >= Duration::from_mins(59));
    }
}
