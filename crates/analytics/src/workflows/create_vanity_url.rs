//! How a vanity URL is made. Its certificate was judged, its key sealed and its hosts taken when the work was accepted.

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Change, Job, Step, StepEnd, StepFailure, Workflow, provisioning};
use crate::vanity_certificate::SealedVanity;

/// Version 1.
pub(crate) static CREATE_VANITY_URL: Workflow = Workflow {
    operation_type: OperationType::CreateVanityUrl,
    version: 1,
    lifecycle: InstanceOperation::Change,
    steps: &[
        provisioning::step("install_certificate", 90),
        Step { name: "note_vanity_url", beginning: None, percent: 100, run: note_vanity_url, undo: None },
    ],
    result: ActionResult::VanityUrlCreated,
};

/// Writes the vanity URL that was asked for, with its sealed key.
pub(super) fn note_vanity_url(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        let vanity: SealedVanity = job.input("vanity")?;
        let log = format!("The instance has the address {}.", vanity.details.urls.join(" and "));
        let (url, certificate) =
            vanity.rows().ok_or_else(|| StepFailure::Lasting("The sealed key cannot be read.".to_owned()))?;
        Ok(provisioning::end(log, Change::VanityUrl(Box::new((url, certificate)))))
    })
}
