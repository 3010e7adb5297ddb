//! One request as the pages see it: when, under which id, at which stripe, by whom.
//!
//! [`begin`] is the outer layer. It looks the stripe and the session up once, refuses what other sites' pages send, and
//! records the explanation that a refusal leaves behind.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use obol_domain::{
    Explanation,
    app_role::BuiltInRole,
    audit::{Cause, Kind, Party},
    rate_limit::TooMany,
};
use obol_identity::{
    Identity, ServiceError, StripeView,
    http::{Peer, PublicBase, StripeLocator},
    limits,
    sessions::OpenSession,
};
use obol_protocol::{Secret, oauth::form};

use crate::{
    chrome::{Chrome, Person, page_path},
    cookies,
    refusal::Refused,
    security,
};

/// The header that carries the request's id (contract identity 2.6).
const ECID: HeaderName = HeaderName::from_static("x-oracle-dms-ecid");
/// What a form token is derived for.
const FORM: &str = "form";

/// One request. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Visit(Arc<Inner>);

struct Inner {
    identity: Identity,
    ecid: String,
    base: String,
    stripe: StripeView,
    session: Option<Session>,
    peer: Option<String>,
}

struct Session {
    id: Secret,
    open: OpenSession,
}

impl Visit {
    /// The service.
    pub(crate) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// The request's id.
    pub(crate) fn ecid(&self) -> &str {
        &self.0.ecid
    }

    /// The stripe.
    pub(crate) fn stripe(&self) -> &StripeView {
        &self.0.stripe
    }

    /// The stripe's address as this client reaches it, with the stripe in it.
    pub(crate) fn stripe_url(&self) -> String {
        let Inner { base, stripe, .. } = &*self.0;
        if base.contains(&stripe.name) { base.clone() } else { format!("{base}/{}", stripe.name) }
    }

    /// Who is signed in.
    pub(crate) fn session(&self) -> Option<&OpenSession> {
        self.0.session.as_ref().map(|session| &session.open)
    }

    /// The id of the session.
    pub(crate) fn session_id(&self) -> Option<&Secret> {
        self.0.session.as_ref().map(|session| &session.id)
    }

    /// Where what happens here is put down to: this request, and whoever is signed in.
    pub(crate) fn cause(&self) -> Cause {
        let cause = Cause::request(self.ecid()).from_address(self.0.peer.clone());
        match self.session() {
            Some(session) => cause.by(Party::new(Kind::User, &session.user.user_id, &session.user.user_name)),
            None => cause,
        }
    }

    /// The token that the session's forms carry; empty without a session.
    pub(crate) fn form_token(&self) -> String {
        self.session_id().map(|id| self.form_token_of(id)).unwrap_or_default()
    }

    /// The token that the forms of a session or visitor carry.
    pub(crate) fn form_token_of(&self, id: &Secret) -> String {
        self.identity().session_token(id, FORM)
    }

    /// Whether a form carries the token of a session or visitor.
    pub(crate) fn form_token_matches(&self, id: Option<&Secret>, token: Option<&str>) -> bool {
        id.zip(token).is_some_and(|(id, token)| Secret::new(self.form_token_of(id)).matches(token))
    }

    /// The frame of a page.
    pub(crate) fn chrome(&self, title: &str) -> Chrome {
        let user = self.session().map(|session| Person {
            display_name: session.user.display_name.clone(),
            user_name: session.user.user_name.clone(),
            form_token: self.form_token(),
        });
        Chrome {
            title: title.to_owned(),
            prefix: prefix(&self.0.base).to_owned(),
            domain: self.0.stripe.domain_name.clone(),
            stripe: self.0.stripe.name.clone(),
            user,
            trail: Vec::new(),
        }
    }

    /// Sends the browser to a page, from what follows `/ui/v1`.
    pub(crate) fn redirect(&self, rest: &str) -> Response {
        Redirect::to(&page_path(prefix(&self.0.base), rest)).into_response()
    }

    /// The address of a door of the token service at this stripe, from what follows the stripe's own address.
    pub(crate) fn door(&self, rest: &str) -> String {
        format!("{}{rest}", prefix(&self.0.base))
    }

    /// The stripe as the token service finds it.
    pub(crate) fn locator(&self) -> StripeLocator {
        StripeLocator::Named(self.0.stripe.name.clone())
    }

    fn is_administrator(&self) -> bool {
        self.session().is_some_and(|session| {
            session.roles.iter().any(|role| {
                matches!(role, BuiltInRole::IdentityDomainAdministrator | BuiltInRole::ApplicationAdministrator)
            })
        })
    }
}

/// The path part of a base address: a stripe's prefix, or nothing.
fn prefix(base: &str) -> &str {
    let authority_and_path = base.split_once("://").map_or(base, |(_scheme, rest)| rest);
    authority_and_path.find('/').and_then(|at| authority_and_path.get(at..)).unwrap_or_default().trim_end_matches('/')
}

/// The outer layer of every page.
pub(crate) async fn begin(State(identity): State<Identity>, mut request: Request, next: Next) -> Response {
    let now = identity.now();
    let ecid = identity.ecid();
    let locator = request.extensions().get::<StripeLocator>().cloned().unwrap_or_default();
    let peer = peer(request.extensions());
    let mut response = match visit(&identity, request.extensions(), request.headers(), &ecid).await {
        Err(response) => response,
        Ok(visit) if !security::from_our_own_page(request.method(), request.headers()) => {
            from_elsewhere(&visit).into_response()
        }
        Ok(visit) => {
            if let Err(refused) = identity.admit(&visit.stripe().name, request.uri().path(), now) {
                too_many(&visit, &refused)
            } else {
                request.extensions_mut().insert(visit);
                next.run(request).await
            }
        }
    };
    if let Some(explanation) = response.extensions_mut().remove::<Explanation>() {
        let cause = Cause::request(&ecid).from_address(peer);
        identity.record_refusal(&locator, "sso.request", None, explanation, cause, now).await;
    }
    if let Ok(value) = HeaderValue::from_str(&ecid) {
        response.headers_mut().insert(ECID, value);
    }
    response
}

async fn visit(
    identity: &Identity,
    extensions: &Extensions,
    headers: &HeaderMap,
    ecid: &str,
) -> Result<Visit, Response> {
    let locator = extensions.get::<StripeLocator>().cloned().unwrap_or_default();
    let failure = |error: ServiceError| plain_failure(ecid, &error);
    let Some(stripe) = identity.stripe(&locator).await.map_err(failure)? else {
        return Err(no_stripe());
    };
    let base = extensions.get::<PublicBase>().map_or_else(|| stripe.url.clone(), |base| base.0.clone());
    let session = match cookies::session(&CookieJar::from_headers(headers)) {
        Some(id) => {
            let open = identity.session(&stripe.name, &id).await.map_err(failure)?;
            open.map(|open| Session { id, open })
        }
        None => None,
    };
    Ok(Visit(Arc::new(Inner {
        identity: identity.clone(),
        ecid: ecid.to_owned(),
        base,
        stripe,
        session,
        peer: peer(extensions),
    })))
}

/// The address that the request came from, where it is known.
fn peer(extensions: &Extensions) -> Option<String> {
    extensions.get().map(|Peer(address)| address.to_string())
}

/// A stripe that was asked too often.
fn too_many(visit: &Visit, refused: &TooMany) -> Response {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let page = Refused::new(visit, status, "Too many requests", limits::explanation(refused));
    let mut response = page.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(refused.retry_after));
    response
}

/// Without a stripe there is nothing to frame a page with.
fn no_stripe() -> Response {
    let explanation = Explanation::new(
        "stripe_known",
        "the name of an identity domain of this server in the address",
        "an unknown name, or none where there are several",
        "open the address that dev.env calls OBOL_STRIPE_URL, followed by /ui/v1/",
    );
    let text = "There is no such identity domain here.\n";
    let mut response = (StatusCode::NOT_FOUND, text).into_response();
    response.extensions_mut().insert(explanation);
    response
}

fn plain_failure(ecid: &str, error: &ServiceError) -> Response {
    tracing::error!(ecid, error = obol_domain::with_causes(error), "the console could not answer");
    let status = if error.is_passing() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
    (status, "The server could not process the request. Try again in a moment.\n").into_response()
}

fn from_elsewhere(visit: &Visit) -> Refused {
    Refused::new(
        visit,
        StatusCode::FORBIDDEN,
        "This form was not sent from here",
        Explanation::new(
            "sent_by_our_own_page",
            "a form of this console",
            "a request that the browser says another site's page made",
            "Open the console yourself and try again there.",
        ),
    )
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// A request by somebody who is signed in; anybody else is sent to the door.
pub(crate) struct SignedIn(pub(crate) Visit);

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        if visit.session().is_some() {
            return Ok(Self(visit));
        }
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
        let next = target.strip_prefix("/ui/v1").filter(|next| parts.method.is_safe() && next.len() > 1);
        let query = next.map(|next| format!("?next={}", form::encode(next))).unwrap_or_default();
        Err(visit.redirect(&format!("/signin{query}")))
    }
}

/// A request by an administrator of applications; others who are signed in are refused.
pub(crate) struct Administrator(pub(crate) Visit);

impl<S: Sync> FromRequestParts<S> for Administrator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let SignedIn(visit) = SignedIn::from_request_parts(parts, state).await?;
        if visit.is_administrator() {
            return Ok(Self(visit));
        }
        let explanation = Explanation::new(
            "administrator_of_applications",
            "the app role Identity Domain Administrator or Application Administrator",
            "a user with neither",
            "Ask an administrator of this identity domain to grant you one of the two.",
        );
        Err(Refused::new(&visit, StatusCode::FORBIDDEN, "You may not open applications", explanation).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_the_stripes_prefix() {
        assert_eq!(prefix("http://127.0.0.1:4620/idcs-0"), "/idcs-0");
        assert_eq!(prefix("http://127.0.0.1:4620/idcs-0/"), "/idcs-0");
        assert_eq!(prefix("http://127.0.0.1:4620"), "");
        assert_eq!(prefix("http://127.0.0.1:4620/"), "");
        assert_eq!(prefix("http://idcs-0.localhost:4620"), "");
        assert_eq!(prefix("http://[::1]:4620/idcs-0"), "/idcs-0");
    }
}
