//! What an application may be: the rules between its attributes (contract identity 5.1 and 5.2). Whether an attribute has
//! the right type, and whether what it refers to exists, is not judged here.

use std::collections::BTreeSet;

/// The grants an application may be allowed, as the wire spells them (contract identity 5.2).
pub const GRANTS: [&str; 10] = [
    "authorization_code",
    "client_credentials",
    "implicit",
    "password",
    "refresh_token",
    "tls_client_auth",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:saml2-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
];
/// What a client may be allowed beside getting tokens.
pub const OPERATIONS: [&str; 2] = ["introspect", "onBehalfOfUser"];
/// The bounds of an access token's life that a resource server may choose, in seconds (contract identity 9).
pub const ACCESS_TOKEN_SECONDS: (u32, u32) = (60, 31_557_600);

/// What is to be judged of an application.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the application has as many")]
pub struct Candidate<'a> {
    /// Whether it may ask for tokens.
    pub is_client: bool,
    /// Whether tokens may be for it.
    pub is_resource: bool,
    /// Whether it cannot keep a secret.
    pub is_public: bool,
    /// `allowedGrants`
    pub grants: &'a [String],
    /// `allowedOperations`
    pub operations: &'a [String],
    /// `redirectUris`
    pub redirect_uris: &'a [String],
    /// Addresses that a browser is sent to in other ways.
    pub other_uris: &'a [String],
    /// `allUrlSchemesAllowed`
    pub all_schemes: bool,
    /// `audience`
    pub audience: Option<&'a str>,
    /// `secondaryAudiences`
    pub secondary_audiences: &'a [String],
    /// The values of `scopes`.
    pub scopes: &'a [&'a str],
    /// `accessTokenExpiry`, in seconds.
    pub access_token_expiry: Option<u32>,
}

/// Why there cannot be such an application.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplicationProblem {
    /// No such grant.
    #[error("there is no such grant type")]
    Grant,
    /// A grant in which the client proves itself, for one that cannot.
    #[error("a public client cannot use the grant {0}")]
    PublicGrant(&'static str),
    /// No such operation.
    #[error("there is no such operation")]
    Operation,
    /// A flow through the browser that has nowhere to return to.
    #[error("the grant {0} needs a redirect address")]
    NoRedirect(&'static str),
    /// An address that cannot be one.
    #[error("an address is not absolute, has a fragment or a character that no address has")]
    Address,
    /// An address that is not HTTPS.
    #[error("an address does not begin with https")]
    Scheme,
    /// Scopes without an audience that would make them whole.
    #[error("scopes need a primary audience")]
    NoAudience,
    /// An audience with a character that no scope has.
    #[error("an audience has a character that a scope cannot have")]
    Audience,
    /// A scope with a character that no scope has, or none at all.
    #[error("a scope is empty, or has a character that a scope cannot have")]
    Scope,
    /// A scope that belongs to the service itself.
    #[error("a scope of this name belongs to the service")]
    ReservedScope,
    /// A value that stands twice.
    #[error("a value stands twice")]
    Twice,
    /// A life out of bounds.
    #[error("the life of {0} seconds is out of bounds")]
    Lifetime(u32),
}

impl ApplicationProblem {
    /// The SCIM attribute that is at fault.
    pub const fn attribute(&self) -> &'static str {
        match self {
            Self::Grant | Self::PublicGrant(_) => "allowedGrants",
            Self::Operation => "allowedOperations",
            Self::NoRedirect(_) | Self::Address | Self::Scheme => "redirectUris",
            Self::NoAudience | Self::Audience => "audience",
            Self::Scope | Self::ReservedScope | Self::Twice => "scopes",
            Self::Lifetime(_) => "accessTokenExpiry",
        }
    }
}

/// Judges an application.
///
/// # Errors
///
/// The first [`ApplicationProblem`].
pub fn check(candidate: &Candidate<'_>) -> Result<(), ApplicationProblem> {
    check_grants(candidate)?;
    if candidate.operations.iter().any(|operation| !OPERATIONS.contains(&operation.as_str())) {
        return Err(ApplicationProblem::Operation);
    }
    for address in candidate.redirect_uris.iter().chain(candidate.other_uris) {
        check_address(address, candidate.all_schemes)?;
    }
    check_resource(candidate)
}

fn check_grants(candidate: &Candidate<'_>) -> Result<(), ApplicationProblem> {
    for grant in candidate.grants {
        let Some(grant) = GRANTS.into_iter().find(|known| known == grant) else {
            return Err(ApplicationProblem::Grant);
        };
        // RFC 6749 section 4.4: this grant is for clients that prove themselves.
        if candidate.is_public && matches!(grant, "client_credentials" | "tls_client_auth") {
            return Err(ApplicationProblem::PublicGrant(grant));
        }
        let through_browser = matches!(grant, "authorization_code" | "implicit");
        if through_browser && candidate.is_client && candidate.redirect_uris.is_empty() {
            return Err(ApplicationProblem::NoRedirect(grant));
        }
    }
    Ok(())
}

/// RFC 6749 section 3.1.2: absolute, without a fragment.
fn check_address(address: &str, all_schemes: bool) -> Result<(), ApplicationProblem> {
    let (scheme, rest) = address.split_once(':').ok_or(ApplicationProblem::Address)?;
    let scheme_begins = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let scheme_goes_on = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let readable = address.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\"<>\\^`{|}".contains(&byte));
    if !scheme_begins || !scheme_goes_on || !readable || rest.is_empty() {
        return Err(ApplicationProblem::Address);
    }
    // A script or a page in the address itself would run in our own pages' name.
    if ["javascript", "data", "vbscript"].iter().any(|forbidden| scheme.eq_ignore_ascii_case(forbidden)) {
        return Err(ApplicationProblem::Scheme);
    }
    let has_host = |rest: &str| rest.strip_prefix("//").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    if scheme.eq_ignore_ascii_case("https") && !has_host(rest) {
        return Err(ApplicationProblem::Address);
    }
    if all_schemes || scheme.eq_ignore_ascii_case("https") { Ok(()) } else { Err(ApplicationProblem::Scheme) }
}

fn check_resource(candidate: &Candidate<'_>) -> Result<(), ApplicationProblem> {
    let audiences = candidate.audience.into_iter().chain(candidate.secondary_audiences.iter().map(String::as_str));
    for audience in audiences {
        if !is_scope_text(audience) {
            return Err(ApplicationProblem::Audience);
        }
    }
    if candidate.audience.is_none() && !candidate.scopes.is_empty() {
        return Err(ApplicationProblem::NoAudience);
    }
    let mut seen = BTreeSet::new();
    for scope in candidate.scopes {
        if !is_scope_text(scope) {
            return Err(ApplicationProblem::Scope);
        }
        let whole = format!("{}{scope}", candidate.audience.unwrap_or_default());
        if whole.starts_with("urn:opc:idm:") || whole == "offline_access" || whole == "openid" {
            return Err(ApplicationProblem::ReservedScope);
        }
        if !seen.insert(*scope) {
            return Err(ApplicationProblem::Twice);
        }
    }
    let (shortest, longest) = ACCESS_TOKEN_SECONDS;
    match candidate.access_token_expiry {
        Some(seconds) if !(shortest..=longest).contains(&seconds) => Err(ApplicationProblem::Lifetime(seconds)),
        Some(_) | None => Ok(()),
    }
}

/// RFC 6749 section 3.3: what a scope is made of.
fn is_scope_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    fn with_grants(grants: &[&str], redirects: &[&str], is_public: bool) -> Result<(), ApplicationProblem> {
        let (grants, redirect_uris) = (texts(grants), texts(redirects));
        check(&Candidate {
            is_client: true,
            is_public,
            grants: &grants,
            redirect_uris: &redirect_uris,
            ..Candidate::default()
        })
    }

    // Contract identity 5.1.
    #[test]
    fn the_recipe_of_analytics_is_an_application() {
        let grants = ["password", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"];
        assert_eq!(with_grants(&grants, &[], false), Ok(()));
    }

    #[test]
    fn a_grant_is_one_that_there_is_and_fits_the_client() {
        for grant in GRANTS {
            assert_eq!(with_grants(&[grant], &["https://a.example"], false), Ok(()), "{grant}");
        }
        for grant in ["", "PASSWORD", "password ", "jwt-bearer", "none"] {
            assert_eq!(with_grants(&[grant], &[], false), Err(ApplicationProblem::Grant), "{grant}");
        }
        for grant in ["client_credentials", "tls_client_auth"] {
            assert_eq!(with_grants(&[grant], &[], true), Err(ApplicationProblem::PublicGrant(grant)));
        }
        for grant in ["authorization_code", "implicit"] {
            assert_eq!(with_grants(&[grant], &[], false), Err(ApplicationProblem::NoRedirect(grant)));
        }
    }

    #[test]
    fn an_address_is_absolute_https_and_free_of_tricks() {
        let judge = |address: &str, all_schemes| {
            let uris = texts(&[address]);
            check(&Candidate { redirect_uris: &uris, all_schemes, ..Candidate::default() })
        };
        for good in ["https://a.example", "https://a.example:8443/callback?x=1", "HTTPS://a.example/"] {
            assert_eq!(judge(good, false), Ok(()), "{good}");
        }
        for other in ["http://localhost:8080/callback", "com.example.app:/callback", "custom://x"] {
            assert_eq!(judge(other, false), Err(ApplicationProblem::Scheme), "{other}");
            assert_eq!(judge(other, true), Ok(()), "{other}");
        }
        for bad in [
            "",
            "/callback",
            "a.example",
            "https:",
            "https://",
            "https:///x",
            "https://a.example/#x",
            "https://a b",
            "https://a.example/\n",
            "1http://a",
            "https://a.example/<x>",
            "://x",
        ] {
            assert_eq!(judge(bad, true), Err(ApplicationProblem::Address), "{bad}");
        }
        for script in ["javascript:alert(1)", "JavaScript:x", "data:text/html,x", "vbscript:x"] {
            assert_eq!(judge(script, true), Err(ApplicationProblem::Scheme), "{script}");
        }
    }

    #[test]
    fn a_resource_server_has_an_audience_and_scopes_of_its_own() {
        let judge = |audience: Option<&str>, scopes: &[&str]| {
            check(&Candidate { is_resource: true, audience, scopes, ..Candidate::default() })
        };
        assert_eq!(judge(Some("https://api/"), &["read", "urn:opc:resource:consumer::all"]), Ok(()));
        assert_eq!(judge(None, &[]), Ok(()));
        assert_eq!(judge(None, &["read"]), Err(ApplicationProblem::NoAudience));
        for audience in ["", "https://a b/", "https://\"", "ü"] {
            assert_eq!(judge(Some(audience), &[]), Err(ApplicationProblem::Audience), "{audience}");
        }
        for scope in ["", "a b", "\"", "é", "a\\b"] {
            assert_eq!(judge(Some("https://api/"), &[scope]), Err(ApplicationProblem::Scope), "{scope}");
        }
        assert_eq!(judge(Some("https://api/"), &["read", "read"]), Err(ApplicationProblem::Twice));
        // No resource server makes itself a scope of the administration.
        for (audience, scope) in [("urn:opc:idm:", "t.users"), ("urn:opc:", "idm:t.users"), ("open", "id")] {
            assert_eq!(judge(Some(audience), &[scope]), Err(ApplicationProblem::ReservedScope), "{audience}{scope}");
        }
    }

    // Contract identity 9.
    #[test]
    fn an_access_token_lives_a_minute_to_a_year() {
        let judge = |seconds| check(&Candidate { access_token_expiry: Some(seconds), ..Candidate::default() });
        for seconds in [60, 3600, 31_557_600] {
            assert_eq!(judge(seconds), Ok(()));
        }
        for seconds in [0, 59, 31_557_601] {
            assert_eq!(judge(seconds), Err(ApplicationProblem::Lifetime(seconds)));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}", audience in ".{0,30}", all_schemes: bool) {
            let list = [text.clone()];
            let scopes = [text.as_str()];
            let _ = check(&Candidate {
                is_client: true, grants: &list, operations: &list, redirect_uris: &list, other_uris: &list, all_schemes,
                audience: Some(&audience), scopes: &scopes, secondary_audiences: &list, ..Candidate::default()
            });
            let _ = check(&Candidate { redirect_uris: &list, all_schemes, ..Candidate::default() });
        }
    }
}
