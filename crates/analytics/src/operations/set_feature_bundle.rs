//! SetFeatureBundle: another product bundle, or with an empty object none.

use axum::http::StatusCode;
use obol_protocol::analytics::SetFeatureBundleDetails;
use serde_json::json;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan},
    http::{Answer, Call, routes::Operation},
    workflows::{self, Workflow},
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    acceptance::accept(analytics, call, &SetFeatureBundleDetails::parse(call.body)?).await
}

impl LongOperation for SetFeatureBundleDetails {
    const OPERATION: Operation = Operation::SetFeatureBundle;
    const WORKFLOW: &'static Workflow = &workflows::SET_FEATURE_BUNDLE;

    async fn plan(&self, _held: Held<'_>) -> Result<Plan, Refusal> {
        let input = json!({ "featureBundle": self.feature_bundle });
        Ok(Plan { input, answer: Answer::empty(StatusCode::ACCEPTED) })
    }
}
