//! `/.well-known/openid-configuration` and `/.well-known/idcs-configuration`, public (contract identity 8).

use axum::{extract::State, response::Response};
use obol_protocol::oauth::discovery::{idcs_configuration, openid_configuration};

use super::{answer, context::Door};
use crate::{Identity, ServiceError};

pub(super) async fn openid(State(identity): State<Identity>, door: Door) -> Response {
    match identity.place(door).await {
        Ok(Some((base, issuer))) => answer::document(&openid_configuration(&base, &issuer)),
        Ok(None) => answer::unknown_stripe(),
        Err(error) => answer::failed(&error),
    }
}

pub(super) async fn idcs(State(identity): State<Identity>, door: Door) -> Response {
    match identity.place(door).await {
        Ok(Some((base, issuer))) => answer::document(&idcs_configuration(&base, &issuer)),
        Ok(None) => answer::unknown_stripe(),
        Err(error) => answer::failed(&error),
    }
}

impl Identity {
    /// The stripe's address as this client reaches it, and its issuer.
    async fn place(&self, door: Door) -> Result<Option<(String, String)>, ServiceError> {
        let stripe = self.locate(&door.locator, door.now).await?;
        Ok(stripe.map(|stripe| {
            let base = door.base.map_or_else(|| stripe.url.clone(), |base| base.0);
            (base, stripe.row.issuer.clone())
        }))
    }
}
