//! The closed vocabularies of the API, each with one spelling per value (contract analytics 2, "Enums").
//!
//! In a body only that spelling is read; in a query filter any case is (contract analytics 0, rule 12).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::description::describe_among;

/// The text is none of the vocabulary's spellings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the allowed values")]
pub struct UnknownValue;

/// A closed vocabulary.
pub trait Vocabulary: Sized + Copy + 'static {
    /// Every value, in the contract's order.
    const ALL: &'static [Self];

    /// The value's one spelling.
    fn as_str(self) -> &'static str;

    /// Reads the exact spelling.
    fn exact(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == text)
    }

    /// Reads the spelling in any case, as query filters may be written.
    fn any_case(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str().eq_ignore_ascii_case(text))
    }

    /// What a text that is no value of this vocabulary looks like, for an explanation.
    fn describe(text: &str) -> String {
        describe_among(text, Self::ALL.iter().map(|value| value.as_str()))
    }

    /// All spellings for an explanation: `A, B or C`.
    fn spellings() -> String {
        let mut text = String::new();
        for (index, value) in Self::ALL.iter().enumerate() {
            if index > 0 {
                text.push_str(if index + 1 == Self::ALL.len() { " or " } else { ", " });
            }
            text.push_str(value.as_str());
        }
        text
    }
}

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $spelling:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $spelling)] $variant,)+
        }

        impl Vocabulary for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $spelling,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::exact(text).ok_or(UnknownValue)
            }
        }
    };
}

vocabulary! {
    /// Which edition an instance is.
    FeatureSet {
        /// Professional Edition.
        SelfServiceAnalytics = "SELF_SERVICE_ANALYTICS",
        /// Enterprise Edition.
        EnterpriseAnalytics = "ENTERPRISE_ANALYTICS",
    }
}

vocabulary! {
    /// What a capacity counts.
    CapacityType {
        /// OCPUs.
        OlpuCount = "OLPU_COUNT",
        /// Named users.
        UserCount = "USER_COUNT",
    }
}

vocabulary! {
    /// Who pays for the software licence.
    LicenseType {
        /// The licence is part of the price.
        LicenseIncluded = "LICENSE_INCLUDED",
        /// The customer has one.
        BringYourOwnLicense = "BRING_YOUR_OWN_LICENSE",
    }
}

vocabulary! {
    /// When an instance gets updates.
    UpdateChannel {
        /// With everybody.
        Regular = "REGULAR",
        /// Ahead of everybody.
        Early = "EARLY",
        /// Reserved.
        Phase2 = "PHASE_2",
        /// Reserved.
        Phase1 = "PHASE_1",
    }
}

vocabulary! {
    /// The product bundle an instance belongs to.
    FeatureBundle {
        /// Fusion Analytics Warehouse, paid.
        FawPaid = "FAW_PAID",
        /// Fusion Analytics Warehouse, free.
        FawFree = "FAW_FREE",
        /// Fusion Data Intelligence.
        FdiBase = "FDI_BASE",
        /// Enterprise Edition embedded in another product.
        EeEmbedded = "EE_EMBEDDED",
        /// Professional Edition embedded in another product.
        SeEmbedded = "SE_EMBEDDED",
    }
}

vocabulary! {
    /// Where an instance is in its life.
    LifecycleState {
        /// In service.
        Active = "ACTIVE",
        /// Being made.
        Creating = "CREATING",
        /// Gone; listed for a while.
        Deleted = "DELETED",
        /// Being removed.
        Deleting = "DELETING",
        /// Could not be made or removed.
        Failed = "FAILED",
        /// Stopped.
        Inactive = "INACTIVE",
        /// Being changed.
        Updating = "UPDATING",
    }
}

vocabulary! {
    /// Where a work request is in its life.
    WorkRequestStatus {
        /// Durable, not begun.
        Accepted = "ACCEPTED",
        /// Begun.
        InProgress = "IN_PROGRESS",
        /// Ended without its effect.
        Failed = "FAILED",
        /// Ended with its effect.
        Succeeded = "SUCCEEDED",
        /// Being cancelled.
        Canceling = "CANCELING",
        /// Cancelled.
        Canceled = "CANCELED",
    }
}

vocabulary! {
    /// What a work request does (contract analytics 5.2).
    OperationType {
        /// Makes an instance.
        CreateAnalyticsInstance = "CREATE_ANALYTICS_INSTANCE",
        /// Removes an instance.
        DeleteAnalyticsInstance = "DELETE_ANALYTICS_INSTANCE",
        /// Puts a stopped instance into service.
        StartAnalyticsInstance = "START_ANALYTICS_INSTANCE",
        /// Takes an instance out of service.
        StopAnalyticsInstance = "STOP_ANALYTICS_INSTANCE",
        /// Gives an instance another capacity.
        ScaleAnalyticsInstance = "SCALE_ANALYTICS_INSTANCE",
        /// Files an instance elsewhere.
        ChangeAnalyticsInstanceCompartment = "CHANGE_ANALYTICS_INSTANCE_COMPARTMENT",
        /// Changes from where an instance can be reached.
        ChangeAnalyticsInstanceNetworkEndpoint = "CHANGE_ANALYTICS_INSTANCE_NETWORK_ENDPOINT",
        /// Changes the encryption key; SetKmsKey.
        UpdateInstanceEncryptionKey = "UPDATE_INSTANCE_ENCRYPTION_KEY",
        /// Changes the product bundle; SetFeatureBundle.
        SetFeatureSet = "SET_FEATURE_SET",
        /// Makes a private access channel.
        CreatePrivateAccessChannel = "CREATE_PRIVATE_ACCESS_CHANNEL",
        /// Changes a private access channel.
        UpdatePrivateAccessChannel = "UPDATE_PRIVATE_ACCESS_CHANNEL",
        /// Removes a private access channel.
        DeletePrivateAccessChannel = "DELETE_PRIVATE_ACCESS_CHANNEL",
        /// Makes a vanity URL.
        CreateVanityUrl = "CREATE_VANITY_URL",
        /// Changes the certificate of a vanity URL.
        UpdateVanityUrl = "UPDATE_VANITY_URL",
        /// Removes a vanity URL.
        DeleteVanityUrl = "DELETE_VANITY_URL",
        /// Makes a resource group.
        CreateResourceGroup = "CREATE_RESOURCE_GROUP",
        /// Changes a resource group.
        UpdateResourceGroup = "UPDATE_RESOURCE_GROUP",
        /// Removes a resource group.
        DeleteResourceGroup = "DELETE_RESOURCE_GROUP",
    }
}

vocabulary! {
    /// What a work request has done to a resource (contract analytics 5.2).
    ActionResult {
        /// The instance stands. Also what a change of the encryption key reports.
        Created = "CREATED",
        /// The instance is gone.
        Deleted = "DELETED",
        /// The instance is in service again.
        Started = "STARTED",
        /// The instance is out of service.
        Stopped = "STOPPED",
        /// The instance has another capacity.
        Scaled = "SCALED",
        /// The instance is filed elsewhere.
        CompartmentChanged = "COMPARTMENT_CHANGED",
        /// The instance can be reached from elsewhere.
        NetworkEndpointChanged = "NETWORK_ENDPOINT_CHANGED",
        /// A private access channel stands.
        PrivateAccessChannelCreated = "PRIVATE_ACCESS_CHANNEL_CREATED",
        /// A private access channel is another.
        PrivateAccessChannelUpdated = "PRIVATE_ACCESS_CHANNEL_UPDATED",
        /// A private access channel is gone.
        PrivateAccessChannelDeleted = "PRIVATE_ACCESS_CHANNEL_DELETED",
        /// A vanity URL stands.
        VanityUrlCreated = "VANITY_URL_CREATED",
        /// A vanity URL has another certificate.
        VanityUrlUpdated = "VANITY_URL_UPDATED",
        /// A vanity URL is gone.
        VanityUrlDeleted = "VANITY_URL_DELETED",
        /// A resource group stands.
        ResourceGroupCreated = "RESOURCE_GROUP_CREATED",
        /// A resource group is another.
        ResourceGroupUpdated = "RESOURCE_GROUP_UPDATED",
        /// A resource group is gone.
        ResourceGroupDeleted = "RESOURCE_GROUP_DELETED",
        /// Nothing yet, or nothing at all.
        None = "NONE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_spelling_is_exact_and_filter_spelling_any_case() {
        // Contract analytics 0, rule 12.
        assert_eq!(FeatureSet::exact("ENTERPRISE_ANALYTICS"), Some(FeatureSet::EnterpriseAnalytics));
        assert_eq!(FeatureSet::exact("enterprise_analytics"), None);
        assert_eq!(FeatureSet::any_case("enterprise_Analytics"), Some(FeatureSet::EnterpriseAnalytics));
        assert_eq!(FeatureSet::any_case("ENTERPRISE"), None);
    }

    #[test]
    fn spellings_survive_serde_and_display() {
        for state in LifecycleState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
            assert_eq!(state.to_string().parse(), Ok(*state));
        }
    }

    #[test]
    fn an_explanation_can_list_them() {
        assert_eq!(LicenseType::spellings(), "LICENSE_INCLUDED or BRING_YOUR_OWN_LICENSE");
        assert_eq!(UpdateChannel::spellings(), "REGULAR, EARLY, PHASE_2 or PHASE_1");
    }
}
