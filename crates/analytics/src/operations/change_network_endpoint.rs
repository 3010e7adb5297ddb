//! ChangeAnalyticsInstanceNetworkEndpoint: the whole endpoint is replaced, its kind included.

use axum::http::StatusCode;
use obol_protocol::analytics::ChangeAnalyticsInstanceNetworkEndpointDetails;
use serde_json::json;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan},
    http::{Answer, Call, routes::Operation},
    workflows::{self, Workflow},
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    acceptance::accept(analytics, call, &ChangeAnalyticsInstanceNetworkEndpointDetails::parse(call.body)?).await
}

impl LongOperation for ChangeAnalyticsInstanceNetworkEndpointDetails {
    const OPERATION: Operation = Operation::ChangeAnalyticsInstanceNetworkEndpoint;
    const WORKFLOW: &'static Workflow = &workflows::CHANGE_NETWORK_ENDPOINT;

    async fn plan(&self, _held: Held<'_>) -> Result<Plan, Refusal> {
        let input = json!({ "networkEndpointDetails": self.network_endpoint_details });
        Ok(Plan { input, answer: Answer::empty(StatusCode::ACCEPTED) })
    }
}
