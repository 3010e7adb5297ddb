//! How a stopped instance goes into service again.

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Change, Job, Step, StepEnd, StepFailure, Workflow, provisioning};

/// Version 1.
pub(crate) static START: Workflow = Workflow {
    operation_type: OperationType::StartAnalyticsInstance,
    version: 1,
    lifecycle: InstanceOperation::Start,
    steps: &[
        provisioning::step("start_server", 90),
        Step { name: "go_into_service", beginning: None, percent: 100, run: go_into_service, undo: None },
    ],
    result: ActionResult::Started,
};

fn go_into_service(_job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async { Ok(provisioning::end("The instance is active.", Change::Nothing)) })
}
