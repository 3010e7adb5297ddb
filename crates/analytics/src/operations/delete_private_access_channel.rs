//! DeletePrivateAccessChannel: 204, and the work goes on (contract analytics 0, rule 2).

use axum::http::StatusCode;
use obol_store::{instances::Instance, private_access_channels};
use serde_json::json;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan, etag_matches},
    children::Kind,
    http::{Answer, Call, routes::Operation},
    workflows::{self, Workflow},
};

struct Deletion;

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    acceptance::accept(analytics, call, &Deletion).await
}

impl LongOperation for Deletion {
    const OPERATION: Operation = Operation::DeletePrivateAccessChannel;
    const WORKFLOW: &'static Workflow = &workflows::DELETE_PRIVATE_ACCESS_CHANNEL;

    /// The etag is the channel's, which the plan reads.
    fn etag_matches(&self, _call: &Call<'_>, _instance: &Instance) -> Result<(), Refusal> {
        Ok(())
    }

    async fn plan(&self, held: Held<'_>) -> Result<Plan, Refusal> {
        let channels = private_access_channels::held(held.tx, &held.instance.tenancy_id, &held.instance.id).await?;
        let channel = channels
            .iter()
            .find(|channel| channel.details.key == held.call.key)
            .ok_or_else(|| Kind::PrivateAccessChannel.unknown(held.call.key))?;
        etag_matches(held.call, channel.version)?;
        Ok(Plan { input: json!({ "key": channel.details.key }), answer: Answer::empty(StatusCode::NO_CONTENT) })
    }
}
