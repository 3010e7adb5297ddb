//! How a private access channel is changed: like one that is made, under the same key.

use obol_domain::lifecycle::InstanceOperation;
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Step, Workflow, create_private_access_channel::note_channel, provisioning};

/// Version 1.
pub(crate) static UPDATE_PRIVATE_ACCESS_CHANNEL: Workflow = Workflow {
    operation_type: OperationType::UpdatePrivateAccessChannel,
    version: 1,
    lifecycle: InstanceOperation::Change,
    steps: &[
        provisioning::step("reconnect_channel", 90),
        Step { name: "note_channel", beginning: None, percent: 100, run: note_channel, undo: None },
    ],
    result: ActionResult::PrivateAccessChannelUpdated,
};
