//! CreateVanityUrl. The certificate is judged before anything is written, and its key is sealed before it is kept. The hosts
//! are taken when the work is accepted, so that two instances cannot both be promised the same one.

use axum::http::StatusCode;
use obol_protocol::analytics::{CreateVanityUrlDetails, VanityUrlDetails};
use obol_store::{StoreError, vanity_urls};

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan},
    children::Kind,
    http::{Answer, Call, routes::Operation},
    retry::RetryToken,
    vanity_certificate::{self, SealedVanity},
    workflows::{self, Workflow},
};

/// What is to be made, with its key sealed.
struct Creation(SealedVanity);

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let CreateVanityUrlDetails { hosts, description, certificate } = CreateVanityUrlDetails::parse(call.body)?;
    // A certificate may have expired since the first answer.
    if let Some(answer) = RetryToken::replayed(analytics, call, Creation::OPERATION).await? {
        return Ok(answer);
    }
    let entropy: &dyn obol_domain::Entropy = &*analytics.entropy;
    let details = VanityUrlDetails {
        key: entropy.hex32(),
        description,
        urls: hosts.iter().map(|host| format!("https://{host}")).collect(),
        hosts,
        public_certificate: certificate.public_certificate.clone(),
    };
    let sealed = vanity_certificate::seal(analytics, call, certificate, details, 1).await?;
    acceptance::accept(analytics, call, &Creation(sealed)).await
}

impl LongOperation for Creation {
    const OPERATION: Operation = Operation::CreateVanityUrl;
    const WORKFLOW: &'static Workflow = &workflows::CREATE_VANITY_URL;

    async fn plan(&self, held: Held<'_>) -> Result<Plan, Refusal> {
        let urls = vanity_urls::held(held.tx, &held.instance.tenancy_id, &held.instance.id).await?;
        Kind::VanityUrl.has_room(urls.len())?;
        // At most three, each decided by the unique index.
        for host in &self.0.details.hosts {
            match vanity_urls::take_host(held.tx, &held.instance.id, &self.0.details.key, host).await {
                Err(StoreError::Duplicate { .. }) => return Err(Refusal::HostTaken { host: host.clone() }),
                other => other?,
            }
        }
        Ok(Plan { input: self.0.input()?, answer: Answer::empty(StatusCode::ACCEPTED) })
    }
}
