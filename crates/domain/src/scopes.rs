//! Which of the requested scopes a token gets: never more than client ∩ user, and all of them or none (contract identity
//! 2.7).
//!
//! A token is for one resource server: the administration API, an application of the stripe, or whatever a trust scope
//! opens. Several in one request need the scope that asks for several answers, and each token then has its own scopes only.

use std::{borrow::Cow, sync::Arc, time::Duration};

use obol_protocol::oauth::{OidcScope, Scope, ScopeList};

use crate::{Explanation, app_role::BuiltInRole, explanation::describe_among};

pub mod resources;

pub use resources::{KnownScopes, Resource, ResourceRights, ResourceScope, Tag, TrustScope};

/// The life of an access token when nobody chose another (contract identity 9).
pub const DEFAULT_LIFETIME: Duration = Duration::from_hours(1);
/// The shortest life of an access token (contract identity 9).
pub const SHORTEST_LIFETIME: u32 = 60;
/// The longest life a caller may choose for a token of the administration API (contract identity 9).
pub const LONGEST_LIFETIME: u32 = 3600;
/// The longest life of a token for a resource server (contract identity 9).
pub const LONGEST_RESOURCE_LIFETIME: u32 = 31_557_600;

/// What the scopes of the administration API begin with.
const IDM: &str = "urn:opc:idm:";

/// What clients that have no rights beyond the administration API know of resource servers.
static NOTHING_KNOWN: KnownScopes = KnownScopes::new();

/// Whose rights a token is made from. The implicit roles are in the lists like any other.
#[derive(Debug, Clone, Copy)]
pub struct Rights<'a> {
    /// The client's roles.
    pub client: &'a [BuiltInRole],
    /// The user's roles, when there is a user.
    pub user: Option<&'a [BuiltInRole]>,
    /// Whether the client acts on behalf of its user: its own side of the rule is dropped for the administration API, if
    /// there is a user.
    pub on_behalf_of_user: bool,
    /// What the client may have of resource servers.
    pub resources: ResourceRights<'a>,
}

impl ResourceRights<'_> {
    /// No resource server, and no refresh token.
    pub const NONE: ResourceRights<'static> = ResourceRights {
        known: &NOTHING_KNOWN,
        allowed: &[],
        trust: TrustScope::Explicit,
        tags: &[],
        several: false,
        refresh: false,
    };
}

/// What a token gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The scopes as the token carries them, each once, in the order of their first mention.
    pub scopes: Vec<Cow<'static, str>>,
    /// How long the token lives.
    pub lifetime: Duration,
    /// Whether it is for the administration API, so that it lists app roles.
    pub admin_api: bool,
    /// Whom it is for, when it is not the stripe itself.
    pub audience: Option<Vec<String>>,
    /// The resource server it is for, when that is an application.
    pub resource: Option<Arc<Resource>>,
    /// The scopes that the user is to be asked about.
    pub consent: Vec<Arc<ResourceScope>>,
    /// Whether an ID token goes with it.
    pub open_id: bool,
    /// Whether a refresh token goes with it.
    pub offline: bool,
}

/// Why no token is issued. One scope that cannot be granted fails the whole request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeRefusal {
    /// The request names no scope.
    #[error("no scope was asked for")]
    Nothing,
    /// The trust-scope wildcard stands beside another scope.
    #[error("the consumer scope must stand alone")]
    ConsumerNotAlone,
    /// Scopes of several resource servers.
    #[error("the scopes belong to several resource servers")]
    SeveralResources,
    /// One token for each of several resource servers, which this client or grant does not get.
    #[error("several resource servers in one request are not open to this client")]
    MultiResource,
    /// A life outside the bounds.
    #[error("the lifetime of {seconds} seconds is out of bounds")]
    Lifetime {
        /// What was asked for.
        seconds: u32,
        /// The longest there is.
        longest: u32,
    },
    /// A scope that only makes sense for a user.
    #[error("the scope {0} needs a user")]
    NeedsUser(String),
    /// A refresh token, which is not given.
    #[error("no refresh token is given")]
    NoRefreshToken(NoRefreshToken),
    /// The client was not given the scope.
    #[error("the client does not have the scope {0}")]
    Client(String),
    /// The user does not have the scope.
    #[error("the user does not have the scope {0}")]
    User(String),
    /// A refresh token does not have the scope.
    #[error("the refresh token does not have the scope {0}")]
    Wider(String),
    /// Client and user have no scope in common.
    #[error("client and user have no scope in common")]
    Disjoint,
}

/// Why no refresh token is given (contract identity 2.2 and 2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRefreshToken {
    /// The token is the client's own.
    NoUser,
    /// The client may not use the refresh grant.
    Client,
    /// The resource server does not allow it.
    Resource,
    /// Tokens for several resource servers.
    Several,
}

/// Resolves the requested scopes for one token.
///
/// # Errors
///
/// [`ScopeRefusal`] for the first scope that cannot be granted; the scope that asks for several answers is one.
pub fn resolve(requested: &ScopeList, rights: Rights<'_>) -> Result<Granted, ScopeRefusal> {
    if requested.iter().any(|scope| *scope == Scope::MultiResource) {
        return Err(ScopeRefusal::MultiResource);
    }
    resolve_each(requested, rights)?.pop().ok_or(ScopeRefusal::Nothing)
}

/// Resolves the requested scopes against the rights of client and user: one token, or one for each resource server when
/// the request asks for several answers. The list is never empty.
///
/// # Errors
///
/// [`ScopeRefusal`] for the first scope that cannot be granted.
pub fn resolve_each(requested: &ScopeList, rights: Rights<'_>) -> Result<Vec<Granted>, ScopeRefusal> {
    if requested.iter().all(|scope| matches!(scope, Scope::Expiry(_) | Scope::MultiResource)) {
        return Err(ScopeRefusal::Nothing);
    }
    let several = requested.iter().any(|scope| *scope == Scope::MultiResource);
    if several && !rights.resources.several {
        return Err(ScopeRefusal::MultiResource);
    }
    check_resources(requested, several)?;
    let mut tokens: Vec<Granted> = Vec::new();
    // What belongs to no resource server goes into every token.
    let mut shared = Granted::empty();
    for scope in requested {
        match scope {
            Scope::MyScopes | Scope::Role(_) | Scope::Idm(_) => {
                admin(scope, rights, token_for(&mut tokens, &shared, None, &[])?)?;
            }
            Scope::Other(fqs) => {
                let found = rights.resources.known.get(fqs).filter(|found| rights.resources.may_have(found));
                let found = found.ok_or_else(|| ScopeRefusal::Client(fqs.clone()))?;
                let token = token_for(&mut tokens, &shared, Some(&found.resource), &found.resource.audience)?;
                add(&mut token.scopes, found.value.clone());
                if found.requires_consent {
                    token.consent.push(Arc::clone(found));
                }
            }
            Scope::Consumer(text) => {
                let audience = rights.resources.consumer_audience();
                let audience = audience.ok_or_else(|| ScopeRefusal::Client(text.clone()))?;
                add(&mut token_for(&mut tokens, &shared, None, &[audience])?.scopes, text.clone());
            }
            Scope::Oidc(scope) => {
                if rights.user.is_none() {
                    return Err(ScopeRefusal::NeedsUser(scope.as_str().to_owned()));
                }
                for token in tokens.iter_mut().chain([&mut shared]) {
                    add(&mut token.scopes, scope.as_str());
                    token.open_id |= *scope == OidcScope::OpenId;
                }
            }
            Scope::OfflineAccess => {
                check_offline(rights, several)?;
                for token in tokens.iter_mut().chain([&mut shared]) {
                    add(&mut token.scopes, "offline_access");
                    token.offline = true;
                }
            }
            Scope::Expiry(_) | Scope::MultiResource => {}
        }
    }
    if tokens.is_empty() {
        tokens.push(shared);
    }
    if tokens.len() > 1 && !several {
        return Err(ScopeRefusal::SeveralResources);
    }
    if tokens.iter().any(|token| token.offline && token.resource.as_ref().is_some_and(|server| !server.allow_offline)) {
        return Err(ScopeRefusal::NoRefreshToken(NoRefreshToken::Resource));
    }
    let expiries: Vec<u32> = requested.iter().filter_map(expiry).collect();
    for token in &mut tokens {
        token.lifetime = lifetime(token, &expiries)?;
    }
    Ok(tokens)
}

/// What a refresh token is good for: what was granted, in words that mean the same whatever roles come later.
pub fn lasting(requested: &ScopeList, granted: &[Granted]) -> String {
    let mut words: Vec<String> = Vec::new();
    for scope in requested {
        match scope {
            Scope::MyScopes | Scope::Role(_) | Scope::Idm(_) | Scope::MultiResource => {}
            other => words.push(other.to_string()),
        }
    }
    for scope in granted.iter().filter(|token| token.admin_api).flat_map(|token| &token.scopes) {
        if scope.starts_with(IDM) {
            words.push(scope.clone().into_owned());
        }
    }
    words.join(" ")
}

/// The scopes of a refresh request: those asked for if the family has them all, or the whole family's (RFC 6749 section 6).
///
/// # Errors
///
/// [`ScopeRefusal::Wider`]
pub fn narrow(requested: &ScopeList, family: &ScopeList) -> Result<ScopeList, ScopeRefusal> {
    if requested.is_empty() {
        return Ok(family.clone());
    }
    let has = |scope: &Scope| family.iter().any(|held| held == scope);
    let mut narrowed = Vec::new();
    for scope in requested {
        match scope {
            // It stands for whatever was granted of the administration API.
            Scope::MyScopes => narrowed.extend(family.iter().filter(|held| matches!(held, Scope::Idm(_))).cloned()),
            Scope::Role(name) => {
                let role = BuiltInRole::named(name).ok_or_else(|| ScopeRefusal::Wider(scope.to_string()))?;
                for scope in role.scopes().iter().map(|scope| Scope::Idm((*scope).to_owned())) {
                    if !has(&scope) {
                        return Err(ScopeRefusal::Wider(scope.to_string()));
                    }
                    narrowed.push(scope);
                }
            }
            Scope::Expiry(_) => narrowed.push(scope.clone()),
            other if has(other) => narrowed.push(other.clone()),
            other => return Err(ScopeRefusal::Wider(other.to_string())),
        }
    }
    Ok(narrowed.into_iter().collect())
}

/// The token for a resource server: the one there is, or a new one with what all of them share.
fn token_for<'a>(
    tokens: &'a mut Vec<Granted>,
    shared: &Granted,
    resource: Option<&Arc<Resource>>,
    audience: &[String],
) -> Result<&'a mut Granted, ScopeRefusal> {
    let id = resource.map(|resource| &resource.app_id);
    let at = tokens.iter().position(|token| token.resource.as_ref().map(|resource| &resource.app_id) == id);
    if at.is_none() {
        tokens.push(Granted {
            audience: (!audience.is_empty()).then(|| audience.to_vec()),
            resource: resource.cloned(),
            ..shared.clone()
        });
    }
    let at = at.unwrap_or(tokens.len().saturating_sub(1));
    tokens.get_mut(at).ok_or(ScopeRefusal::Nothing)
}

const fn expiry(scope: &Scope) -> Option<u32> {
    match scope {
        Scope::Expiry(seconds) => Some(*seconds),
        _ => None,
    }
}

/// The least of what the resource server says and the caller asks for (contract identity 9).
fn lifetime(token: &Granted, asked: &[u32]) -> Result<Duration, ScopeRefusal> {
    let of_resource = token.audience.is_some();
    let longest = if of_resource { LONGEST_RESOURCE_LIFETIME } else { LONGEST_LIFETIME };
    if let Some(seconds) = asked.iter().find(|seconds| !(SHORTEST_LIFETIME..=longest).contains(seconds)) {
        return Err(ScopeRefusal::Lifetime { seconds: *seconds, longest });
    }
    let configured = token.resource.as_ref().and_then(|resource| resource.access_token_expiry);
    let configured = configured.map(|seconds| seconds.clamp(SHORTEST_LIFETIME, LONGEST_RESOURCE_LIFETIME));
    let least = asked.iter().copied().chain(configured).min();
    Ok(least.map_or(DEFAULT_LIFETIME, |seconds| Duration::from_secs(u64::from(seconds))))
}

fn check_offline(rights: Rights<'_>, several: bool) -> Result<(), ScopeRefusal> {
    let no = |why| Err(ScopeRefusal::NoRefreshToken(why));
    if rights.user.is_none() {
        no(NoRefreshToken::NoUser)
    } else if several {
        no(NoRefreshToken::Several)
    } else if rights.resources.refresh {
        Ok(())
    } else {
        no(NoRefreshToken::Client)
    }
}

fn check_resources(requested: &ScopeList, several: bool) -> Result<(), ScopeRefusal> {
    let (mut consumer, mut admin, mut resource) = (0, 0, 0);
    for scope in requested {
        match scope {
            Scope::Consumer(_) => consumer += 1,
            Scope::MyScopes | Scope::Role(_) | Scope::Idm(_) => admin += 1,
            Scope::Other(_) => resource += 1,
            Scope::MultiResource | Scope::Oidc(_) | Scope::OfflineAccess | Scope::Expiry(_) => {}
        }
    }
    if consumer > 1 || (consumer == 1 && admin + resource > 0) {
        return Err(ScopeRefusal::ConsumerNotAlone);
    }
    if admin > 0 && resource > 0 && !several {
        return Err(ScopeRefusal::SeveralResources);
    }
    Ok(())
}

/// Grants a scope of the administration API.
fn admin(scope: &Scope, rights: Rights<'_>, granted: &mut Granted) -> Result<(), ScopeRefusal> {
    granted.admin_api = true;
    match scope {
        Scope::MyScopes => {
            let source = if rights.client_counts() { rights.client } else { rights.user.unwrap_or_default() };
            let mut any = false;
            for scope in source.iter().flat_map(|role| role.scopes()).filter(|scope| rights.user_has(scope)) {
                add(&mut granted.scopes, *scope);
                any = true;
            }
            if any { Ok(()) } else { Err(ScopeRefusal::Disjoint) }
        }
        Scope::Role(name) => {
            let role = BuiltInRole::named(name).ok_or_else(|| ScopeRefusal::Client(scope.to_string()))?;
            if rights.client_counts() && !rights.client.contains(&role) {
                return Err(ScopeRefusal::Client(scope.to_string()));
            }
            if !rights.user_holds(role) {
                return Err(ScopeRefusal::User(scope.to_string()));
            }
            role.scopes().iter().for_each(|scope| add(&mut granted.scopes, *scope));
            Ok(())
        }
        Scope::Idm(name) | Scope::Consumer(name) | Scope::Other(name) => {
            // Every scope there is stands in the administrator's list; a token carries the list's own text.
            let all = BuiltInRole::IdentityDomainAdministrator.scopes();
            let known = all.iter().find(|known| *known == name).ok_or_else(|| ScopeRefusal::Client(name.clone()))?;
            if rights.client_counts() && !has(rights.client, known) {
                return Err(ScopeRefusal::Client(name.clone()));
            }
            if !rights.user_has(known) {
                return Err(ScopeRefusal::User(name.clone()));
            }
            add(&mut granted.scopes, *known);
            Ok(())
        }
        Scope::Oidc(_) | Scope::OfflineAccess | Scope::Expiry(_) | Scope::MultiResource => {
            Err(ScopeRefusal::Client(scope.to_string()))
        }
    }
}

impl Granted {
    const fn empty() -> Self {
        Self {
            scopes: Vec::new(),
            lifetime: DEFAULT_LIFETIME,
            admin_api: false,
            audience: None,
            resource: None,
            consent: Vec::new(),
            open_id: false,
            offline: false,
        }
    }
}

impl Rights<'_> {
    fn client_counts(self) -> bool {
        !(self.on_behalf_of_user && self.user.is_some())
    }

    fn user_has(self, scope: &str) -> bool {
        self.user.is_none_or(|roles| has(roles, scope))
    }

    /// Whether the user holds the role. One that users cannot be granted (Me) is judged by its scopes instead.
    fn user_holds(self, role: BuiltInRole) -> bool {
        self.user.is_none_or(|roles| {
            if role.holders().users {
                roles.contains(&role)
            } else {
                role.scopes().iter().all(|scope| has(roles, scope))
            }
        })
    }
}

fn has(roles: &[BuiltInRole], scope: &str) -> bool {
    roles.iter().any(|role| role.scopes().contains(&scope))
}

fn add(scopes: &mut Vec<Cow<'static, str>>, scope: impl Into<Cow<'static, str>>) {
    let scope = scope.into();
    if !scopes.contains(&scope) {
        scopes.push(scope);
    }
}

impl ScopeRefusal {
    /// The record for whoever asks why.
    pub fn explanation(&self) -> Explanation {
        const FIX_CLIENT: &str =
            "grant the client an app role that opens the scope (for t.user.me the role Me), or ask for a scope it has";
        match self {
            Self::Nothing => Explanation::new(
                "scope_requested",
                "at least one scope",
                "none",
                "send scope, e.g. scope=urn:opc:idm:t.user.me",
            ),
            Self::ConsumerNotAlone => Explanation::new(
                "consumer_scope_alone",
                "urn:opc:resource:consumer::all as the only resource scope",
                "other scopes beside it",
                "ask for it alone",
            ),
            Self::SeveralResources => Explanation::new(
                "one_resource_server",
                "scopes of one resource server",
                "scopes of the administration API and of another resource server",
                "make one request for each",
            ),
            Self::MultiResource => Explanation::new(
                "one_resource_server",
                "scopes of one resource server",
                "urn:opc:resource:multiresourcescope",
                "make one request for each resource server, or use a confidential client and a grant that gives several tokens",
            ),
            Self::Lifetime { seconds, longest } => Explanation::new(
                "lifetime_in_bounds",
                format!("{SHORTEST_LIFETIME} to {longest} seconds"),
                seconds.to_string(),
                "ask for a lifetime within the bounds, or leave it out",
            ),
            Self::NeedsUser(scope) => Explanation::new(
                "scope_fits_grant",
                "scopes of the client itself",
                scope.clone(),
                "use a grant with a user, or leave the scope out",
            ),
            Self::NoRefreshToken(why) => {
                let (seen, fix) = match why {
                    NoRefreshToken::NoUser => {
                        ("offline_access without a user", "use a grant with a user, or leave offline_access out")
                    }
                    NoRefreshToken::Client => (
                        "offline_access for a client without the refresh grant",
                        "allow Refresh Token in the application's configuration, or leave offline_access out",
                    ),
                    NoRefreshToken::Resource => (
                        "offline_access for a resource server that allows none",
                        "allow refresh tokens in the resource server's configuration, or leave offline_access out",
                    ),
                    NoRefreshToken::Several => {
                        ("offline_access beside urn:opc:resource:multiresourcescope", "leave one of the two out")
                    }
                };
                Explanation::new("scope_fits_grant", "no offline_access", seen, fix)
            }
            Self::Client(scope) => {
                Explanation::new("scope_granted_to_client", "scopes the client was given", shown(scope), FIX_CLIENT)
            }
            Self::User(scope) => Explanation::new(
                "scope_held_by_user",
                "scopes the user has as well",
                shown(scope),
                "grant the user an app role that opens the scope, or ask for a scope the user has",
            ),
            Self::Wider(scope) => Explanation::new(
                "scope_of_refresh_token",
                "scopes that were granted with the refresh token",
                shown(scope),
                "ask for the same scopes or fewer, or leave scope out; more needs a new sign-in",
            ),
            Self::Disjoint => Explanation::new(
                "scope_granted_to_client",
                "a scope that client and user both have",
                "none in common",
                FIX_CLIENT,
            ),
        }
    }
}

/// A scope for the record. Only one that there is gets repeated: a token or a password pasted here, or into a scope, is
/// not.
fn shown(scope: &str) -> String {
    let role = scope.strip_prefix("urn:opc:idm:role.");
    if role.is_some_and(|name| BuiltInRole::named(&name.replace("%20", " ")).is_some()) {
        return scope.to_owned();
    }
    let known = BuiltInRole::IdentityDomainAdministrator.scopes();
    if known.contains(&scope) {
        return scope.to_owned();
    }
    format!("what is no scope of this stripe: {}", describe_among(scope, known.iter().copied()))
}

#[cfg(test)]
mod tests;
