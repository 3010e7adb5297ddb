//! What a client takes from the machine it runs on: the hour, the wait, the random bytes. The only file that does.

use std::time::Duration;

use obol_protocol::{Timestamp, hex};

/// The time, waiting and randomness that a client is given.
pub trait Outside: Send + Sync {
    /// The wall clock: request signatures and expiry go by it.
    fn now(&self) -> Timestamp;

    /// Waits.
    fn pause(&self, duration: Duration);

    /// Fills the buffer with random bytes, for request ids and retry tokens.
    fn fill(&self, buffer: &mut [u8]);
}

/// The machine's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Outside for System {
    #[expect(clippy::disallowed_methods, reason = "the one place where a client reads the clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where a client waits: between two polls or retries")]
    fn pause(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    #[expect(clippy::expect_used, reason = "two calls with the same retry token are one to the service; see below")]
    fn fill(&self, buffer: &mut [u8]) {
        // A buffer left as it was would give two calls the same retry token, and the second would be answered with
        // what the first one made.
        #[expect(clippy::disallowed_methods, reason = "the one place where a client draws random bytes")]
        aws_lc_rs::rand::fill(buffer).expect("the operating system gives random bytes");
    }
}

/// Random bytes as hex digits, two for each byte.
pub(crate) fn random_hex<const N: usize>(outside: &dyn Outside) -> String {
    let mut bytes = [0_u8; N];
    outside.fill(&mut bytes);
    hex::encode(&bytes)
}
