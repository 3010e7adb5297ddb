//! DeleteVanityUrl: 202, unlike the other deletions (contract analytics 0, rule 2). A vanity URL has no GET of its own, so
//! `if-match` names the instance's etag.

use axum::http::StatusCode;
use obol_store::vanity_urls;
use serde_json::json;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan},
    children::Kind,
    http::{Answer, Call, routes::Operation},
    workflows::{self, Workflow},
};

struct Deletion;

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    acceptance::accept(analytics, call, &Deletion).await
}

impl LongOperation for Deletion {
    const OPERATION: Operation = Operation::DeleteVanityUrl;
    const WORKFLOW: &'static Workflow = &workflows::DELETE_VANITY_URL;

    async fn plan(&self, held: Held<'_>) -> Result<Plan, Refusal> {
        let urls = vanity_urls::held(held.tx, &held.instance.tenancy_id, &held.instance.id).await?;
        let url = urls
            .iter()
            .find(|url| url.details.key == held.call.key)
            .ok_or_else(|| Kind::VanityUrl.unknown(held.call.key))?;
        Ok(Plan { input: json!({ "key": url.details.key }), answer: Answer::empty(StatusCode::ACCEPTED) })
    }
}
