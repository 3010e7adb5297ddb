//! What each operation takes and answers (contract analytics 1), beside the method and the path that the routes have.

use obol_protocol::analytics::{
    CapacityType, FeatureSet, LifecycleState, WorkRequestStatus,
    query::{InstanceSort, ResourceGroupSort, SortOrder, WorkRequestSort},
    work_request::RESOURCE_TYPE,
};
use serde_json::{Value, json};

use super::schemas::{one_of, text};
use crate::http::routes::Operation;

/// An operation beside its route.
pub(super) struct Shape {
    /// The schema of the body.
    pub(super) body: Option<&'static str>,
    /// The status of success.
    pub(super) status: &'static str,
    /// What success answers.
    pub(super) answer: Answer,
    /// The headers of success beside `opc-request-id`, and whether they are always there.
    pub(super) headers: &'static [(&'static str, bool)],
    /// The parameters of the query.
    pub(super) query: &'static [Query],
    /// Whether it takes `opc-retry-token`.
    pub(super) retry_token: bool,
    /// Whether it takes `if-match`.
    pub(super) if_match: bool,
}

/// The body of an answer.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    Nothing,
    One(&'static str),
    Many(&'static str),
}

/// A parameter of the query.
#[derive(Clone, Copy)]
pub(super) enum Query {
    CompartmentId,
    Name,
    CapacityType,
    FeatureSet,
    LifecycleState,
    InstanceSort,
    ResourceGroupSort,
    WorkRequestSort,
    SortOrder,
    ResourceId,
    ResourceType,
    Status,
    Limit,
    Page,
}

const ETAG: &[(&str, bool)] = &[("etag", true)];
const WORK: &[(&str, bool)] = &[("opc-work-request-id", true)];
const CHILD: &[(&str, bool)] = &[("child-resource-id", true), ("opc-work-request-id", true)];
const NEXT_PAGE: &[(&str, bool)] = &[("opc-next-page", false)];

/// A read of one thing.
const fn get(answer: &'static str) -> Shape {
    Shape {
        body: None,
        status: "200",
        answer: Answer::One(answer),
        headers: ETAG,
        query: &[],
        retry_token: false,
        if_match: false,
    }
}

const fn list(answer: &'static str, query: &'static [Query]) -> Shape {
    Shape { answer: Answer::Many(answer), headers: NEXT_PAGE, query, ..get(answer) }
}

/// A change that is followed by its work request and answers no body.
const fn work(status: &'static str, body: Option<&'static str>) -> Shape {
    Shape { body, status, answer: Answer::Nothing, headers: WORK, query: &[], retry_token: true, if_match: true }
}

pub(super) const fn shape(operation: Operation) -> Shape {
    match operation {
        Operation::ListAnalyticsInstances => list(
            "AnalyticsInstanceSummary",
            &[
                Query::CompartmentId,
                Query::Name,
                Query::CapacityType,
                Query::FeatureSet,
                Query::LifecycleState,
                Query::InstanceSort,
                Query::SortOrder,
                Query::Limit,
                Query::Page,
            ],
        ),
        Operation::CreateAnalyticsInstance => Shape {
            answer: Answer::One("AnalyticsInstance"),
            headers: &[("etag", true), ("location", true), ("opc-work-request-id", true)],
            if_match: false,
            ..work("201", Some("CreateAnalyticsInstanceDetails"))
        },
        Operation::GetAnalyticsInstance => get("AnalyticsInstance"),
        Operation::UpdateAnalyticsInstance => {
            Shape { body: Some("UpdateAnalyticsInstanceDetails"), if_match: true, ..get("AnalyticsInstance") }
        }
        Operation::DeleteAnalyticsInstance | Operation::DeletePrivateAccessChannel => work("204", None),
        Operation::StartAnalyticsInstance | Operation::StopAnalyticsInstance | Operation::DeleteVanityUrl => {
            work("202", None)
        }
        Operation::ScaleAnalyticsInstance => work("202", Some("ScaleAnalyticsInstanceDetails")),
        Operation::ChangeAnalyticsInstanceCompartment => work("202", Some("ChangeCompartmentDetails")),
        Operation::ChangeAnalyticsInstanceNetworkEndpoint => {
            work("202", Some("ChangeAnalyticsInstanceNetworkEndpointDetails"))
        }
        Operation::SetKmsKey => work("202", Some("SetKmsKeyDetails")),
        Operation::SetFeatureBundle => work("202", Some("SetFeatureBundleDetails")),
        Operation::CreatePrivateAccessChannel => {
            Shape { if_match: false, ..work("202", Some("CreatePrivateAccessChannelDetails")) }
        }
        Operation::GetPrivateAccessChannel => get("PrivateAccessChannel"),
        Operation::UpdatePrivateAccessChannel => work("202", Some("UpdatePrivateAccessChannelDetails")),
        Operation::CreateVanityUrl => Shape { if_match: false, ..work("202", Some("CreateVanityUrlDetails")) },
        Operation::UpdateVanityUrl => work("202", Some("UpdateVanityUrlDetails")),
        Operation::ListResourceGroups => list(
            "InstanceResourceGroup",
            &[Query::Name, Query::ResourceGroupSort, Query::SortOrder, Query::Limit, Query::Page],
        ),
        Operation::CreateResourceGroup => Shape {
            answer: Answer::One("InstanceResourceGroup"),
            headers: &[("etag", true), ("location", true), ("child-resource-id", true), ("opc-work-request-id", true)],
            if_match: false,
            ..work("201", Some("ResourceGroupDetails"))
        },
        Operation::GetResourceGroup => get("InstanceResourceGroup"),
        Operation::UpdateResourceGroup => Shape {
            answer: Answer::One("InstanceResourceGroup"),
            headers: &[("etag", true), ("child-resource-id", true), ("opc-work-request-id", true)],
            ..work("202", Some("ResourceGroupDetails"))
        },
        Operation::DeleteResourceGroup => Shape { headers: CHILD, ..work("204", None) },
        Operation::ListWorkRequests => list(
            "WorkRequestSummary",
            &[
                Query::CompartmentId,
                Query::ResourceId,
                Query::ResourceType,
                Query::Status,
                Query::WorkRequestSort,
                Query::SortOrder,
                Query::Limit,
                Query::Page,
            ],
        ),
        Operation::GetWorkRequest => Shape { headers: &[("etag", true), ("retry-after", false)], ..get("WorkRequest") },
        Operation::DeleteWorkRequest => Shape { headers: &[], retry_token: false, ..work("204", None) },
        Operation::ListWorkRequestErrors => list("WorkRequestError", &[Query::Limit, Query::Page]),
        Operation::ListWorkRequestLogs => list("WorkRequestLog", &[Query::Limit, Query::Page]),
        Operation::GetAdditionalInfo => Shape { headers: &[], ..get("AdditionalInfo") },
    }
}

/// A parameter of the query. Filters take their values in any case (contract analytics 0, rule 12).
pub(super) fn query_parameter(query: Query) -> Value {
    let (name, schema) = match query {
        Query::CompartmentId => ("compartmentId", text(1, 255)),
        Query::Name => ("name", text(1, 255)),
        Query::CapacityType => ("capacityType", one_of::<CapacityType>()),
        Query::FeatureSet => ("featureSet", one_of::<FeatureSet>()),
        Query::LifecycleState => ("lifecycleState", one_of::<LifecycleState>()),
        Query::InstanceSort => ("sortBy", one_of::<InstanceSort>()),
        Query::ResourceGroupSort => ("sortBy", one_of::<ResourceGroupSort>()),
        Query::WorkRequestSort => ("sortBy", one_of::<WorkRequestSort>()),
        Query::SortOrder => ("sortOrder", one_of::<SortOrder>()),
        Query::ResourceId => ("resourceId", text(1, 255)),
        Query::ResourceType => ("resourceType", json!({ "type": "string", "enum": [RESOURCE_TYPE] })),
        Query::Status => ("status", json!({ "type": "array", "items": one_of::<WorkRequestStatus>() })),
        Query::Limit => ("limit", json!({ "type": "integer", "minimum": 1, "maximum": 1000 })),
        Query::Page => ("page", text(1, 512)),
    };
    super::parameter(name, "query", matches!(query, Query::CompartmentId), &schema)
}
