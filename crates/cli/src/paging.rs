//! `--all`, `--limit`, `--page`, `--page-size`, as the official command line has them (contract analytics 5.1 and 7).

use clap::Args;
use obol_client::{
    CallError,
    analytics::{Parameters, all_pages},
    oci::Reply,
};
use serde_json::Value;

use crate::printer;

/// Which part of a list to fetch.
#[derive(Debug, Args)]
pub(crate) struct Paging {
    /// Fetch all pages
    #[arg(long, conflicts_with_all = ["limit", "page"])]
    all: bool,
    /// Fetch at most this many
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Go on after an earlier list's opc-next-page
    #[arg(long, value_name = "TOKEN_OF_PAGE")]
    page: Option<String>,
    /// How many to ask for at a time
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1000))]
    page_size: Option<u32>,
}

impl Paging {
    /// Fetches the part.
    pub(crate) fn fetch(
        &self,
        mut parameters: Parameters<'_>,
        mut page: impl FnMut(Parameters<'_>) -> Result<Reply, CallError>,
    ) -> Result<Reply, CallError> {
        if self.all {
            parameters.push(("limit", self.page_size.map(|size| size.to_string())));
            return all_pages(&parameters, page);
        }
        let mut token = self.page.clone();
        let mut rows = Vec::new();
        loop {
            let fetched = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            let left = self.limit.map(|limit| limit.saturating_sub(fetched));
            let size = match (left, self.page_size) {
                (Some(left), Some(size)) => Some(left.min(size)),
                (left, size) => left.or(size),
            };
            let mut asked = parameters.clone();
            asked.push(("limit", size.map(|size| size.to_string())));
            asked.push(("page", token.take()));
            let mut reply = page(asked)?;
            if let Value::Array(more) = &mut reply.data {
                rows.append(more);
            }
            token = reply.header("opc-next-page").map(str::to_owned);
            // Only --limit with a smaller --page-size needs more than one page.
            let wanted = self.page_size.is_some()
                && self.limit.is_some_and(|limit| u32::try_from(rows.len()).is_ok_and(|rows| rows < limit));
            if token.is_none() || !wanted {
                if token.is_some() {
                    printer::note(
                        "note: there are more; fetch them with --all, or go on with --page and opc-next-page",
                    );
                }
                reply.data = Value::Array(rows);
                return Ok(reply);
            }
        }
    }
}
