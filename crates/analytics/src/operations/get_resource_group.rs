//! GetResourceGroup: a group with its own etag.

use axum::http::StatusCode;
use obol_store::resource_groups;

use super::instance_stands;
use crate::{
    Inner, Refusal,
    children::Kind,
    http::{Answer, Call},
    views,
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    instance_stands(analytics, call).await?;
    let group = resource_groups::get(&analytics.db, &call.caller.tenancy_id, call.id, call.key)
        .await?
        .ok_or_else(|| Kind::ResourceGroup.unknown(call.key))?;
    Ok(Answer::json(StatusCode::OK, &group.details)?.etag(views::etag(group.version)))
}
