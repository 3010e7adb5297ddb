//! How long a chore takes, and the pause between two looks at something that is awaited.
//!
//! The product takes time from a `Clock`; a chore watches real processes and has only real time to go by.

use std::time::{Duration, Instant};

/// Time since a moment.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    #[expect(clippy::disallowed_methods, reason = "chores time real processes; nothing here can be moved by a clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Waits between two looks at a process or a file; short enough not to be felt.
#[expect(clippy::disallowed_methods, reason = "std has no other way to wait for another process within a bound")]
pub fn pause() {
    std::thread::sleep(Duration::from_millis(40));
}
