//! ListAnalyticsInstances: a bare array, pages by header (contract analytics 0, rule 1).

use axum::http::StatusCode;
use obol_protocol::analytics::query::{InstanceSort, ListAnalyticsInstances};
use obol_store::instances::{self, InstanceKey, InstanceQuery};

use super::{Place, compartment_is_known, cut, place_of, token_of};
use crate::{
    Inner, Refusal,
    http::{Answer, Call},
    views,
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let list = ListAnalyticsInstances::parse(call.query)?;
    let is_number = matches!(list.sort_by, InstanceSort::CapacityValue | InstanceSort::TimeCreated);
    let after = place_of(&list.page, is_number)?;
    compartment_is_known(analytics, call, &list.compartment_id).await?;
    let query = InstanceQuery {
        compartment_id: &list.compartment_id,
        name: list.name.as_deref(),
        capacity_type: list.capacity_type,
        feature_set: list.feature_set,
        state: list.lifecycle_state,
        sort: list.sort_by,
        order: list.sort_order,
        after: after.map(|Place { value, time, id }| InstanceKey { value, time_created: time, id }),
        limit: list.page.limit + 1,
    };
    let rows = instances::list(&analytics.db, &call.caller.tenancy_id, &query).await?;
    let (rows, more) = cut(rows, list.page.limit);
    let next_page = rows.last().filter(|_| more).map(|last| {
        let InstanceKey { value, time_created, id } = last.key(list.sort_by);
        token_of(Place { value, time: time_created, id })
    });
    let summaries: Vec<_> = rows.into_iter().map(views::instance_summary).collect();
    Ok(Answer::json(StatusCode::OK, &summaries)?.next_page(next_page))
}
