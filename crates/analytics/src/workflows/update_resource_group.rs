//! How a resource group is changed: like one that is made, under the same id.

use obol_domain::lifecycle::InstanceOperation;
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Step, Workflow, create_resource_group::note_group, provisioning};

/// Version 1.
pub(crate) static UPDATE_RESOURCE_GROUP: Workflow = Workflow {
    operation_type: OperationType::UpdateResourceGroup,
    version: 1,
    lifecycle: InstanceOperation::Change,
    steps: &[
        provisioning::step("share_capacity_anew", 90),
        Step { name: "note_group", beginning: None, percent: 100, run: note_group, undo: None },
    ],
    result: ActionResult::ResourceGroupUpdated,
};
