//! The page for a device's code: enter it, read what is asked for, allow or deny (contract identity 2.2; RFC 8628 section
//! 3.3). The code is typed, never taken from an address, so that nobody can be led to allow what they did not start.

use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode},
    response::Response,
};
use obol_identity::devices::{DeviceQuestion, DeviceRefusal};

use crate::{
    chrome::Chrome,
    form::{self, Sent},
    refusal::{Refused, render, sentence},
    visit::{SignedIn, Visit},
};

/// The page, in whichever of its steps.
#[derive(Template)]
#[template(path = "device.html")]
pub(crate) struct DevicePage {
    pub(crate) chrome: Chrome,
    pub(crate) form_token: String,
    /// What was typed.
    pub(crate) user_code: String,
    pub(crate) step: Step,
}

/// What the page shows.
pub(crate) enum Step {
    /// A field for the code.
    Enter,
    /// The field again, with what is wrong.
    Wrong {
        /// What to do.
        fix: String,
        /// The request's id.
        ecid: String,
    },
    /// What the code asks for.
    Ask {
        /// The application.
        application: String,
        /// The scopes.
        scopes: Vec<String>,
    },
    /// That it was allowed.
    Allowed,
    /// That it was denied.
    Denied,
}

impl DevicePage {
    fn new(visit: &Visit, user_code: &str, step: Step) -> Self {
        let chrome = visit.chrome("Connect a device").under("Home", "/");
        Self { chrome, form_token: visit.form_token(), user_code: user_code.to_owned(), step }
    }
}

/// Answers `GET /ui/v1/device`.
pub(crate) async fn show(SignedIn(visit): SignedIn) -> Response {
    render(StatusCode::OK, &DevicePage::new(&visit, "", Step::Enter))
}

/// Answers `POST /ui/v1/device`: a code to look at, or a decision about one.
pub(crate) async fn submit(
    SignedIn(visit): SignedIn,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    let form = form::read(&visit, visit.session_id(), &headers, &body)?;
    let code = form.get("user_code").unwrap_or_default();
    let user_id = visit.session().map(|session| session.user.user_id.as_str()).unwrap_or_default();
    let (identity, stripe) = (visit.identity(), visit.stripe().name.as_str());
    let done = match form.get("decision") {
        Some("allow") => {
            identity.device_decide(stripe, user_id, code, true, &visit.cause()).await.map(|()| Step::Allowed)
        }
        Some("deny") => {
            identity.device_decide(stripe, user_id, code, false, &visit.cause()).await.map(|()| Step::Denied)
        }
        Some(_) | None => identity.device_question(stripe, user_id, code).await.map(ask),
    };
    match done {
        Ok(step) => Ok(render(StatusCode::OK, &DevicePage::new(&visit, code, step))),
        Err(DeviceRefusal::Service(error)) => Err(Refused::failure(&visit, error.is_passing(), &error)),
        Err(refusal) => Ok(again(&visit, &refusal)),
    }
}

fn ask(question: DeviceQuestion) -> Step {
    Step::Ask { application: question.application, scopes: question.scopes }
}

fn again(visit: &Visit, refusal: &DeviceRefusal) -> Response {
    let explanation = refusal.explanation();
    let fix = explanation.as_ref().map(|explanation| sentence(&explanation.fix)).unwrap_or_default();
    let step = Step::Wrong { fix, ecid: visit.ecid().to_owned() };
    let mut response = render(StatusCode::UNPROCESSABLE_ENTITY, &DevicePage::new(visit, "", step));
    if let Some(explanation) = explanation {
        response.extensions_mut().insert(explanation);
    }
    response
}
