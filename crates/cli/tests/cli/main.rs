//! The command line as a process: against a running dev cloud, and against a server that answers what it is told to.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod alone;
mod cloud;
mod support;
