//! How a vanity URL is removed; its hosts are free with it.

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Change, Job, Step, StepEnd, StepFailure, Workflow, provisioning};

/// Version 1.
pub(crate) static DELETE_VANITY_URL: Workflow = Workflow {
    operation_type: OperationType::DeleteVanityUrl,
    version: 1,
    lifecycle: InstanceOperation::Change,
    steps: &[
        provisioning::step("remove_certificate", 90),
        Step { name: "forget_vanity_url", beginning: None, percent: 100, run: forget_vanity_url, undo: None },
    ],
    result: ActionResult::VanityUrlDeleted,
};

fn forget_vanity_url(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move { Ok(provisioning::end("The vanity URL is removed.", Change::NoVanityUrl(job.input("key")?))) })
}
