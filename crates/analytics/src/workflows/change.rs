//! What work does to its instance, in the one transaction that finishes it. The state is not part of it: that is the
//! lifecycle table's.

use obol_protocol::analytics::{Capacity, FeatureBundle, NetworkEndpointDetails};
use obol_store::{
    StoreError, Tx,
    instances::Instance,
    private_access_channels::{self, Channel},
    resource_groups::{self, ResourceGroup},
    vanity_urls::{self, SealedCertificate, VanityUrl},
    work_requests,
};

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
    /// It has this private access channel, or another version of it.
    Channel(Box<Channel>),
    /// It has no private access channel under this key.
    NoChannel(String),
    /// It has this vanity URL, or another version of it.
    VanityUrl(Box<(VanityUrl, SealedCertificate)>),
    /// It has no vanity URL under this key.
    NoVanityUrl(String),
    /// It has this resource group, or another version of it.
    ResourceGroup(Box<ResourceGroup>),
    /// It has no resource group with this id.
    NoResourceGroup(String),
    /// It is gone, and its children with it.
    Gone,
}

impl Change {
    /// Makes the change to an instance that is held, before it is written. What it writes to other tables stands in the same
    /// transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub(crate) async fn apply(&self, tx: &mut Tx, instance: &mut Instance) -> Result<(), StoreError> {
        let (tenancy_id, id) = (instance.tenancy_id.clone(), instance.id.clone());
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
            Self::Channel(channel) => private_access_channels::put(tx, &tenancy_id, &id, channel).await?,
            Self::NoChannel(key) => private_access_channels::remove(tx, &tenancy_id, &id, key).await?,
            Self::VanityUrl(rows) => vanity_urls::put(tx, &tenancy_id, &id, &rows.0, &rows.1).await?,
            Self::NoVanityUrl(key) => vanity_urls::remove(tx, &tenancy_id, &id, key).await?,
            Self::ResourceGroup(group) => resource_groups::put(tx, &tenancy_id, &id, group).await?,
            Self::NoResourceGroup(group_id) => resource_groups::remove(tx, &tenancy_id, &id, group_id).await?,
            Self::Gone => {
                private_access_channels::remove_all(tx, &tenancy_id, &id).await?;
                vanity_urls::remove_all(tx, &tenancy_id, &id).await?;
                resource_groups::remove_all(tx, &tenancy_id, &id).await?;
            }
        }
        Ok(())
    }
}
