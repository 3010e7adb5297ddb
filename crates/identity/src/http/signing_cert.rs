//! `GET /admin/v1/SigningCert/jwk`: for any client of the stripe with a token, or for everybody when the stripe says so
//! (contract identity 8).

use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{answer, context::Door};
use crate::Identity;

pub(super) async fn get(State(identity): State<Identity>, door: Door) -> Response {
    let stripe = match identity.locate(&door.locator, door.now).await {
        Ok(Some(stripe)) => stripe,
        Ok(None) => return answer::unknown_stripe(),
        Err(error) => return answer::failed(&error),
    };
    if !stripe.row.signing_cert_public
        && let Err(fault) = identity.accept_token_of(&stripe, door.bearer.expose(), door.now).await
    {
        return answer::token_not_accepted(&fault);
    }
    answer::scim(StatusCode::OK, stripe.jwk_set.clone())
}
