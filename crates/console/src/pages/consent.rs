//! *Consent*: the user is asked whether a client may have what it wants (contract identity 1, `/ui/v1/myconsole/consent`).
//!
//! The page decides nothing: what is asked, and what the answer leads to, is the token service's to say, from the same
//! request that the browser came with.

use askama::Template;
use axum::{
    extract::RawQuery,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use obol_domain::Explanation;
use obol_identity::authorize::{Asked, AuthorizeRefusal, Decision, Outcome};
use obol_protocol::oauth::{Form, form::MEDIA_TYPE};

use super::authorization::onward;
use crate::{
    chrome::Chrome,
    form::{self, Sent},
    refusal::{Refused, render},
    visit::{SignedIn, Visit},
};

/// The page.
#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage {
    pub(crate) chrome: Chrome,
    pub(crate) form_token: String,
    pub(crate) asked: Asked,
}

/// Answers `GET /ui/v1/myconsole/consent`.
pub(crate) async fn show(SignedIn(visit): SignedIn, RawQuery(query): RawQuery) -> Result<Response, Refused> {
    let request = request(&visit, &query.unwrap_or_default())?;
    let identity = visit.identity();
    match identity.authorize(&visit.locator(), &request, visit.session_id(), &visit.cause(), identity.now()).await {
        Ok(Outcome::Consent(asked)) => {
            let page = ConsentPage { chrome: visit.chrome("Consent"), form_token: visit.form_token(), asked };
            Ok(render(StatusCode::OK, &page))
        }
        Ok(Outcome::Code(to)) => Ok(onward(&visit, to.0)),
        Ok(Outcome::SignIn { resume, .. }) => Ok(onward(&visit, visit.door(&format!("/oauth2/v1/authorize?{resume}")))),
        Err(refusal) => refused(&visit, refusal),
    }
}

/// Answers `POST /ui/v1/myconsole/consent`.
pub(crate) async fn submit(
    SignedIn(visit): SignedIn,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    let form = form::read(&visit, visit.session_id(), &headers, &body)?;
    let request = request(&visit, form.get("request").unwrap_or_default())?;
    let decision = if form.get("decision") == Some("allow") { Decision::Allow } else { Decision::Deny };
    let identity = visit.identity();
    match identity
        .decide(&visit.locator(), &request, visit.session_id(), decision, &visit.cause(), identity.now())
        .await
    {
        Ok(resume) => Ok(onward(&visit, visit.door(&format!("/oauth2/v1/authorize?{resume}")))),
        Err(refusal) => refused(&visit, refusal),
    }
}

/// The authorization request that the page is about.
fn request(visit: &Visit, query: &str) -> Result<Form, Refused> {
    Form::parse(Some(MEDIA_TYPE), query.as_bytes()).map_err(|_| {
        not_valid(
            visit,
            Explanation::new(
                "form_readable",
                "an authorization request",
                "one that cannot be read",
                "Go back to the application and begin again there.",
            ),
        )
    })
}

fn not_valid(visit: &Visit, explanation: Explanation) -> Refused {
    Refused::new(visit, StatusCode::BAD_REQUEST, "The application's request is not valid", explanation)
}

/// A refusal is the client's to hear, if it may; otherwise the user reads it here.
fn refused(visit: &Visit, refusal: AuthorizeRefusal) -> Result<Response, Refused> {
    match refusal {
        AuthorizeRefusal::Answered(told) => {
            let mut response = onward(visit, told.location);
            if let Some(explanation) = told.reason.explanation() {
                response.extensions_mut().insert(explanation);
            }
            Ok(response)
        }
        AuthorizeRefusal::Unanswerable(problem) => Err(not_valid(visit, problem.explanation())),
        AuthorizeRefusal::Service(error) => Err(Refused::failure(visit, error.is_passing(), &error)),
    }
}
