//! The start of the device flow (contract identity 2.2; RFC 8628 section 3.1).

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::{Form, client::PresentedClient, grant::GrantProblem, scope::ScopeList, token::TokenProblem};

/// A request for codes taken apart; nothing about it is verified yet.
#[derive(Debug, Clone)]
pub struct DeviceRequest {
    /// Who asks, usually by its id alone.
    pub client: PresentedClient,
    /// For what, as it was sent.
    pub scope: String,
}

impl DeviceRequest {
    /// Reads client, `response_type` and scope, in this order.
    ///
    /// # Errors
    ///
    /// [`TokenProblem`] for the first of them that cannot be read.
    pub fn parse(form: &Form, headers: &HeaderMap) -> Result<Self, TokenProblem> {
        let client = PresentedClient::parse(form, headers)?;
        match form.get("response_type") {
            Some("device_code") => {}
            Some(other) => return Err(GrantProblem::Unsupported(other.to_owned()).into()),
            None => return Err(GrantProblem::Missing("response_type").into()),
        }
        let scope = form.get("scope").unwrap_or_default();
        ScopeList::parse(scope)?;
        Ok(Self { client, scope: scope.to_owned() })
    }
}

/// The codes, in exactly this order, with neither `interval` nor `verification_uri_complete` (contract identity 2.2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAnswer {
    /// How many seconds they hold.
    pub expires_in: u64,
    /// What the device polls with.
    pub device_code: String,
    /// What the user types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
}

impl std::fmt::Debug for DeviceAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceAnswer").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::form::MEDIA_TYPE, *};

    fn parse(body: &str) -> Result<DeviceRequest, TokenProblem> {
        DeviceRequest::parse(&Form::parse(Some(MEDIA_TYPE), body.as_bytes()).unwrap(), &HeaderMap::new())
    }

    #[test]
    fn a_request_names_client_type_and_scope() {
        let request = parse("response_type=device_code&scope=openid+x&client_id=c").unwrap();
        assert_eq!((request.client.client_id(), request.scope.as_str()), ("c", "openid x"));
        for body in [
            "response_type=device_code&scope=x",
            "client_id=c&scope=x",
            "client_id=c&scope=x&response_type=code",
            "client_id=c&response_type=device_code&scope=%22",
        ] {
            assert!(parse(body).is_err(), "{body}");
        }
    }

    #[test]
    fn answers_have_the_members_of_the_contract() {
        let answer = DeviceAnswer {
            expires_in: 300,
            device_code: "d".into(),
            user_code: "u".into(),
            verification_uri: "v".into(),
        };
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"expires_in":300,"device_code":"d","user_code":"u","verification_uri":"v"}"#
        );
        assert!(!format!("{answer:?}").contains("user_code"));
    }
}
