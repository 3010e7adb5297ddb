//! What work does to its instance, in the one transaction that finishes it. The state is not part of it: that is the
//! lifecycle table's.

use obol_protocol::analytics::{Capacity, FeatureBundle, NetworkEndpointDetails};
use obol_store::{StoreError, Tx, instances::Instance, work_requests};

/// A change of an instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// The state is all that changes.
    Nothing,
    /// It has an address from now on.
    Address(String),
    /// It has another capacity.
    Capacity(Capacity),
    /// It is filed elsewhere, and so is all work on it.
    Compartment(String),
    /// It is reached from elsewhere.
    NetworkEndpoint(NetworkEndpointDetails),
    /// It is encrypted with another key; none for Oracle's own.
    KmsKey(Option<String>),
    /// It belongs to another bundle, or to none.
    FeatureBundle(Option<FeatureBundle>),
}

impl Change {
    /// Makes the change to an instance that is held, before it is written. What it writes to other tables stands in the same
    /// transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub(crate) async fn apply(&self, tx: &mut Tx, instance: &mut Instance) -> Result<(), StoreError> {
        match self {
            Self::Nothing => {}
            Self::Address(service_url) => instance.service_url.clone_from(service_url),
            Self::Capacity(capacity) => instance.capacity = *capacity,
            Self::Compartment(compartment_id) => {
                instance.compartment_id.clone_from(compartment_id);
                work_requests::refile(tx, &instance.tenancy_id, &instance.id, compartment_id).await?;
            }
            Self::NetworkEndpoint(details) => instance.details.network_endpoint_details = details.clone(),
            Self::KmsKey(key) => instance.details.kms_key_id.clone_from(key),
            Self::FeatureBundle(bundle) => instance.details.feature_bundle = *bundle,
        }
        Ok(())
    }
}
