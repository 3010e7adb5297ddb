//! The grammar of `scope` (RFC 6749 section 3.3; contract identity 2.7). Who may have a scope is decided elsewhere.

use std::{collections::HashSet, fmt};

use super::form::percent_decode;

const IDM: &str = "urn:opc:idm:";
const ROLE: &str = "urn:opc:idm:role.";
const MY_SCOPES: &str = "urn:opc:idm:__myscopes__";
const CONSUMER: &str = "urn:opc:resource:consumer:";
const EXPIRY: &str = "urn:opc:resource:expiry=";
const MULTI_RESOURCE: &str = "urn:opc:resource:multiresourcescope";

/// One scope of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `urn:opc:idm:__myscopes__`: every admin API scope of the roles granted.
    MyScopes,
    /// `urn:opc:idm:role.<name>`: the scopes of one app role; it holds the role's name, decoded.
    Role(String),
    /// Another scope of the admin API, whole, e.g. `urn:opc:idm:t.user.me`.
    Idm(String),
    /// A scope of OpenID Connect.
    Oidc(OidcScope),
    /// `offline_access`: a refresh token.
    OfflineAccess,
    /// `urn:opc:resource:expiry=<seconds>`: another life for the token.
    Expiry(u32),
    /// `urn:opc:resource:multiresourcescope`: one token for each resource server.
    MultiResource,
    /// `urn:opc:resource:consumer:…`: the trust-scope wildcard, whole.
    Consumer(String),
    /// Anything else: a fully qualified scope of a resource server, whole.
    Other(String),
}

/// A scope of OpenID Connect as IDCS offers them (contract identity 2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OidcScope {
    /// `openid`.
    OpenId,
    /// `profile`.
    Profile,
    /// `email`.
    Email,
    /// `address`.
    Address,
    /// `phone`.
    Phone,
    /// `groups`.
    Groups,
    /// `get_groups`.
    GetGroups,
    /// `approles`.
    AppRoles,
    /// `get_approles`.
    GetAppRoles,
}

impl OidcScope {
    const ALL: [Self; 9] = [
        Self::OpenId,
        Self::Profile,
        Self::Email,
        Self::Address,
        Self::Phone,
        Self::Groups,
        Self::GetGroups,
        Self::AppRoles,
        Self::GetAppRoles,
    ];

    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::Groups => "groups",
            Self::GetGroups => "get_groups",
            Self::AppRoles => "approles",
            Self::GetAppRoles => "get_approles",
        }
    }
}

impl Scope {
    fn parse(text: &str) -> Result<Self, ScopeError> {
        // RFC 6749 section 3.3: printable ASCII without the space, the quotation mark and the backslash.
        if let Some(character) = text.chars().find(|c| !matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e')) {
            return Err(ScopeError::Character(character));
        }
        if let Some(name) = text.strip_prefix(ROLE) {
            return role(name);
        }
        if let Some(seconds) = text.strip_prefix(EXPIRY) {
            return expiry(seconds);
        }
        Ok(match text {
            MY_SCOPES => Self::MyScopes,
            MULTI_RESOURCE => Self::MultiResource,
            "offline_access" => Self::OfflineAccess,
            _ if text.starts_with(IDM) => Self::Idm(text.to_owned()),
            _ if text.starts_with(CONSUMER) => Self::Consumer(text.to_owned()),
            _ => match OidcScope::ALL.into_iter().find(|scope| scope.as_str() == text) {
                Some(scope) => Self::Oidc(scope),
                None => Self::Other(text.to_owned()),
            },
        })
    }
}

/// A role's name comes double-encoded, so one layer is left when the form was decoded (contract identity 2.1).
fn role(name: &str) -> Result<Scope, ScopeError> {
    let name = percent_decode(name).map_err(|_| ScopeError::RoleName)?;
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(ScopeError::RoleName);
    }
    Ok(Scope::Role(name))
}

fn expiry(seconds: &str) -> Result<Scope, ScopeError> {
    if !seconds.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ScopeError::Expiry);
    }
    match seconds.parse() {
        Ok(0) | Err(_) => Err(ScopeError::Expiry),
        Ok(seconds) => Ok(Scope::Expiry(seconds)),
    }
}

/// The scope as the request spells it after the form was decoded.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MyScopes => f.write_str(MY_SCOPES),
            Self::Role(name) => {
                f.write_str(ROLE)?;
                name.bytes().try_for_each(|byte| match byte {
                    b'%' | b'"' | b'\\' | 0..=0x20 | 0x7f.. => write!(f, "%{byte:02X}"),
                    plain => write!(f, "{}", char::from(plain)),
                })
            }
            Self::Idm(text) | Self::Consumer(text) | Self::Other(text) => f.write_str(text),
            Self::Oidc(scope) => f.write_str(scope.as_str()),
            Self::OfflineAccess => f.write_str("offline_access"),
            Self::Expiry(seconds) => write!(f, "{EXPIRY}{seconds}"),
            Self::MultiResource => f.write_str(MULTI_RESOURCE),
        }
    }
}

/// The scopes of a request: each once, in the order of their first mention.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScopeList(Vec<Scope>);

impl ScopeList {
    /// Reads a list separated by spaces. An empty text is an empty list.
    ///
    /// # Errors
    ///
    /// [`ScopeError`] for the first scope that is malformed.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let mut seen = HashSet::new();
        let mut scopes = Vec::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            if seen.insert(word) {
                scopes.push(Scope::parse(word)?);
            }
        }
        Ok(Self(scopes))
    }

    /// The scopes one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Scope> {
        self.0.iter()
    }

    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many scopes were asked for.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<Scope> for ScopeList {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a ScopeList {
    type Item = &'a Scope;
    type IntoIter = std::slice::Iter<'a, Scope>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for ScopeList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            write!(f, "{}{scope}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// Why a scope is malformed; the answer is `invalid_scope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A character that no scope may have.
    #[error("the character {0:?} cannot stand in a scope")]
    Character(char),
    /// A role scope without a readable role name.
    #[error("the role scope names no role")]
    RoleName,
    /// An expiry that is not a positive number of seconds.
    #[error("the expiry is not a positive number of seconds")]
    Expiry,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(text: &str) -> Result<Scope, ScopeError> {
        let list = ScopeList::parse(text)?;
        assert_eq!(list.len(), 1, "{text}");
        Ok(list.0[0].clone())
    }

    #[test]
    fn every_kind_of_the_contract_is_told_apart() {
        // Contract identity 2.7.
        for (text, scope) in [
            ("urn:opc:idm:__myscopes__", Scope::MyScopes),
            ("urn:opc:idm:role.Me", Scope::Role("Me".into())),
            ("urn:opc:idm:t.user.me", Scope::Idm("urn:opc:idm:t.user.me".into())),
            ("urn:opc:idm:g.all_r", Scope::Idm("urn:opc:idm:g.all_r".into())),
            ("openid", Scope::Oidc(OidcScope::OpenId)),
            ("get_approles", Scope::Oidc(OidcScope::GetAppRoles)),
            ("offline_access", Scope::OfflineAccess),
            ("urn:opc:resource:expiry=600", Scope::Expiry(600)),
            ("urn:opc:resource:multiresourcescope", Scope::MultiResource),
            ("urn:opc:resource:consumer::all", Scope::Consumer("urn:opc:resource:consumer::all".into())),
            (
                "urn:opc:resource:consumer:paas:analytics::read",
                Scope::Consumer("urn:opc:resource:consumer:paas:analytics::read".into()),
            ),
            (
                "https://x.analytics.ocp.oraclecloud.comurn:opc:resource:consumer::all",
                Scope::Other("https://x.analytics.ocp.oraclecloud.comurn:opc:resource:consumer::all".into()),
            ),
        ] {
            assert_eq!(one(text).unwrap(), scope, "{text}");
            assert_eq!(scope.to_string(), text);
        }
    }

    #[test]
    fn a_role_name_is_decoded_a_second_time() {
        // Contract identity 2.1: `User%2520Administrator` on the wire.
        let scope = one("urn:opc:idm:role.User%20Administrator").unwrap();
        assert_eq!(scope, Scope::Role("User Administrator".into()));
        assert_eq!(scope.to_string(), "urn:opc:idm:role.User%20Administrator");
        assert_eq!(one("urn:opc:idm:role.A+B").unwrap(), Scope::Role("A+B".into()));
    }

    #[test]
    fn a_role_scope_must_name_a_role() {
        for text in ["", "%20", "%", "%zz", "a%00", "a%0A", "%FF"] {
            assert_eq!(one(&format!("{ROLE}{text}")).unwrap_err(), ScopeError::RoleName, "{text}");
        }
    }

    #[test]
    fn an_expiry_must_be_a_positive_number() {
        for text in ["", "0", "-1", "+1", "1.5", "1s", "4294967296", "abc"] {
            assert_eq!(one(&format!("{EXPIRY}{text}")).unwrap_err(), ScopeError::Expiry, "{text}");
        }
    }

    #[test]
    fn characters_outside_the_grammar_are_refused() {
        // RFC 6749 section 3.3.
        for (text, character) in
            [("a\tb", '\t'), ("a\nb", '\n'), ("a\"b", '"'), ("a\\b", '\\'), ("é", 'é'), ("a\0", '\0')]
        {
            assert_eq!(ScopeList::parse(text).unwrap_err(), ScopeError::Character(character), "{text:?}");
        }
    }

    #[test]
    fn near_misses_are_not_the_special_scopes() {
        for text in ["URN:OPC:IDM:__MYSCOPES__", "OpenID", "urn:opc:resource:multiresourcescope2", "urn:opc:idm"] {
            assert_eq!(one(text).unwrap(), Scope::Other(text.into()));
        }
        assert_eq!(one("urn:opc:idm:__myscopes__x").unwrap(), Scope::Idm("urn:opc:idm:__myscopes__x".into()));
    }

    #[test]
    fn order_is_kept_and_repeats_are_dropped() {
        let list = ScopeList::parse(" b  a b ").unwrap();
        assert_eq!(list.to_string(), "b a");
        assert!(ScopeList::parse("   ").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn any_text_never_panics(text in ".*") {
            let _ = ScopeList::parse(&text);
        }

        #[test]
        fn any_scope_survives_a_round_trip(text in "(urn:opc:idm:(role\\.)?)?[!#-\\[\\]-~]{1,40}") {
            if let Ok(list) = ScopeList::parse(&text) {
                prop_assert_eq!(ScopeList::parse(&list.to_string()).unwrap(), list);
            }
        }
    }
}
