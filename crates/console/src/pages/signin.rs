//! The door: user name and password in, a session out, or the second step where the sign-on policy asks for one; and the
//! way out again.
//!
//! Whatever is wrong with a name or a password, the page says the same; which it was stands in the explanation.

use askama::Template;
use axum::{
    extract::RawQuery,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use obol_domain::{
    Explanation,
    audit::{Cause, Kind, Party},
};
use obol_identity::{
    ServiceError,
    sign_in::FirstStep,
    users::{SignInRefusal, SignedIn as SignedInUser},
};
use obol_protocol::oauth::{
    Form,
    form::{MEDIA_TYPE, encode},
};

use crate::{
    chrome::Chrome,
    cookies,
    form::{self, Sent},
    refusal::{Refused, render},
    visit::{SignedIn, Visit},
};

/// The longest address kept to go to after signing in, in bytes; an authorization request of 6000 bytes fits.
const LONGEST_NEXT: usize = 8192;

/// The sign-in page.
#[derive(Template)]
#[template(path = "signin.html")]
pub(crate) struct SignInPage {
    pub(crate) chrome: Chrome,
    /// The token that this form carries; there is no session yet, so it belongs to the visitor's cookie.
    pub(crate) form_token: String,
    /// What was typed before.
    pub(crate) user_name: String,
    /// Where to go afterwards, from what follows `/ui/v1`.
    pub(crate) next: Option<String>,
    /// Why the last attempt failed.
    pub(crate) problem: Option<SignInProblem>,
    /// Whether the visitor comes from signing out.
    pub(crate) signed_out: bool,
    /// Whether the visitor comes from changing the password.
    pub(crate) password_changed: bool,
}

/// A failed attempt as the page tells it.
pub(crate) struct SignInProblem {
    pub(crate) what: String,
    pub(crate) fix: &'static str,
    pub(crate) ecid: String,
}

/// Answers `GET /ui/v1/signin`.
pub(crate) async fn show(visit: Visit, jar: CookieJar, RawQuery(query): RawQuery) -> Response {
    let query = Form::parse(Some(MEDIA_TYPE), query.unwrap_or_default().as_bytes()).ok();
    let query = |name: &str| query.as_ref().and_then(|query| query.get(name));
    // Whoever must sign in again does, with a session or without.
    if visit.session().is_some() && query("again").is_none() {
        return visit.redirect(next(query("next")).unwrap_or("/"));
    }
    let attempt = Attempt {
        signed_out: query("signed_out").is_some(),
        password_changed: query("password_changed").is_some(),
        next: next(query("next")),
        ..Attempt::default()
    };
    page(&visit, jar, StatusCode::OK, attempt)
}

/// Answers `POST /ui/v1/signin`.
pub(crate) async fn submit(
    visit: Visit,
    jar: CookieJar,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    let form = form::read(&visit, cookies::visitor(&jar).as_ref(), &headers, &body)?;
    let user_name = form.get("username").unwrap_or_default();
    let password = form.secret("password").unwrap_or_default();
    let stripe = &visit.stripe().name;
    let next = next(form.get("next"));
    match visit.identity().begin_sign_in(stripe, user_name, &password).await {
        Ok(FirstStep::Whole(user)) => {
            let cause = visit.cause().by(Party::new(Kind::User, &user.user_id, &user.user_name));
            let jar = enter(&visit, jar, &user, &cause).await?;
            Ok((jar, visit.redirect(next.unwrap_or("/"))).into_response())
        }
        Ok(FirstStep::Half(half)) => {
            let query = next.map(|next| format!("?next={}", encode(next))).unwrap_or_default();
            let second = visit.redirect(&format!("/signin/factor{query}"));
            Ok((cookies::wait(jar, &half), second).into_response())
        }
        Err(refusal) => refuse(&visit, jar, &form, &refusal),
    }
}

/// Opens a session for a user whose sign-in is whole.
pub(crate) async fn enter(
    visit: &Visit,
    jar: CookieJar,
    user: &SignedInUser,
    cause: &Cause,
) -> Result<CookieJar, Refused> {
    let stripe = &visit.stripe().name;
    let failure = |error: ServiceError| Refused::failure(visit, error.is_passing(), &error);
    // The old session goes first: were it closed last and that failed, the new one would stay open with nobody having it.
    if let Some(old) = cookies::session(&jar) {
        visit.identity().close_session(stripe, &old, cause).await.map_err(failure)?;
    }
    let session = visit.identity().open_session(stripe, &user.user_id, cause).await.map_err(failure)?;
    Ok(cookies::open(jar, &session))
}

/// Answers `POST /ui/v1/signout`.
pub(crate) async fn leave(
    SignedIn(visit): SignedIn,
    jar: CookieJar,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    form::read(&visit, visit.session_id(), &headers, &body)?;
    if let Some(id) = visit.session_id() {
        let closed = visit.identity().close_session(&visit.stripe().name, id, &visit.cause()).await;
        closed.map_err(|error| Refused::failure(&visit, error.is_passing(), &error))?;
    }
    Ok((cookies::close(jar), visit.redirect("/signin?signed_out=true")).into_response())
}

/// What the page shows of an attempt.
#[derive(Default)]
struct Attempt<'a> {
    user_name: &'a str,
    next: Option<&'a str>,
    problem: Option<SignInProblem>,
    signed_out: bool,
    password_changed: bool,
}

/// The page, and a visitor's cookie where there is none yet.
fn page(visit: &Visit, jar: CookieJar, status: StatusCode, attempt: Attempt<'_>) -> Response {
    let (visitor, jar) = cookies::visitor_or_greet(jar, visit.identity());
    let page = SignInPage {
        chrome: visit.chrome("Sign in"),
        form_token: visit.form_token_of(&visitor),
        user_name: attempt.user_name.to_owned(),
        next: attempt.next.map(str::to_owned),
        problem: attempt.problem,
        signed_out: attempt.signed_out,
        password_changed: attempt.password_changed,
    };
    (jar, render(status, &page)).into_response()
}

fn refuse(visit: &Visit, jar: CookieJar, form: &Form, refusal: &SignInRefusal) -> Result<Response, Refused> {
    let (status, fix) = match refusal {
        SignInRefusal::Service(error) => return Err(Refused::failure(visit, error.is_passing(), error)),
        SignInRefusal::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "Nothing is wrong with what you entered."),
        SignInRefusal::PasswordExpired | SignInRefusal::PasswordMustChange => {
            (StatusCode::UNAUTHORIZED, "Follow Change password below, and sign in with the new one.")
        }
        SignInRefusal::UnknownStripe
        | SignInRefusal::Unknown
        | SignInRefusal::Inactive
        | SignInRefusal::Locked(_)
        | SignInRefusal::WrongPassword { .. } => (
            StatusCode::UNAUTHORIZED,
            "Check both and try again. After several wrong passwords a user is locked for a while.",
        ),
    };
    // Whoever entered the right password may know why it does not open.
    let what = match refusal {
        SignInRefusal::PasswordExpired => "Your password has expired.",
        SignInRefusal::PasswordMustChange => "You must change your password.",
        refusal => refusal.public_text(),
    };
    let problem = SignInProblem { what: what.to_owned(), fix, ecid: visit.ecid().to_owned() };
    let attempt = Attempt {
        user_name: form.get("username").unwrap_or_default(),
        next: next(form.get("next")),
        problem: Some(problem),
        ..Attempt::default()
    };
    let mut response = page(visit, jar, status, attempt);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    let explanation: Option<Explanation> = refusal.explanation();
    if let Some(explanation) = explanation {
        response.extensions_mut().insert(explanation);
    }
    Ok(response)
}

/// An address to go to, if it is one of ours: it follows `/ui/v1`, so that it cannot name another host.
pub(crate) fn next(text: Option<&str>) -> Option<&str> {
    text.filter(|text| {
        text.len() <= LONGEST_NEXT
            && text.starts_with('/')
            && !text.contains("..")
            && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_our_own_pages_are_returned_to() {
        for text in ["/", "/federation", "/adminconsole/?root=apps"] {
            assert_eq!(next(Some(text)), Some(text));
        }
        for text in ["", "federation", "http://evil.example", "/a\r\nb", "/a b", "/../x", "/%2e%2e\\", "/é"] {
            assert_eq!(next(Some(text)), None, "{text:?}");
        }
        let long = format!("/{}", "a".repeat(LONGEST_NEXT));
        assert_eq!(next(Some(&long)), None);
        assert_eq!(next(None), None);
    }

    proptest! {
        #[test]
        fn any_address_is_refused_or_fits_a_header(text in ".*") {
            if let Some(next) = next(Some(&text)) {
                prop_assert!(HeaderValue::from_str(next).is_ok());
            }
        }
    }
}
