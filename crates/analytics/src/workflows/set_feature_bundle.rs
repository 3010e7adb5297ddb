//! How an instance gets another product bundle. There is no result of its own (contract analytics 5.2).

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType};

use super::{Change, Job, Step, StepEnd, StepFailure, Workflow, provisioning};

/// Version 1.
pub(crate) static SET_FEATURE_BUNDLE: Workflow = Workflow {
    operation_type: OperationType::SetFeatureSet,
    version: 1,
    lifecycle: InstanceOperation::Change,
    steps: &[
        provisioning::step("change_feature_bundle", 90),
        Step { name: "note_feature_bundle", beginning: None, percent: 100, run: note_feature_bundle, undo: None },
    ],
    result: ActionResult::None,
};

fn note_feature_bundle(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        let feature_bundle = job.input("featureBundle")?;
        Ok(provisioning::end("The instance has its new feature bundle.", Change::FeatureBundle(feature_bundle)))
    })
}
