//! The token request as a whole, its answer (contract identity 2.3), and the file the console saves (4).

use std::fmt;

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::{
    client::{ClientProblem, PresentedClient},
    form::Form,
    grant::{Grant, GrantProblem},
    scope::{ScopeError, ScopeList},
};

/// A token request taken apart; nothing about it is verified yet.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// Who asks.
    pub client: PresentedClient,
    /// By which right.
    pub grant: Grant,
    /// For what; empty when no scope was sent.
    pub scope: ScopeList,
}

impl TokenRequest {
    /// Reads client, grant and scope, in this order.
    ///
    /// # Errors
    ///
    /// [`TokenProblem`] for the first of them that cannot be read.
    pub fn parse(form: &Form, headers: &HeaderMap) -> Result<Self, TokenProblem> {
        Ok(Self {
            client: PresentedClient::parse(form, headers)?,
            grant: Grant::parse(form)?,
            scope: ScopeList::parse(form.get("scope").unwrap_or_default())?,
        })
    }
}

/// Why a token request could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenProblem {
    /// The client's credentials.
    #[error("the client's credentials could not be read")]
    Client(#[from] ClientProblem),
    /// The grant or a parameter of it.
    #[error("the grant could not be read")]
    Grant(#[from] GrantProblem),
    /// The scope.
    #[error("the scope could not be read")]
    Scope(#[from] ScopeError),
}

/// A successful answer. Its members stand in exactly this order, and there is no `scope` (contract identity 2.3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAnswer {
    /// The token.
    pub access_token: String,
    /// Always Bearer.
    pub token_type: TokenType,
    /// Its life in seconds, equal to `exp` minus `iat`.
    pub expires_in: u64,
    /// With `offline_access`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// With `openid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

impl TokenAnswer {
    /// An answer with an access token alone.
    pub const fn bearer(access_token: String, expires_in: u64) -> Self {
        Self { access_token, token_type: TokenType::Bearer, expires_in, refresh_token: None, id_token: None }
    }
}

/// The answer with one token for each of several resource servers (contract identity 2.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAnswers {
    /// The tokens.
    #[serde(rename = "tokenResponses")]
    pub token_responses: Vec<TokenAnswer>,
    /// With `openid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

/// What the token endpoint answers with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum TokenBody {
    /// One token.
    One(TokenAnswer),
    /// One for each resource server.
    Several(TokenAnswers),
    /// A session token in exchange.
    Session(SessionToken),
}

/// The answer of a token exchange: exactly this member (contract identity 2.5).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct SessionToken {
    /// The session token.
    pub token: String,
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(***)")
    }
}

impl From<TokenAnswer> for TokenBody {
    fn from(answer: TokenAnswer) -> Self {
        Self::One(answer)
    }
}

impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// The kind of token; case does not matter when it is read (RFC 6749 section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenType {
    /// `Bearer`.
    #[serde(alias = "bearer", alias = "BEARER")]
    Bearer,
}

/// What *Download Token* saves: one line of JSON (contract identity 4).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenFile {
    /// The access token.
    pub app_access_token: String,
    /// The refresh token, when one was included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_refresh_token: Option<String>,
}

impl TokenFile {
    /// The name the browser saves it under.
    pub const NAME: &'static str = "tokens.tok";

    /// A file with an access token alone.
    pub const fn new(app_access_token: String) -> Self {
        Self { app_access_token, app_refresh_token: None }
    }

    /// Whether `text` is the file, or what copying left of it, where the token in it belongs: no token begins with a brace.
    /// The JSON may be broken by then, such as by the line breaks of a terminal.
    pub fn is_pasted(text: &str) -> bool {
        text.trim_start().starts_with('{') && text.contains("\"app_access_token\"")
    }

    /// The single line, without a line break.
    ///
    /// # Errors
    ///
    /// Never in practice: two strings always serialise.
    pub fn line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenFile(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::form::MEDIA_TYPE, *};

    fn parse(body: &str) -> Result<TokenRequest, TokenProblem> {
        TokenRequest::parse(&Form::parse(Some(MEDIA_TYPE), body.as_bytes()).unwrap(), &HeaderMap::new())
    }

    #[test]
    fn the_published_request_is_read() {
        // Contract identity 10: the curl command of Oracle's page.
        let request = parse(
            "client_id=id&client_secret=s&grant_type=password&username=admin%40example.com&password=p&scope=urn:opc:idm:t.user.me",
        )
        .unwrap();
        assert_eq!(request.client.client_id(), "id");
        assert_eq!(request.scope.to_string(), "urn:opc:idm:t.user.me");
    }

    #[test]
    fn the_client_is_read_before_the_grant_and_the_grant_before_the_scope() {
        assert!(matches!(parse("scope=%22").unwrap_err(), TokenProblem::Client(ClientProblem::Missing)));
        assert!(matches!(parse("client_id=id&scope=%22").unwrap_err(), TokenProblem::Grant(GrantProblem::Missing(_))));
        assert!(matches!(
            parse("client_id=id&grant_type=client_credentials&scope=%22").unwrap_err(),
            TokenProblem::Scope(ScopeError::Character('"'))
        ));
    }

    #[test]
    fn no_scope_is_an_empty_list() {
        assert!(parse("client_id=id&grant_type=client_credentials").unwrap().scope.is_empty());
    }

    #[test]
    fn the_answer_has_exactly_three_members() {
        // Contract identity 2.3.
        assert_eq!(
            serde_json::to_string(&TokenAnswer::bearer("t".into(), 3600)).unwrap(),
            r#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#
        );
    }

    #[test]
    fn optional_tokens_stand_last() {
        // Contract identity 2.3.
        let answer = TokenAnswer {
            refresh_token: Some("r".into()),
            id_token: Some("i".into()),
            ..TokenAnswer::bearer("t".into(), 3600)
        };
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"access_token":"t","token_type":"Bearer","expires_in":3600,"refresh_token":"r","id_token":"i"}"#
        );
    }

    #[test]
    fn an_answer_of_another_kind_is_refused() {
        for json in [
            r#"{"access_token":"t","token_type":"mac","expires_in":1}"#,
            r#"{"access_token":"t","token_type":"Bearer","expires_in":"1"}"#,
            r#"{"access_token":"t","token_type":"Bearer","expires_in":-1}"#,
            r#"{"token_type":"Bearer","expires_in":1}"#,
            r#"{"access_token":"t","access_token":"u","token_type":"Bearer","expires_in":1}"#,
        ] {
            assert!(serde_json::from_str::<TokenAnswer>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn the_saved_file_is_one_line() {
        // Contract identity 4.
        assert_eq!(TokenFile::new("eyJ4".into()).line().unwrap(), r#"{"app_access_token":"eyJ4"}"#);
    }

    #[test]
    fn a_pasted_file_is_told_from_a_token() {
        for file in [
            TokenFile::new("eyJ4".into()).line().unwrap().as_str(),
            " {\n \"app_access_token\" : \"eyJ\" } ",
            "{\"app_access_token\":\"eyJ\nhbG",
        ] {
            assert!(TokenFile::is_pasted(file), "{file}");
        }
        for other in ["eyJ4NXQjUzI1NiI6.e30.c2ln", "", "{}", "{", "\"app_access_token\"", "{\"access_token\":\"eyJ\"}"]
        {
            assert!(!TokenFile::is_pasted(other), "{other}");
        }
    }

    #[test]
    fn tokens_are_not_printed() {
        let printed = format!("{:?} {:?}", TokenAnswer::bearer("canary".into(), 1), TokenFile::new("canary".into()));
        assert!(!printed.contains("canary"), "{printed}");
    }

    proptest! {
        #[test]
        fn any_form_never_panics(body in proptest::collection::vec(any::<u8>(), 0..256)) {
            if let Ok(form) = Form::parse(Some(MEDIA_TYPE), &body) {
                let _ = TokenRequest::parse(&form, &HeaderMap::new());
            }
        }
    }
}
