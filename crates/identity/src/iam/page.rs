//! Lists of what a tenancy has few of: sorted and cut in memory, with page tokens that hold a place and not a number.

use obol_protocol::{
    Timestamp,
    analytics::query::{Page, SortOrder},
    iam::query::{List, Sort},
    oci::PageToken,
};

use super::refusal::Refusal;

/// What is listed.
pub(super) trait Listed {
    fn id(&self) -> &str;
    fn name(&self) -> &str;
    fn created_at(&self) -> Timestamp;
}

/// The part of a list that was asked for, and the token of what follows.
///
/// # Errors
///
/// [`Refusal::Field`] when the token is one of another order, or nobody's.
pub(super) fn part<T: Listed>(mut rows: Vec<T>, list: &List) -> Result<(Vec<T>, Option<String>), Refusal> {
    let after = list.page.after.as_ref().map(|token| place_of(token, list.sort)).transpose()?;
    rows.sort_by_cached_key(|row| key(row, list.sort));
    if list.order == SortOrder::Descending {
        rows.reverse();
    }
    if let Some(after) = after {
        rows.retain(|row| match list.order {
            SortOrder::Ascending => key(row, list.sort) > after,
            SortOrder::Descending => key(row, list.sort) < after,
        });
    }
    let limit = usize::try_from(list.page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| token_of(row, list.sort));
    Ok((rows, next))
}

/// A place: a number or a text, and the id that breaks ties. One of the first two is always the same.
type Key = (i64, String, String);

fn key(row: &impl Listed, sort: Sort) -> Key {
    match sort {
        Sort::TimeCreated => (row.created_at().micros(), String::new(), row.id().to_owned()),
        Sort::Name => (0, row.name().to_owned(), row.id().to_owned()),
    }
}

fn token_of(row: &impl Listed, sort: Sort) -> String {
    let key = match sort {
        Sort::TimeCreated => format!("n{}", row.created_at().micros()),
        Sort::Name => format!("t{}", row.name()),
    };
    PageToken::new(key, row.id()).to_string()
}

fn place_of(token: &PageToken, sort: Sort) -> Result<Key, Refusal> {
    let foreign = || Refusal::Field(Page::foreign(&token.key));
    let id = token.id.clone();
    match (sort, token.key.strip_prefix('n'), token.key.strip_prefix('t')) {
        (Sort::TimeCreated, Some(micros), _) => Ok((micros.parse().map_err(|_| foreign())?, String::new(), id)),
        (Sort::Name, _, Some(name)) => Ok((0, name.to_owned(), id)),
        _ => Err(foreign()),
    }
}
