//! GetWorkRequest. While the work goes on, `retry-after` advises when to ask again.

use axum::http::StatusCode;
use obol_store::work_requests;

use crate::{
    Inner, Refusal,
    http::{Answer, Call},
    views,
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let work = work_requests::get(&analytics.db, &call.caller.tenancy_id, call.id)
        .await?
        .ok_or_else(|| Refusal::NotFound { what: "work request", id: call.id.to_owned() })?;
    let etag = views::etag(work.version);
    let goes_on = work.progress.time_finished.is_none();
    Ok(Answer::json(StatusCode::OK, &views::work_request(work))?.etag(etag).poll(goes_on))
}
