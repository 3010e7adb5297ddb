//! `GET` and `POST /oauth2/v1/authorize`, and `GET /oauth2/v1/consent` (contract identity 2.2 and 8): a browser comes with
//! a request and goes on with a code, an error, or to a page of the console that asks its user first.

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderValue, StatusCode, header};
use obol_protocol::oauth::{Form, FormError, form::MEDIA_TYPE};

use super::{answer, body, context::Door};
use crate::{
    Identity,
    authorize::{AuthorizeRefusal, Outcome, Unanswerable},
    grants::TokenRefusal,
    http::cookie,
};

/// The longest request, in bytes: it has to fit into an address of the console's.
const LONGEST: usize = 6000;

pub(super) async fn get(State(identity): State<Identity>, door: Door, request: Request) -> Response {
    let session = cookie::session(request.headers());
    let form = read(request.uri().query().unwrap_or_default());
    go(&identity, &door, form, session).await
}

pub(super) async fn post(State(identity): State<Identity>, door: Door, request: Request) -> Response {
    let session = cookie::session(request.headers());
    let form = match body::form(request).await {
        Ok((_, form)) => Ok(form),
        Err(TokenRefusal::Form(problem)) => Err(Unanswerable::Form(problem)),
        Err(_) => Err(Unanswerable::BodyBroken),
    };
    go(&identity, &door, form, session).await
}

/// The consent page's address at Oracle; the page itself is the console's.
pub(super) async fn consent(State(identity): State<Identity>, door: Door, request: Request) -> Response {
    match identity.base(&door).await {
        Ok(Some(base)) => {
            let query = request.uri().query().unwrap_or_default();
            redirect(&format!("{base}/ui/v1/myconsole/consent?{query}"))
        }
        Ok(None) => answer::unanswerable(&Unanswerable::UnknownStripe),
        Err(error) => answer::authorize_failed(&error),
    }
}

fn read(query: &str) -> Result<Form, Unanswerable> {
    if query.len() > LONGEST {
        return Err(FormError::TooLong.into());
    }
    Ok(Form::parse(Some(MEDIA_TYPE), query.as_bytes())?)
}

async fn go(
    identity: &Identity,
    door: &Door,
    form: Result<Form, Unanswerable>,
    session: Option<obol_protocol::Secret>,
) -> Response {
    let outcome = match form {
        Ok(form) => identity.authorize(&door.locator, &form, session.as_ref(), &door.cause, door.now).await,
        Err(problem) => Err(problem.into()),
    };
    let base = match identity.base(door).await {
        Ok(base) => base.unwrap_or_default(),
        Err(error) => return answer::authorize_failed(&error),
    };
    match outcome {
        Ok(Outcome::Code(to)) => redirect(&to.0),
        Ok(Outcome::SignIn { resume, again }) => {
            let next = obol_protocol::oauth::form::encode(&format!("/authorize?{resume}"));
            let again = if again { "&again=true" } else { "" };
            redirect(&format!("{base}/ui/v1/signin?next={next}{again}"))
        }
        Ok(Outcome::Consent(asked)) => redirect(&format!("{base}/ui/v1/myconsole/consent?{}", asked.query)),
        Err(AuthorizeRefusal::Answered(told)) => answer::explained(redirect(&told.location), told.reason.explanation()),
        Err(AuthorizeRefusal::Unanswerable(problem)) => answer::unanswerable(&problem),
        Err(AuthorizeRefusal::Service(error)) => answer::authorize_failed(&error),
    }
}

/// A redirect that is a GET whatever the request was, and that nobody keeps: there may be a code in it.
pub(super) fn redirect(location: &str) -> Response {
    let mut response = Response::new(Body::empty());
    match HeaderValue::from_str(location) {
        Ok(location) => {
            *response.status_mut() = StatusCode::SEE_OTHER;
            response.headers_mut().insert(header::LOCATION, location);
        }
        // A registered address that cannot stand in a header.
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests;
