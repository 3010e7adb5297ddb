//! The lab of a dev cloud, `/obol/v1`: why a request was refused, the clock, and what is to fail. Oracle Cloud has
//! none of them.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;

use crate::{
    endpoint::{Endpoint, percent_encode},
    transport::{Answer, Transport, TransportError},
};

/// Speaks to the lab of one dev cloud.
#[derive(Debug, Clone)]
pub struct Lab {
    transport: Transport,
    endpoint: Endpoint,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// When, in RFC 3339.
    pub recorded_at: String,
    /// The check that said no.
    pub check: String,
    /// What it wanted.
    pub expected: String,
    /// What it saw.
    pub seen: String,
    /// What to do.
    pub fix: String,
}

/// The cloud's clock.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClockReading {
    /// The service's time, in RFC 3339.
    pub now: String,
    /// The machine's, in RFC 3339.
    pub wall: String,
    /// How far the one is ahead of the other, in seconds.
    pub offset_seconds: i64,
}

/// The signing keys of the cloud's stripe, the current one first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Keys {
    /// The keys.
    pub keys: Vec<SigningKey>,
}

/// Where a signing key stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SigningKey {
    /// The `x5t#S256` by which tokens and key set name it.
    pub thumbprint: String,
    /// `current`, `next` or `old`.
    pub phase: String,
    /// From when it signs, or until when it is honoured, in RFC 3339.
    pub at: Option<String>,
}

/// How to move the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// Forward, by a duration such as `90s`, `15m`, `2h`, `1d`.
    Advance(String),
    /// Back to the machine's time.
    Reset,
}

/// Which operations are to fail, and how many of the next ones.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Faults {
    /// By the operation type of a work request.
    pub faults: BTreeMap<String, u32>,
}

/// How to change what is to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The next so many operations of a type; 0 for none.
    Set {
        /// The operation type of a work request.
        operation: String,
        /// How many of them.
        times: u32,
    },
    /// Nothing is to fail any more.
    Clear,
}

/// Why the lab gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The lab said no.
    #[error("the dev cloud refused: {} {message}", status.as_u16())]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// Its words, where it has some.
        message: String,
    },
    /// Something else answered.
    #[error("the answer ({}) is not that of an Obol dev cloud", status.as_u16())]
    NotALab {
        /// The HTTP status.
        status: StatusCode,
    },
    /// There was no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

#[derive(Deserialize)]
struct Explained {
    explanations: Vec<Explanation>,
}

#[derive(Deserialize)]
struct Problem {
    error: String,
}

impl Lab {
    /// Builds the client; does not connect yet.
    pub fn new(transport: Transport, endpoint: Endpoint) -> Self {
        Self { transport, endpoint }
    }

    /// The explanations recorded under an `opc-request-id` or ECID; none where nothing was refused under it.
    pub fn explanations(&self, id: &str) -> Result<Vec<Explanation>, LabError> {
        // The slashes of a request id are part of the path here, the service takes the whole rest.
        let id = id.split('/').map(percent_encode).collect::<Vec<_>>().join("/");
        let answer = self.send(&Method::GET, &format!("/obol/v1/explanations/{id}"), "")?;
        if answer.status == StatusCode::NOT_FOUND && serde_json::from_slice::<Problem>(&answer.body).is_ok() {
            return Ok(Vec::new());
        }
        read::<Explained>(&answer).map(|explained| explained.explanations)
    }

    /// Reads the clock.
    pub fn clock(&self) -> Result<ClockReading, LabError> {
        read(&self.send(&Method::GET, "/obol/v1/clock", "")?)
    }

    /// Reads where the signing keys stand.
    pub fn keys(&self) -> Result<Keys, LabError> {
        read(&self.send(&Method::GET, "/obol/v1/keys", "")?)
    }

    /// Publishes the next signing key, to sign after a duration such as `10m`.
    pub fn rotate_key(&self, ahead: &str) -> Result<Keys, LabError> {
        let body = serde_json::json!({ "rotate": ahead });
        read(&self.send(&Method::POST, "/obol/v1/keys", &body.to_string())?)
    }

    /// Moves the clock.
    pub fn move_clock(&self, step: &Move) -> Result<ClockReading, LabError> {
        let body = match step {
            Move::Advance(duration) => serde_json::json!({ "advance": duration }),
            Move::Reset => serde_json::json!({ "reset": true }),
        };
        read(&self.send(&Method::POST, "/obol/v1/clock", &body.to_string())?)
    }

    /// Reads what is to fail.
    pub fn faults(&self) -> Result<Faults, LabError> {
        read(&self.send(&Method::GET, "/obol/v1/faults", "")?)
    }

    /// Changes what is to fail.
    pub fn set_fault(&self, fault: &Fault) -> Result<Faults, LabError> {
        let body = match fault {
            Fault::Set { operation, times } => serde_json::json!({ "operation": operation, "times": times }),
            Fault::Clear => serde_json::json!({ "clear": true }),
        };
        read(&self.send(&Method::POST, "/obol/v1/faults", &body.to_string())?)
    }

    fn send(&self, method: &Method, path: &str, body: &str) -> Result<Answer, LabError> {
        let mut headers = HeaderMap::new();
        if *method == Method::POST {
            headers.insert("x-obol-request", HeaderValue::from_static("1"));
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(self.transport.send(method, &self.endpoint.url(path), headers, body.as_bytes())?)
    }
}

fn read<T: for<'de> Deserialize<'de>>(answer: &Answer) -> Result<T, LabError> {
    let status = answer.status;
    if status.is_success() {
        return serde_json::from_slice(&answer.body).map_err(|_| LabError::NotALab { status });
    }
    match serde_json::from_slice::<Problem>(&answer.body) {
        Ok(problem) => Err(LabError::Refused { status, message: problem.error }),
        Err(_) => Err(LabError::NotALab { status }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{recorder::Recorder, transport::Options};

    fn lab(recorder: &Recorder) -> Lab {
        let endpoint = Endpoint::parse(&recorder.url()).unwrap();
        Lab::new(Transport::new(&endpoint, &Options::default()).unwrap(), endpoint)
    }

    #[test]
    fn explanations_are_found_by_the_whole_request_id() {
        let body =
            r#"{"id":"a/B/C","explanations":[{"recordedAt":"t","check":"c","expected":"e","seen":"s","fix":"f"}]}"#;
        let recorder = Recorder::new(vec![(200, "", body), (404, "", r#"{"error":"none"}"#)]);
        let lab = lab(&recorder);
        assert_eq!(lab.explanations("a/B/C").unwrap()[0].check, "c");
        assert!(lab.explanations("x^y").unwrap().is_empty());
        let seen = recorder.requests();
        assert!(seen[0].starts_with("GET /obol/v1/explanations/a/B/C HTTP/1.1"));
        assert!(seen[1].starts_with("GET /obol/v1/explanations/x%5Ey HTTP/1.1"));
    }

    #[test]
    fn a_fault_is_set_and_cleared_by_the_operation_type() {
        let body = r#"{"faults":{"STOP_ANALYTICS_INSTANCE":2}}"#;
        let recorder = Recorder::new(vec![(200, "", body), (200, "", r#"{"faults":{}}"#), (200, "", body)]);
        let lab = lab(&recorder);
        let fault = Fault::Set { operation: "STOP_ANALYTICS_INSTANCE".to_owned(), times: 2 };
        assert_eq!(lab.set_fault(&fault).unwrap().faults["STOP_ANALYTICS_INSTANCE"], 2);
        assert!(lab.set_fault(&Fault::Clear).unwrap().faults.is_empty());
        assert_eq!(lab.faults().unwrap().faults.len(), 1);
        let seen = recorder.requests();
        assert!(seen[0].starts_with("POST /obol/v1/faults HTTP/1.1"));
        assert!(seen[0].ends_with(r#"{"operation":"STOP_ANALYTICS_INSTANCE","times":2}"#), "{}", seen[0]);
        assert!(seen[1].ends_with(r#"{"clear":true}"#));
        assert!(seen[2].starts_with("GET /obol/v1/faults HTTP/1.1"));
    }

    #[test]
    fn moving_the_clock_says_that_no_page_sent_it() {
        let body = r#"{"now":"n","wall":"w","offsetSeconds":3600}"#;
        let recorder = Recorder::new(vec![(200, "", body), (400, "", r#"{"error":"no"}"#), (404, "", "<html>")]);
        let lab = lab(&recorder);
        assert_eq!(lab.move_clock(&Move::Advance("1h".to_owned())).unwrap().offset_seconds, 3600);
        assert_eq!(lab.move_clock(&Move::Reset).unwrap_err().to_string(), "the dev cloud refused: 400 no");
        assert!(matches!(lab.clock().unwrap_err(), LabError::NotALab { .. }));
        let seen = recorder.requests();
        assert!(seen[0].to_lowercase().contains("x-obol-request: 1\r\n"), "{}", seen[0]);
        assert!(seen[0].ends_with(r#"{"advance":"1h"}"#));
        assert!(seen[1].ends_with(r#"{"reset":true}"#));
    }
}
