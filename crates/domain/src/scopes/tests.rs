//! Scope resolution.

use BuiltInRole::{
    ApplicationAdministrator, AuditAdministrator, Authenticated, AuthenticatedClient, IdentityDomainAdministrator, Me,
    UserAdministrator,
};
use proptest::prelude::*;

use super::*;

fn ask(scope: &str, client: &[BuiltInRole], user: Option<&[BuiltInRole]>) -> Result<Granted, ScopeRefusal> {
    resolve(
        &ScopeList::parse(scope).unwrap(),
        Rights { client, user, on_behalf_of_user: false, resources: ResourceRights::NONE },
    )
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
    assert_eq!(ask("urn:opc:idm:role.Me", CLIENT, Some(&[])), Err(ScopeRefusal::User("urn:opc:idm:role.Me".into())));
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
    assert_eq!(ask("urn:opc:idm:t.users", client, Some(USER)), Err(ScopeRefusal::User("urn:opc:idm:t.users".into())));
    assert_eq!(scopes("urn:opc:idm:__myscopes__", client, Some(USER)), "urn:opc:idm:t.user.me");
}

// Contract identity 2.7: allowedOperations onBehalfOfUser drops the client side.
#[test]
fn on_behalf_of_user_counts_the_user_only() {
    let rights = Rights {
        client: CLIENT,
        user: Some(&[Authenticated, AuditAdministrator]),
        on_behalf_of_user: true,
        resources: ResourceRights::NONE,
    };
    let asked = ScopeList::parse("urn:opc:idm:t.audit_r").unwrap();
    assert_eq!(resolve(&asked, rights).unwrap().scopes, ["urn:opc:idm:t.audit_r"]);
    let alone = Rights { user: None, ..rights };
    assert_eq!(resolve(&asked, alone), Err(ScopeRefusal::Client("urn:opc:idm:t.audit_r".into())));
}

#[test]
fn resource_scopes_do_not_mix_and_are_nobodys_unless_given() {
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
fn identity_scopes_need_a_user_and_offline_access_the_refresh_grant() {
    assert_eq!(scopes("openid urn:opc:idm:t.user.me", CLIENT, Some(USER)), "openid urn:opc:idm:t.user.me");
    assert!(!ask("openid profile", CLIENT, Some(USER)).unwrap().admin_api);
    assert_eq!(ask("openid", CLIENT, None), Err(ScopeRefusal::NeedsUser("openid".into())));
    let offline = |user| ask("urn:opc:idm:t.user.me offline_access", CLIENT, user);
    assert_eq!(offline(Some(USER)), Err(ScopeRefusal::NoRefreshToken(NoRefreshToken::Client)));
    assert_eq!(offline(None), Err(ScopeRefusal::NoRefreshToken(NoRefreshToken::NoUser)));
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
        assert_eq!(lifetime(seconds), Err(ScopeRefusal::Lifetime { seconds, longest: 3600 }));
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
        let rights = Rights { client: &client, user: user.as_deref(), on_behalf_of_user: false, resources: ResourceRights::NONE };
        if let Ok(granted) = resolve(&list, rights) {
            for scope in &granted.scopes {
                let oidc = scope == "openid" && user.is_some();
                let shared = has(&client, scope) && user.as_ref().is_none_or(|roles| has(roles, scope));
                prop_assert!(oidc || shared, "{scope} of {asked:?}");
            }
            for name in &asked {
                let expands = name.contains("__myscopes__") || name.contains(":role.");
                let granted = granted.scopes.iter().any(|scope| scope == name);
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
        let less = resolve(&list, Rights { client: &client, user: Some(&user), on_behalf_of_user: false, resources: ResourceRights::NONE });
        let more_client: Vec<_> = client.iter().copied().chain([ApplicationAdministrator]).collect();
        let more = resolve(&list, Rights { client: &more_client, user: Some(&user), on_behalf_of_user: false, resources: ResourceRights::NONE });
        if let Ok(less) = less {
            let more = more.unwrap();
            prop_assert!(less.scopes.iter().all(|scope| more.scopes.contains(scope)));
        }
    }
}

fn server(id: &str, allow_offline: bool, expiry: Option<u32>) -> Arc<Resource> {
    Arc::new(Resource {
        app_id: id.into(),
        audience: vec![format!("https://{id}/"), format!("https://{id}.second/")],
        access_token_expiry: expiry,
        refresh_token_expiry: None,
        allow_offline,
        tags: vec![Tag { key: "color".into(), value: id.into() }],
    })
}

/// Servers `a` (refresh tokens, 100 s) and `b`, each with `read` and, with consent, `write`.
fn known() -> KnownScopes {
    let mut known = KnownScopes::new();
    for server in [server("a", true, Some(100)), server("b", false, None)] {
        for (value, requires_consent) in [("read", false), ("write", true)] {
            let fqs = format!("https://{}/{value}", server.app_id);
            let scope = ResourceScope {
                resource: Arc::clone(&server),
                fqs: fqs.clone(),
                value: value.into(),
                display_name: String::new(),
                description: String::new(),
                requires_consent,
            };
            known.insert(fqs, Arc::new(scope));
        }
    }
    known
}

fn ask_each(scope: &str, resources: ResourceRights<'_>) -> Result<Vec<Granted>, ScopeRefusal> {
    let rights = Rights { client: CLIENT, user: Some(USER), on_behalf_of_user: false, resources };
    resolve_each(&ScopeList::parse(scope).unwrap(), rights)
}

fn one(scope: &str, resources: ResourceRights<'_>) -> Granted {
    let mut all = ask_each(scope, resources).unwrap();
    assert_eq!(all.len(), 1, "{scope}");
    all.remove(0)
}

// Contract identity 2.7: the value without the audience; aud is the audience and the secondary ones.
#[test]
fn a_fully_qualified_scope_names_its_resource_server() {
    let known = known();
    let allowed = ["https://a/read".to_owned(), "https://a/write".to_owned()];
    let rights = ResourceRights { known: &known, allowed: &allowed, ..ResourceRights::NONE };
    let granted = one("https://a/write https://a/read openid", rights);
    assert_eq!(granted.scopes, ["write", "read", "openid"]);
    assert_eq!(granted.audience, Some(vec!["https://a/".into(), "https://a.second/".into()]));
    assert_eq!(granted.resource.unwrap().app_id, "a");
    assert_eq!(granted.consent.len(), 1);
    assert!(!granted.admin_api && granted.open_id && !granted.offline);
    assert_eq!(granted.lifetime.as_secs(), 100);
}

#[test]
fn a_scope_beyond_the_allowed_ones_needs_a_broader_trust() {
    let known = known();
    let allowed = ["https://a/read".to_owned()];
    let rights = ResourceRights { known: &known, allowed: &allowed, ..ResourceRights::NONE };
    for scope in ["https://a/write", "https://a/read https://a/write", "https://b/read", "https://c/read", "read"] {
        assert!(matches!(ask_each(scope, rights), Err(ScopeRefusal::Client(_))), "{scope}");
    }
    let account = ResourceRights { trust: TrustScope::Account, ..rights };
    assert_eq!(one("https://b/write", account).scopes, ["write"]);
    assert!(matches!(ask_each("https://c/read", account), Err(ScopeRefusal::Client(_))), "nobody has it");
    let tags = [Tag { key: "color".into(), value: "b".into() }];
    let tagged = ResourceRights { trust: TrustScope::Tags, tags: &tags, ..rights };
    assert_eq!(one("https://b/read", tagged).scopes, ["read"]);
    assert!(matches!(ask_each("https://a/write", tagged), Err(ScopeRefusal::Client(_))));
}

// Contract identity 2.7: alone, in a hierarchical form too, and never the administration API's.
#[test]
fn the_wildcard_opens_what_is_trusted_and_never_the_administration_api() {
    let account = ResourceRights { trust: TrustScope::Account, ..ResourceRights::NONE };
    for scope in ["urn:opc:resource:consumer::all", "urn:opc:resource:consumer:paas:analytics::read"] {
        let granted = one(scope, account);
        assert_eq!(granted.scopes, [scope]);
        assert_eq!(granted.audience, Some(vec!["urn:opc:resource:scope:account".into()]));
        assert!(!granted.admin_api);
        assert_eq!(ask_each(scope, ResourceRights::NONE), Err(ScopeRefusal::Client(scope.into())));
        let mixed = ask_each(&format!("{scope} urn:opc:idm:t.user.me"), account);
        assert_eq!(mixed, Err(ScopeRefusal::ConsumerNotAlone));
        let tags = ResourceRights { trust: TrustScope::Tags, ..ResourceRights::NONE };
        assert_eq!(ask_each(scope, tags), Err(ScopeRefusal::Client(scope.into())), "no tags, no trust");
    }
    let two = ask_each("urn:opc:resource:consumer::all urn:opc:resource:consumer:x::all", account);
    assert_eq!(two, Err(ScopeRefusal::ConsumerNotAlone));
}

#[test]
fn each_resource_server_gets_its_own_token_when_several_are_asked_for() {
    let known = known();
    let rights = ResourceRights { known: &known, trust: TrustScope::Account, several: true, ..ResourceRights::NONE };
    let scope = "https://a/read urn:opc:idm:t.user.me openid https://b/read https://a/write";
    assert_eq!(ask_each(scope, rights), Err(ScopeRefusal::SeveralResources));
    assert_eq!(ask_each("https://a/read https://b/read", rights), Err(ScopeRefusal::SeveralResources));
    let several = format!("urn:opc:resource:multiresourcescope {scope}");
    let granted = ask_each(&several, rights).unwrap();
    let scopes: Vec<_> = granted.iter().map(|token| token.scopes.join(" ")).collect();
    assert_eq!(scopes, ["read openid write", "urn:opc:idm:t.user.me openid", "openid read"]);
    assert_eq!(granted.iter().map(|token| token.lifetime.as_secs()).collect::<Vec<_>>(), [100, 3600, 3600]);
    let refused = ask_each(&several, ResourceRights { several: false, ..rights });
    assert_eq!(refused, Err(ScopeRefusal::MultiResource));
    let refused = ask_each(&format!("{several} offline_access"), ResourceRights { refresh: true, ..rights });
    assert_eq!(refused, Err(ScopeRefusal::NoRefreshToken(NoRefreshToken::Several)));
    assert_eq!(ask_each("urn:opc:resource:multiresourcescope", rights), Err(ScopeRefusal::Nothing));
}

// Contract identity 2.2: the refresh grant of the client and allowOffline of the resource server.
#[test]
fn a_refresh_token_needs_client_and_resource_server() {
    let known = known();
    let rights = ResourceRights { known: &known, trust: TrustScope::Account, refresh: true, ..ResourceRights::NONE };
    let granted = one("offline_access https://a/read", rights);
    assert!(granted.offline);
    assert_eq!(granted.scopes, ["offline_access", "read"]);
    let no = |scope, rights| ask_each(scope, rights).unwrap_err();
    let resource = ScopeRefusal::NoRefreshToken(NoRefreshToken::Resource);
    assert_eq!(no("offline_access https://b/read", rights), resource);
    assert_eq!(no("https://b/read offline_access", rights), resource);
    let client = ResourceRights { refresh: false, ..rights };
    assert_eq!(no("offline_access https://a/read", client), ScopeRefusal::NoRefreshToken(NoRefreshToken::Client));
}

// Contract identity 9: the minimum of what the resource server says and what was asked for.
#[test]
fn a_resource_tokens_life_is_the_least_that_anybody_chose() {
    let known = known();
    let rights = ResourceRights { known: &known, trust: TrustScope::Account, ..ResourceRights::NONE };
    let life = |scope: &str| ask_each(scope, rights).map(|granted| granted[0].lifetime.as_secs());
    assert_eq!(life("https://a/read urn:opc:resource:expiry=60"), Ok(60));
    assert_eq!(life("https://a/read urn:opc:resource:expiry=7600"), Ok(100));
    assert_eq!(life("https://b/read urn:opc:resource:expiry=7600"), Ok(7600));
    assert_eq!(life("https://b/read urn:opc:resource:expiry=31557600"), Ok(31_557_600));
    for seconds in [59, 31_557_601] {
        let refused = Err(ScopeRefusal::Lifetime { seconds, longest: 31_557_600 });
        assert_eq!(life(&format!("https://b/read urn:opc:resource:expiry={seconds}")), refused);
    }
}

proptest! {
    #[test]
    fn a_token_for_a_resource_server_has_only_what_the_client_may_have_of_it(
        asked in prop::collection::vec(prop_oneof![
            prop::sample::select(vec!["https://a/read", "https://a/write", "https://b/read", "https://b/write"]),
            prop::sample::select(vec!["openid", "offline_access", "https://c/read", "urn:opc:idm:t.user.me"]),
            prop::sample::select(vec!["urn:opc:resource:consumer::all", "urn:opc:resource:multiresourcescope"]),
        ], 1..6),
        allowed in prop::sample::subsequence(vec!["https://a/read", "https://a/write", "https://b/read"], 0..=3),
        trust in prop::sample::select(&TrustScope::ALL[..]),
        several in any::<bool>(),
        refresh in any::<bool>(),
    ) {
        let known = known();
        let allowed: Vec<String> = allowed.into_iter().map(str::to_owned).collect();
        let tags = [Tag { key: "color".into(), value: "b".into() }];
        let rights = ResourceRights { known: &known, allowed: &allowed, trust, tags: &tags, several, refresh };
        let Ok(tokens) = ask_each(&asked.join(" "), rights) else { return Ok(()) };
        prop_assert!(!tokens.is_empty() && (several || tokens.len() == 1));
        for token in tokens {
            prop_assert!(!token.admin_api || token.audience.is_none(), "the administration API stays apart");
            prop_assert!(!token.offline || refresh);
            let Some(resource) = token.resource else { continue };
            prop_assert_eq!(token.audience.as_ref(), Some(&resource.audience));
            for value in token.scopes.iter().filter(|value| *value != "openid" && *value != "offline_access") {
                let fqs = format!("https://{}/{value}", resource.app_id);
                let trusted = trust == TrustScope::Account || (trust == TrustScope::Tags && resource.app_id == "b");
                prop_assert!(known.contains_key(&fqs) && (trusted || allowed.contains(&fqs)), "{fqs}");
            }
        }
    }
}

// RFC 6749 section 6.
#[test]
fn a_refresh_request_may_ask_for_less_and_never_for_more() {
    let family = ScopeList::parse("offline_access openid https://a/read urn:opc:idm:t.user.me").unwrap();
    let narrowed = |text: &str| {
        let narrowed = narrow(&ScopeList::parse(text).unwrap(), &family);
        narrowed.map(|scopes| scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(narrowed("").unwrap(), "offline_access openid https://a/read urn:opc:idm:t.user.me");
    assert_eq!(narrowed("openid https://a/read").unwrap(), "openid https://a/read");
    assert_eq!(narrowed("urn:opc:idm:__myscopes__").unwrap(), "urn:opc:idm:t.user.me");
    assert_eq!(narrowed("urn:opc:idm:role.Me").unwrap(), "urn:opc:idm:t.user.me");
    assert_eq!(narrowed("openid urn:opc:resource:expiry=60").unwrap(), "openid urn:opc:resource:expiry=60");
    for wider in ["email", "https://a/write", "urn:opc:idm:t.users", "urn:opc:idm:role.User%20Administrator", "x"] {
        let refused = narrowed(&format!("openid {wider}")).unwrap_err();
        assert!(matches!(refused, ScopeRefusal::Wider(_)), "{wider}");
    }
}

#[test]
fn what_lasts_is_what_was_granted_then() {
    let asked = ScopeList::parse("urn:opc:idm:__myscopes__ offline_access openid").unwrap();
    let resources = ResourceRights { refresh: true, ..ResourceRights::NONE };
    let rights = Rights { client: CLIENT, user: Some(USER), on_behalf_of_user: false, resources };
    let granted = resolve_each(&asked, rights).unwrap();
    assert_eq!(lasting(&asked, &granted), "offline_access openid urn:opc:idm:t.user.me");
}
