//! The provisioner that has no servers: it waits as long as its settings say, fails when it is told to, and says in every
//! line of the log that it is simulated.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use obol_domain::BoxFuture;
use obol_protocol::analytics::{LifecycleState, OperationType};
use obol_store::instances::Instance;

use super::{ChannelAddresses, Order, Outcome, ProvisionFailure, Provisioner};

/// How long each kind of order takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durations {
    usual: Duration,
    of: BTreeMap<OperationType, Duration>,
}

impl Durations {
    /// The same for all.
    pub const fn all(usual: Duration) -> Self {
        Self { usual, of: BTreeMap::new() }
    }

    /// Another one for one kind.
    #[must_use]
    pub fn with(mut self, operation: OperationType, duration: Duration) -> Self {
        self.of.insert(operation, duration);
        self
    }

    fn of(&self, operation: OperationType) -> Duration {
        self.of.get(&operation).copied().unwrap_or(self.usual)
    }
}

/// Which of the next orders fail on purpose, and how many. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<BTreeMap<OperationType, u32>>>);

impl Faults {
    /// Lets the next `times` orders of a kind fail for good; 0 lets them succeed again.
    pub fn set(&self, operation: OperationType, times: u32) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if times == 0 {
            faults.remove(&operation);
        } else {
            faults.insert(operation, times);
        }
    }

    /// Lets everything succeed again.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What is still to fail, and how often.
    pub fn pending(&self) -> BTreeMap<OperationType, u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn strikes(&self, operation: OperationType) -> bool {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left) = faults.get_mut(&operation) else { return false };
        *left = left.saturating_sub(1);
        if *left == 0 {
            faults.remove(&operation);
        }
        true
    }
}

/// The simulated provisioner.
#[derive(Debug, Clone)]
pub struct Simulated {
    durations: Durations,
    faults: Faults,
}

impl Simulated {
    /// A provisioner that takes these times and fails when `faults` says so.
    pub const fn new(durations: Durations, faults: Faults) -> Self {
        Self { durations, faults }
    }
}

impl Provisioner for Simulated {
    fn announce(&self, operation: OperationType) -> String {
        match operation {
            OperationType::CreateAnalyticsInstance => {
                "Provisioning is simulated: no analytics server is started.".to_owned()
            }
            OperationType::DeleteAnalyticsInstance => {
                "Deprovisioning is simulated: there is no analytics server to stop.".to_owned()
            }
            other => format!("The {} is simulated: there is no analytics server.", noun(other)),
        }
    }

    fn carry_out<'a>(&'a self, order: Order<'a>) -> BoxFuture<'a, Result<Outcome, ProvisionFailure>> {
        Box::pin(async move {
            let until = order.since.plus(self.durations.of(order.operation));
            if order.now < until {
                return Ok(Outcome::Pending { until });
            }
            if self.faults.strikes(order.operation) {
                let message = format!("The simulated {} was told to fail.", noun(order.operation));
                return Err(ProvisionFailure::Lasting(message));
            }
            Ok(Outcome::Done(format!("Simulated {} finished.", noun(order.operation))))
        })
    }

    fn take_back<'a>(&'a self, order: Order<'a>) -> BoxFuture<'a, Result<String, ProvisionFailure>> {
        Box::pin(async move { Ok(format!("Simulated {} was taken back.", noun(order.operation))) })
    }

    /// Three addresses that are kept for documentation (RFC 5737), which lead nowhere. They are those of this channel in this
    /// subnet, however often they are asked for.
    fn channel_addresses(&self, instance: &Instance, key: &str, subnet_id: &str) -> ChannelAddresses {
        let bytes = instance.id.bytes().chain(key.bytes()).chain(subnet_id.bytes());
        let host = bytes.fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)).clamp(1, 252);
        let address = |host| IpAddr::from(Ipv4Addr::new(203, 0, 113, host));
        let (own, egress) = (address(host), vec![address(host + 1), address(host + 2)]);
        let log = format!("The addresses of the private access channel are simulated: {own} leads nowhere.");
        ChannelAddresses { own, egress, log }
    }

    /// Two of the addresses that are kept for documentation (RFC 5737), which lead nowhere.
    fn egress_addresses(&self, instance: &Instance) -> Vec<IpAddr> {
        match instance.state {
            LifecycleState::Active | LifecycleState::Inactive | LifecycleState::Updating => {
                let host = instance.id.bytes().fold(0_u8, u8::wrapping_add).clamp(1, 254);
                vec![Ipv4Addr::new(192, 0, 2, host).into(), Ipv4Addr::new(198, 51, 100, host).into()]
            }
            LifecycleState::Creating | LifecycleState::Deleted | LifecycleState::Deleting | LifecycleState::Failed => {
                Vec::new()
            }
        }
    }
}

const fn noun(operation: OperationType) -> &'static str {
    match operation {
        OperationType::CreateAnalyticsInstance => "provisioning",
        OperationType::DeleteAnalyticsInstance => "deprovisioning",
        OperationType::StartAnalyticsInstance => "start",
        OperationType::StopAnalyticsInstance => "stop",
        OperationType::ScaleAnalyticsInstance => "scaling",
        OperationType::ChangeAnalyticsInstanceCompartment => "move to another compartment",
        OperationType::ChangeAnalyticsInstanceNetworkEndpoint => "change of the network endpoint",
        OperationType::UpdateInstanceEncryptionKey => "change of the encryption key",
        OperationType::SetFeatureSet => "change of the feature bundle",
        OperationType::CreatePrivateAccessChannel => "creation of the private access channel",
        OperationType::UpdatePrivateAccessChannel => "change of the private access channel",
        OperationType::DeletePrivateAccessChannel => "removal of the private access channel",
        OperationType::CreateVanityUrl => "creation of the vanity URL",
        OperationType::UpdateVanityUrl => "change of the vanity URL",
        OperationType::DeleteVanityUrl => "removal of the vanity URL",
        OperationType::CreateResourceGroup => "creation of the resource group",
        OperationType::UpdateResourceGroup => "change of the resource group",
        OperationType::DeleteResourceGroup => "removal of the resource group",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_its_own_time() {
        let durations =
            Durations::all(Duration::from_secs(2)).with(OperationType::ScaleAnalyticsInstance, Duration::from_mins(1));
        assert_eq!(durations.of(OperationType::ScaleAnalyticsInstance), Duration::from_mins(1));
        assert_eq!(durations.of(OperationType::StopAnalyticsInstance), Duration::from_secs(2));
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_was_set() {
        let (faults, kind) = (Faults::default(), OperationType::StopAnalyticsInstance);
        assert!(!faults.strikes(kind));
        faults.clone().set(kind, 2);
        assert_eq!(faults.pending(), [(kind, 2)].into());
        assert!(!faults.strikes(OperationType::StartAnalyticsInstance));
        assert!(faults.strikes(kind) && faults.strikes(kind) && !faults.strikes(kind));
        faults.set(kind, 1);
        faults.set(kind, 0);
        assert!(!faults.strikes(kind));
        faults.set(kind, u32::MAX);
        faults.clear();
        assert!(faults.pending().is_empty());
    }
}
