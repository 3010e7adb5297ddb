//! One's own sessions: where one is signed in, and the way to end each.

use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode},
    response::Response,
};
use obol_domain::Explanation;
use obol_identity::sessions::OwnSession;

use crate::{
    chrome::{Chrome, Moment},
    form::{self, Sent},
    refusal::{Refused, render},
    visit::{SignedIn, Visit},
};

/// The page.
#[derive(Template)]
#[template(path = "sessions.html")]
pub(crate) struct SessionsPage {
    pub(crate) chrome: Chrome,
    pub(crate) form_token: String,
    pub(crate) sessions: Vec<SessionRow>,
}

/// A session as the page shows it.
pub(crate) struct SessionRow {
    pub(crate) handle: String,
    pub(crate) began: Moment,
    pub(crate) used: Moment,
    pub(crate) ends: Moment,
    pub(crate) is_this: bool,
}

impl From<OwnSession> for SessionRow {
    fn from(session: OwnSession) -> Self {
        let OwnSession { handle, created_at, last_used_at, expires_at, is_this } = session;
        Self { handle, began: created_at.into(), used: last_used_at.into(), ends: expires_at.into(), is_this }
    }
}

/// Answers `GET /ui/v1/sessions`.
pub(crate) async fn show(SignedIn(visit): SignedIn) -> Result<Response, Refused> {
    let id = visit.session_id().cloned().unwrap_or_default();
    let found = visit.identity().own_sessions(&visit.stripe().name, user_id(&visit), &id).await;
    let found = found.map_err(|error| Refused::failure(&visit, error.is_passing(), &error))?;
    let page = SessionsPage {
        chrome: visit.chrome("Sessions").under("Home", "/"),
        form_token: visit.form_token(),
        sessions: found.into_iter().map(SessionRow::from).collect(),
    };
    Ok(render(StatusCode::OK, &page))
}

/// Answers `POST /ui/v1/sessions`: ends one.
pub(crate) async fn submit(
    SignedIn(visit): SignedIn,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, Refused> {
    let form = form::read(&visit, visit.session_id(), &headers, &body)?;
    let handle = form.get("session").unwrap_or_default();
    let ended = visit.identity().end_own_session(&visit.stripe().name, user_id(&visit), handle, &visit.cause()).await;
    if ended.map_err(|error| Refused::failure(&visit, error.is_passing(), &error))? {
        return Ok(visit.redirect("/sessions"));
    }
    let explanation = Explanation::new(
        "session_known",
        "a session of the user who is signed in",
        "none that is there",
        "Open the page again; the session may have ended by itself.",
    );
    Err(Refused::new(&visit, StatusCode::NOT_FOUND, "There is no such session", explanation))
}

fn user_id(visit: &Visit) -> &str {
    visit.session().map(|session| session.user.user_id.as_str()).unwrap_or_default()
}
