//! UpdateVanityUrl: another certificate for the same hosts. A vanity URL has no GET of its own, so `if-match` names the
//! instance's etag.

use axum::http::StatusCode;
use obol_protocol::analytics::UpdateVanityUrlDetails;
use obol_store::vanity_urls;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan},
    children::Kind,
    http::{Answer, Call, routes::Operation},
    retry::RetryToken,
    vanity_certificate::{self, SealedVanity},
    workflows::{self, Workflow},
};

/// What is to be written, with its key sealed.
struct Renewal(SealedVanity);

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let UpdateVanityUrlDetails { certificate } = UpdateVanityUrlDetails::parse(call.body)?;
    if let Some(answer) = RetryToken::replayed(analytics, call, Renewal::OPERATION).await? {
        return Ok(answer);
    }
    let mut present = vanity_urls::get(&analytics.db, &call.caller.tenancy_id, call.id, call.key)
        .await?
        .ok_or_else(|| Kind::VanityUrl.unknown(call.key))?;
    present.details.public_certificate.clone_from(&certificate.public_certificate);
    let version = present.version + 1;
    let sealed = vanity_certificate::seal(analytics, call, certificate, present.details, version).await?;
    acceptance::accept(analytics, call, &Renewal(sealed)).await
}

impl LongOperation for Renewal {
    const OPERATION: Operation = Operation::UpdateVanityUrl;
    const WORKFLOW: &'static Workflow = &workflows::UPDATE_VANITY_URL;

    async fn plan(&self, held: Held<'_>) -> Result<Plan, Refusal> {
        let urls = vanity_urls::held(held.tx, &held.instance.tenancy_id, &held.instance.id).await?;
        // The certificate was judged by the hosts of this version; another one was not there, or is not any more.
        let stands =
            |url: &&vanity_urls::VanityUrl| url.details.key == self.0.details.key && url.version + 1 == self.0.version;
        urls.iter().find(stands).ok_or_else(|| Kind::VanityUrl.unknown(held.call.key))?;
        Ok(Plan { input: self.0.input()?, answer: Answer::empty(StatusCode::ACCEPTED) })
    }
}
