//! What every part of the control plane holds on to.

use std::sync::Arc;

use obol_domain::{
    AccessTokenVerifier, Clock, Entropy, Injector, InstanceRegistrar, RequestAuthenticator, seal::MasterKey,
};
use obol_protocol::oci::ocid;
use obol_store::{Db, access::Memory, explanations::Recorder};
use tokio::sync::Notify;

use crate::{Provisioner, Settings};

/// The parts of the control plane, and what they keep in memory.
pub struct Inner {
    pub(crate) db: Db,
    /// Who may do what.
    pub(crate) rules: Memory,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) authenticator: Arc<dyn RequestAuthenticator>,
    pub(crate) verifier: Arc<dyn AccessTokenVerifier>,
    pub(crate) registrar: Arc<dyn InstanceRegistrar>,
    pub(crate) master: MasterKey,
    pub(crate) injector: Arc<dyn Injector>,
    pub(crate) provisioner: Arc<dyn Provisioner>,
    pub(crate) settings: Settings,
    pub(crate) recorder: Recorder,
    /// Rung when work was accepted.
    pub(crate) accepted: Notify,
}

impl Inner {
    /// A new OCID of this region.
    pub(crate) fn mint(&self, kind: &str) -> String {
        ocid::mint(kind, Some(&self.settings.region), &self.entropy.ocid_unique()).to_string()
    }
}
