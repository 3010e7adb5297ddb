//! How a private access channel is made: it is provisioned, and noted with the addresses that it got.

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType, PrivateAccessChannel};
use obol_store::private_access_channels::Channel;

use super::{Change, Job, Step, StepEnd, StepFailure, Workflow, provisioning};

/// Version 1.
pub(crate) static CREATE_PRIVATE_ACCESS_CHANNEL: Workflow = Workflow {
    operation_type: OperationType::CreatePrivateAccessChannel,
    version: 1,
    lifecycle: InstanceOperation::Change,
    steps: &[
        provisioning::step("connect_channel", 90),
        Step { name: "note_channel", beginning: None, percent: 100, run: note_channel, undo: None },
    ],
    result: ActionResult::PrivateAccessChannelCreated,
};

/// Writes the channel that was asked for, with the addresses of its subnet.
pub(super) fn note_channel(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        let mut details: PrivateAccessChannel = job.input("channel")?;
        let addresses = job.analytics.provisioner.channel_addresses(job.instance, &details.key, &details.subnet_id);
        details.ip_address = addresses.own.to_string();
        details.egress_source_ip_addresses = addresses.egress.iter().map(ToString::to_string).collect();
        let channel = Channel { details, version: job.input("version")? };
        Ok(provisioning::end(addresses.log, Change::Channel(Box::new(channel))))
    })
}
