//! ListWorkRequests: a bare array, pages by header (contract analytics 0, rule 1).

use axum::http::StatusCode;
use obol_protocol::analytics::query::{ListWorkRequests, WorkRequestSort};
use obol_store::work_requests::{self, WorkRequestKey, WorkRequestQuery};

use super::{Place, compartment_is_known, cut, place_of, token_of};
use crate::{
    Inner, Refusal,
    http::{Answer, Call},
    views,
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let list = ListWorkRequests::parse(call.query)?;
    let is_number = match list.sort_by {
        WorkRequestSort::Id | WorkRequestSort::OperationType | WorkRequestSort::Status => false,
        WorkRequestSort::TimeAccepted | WorkRequestSort::TimeStarted | WorkRequestSort::TimeFinished => true,
    };
    let after = place_of(&list.page, is_number)?;
    compartment_is_known(analytics, call, &list.compartment_id).await?;
    let query = WorkRequestQuery {
        compartment_id: &list.compartment_id,
        instance_id: list.resource_id.as_deref(),
        statuses: &list.statuses,
        sort: list.sort_by,
        order: list.sort_order,
        after: after.map(|Place { value, time, id }| WorkRequestKey { value, time_accepted: time, id }),
        limit: list.page.limit + 1,
    };
    let rows = work_requests::list(&analytics.db, &call.caller.tenancy_id, &query).await?;
    let (rows, more) = cut(rows, list.page.limit);
    let next_page = rows.last().filter(|_| more).map(|last| {
        let WorkRequestKey { value, time_accepted, id } = last.key(list.sort_by);
        token_of(Place { value, time: time_accepted, id })
    });
    let summaries: Vec<_> = rows.into_iter().map(views::work_request_summary).collect();
    Ok(Answer::json(StatusCode::OK, &summaries)?.next_page(next_page))
}
