//! StopAnalyticsInstance. It has no body; one that is sent all the same is not looked at.

use axum::http::StatusCode;
use serde_json::json;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan},
    http::{Answer, Call, routes::Operation},
    workflows::{self, Workflow},
};

struct StopInstance;

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    acceptance::accept(analytics, call, &StopInstance).await
}

impl LongOperation for StopInstance {
    const OPERATION: Operation = Operation::StopAnalyticsInstance;
    const WORKFLOW: &'static Workflow = &workflows::STOP;

    async fn plan(&self, _held: Held<'_>) -> Result<Plan, Refusal> {
        Ok(Plan { input: json!({}), answer: Answer::empty(StatusCode::ACCEPTED) })
    }
}
