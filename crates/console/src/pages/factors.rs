//! One's second factor: set it up with an authenticator app, see that it is there, get new recovery codes, remove it.
//!
//! The secret and the recovery codes stand only in the answer to the form that made them, and in no address.

use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode},
    response::Response,
};
use obol_identity::{
    factors::{ActiveFactor, Enrolment, FactorRefusal},
    users::SignInRefusal,
};
use obol_protocol::{Secret, oauth::Form};

use crate::{
    chrome::{Chrome, Moment},
    form::{self, Sent},
    qr::Picture,
    refusal::{Refused, render, sentence},
    visit::{SignedIn, Visit},
};

/// The page.
#[derive(Template)]
#[template(path = "factors.html")]
pub(crate) struct FactorsPage {
    pub(crate) chrome: Chrome,
    pub(crate) form_token: String,
    pub(crate) step: Step,
    /// Why the last form was refused.
    pub(crate) problem: Option<FactorProblem>,
}

/// What the page shows.
pub(crate) enum Step {
    /// That there is none, and a button.
    Absent,
    /// The secret, and a field for the first code.
    Setup(Setup),
    /// That there is one.
    Active {
        /// Since when.
        since: Moment,
        /// Recovery codes left.
        left: i64,
    },
    /// New recovery codes.
    Codes(Vec<Secret>),
}

/// An enrolment as the pages show it.
pub(crate) struct Setup {
    pub(crate) id: String,
    pub(crate) secret: Secret,
    pub(crate) address: Secret,
    pub(crate) picture: Option<Picture>,
}

impl From<Enrolment> for Setup {
    fn from(enrolment: Enrolment) -> Self {
        let Enrolment { id, secret, address } = enrolment;
        Self { id, secret, picture: Picture::of(&address), address }
    }
}

/// A refusal as the pages tell it.
pub(crate) struct FactorProblem {
    pub(crate) what: &'static str,
    pub(crate) fix: String,
    pub(crate) ecid: String,
}

impl FactorProblem {
    pub(crate) fn new(visit: &Visit, refusal: &FactorRefusal) -> Self {
        let fix = refusal.explanation().map(|explanation| sentence(&explanation.fix)).unwrap_or_default();
        Self { what: refusal.public_text(), fix, ecid: visit.ecid().to_owned() }
    }
}

/// Answers `GET /ui/v1/factors`.
pub(crate) async fn show(SignedIn(visit): SignedIn) -> Result<Response, Refused> {
    let step = present(&visit).await?;
    Ok(page(&visit, StatusCode::OK, step, None))
}

/// Answers `POST /ui/v1/factors`.
pub(crate) async fn submit(
    SignedIn(visit): SignedIn,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    let form = form::read(&visit, visit.session_id(), &headers, &body)?;
    match act(&visit, &form).await {
        Ok(step) => Ok(page(&visit, StatusCode::OK, step, None)),
        Err(FactorRefusal::Service(error) | FactorRefusal::User(SignInRefusal::Service(error))) => {
            Err(Refused::failure(&visit, error.is_passing(), &error))
        }
        Err(refusal) => again(&visit, &form, &refusal).await,
    }
}

async fn act(visit: &Visit, form: &Form) -> Result<Step, FactorRefusal> {
    let (identity, stripe, user_id, cause) =
        (visit.identity(), visit.stripe().name.as_str(), user_id(visit), visit.cause());
    let secret = |name| form.secret(name).unwrap_or_default();
    match form.get("action") {
        Some("begin") => {
            let enrolment = identity.begin_enrolment(stripe, user_id, &cause).await?;
            Ok(Step::Setup(enrolment.into()))
        }
        Some("renew") => {
            let codes = identity.renew_recovery_codes(stripe, user_id, &secret("password"), &cause).await?;
            Ok(Step::Codes(codes))
        }
        Some("remove") => {
            identity.remove_factor(stripe, user_id, &secret("password"), &cause).await?;
            Ok(Step::Absent)
        }
        Some(_) | None => {
            let id = form.get("enrolment").unwrap_or_default();
            let codes = identity.confirm_enrolment(stripe, user_id, id, &secret("code"), &cause).await?;
            Ok(Step::Codes(codes))
        }
    }
}

fn user_id(visit: &Visit) -> &str {
    visit.session().map(|session| session.user.user_id.as_str()).unwrap_or_default()
}

/// What there is.
async fn present(visit: &Visit) -> Result<Step, Refused> {
    let active = visit.identity().active_factor(&visit.stripe().name, user_id(visit)).await;
    match active.map_err(|error| Refused::failure(visit, error.is_passing(), &error))? {
        Some(ActiveFactor { since, recovery_codes }) => Ok(Step::Active { since: since.into(), left: recovery_codes }),
        None => Ok(Step::Absent),
    }
}

/// The page again, with what is wrong. A setup whose code was mistyped goes on.
async fn again(visit: &Visit, form: &Form, refusal: &FactorRefusal) -> Result<Response, Refused> {
    let status = match refusal {
        FactorRefusal::NotConfirmed | FactorRefusal::WrongCode { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        FactorRefusal::User(SignInRefusal::Busy(_)) => StatusCode::SERVICE_UNAVAILABLE,
        FactorRefusal::User(_) => StatusCode::UNAUTHORIZED,
        FactorRefusal::UnknownStripe
        | FactorRefusal::NotBegun
        | FactorRefusal::Enrolled
        | FactorRefusal::NotEnrolled
        | FactorRefusal::Replaced => StatusCode::CONFLICT,
        FactorRefusal::Service(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let id = form.get("enrolment").unwrap_or_default();
    let mut step = present(visit).await?;
    if matches!(refusal, FactorRefusal::NotConfirmed)
        && let Ok(enrolment) = visit.identity().enrolment(&visit.stripe().name, user_id(visit), id).await
    {
        step = Step::Setup(enrolment.into());
    }
    let mut response = page(visit, status, step, Some(FactorProblem::new(visit, refusal)));
    if let Some(explanation) = refusal.explanation() {
        response.extensions_mut().insert(explanation);
    }
    Ok(response)
}

fn page(visit: &Visit, status: StatusCode, step: Step, problem: Option<FactorProblem>) -> Response {
    let chrome = visit.chrome("Two-step verification").under("Home", "/");
    render(status, &FactorsPage { chrome, form_token: visit.form_token(), step, problem })
}
