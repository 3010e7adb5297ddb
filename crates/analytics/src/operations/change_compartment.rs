//! ChangeAnalyticsInstanceCompartment: the instance is filed elsewhere in its tenancy.

use axum::http::StatusCode;
use obol_protocol::analytics::ChangeCompartmentDetails;
use serde_json::json;

use super::compartment_is_known;
use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan},
    http::{Answer, Call, routes::Operation},
    workflows::{self, Workflow},
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let details = ChangeCompartmentDetails::parse(call.body)?;
    compartment_is_known(analytics, call, &details.compartment_id).await?;
    acceptance::accept(analytics, call, &details).await
}

impl LongOperation for ChangeCompartmentDetails {
    const OPERATION: Operation = Operation::ChangeAnalyticsInstanceCompartment;
    const WORKFLOW: &'static Workflow = &workflows::CHANGE_COMPARTMENT;

    async fn plan(&self, _held: Held<'_>) -> Result<Plan, Refusal> {
        let input = json!({ "compartmentId": self.compartment_id });
        Ok(Plan { input, answer: Answer::empty(StatusCode::ACCEPTED) })
    }
}
