//! How a client says who it is (contract identity 2.4). Nothing is verified here.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header::AUTHORIZATION};

use super::form::{self, Form};
use crate::{
    Secret,
    jose::{AssertionClaims, CompactJws},
};

/// The only type of client assertion there is (RFC 7523 section 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The credentials a client presented.
#[derive(Debug, Clone)]
pub enum PresentedClient {
    /// A client id with its secret.
    Secret {
        /// The client id.
        client_id: String,
        /// The secret, not yet compared.
        secret: Secret,
        /// Where both came from.
        method: SecretMethod,
    },
    /// A JWT that the client signed (`private_key_jwt`).
    Assertion {
        /// The client id that was sent beside it, or the one that it claims.
        client_id: String,
        /// The JWT, not yet verified.
        assertion: Secret,
    },
    /// A client id alone, as a public client sends it.
    Public {
        /// The client id.
        client_id: String,
    },
}

/// Where a client secret was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretMethod {
    /// `client_secret_basic`: the `Authorization` header.
    Basic,
    /// `client_secret_post`: the body.
    Post,
}

impl PresentedClient {
    /// Finds the client's credentials in the headers or the form; two methods at once are refused (RFC 6749 section 2.3).
    ///
    /// # Errors
    ///
    /// [`ClientProblem`]; it holds no secret.
    pub fn parse(form: &Form, headers: &HeaderMap) -> Result<Self, ClientProblem> {
        let basic = basic_credentials(headers)?;
        let posted_id = form.get("client_id");
        let posted_secret = form.secret("client_secret");
        let assertion = (form.get("client_assertion_type"), form.secret("client_assertion"));
        if assertion.0.is_some() || assertion.1.is_some() {
            if basic.is_some() || posted_secret.is_some() {
                return Err(ClientProblem::TwoMethods);
            }
            return presented_assertion(posted_id, assertion);
        }
        match (basic, posted_id, posted_secret) {
            (Some(_), _, Some(_)) => Err(ClientProblem::TwoMethods),
            (Some((client_id, _)), Some(posted), None) if client_id != posted => Err(ClientProblem::TwoIds),
            (Some((client_id, secret)), _, None) => Ok(Self::Secret { client_id, secret, method: SecretMethod::Basic }),
            (None, Some(client_id), Some(secret)) => {
                Ok(Self::Secret { client_id: client_id.to_owned(), secret, method: SecretMethod::Post })
            }
            (None, Some(client_id), None) => Ok(Self::Public { client_id: client_id.to_owned() }),
            (None, None, Some(_)) => Err(ClientProblem::SecretWithoutId),
            (None, None, None) => Err(ClientProblem::Missing),
        }
    }

    /// The client id, whoever sent it.
    pub fn client_id(&self) -> &str {
        match self {
            Self::Secret { client_id, .. } | Self::Assertion { client_id, .. } | Self::Public { client_id } => {
                client_id
            }
        }
    }
}

/// Reads the pair of type and assertion. Without a `client_id` beside it, the client is whom the assertion speaks of (RFC
/// 7521 section 4.2), which is believed only to find the key that verifies it.
fn presented_assertion(
    posted_id: Option<&str>,
    assertion: (Option<&str>, Option<Secret>),
) -> Result<PresentedClient, ClientProblem> {
    let (Some(kind), Some(assertion)) = assertion else { return Err(ClientProblem::HalfAnAssertion) };
    if kind != ASSERTION_TYPE {
        return Err(ClientProblem::AssertionType);
    }
    let client_id = match posted_id {
        Some(id) => id.to_owned(),
        None => CompactJws::parse(assertion.expose())
            .and_then(|jws| jws.claims::<AssertionClaims>())
            .ok()
            .and_then(|claims| claims.sub)
            .ok_or(ClientProblem::AssertionUnreadable)?,
    };
    Ok(PresentedClient::Assertion { client_id, assertion })
}

/// Reads `Authorization: Basic base64(urlenc(id):urlenc(secret))`; each part is URL-decoded (RFC 6749 section 2.3.1).
fn basic_credentials(headers: &HeaderMap) -> Result<Option<(String, Secret)>, ClientProblem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(ClientProblem::TwoHeaders);
    }
    let value = value.to_str().map_err(|_| ClientProblem::MalformedBasic)?;
    let (scheme, encoded) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(ClientProblem::Scheme);
    }
    let decoded = STANDARD.decode(encoded.trim_start()).map_err(|_| ClientProblem::MalformedBasic)?;
    let decoded = Secret::new(String::from_utf8(decoded).map_err(|_| ClientProblem::MalformedBasic)?);
    let (id, secret) = decoded.expose().split_once(':').ok_or(ClientProblem::MalformedBasic)?;
    let part = |text: &str| form::decode(text.as_bytes()).map_err(|_| ClientProblem::MalformedBasic);
    let (id, secret) = (part(id)?, Secret::new(part(secret)?));
    if id.is_empty() { Err(ClientProblem::MalformedBasic) } else { Ok(Some((id, secret))) }
}

/// Why no credentials could be read. All of them answer 401 `invalid_client`, but for [`ClientProblem::TwoMethods`],
/// [`ClientProblem::TwoHeaders`] and [`ClientProblem::TwoIds`], which are malformed requests (RFC 6749 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientProblem {
    /// Neither header nor body names a client.
    #[error("no client credentials were sent")]
    Missing,
    /// The `Authorization` header has another scheme than Basic.
    #[error("the authorization scheme is not basic")]
    Scheme,
    /// The Basic credentials are not base64 of an id, a colon and a secret.
    #[error("the basic credentials are malformed")]
    MalformedBasic,
    /// A secret without a client id.
    #[error("a client secret was sent without a client id")]
    SecretWithoutId,
    /// More than one way of authentication at once.
    #[error("more than one client authentication method was used")]
    TwoMethods,
    /// More than one `Authorization` header.
    #[error("the Authorization header was sent more than once")]
    TwoHeaders,
    /// The header and the body name different clients.
    #[error("the header and the body name different clients")]
    TwoIds,
    /// A client assertion without its type, or the other way round.
    #[error("a client assertion and its type must come together")]
    HalfAnAssertion,
    /// A client assertion that is not a JWT.
    #[error("the type of the client assertion is not jwt-bearer")]
    AssertionType,
    /// A client assertion without a client id, in which there is none either.
    #[error("the client assertion names no client, and there is no client_id")]
    AssertionUnreadable,
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn presented(authorization: &[&str], body: &str) -> Result<PresentedClient, ClientProblem> {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        PresentedClient::parse(&Form::parse(Some(form::MEDIA_TYPE), body.as_bytes()).unwrap(), &headers)
    }

    fn basic(credentials: &str) -> String {
        format!("Basic {}", STANDARD.encode(credentials))
    }

    fn secret_of(client: PresentedClient) -> (String, String, SecretMethod) {
        match client {
            PresentedClient::Secret { client_id, secret, method } => (client_id, secret.expose().to_owned(), method),
            PresentedClient::Assertion { client_id, .. } | PresentedClient::Public { client_id } => {
                panic!("{client_id} came without a secret")
            }
        }
    }

    #[test]
    fn basic_credentials_are_read() {
        let client = presented(&[&basic("id:se:cret")], "").unwrap();
        assert_eq!(secret_of(client), ("id".into(), "se:cret".into(), SecretMethod::Basic));
        let lower = basic("id:secret").replace("Basic", "bAsIc ");
        assert_eq!(secret_of(presented(&[&lower], "").unwrap()).1, "secret");
    }

    #[test]
    fn each_part_of_basic_is_url_decoded() {
        // Contract identity 2.4; RFC 6749 section 2.3.1.
        let client = presented(&[&basic("a%3Ab+c:%C3%A9%25")], "").unwrap();
        assert_eq!(secret_of(client), ("a:b c".into(), "é%".into(), SecretMethod::Basic));
    }

    #[test]
    fn posted_credentials_are_read() {
        let client = presented(&[], "client_id=id&client_secret=s%26").unwrap();
        assert_eq!(secret_of(client), ("id".into(), "s&".into(), SecretMethod::Post));
    }

    #[test]
    fn a_client_id_alone_is_a_public_client() {
        assert!(
            matches!(presented(&[], "client_id=id").unwrap(), PresentedClient::Public { client_id } if client_id == "id")
        );
        assert!(matches!(presented(&[], "client_id=id&client_secret=").unwrap(), PresentedClient::Public { .. }));
    }

    #[test]
    fn the_body_may_repeat_the_basic_client_id_only() {
        assert_eq!(presented(&[&basic("id:s")], "client_id=id").unwrap().client_id(), "id");
        assert_eq!(presented(&[&basic("id:s")], "client_id=other").unwrap_err(), ClientProblem::TwoIds);
    }

    #[test]
    fn two_methods_at_once_are_refused() {
        // RFC 6749 section 2.3.
        let basic = basic("id:s");
        for (authorization, body) in [
            (&[&*basic][..], "client_id=id&client_secret=s"),
            (&[&*basic], "client_secret=s"),
            (&[&*basic], "client_assertion=x"),
            (&[], "client_id=id&client_secret=s&client_assertion=x"),
        ] {
            assert_eq!(presented(authorization, body).unwrap_err(), ClientProblem::TwoMethods, "{body}");
        }
        assert_eq!(presented(&[&*basic, &*basic], "").unwrap_err(), ClientProblem::TwoHeaders);
    }

    #[test]
    fn malformed_basic_is_refused() {
        for value in [
            "Basic",
            "Basic ",
            "Basic *",
            "Basic aWQ6cw", // padding missing
            "Basic aWQ6cw== extra",
            &basic("no colon"),
            &basic(":secret"),
            &basic("id:%"),
            &basic("id:%zz"),
            &basic("%FF:s"),
        ] {
            assert_eq!(presented(&[value], "").unwrap_err(), ClientProblem::MalformedBasic, "{value}");
        }
        let not_text = format!("Basic {}", STANDARD.encode([0xff, b':', b's']));
        assert_eq!(presented(&[&not_text], "").unwrap_err(), ClientProblem::MalformedBasic);
    }

    #[test]
    fn a_malformed_header_is_not_saved_by_a_good_body() {
        let body = "client_id=id&client_secret=s";
        assert_eq!(presented(&["Basic *"], body).unwrap_err(), ClientProblem::MalformedBasic);
        assert_eq!(presented(&["Bearer abc"], body).unwrap_err(), ClientProblem::Scheme);
    }

    #[test]
    fn incomplete_credentials_are_refused() {
        assert_eq!(presented(&[], "").unwrap_err(), ClientProblem::Missing);
        assert_eq!(presented(&[], "client_id=").unwrap_err(), ClientProblem::Missing);
        assert_eq!(presented(&[], "client_secret=s").unwrap_err(), ClientProblem::SecretWithoutId);
    }

    fn jwt(payload: &str) -> String {
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        format!("{}.{}.AA", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#), URL_SAFE_NO_PAD.encode(payload))
    }

    // RFC 7521 section 4.2: the client id may be left out.
    #[test]
    fn an_assertion_names_its_client_beside_it_or_in_it() {
        let body = format!("client_assertion_type={ASSERTION_TYPE}&client_assertion={}", jwt(r#"{"sub":"inner"}"#));
        for (body, id) in [(body.clone(), "inner"), (format!("{body}&client_id=outer"), "outer")] {
            let PresentedClient::Assertion { client_id, .. } = presented(&[], &body).unwrap() else { panic!() };
            assert_eq!(client_id, id);
        }
    }

    #[test]
    fn half_an_assertion_and_other_types_are_refused() {
        let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
        for (body, problem) in [
            ("client_id=id&client_assertion=x".to_owned(), ClientProblem::HalfAnAssertion),
            (format!("client_id=id&client_assertion_type={ASSERTION_TYPE}"), ClientProblem::HalfAnAssertion),
            (format!("client_id=id&client_assertion=x&client_assertion_type={saml}"), ClientProblem::AssertionType),
            ("client_assertion=x&client_assertion_type=y".to_owned(), ClientProblem::AssertionType),
            (format!("client_assertion=x&client_assertion_type={ASSERTION_TYPE}"), ClientProblem::AssertionUnreadable),
            (
                format!("client_assertion={}&client_assertion_type={ASSERTION_TYPE}", jwt("{}")),
                ClientProblem::AssertionUnreadable,
            ),
        ] {
            assert_eq!(presented(&[], &body).unwrap_err(), problem, "{body}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let printed = format!("{:?}", presented(&[&basic("id:canary")], "").unwrap());
        assert!(!printed.contains("canary"), "{printed}");
    }

    proptest! {
        #[test]
        fn any_header_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64), credentials in ".*") {
            let form = Form::parse(Some(form::MEDIA_TYPE), b"").unwrap();
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                headers.insert(AUTHORIZATION, value);
            }
            let _ = PresentedClient::parse(&form, &headers);
            headers.insert(AUTHORIZATION, HeaderValue::from_str(&basic(&credentials)).unwrap());
            let _ = PresentedClient::parse(&form, &headers);
        }
    }
}
