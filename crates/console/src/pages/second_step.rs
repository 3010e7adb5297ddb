//! The door's second step: the code of an authenticator app or a recovery code, or the app's setup where the sign-on policy
//! asks for one that is not there yet. Until it is done there is no session, and nothing else opens.

use askama::Template;
use axum::{
    extract::RawQuery,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use obol_domain::audit::{Cause, Kind, Party};
use obol_identity::{
    factors::FactorRefusal,
    sign_in::HalfSignIn,
    users::{SignInRefusal, SignedIn},
};
use obol_protocol::{
    Secret,
    oauth::{Form, form::MEDIA_TYPE},
};

use super::{
    factors::{FactorProblem, Setup},
    signin::{enter, next},
};
use crate::{
    chrome::Chrome,
    cookies,
    form::{self, Sent},
    refusal::{Refused, render},
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "second_step.html")]
pub(crate) struct SecondStepPage {
    pub(crate) chrome: Chrome,
    /// The token that this form carries; it belongs to the sign-in that waits.
    pub(crate) form_token: String,
    /// Where to go afterwards, from what follows `/ui/v1`.
    pub(crate) next: Option<String>,
    pub(crate) step: Step,
    /// Why the last attempt failed.
    pub(crate) problem: Option<FactorProblem>,
}

/// What the page shows.
pub(crate) enum Step {
    /// A field for a code.
    Code,
    /// That a factor must be set up, and a button.
    Begin,
    /// The secret, and a field for the first code.
    Setup(Setup),
    /// The recovery codes of the factor that was just set up; the session is open.
    Codes(Vec<Secret>),
}

/// Answers `GET /ui/v1/signin/factor`.
pub(crate) async fn show(visit: Visit, jar: CookieJar, RawQuery(query): RawQuery) -> Result<Response, Refused> {
    let query = Form::parse(Some(MEDIA_TYPE), query.unwrap_or_default().as_bytes()).ok();
    let next = next(query.as_ref().and_then(|query| query.get("next")));
    let half = cookies::half(&jar).unwrap_or_default();
    let waits = visit.identity().half_sign_in(&visit.stripe().name, &half).await;
    let waits = waits.map_err(|refusal| refuse(&visit, refusal))?;
    Ok(page(&visit, &half, StatusCode::OK, next, first(&waits), None))
}

/// Answers `POST /ui/v1/signin/factor`.
pub(crate) async fn submit(
    visit: Visit,
    jar: CookieJar,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    let half = cookies::half(&jar);
    let form = form::read(&visit, half.as_ref(), &headers, &body)?;
    let half = half.unwrap_or_default();
    let next = next(form.get("next"));
    let waits = visit.identity().half_sign_in(&visit.stripe().name, &half).await;
    let waits = waits.map_err(|refusal| refuse(&visit, refusal))?;
    let cause = visit.cause().by(Party::new(Kind::User, &waits.user_id, &waits.user_name));
    match act(&visit, &half, &waits, &form, &cause).await {
        Ok(Done::Begun(setup)) => Ok(page(&visit, &half, StatusCode::OK, next, Step::Setup(setup), None)),
        Ok(Done::In(user)) => {
            let jar = enter(&visit, jar, &user, &cause).await?;
            Ok((jar, visit.redirect(next.unwrap_or("/"))).into_response())
        }
        Ok(Done::Enrolled(user, codes)) => {
            let jar = enter(&visit, jar, &user, &cause).await?;
            let page = page(&visit, &half, StatusCode::OK, next, Step::Codes(codes), None);
            Ok((jar, page).into_response())
        }
        Err(refusal) => again(&visit, &half, &waits, &form, refusal).await,
    }
}

/// What a form led to.
enum Done {
    /// A setup began.
    Begun(Setup),
    /// The code was right.
    In(SignedIn),
    /// The first code of a setup was right.
    Enrolled(SignedIn, Vec<Secret>),
}

async fn act(
    visit: &Visit,
    half: &Secret,
    waits: &HalfSignIn,
    form: &Form,
    cause: &Cause,
) -> Result<Done, FactorRefusal> {
    let (identity, stripe) = (visit.identity(), visit.stripe().name.as_str());
    let code = form.secret("code").unwrap_or_default();
    if form.get("action") == Some("begin") {
        let enrolment = identity.begin_enrolment(stripe, &waits.user_id, cause).await?;
        return Ok(Done::Begun(enrolment.into()));
    }
    if let Some(id) = form.get("enrolment") {
        let (user, codes) = identity.finish_enrolment(stripe, half, id, &code, cause).await?;
        return Ok(Done::Enrolled(user, codes));
    }
    Ok(Done::In(identity.finish_sign_in(stripe, half, &code, cause).await?))
}

fn first(waits: &HalfSignIn) -> Step {
    if waits.enrolled { Step::Code } else { Step::Begin }
}

/// The page again where another attempt may help; otherwise the way back to the first step.
async fn again(
    visit: &Visit,
    half: &Secret,
    waits: &HalfSignIn,
    form: &Form,
    refusal: FactorRefusal,
) -> Result<Response, Refused> {
    let (status, step) = match &refusal {
        FactorRefusal::WrongCode { .. } => (StatusCode::UNAUTHORIZED, Step::Code),
        FactorRefusal::NotConfirmed => {
            let id = form.get("enrolment").unwrap_or_default();
            let waiting = visit.identity().enrolment(&visit.stripe().name, &waits.user_id, id).await;
            let step = waiting.map_or(Step::Begin, |enrolment| Step::Setup(enrolment.into()));
            (StatusCode::UNPROCESSABLE_ENTITY, step)
        }
        FactorRefusal::Replaced | FactorRefusal::Enrolled | FactorRefusal::NotEnrolled => {
            (StatusCode::CONFLICT, first(waits))
        }
        FactorRefusal::UnknownStripe | FactorRefusal::NotBegun | FactorRefusal::User(_) | FactorRefusal::Service(_) => {
            return Err(refuse(visit, refusal));
        }
    };
    let problem = Some(FactorProblem::new(visit, &refusal));
    let mut response = page(visit, half, status, next(form.get("next")), step, problem);
    if let Some(explanation) = refusal.explanation() {
        response.extensions_mut().insert(explanation);
    }
    Ok(response)
}

fn refuse(visit: &Visit, refusal: FactorRefusal) -> Refused {
    match refusal {
        FactorRefusal::Service(error) | FactorRefusal::User(SignInRefusal::Service(error)) => {
            Refused::failure(visit, error.is_passing(), &error)
        }
        refusal => match refusal.explanation() {
            Some(explanation) => {
                Refused::new(visit, StatusCode::FORBIDDEN, "This sign-in is not valid any more", explanation)
            }
            None => Refused::failure(visit, false, &refusal),
        },
    }
}

fn page(
    visit: &Visit,
    half: &Secret,
    status: StatusCode,
    next: Option<&str>,
    step: Step,
    problem: Option<FactorProblem>,
) -> Response {
    let page = SecondStepPage {
        chrome: visit.chrome("Verify your identity"),
        form_token: visit.form_token_of(half),
        next: next.map(str::to_owned),
        step,
        problem,
    };
    render(status, &page)
}
