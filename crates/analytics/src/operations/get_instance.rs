//! GetAnalyticsInstance. The instance with its children; a deleted instance is no longer there (contract analytics 2.3).

use axum::http::StatusCode;

use super::instance_stands;
use crate::{
    Inner, Refusal,
    children::Children,
    http::{Answer, Call},
    views,
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let instance = instance_stands(analytics, call).await?;
    let children = Children::of(&analytics.db, &instance).await?;
    let etag = views::etag(instance.version);
    Ok(Answer::json(StatusCode::OK, &views::whole_instance(instance, children))?.etag(etag))
}
