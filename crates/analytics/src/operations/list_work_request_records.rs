//! ListWorkRequestErrors and ListWorkRequestLogs: two bare arrays over the same kind of rows, oldest first.

use axum::http::StatusCode;
use obol_protocol::{
    analytics::query::{Page, parse_page},
    oci::PageToken,
};
use obol_store::{work_records, work_records::Numbered, work_requests};
use serde::Serialize;

use super::cut;
use crate::{
    Inner, Refusal,
    http::{Answer, Call},
};

pub(super) async fn errors(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let page = parse_page(call.query)?;
    let after = line_of(&page)?;
    work_request_is_known(analytics, call).await?;
    let rows = work_records::errors(&analytics.db, &call.caller.tenancy_id, call.id, after, page.limit + 1).await?;
    answer(rows, &page)
}

pub(super) async fn logs(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let page = parse_page(call.query)?;
    let after = line_of(&page)?;
    work_request_is_known(analytics, call).await?;
    let rows = work_records::logs(&analytics.db, &call.caller.tenancy_id, call.id, after, page.limit + 1).await?;
    answer(rows, &page)
}

async fn work_request_is_known(analytics: &Inner, call: &Call<'_>) -> Result<(), Refusal> {
    match work_requests::get(&analytics.db, &call.caller.tenancy_id, call.id).await? {
        Some(_) => Ok(()),
        None => Err(Refusal::NotFound { what: "work request", id: call.id.to_owned() }),
    }
}

/// The number of the last line of the page before.
fn line_of(page: &Page) -> Result<i64, Refusal> {
    match &page.after {
        None => Ok(0),
        Some(token) => token.key.parse().map_err(|_| Refusal::Field(Page::foreign(&token.key))),
    }
}

fn answer<T: Serialize>(rows: Numbered<T>, page: &Page) -> Result<Answer, Refusal> {
    let (rows, more) = cut(rows, page.limit);
    let next_page =
        rows.last().filter(|_| more).map(|(line, _)| PageToken::new(line.to_string(), String::new()).to_string());
    let records: Vec<T> = rows.into_iter().map(|(_, record)| record).collect();
    Ok(Answer::json(StatusCode::OK, &records)?.next_page(next_page))
}
