//! `/obol/v1`: what Oracle has no counterpart for. Health, readiness and the API's description; in a dev cloud also
//! explanations, the clock, faults and signing keys.
//!
//! A web page must not reach in: a request that a browser marks as coming from another site is refused, and whatever
//! changes something must carry the header `x-obol-request`, which a page cannot send across sites without asking first.

mod keys;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use obol_analytics::provisioner::Faults;
use obol_domain::Clock as _;
use obol_identity::Identity;
use obol_protocol::{analytics::OperationType, fetch_metadata::from_another_site};
use obol_store::{Db, StoreError, explanations, explanations::Recorder, meta, work_requests};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::{clock::MovableClock, openapi};

/// The name under which the clock's offset outlives a restart.
pub(crate) const CLOCK_OFFSET: &str = "dev.clock.offset";
/// The farthest the clock can be moved: ten years.
const FARTHEST_SECONDS: i64 = 10 * 366 * 86_400;
const MICROS: i64 = 1_000_000;

/// What the lab's routes work on.
#[derive(Clone, Debug)]
pub struct Lab {
    /// The database.
    pub db: Db,
    /// The clock that may be moved.
    pub clock: MovableClock,
    /// Where explanations wait to be written.
    pub recorder: Recorder,
    /// What provisioning is told to fail at.
    pub faults: Faults,
    /// Whose keys may be rotated.
    pub identity: Identity,
    /// The stripe they sign for.
    pub stripe: String,
    /// Held while the clock is being moved.
    pub moving: Arc<Mutex<()>>,
}

/// The routes of a dev cloud.
pub fn router(lab: Lab) -> Router {
    Router::new()
        .route("/obol/v1/health", get(async || Json(Status { status: "ok" })))
        .route("/obol/v1/ready", get(ready))
        .route(openapi::PATH, get(openapi::analytics))
        .route("/obol/v1/explanations/{*id}", get(explain))
        .route("/obol/v1/clock", get(show_clock).post(move_clock))
        .route("/obol/v1/faults", get(show_faults).post(set_fault))
        .route("/obol/v1/keys", get(keys::show).post(keys::rotate))
        .route("/obol/v1/{*rest}", get(async || problem(StatusCode::NOT_FOUND, "there is nothing at this path")))
        .route_layer(middleware::from_fn(same_site_only))
        .with_state(Arc::new(lab))
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

async fn ready(State(lab): State<Arc<Lab>>) -> Response {
    match meta::get(&lab.db, CLOCK_OFFSET).await {
        Ok(_) => Json(Status { status: "ready" }).into_response(),
        Err(error) => unavailable(&error),
    }
}

#[derive(Serialize)]
struct Explained {
    id: String,
    explanations: Vec<explanations::Recorded>,
}

async fn explain(State(lab): State<Arc<Lab>>, Path(id): Path<String>) -> Response {
    lab.recorder.flush().await;
    match explanations::find(&lab.db, &id).await {
        Ok(found) if found.is_empty() => problem(StatusCode::NOT_FOUND, "no refusal is recorded under this id"),
        Ok(explanations) => Json(Explained { id, explanations }).into_response(),
        Err(error) => unavailable(&error),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClockAnswer {
    now: obol_protocol::Timestamp,
    wall: obol_protocol::Timestamp,
    offset_seconds: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveClock {
    advance: Option<String>,
    #[serde(default)]
    reset: bool,
}

async fn show_clock(State(lab): State<Arc<Lab>>) -> Response {
    clock_answer(&lab.clock)
}

async fn move_clock(State(lab): State<Arc<Lab>>, body: String) -> Response {
    // One move at a time, so that two advances add up.
    let _moving = lab.moving.lock().await;
    let offset = match serde_json::from_str::<MoveClock>(&body) {
        Ok(MoveClock { advance: None, reset: true }) => Some(0),
        Ok(MoveClock { advance: Some(text), reset: false }) => parse_duration(&text)
            .map(|seconds| lab.clock.offset().saturating_add(seconds.saturating_mul(MICROS)))
            .filter(|offset| offset / MICROS <= FARTHEST_SECONDS),
        Ok(MoveClock { .. }) | Err(_) => None,
    };
    let Some(offset) = offset else {
        return problem(
            StatusCode::BAD_REQUEST,
            "send {\"advance\":\"90m\"} (s, m, h or d; ten years ahead at the most) or {\"reset\":true}",
        );
    };
    if let Err(error) = keep_offset(&lab.db, offset).await {
        return unavailable(&error);
    }
    let goes_back = offset < lab.clock.offset();
    lab.clock.set_offset(offset);
    if goes_back && let Err(error) = work_requests::bring_forward(&lab.db, lab.clock.now()).await {
        return unavailable(&error);
    }
    clock_answer(&lab.clock)
}

/// How far ahead the clock was when an earlier start ended, in microseconds.
pub(crate) async fn kept_offset(db: &Db) -> Result<i64, StoreError> {
    let corrupt = || StoreError::Corrupt { table: "meta", column: "value", key: CLOCK_OFFSET.to_owned() };
    meta::get(db, CLOCK_OFFSET).await?.map_or(Ok(0), |text| text.parse().map_err(|_| corrupt()))
}

async fn keep_offset(db: &Db, offset: i64) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    meta::set(&mut tx, CLOCK_OFFSET, &offset.to_string()).await?;
    tx.commit().await
}

/// The answer of both routes: which operations are to fail, and how many of the next ones.
#[derive(Serialize)]
struct FaultsAnswer {
    faults: BTreeMap<OperationType, u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetFault {
    operation: Option<OperationType>,
    times: Option<u32>,
    #[serde(default)]
    clear: bool,
}

async fn show_faults(State(lab): State<Arc<Lab>>) -> Response {
    Json(FaultsAnswer { faults: lab.faults.pending() }).into_response()
}

async fn set_fault(State(lab): State<Arc<Lab>>, body: String) -> Response {
    match serde_json::from_str::<SetFault>(&body) {
        Ok(SetFault { operation: None, times: None, clear: true }) => lab.faults.clear(),
        Ok(SetFault { operation: Some(operation), times, clear: false }) => {
            lab.faults.set(operation, times.unwrap_or(1));
        }
        Ok(SetFault { .. }) | Err(_) => {
            return problem(
                StatusCode::BAD_REQUEST,
                "send {\"operation\":\"SCALE_ANALYTICS_INSTANCE\",\"times\":1} (the operationType of a work request; 0 times for \
                 none) or {\"clear\":true}",
            );
        }
    }
    show_faults(State(lab)).await
}

fn clock_answer(clock: &MovableClock) -> Response {
    Json(ClockAnswer { now: clock.now(), wall: clock.wall(), offset_seconds: clock.offset() / MICROS }).into_response()
}

/// Reads `90s`, `15m`, `2h`, `1d` into seconds.
fn parse_duration(text: &str) -> Option<i64> {
    let unit = text.char_indices().next_back()?;
    let factor = match unit.1 {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let count: u32 = text.get(..unit.0)?.parse().ok()?;
    i64::from(count).checked_mul(factor)
}

async fn same_site_only(request: Request, next: Next) -> Response {
    if from_another_site(request.headers()) {
        return problem(StatusCode::FORBIDDEN, "a page of another site may not use this");
    }
    if request.method() != Method::GET && !request.headers().contains_key("x-obol-request") {
        return problem(
            StatusCode::FORBIDDEN,
            "send the header x-obol-request: 1 with a request that changes something",
        );
    }
    next.run(request).await
}

#[derive(Serialize)]
struct Problem {
    error: &'static str,
}

fn problem(status: StatusCode, error: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(Problem { error })).into_response()
}

fn unavailable(error: &StoreError) -> Response {
    tracing::error!(error = obol_domain::with_causes(error), "the lab cannot reach the database");
    problem(StatusCode::SERVICE_UNAVAILABLE, "the database is not available")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(parse_duration("90s"), Some(90));
        assert_eq!(parse_duration("1h"), Some(3600));
        assert_eq!(parse_duration("2d"), Some(172_800));
        for text in ["", "h", "1", "-1h", "1.5h", "1w", "99999999999h", "é"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_page_of_another_site_is_recognised() {
        for pairs in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "http://evil.example"), ("host", "127.0.0.1:4620")],
            &[("origin", "null"), ("host", "127.0.0.1:4620")],
        ] {
            assert!(from_another_site(&headers(pairs)), "{pairs:?}");
        }
        for pairs in [
            &[("host", "127.0.0.1:4620")][..],
            &[("sec-fetch-site", "none"), ("host", "127.0.0.1:4620")],
            &[("origin", "http://127.0.0.1:4620"), ("host", "127.0.0.1:4620")],
            // TLS may end at a proxy.
            &[("origin", "https://127.0.0.1:4620"), ("host", "127.0.0.1:4620")],
        ] {
            assert!(!from_another_site(&headers(pairs)), "{pairs:?}");
        }
    }
}
