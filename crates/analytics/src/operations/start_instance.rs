//! StartAnalyticsInstance. It has no body; one that is sent all the same is not looked at.

use axum::http::StatusCode;
use serde_json::json;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan},
    http::{Answer, Call, routes::Operation},
    workflows::{self, Workflow},
};

struct StartInstance;

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    acceptance::accept(analytics, call, &StartInstance).await
}

impl LongOperation for StartInstance {
    const OPERATION: Operation = Operation::StartAnalyticsInstance;
    const WORKFLOW: &'static Workflow = &workflows::START;

    async fn plan(&self, _held: Held<'_>) -> Result<Plan, Refusal> {
        Ok(Plan { input: json!({}), answer: Answer::empty(StatusCode::ACCEPTED) })
    }
}
