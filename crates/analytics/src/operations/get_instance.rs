//! GetAnalyticsInstance. The instance with its children; a deleted instance is no longer there (contract analytics 2.3).

use axum::http::StatusCode;
use obol_store::instance_children;

use super::instance_stands;
use crate::{
    Inner, Refusal,
    http::{Answer, Call},
    views,
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let instance = instance_stands(analytics, call).await?;
    let children = instance_children::of(&analytics.db, &instance.tenancy_id, &instance.id).await?;
    let etag = views::etag(instance.version);
    Ok(Answer::json(StatusCode::OK, &views::whole_instance(instance, children))?.etag(etag))
}
