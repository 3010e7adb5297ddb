//! How an instance is filed elsewhere.

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Change, Job, Step, StepEnd, StepFailure, Workflow, provisioning};

/// Version 1.
pub(crate) static CHANGE_COMPARTMENT: Workflow = Workflow {
    operation_type: OperationType::ChangeAnalyticsInstanceCompartment,
    version: 1,
    lifecycle: InstanceOperation::Move,
    steps: &[
        provisioning::step("move_server", 90),
        Step { name: "refile", beginning: None, percent: 100, run: refile, undo: None },
    ],
    result: ActionResult::CompartmentChanged,
};

fn refile(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        let compartment_id = job.input("compartmentId")?;
        Ok(provisioning::end("The instance is filed in its new compartment.", Change::Compartment(compartment_id)))
    })
}
