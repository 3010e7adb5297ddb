//! How a vanity URL gets another certificate.

use obol_domain::lifecycle::InstanceOperation;
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Step, Workflow, create_vanity_url::note_vanity_url, provisioning};

/// Version 1.
pub(crate) static UPDATE_VANITY_URL: Workflow = Workflow {
    operation_type: OperationType::UpdateVanityUrl,
    version: 1,
    lifecycle: InstanceOperation::Change,
    steps: &[
        provisioning::step("replace_certificate", 90),
        Step { name: "note_vanity_url", beginning: None, percent: 100, run: note_vanity_url, undo: None },
    ],
    result: ActionResult::VanityUrlUpdated,
};
