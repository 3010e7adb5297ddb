//! A long operation that can be followed: the work request, its errors and its log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ActionResult, OperationType, WorkRequestStatus};
use crate::Timestamp;

/// The only type of resource that work is done on.
pub const RESOURCE_TYPE: &str = "ANALYTICS_INSTANCE";

/// A work request (contract analytics 2, WorkRequest).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkRequest {
    /// What the list shows too.
    #[serde(flatten)]
    pub summary: WorkRequestSummary,
    /// 0 to 100.
    pub percent_complete: f32,
}

/// An entry of the list (contract analytics 2, WorkRequestSummary).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkRequestSummary {
    /// Its OCID.
    pub id: String,
    /// What it does.
    pub operation_type: OperationType,
    /// Where it is in its life.
    pub status: WorkRequestStatus,
    /// The compartment of the resource.
    pub compartment_id: String,
    /// What it is done to; clients read its `actionResult`.
    pub resources: Vec<WorkRequestResource>,
    /// When it became durable.
    pub time_accepted: Timestamp,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_started: Option<Timestamp>,
    /// When it ended. Terraform waits for this, not for the status (contract analytics 0, rule 5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_finished: Option<Timestamp>,
}

/// A resource that a work request touches (contract analytics 2, WorkRequestResource).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkRequestResource {
    /// What has been done.
    pub action_result: ActionResult,
    /// `ANALYTICS_INSTANCE`.
    pub resource_type: String,
    /// The instance's OCID.
    pub identifier: String,
    /// The path of the instance.
    pub resource_uri: String,
    /// Free-form facts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// Why a work request failed (contract analytics 2, WorkRequestError).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkRequestError {
    /// A code for programs.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// When it happened.
    pub timestamp: Timestamp,
}

/// A line of a work request's log (contract analytics 2, WorkRequestLog).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkRequestLog {
    /// A sentence for people.
    pub message: String,
    /// When it happened.
    pub timestamp: Timestamp,
}
