//! The steps that leave an instance's server to the provisioner, and what every workflow ends with.

use std::borrow::Cow;

use obol_domain::BoxFuture;
use serde_json::json;

use super::{Change, Done, Job, Step, StepEnd, StepFailure};
use crate::provisioner::{Order, Outcome, ProvisionFailure};

/// A step that hands the work to the provisioner and follows it.
pub(super) const fn step(name: &'static str, percent: i64) -> Step {
    Step { name, beginning: Some(announce), percent, run: carry_out, undo: Some(take_back) }
}

/// The same where nothing can be brought back.
pub(super) const fn lasting_step(name: &'static str, percent: i64) -> Step {
    Step { name, beginning: Some(announce), percent, run: carry_out, undo: None }
}

/// The line and the change that a workflow ends with.
pub(super) fn end(log: impl Into<String>, change: Change) -> StepEnd {
    StepEnd::Done(Done { output: json!({}), change: Some(change), log: log.into() })
}

fn announce(job: Job<'_>) -> String {
    job.analytics.provisioner.announce(job.work.operation_type)
}

fn carry_out(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        match job.analytics.provisioner.carry_out(order(job)).await.map_err(failure)? {
            Outcome::Done(log) => Ok(StepEnd::Done(Done { output: json!({}), change: None, log })),
            Outcome::Pending { until } => Ok(StepEnd::Wait { until }),
        }
    })
}

fn take_back(job: Job<'_>) -> BoxFuture<'_, Result<Cow<'static, str>, StepFailure>> {
    Box::pin(async move {
        let log = job.analytics.provisioner.take_back(order(job)).await.map_err(failure)?;
        Ok(log.into())
    })
}

fn order(job: Job<'_>) -> Order<'_> {
    Order {
        work_request_id: &job.work.id,
        operation: job.work.operation_type,
        instance: job.instance,
        input: &job.work.input,
        since: job.moment.step_started,
        now: job.moment.now,
    }
}

fn failure(failure: ProvisionFailure) -> StepFailure {
    match failure {
        ProvisionFailure::Passing(reason) => StepFailure::Passing(reason),
        ProvisionFailure::Lasting(reason) => StepFailure::Lasting(reason),
    }
}
