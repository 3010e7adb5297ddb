//! The signing keys of the dev cloud's stripe: where each stands, and a rotation on demand. It is the rotation that the
//! schedule makes, only sooner.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use obol_domain::{audit::Cause, with_causes};
use obol_identity::{ServiceError, rotation::RotateRefusal};
use obol_protocol::{Timestamp, jose::x5t_s256};
use obol_store::signing_keys::{Phase, PublishedKey};
use serde::{Deserialize, Serialize};

use super::{Lab, parse_duration, problem};

/// The farthest a rotation is planned ahead, in seconds: a year.
const FARTHEST: i64 = 366 * 86_400;

#[derive(Serialize)]
struct Keys {
    keys: Vec<Key>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    /// The thumbprint by which tokens and key set name it.
    thumbprint: String,
    phase: &'static str,
    /// From when it signs, or until when it is honoured.
    at: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotate {
    rotate: String,
}

pub(super) async fn show(State(lab): State<Arc<Lab>>) -> Response {
    answer(&lab).await
}

pub(super) async fn rotate(State(lab): State<Arc<Lab>>, body: String) -> Response {
    let ahead = serde_json::from_str::<Rotate>(&body).ok().and_then(|Rotate { rotate }| parse_duration(&rotate));
    let ahead = ahead.filter(|seconds| *seconds <= FARTHEST).and_then(|seconds| u64::try_from(seconds).ok());
    let Some(ahead) = ahead.map(Duration::from_secs) else {
        return problem(StatusCode::BAD_REQUEST, "send {\"rotate\":\"10m\"} (s, m, h or d; a year at the most)");
    };
    match lab.identity.rotate_key(&lab.stripe, ahead, &Cause::request("lab")).await {
        Ok(_) => answer(&lab).await,
        Err(RotateRefusal::UnknownStripe) => problem(StatusCode::NOT_FOUND, "the dev cloud's stripe is gone"),
        Err(RotateRefusal::Service(error)) => failed(&error),
    }
}

async fn answer(lab: &Lab) -> Response {
    match lab.identity.signing_keys(&lab.stripe).await {
        Ok(keys) => Json(Keys { keys: keys.iter().map(spell).collect() }).into_response(),
        Err(error) => failed(&error),
    }
}

fn spell(key: &PublishedKey) -> Key {
    let (phase, at) = match key.phase {
        Phase::Current => ("current", None),
        Phase::Next(at) => ("next", Some(at)),
        Phase::Old(until) => ("old", Some(until)),
    };
    Key { thumbprint: x5t_s256(&key.leaf), phase, at }
}

fn failed(error: &ServiceError) -> Response {
    tracing::error!(error = with_causes(error), "the lab cannot rotate keys");
    problem(StatusCode::SERVICE_UNAVAILABLE, "the database is not available")
}
