//! The engine behind work requests.
//!
//! Work is accepted in the transaction that makes it necessary, and waits in the table. A worker claims it by lease, writes
//! down `started` before a step and `succeeded` after it, and every one of these writes is refused once the lease is lost.
//! Kill the process anywhere: the lease ends, the next holder reads how far the work is, runs the step that was under way
//! again (each is idempotent) and goes on. A step that fails for good has the steps before it undone, in reverse. Waiting
//! is a row with a later due time, not a task that sleeps. docs/adr/0003 has the reasons.

mod engine;
mod reconcilers;
mod record;
mod worker;

use std::time::Duration;

use obol_protocol::Timestamp;

pub use engine::{Engine, EngineError};

/// The kind of a work request's OCID. Oracle's own is not public; the IAM resource type is.
pub(crate) const OCID_KIND: &str = "analyticsinstanceworkrequest";

/// How long a holder that gives no sign keeps its work.
pub const LEASE: Duration = Duration::from_secs(5);
/// How often a passing failure is tried again before it counts as lasting.
pub const MOST_ATTEMPTS: i64 = 5;
/// How long DELETED instances are listed.
pub const DELETED_RETENTION: Duration = Duration::from_hours(24);

/// The instants a step decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The present.
    pub(crate) now: Timestamp,
    /// When the step was first started; a crash does not change it.
    pub(crate) step_started: Timestamp,
}

/// How long to wait before the next try, after so many that failed: 1, 2, 4, 8 seconds.
fn backoff(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, MOST_ATTEMPTS) - 1).unwrap_or(0);
    Duration::from_secs(1) * 2_u32.pow(doublings)
}
