//! How it changes from where an instance can be reached.

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Change, Job, Step, StepEnd, StepFailure, Workflow, provisioning};

/// Version 1.
pub(crate) static CHANGE_NETWORK_ENDPOINT: Workflow = Workflow {
    operation_type: OperationType::ChangeAnalyticsInstanceNetworkEndpoint,
    version: 1,
    lifecycle: InstanceOperation::Change,
    steps: &[
        provisioning::step("change_network_endpoint", 90),
        Step { name: "note_network_endpoint", beginning: None, percent: 100, run: note_network_endpoint, undo: None },
    ],
    result: ActionResult::NetworkEndpointChanged,
};

fn note_network_endpoint(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        let network_endpoint_details = job.input("networkEndpointDetails")?;
        Ok(provisioning::end(
            "The instance has its new network endpoint.",
            Change::NetworkEndpoint(network_endpoint_details),
        ))
    })
}
