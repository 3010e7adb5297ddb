//! What stands behind the control plane: whoever makes, changes and removes the servers of instances.
//!
//! Workflows hand an [`Order`] to a [`Provisioner`] and follow it; they know neither how it is carried out nor how long that
//! takes. The one implementation is [`Simulated`], which waits and says so. docs/adr has the reasons.

mod simulated;

use std::net::IpAddr;

use obol_domain::BoxFuture;
use obol_protocol::{Timestamp, analytics::OperationType};
use obol_store::instances::Instance;
use serde_json::Value;

pub use simulated::{Durations, Faults, Simulated};

/// Something to do to an instance's server.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Which work it is for: the same however often it is asked for again.
    pub work_request_id: &'a str,
    /// What is to be done.
    pub operation: OperationType,
    /// The instance, as it was when the work was taken up.
    pub instance: &'a Instance,
    /// What was asked for, in the words of the workflow.
    pub input: &'a Value,
    /// When it was first asked for.
    pub since: Timestamp,
    /// The present.
    pub now: Timestamp,
}

/// How far an order is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is carried out; a line for the work request's log.
    Done(String),
    /// It is under way.
    Pending {
        /// When to ask again.
        until: Timestamp,
    },
}

/// Why an order is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProvisionFailure {
    /// It may be, when it is asked for again.
    #[error("{0}")]
    Passing(String),
    /// It will not be.
    #[error("{0}")]
    Lasting(String),
}

/// Where a private access channel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelAddresses {
    /// Its own address.
    pub own: IpAddr,
    /// From where the instance's traffic comes to it.
    pub egress: Vec<IpAddr>,
    /// A line for the work request's log.
    pub log: String,
}

/// Carries orders out. Every function may be called any number of times for the same order.
pub trait Provisioner: Send + Sync + 'static {
    /// The first line about such an order in the work request's log.
    fn announce(&self, operation: OperationType) -> String;

    /// Begins an order, or sees how far it is.
    fn carry_out<'a>(&'a self, order: Order<'a>) -> BoxFuture<'a, Result<Outcome, ProvisionFailure>>;

    /// Takes back what was done of an order, wholly or in part, and gives a line for the log. It has waited long enough
    /// when it returns.
    fn take_back<'a>(&'a self, order: Order<'a>) -> BoxFuture<'a, Result<String, ProvisionFailure>>;

    /// The addresses of a private access channel in its subnet.
    fn channel_addresses(&self, instance: &Instance, key: &str, subnet_id: &str) -> ChannelAddresses;

    /// The addresses that the instance's own requests to other networks come from; none while there is no server.
    fn egress_addresses(&self, instance: &Instance) -> Vec<IpAddr>;
}
