//! Access tokens by the resource owner's password (contract identity 2.2), and a source that keeps one until it is
//! about to end.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use obol_protocol::{Secret, Timestamp};
use serde::Deserialize;

use crate::{
    endpoint::{Endpoint, percent_encode},
    outside::Outside,
    transport::{Transport, TransportError},
};

/// The scope that creating an Analytics instance needs (contract analytics 2.4).
pub const USER_ME: &str = "urn:opc:idm:t.user.me";

/// A kept token is replaced when it has less than this left, so that it does not end on the way.
const MARGIN: std::time::Duration = std::time::Duration::from_mins(1);

/// What a token is asked for with.
#[derive(Debug, Clone)]
pub struct PasswordGrant {
    /// The stripe's base URL, `https://idcs-….identity.oraclecloud.com` or Obol's.
    pub stripe: Endpoint,
    /// The confidential application's client id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// The user's name.
    pub username: String,
    /// The user's password.
    pub password: Secret,
    /// The scopes, separated by spaces.
    pub scope: String,
}

/// A token that was issued.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    /// The token.
    pub access_token: Secret,
    /// Its type, `Bearer`.
    pub token_type: String,
    /// Its life in seconds from when it was issued.
    pub expires_in: u64,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The stripe said no, in the words of RFC 6749 section 5.2.
    #[error("the stripe refused: {} {code}: {description}", status.as_u16())]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// `invalid_client`, `invalid_grant`, …
        code: String,
        /// The text for a human.
        description: String,
        /// The ECID to ask after.
        ecid: Option<String>,
    },
    /// The answer is not that of a token endpoint.
    #[error("the answer ({}) is not that of a token endpoint", status.as_u16())]
    NotATokenEndpoint {
        /// The HTTP status.
        status: StatusCode,
    },
    /// There was no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

#[derive(Deserialize)]
struct Success {
    access_token: Secret,
    token_type: String,
    expires_in: u64,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// Asks for a token once.
pub fn request(transport: &Transport, grant: &PasswordGrant) -> Result<IssuedToken, TokenError> {
    let body = Secret::new(format!(
        "grant_type=password&username={}&password={}&scope={}",
        percent_encode(&grant.username),
        Secret::new(percent_encode(grant.password.expose())).expose(),
        percent_encode(&grant.scope),
    ));
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, basic(&grant.client_id, &grant.client_secret));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded;charset=UTF-8"));
    let url = grant.stripe.url("/oauth2/v1/token");
    let answer = transport.send(&Method::POST, &url, headers, body.expose().as_bytes())?;
    if answer.status.is_success() {
        let success: Success = serde_json::from_slice(&answer.body)
            .map_err(|_| TokenError::NotATokenEndpoint { status: answer.status })?;
        return Ok(IssuedToken {
            access_token: success.access_token,
            token_type: success.token_type,
            expires_in: success.expires_in,
        });
    }
    match serde_json::from_slice::<Refusal>(&answer.body) {
        Ok(refusal) => Err(TokenError::Refused {
            status: answer.status,
            code: refusal.error,
            description: refusal.error_description,
            ecid: answer.header("x-oracle-dms-ecid").map(str::to_owned),
        }),
        Err(_) => Err(TokenError::NotATokenEndpoint { status: answer.status }),
    }
}

/// Basic authentication with both parts encoded first (contract identity 2.4; RFC 6749 section 2.3.1).
fn basic(id: &str, secret: &Secret) -> HeaderValue {
    let pair = Secret::new(format!("{}:{}", percent_encode(id), percent_encode(secret.expose())));
    let text = Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())));
    // Base64 is always a header value.
    let mut value = HeaderValue::from_str(text.expose()).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// Gives a token as often as asked, and asks the stripe only when the one it keeps is about to end.
pub struct TokenSource {
    transport: Transport,
    grant: PasswordGrant,
    outside: Arc<dyn Outside>,
    kept: Mutex<Option<(IssuedToken, Timestamp)>>,
}

impl TokenSource {
    /// Builds a source; asks nothing yet.
    pub fn new(transport: Transport, grant: PasswordGrant, outside: Arc<dyn Outside>) -> Self {
        Self { transport, grant, outside, kept: Mutex::new(None) }
    }

    /// Gives a token with at least a minute left, where the stripe issues such.
    pub fn token(&self) -> Result<IssuedToken, TokenError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.outside.now();
        if let Some((token, ends)) = kept.as_ref()
            && ends.since(now) > MARGIN
        {
            return Ok(token.clone());
        }
        let token = request(&self.transport, &self.grant)?;
        let ends = now.plus(std::time::Duration::from_secs(token.expires_in));
        *kept = Some((token.clone(), ends));
        Ok(token)
    }
}

impl std::fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSource").field("grant", &self.grant).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        recorder::{Moved, Recorder},
        transport::Options,
    };

    fn grant(stripe: &str) -> PasswordGrant {
        PasswordGrant {
            stripe: Endpoint::parse(stripe).unwrap(),
            client_id: "id:x".to_owned(),
            client_secret: Secret::new("canary-secret/+"),
            username: "admin@example.com".to_owned(),
            password: Secret::new("canary pass&word=é"),
            scope: USER_ME.to_owned(),
        }
    }

    fn transport(grant: &PasswordGrant) -> Transport {
        Transport::new(&grant.stripe, &Options::default()).unwrap()
    }

    const GOOD: &str = r#"{"access_token":"eyJ.canary.x","token_type":"Bearer","expires_in":3600}"#;

    #[test]
    fn the_request_is_the_contracts() {
        // Contract identity 2.1, 2.2 and 2.4.
        let recorder = Recorder::new(vec![(200, "", GOOD)]);
        let grant = grant(&format!("{}/idcs-1", recorder.url()));
        let token = request(&transport(&grant), &grant).unwrap();
        assert_eq!(token.access_token.expose(), "eyJ.canary.x");
        assert_eq!(token.expires_in, 3600);
        let seen = recorder.requests();
        assert!(seen[0].starts_with("POST /idcs-1/oauth2/v1/token HTTP/1.1\r\n"), "{}", seen[0]);
        assert!(seen[0].to_lowercase().contains("content-type: application/x-www-form-urlencoded;charset=utf-8"));
        let pair = STANDARD.encode("id%3Ax:canary-secret%2F%2B");
        assert!(seen[0].contains(&format!("Basic {pair}")));
        assert!(seen[0].ends_with(
            "grant_type=password&username=admin%40example.com&password=canary%20pass%26word%3D%C3%A9&scope=urn%3Aopc%3Aidm%3At.user.me"
        ));
    }

    #[test]
    fn a_refusal_keeps_its_code_and_ecid_and_no_secret() {
        // Contract identity 2.6.
        let body = r#"{"error":"invalid_grant","error_description":"wrong"}"#;
        let recorder = Recorder::new(vec![(400, "X-ORACLE-DMS-ECID: abc^0\r\n", body)]);
        let grant = grant(&recorder.url());
        let error = request(&transport(&grant), &grant).unwrap_err();
        assert_eq!(error.to_string(), "the stripe refused: 400 invalid_grant: wrong");
        assert!(matches!(&error, TokenError::Refused { ecid: Some(ecid), .. } if ecid == "abc^0"));
        assert!(!format!("{error:?} {grant:?}").contains("canary"));
    }

    #[test]
    fn another_kind_of_answer_is_said_to_be_one() {
        for (status, body) in [(200, "<html>"), (404, "<html>"), (200, "{}")] {
            let recorder = Recorder::new(vec![(status, "", body)]);
            let grant = grant(&recorder.url());
            let error = request(&transport(&grant), &grant).unwrap_err();
            assert!(matches!(error, TokenError::NotATokenEndpoint { .. }), "{error:?}");
        }
    }

    #[test]
    fn a_token_is_kept_until_it_is_about_to_end() {
        let recorder = Recorder::new(vec![(200, "", GOOD), (200, "", GOOD)]);
        let grant = grant(&recorder.url());
        let outside = Arc::new(Moved::default());
        let source = TokenSource::new(transport(&grant), grant, outside.clone());
        source.token().unwrap();
        outside.pause(std::time::Duration::from_secs(3539));
        source.token().unwrap();
        assert_eq!(recorder.requests().len(), 1);
        outside.pause(std::time::Duration::from_secs(1));
        source.token().unwrap();
        assert_eq!(recorder.requests().len(), 2);
        assert!(!format!("{source:?}").contains("canary"));
    }
}
