//! Time is given, never taken: whoever needs the hour holds a [`Clock`].

use std::time::Duration;

use obol_protocol::Timestamp;

use crate::BoxFuture;

/// The time a server lives in, and waits in.
pub trait Clock: Send + Sync + 'static {
    /// The service's time. It stamps tokens and rows, and can be moved in a dev cloud.
    fn now(&self) -> Timestamp;

    /// The time that a client's own clock shows. Request signatures are judged by it: moving the service's time by an
    /// hour must not turn every official client away, whose `Date` header nobody moved.
    fn wall(&self) -> Timestamp;

    /// Waits until the service's time has advanced by `duration`; moving the clock ends the wait early.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}
