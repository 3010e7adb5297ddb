//! An instance, as Get and Create answer it and as List sums it up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Capacity, DefinedTags, FeatureBundle, FeatureSet, FreeformTags, InstanceName, InstanceResourceGroup, LicenseType,
    LifecycleState, NetworkEndpointDetails, PrivateAccessChannel, UpdateChannel, VanityUrlDetails,
};
use crate::Timestamp;

/// The whole instance (contract analytics 2, AnalyticsInstance). The access token and the administrator's name that it was
/// made with are never part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalyticsInstance {
    /// What the list shows too.
    #[serde(flatten)]
    pub summary: AnalyticsInstanceSummary,
    /// When it gets updates. Terraform reads it only beside `timeUpdated` (contract analytics 0, rule 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_channel: Option<UpdateChannel>,
    /// The private access channels by key.
    #[serde(default)]
    pub private_access_channels: BTreeMap<String, PrivateAccessChannel>,
    /// The vanity URLs by key.
    #[serde(default)]
    pub vanity_url_details: BTreeMap<String, VanityUrlDetails>,
    /// The customer's encryption key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// The product bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature_bundle: Option<FeatureBundle>,
    /// The identity domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain_id: Option<String>,
    /// The resource groups.
    #[serde(default)]
    pub resource_groups: Vec<InstanceResourceGroup>,
}

/// An entry of the list (contract analytics 2, AnalyticsInstanceSummary).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalyticsInstanceSummary {
    /// Its OCID.
    pub id: String,
    /// Its name, unique in the tenancy.
    pub name: InstanceName,
    /// Up to 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where it is filed.
    pub compartment_id: String,
    /// Where it is in its life.
    pub lifecycle_state: LifecycleState,
    /// The edition.
    pub feature_set: FeatureSet,
    /// How much it may take.
    pub capacity: Capacity,
    /// Who pays for the licence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_type: Option<LicenseType>,
    /// Where to write to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_notification: Option<String>,
    /// From where it can be reached.
    pub network_endpoint_details: NetworkEndpointDetails,
    /// Its address, once it is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_url: Option<String>,
    /// Tags with namespaces.
    #[serde(default)]
    pub defined_tags: DefinedTags,
    /// Free tags.
    #[serde(default)]
    pub freeform_tags: FreeformTags,
    /// The cloud's own tags. Always present: Terraform shows a lasting difference without it (contract analytics 0, rule 6).
    #[serde(default)]
    pub system_tags: DefinedTags,
    /// When it was asked for.
    pub time_created: Timestamp,
    /// When it was last changed through this API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_updated: Option<Timestamp>,
}
