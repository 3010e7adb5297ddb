//! Changing one's password by proving the present one: also where it has expired, or an administrator handed it out.
//!
//! As at the sign-in page, whoever does not know a user's password learns nothing about the user. What is wrong with the new
//! one is said to whoever has proven the present one, and to nobody else.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use obol_domain::Explanation;
use obol_identity::passwords::PasswordRefusal;
use obol_protocol::oauth::Form;

use super::signin::SignInProblem;
use crate::{
    chrome::Chrome,
    cookies,
    form::{self, Sent},
    refusal::{Refused, render},
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "password.html")]
pub(crate) struct PasswordPage {
    pub(crate) chrome: Chrome,
    /// The token that this form carries; it belongs to the visitor's cookie.
    pub(crate) form_token: String,
    /// What was typed before.
    pub(crate) user_name: String,
    /// Why the last attempt failed.
    pub(crate) problem: Option<SignInProblem>,
}

/// Answers `GET /ui/v1/password`.
pub(crate) async fn show(visit: Visit, jar: CookieJar) -> Response {
    page(&visit, jar, StatusCode::OK, "", None)
}

/// Answers `POST /ui/v1/password`.
pub(crate) async fn submit(
    visit: Visit,
    jar: CookieJar,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    let form = form::read(&visit, cookies::visitor(&jar).as_ref(), &headers, &body)?;
    let [present, new, repeated] =
        ["password", "new_password", "repeated_password"].map(|name| form.secret(name).unwrap_or_default());
    if !new.matches(repeated.expose()) {
        return Ok(not_repeated(&visit, jar, &form));
    }
    let user_name = form.get("username").unwrap_or_default();
    let stripe = &visit.stripe().name;
    match visit.identity().change_password(stripe, user_name, &present, &new, &visit.cause()).await {
        Ok(()) => Ok((jar, visit.redirect("/signin?password_changed=true")).into_response()),
        Err(refusal) => refuse(&visit, jar, &form, &refusal),
    }
}

fn not_repeated(visit: &Visit, jar: CookieJar, form: &Form) -> Response {
    let problem = SignInProblem {
        what: "The two new passwords are not the same.".to_owned(),
        fix: "Enter the new password twice.",
        ecid: visit.ecid().to_owned(),
    };
    let explanation = Explanation::new(
        "password_repeated",
        "the new password twice",
        "two different ones",
        "enter the same new password in both fields",
    );
    let user_name = form.get("username").unwrap_or_default();
    let mut response = page(visit, jar, StatusCode::UNPROCESSABLE_ENTITY, user_name, Some(problem));
    response.extensions_mut().insert(explanation);
    response
}

fn refuse(visit: &Visit, jar: CookieJar, form: &Form, refusal: &PasswordRefusal) -> Result<Response, Refused> {
    let (status, fix) = match refusal {
        PasswordRefusal::Service(error) => return Err(Refused::failure(visit, error.is_passing(), error)),
        PasswordRefusal::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "Nothing is wrong with what you entered."),
        PasswordRefusal::UnknownStripe | PasswordRefusal::UnknownUser | PasswordRefusal::NotProven(_) => (
            StatusCode::UNAUTHORIZED,
            "Check name and present password. After several wrong passwords a user is locked for a while.",
        ),
        PasswordRefusal::Rules(_) => (StatusCode::UNPROCESSABLE_ENTITY, "Choose another new password."),
        PasswordRefusal::CannotChange => (StatusCode::FORBIDDEN, "Ask an administrator of this identity domain."),
        PasswordRefusal::Lost => (StatusCode::CONFLICT, "Try again if the password is still to be changed."),
    };
    let problem = SignInProblem { what: refusal.public_text(), fix, ecid: visit.ecid().to_owned() };
    let mut response = page(visit, jar, status, form.get("username").unwrap_or_default(), Some(problem));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Some(explanation) = refusal.explanation() {
        response.extensions_mut().insert(explanation);
    }
    Ok(response)
}

/// The page, and a visitor's cookie where there is none yet.
fn page(
    visit: &Visit,
    jar: CookieJar,
    status: StatusCode,
    user_name: &str,
    problem: Option<SignInProblem>,
) -> Response {
    let (visitor, jar) = cookies::visitor_or_greet(jar, visit.identity());
    let page = PasswordPage {
        chrome: visit.chrome("Change password"),
        form_token: visit.form_token_of(&visitor),
        user_name: user_name.to_owned(),
        problem,
    };
    (jar, render(status, &page)).into_response()
}
