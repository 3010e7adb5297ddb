//! A refusal on its way to the browser: the page says what failed, why and what to do; the explanation goes on record.

use std::error::Error;

use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use obol_domain::{Explanation, with_causes};

use crate::{pages::refusal::RefusalPage, visit::Visit};

/// Why a page was not shown. It answers as a page.
pub(crate) struct Refused {
    status: StatusCode,
    page: Box<RefusalPage>,
    explanation: Option<Explanation>,
}

impl Refused {
    /// A refusal whose explanation the visitor may read.
    pub(crate) fn new(visit: &Visit, status: StatusCode, what: &str, explanation: Explanation) -> Self {
        let page = RefusalPage {
            chrome: visit.chrome(what),
            what: what.to_owned(),
            why: format!("Expected {}; seen: {}.", explanation.expected, explanation.seen),
            fix: sentence(&explanation.fix),
            ecid: visit.ecid().to_owned(),
        };
        Self { status, page: Box::new(page), explanation: Some(explanation) }
    }

    /// Our own failure. The page says no more than that; the cause goes to the log.
    pub(crate) fn failure(visit: &Visit, passing: bool, error: &(dyn Error + 'static)) -> Self {
        tracing::error!(ecid = visit.ecid(), error = with_causes(error), "the console could not answer");
        let what = "The server could not answer";
        let page = RefusalPage {
            chrome: visit.chrome(what),
            what: what.to_owned(),
            why: "Something failed on our side.".to_owned(),
            fix: "Try again in a moment.".to_owned(),
            ecid: visit.ecid().to_owned(),
        };
        let status = if passing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
        Self { status, page: Box::new(page), explanation: None }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = render(self.status, &*self.page);
        if let Some(explanation) = self.explanation {
            response.extensions_mut().insert(explanation);
        }
        response
    }
}

/// Renders a page.
pub(crate) fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(error = with_causes(&error), "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Makes a fragment of an explanation stand as a sentence.
pub(crate) fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let mut text: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_become_sentences() {
        assert_eq!(sentence("activate the application"), "Activate the application.");
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence(""), ".");
    }
}
