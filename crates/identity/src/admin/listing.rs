//! Lists, for every resource alike: the query or the body of `.search` becomes one page read from the store (contract
//! identity 6.1).

use obol_protocol::scim::{Condition, Fault, ListQuery, ResourceType};
use obol_store::{
    Row, StoreError,
    scim::{Page, PageRequest, Table, page},
};

use super::{Call, Refusal};

/// The query of a `GET`.
pub(super) fn of_query(call: &Call, resource: &ResourceType) -> Result<ListQuery, Refusal> {
    Ok(ListQuery::of_parameters(resource, &call.query)?)
}

/// The body of `.search`.
pub(super) fn of_search(call: &Call, resource: &ResourceType) -> Result<ListQuery, Refusal> {
    Ok(ListQuery::of_body(resource, &call.body)?)
}

/// Reads the page that a query asks for. `own` restricts it further, beside what the caller filters by.
pub(super) async fn read<T>(
    call: &Call,
    resource: &ResourceType,
    table: &Table,
    query: &ListQuery,
    own: Option<Condition>,
    row: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Page<T>, Refusal> {
    let wanted = query.filter.as_ref().map(|filter| Condition::of(filter, resource)).transpose()?;
    let condition = match (own, wanted) {
        (Some(own), Some(wanted)) => Some(Condition::And(Box::new(own), Box::new(wanted))),
        (own, wanted) => own.or(wanted),
    };
    let sort_by = match &query.sort_by {
        None => None,
        Some(path) => Some(resource.find(path).ok_or(Fault::Parameter("sortBy"))?),
    };
    let request = PageRequest {
        condition: condition.as_ref(),
        order: table.order(sort_by.as_ref(), query.descending)?,
        after: query.page.as_ref().map(|page| (page.key.as_str(), page.id.as_str())),
        skip: query.start_index.saturating_sub(1),
        limit: query.count,
        total: query.page.as_ref().map(|page| page.total),
    };
    Ok(page(call.db(), table, call.stripe(), &request, row).await?)
}
