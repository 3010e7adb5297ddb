//! GetAnalyticsInstance. One read; a deleted instance is no longer there (contract analytics 2.3).

use axum::http::StatusCode;
use obol_protocol::analytics::LifecycleState;
use obol_store::instances;

use crate::{
    Inner, Refusal,
    http::{Answer, Call},
    views,
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let instance = instances::get(&analytics.db, &call.caller.tenancy_id, call.id)
        .await?
        .ok_or_else(|| Refusal::NotFound { what: "instance", id: call.id.to_owned() })?;
    if instance.state == LifecycleState::Deleted {
        return Err(Refusal::Gone { id: instance.id });
    }
    let etag = views::etag(instance.version);
    Ok(Answer::json(StatusCode::OK, &views::whole_instance(instance))?.etag(etag))
}
