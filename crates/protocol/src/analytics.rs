//! The bodies of the Analytics API, version 20190331, in the spelling of contract analytics 2.
//!
//! What a caller sends is read by hand from JSON ([`fields`]), because Oracle's public answer names no field while our
//! explanation must: every refusal is a [`FieldProblem`] with its path. What a server answers is plain serde both ways, so
//! that the client reads with the same types.

pub mod actions;
pub mod capacity;
pub mod create;
pub mod enums;
pub mod fields;
pub mod host_name;
pub mod instance;
pub mod name;
pub mod network;
pub mod private_access_channel;
pub mod query;
pub mod resource_group;
pub mod tags;
pub mod update;
pub mod vanity_url;
pub mod work_request;

pub use actions::{
    ChangeAnalyticsInstanceNetworkEndpointDetails, ChangeCompartmentDetails, ScaleAnalyticsInstanceDetails,
    SetFeatureBundleDetails, SetKmsKeyDetails,
};
pub use capacity::Capacity;
pub use create::CreateAnalyticsInstanceDetails;
pub use enums::{
    ActionResult, CapacityType, FeatureBundle, FeatureSet, LicenseType, LifecycleState, OperationType, UpdateChannel,
    WorkRequestStatus,
};
pub use fields::{FieldFault, FieldProblem};
pub use instance::{AnalyticsInstance, AnalyticsInstanceSummary};
pub use name::InstanceName;
pub use network::NetworkEndpointDetails;
pub use private_access_channel::{
    CreatePrivateAccessChannelDetails, PrivateAccessChannel, PrivateSourceDnsZone, PrivateSourceScanHost,
    UpdatePrivateAccessChannelDetails,
};
pub use resource_group::{InstanceResourceGroup, ResourceGroupDetails};
pub use tags::{DefinedTags, FreeformTags};
pub use update::UpdateAnalyticsInstanceDetails;
pub use vanity_url::{CreateVanityUrlDetails, UpdateVanityUrlDetails, VanityCertificate, VanityUrlDetails};
pub use work_request::{WorkRequest, WorkRequestError, WorkRequestLog, WorkRequestResource, WorkRequestSummary};

/// The first segment of every path of this API.
pub const API_VERSION: &str = "20190331";
