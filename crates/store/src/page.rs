//! The text of a list that is read in pages: filters, an order that ends in something unique, and a place in it to go on
//! from. Such a page costs the same however far the caller has walked.

use obol_protocol::analytics::query::SortOrder;

use crate::Statement;

/// What a page of rows below one parent is put together from. All of it is fixed text: what callers send is bound.
pub(crate) struct Page<'a> {
    pub(crate) table: &'static str,
    /// The column of the parent, e.g. the compartment's.
    pub(crate) parent: &'static str,
    /// What is selected.
    pub(crate) columns: &'a str,
    /// The columns that are filtered by, each with how many values it may have; 0 for any.
    pub(crate) filters: &'a [(&'a str, usize)],
    /// What is sorted by; together it is unique.
    pub(crate) keys: &'a [&'a str],
    /// In which direction.
    pub(crate) order: SortOrder,
    /// Whether it goes on from a place, which has a value for each key.
    pub(crate) goes_on: bool,
}

impl Page<'_> {
    /// The statement. It takes, in this order: tenancy, parent, the filters' values, the place's, and how many rows
    /// at most. Only the filters that are given stand in the text, so that the planner sees which index serves them.
    pub(crate) fn statement(&self) -> Statement {
        let Self { table, parent, columns, filters, keys, order, goes_on } = self;
        let mut numbers = 1..;
        let mut places = |count: usize| {
            let places: Vec<String> = numbers.by_ref().take(count).map(|number: usize| format!("${number}")).collect();
            places.join(", ")
        };
        let mut conditions = vec![format!("tenancy_id = {}", places(1)), format!("{parent} = {}", places(1))];
        for (column, count) in *filters {
            match *count {
                0 => {}
                1 => conditions.push(format!("{column} = {}", places(1))),
                more => conditions.push(format!("{column} IN ({})", places(more))),
            }
        }
        let (comparison, direction) = match order {
            SortOrder::Ascending => (">", "ASC"),
            SortOrder::Descending => ("<", "DESC"),
        };
        if *goes_on {
            conditions.push(format!("({}) {comparison} ({})", keys.join(", "), places(keys.len())));
        }
        let conditions = conditions.join(" AND ");
        let sorted: Vec<String> = keys.iter().map(|key| format!("{key} {direction}")).collect();
        let (sorted, limit) = (sorted.join(", "), places(1));
        let sql = format!("SELECT {columns} FROM {table} WHERE {conditions} ORDER BY {sorted} LIMIT {limit}");
        Statement::built(table, sql)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(filters: &[(&str, usize)], order: SortOrder, goes_on: bool) -> String {
        let parent = "compartment_id";
        let page =
            Page { table: "things", parent, columns: "id, name", filters, keys: &["name", "id"], order, goes_on };
        page.statement().sqlite().as_str().to_owned()
    }

    #[test]
    fn only_what_is_given_stands_in_the_text() {
        assert_eq!(
            text(&[("kind", 0), ("state", 0)], SortOrder::Ascending, false),
            "SELECT id, name FROM things WHERE tenancy_id = $1 AND compartment_id = $2 \
             ORDER BY name ASC, id ASC LIMIT $3"
        );
    }

    #[test]
    fn values_are_numbered_in_the_order_they_are_bound_in() {
        assert_eq!(
            text(&[("kind", 1), ("colour", 0), ("state", 3)], SortOrder::Descending, true),
            "SELECT id, name FROM things WHERE tenancy_id = $1 AND compartment_id = $2 AND kind = $3 \
             AND state IN ($4, $5, $6) AND (name, id) < ($7, $8) ORDER BY name DESC, id DESC LIMIT $9"
        );
    }
}
