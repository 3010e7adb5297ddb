//! The table of operations and clients in `docs/compatibility.md`, held against what the client programs report.
//!
//! A table kept by hand goes stale; one that is written by a run could not be reviewed. So it is written by hand and tested.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};

use crate::workshop::Workshop;

/// Checks that the column of a client names exactly the operations that its program covered in this run.
pub fn check(workshop: &Workshop, client: &str) -> Result<()> {
    let document = std::fs::read_to_string(workshop.root.join("docs/compatibility.md"))?;
    let log = workshop.log_text();
    let covered: BTreeSet<&str> = log.lines().filter_map(|line| line.strip_prefix("covered: ")).collect();
    let documented =
        column(&document, client).with_context(|| format!("docs/compatibility.md has no column {client}"))?;
    if covered == documented {
        return Ok(());
    }
    bail!("docs/compatibility.md, column {client}: it names {documented:?}, the run covered {covered:?}")
}

/// The operations with an entry in a client's column.
fn column<'a>(document: &'a str, client: &str) -> Option<BTreeSet<&'a str>> {
    let section = document.lines().skip_while(|line| *line != "## Clients");
    let mut rows = section.skip_while(|line| !line.starts_with("| operation |"));
    let index = cells(rows.next()?).position(|cell| cell == client)?;
    let rows = rows.skip(1).take_while(|line| line.starts_with('|'));
    let entered = rows.filter(|row| cells(row).nth(index).is_some_and(|cell| !cell.is_empty()));
    Some(entered.filter_map(|row| cells(row).next()).collect())
}

fn cells(row: &str) -> impl Iterator<Item = &str> {
    row.trim_matches('|').split('|').map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::column;

    const TABLE: &str = "\
| operation | python |
|---|---|
| other | yes |

## Clients

| operation | curl | jose |
|---|---|---|
| token | yes | |
| keys | | yes |

| keys | yes | yes |";

    #[test]
    fn column_names_the_operations_with_an_entry() {
        assert_eq!(column(TABLE, "curl").unwrap().into_iter().collect::<Vec<_>>(), ["token"]);
        assert_eq!(column(TABLE, "jose").unwrap().into_iter().collect::<Vec<_>>(), ["keys"]);
    }

    #[test]
    fn column_of_an_unknown_client_is_none() {
        assert!(column(TABLE, "python").is_none());
        assert!(column("no table", "curl").is_none());
    }
}
