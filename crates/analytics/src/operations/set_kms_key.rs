//! SetKmsKey: another encryption key, or with an empty one Oracle's own.

use axum::http::StatusCode;
use obol_protocol::analytics::SetKmsKeyDetails;
use serde_json::json;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan},
    http::{Answer, Call, routes::Operation},
    workflows::{self, Workflow},
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    acceptance::accept(analytics, call, &SetKmsKeyDetails::parse(call.body)?).await
}

impl LongOperation for SetKmsKeyDetails {
    const OPERATION: Operation = Operation::SetKmsKey;
    const WORKFLOW: &'static Workflow = &workflows::SET_KMS_KEY;

    async fn plan(&self, _held: Held<'_>) -> Result<Plan, Refusal> {
        let input = json!({ "kmsKeyId": self.kms_key_id });
        Ok(Plan { input, answer: Answer::empty(StatusCode::ACCEPTED) })
    }
}
