//! Which of the requested scopes a token gets: never more than client ∩ user, and all of them or none (contract identity
//! 2.7).
//!
//! Only the administration API's scopes can be granted so far; a scope of a resource server is one that this client was
//! not given.

use std::time::Duration;

use obol_protocol::oauth::{Scope, ScopeList};

use crate::{Explanation, app_role::BuiltInRole, explanation::describe_among};

/// The life of an access token when nobody chose another (contract identity 9).
pub const DEFAULT_LIFETIME: Duration = Duration::from_hours(1);
/// The shortest life a caller may choose (contract identity 9).
const SHORTEST_LIFETIME: u32 = 60;
/// The longest life a caller may choose for a token of the administration API (contract identity 9).
const LONGEST_LIFETIME: u32 = 3600;

/// Whose rights a token is made from. The implicit roles are in the lists like any other.
#[derive(Debug, Clone, Copy)]
pub struct Rights<'a> {
    /// The client's roles.
    pub client: &'a [BuiltInRole],
    /// The user's roles, when there is a user.
    pub user: Option<&'a [BuiltInRole]>,
    /// Whether the client acts on behalf of its user: its own side of the rule is dropped, if there is a user.
    pub on_behalf_of_user: bool,
}

/// What a token gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The scopes, each once, in the order of their first mention.
    pub scopes: Vec<&'static str>,
    /// How long the token lives.
    pub lifetime: Duration,
    /// Whether it is for the administration API, so that it lists app roles.
    pub admin_api: bool,
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
    /// One token for each of several resource servers.
    #[error("several resource servers in one request are not supported")]
    MultiResource,
    /// A life outside the bounds.
    #[error("the lifetime of {0} seconds is out of bounds")]
    Lifetime(u32),
    /// A scope that only makes sense for a user.
    #[error("the scope {0} needs a user")]
    NeedsUser(String),
    /// A refresh token, which this grant does not give.
    #[error("no refresh token is given")]
    NoRefreshToken,
    /// The client was not given the scope.
    #[error("the client does not have the scope {0}")]
    Client(String),
    /// The user does not have the scope.
    #[error("the user does not have the scope {0}")]
    User(String),
    /// Client and user have no scope in common.
    #[error("client and user have no scope in common")]
    Disjoint,
}

/// Resolves the requested scopes against the rights of client and user.
///
/// # Errors
///
/// [`ScopeRefusal`] for the first scope that cannot be granted.
pub fn resolve(requested: &ScopeList, rights: Rights<'_>) -> Result<Granted, ScopeRefusal> {
    if requested.iter().all(|scope| matches!(scope, Scope::Expiry(_))) {
        return Err(ScopeRefusal::Nothing);
    }
    check_resources(requested)?;
    let mut granted = Granted { scopes: Vec::new(), lifetime: DEFAULT_LIFETIME, admin_api: false };
    for scope in requested {
        grant(scope, rights, &mut granted)?;
    }
    Ok(granted)
}

fn check_resources(requested: &ScopeList) -> Result<(), ScopeRefusal> {
    let (mut consumer, mut admin, mut resource) = (0, 0, 0);
    for scope in requested {
        match scope {
            Scope::Consumer(_) => consumer += 1,
            Scope::MyScopes | Scope::Role(_) | Scope::Idm(_) => admin += 1,
            Scope::Other(_) => resource += 1,
            Scope::MultiResource => return Err(ScopeRefusal::MultiResource),
            Scope::Oidc(_) | Scope::OfflineAccess | Scope::Expiry(_) => {}
        }
    }
    if consumer > 1 || (consumer == 1 && admin + resource > 0) {
        return Err(ScopeRefusal::ConsumerNotAlone);
    }
    if admin > 0 && resource > 0 {
        return Err(ScopeRefusal::SeveralResources);
    }
    Ok(())
}

fn grant(scope: &Scope, rights: Rights<'_>, granted: &mut Granted) -> Result<(), ScopeRefusal> {
    match scope {
        Scope::MyScopes => {
            let source = if rights.client_counts() { rights.client } else { rights.user.unwrap_or_default() };
            for scope in source.iter().flat_map(|role| role.scopes()) {
                if rights.user_has(scope) {
                    add(&mut granted.scopes, scope);
                }
            }
            granted.admin_api = true;
            if granted.scopes.is_empty() { Err(ScopeRefusal::Disjoint) } else { Ok(()) }
        }
        Scope::Role(name) => {
            let role = BuiltInRole::named(name).ok_or_else(|| ScopeRefusal::Client(scope.to_string()))?;
            if rights.client_counts() && !rights.client.contains(&role) {
                return Err(ScopeRefusal::Client(scope.to_string()));
            }
            if !rights.user_holds(role) {
                return Err(ScopeRefusal::User(scope.to_string()));
            }
            granted.admin_api = true;
            role.scopes().iter().for_each(|scope| add(&mut granted.scopes, scope));
            Ok(())
        }
        Scope::Idm(name) => {
            // Every scope there is stands in the administrator's list; a token carries the list's own text.
            let all = BuiltInRole::IdentityDomainAdministrator.scopes();
            let known = all.iter().find(|known| *known == name).ok_or_else(|| ScopeRefusal::Client(name.clone()))?;
            if rights.client_counts() && !has(rights.client, known) {
                return Err(ScopeRefusal::Client(name.clone()));
            }
            if !rights.user_has(known) {
                return Err(ScopeRefusal::User(name.clone()));
            }
            granted.admin_api = true;
            add(&mut granted.scopes, known);
            Ok(())
        }
        Scope::Oidc(scope) if rights.user.is_some() => {
            add(&mut granted.scopes, scope.as_str());
            Ok(())
        }
        Scope::Oidc(scope) => Err(ScopeRefusal::NeedsUser(scope.as_str().to_owned())),
        Scope::OfflineAccess => Err(ScopeRefusal::NoRefreshToken),
        Scope::Expiry(seconds) if (SHORTEST_LIFETIME..=LONGEST_LIFETIME).contains(seconds) => {
            granted.lifetime = Duration::from_secs(u64::from(*seconds));
            Ok(())
        }
        Scope::Expiry(seconds) => Err(ScopeRefusal::Lifetime(*seconds)),
        Scope::MultiResource => Err(ScopeRefusal::MultiResource),
        Scope::Consumer(name) | Scope::Other(name) => Err(ScopeRefusal::Client(name.clone())),
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

fn add(scopes: &mut Vec<&'static str>, scope: &'static str) {
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
                "make one request for each resource server",
            ),
            Self::Lifetime(seconds) => Explanation::new(
                "lifetime_in_bounds",
                format!("{SHORTEST_LIFETIME} to {LONGEST_LIFETIME} seconds"),
                seconds.to_string(),
                "ask for a lifetime within the bounds, or leave it out",
            ),
            Self::NeedsUser(scope) => Explanation::new(
                "scope_fits_grant",
                "scopes of the client itself",
                scope.clone(),
                "use a grant with a user, or leave the scope out",
            ),
            Self::NoRefreshToken => Explanation::new(
                "scope_fits_grant",
                "no offline_access",
                "offline_access",
                "leave offline_access out: the administration API has no refresh tokens here",
            ),
            Self::Client(scope) => {
                Explanation::new("scope_granted_to_client", "scopes the client was given", shown(scope), FIX_CLIENT)
            }
            Self::User(scope) => Explanation::new(
                "scope_held_by_user",
                "scopes the user has as well",
                shown(scope),
                "grant the user an app role that opens the scope, or ask for a scope the user has",
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
mod tests {
    use BuiltInRole::{
        ApplicationAdministrator, AuditAdministrator, Authenticated, AuthenticatedClient, IdentityDomainAdministrator,
        Me, UserAdministrator,
    };
    use proptest::prelude::*;

    use super::*;

    fn ask(scope: &str, client: &[BuiltInRole], user: Option<&[BuiltInRole]>) -> Result<Granted, ScopeRefusal> {
        resolve(&ScopeList::parse(scope).unwrap(), Rights { client, user, on_behalf_of_user: false })
    }

    fn scopes(scope: &str, client: &[BuiltInRole], user: Option<&[BuiltInRole]>) -> String {
        ask(scope, client, user).unwrap().scopes.join(" ")
    }

    const CLIENT: &[BuiltInRole] = &[AuthenticatedClient, Me];
    const USER: &[BuiltInRole] = &[Authenticated];

    // Contract identity 2.7: every user has t.user.me through Authenticated; the client must hold Me.
    #[test]
    fn me_needs_the_clients_role_and_no_grant_to_the_user() {
        assert_eq!(scopes("urn:opc:idm:t.user.me", CLIENT, Some(USER)), "urn:opc:idm:t.user.me");
        assert_eq!(
            ask("urn:opc:idm:t.user.me", &[AuthenticatedClient], Some(USER)),
            Err(ScopeRefusal::Client("urn:opc:idm:t.user.me".into()))
        );
    }

    // Contract identity 2.7: the token carries the expansion of __myscopes__.
    #[test]
    fn my_scopes_expand_to_what_client_and_user_share() {
        let my = "urn:opc:idm:__myscopes__";
        assert_eq!(scopes(my, CLIENT, None), "urn:opc:idm:t.security.client urn:opc:idm:t.user.me");
        assert_eq!(scopes(my, CLIENT, Some(USER)), "urn:opc:idm:t.user.me");
        let admin = &[Authenticated, IdentityDomainAdministrator][..];
        assert_eq!(scopes(my, CLIENT, Some(admin)), "urn:opc:idm:t.security.client urn:opc:idm:t.user.me");
        assert_eq!(ask(my, &[IdentityDomainAdministrator], Some(admin)).unwrap().scopes.len(), 62);
        assert_eq!(ask(my, &[AuthenticatedClient], Some(USER)), Err(ScopeRefusal::Disjoint));
    }

    // Contract identity 2.7: both must hold the role.
    #[test]
    fn a_role_scope_opens_that_role_only_and_both_must_hold_it() {
        let role = "urn:opc:idm:role.User%20Administrator";
        let client = &[AuthenticatedClient, UserAdministrator, AuditAdministrator][..];
        let user = &[Authenticated, UserAdministrator, AuditAdministrator][..];
        assert_eq!(scopes(role, client, Some(user)), UserAdministrator.scopes().join(" "));
        assert_eq!(ask(role, client, Some(USER)), Err(ScopeRefusal::User(role.into())));
        assert_eq!(ask(role, CLIENT, Some(user)), Err(ScopeRefusal::Client(role.into())));
        assert_eq!(
            ask("urn:opc:idm:role.Nobody", client, Some(user)),
            Err(ScopeRefusal::Client("urn:opc:idm:role.Nobody".into()))
        );
    }

    #[test]
    fn the_role_me_is_judged_by_its_scopes_on_the_users_side() {
        assert_eq!(scopes("urn:opc:idm:role.Me", CLIENT, Some(USER)), "urn:opc:idm:t.user.me");
        assert_eq!(
            ask("urn:opc:idm:role.Me", CLIENT, Some(&[])),
            Err(ScopeRefusal::User("urn:opc:idm:role.Me".into()))
        );
    }

    // Contract identity 2.7: no silent narrowing.
    #[test]
    fn one_scope_that_cannot_be_granted_fails_the_whole_request() {
        for bad in ["urn:opc:idm:t.users", "urn:opc:idm:t.nonsense", "urn:opc:idm:T.USER.ME", "urn:opc:idm:"] {
            for request in [format!("urn:opc:idm:t.user.me {bad}"), format!("{bad} urn:opc:idm:t.user.me")] {
                assert_eq!(ask(&request, CLIENT, Some(USER)), Err(ScopeRefusal::Client(bad.into())), "{request}");
            }
        }
    }

    #[test]
    fn an_administrators_client_gives_a_plain_user_no_more_than_their_own() {
        let client = &[AuthenticatedClient, IdentityDomainAdministrator][..];
        assert_eq!(
            ask("urn:opc:idm:t.users", client, Some(USER)),
            Err(ScopeRefusal::User("urn:opc:idm:t.users".into()))
        );
        assert_eq!(scopes("urn:opc:idm:__myscopes__", client, Some(USER)), "urn:opc:idm:t.user.me");
    }

    // Contract identity 2.7: allowedOperations onBehalfOfUser drops the client side.
    #[test]
    fn on_behalf_of_user_counts_the_user_only() {
        let rights =
            Rights { client: CLIENT, user: Some(&[Authenticated, AuditAdministrator]), on_behalf_of_user: true };
        let asked = ScopeList::parse("urn:opc:idm:t.audit_r").unwrap();
        assert_eq!(resolve(&asked, rights).unwrap().scopes, ["urn:opc:idm:t.audit_r"]);
        let alone = Rights { user: None, ..rights };
        assert_eq!(resolve(&asked, alone), Err(ScopeRefusal::Client("urn:opc:idm:t.audit_r".into())));
    }

    #[test]
    fn resource_scopes_do_not_mix_and_are_nobodys_yet() {
        let refusal = |scope: &str| ask(scope, CLIENT, Some(USER)).unwrap_err();
        let consumer = "urn:opc:resource:consumer::all";
        assert_eq!(refusal(consumer), ScopeRefusal::Client(consumer.into()));
        assert_eq!(refusal(&format!("{consumer} https://api/read")), ScopeRefusal::ConsumerNotAlone);
        assert_eq!(refusal(&format!("urn:opc:idm:t.user.me {consumer}")), ScopeRefusal::ConsumerNotAlone);
        assert_eq!(refusal("urn:opc:idm:t.user.me https://api/read"), ScopeRefusal::SeveralResources);
        assert_eq!(refusal("https://api/read"), ScopeRefusal::Client("https://api/read".into()));
        assert_eq!(refusal("urn:opc:resource:multiresourcescope a b"), ScopeRefusal::MultiResource);
    }

    #[test]
    fn identity_scopes_need_a_user_and_offline_access_is_refused() {
        assert_eq!(scopes("openid urn:opc:idm:t.user.me", CLIENT, Some(USER)), "openid urn:opc:idm:t.user.me");
        assert!(!ask("openid profile", CLIENT, Some(USER)).unwrap().admin_api);
        assert_eq!(ask("openid", CLIENT, None), Err(ScopeRefusal::NeedsUser("openid".into())));
        assert_eq!(ask("urn:opc:idm:t.user.me offline_access", CLIENT, Some(USER)), Err(ScopeRefusal::NoRefreshToken));
    }

    #[test]
    fn what_is_no_scope_is_not_repeated_in_the_record() {
        for pasted in [
            "eyJ4NXQjUzI1NiI6.canary.canary",
            "canary",
            "urn:opc:canary",
            "urn:opc:idm:t.canary",
            "urn:opc:idm:role.canary",
            "https://canary/canary",
        ] {
            let seen = ask(pasted, CLIENT, Some(USER)).unwrap_err().explanation().seen;
            assert!(!seen.contains("canary"), "{seen}");
        }
        let seen = ask("urn:opc:idm:t.users", CLIENT, Some(USER)).unwrap_err().explanation().seen;
        assert_eq!(seen, "urn:opc:idm:t.users");
    }

    // Contract identity 9: __myscopes__ lives 60 to 3600 seconds.
    #[test]
    fn a_chosen_lifetime_stays_within_its_bounds() {
        let lifetime = |seconds: u32| {
            ask(&format!("urn:opc:idm:t.user.me urn:opc:resource:expiry={seconds}"), CLIENT, Some(USER))
                .map(|granted| granted.lifetime.as_secs())
        };
        assert_eq!(ask("urn:opc:idm:t.user.me", CLIENT, None).unwrap().lifetime.as_secs(), 3600);
        assert_eq!(lifetime(60), Ok(60));
        assert_eq!(lifetime(3600), Ok(3600));
        for seconds in [1, 59, 3601, u32::MAX] {
            assert_eq!(lifetime(seconds), Err(ScopeRefusal::Lifetime(seconds)));
        }
    }

    #[test]
    fn asking_for_nothing_is_refused() {
        for scope in ["", "  ", "urn:opc:resource:expiry=60"] {
            assert_eq!(ask(scope, CLIENT, Some(USER)), Err(ScopeRefusal::Nothing), "{scope:?}");
        }
    }

    fn any_scope() -> impl Strategy<Value = String> {
        let all = IdentityDomainAdministrator.scopes();
        prop_oneof![
            4 => prop::sample::select(all).prop_map(str::to_owned),
            1 => prop::sample::select(&BuiltInRole::ALL[..])
                .prop_map(|role| Scope::Role(role.name().to_owned()).to_string()),
            1 => Just("urn:opc:idm:__myscopes__".to_owned()),
            1 => Just("openid".to_owned()),
            1 => "[!#-\\[\\]-~]{1,20}",
        ]
    }

    fn any_roles() -> impl Strategy<Value = Vec<BuiltInRole>> {
        prop::sample::subsequence(&BuiltInRole::ALL[..], 0..=BuiltInRole::ALL.len())
    }

    proptest! {
        #[test]
        fn a_token_never_gets_more_than_client_and_user_share(
            asked in prop::collection::vec(any_scope(), 1..6),
            client in any_roles(),
            user in prop::option::of(any_roles()),
        ) {
            let Ok(list) = ScopeList::parse(&asked.join(" ")) else { return Ok(()) };
            let rights = Rights { client: &client, user: user.as_deref(), on_behalf_of_user: false };
            if let Ok(granted) = resolve(&list, rights) {
                for scope in &granted.scopes {
                    let oidc = *scope == "openid" && user.is_some();
                    let shared = has(&client, scope) && user.as_ref().is_none_or(|roles| has(roles, scope));
                    prop_assert!(oidc || shared, "{scope} of {asked:?}");
                }
                for name in &asked {
                    let expands = name.contains("__myscopes__") || name.contains(":role.");
                    let granted = granted.scopes.contains(&name.as_str());
                    prop_assert!(expands || granted || name.contains("expiry="), "{name} was dropped");
                }
            }
        }

        #[test]
        fn fewer_roles_never_mean_more_scopes(
            asked in prop::collection::vec(any_scope(), 1..4),
            client in any_roles(),
            user in any_roles(),
        ) {
            let Ok(list) = ScopeList::parse(&asked.join(" ")) else { return Ok(()) };
            let less = resolve(&list, Rights { client: &client, user: Some(&user), on_behalf_of_user: false });
            let more_client: Vec<_> = client.iter().copied().chain([ApplicationAdministrator]).collect();
            let more = resolve(&list, Rights { client: &more_client, user: Some(&user), on_behalf_of_user: false });
            if let Ok(less) = less {
                let more = more.unwrap();
                prop_assert!(less.scopes.iter().all(|scope| more.scopes.contains(scope)));
            }
        }
    }
}
