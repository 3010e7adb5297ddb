//! ListResourceGroups: a bare array, the default group first unless told otherwise (contract analytics 1, operation 20).

use axum::http::StatusCode;
use obol_protocol::{
    analytics::{
        enums::Vocabulary as _,
        query::{ListResourceGroups, Page, ResourceGroupSort},
    },
    oci::PageToken,
};
use obol_store::{
    instances::SortValue,
    resource_groups::{self, ResourceGroupKey, ResourceGroupQuery},
};

use super::{cut, instance_stands};
use crate::{
    Inner, Refusal,
    http::{Answer, Call},
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let list = ListResourceGroups::parse(call.query)?;
    let after = place_of(&list)?;
    instance_stands(analytics, call).await?;
    let query = ResourceGroupQuery {
        instance_id: call.id,
        name: list.name.as_deref(),
        sort: list.sort_by,
        order: list.sort_order,
        after,
        limit: list.page.limit + 1,
    };
    let rows = resource_groups::list(&analytics.db, &call.caller.tenancy_id, &query).await?;
    let (rows, more) = cut(rows, list.page.limit);
    let next_page = rows.last().filter(|_| more).map(|last| token_of(last.key(list.sort_by), list.sort_by));
    let groups: Vec<_> = rows.into_iter().map(|group| group.details).collect();
    Ok(Answer::json(StatusCode::OK, &groups)?.next_page(next_page))
}

/// A token holds what is sorted by, whether the default group is behind, and the value, which may contain anything.
fn token_of(key: ResourceGroupKey, sort: Option<ResourceGroupSort>) -> String {
    let value = match key.value {
        SortValue::Text(text) => text,
        SortValue::Number(number) => number.to_string(),
    };
    PageToken::new(format!("{} {} {value}", name_of(sort), key.place), key.id).to_string()
}

/// Reads a token back; one of another order is refused.
fn place_of(list: &ListResourceGroups) -> Result<Option<ResourceGroupKey>, Refusal> {
    let Some(token) = &list.page.after else { return Ok(None) };
    let foreign = || Refusal::Field(Page::foreign(&token.key));
    let mut parts = token.key.splitn(3, ' ');
    let (Some(sort), Some(place), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(foreign());
    };
    if sort != name_of(list.sort_by) || value.contains('\0') || token.id.contains('\0') {
        return Err(foreign());
    }
    let value = match list.sort_by {
        Some(ResourceGroupSort::Capacity) => SortValue::Number(value.parse().map_err(|_| foreign())?),
        _ => SortValue::Text(value.to_owned()),
    };
    let place = place.parse().map_err(|_| foreign())?;
    Ok(Some(ResourceGroupKey { place, value, id: token.id.clone() }))
}

fn name_of(sort: Option<ResourceGroupSort>) -> &'static str {
    sort.map_or("default", ResourceGroupSort::as_str)
}
