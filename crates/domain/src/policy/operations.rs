//! Which permission each operation of the Analytics API needs, as one table (contract analytics 1, IAM): list is inspect,
//! get is read, start and stop are use, a change of compartment is move, the rest is manage.

use super::Permission::{
    self, InstanceInspect, InstanceManage, InstanceMove, InstanceRead, InstanceUse, WorkRequestInspect,
    WorkRequestManage, WorkRequestRead,
};

/// Every operation by its `operationId`, in the order of the contract's table, with the permission it needs where its
/// target is filed. [`MOVE`] needs it at both ends.
pub const OPERATIONS: [(&str, Permission); 30] = [
    ("ListAnalyticsInstances", InstanceInspect),
    ("CreateAnalyticsInstance", InstanceManage),
    ("GetAnalyticsInstance", InstanceRead),
    ("UpdateAnalyticsInstance", InstanceManage),
    ("DeleteAnalyticsInstance", InstanceManage),
    ("StartAnalyticsInstance", InstanceUse),
    ("StopAnalyticsInstance", InstanceUse),
    ("ScaleAnalyticsInstance", InstanceManage),
    (MOVE, InstanceMove),
    ("ChangeAnalyticsInstanceNetworkEndpoint", InstanceManage),
    ("SetKmsKey", InstanceManage),
    ("SetFeatureBundle", InstanceManage),
    ("CreatePrivateAccessChannel", InstanceManage),
    ("GetPrivateAccessChannel", InstanceRead),
    ("UpdatePrivateAccessChannel", InstanceManage),
    ("DeletePrivateAccessChannel", InstanceManage),
    ("CreateVanityUrl", InstanceManage),
    ("UpdateVanityUrl", InstanceManage),
    ("DeleteVanityUrl", InstanceManage),
    ("ListResourceGroups", InstanceInspect),
    ("CreateResourceGroup", InstanceManage),
    ("GetResourceGroup", InstanceRead),
    ("UpdateResourceGroup", InstanceManage),
    ("DeleteResourceGroup", InstanceManage),
    ("ListWorkRequests", WorkRequestInspect),
    ("GetWorkRequest", WorkRequestRead),
    ("DeleteWorkRequest", WorkRequestManage),
    ("ListWorkRequestErrors", WorkRequestRead),
    ("ListWorkRequestLogs", WorkRequestRead),
    // Not in Oracle's specification, and named by us.
    ("GetAdditionalInfo", InstanceRead),
];

/// The one operation with two ends.
pub const MOVE: &str = "ChangeAnalyticsInstanceCompartment";

/// The permission an operation needs; none for a name that is no operation, which nobody may call.
pub fn needed_by(operation: &str) -> Option<Permission> {
    OPERATIONS.iter().find(|(name, _)| *name == operation).map(|(_, permission)| *permission)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Permissions, ResourceType, Verb};

    #[test]
    fn each_operation_has_one_permission() {
        for (index, (name, _)) in OPERATIONS.iter().enumerate() {
            assert!(!OPERATIONS[index + 1..].iter().any(|(other, _)| other == name), "{name}");
        }
        assert_eq!(needed_by("getanalyticsinstance"), None);
    }

    // Contract analytics 1, IAM: all operations by all verbs.
    #[test]
    fn a_verb_allows_the_operations_of_its_level_and_of_the_lesser_ones() {
        let level = |name: &str| match name {
            "StartAnalyticsInstance" | "StopAnalyticsInstance" => Verb::Use,
            name if name.starts_with("ListWorkRequestE") || name.starts_with("ListWorkRequestL") => Verb::Read,
            name if name.starts_with("List") => Verb::Inspect,
            name if name.starts_with("Get") => Verb::Read,
            _ => Verb::Manage,
        };
        for (name, permission) in OPERATIONS {
            let on_work = name.contains("WorkRequest");
            for verb in Verb::ALL {
                let instances = Permissions::of(*verb, ResourceType::AnalyticsInstances).has(permission);
                let work = Permissions::of(*verb, ResourceType::AnalyticsInstanceWorkRequests).has(permission);
                let expected = *verb >= level(name);
                assert_eq!((instances, work), (expected && !on_work, expected && on_work), "{verb} {name}");
                assert_eq!(Permissions::of(*verb, ResourceType::AllResources).has(permission), expected);
            }
        }
    }
}
