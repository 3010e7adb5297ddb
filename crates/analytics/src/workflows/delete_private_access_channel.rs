//! How a private access channel is removed.

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Change, Job, Step, StepEnd, StepFailure, Workflow, provisioning};

/// Version 1.
pub(crate) static DELETE_PRIVATE_ACCESS_CHANNEL: Workflow = Workflow {
    operation_type: OperationType::DeletePrivateAccessChannel,
    version: 1,
    lifecycle: InstanceOperation::Change,
    steps: &[
        provisioning::step("disconnect_channel", 90),
        Step { name: "forget_channel", beginning: None, percent: 100, run: forget_channel, undo: None },
    ],
    result: ActionResult::PrivateAccessChannelDeleted,
};

fn forget_channel(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        Ok(provisioning::end("The private access channel is removed.", Change::NoChannel(job.input("key")?)))
    })
}
