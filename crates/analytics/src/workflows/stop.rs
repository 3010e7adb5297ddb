//! How an instance goes out of service.

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Change, Job, Step, StepEnd, StepFailure, Workflow, provisioning};

/// Version 1.
pub(crate) static STOP: Workflow = Workflow {
    operation_type: OperationType::StopAnalyticsInstance,
    version: 1,
    lifecycle: InstanceOperation::Stop,
    steps: &[
        provisioning::step("stop_server", 90),
        Step { name: "go_out_of_service", beginning: None, percent: 100, run: go_out_of_service, undo: None },
    ],
    result: ActionResult::Stopped,
};

fn go_out_of_service(_job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async { Ok(provisioning::end("The instance is inactive.", Change::Nothing)) })
}
