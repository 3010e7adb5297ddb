//! DeleteAnalyticsInstance: the instance becomes DELETING and its removal is accepted, in one transaction.

use axum::http::StatusCode;
use obol_store::retry_tokens;
use serde_json::json;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan},
    http::{Answer, Call, routes::Operation},
    workflows::{self, Workflow},
};

struct DeleteInstance;

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    acceptance::accept(analytics, call, &DeleteInstance).await
}

impl LongOperation for DeleteInstance {
    const OPERATION: Operation = Operation::DeleteAnalyticsInstance;
    const WORKFLOW: &'static Workflow = &workflows::DELETE;

    /// The answer of its creation does not hold any more, nor of what was done since.
    async fn plan(&self, held: Held<'_>) -> Result<Plan, Refusal> {
        retry_tokens::invalidate(held.tx, &held.call.caller.tenancy_id, &held.instance.id).await?;
        Ok(Plan { input: json!({}), answer: Answer::empty(StatusCode::NO_CONTENT) })
    }
}
