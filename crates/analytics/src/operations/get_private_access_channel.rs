//! GetPrivateAccessChannel: a channel with its own etag.

use axum::http::StatusCode;
use obol_store::private_access_channels;

use super::instance_stands;
use crate::{
    Inner, Refusal,
    children::Kind,
    http::{Answer, Call},
    views,
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    instance_stands(analytics, call).await?;
    let channel = private_access_channels::get(&analytics.db, &call.caller.tenancy_id, call.id, call.key)
        .await?
        .ok_or_else(|| Kind::PrivateAccessChannel.unknown(call.key))?;
    Ok(Answer::json(StatusCode::OK, &channel.details)?.etag(views::etag(channel.version)))
}
