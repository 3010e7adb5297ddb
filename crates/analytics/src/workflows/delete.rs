//! How an instance is removed: it is deprovisioned, its application leaves the stripe, it is marked as gone. Nothing of
//! this can be undone: what fails leaves a FAILED instance, which can be deleted again.

use obol_domain::BoxFuture;
use obol_protocol::analytics::{ActionResult, LifecycleState, OperationType};
use serde_json::json;

use super::{Change, Done, Job, Step, StepEnd, StepFailure, Workflow, create, provisioning};

/// Version 1.
pub(crate) static DELETE: Workflow = Workflow {
    operation_type: OperationType::DeleteAnalyticsInstance,
    version: 1,
    steps: &[
        Step {
            name: "deprovision",
            beginning: Some(provisioning::DEPROVISIONING),
            percent: 50,
            run: provisioning::deprovision,
            undo: None,
        },
        Step { name: "unregister_application", beginning: None, percent: 90, run: unregister_application, undo: None },
        Step { name: "mark_deleted", beginning: None, percent: 100, run: mark_deleted, undo: None },
    ],
    during: LifecycleState::Deleting,
    result: ActionResult::Deleted,
};

fn unregister_application(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        let log = create::unregister_application(job).await?;
        Ok(StepEnd::Done(Done { output: json!({}), change: None, log: log.to_owned() }))
    })
}

fn mark_deleted(_job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async {
        Ok(StepEnd::Done(Done {
            output: json!({}),
            change: Some(Change::MarkDeleted),
            log: "The instance is deleted.".to_owned(),
        }))
    })
}
