//! How a resource group is removed; what it had is the instance's again.

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Change, Job, Step, StepEnd, StepFailure, Workflow, provisioning};

/// Version 1.
pub(crate) static DELETE_RESOURCE_GROUP: Workflow = Workflow {
    operation_type: OperationType::DeleteResourceGroup,
    version: 1,
    lifecycle: InstanceOperation::Change,
    steps: &[
        provisioning::step("give_capacity_back", 90),
        Step { name: "forget_group", beginning: None, percent: 100, run: forget_group, undo: None },
    ],
    result: ActionResult::ResourceGroupDeleted,
};

fn forget_group(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        Ok(provisioning::end("The resource group is removed.", Change::NoResourceGroup(job.input("id")?)))
    })
}
