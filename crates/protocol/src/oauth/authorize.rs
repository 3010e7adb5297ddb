//! The authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1), taken apart.
//!
//! Client and redirect URI are read first: while they are not known to be good, nothing may be sent back to them. What is
//! wrong with the rest is for the client, by redirect.

use super::{
    form::{Form, encode},
    pkce,
    scope::{ScopeError, ScopeList},
};

/// The longest `state` and `nonce` that are repeated, in bytes.
const LONGEST_REPEATED: usize = 2048;

/// Who asks, and where the answer is to go. Nothing about it is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The client id.
    pub client_id: String,
    /// The redirect URI as it was sent.
    pub redirect_uri: Option<String>,
    /// What the answer repeats.
    pub state: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// The scopes.
    pub scope: ScopeList,
    /// What the ID token is to repeat.
    pub nonce: Option<String>,
    /// The S256 challenge.
    pub code_challenge: Option<String>,
    /// What the browser may show.
    pub prompt: Prompt,
    /// How long ago the user may have signed in at the most, in seconds.
    pub max_age: Option<u32>,
    /// The user name to begin with.
    pub login_hint: Option<String>,
}

/// What the browser may show (`prompt`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prompt {
    /// Nothing: an error instead.
    pub none: bool,
    /// The sign-in page in any case.
    pub login: bool,
    /// The consent page in any case.
    pub consent: bool,
}

/// Why nobody can be answered, so that the browser gets a page and no redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddresseeProblem {
    /// No client id.
    #[error("the client_id is missing")]
    NoClient,
    /// `state` is longer than is repeated.
    #[error("the state is longer than {LONGEST_REPEATED} bytes")]
    State,
}

/// Why a request is refused towards its client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationProblem {
    /// No `response_type`.
    #[error("the response_type is missing")]
    NoResponseType,
    /// Another one than `code`.
    #[error("the response_type is not code")]
    ResponseType,
    /// Another `response_mode` than `query`.
    #[error("the response_mode is not query")]
    ResponseMode,
    /// A request object, by value or reference.
    #[error("request objects are not accepted")]
    RequestObject,
    /// A challenge that is none, a method without a challenge, or another method than S256.
    #[error("the code_challenge is not one by S256")]
    Challenge,
    /// `prompt` has an unknown word, or `none` beside another.
    #[error("the prompt is not none, login, consent or select_account")]
    Prompt,
    /// `max_age` is no number of seconds.
    #[error("the max_age is not a number of seconds")]
    MaxAge,
    /// `nonce` is longer than is repeated.
    #[error("the nonce is longer than {LONGEST_REPEATED} bytes")]
    Nonce,
    /// The scope.
    #[error("the scope could not be read")]
    Scope(#[from] ScopeError),
}

impl Addressee {
    /// Reads client, redirect URI and state.
    ///
    /// # Errors
    ///
    /// [`AddresseeProblem`]
    pub fn parse(form: &Form) -> Result<Self, AddresseeProblem> {
        let state = form.get("state").map(str::to_owned);
        if state.as_ref().is_some_and(|state| state.len() > LONGEST_REPEATED) {
            return Err(AddresseeProblem::State);
        }
        Ok(Self {
            client_id: form.get("client_id").ok_or(AddresseeProblem::NoClient)?.to_owned(),
            redirect_uri: form.get("redirect_uri").map(str::to_owned),
            state,
        })
    }
}

impl AuthorizationRequest {
    /// Reads what is asked for.
    ///
    /// # Errors
    ///
    /// [`AuthorizationProblem`], the first in the order of the variants.
    pub fn parse(form: &Form) -> Result<Self, AuthorizationProblem> {
        match form.get("response_type") {
            None => return Err(AuthorizationProblem::NoResponseType),
            Some("code") => {}
            Some(_) => return Err(AuthorizationProblem::ResponseType),
        }
        if form.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(AuthorizationProblem::ResponseMode);
        }
        if form.get("request").is_some() || form.get("request_uri").is_some() {
            return Err(AuthorizationProblem::RequestObject);
        }
        let code_challenge = challenge(form)?;
        let prompt = prompt(form.get("prompt").unwrap_or_default())?;
        let max_age = form.get("max_age").map(seconds).transpose()?;
        let nonce = form.get("nonce").map(str::to_owned);
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > LONGEST_REPEATED) {
            return Err(AuthorizationProblem::Nonce);
        }
        Ok(Self {
            scope: ScopeList::parse(form.get("scope").unwrap_or_default())?,
            nonce,
            code_challenge,
            prompt,
            max_age,
            login_hint: form.get("login_hint").map(str::to_owned),
        })
    }
}

fn challenge(form: &Form) -> Result<Option<String>, AuthorizationProblem> {
    match (form.get("code_challenge"), form.get("code_challenge_method")) {
        (None, None) => Ok(None),
        (Some(challenge), Some("S256")) if pkce::is_challenge(challenge) => Ok(Some(challenge.to_owned())),
        // Without a method it would be plain (RFC 7636 section 4.3).
        (Some(_), _) | (None, Some(_)) => Err(AuthorizationProblem::Challenge),
    }
}

fn prompt(text: &str) -> Result<Prompt, AuthorizationProblem> {
    let mut prompt = Prompt::default();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match word {
            "none" => prompt.none = true,
            // There is one account for each session: choosing another is signing in again.
            "login" | "select_account" => prompt.login = true,
            "consent" => prompt.consent = true,
            _ => return Err(AuthorizationProblem::Prompt),
        }
    }
    if prompt.none && (prompt.login || prompt.consent) {
        return Err(AuthorizationProblem::Prompt);
    }
    Ok(prompt)
}

fn seconds(text: &str) -> Result<u32, AuthorizationProblem> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or(AuthorizationProblem::MaxAge)
}

/// What the browser was shown before it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Nothing yet.
    Nothing,
    /// The sign-in page.
    SignIn,
    /// The consent page, and before it the sign-in page.
    Consent,
}

/// The query that a browser comes back with after it was shown a page: the same, without what would show it again. It is
/// printable ASCII without two dots in a row, so that it may stand in an address that is kept for later.
pub fn resumed(form: &Form, shown: Shown) -> String {
    let mut pairs = Vec::new();
    for (name, value) in form.names().filter_map(|name| form.get(name).map(|value| (name, value))) {
        let value = match (name, shown) {
            ("max_age", Shown::SignIn | Shown::Consent) | ("prompt", Shown::Consent) => continue,
            ("prompt", Shown::SignIn) => value.split(' ').filter(|word| *word == "consent").collect::<String>(),
            (_, _) => value.to_owned(),
        };
        if !value.is_empty() {
            pairs.push(format!("{}={}", encode(name), encode(&value)));
        }
    }
    pairs.join("&").replace("..", ".%2E")
}

/// An address with parameters added to its query (RFC 6749 section 4.1.2: one that is there is retained).
pub fn with_query(address: &str, parameters: &[(&str, &str)]) -> String {
    let mut text = address.to_owned();
    for (name, value) in parameters {
        let separator = match text.find('?') {
            None => "?",
            Some(at) if at + 1 == text.len() || text.ends_with('&') => "",
            Some(_) => "&",
        };
        text.push_str(separator);
        text.push_str(name);
        text.push('=');
        text.push_str(&encode(value));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::form::MEDIA_TYPE, *};

    fn form(query: &str) -> Form {
        Form::parse(Some(MEDIA_TYPE), query.as_bytes()).unwrap()
    }

    fn problem(query: &str) -> AuthorizationProblem {
        AuthorizationRequest::parse(&form(query)).unwrap_err()
    }

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn a_whole_request_is_read() {
        let query = format!(
            "client_id=id&redirect_uri=https%3A%2F%2Fc%2Fback&state=s&response_type=code&scope=openid&nonce=n&prompt=login+consent&max_age=0&login_hint=ada&code_challenge={CHALLENGE}&code_challenge_method=S256&response_mode=query&idp=x"
        );
        let addressee = Addressee::parse(&form(&query)).unwrap();
        assert_eq!(addressee.redirect_uri.as_deref(), Some("https://c/back"));
        let request = AuthorizationRequest::parse(&form(&query)).unwrap();
        assert_eq!(request.prompt, Prompt { none: false, login: true, consent: true });
        assert_eq!((request.max_age, request.nonce.as_deref()), (Some(0), Some("n")));
        assert_eq!(request.code_challenge.as_deref(), Some(CHALLENGE));
    }

    #[test]
    fn nobody_can_be_answered_without_a_client() {
        assert_eq!(Addressee::parse(&form("redirect_uri=x")), Err(AddresseeProblem::NoClient));
        let long = format!("client_id=i&state={}", "a".repeat(2049));
        assert_eq!(Addressee::parse(&form(&long)), Err(AddresseeProblem::State));
    }

    #[test]
    fn each_problem_is_told_apart() {
        use AuthorizationProblem as P;
        assert_eq!(problem("scope=openid"), P::NoResponseType);
        for kind in ["token", "id_token", "code+token", "Code", "code+id_token", "code%20"] {
            assert_eq!(problem(&format!("response_type={kind}")), P::ResponseType, "{kind}");
        }
        for (rest, expected) in [
            ("response_mode=fragment", P::ResponseMode),
            ("request=x", P::RequestObject),
            ("request_uri=x", P::RequestObject),
            ("code_challenge=x&code_challenge_method=S256", P::Challenge),
            (&format!("code_challenge={CHALLENGE}"), P::Challenge),
            (&format!("code_challenge={CHALLENGE}&code_challenge_method=plain"), P::Challenge),
            ("code_challenge_method=S256", P::Challenge),
            ("prompt=none+login", P::Prompt),
            ("prompt=create", P::Prompt),
            ("max_age=-1", P::MaxAge),
            ("max_age=%2B1", P::MaxAge),
            ("max_age=99999999999", P::MaxAge),
            ("scope=%22", P::Scope(ScopeError::Character('"'))),
        ] {
            assert_eq!(problem(&format!("response_type=code&{rest}")), expected, "{rest}");
        }
        assert_eq!(problem(&format!("response_type=code&nonce={}", "a".repeat(2049))), P::Nonce);
    }

    #[test]
    fn what_comes_back_prompts_no_more() {
        let query = "a=1&prompt=login+consent&max_age=0&state=x%26y...z";
        assert_eq!(resumed(&form(query), Shown::Nothing), "a=1&prompt=login+consent&max_age=0&state=x%26y.%2E.z");
        assert_eq!(resumed(&form(query), Shown::SignIn), "a=1&prompt=consent&state=x%26y.%2E.z");
        assert_eq!(resumed(&form(query), Shown::Consent), "a=1&state=x%26y.%2E.z");
        assert_eq!(resumed(&form("pr%6Fmpt=login"), Shown::SignIn), "");
    }

    #[test]
    fn an_addresss_own_query_is_retained() {
        let added = [("code", "a+b/="), ("state", "é")];
        assert_eq!(with_query("https://c/", &added), "https://c/?code=a%2Bb%2F%3D&state=%C3%A9");
        assert_eq!(with_query("https://c/?x=1", &added[..1]), "https://c/?x=1&code=a%2Bb%2F%3D");
        assert_eq!(with_query("https://c/?", &added[..1]), "https://c/?code=a%2Bb%2F%3D");
    }

    proptest! {
        #[test]
        fn any_query_never_panics(query in ".*") {
            if let Ok(form) = Form::parse(Some(MEDIA_TYPE), query.as_bytes()) {
                let again = resumed(&form, Shown::Nothing);
                prop_assert!(again.bytes().all(|byte| byte.is_ascii_graphic()) && !again.contains(".."));
                let parsed = Form::parse(Some(MEDIA_TYPE), again.as_bytes()).unwrap();
                prop_assert_eq!(resumed(&parsed, Shown::Nothing), again);
                let _ = Addressee::parse(&form);
                let _ = AuthorizationRequest::parse(&form);
            }
        }
    }
}
