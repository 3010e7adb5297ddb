//! Signed calls to a service of Oracle Cloud's kind: request ids, retry tokens, retries, errors as values.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use obol_protocol::oci::{
    ErrorBody,
    signature::{Signer, SigningError},
};
use serde_json::Value;

use crate::{
    endpoint::Endpoint,
    outside::{Outside, random_hex},
    transport::{Answer, Transport, TransportError},
};

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Makes signed calls to one endpoint.
#[derive(Clone)]
pub struct OciClient {
    transport: Transport,
    endpoint: Endpoint,
    signer: Arc<Signer>,
    outside: Arc<dyn Outside>,
    attempts: u32,
    request_id: Option<String>,
}

/// One call. Its body may hold a token, so `Debug` does not print it.
#[derive(Clone)]
pub struct Call<'a> {
    /// The operation, for messages, e.g. `GetAnalyticsInstance`.
    pub operation: &'static str,
    /// The method.
    pub method: Method,
    /// Path and query below the endpoint.
    pub target: String,
    /// The body of a POST, PUT or PATCH.
    pub body: Option<&'a Value>,
    /// `if-match`.
    pub if_match: Option<&'a str>,
    /// Whether the operation takes a retry token (contract analytics 1, column T).
    pub retry_token: bool,
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// A successful answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The body; null where there is none.
    pub data: Value,
    /// The headers.
    pub headers: HeaderMap,
}

impl Reply {
    /// A header's value, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What the service answered when it refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} was refused: {} {code}: {message}", status.as_u16())]
pub struct ServiceError {
    /// The operation.
    pub operation: &'static str,
    /// The HTTP status.
    pub status: StatusCode,
    /// The code, e.g. `NotAuthenticated`; the status' own words where the body is not Oracle's.
    pub code: String,
    /// The text for a human.
    pub message: String,
    /// The id to ask after.
    pub request_id: Option<String>,
    /// The server's clock, from its `Date` header: a skew of more than five minutes explains a 401.
    pub server_date: Option<obol_protocol::Timestamp>,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The service said no.
    #[error(transparent)]
    Service(#[from] Box<ServiceError>),
    /// There was no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The request could not be signed.
    #[error("the request could not be signed")]
    Signing(#[from] SigningError),
    /// A value cannot stand in a header.
    #[error("the value of {0} cannot stand in a header")]
    Header(&'static str),
    /// The answer's body is not JSON.
    #[error("the answer to {0} is not JSON")]
    NotJson(&'static str, #[source] serde_json::Error),
}

impl OciClient {
    /// How often a call is tried in all: 15 seconds of pauses. The official clients try 8 times over a minute and a half
    /// (contract analytics 6.2), which is long for a person to look at nothing.
    pub const ATTEMPTS: u32 = 5;

    /// Builds the client.
    pub fn new(transport: Transport, endpoint: Endpoint, signer: Signer, outside: Arc<dyn Outside>) -> Self {
        Self { transport, endpoint, signer: Arc::new(signer), outside, attempts: Self::ATTEMPTS, request_id: None }
    }

    /// Sets how often a call is tried in all; one means no retries, and no retry token is sent then (contract analytics
    /// 5.1).
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Sets the `opc-request-id` to send, instead of a random one for each call.
    #[must_use]
    pub fn with_request_id(mut self, id: Option<String>) -> Self {
        self.request_id = id;
        self
    }

    /// Where the calls go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The time, the wait and the random bytes of this client.
    pub fn outside(&self) -> &dyn Outside {
        self.outside.as_ref()
    }

    /// Makes a call; tries again on 429, on 5xx but 501, and on broken connections, with the same ids. Unlike the
    /// official clients not on 409 `IncorrectState`: minutes of silence hide the reason (contract analytics 8, row 9).
    pub fn call(&self, call: &Call<'_>) -> Result<Reply, CallError> {
        let body = call.body.map(Value::to_string).unwrap_or_default();
        let id = self.request_id.clone().unwrap_or_else(|| random_hex::<16>(self.outside()).to_ascii_uppercase());
        let retry_token = (call.retry_token && self.attempts > 1).then(|| random_hex::<15>(self.outside()));
        let mut attempt = 1;
        loop {
            let outcome = self.attempt(call, &body, &id, retry_token.as_deref());
            let pause = match &outcome {
                Err(CallError::Transport(error)) if error.may_pass() => backoff(attempt, None),
                Ok(answer) if may_pass(answer.status) => backoff(attempt, answer.header("retry-after")),
                _ => return outcome.and_then(|answer| reply(call.operation, answer)),
            };
            if attempt >= self.attempts {
                return outcome.and_then(|answer| reply(call.operation, answer));
            }
            self.outside.pause(pause);
            attempt += 1;
        }
    }

    fn attempt(&self, call: &Call<'_>, body: &str, id: &str, retry_token: Option<&str>) -> Result<Answer, CallError> {
        let target = self.endpoint.target(&call.target);
        // Each attempt is signed afresh: a date may have grown old while waiting.
        let mut headers =
            self.signer.sign(&call.method, &target, self.endpoint.host(), body.as_bytes(), self.outside.now())?;
        for (name, value) in
            [("opc-request-id", Some(id)), ("opc-retry-token", retry_token), ("if-match", call.if_match)]
        {
            if let Some(value) = value {
                headers.insert(name, HeaderValue::from_str(value).map_err(|_| CallError::Header(name))?);
            }
        }
        Ok(self.transport.send(&call.method, &self.endpoint.url(&call.target), headers, body.as_bytes())?)
    }
}

fn may_pass(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED)
}

/// 1, 2, 4, … seconds, or what `Retry-After` says in whole seconds.
fn backoff(attempt: u32, retry_after: Option<&str>) -> Duration {
    let said = retry_after.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
    said.unwrap_or_else(|| Duration::from_secs(1 << (attempt - 1).min(5))).min(LONGEST_PAUSE)
}

fn reply(operation: &'static str, answer: Answer) -> Result<Reply, CallError> {
    if !answer.status.is_success() {
        return Err(CallError::Service(Box::new(service_error(operation, &answer))));
    }
    let data = if answer.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&answer.body).map_err(|error| CallError::NotJson(operation, error))?
    };
    Ok(Reply { data, headers: answer.headers })
}

fn service_error(operation: &'static str, answer: &Answer) -> ServiceError {
    let body = serde_json::from_slice::<ErrorBody>(&answer.body);
    let (code, message) = body.map_or_else(
        |_| {
            let reason = answer.status.canonical_reason().unwrap_or("Unknown").replace(' ', "");
            (reason, "the answer has no body of Oracle's form; is this the right endpoint?".to_owned())
        },
        |body| (body.code.into_owned(), body.message.into_owned()),
    );
    ServiceError {
        operation,
        status: answer.status,
        code,
        message,
        request_id: answer.header("opc-request-id").map(str::to_owned),
        server_date: answer.header("date").and_then(obol_protocol::Timestamp::parse_http_date),
    }
}

#[cfg(test)]
mod tests {
    use obol_protocol::oci::signature::{SignatureHeader, SignedRequest};
    use serde_json::json;

    use super::*;
    use crate::{
        analytics,
        recorder::{BEGINNING, Moved, Recorder, client, public_key},
    };

    fn headers_of(request: &str) -> HeaderMap {
        request
            .split("\r\n\r\n")
            .next()
            .unwrap()
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_call_is_signed_for_what_is_sent() {
        // Contract analytics 4.2 to 4.5.
        let recorder = Recorder::new(vec![(200, "etag: e1\r\n", "{}"), (200, "", "[]")]);
        let client = client(&recorder, Moved::default());
        let reply = analytics::create_instance(&client, &json!({"name": "a"})).unwrap();
        assert_eq!(reply.header("etag"), Some("e1"));
        analytics::list_instances(&client, vec![("compartmentId", Some("c /+".to_owned())), ("name", None)]).unwrap();
        for (request, method) in recorder.requests().iter().zip([Method::POST, Method::GET]) {
            let headers = headers_of(request);
            let target = request.split(' ').nth(1).unwrap();
            let signed = SignedRequest { method: &method, target, authority: None, headers: &headers };
            let header = SignatureHeader::of(&headers).unwrap();
            let text = header.signing_string(&signed, BEGINNING).unwrap();
            header.verify(&text, &public_key()).unwrap();
            obol_protocol::oci::signature::check_body(&signed, request.split("\r\n\r\n").nth(1).unwrap().as_bytes())
                .unwrap();
            assert_eq!(headers["opc-request-id"], "AB".repeat(16).as_str());
            assert_eq!(headers.contains_key("opc-retry-token"), method == Method::POST);
        }
        assert!(
            recorder.requests()[1].starts_with("GET /20190331/analyticsInstances?compartmentId=c%20%2F%2B HTTP/1.1")
        );
    }

    #[test]
    fn a_refusal_is_a_value_with_its_id() {
        // Contract analytics 3.
        let body =
            r#"{"code":"NotAuthorizedOrNotFound","message":"Authorization failed or requested resource not found"}"#;
        let recorder = Recorder::new(vec![(404, "opc-request-id: a/B/C\r\n", body)]);
        let error = analytics::get_instance(&client(&recorder, Moved::default()), "x/y").unwrap_err();
        let CallError::Service(error) = error else { panic!("{error:?}") };
        assert_eq!(
            error.to_string(),
            "GetAnalyticsInstance was refused: 404 NotAuthorizedOrNotFound: Authorization failed or requested resource not found"
        );
        assert_eq!(error.request_id.as_deref(), Some("a/B/C"));
        assert!(recorder.requests()[0].starts_with("GET /20190331/analyticsInstances/x%2Fy HTTP/1.1"));
    }

    #[test]
    fn passing_trouble_is_tried_again_with_the_same_ids() {
        // Contract analytics 0, rule 8, and 6.2.
        let busy = r#"{"code":"TooManyRequests","message":"x"}"#;
        let recorder = Recorder::new(vec![(429, "retry-after: 7\r\n", busy), (503, "", "<html>"), (204, "", "")]);
        let client = client(&recorder, Moved::default());
        let reply = analytics::delete_instance(&client, "x", Some("e1")).unwrap();
        assert_eq!(reply.data, Value::Null);
        let seen = recorder.requests();
        assert_eq!(seen.len(), 3);
        let (first, last) = (headers_of(&seen[0]), headers_of(&seen[2]));
        for name in ["opc-request-id", "opc-retry-token", "if-match"] {
            assert_eq!(first[name], last[name], "{name}");
        }
        // Each attempt is signed at its own time: 7 seconds by Retry-After, then 2.
        assert_ne!(first["date"], last["date"]);
        assert_eq!(client.outside().now(), BEGINNING.plus(Duration::from_secs(9)));
    }

    #[test]
    fn a_lasting_refusal_is_not_tried_again() {
        for (status, code) in [(409, "IncorrectState"), (400, "InvalidParameter"), (501, "MethodNotImplemented")] {
            let recorder = Recorder::new(vec![(status, "", format!("{{\"code\":\"{code}\",\"message\":\"m\"}}"))]);
            let client = client(&recorder, Moved::default());
            assert!(matches!(analytics::delete_instance(&client, "x", None), Err(CallError::Service(_))), "{code}");
        }
    }

    #[test]
    fn attempts_end() {
        let recorder = Recorder::new(vec![(500, "", "{}"), (500, "", "{}")]);
        let client = client(&recorder, Moved::default()).with_attempts(2);
        let error = analytics::get_instance(&client, "x").unwrap_err();
        assert!(matches!(&error, CallError::Service(error) if error.code == "InternalServerError"), "{error:?}");
        assert_eq!(recorder.requests().len(), 2);
    }

    #[test]
    fn a_closed_port_is_told_at_once() {
        let recorder = Recorder::new(Vec::<(u16, &'static str, &'static str)>::new());
        let client = client(&recorder, Moved::default());
        // The recorder has no answer to give, so it has closed its port or is about to.
        let error = analytics::get_instance(&client.with_attempts(1), "x").unwrap_err();
        assert!(matches!(error, CallError::Transport(_)), "{error:?}");
    }

    #[test]
    fn pages_are_followed_to_the_end() {
        // Contract analytics 5.1: the token is encoded on the wire.
        let recorder = Recorder::new(vec![(200, "opc-next-page: tok+/=2\r\n", "[1,2]"), (200, "", "[3]")]);
        let client = client(&recorder, Moved::default());
        let parameters = vec![("limit", Some("2".to_owned()))];
        let reply = analytics::all_pages(&parameters, |page| analytics::list_instances(&client, page)).unwrap();
        assert_eq!(reply.data, json!([1, 2, 3]));
        assert!(recorder.requests()[1].contains("?limit=2&page=tok%2B%2F%3D2 "));
    }
}
