//! How an instance gets another encryption key. Terraform wants it to report CREATED (contract analytics 5.2).

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Change, Job, Step, StepEnd, StepFailure, Workflow, provisioning};

/// Version 1.
pub(crate) static SET_KMS_KEY: Workflow = Workflow {
    operation_type: OperationType::UpdateInstanceEncryptionKey,
    version: 1,
    lifecycle: InstanceOperation::Change,
    steps: &[
        provisioning::step("change_encryption_key", 90),
        Step { name: "note_kms_key", beginning: None, percent: 100, run: note_kms_key, undo: None },
    ],
    result: ActionResult::Created,
};

fn note_kms_key(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        let kms_key_id = job.input("kmsKeyId")?;
        Ok(provisioning::end("The instance has its new encryption key.", Change::KmsKey(kms_key_id)))
    })
}
