//! `POST /oauth2/v1/device` (contract identity 2.2).

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::header;
use obol_protocol::oauth::{DeviceAnswer, DeviceRequest};

use super::{answer, body, context::Door};
use crate::{Identity, grants::TokenRefusal};

pub(super) async fn post(State(identity): State<Identity>, door: Door, request: Request) -> Response {
    let basic = request.headers().contains_key(header::AUTHORIZATION);
    match start(&identity, door, request).await {
        Ok(codes) => answer::token(&codes),
        Err(refusal) => answer::token_refused(&refusal, basic),
    }
}

async fn start(identity: &Identity, door: Door, request: Request) -> Result<DeviceAnswer, TokenRefusal> {
    let (parts, form) = body::form(request).await?;
    let request = DeviceRequest::parse(&form, &parts.headers)?;
    identity.device_start(&door.locator, door.base.as_ref(), request, door.now).await
}
