//! How a resource group is made.

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, InstanceResourceGroup, OperationType};
use obol_store::resource_groups::ResourceGroup;

use super::{Change, Job, Step, StepEnd, StepFailure, Workflow, provisioning};
use crate::children::is_default;

/// Version 1.
pub(crate) static CREATE_RESOURCE_GROUP: Workflow = Workflow {
    operation_type: OperationType::CreateResourceGroup,
    version: 1,
    lifecycle: InstanceOperation::Change,
    steps: &[
        provisioning::step("set_capacity_aside", 90),
        Step { name: "note_group", beginning: None, percent: 100, run: note_group, undo: None },
    ],
    result: ActionResult::ResourceGroupCreated,
};

/// Writes the group that was asked for.
pub(super) fn note_group(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        let details: InstanceResourceGroup = job.input("group")?;
        let log = format!("The resource group has {} OCPUs.", details.capacity);
        let is_default = is_default(&details.resource_name);
        let group = ResourceGroup { details, is_default, version: job.input("version")? };
        Ok(provisioning::end(log, Change::ResourceGroup(Box::new(group))))
    })
}
