//! What surrounds every request: one instant, one ECID, the headers all answers share, and the explanation's way out.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, header, request::Parts};
use obol_domain::{Entropy, Explanation, audit::Cause, rate_limit::TooMany};
use obol_protocol::{Secret, Timestamp};

use super::{
    PublicBase, StripeLocator,
    answer::{self, Failure},
};
use crate::{Identity, tokens::TokenFault};

/// What a handler knows of its request before it looks at the body.
#[derive(Debug)]
pub(super) struct Door {
    /// The one instant of this request.
    pub(super) now: Timestamp,
    /// The stripe it is for.
    pub(super) locator: StripeLocator,
    /// The stripe's address as this client reaches it.
    pub(super) base: Option<PublicBase>,
    /// The request's id and the address it came from; who sent it is the handler's to add.
    pub(super) cause: Cause,
    /// The token of `Authorization: Bearer`, empty when there is none; nothing when there are several headers.
    bearer: Option<Secret>,
}

impl Door {
    /// The token of `Authorization: Bearer`, empty when there is none.
    ///
    /// # Errors
    ///
    /// [`TokenFault::SentTwice`] when there are several such headers: which of them counts must not be a guess that
    /// somebody in front of us makes otherwise.
    pub(super) fn bearer(&self) -> Result<&str, TokenFault> {
        self.bearer.as_ref().map(Secret::expose).ok_or(TokenFault::SentTwice)
    }
}

#[derive(Debug, Clone, Copy)]
struct Instant(Timestamp);

/// The id of the request, minted before anything is known of it.
#[derive(Debug, Clone)]
struct RequestId(String);

/// The address that a request came from. The server puts it into the request's extensions where it knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub std::net::IpAddr);

impl FromRequestParts<Identity> for Door {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, identity: &Identity) -> Result<Self, Infallible> {
        Ok(Self {
            now: parts.extensions.get().map_or_else(|| identity.now(), |Instant(now)| *now),
            locator: parts.extensions.get().cloned().unwrap_or_default(),
            base: parts.extensions.get().cloned(),
            cause: cause(&parts.extensions),
            bearer: bearer(&parts.headers),
        })
    }
}

fn cause(extensions: &Extensions) -> Cause {
    let ecid = extensions.get().map_or_else(String::new, |RequestId(ecid)| ecid.clone());
    Cause::request(ecid).from_address(extensions.get().map(|Peer(address)| address.to_string()))
}

fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    if values.next().is_some() {
        return None;
    }
    Some(match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Secret::new(token.trim()),
        _ => Secret::default(),
    })
}

const ECID: HeaderName = HeaderName::from_static("x-oracle-dms-ecid");

/// Headers of every answer (contract identity 2.3); the media type and caching are the answer's own.
const COMMON: [(HeaderName, HeaderValue); 6] = [
    (HeaderName::from_static("x-oracle-dms-rid"), HeaderValue::from_static("0:1:1")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_XSS_PROTECTION, HeaderValue::from_static("1; mode=block")),
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubdomains;")),
    (header::VIA, HeaderValue::from_static("1.1 net-idcs-config")),
    (header::SERVER, HeaderValue::from_static("Oracle Identity Cloud Service")),
];

pub(super) async fn layer(State(identity): State<Identity>, mut request: Request, next: Next) -> Response {
    let now = identity.now();
    let ecid = mint(&*identity.0.entropy);
    request.extensions_mut().insert(Instant(now));
    request.extensions_mut().insert(RequestId(ecid.clone()));
    let locator = request.extensions().get::<StripeLocator>().cloned().unwrap_or_default();
    let (cause, door) = (cause(request.extensions()), door_of(request.uri().path()));
    let mut response = match identity.too_many(&locator, request.uri().path(), now).await {
        Some(refused) => answer::too_many(door, &refused),
        None => next.run(request).await,
    };
    if let Some(explanation) = response.extensions_mut().remove::<Explanation>() {
        tracing::info!(ecid, check = %explanation.check, status = response.status().as_u16(), "refused");
        let refused = response.extensions_mut().remove();
        identity.record_refusal(&locator, door, refused, explanation, cause, now).await;
    } else if response.status().is_server_error() {
        let error = response.extensions_mut().remove().map(|Failure(error)| error);
        tracing::error!(ecid, status = response.status().as_u16(), error, "failed");
    }
    let headers = response.headers_mut();
    for (name, value) in COMMON {
        headers.insert(name, value);
    }
    if let Ok(ecid) = HeaderValue::try_from(ecid) {
        headers.insert(ECID, ecid);
    }
    response
}

/// Under what name the trail keeps a refusal of which no more is known than at which door it was.
fn door_of(path: &str) -> &'static str {
    match path.trim_start_matches('/').split('/').next() {
        Some("oauth2") => "oauth.request",
        Some("sso") => "sso.request",
        _ => "admin.request",
    }
}

impl Identity {
    /// Why a request is not even looked at, if its stripe was asked too often.
    async fn too_many(&self, locator: &StripeLocator, path: &str, now: Timestamp) -> Option<TooMany> {
        if !self.limits_requests() {
            return None;
        }
        // A stripe that cannot be found is for the endpoint to tell.
        let stripe = self.locate(locator, now).await.ok().flatten()?;
        self.admit(&stripe.row.name, path, now).err()
    }

    /// A new request id in the product's shape, for doors that are not in this crate.
    pub fn ecid(&self) -> String {
        mint(&*self.0.entropy)
    }
}

/// An id in the shape of `Q0ApB1o1000000000`: seven letters and digits, then ten digits, some 75 random bits.
fn mint(entropy: &dyn Entropy) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let bytes = entropy.bytes::<17>();
    let letter = |(index, byte): (usize, &u8)| {
        let among = if index < 7 { LETTERS.len() } else { 10 };
        LETTERS.get(usize::from(*byte) % among).copied().map(char::from)
    };
    bytes.iter().enumerate().filter_map(letter).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
        time::Duration,
    };

    use serde_json::Value;

    use crate::testing::{ME, PASSWORD, USER, World, get, password_form};

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_failure_of_ours_is_logged_once_with_its_causes_under_the_requests_id() {
        let world = World::new().await;
        let token = world.user_token().await;
        world.db().close().await;
        world.clock.advance(Duration::from_secs(1));
        let log = Log::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone()).finish();
        let answers = {
            let _logging = tracing::subscriber::set_default(lines);
            let form = password_form(USER, PASSWORD, ME);
            [world.ask(&form).await, world.send(get("/admin/v1/Me", Some(&token))).await]
        };
        let written = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let errors: Vec<Value> = written
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|line| line["level"] == "ERROR")
            .collect();
        assert_eq!(errors.len(), answers.len(), "{written}");
        for (line, answer) in errors.iter().zip(&answers) {
            assert_eq!(answer.status(), 503);
            assert_eq!(line["ecid"], answer.headers()["x-oracle-dms-ecid"].to_str().unwrap());
            let error = line["error"].as_str().unwrap();
            assert!(error.contains("the database is not available: "), "the driver's own words are missing: {error}");
        }
        for secret in [PASSWORD, &token] {
            assert!(!written.contains(secret), "{written}");
        }
    }
}
