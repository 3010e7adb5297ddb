//! How an instance gets another capacity.

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Change, Job, Step, StepEnd, StepFailure, Workflow, provisioning};

/// Version 1.
pub(crate) static SCALE: Workflow = Workflow {
    operation_type: OperationType::ScaleAnalyticsInstance,
    version: 1,
    lifecycle: InstanceOperation::Change,
    steps: &[
        provisioning::step("scale_server", 90),
        Step { name: "note_capacity", beginning: None, percent: 100, run: note_capacity, undo: None },
    ],
    result: ActionResult::Scaled,
};

fn note_capacity(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        let capacity = job.input("capacity")?;
        Ok(provisioning::end("The instance has its new capacity.", Change::Capacity(capacity)))
    })
}
