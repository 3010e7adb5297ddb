//! `GET /oauth2/v1/userlogout` (contract identity 8; OpenID Connect RP-Initiated Logout): the browser's session ends, and
//! the browser goes to an address that is registered for the client, or to the sign-in page.

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::header;
use obol_domain::{
    Explanation,
    audit::{Kind, Party},
};
use obol_protocol::{
    Secret,
    jose::{CompactJws, IdTokenClaims},
    oauth::{Form, FormError, authorize::with_query, form::MEDIA_TYPE},
};

use super::{answer, authorize::redirect, context::Door, cookie};
use crate::{Identity, ServiceError, cache::LoadedStripe, grants::TokenRefusal};

/// The longest `state` that is repeated, in bytes.
const LONGEST_STATE: usize = 2048;

/// Why nobody was signed out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogoutRefusal {
    #[error("there is no such stripe")]
    UnknownStripe,
    #[error("the request could not be read")]
    Form(#[from] FormError),
    #[error("the id_token_hint is no ID token of this stripe")]
    Hint,
    #[error("the id_token_hint names another session than the browser's")]
    OtherSession,
    #[error("a post_logout_redirect_uri came without an id_token_hint")]
    NoHint,
    #[error("the post_logout_redirect_uri is not registered")]
    Address,
    #[error("the service failed")]
    Service(#[from] ServiceError),
}

pub(super) async fn get(State(identity): State<Identity>, door: Door, request: Request) -> Response {
    let session = cookie::session(request.headers());
    match identity.log_out(&door, request.uri().query().unwrap_or_default(), session.as_ref()).await {
        Ok(location) => {
            let mut response = redirect(&location);
            if let Some(cookie) = cookie::removal() {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(refusal) => answer::logout_refused(&refusal),
    }
}

impl Identity {
    async fn log_out(&self, door: &Door, query: &str, session: Option<&Secret>) -> Result<String, LogoutRefusal> {
        let stripe = self.locate(&door.locator, door.now).await?.ok_or(LogoutRefusal::UnknownStripe)?;
        let form = Form::parse(Some(MEDIA_TYPE), query.as_bytes())?;
        let hint = form.get("id_token_hint").map(|hint| read_hint(&stripe, hint)).transpose()?;
        let location = match (form.get("post_logout_redirect_uri"), &hint) {
            (None, _) => None,
            (Some(_), None) => return Err(LogoutRefusal::NoHint),
            (Some(address), Some(hint)) => {
                let client = self.0.cache.client(&stripe, &hint.client_id).await.map_err(ServiceError::Store)?;
                let registered = client.filter(|client| {
                    client.app.is_active && client.app.oauth.post_logout_redirect_uris.iter().any(|uri| uri == address)
                });
                registered.ok_or(LogoutRefusal::Address)?;
                let state = form.get("state").filter(|state| state.len() <= LONGEST_STATE);
                Some(with_query(address, &state.map(|state| ("state", state)).into_iter().collect::<Vec<_>>()))
            }
        };
        if let Some(id) = session {
            let Some(open) = self.session(&stripe.row.name, id).await? else {
                return Ok(after(door, &stripe, location));
            };
            if hint.as_ref().is_some_and(|hint| open.user.user_id != hint.user_id) {
                return Err(LogoutRefusal::OtherSession);
            }
            let cause = door.cause.clone().by(Party::new(Kind::User, &open.user.user_id, &open.user.user_name));
            self.close_session(&stripe.row.name, id, &cause).await?;
        }
        Ok(after(door, &stripe, location))
    }
}

/// Where the browser goes: the client's address, or the sign-in page.
fn after(door: &Door, stripe: &LoadedStripe, location: Option<String>) -> String {
    let base = door.base.as_ref().map_or(&stripe.url, |base| &base.0);
    location.unwrap_or_else(|| format!("{}/ui/v1/signin?signed_out=true", base.trim_end_matches('/')))
}

/// An ID token that this stripe signed; an expired one still says who is to be signed out.
fn read_hint(stripe: &LoadedStripe, hint: &str) -> Result<IdTokenClaims, LogoutRefusal> {
    let jws = CompactJws::parse(hint).map_err(|_| LogoutRefusal::Hint)?;
    stripe.verifying.verify(&jws).map_err(|_| LogoutRefusal::Hint)?;
    let claims: IdTokenClaims = jws.claims().map_err(|_| LogoutRefusal::Hint)?;
    if claims.tok_type == "IT" && claims.tenant == stripe.row.name { Ok(claims) } else { Err(LogoutRefusal::Hint) }
}

impl LogoutRefusal {
    /// The record for whoever asks why. Service failures have none: they are not the caller's.
    pub(crate) fn explanation(&self) -> Option<Explanation> {
        Some(match self {
            Self::UnknownStripe => crate::users::unknown_stripe(),
            Self::Form(problem) => TokenRefusal::form_unreadable(problem),
            Self::Hint => Explanation::new(
                "id_token_hint_readable",
                "an ID token of this stripe",
                "something else",
                "send the id_token of the token answer, whole",
            ),
            Self::OtherSession => Explanation::new(
                "id_token_hint_of_session",
                "an ID token of the user who is signed in",
                "another user's",
                "send the ID token of the present sign-in, or none",
            ),
            Self::NoHint => Explanation::new(
                "post_logout_uri_registered",
                "an id_token_hint beside post_logout_redirect_uri, as it says which client's it is",
                "none",
                "send id_token_hint",
            ),
            Self::Address => Explanation::new(
                "post_logout_uri_registered",
                "a post-logout redirect URI of the client, letter by letter",
                "another one",
                "register it in the application's configuration",
            ),
            Self::Service(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests;
