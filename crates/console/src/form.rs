//! Reads a form of a page, and refuses one that does not carry its token.

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
};
use obol_domain::Explanation;
use obol_protocol::{Secret, oauth::Form};

use crate::{refusal::Refused, visit::Visit};

/// Reads the form. `owner` is the session or the visitor that the page with the form was made for.
pub(crate) fn read(visit: &Visit, owner: Option<&Secret>, headers: &HeaderMap, body: &Bytes) -> Result<Form, Refused> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let form = Form::parse(content_type, body).map_err(|error| {
        Refused::new(
            visit,
            StatusCode::BAD_REQUEST,
            "The form could not be read",
            Explanation::new(
                "form_readable",
                "a form as its page sends it",
                error.to_string(),
                "Open the page again and send its form unchanged.",
            ),
        )
    })?;
    if visit.form_token_matches(owner, form.get("form_token")) {
        return Ok(form);
    }
    Err(Refused::new(
        visit,
        StatusCode::FORBIDDEN,
        "This form is not valid any more",
        Explanation::new(
            "form_token_matches",
            "the form token of this browser's session",
            if owner.is_some() { "another token, or none" } else { "no cookie of this console" },
            "Open the page again and send the form from there; the browser must accept cookies.",
        ),
    ))
}
