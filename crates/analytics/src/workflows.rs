//! The long operations, one file each: versioned lists of idempotent steps, each with what undoes it.
//!
//! A list that has run anywhere is never changed: another order or meaning is another version, beside the old one, until no
//! work request of the old one is left.

mod create;
mod delete;
mod provisioning;

use obol_domain::BoxFuture;
use obol_protocol::analytics::{ActionResult, LifecycleState, OperationType};
use obol_store::instances::Instance;
use serde_json::Value;

use crate::{Inner, work::Moment};

pub(crate) use create::CREATE;
pub(crate) use delete::DELETE;

/// A long operation.
pub(crate) struct Workflow {
    pub(crate) operation_type: OperationType,
    pub(crate) version: i64,
    pub(crate) steps: &'static [Step],
    /// The state the instance is in while the work goes on; a failure takes it from there to FAILED.
    pub(crate) during: LifecycleState,
    /// What the work request reports about the instance once all steps have succeeded.
    pub(crate) result: ActionResult,
}

/// Lets a step take effect.
pub(crate) type Run = for<'a> fn(Job<'a>) -> BoxFuture<'a, Result<StepEnd, StepFailure>>;
/// Takes the effect of a step back.
pub(crate) type Undo = for<'a> fn(Job<'a>) -> BoxFuture<'a, Result<&'static str, StepFailure>>;

/// A part of a workflow that takes effect once, however often it runs.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// A line for the log, written when the step is started.
    pub(crate) beginning: Option<&'static str>,
    /// How much of the whole is done with it, 0 to 100.
    pub(crate) percent: i64,
    pub(crate) run: Run,
    /// Takes back what [`Step::run`] did, wholly or in part, and gives a line for the log.
    pub(crate) undo: Option<Undo>,
}

/// What a step works on.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) analytics: &'a Inner,
    pub(crate) instance: &'a Instance,
    pub(crate) moment: Moment,
}

/// How a run of a step ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StepEnd {
    /// It took effect.
    Done(Done),
    /// It must go on later. The wait is durable: nobody holds the work meanwhile.
    Wait {
        /// Not before then.
        until: obol_protocol::Timestamp,
    },
}

/// A step that took effect.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Done {
    /// What it leaves for later steps and for whoever reads the record.
    pub(crate) output: Value,
    /// What becomes of the instance, in the transaction that records the step. Without effect the step fails for good.
    pub(crate) change: Option<Change>,
    /// A line for the log.
    pub(crate) log: String,
}

/// What a step does to its instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// From CREATING to ACTIVE, under this address.
    Activate { service_url: String },
    /// From DELETING to DELETED.
    MarkDeleted,
}

/// Why a step did not take effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StepFailure {
    /// It may succeed when repeated.
    #[error("{0}")]
    Passing(String),
    /// It will not.
    #[error("{0}")]
    Lasting(String),
}

/// Every workflow and version that this release carries out.
const ALL: [&Workflow; 2] = [&CREATE, &DELETE];

/// The workflow of a work request; none for one that a newer release accepted.
pub(crate) fn find(operation_type: OperationType, version: i64) -> Option<&'static Workflow> {
    ALL.into_iter().find(|workflow| workflow.operation_type == operation_type && workflow.version == version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_names_are_unique_and_progress_never_falls() {
        for workflow in ALL {
            let names: std::collections::BTreeSet<_> = workflow.steps.iter().map(|step| step.name).collect();
            assert_eq!(names.len(), workflow.steps.len());
            assert!(workflow.steps.is_sorted_by_key(|step| step.percent));
            assert_eq!(workflow.steps.last().map(|step| step.percent), Some(100));
        }
    }
}
