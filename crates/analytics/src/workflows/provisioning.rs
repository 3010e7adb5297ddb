//! The provisioning of an instance, which Obol only simulates: it waits, and says so.

use obol_domain::BoxFuture;
use serde_json::json;

use super::{Done, Job, StepEnd, StepFailure};

/// The first line of the log of either.
pub(super) const PROVISIONING: &str = "Provisioning is simulated: no analytics server is started.";
pub(super) const DEPROVISIONING: &str = "Deprovisioning is simulated: there is no analytics server to stop.";

/// Waits for the time that provisioning takes by the settings.
pub(super) fn provision(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move { Ok(after_a_while(job, "Simulated provisioning finished.")) })
}

/// Waits for the time that removal takes by the settings, which is that of provisioning.
pub(super) fn deprovision(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move { Ok(after_a_while(job, "Simulated deprovisioning finished.")) })
}

/// Takes back what was provisioned, at once: there is nothing.
pub(super) fn undo_provision(_job: Job<'_>) -> BoxFuture<'_, Result<&'static str, StepFailure>> {
    Box::pin(async { Ok("Simulated provisioning was taken back.") })
}

fn after_a_while(job: Job<'_>, end: &str) -> StepEnd {
    let until = job.moment.step_started.plus(job.analytics.settings.provisioning);
    if job.moment.now < until {
        return StepEnd::Wait { until };
    }
    StepEnd::Done(Done { output: json!({ "simulated": true }), change: None, log: end.to_owned() })
}
