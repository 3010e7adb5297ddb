//! The long operations, one file each: versioned lists of idempotent steps, each with what undoes it.
//!
//! A list that has run anywhere is never changed: another order or meaning is another version, beside the old one, until no
//! work request of the old one is left.

mod change;
mod change_compartment;
mod change_network_endpoint;
mod create;
mod create_private_access_channel;
mod create_resource_group;
mod create_vanity_url;
mod delete;
mod delete_private_access_channel;
mod delete_resource_group;
mod delete_vanity_url;
mod provisioning;
mod scale;
mod set_feature_bundle;
mod set_kms_key;
mod start;
mod stop;
mod update_private_access_channel;
mod update_resource_group;
mod update_vanity_url;

use std::borrow::Cow;

use obol_domain::{BoxFuture, lifecycle::InstanceOperation};
use obol_protocol::analytics::{ActionResult, OperationType};
use obol_store::{instances::Instance, work_requests::WorkRequest};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Inner, work::Moment};

pub(crate) use change::Change;
pub(crate) use change_compartment::CHANGE_COMPARTMENT;
pub(crate) use change_network_endpoint::CHANGE_NETWORK_ENDPOINT;
pub(crate) use create::CREATE;
pub(crate) use create_private_access_channel::CREATE_PRIVATE_ACCESS_CHANNEL;
pub(crate) use create_resource_group::CREATE_RESOURCE_GROUP;
pub(crate) use create_vanity_url::CREATE_VANITY_URL;
pub(crate) use delete::DELETE;
pub(crate) use delete_private_access_channel::DELETE_PRIVATE_ACCESS_CHANNEL;
pub(crate) use delete_resource_group::DELETE_RESOURCE_GROUP;
pub(crate) use delete_vanity_url::DELETE_VANITY_URL;
pub(crate) use scale::SCALE;
pub(crate) use set_feature_bundle::SET_FEATURE_BUNDLE;
pub(crate) use set_kms_key::SET_KMS_KEY;
pub(crate) use start::START;
pub(crate) use stop::STOP;
pub(crate) use update_private_access_channel::UPDATE_PRIVATE_ACCESS_CHANNEL;
pub(crate) use update_resource_group::UPDATE_RESOURCE_GROUP;
pub(crate) use update_vanity_url::UPDATE_VANITY_URL;

/// A long operation.
pub(crate) struct Workflow {
    pub(crate) operation_type: OperationType,
    pub(crate) version: i64,
    /// The row of the lifecycle table: where the instance is while the work goes on, and where its end leads.
    pub(crate) lifecycle: InstanceOperation,
    /// The last of them changes the instance.
    pub(crate) steps: &'static [Step],
    /// What the work request reports about the instance once all steps have succeeded.
    pub(crate) result: ActionResult,
}

/// Lets a step take effect.
pub(crate) type Run = for<'a> fn(Job<'a>) -> BoxFuture<'a, Result<StepEnd, StepFailure>>;
/// Takes the effect of a step back.
pub(crate) type Undo = for<'a> fn(Job<'a>) -> BoxFuture<'a, Result<Cow<'static, str>, StepFailure>>;

/// A part of a workflow that takes effect once, however often it runs.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// A line for the log, written when the step is started.
    pub(crate) beginning: Option<for<'a> fn(Job<'a>) -> String>,
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
    /// What was asked for is in its input.
    pub(crate) work: &'a WorkRequest,
    pub(crate) moment: Moment,
}

impl Job<'_> {
    /// A member of what was asked for.
    ///
    /// # Errors
    ///
    /// [`StepFailure::Lasting`] when it is not there: the operation that accepted the work wrote something else.
    fn input<T: DeserializeOwned>(self, name: &str) -> Result<T, StepFailure> {
        let value = self.work.input.get(name).cloned().unwrap_or_default();
        serde_json::from_value(value).map_err(|error| {
            tracing::error!(work_request = self.work.id, name, %error, "the input of a work request cannot be read");
            StepFailure::Lasting(format!("What was asked for as {name} cannot be read."))
        })
    }
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
    /// What becomes of the instance, in the transaction that records the last step and finishes the work. Without effect
    /// the step fails for good.
    pub(crate) change: Option<Change>,
    /// A line for the log.
    pub(crate) log: String,
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
const ALL: &[&Workflow] = &[
    &CREATE,
    &DELETE,
    &START,
    &STOP,
    &SCALE,
    &CHANGE_COMPARTMENT,
    &CHANGE_NETWORK_ENDPOINT,
    &SET_KMS_KEY,
    &SET_FEATURE_BUNDLE,
    &CREATE_PRIVATE_ACCESS_CHANNEL,
    &UPDATE_PRIVATE_ACCESS_CHANNEL,
    &DELETE_PRIVATE_ACCESS_CHANNEL,
    &CREATE_VANITY_URL,
    &UPDATE_VANITY_URL,
    &DELETE_VANITY_URL,
    &CREATE_RESOURCE_GROUP,
    &UPDATE_RESOURCE_GROUP,
    &DELETE_RESOURCE_GROUP,
];

/// The workflow of a work request; none for one that a newer release accepted.
pub(crate) fn find(operation_type: OperationType, version: i64) -> Option<&'static Workflow> {
    ALL.iter().copied().find(|workflow| workflow.operation_type == operation_type && workflow.version == version)
}

/// The row of the lifecycle table that judges a kind of work, whichever release accepted it.
pub(crate) fn lifecycle_of(operation_type: OperationType) -> Option<InstanceOperation> {
    ALL.iter().find(|workflow| workflow.operation_type == operation_type).map(|workflow| workflow.lifecycle)
}

#[cfg(test)]
mod tests {
    use obol_protocol::analytics::enums::Vocabulary as _;

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

    #[test]
    fn every_kind_of_work_has_a_workflow_and_a_row_of_the_lifecycle() {
        for operation_type in OperationType::ALL {
            assert!(lifecycle_of(*operation_type).is_some(), "{operation_type}");
        }
    }
}
