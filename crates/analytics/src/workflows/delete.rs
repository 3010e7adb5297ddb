//! How an instance is removed: it is deprovisioned, its application leaves the stripe, it is marked as gone. Nothing of
//! this can be undone: what fails leaves a FAILED instance, which can be deleted again.

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType};
use serde_json::json;

use super::{Change, Done, Job, Step, StepEnd, StepFailure, Workflow, create, provisioning};

/// Version 1.
pub(crate) static DELETE: Workflow = Workflow {
    operation_type: OperationType::DeleteAnalyticsInstance,
    version: 1,
    lifecycle: InstanceOperation::Delete,
    steps: &[
        provisioning::lasting_step("deprovision", 50),
        Step { name: "unregister_application", beginning: None, percent: 90, run: unregister_application, undo: None },
        Step { name: "mark_deleted", beginning: None, percent: 100, run: mark_deleted, undo: None },
    ],
    result: ActionResult::Deleted,
};

fn unregister_application(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        let log = create::unregister_application(job).await?;
        Ok(StepEnd::Done(Done { output: json!({}), change: None, log: log.into_owned() }))
    })
}

fn mark_deleted(_job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async { Ok(provisioning::end("The instance is deleted.", Change::Gone)) })
}
