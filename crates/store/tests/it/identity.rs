//! What identity keeps: each table's rules, and that a second stripe sees and changes nothing of the first.

use std::time::Duration;

use obol_domain::{
    lockout::{LockState, LockoutPolicy},
    password_policy::{PasswordPolicy, PasswordRules, PasswordState, Strength},
    scopes::{Tag, TrustScope},
    totp::MfaPolicy,
};
use obol_protocol::Timestamp;
use obol_store::{
    Db, StoreError,
    app_roles::{self, AppRole},
    app_scopes::{self, AppScope},
    apps::{self, App, ClientIpChecking, ClientSecret, ClientType, OAuthSettings},
    grants::{self, Grantee, NewGrant},
    groups::{self, Group},
    password_policies,
    passwords::{self, Flags, NewHash},
    sessions::{self, Session},
    signing_keys::{self, SealedKey},
    stripes::{self, Stripe},
    tenancies::{self, Tenancy},
    users::{self, User},
};

pub(crate) const ONE: &str = "idcs-1";
pub(crate) const TWO: &str = "idcs-2";

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn stripe(name: &str, tenancy_id: &str) -> Stripe {
    Stripe {
        name: name.into(),
        tenancy_id: tenancy_id.into(),
        cloud_account_name: "acme".into(),
        domain_id: format!("domain of {name}"),
        domain_name: "OracleIdentityCloudService".into(),
        home_region: "us-ashburn-1".into(),
        region_name: "us-ashburn-idcs-1".into(),
        is_primary: true,
        issuer: "https://identity.oraclecloud.com/".into(),
        previous_issuer: None,
        default_trust_scope: TrustScope::Explicit,
        signing_cert_public: false,
        mfa: MfaPolicy::default(),
        version: 1,
        lockout: LockoutPolicy::STANDARD,
        created_at: at(1),
    }
}

/// SCIM ids are the same in both stripes on purpose; OCIDs are unique everywhere.
pub(crate) fn user(stripe: &str, id: &str, name: &str) -> User {
    User {
        id: id.into(),
        ocid: format!("ocid of {id} in {stripe}"),
        user_name: name.into(),
        display_name: "Ada".into(),
        given_name: None,
        family_name: "Lovelace".into(),
        email: "ada@example.com".into(),
        preferred_language: "en".into(),
        locale: "en".into(),
        timezone: "America/Chicago".into(),
        is_active: true,
        password_hash: Some("hash".into()),
        password: PasswordState { set_at: Some(at(1)), ..PasswordState::default() },
        lock: LockState::default(),
        created_at: at(1),
        modified_at: at(1),
    }
}

pub(crate) fn app(stripe: &str, id: &str, name: &str) -> App {
    App {
        id: id.into(),
        ocid: format!("ocid of {id} in {stripe}"),
        name: name.into(),
        display_name: "Analytics_Token_App".into(),
        description: String::new(),
        client_type: ClientType::Confidential,
        is_active: true,
        is_oauth_client: true,
        is_oauth_resource: false,
        is_opc_service: false,
        allowed_grants: vec!["password".into(), "client_credentials".into()],
        allowed_operations: vec![],
        audience: None,
        oauth: apps::OAuthSettings::default(),
        secret: ClientSecret::Keyed(vec![1, 2, 3]),
        created_at: at(1),
        modified_at: at(1),
    }
}

pub(crate) fn role(id: &str, app_id: &str, name: &str) -> AppRole {
    AppRole {
        id: id.into(),
        app_id: app_id.into(),
        display_name: name.into(),
        is_admin: false,
        available_to_users: true,
        available_to_groups: true,
        available_to_clients: true,
        description: String::new(),
        is_public: false,
        created_at: at(1),
    }
}

fn key(id: &str) -> SealedKey {
    SealedKey { id: id.into(), sealed_key: vec![0, 1], leaf: vec![2], issuer: vec![3], created_at: at(1) }
}

fn session(hash: &str, user_id: &str) -> Session {
    Session {
        id_hash: hash.into(),
        user_id: user_id.into(),
        created_at: at(1),
        expires_at: at(100),
        last_used_at: at(1),
    }
}

/// Two stripes of two tenancies with a user, an application, a role, grants, a key and a session of the same ids in each.
pub(crate) async fn seed(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    for (name, tenancy) in [(ONE, "tenancy 1"), (TWO, "tenancy 2")] {
        let row =
            Tenancy { id: tenancy.into(), name: tenancy.into(), home_region: "us-ashburn-1".into(), created_at: at(1) };
        tenancies::insert(&mut tx, &row).await.unwrap();
        stripes::insert(&mut tx, &stripe(name, tenancy)).await.unwrap();
        users::insert(&mut tx, name, &user(name, "u", "Ada@Example.com")).await.unwrap();
        apps::insert(&mut tx, name, &app(name, "a", "client")).await.unwrap();
        app_roles::insert(&mut tx, name, &role("r", "a", "Me")).await.unwrap();
        for (id, grantee) in [("g1", Grantee::User("u")), ("g2", Grantee::Client("a"))] {
            let grant = NewGrant { id, role_id: "r", grantee, mechanism: "ADMINISTRATOR_TO_APP" };
            grants::insert(&mut tx, name, &grant, at(1)).await.unwrap();
        }
        signing_keys::insert(&mut tx, name, &key("k")).await.unwrap();
        sessions::insert(&mut tx, name, &session("s", "u")).await.unwrap();
    }
    tx.commit().await.unwrap();
}

on_each_engine!(a_groups_policy_is_kept_with_its_groups_and_leaves_the_standard_one_alone, |db| async move {
    seed(&db).await;
    let lockout = LockoutPolicy { max_incorrect_attempts: 3, lockout: Duration::from_mins(7) };
    let policy = PasswordPolicy {
        id: "p".into(),
        name: "strict".into(),
        description: "for some".into(),
        priority: Some(2),
        strength: Strength::Custom,
        rules: PasswordRules { min_length: 20, required_chars: "#".into(), ..PasswordRules::none() },
        lockout,
        groups: vec!["g".into()],
    };
    let mut tx = db.begin().await.unwrap();
    groups::insert(&mut tx, ONE, &group("g")).await.unwrap();
    groups::insert(&mut tx, ONE, &group("h")).await.unwrap();
    groups::add(&mut tx, ONE, "g", &["u"], at(1)).await.unwrap();
    groups::add(&mut tx, ONE, "h", &["u"], at(1)).await.unwrap();
    password_policies::insert(&mut tx, ONE, &policy, at(1)).await.unwrap();
    tx.commit().await.unwrap();

    let names = |policies: Vec<PasswordPolicy>| policies.into_iter().map(|policy| policy.name).collect::<Vec<_>>();
    let built_in = [password_policies::SIMPLE, password_policies::STANDARD];
    let found = password_policies::all(&db, ONE).await.unwrap();
    assert!(found.contains(&policy), "{found:?}");
    assert_eq!(names(found), [built_in.as_slice(), &["strict"]].concat());
    assert_eq!(names(password_policies::all(&db, TWO).await.unwrap()), built_in);
    assert_eq!(password_policies::groups_of_user(&db, ONE, "u").await.unwrap(), ["g"]);
    assert_eq!(password_policies::groups_of_user(&db, TWO, "u").await.unwrap(), Vec::<String>::new());
    assert_eq!(stripes::get(&db, ONE).await.unwrap().unwrap().lockout, LockoutPolicy::STANDARD);

    let mut tx = db.begin().await.unwrap();
    let second = PasswordPolicy { id: "q".into(), name: "other".into(), priority: Some(3), ..policy.clone() };
    let taken = password_policies::insert(&mut tx, ONE, &second, at(1)).await;
    assert!(matches!(taken, Err(StoreError::Duplicate { .. })), "a group has one policy: {taken:?}");
    drop(tx);
    let mut tx = db.begin().await.unwrap();
    let second = PasswordPolicy { priority: Some(2), groups: vec![], ..second };
    let taken = password_policies::insert(&mut tx, ONE, &second, at(1)).await;
    assert!(matches!(taken, Err(StoreError::Duplicate { .. })), "a priority is one policy's: {taken:?}");
    drop(tx);

    let mut tx = db.begin().await.unwrap();
    let changed = PasswordPolicy { strength: Strength::Simple, groups: vec!["h".into()], ..policy.clone() };
    assert!(!password_policies::update(&mut tx, TWO, &changed, at(2)).await.unwrap());
    assert!(password_policies::update(&mut tx, ONE, &changed, at(2)).await.unwrap());
    tx.commit().await.unwrap();
    let found = password_policies::all(&db, ONE).await.unwrap();
    let found = found.iter().find(|found| found.id == "p").unwrap();
    assert_eq!((found.rules.clone(), found.groups.clone()), (PasswordRules::simple(), vec!["h".to_owned()]));

    let mut tx = db.begin().await.unwrap();
    assert!(!password_policies::delete(&mut tx, TWO, "p").await.unwrap());
    assert!(password_policies::delete(&mut tx, ONE, "p").await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(password_policies::groups_of_user(&db, ONE, "u").await.unwrap(), Vec::<String>::new());
});

on_each_engine!(passwords_that_were_replaced_are_remembered_newest_first_and_not_for_ever, |db| async move {
    seed(&db).await;
    for number in 0..30_u32 {
        let (before, hash) = (user_hash(&db).await, format!("hash {number}"));
        let new = NewHash { before: Some(&before), hash: &hash, must_change: false, by: "", now: at(2) };
        let mut tx = db.begin().await.unwrap();
        assert!(passwords::replace(&mut tx, ONE, "u", new).await.unwrap());
        let again = NewHash { hash: "other", ..new };
        assert!(!passwords::replace(&mut tx, ONE, "u", again).await.unwrap(), "another one is there by now");
        tx.commit().await.unwrap();
    }
    let history = passwords::history(&db, ONE, "u", 2).await.unwrap();
    assert_eq!(history, ["hash 28", "hash 27"]);
    assert_eq!(passwords::history(&db, ONE, "u", 1000).await.unwrap().len(), 24);
    assert_eq!(passwords::history(&db, TWO, "u", 1000).await.unwrap(), Vec::<String>::new());
});

async fn user_hash(db: &Db) -> String {
    users::by_id(db, ONE, "u").await.unwrap().unwrap().password_hash.unwrap()
}

fn group(id: &str) -> Group {
    Group {
        id: id.into(),
        ocid: format!("ocid of {id}"),
        display_name: id.into(),
        external_id: String::new(),
        details: "{}".into(),
        created_by: String::new(),
        modified_by: String::new(),
        revision: 1,
        created_at: at(1),
        modified_at: at(1),
    }
}

on_each_engine!(what_is_written_is_read_again, |db| async move {
    seed(&db).await;
    assert_eq!(stripes::get(&db, ONE).await.unwrap().unwrap(), stripe(ONE, "tenancy 1"));
    assert_eq!(users::by_id(&db, ONE, "u").await.unwrap().unwrap(), user(ONE, "u", "Ada@Example.com"));
    assert_eq!(apps::by_id(&db, ONE, "a").await.unwrap().unwrap(), app(ONE, "a", "client"));
    assert_eq!(apps::by_name(&db, ONE, "client").await.unwrap().unwrap(), app(ONE, "a", "client"));
    assert_eq!(apps::all(&db, ONE).await.unwrap(), [app(ONE, "a", "client")]);
    assert_eq!(app_roles::of_app(&db, ONE, "a").await.unwrap(), [role("r", "a", "Me")]);
    assert_eq!(signing_keys::current(&db, ONE).await.unwrap().unwrap(), key("k"));
    assert_eq!(sessions::get(&db, ONE, "s").await.unwrap().unwrap(), session("s", "u"));
    assert_eq!(grants::of_user(&db, ONE, "u").await.unwrap()[0].name, "Me");
    assert_eq!(grants::of_client(&db, ONE, "a").await.unwrap()[0].app_id, "a");
});

on_each_engine!(a_change_in_one_stripe_leaves_the_other_alone, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    let lock = LockState { failed_attempts: 5, locked_at: Some(at(9)) };
    assert!(stripes::set_signing_cert_public(&mut tx, ONE, true).await.unwrap());
    assert!(
        stripes::set_lockout(&mut tx, ONE, LockoutPolicy { max_incorrect_attempts: 1, lockout: Duration::ZERO })
            .await
            .unwrap()
    );
    assert!(users::set_lock(&mut tx, ONE, "u", lock).await.unwrap());
    assert!(users::set_active(&mut tx, ONE, "u", false, at(9)).await.unwrap());
    let new = NewHash { before: Some("hash"), hash: "other", must_change: true, by: "", now: at(9) };
    assert!(passwords::replace(&mut tx, ONE, "u", new).await.unwrap());
    let flags = Flags { must_change: true, cant_change: true, cant_expire: true };
    assert!(passwords::set_flags(&mut tx, ONE, "u", flags).await.unwrap());
    assert!(apps::set_active(&mut tx, ONE, "a", false, at(9)).await.unwrap());
    assert!(apps::set_secret(&mut tx, ONE, "a", &ClientSecret::Password("x".into()), at(9)).await.unwrap());
    assert!(grants::revoke(&mut tx, ONE, Grantee::User("u"), "r").await.unwrap());
    assert!(sessions::delete(&mut tx, ONE, "s").await.unwrap());
    assert!(apps::delete_named(&mut tx, ONE, "client").await.unwrap());
    assert!(users::delete(&mut tx, ONE, "u").await.unwrap());
    tx.commit().await.unwrap();

    assert_eq!(stripes::get(&db, TWO).await.unwrap().unwrap(), stripe(TWO, "tenancy 2"));
    assert_eq!(users::by_id(&db, TWO, "u").await.unwrap().unwrap(), user(TWO, "u", "Ada@Example.com"));
    assert_eq!(apps::by_id(&db, TWO, "a").await.unwrap().unwrap(), app(TWO, "a", "client"));
    assert_eq!(grants::of_user(&db, TWO, "u").await.unwrap().len(), 1);
    assert_eq!(grants::of_client(&db, TWO, "a").await.unwrap().len(), 1);
    assert_eq!(app_roles::of_app(&db, TWO, "a").await.unwrap().len(), 1);
    assert!(signing_keys::current(&db, TWO).await.unwrap().is_some());
    assert!(sessions::get(&db, TWO, "s").await.unwrap().is_some());
});

on_each_engine!(nothing_is_found_in_a_stripe_that_does_not_have_it, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    users::insert(&mut tx, ONE, &user(ONE, "only", "only@example.com")).await.unwrap();
    apps::insert(&mut tx, ONE, &app(ONE, "only", "only")).await.unwrap();
    app_roles::insert(&mut tx, ONE, &role("only", "only", "Only")).await.unwrap();
    tx.commit().await.unwrap();

    for other in [TWO, "idcs-3", ""] {
        assert!(users::by_id(&db, other, "only").await.unwrap().is_none());
        assert!(users::by_name(&db, other, "only@example.com").await.unwrap().is_none());
        assert!(apps::by_name(&db, other, "only").await.unwrap().is_none());
        assert!(apps::by_id(&db, other, "only").await.unwrap().is_none());
        assert!(app_roles::of_app(&db, other, "only").await.unwrap().is_empty());
        let mut tx = db.begin().await.unwrap();
        assert!(!users::set_active(&mut tx, other, "only", false, at(2)).await.unwrap());
        assert!(!users::delete(&mut tx, other, "only").await.unwrap());
        assert!(!apps::set_active(&mut tx, other, "only", false, at(2)).await.unwrap());
        assert!(!apps::delete_named(&mut tx, other, "only").await.unwrap());
        assert!(apps::find_name(&mut tx, other, "only").await.unwrap().is_none());
        assert!(app_roles::find(&mut tx, other, "only", "Only").await.unwrap().is_none());
    }
});

on_each_engine!(a_grant_cannot_join_two_stripes, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    users::insert(&mut tx, TWO, &user(TWO, "other", "other")).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let grant =
        NewGrant { id: "g3", role_id: "r", grantee: Grantee::User("other"), mechanism: "ADMINISTRATOR_TO_USER" };
    let error = grants::insert(&mut tx, ONE, &grant, at(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Dangling), "{error:?}");
});

on_each_engine!(a_user_name_is_one_without_regard_to_case, |db| async move {
    seed(&db).await;
    for name in ["ada@example.com", " ADA@EXAMPLE.COM "] {
        assert_eq!(users::by_name(&db, ONE, name).await.unwrap().unwrap().id, "u", "{name}");
    }
    assert!(users::by_name(&db, ONE, "ada@example.com\0").await.unwrap().is_none());
    let mut tx = db.begin().await.unwrap();
    let error = users::insert(&mut tx, ONE, &user(ONE, "v", "ada@EXAMPLE.com")).await.unwrap_err();
    assert!(matches!(error, StoreError::Duplicate { .. }), "{error:?}");
});

on_each_engine!(a_client_id_is_compared_exactly, |db| async move {
    seed(&db).await;
    for name in ["Client", "client ", "client\0"] {
        assert!(apps::by_name(&db, ONE, name).await.unwrap().is_none(), "{name}");
    }
    let mut tx = db.begin().await.unwrap();
    let error = apps::insert(&mut tx, ONE, &app(ONE, "b", "client")).await.unwrap_err();
    assert!(matches!(error, StoreError::Duplicate { .. }), "{error:?}");
});

on_each_engine!(a_role_is_granted_to_the_same_holder_once, |db| async move {
    seed(&db).await;
    for grantee in [Grantee::User("u"), Grantee::Client("a")] {
        let mut tx = db.begin().await.unwrap();
        let grant = NewGrant { id: "again", role_id: "r", grantee, mechanism: "ADMINISTRATOR_TO_USER" };
        let error = grants::insert(&mut tx, ONE, &grant, at(1)).await.unwrap_err();
        assert!(matches!(error, StoreError::Duplicate { .. }), "{error:?}");
    }
});

on_each_engine!(a_stripe_has_one_current_key, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    let error = signing_keys::insert(&mut tx, ONE, &key("k2")).await.unwrap_err();
    assert!(matches!(error, StoreError::Duplicate { .. }), "{error:?}");
});

// Contract identity 9: five wrong passwords lock.
on_each_engine!(wrong_passwords_are_counted_and_lock, |db| async move {
    seed(&db).await;
    for attempt in 1..=6 {
        let mut tx = db.begin().await.unwrap();
        let state = users::record_failure(&mut tx, ONE, "u", LockoutPolicy::STANDARD, at(attempt)).await.unwrap();
        tx.commit().await.unwrap();
        let expected = u32::try_from(attempt.min(5)).unwrap();
        assert_eq!(state.failed_attempts, expected);
        assert_eq!(users::by_id(&db, ONE, "u").await.unwrap().unwrap().lock, state);
    }
    let locked = users::by_id(&db, ONE, "u").await.unwrap().unwrap().lock;
    assert_eq!(locked.locked_at, Some(at(5)));
    assert_eq!(users::by_id(&db, TWO, "u").await.unwrap().unwrap().lock, LockState::default());
});

on_each_engine!(a_wrong_password_for_nobody_changes_nothing, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    users::record_failure(&mut tx, ONE, "nobody", LockoutPolicy::STANDARD, at(1)).await.unwrap();
    users::record_nobodys_failure(&mut tx, ONE).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(users::by_id(&db, ONE, "u").await.unwrap().unwrap().lock, LockState::default());
    assert_eq!(stripes::get(&db, ONE).await.unwrap().unwrap(), stripe(ONE, "tenancy 1"));
});

on_each_engine!(forgiving_loses_against_a_failure_counted_since, |db| async move {
    seed(&db).await;
    let seen = LockState { failed_attempts: 1, locked_at: None };
    for attempt in 1..=2 {
        let mut tx = db.begin().await.unwrap();
        users::record_failure(&mut tx, ONE, "u", LockoutPolicy::STANDARD, at(attempt)).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert!(!users::forgive(&db, ONE, "u", seen).await.unwrap());
    assert!(users::forgive(&db, ONE, "u", LockState { failed_attempts: 2, locked_at: None }).await.unwrap());
    assert_eq!(users::by_id(&db, ONE, "u").await.unwrap().unwrap().lock, LockState::default());
});

on_each_engine!(a_deleted_user_takes_grants_and_sessions_along, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    users::delete(&mut tx, ONE, "u").await.unwrap();
    tx.commit().await.unwrap();
    assert!(grants::of_user(&db, ONE, "u").await.unwrap().is_empty());
    assert!(sessions::get(&db, ONE, "s").await.unwrap().is_none());
});

on_each_engine!(a_deleted_application_takes_roles_and_grants_along, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    apps::delete_named(&mut tx, ONE, "client").await.unwrap();
    tx.commit().await.unwrap();
    assert!(app_roles::of_app(&db, ONE, "a").await.unwrap().is_empty());
    assert!(grants::of_user(&db, ONE, "u").await.unwrap().is_empty());
    assert!(grants::of_client(&db, ONE, "a").await.unwrap().is_empty());
});

on_each_engine!(an_application_does_not_keep_two_secrets, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    apps::set_secret(&mut tx, ONE, "a", &ClientSecret::Password("hash".into()), at(2)).await.unwrap();
    tx.commit().await.unwrap();
    let app = apps::by_id(&db, ONE, "a").await.unwrap().unwrap();
    assert_eq!(app.secret, ClientSecret::Password("hash".into()));
});

on_each_engine!(ended_sessions_are_swept_at_their_instant, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    assert_eq!(sessions::sweep(&mut tx, at(99), at(0)).await.unwrap(), 0);
    assert_eq!(sessions::sweep(&mut tx, at(100), at(0)).await.unwrap(), 2);
    tx.commit().await.unwrap();
    assert!(sessions::get(&db, ONE, "s").await.unwrap().is_none());
});

on_each_engine!(each_change_to_a_stripe_raises_its_version_only, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    stripes::set_signing_cert_public(&mut tx, ONE, true).await.unwrap();
    stripes::set_lockout(&mut tx, ONE, LockoutPolicy::STANDARD).await.unwrap();
    stripes::bump(&mut tx, ONE).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stripes::versions(&db).await.unwrap(), [(ONE.to_owned(), 4), (TWO.to_owned(), 1)]);
});

#[test]
fn hashes_and_keys_are_not_printed() {
    let user = User { password_hash: Some("canary".into()), ..user(ONE, "u", "n") };
    let app = App { secret: ClientSecret::Password("canary".into()), ..app(ONE, "a", "n") };
    let printed = format!("{user:?} {app:?} {:?}", SealedKey { sealed_key: b"canary".to_vec(), ..key("k") });
    assert!(!printed.contains("canary") && !printed.contains("99, 97, 110"), "{printed}");
}

fn scope(app_id: &str, value: &str, fqs: &str) -> AppScope {
    AppScope {
        app_id: app_id.into(),
        value: value.into(),
        fqs: fqs.into(),
        display_name: "May read".into(),
        description: "all of it".into(),
        requires_consent: true,
    }
}

on_each_engine!(an_application_is_replaced_but_for_its_secret, |db| async move {
    seed(&db).await;
    let tag = Tag { key: "k".into(), value: "v".into() };
    let changed = App {
        name: "other client".into(),
        client_type: ClientType::Public,
        is_active: false,
        audience: Some("https://api/".into()),
        oauth: OAuthSettings {
            secondary_audiences: vec!["https://second/".into()],
            allowed_scopes: vec!["https://api/read".into(), "a scope, with a space".into()],
            redirect_uris: vec!["https://client/back?a=b".into()],
            post_logout_redirect_uris: vec!["https://client/out".into()],
            logout_uri: Some("https://client/logout".into()),
            login_page_url: Some("1".into()),
            logout_page_url: Some("2".into()),
            error_page_url: Some("3".into()),
            landing_page_url: Some("4".into()),
            trust_scope: TrustScope::Tags,
            tags: vec![tag.clone()],
            allowed_tags: vec![tag],
            access_token_expiry: Some(60),
            refresh_token_expiry: Some(u32::MAX),
            allow_offline: true,
            bypass_consent: true,
            all_url_schemes_allowed: true,
            client_ip_checking: ClientIpChecking::Whitelisted,
        },
        modified_at: at(9),
        ..app(ONE, "a", "client")
    };
    let mut tx = db.begin().await.unwrap();
    assert!(apps::update(&mut tx, ONE, &App { secret: ClientSecret::None, ..changed.clone() }).await.unwrap());
    assert!(!apps::update(&mut tx, ONE, &app(ONE, "nobody", "nobody")).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(apps::by_id(&db, ONE, "a").await.unwrap().unwrap(), changed);
    assert_eq!(apps::by_id(&db, TWO, "a").await.unwrap().unwrap(), app(TWO, "a", "client"), "another stripe's");
});

on_each_engine!(a_fully_qualified_scope_is_one_applications_and_goes_with_it, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    let server = |stripe: &str, id: &str| App {
        is_oauth_resource: true,
        audience: Some("https://api/".into()),
        ..app(stripe, id, &format!("name of {id}"))
    };
    for stripe in [ONE, TWO] {
        apps::insert(&mut tx, stripe, &server(stripe, "b")).await.unwrap();
        let scopes = [scope("b", "write", "https://api/write"), scope("b", "read", "https://api/read")];
        app_scopes::replace(&mut tx, stripe, "b", &scopes).await.unwrap();
    }
    tx.commit().await.unwrap();
    let values = async |stripe| {
        let found = app_scopes::of_app(&db, stripe, "b").await.unwrap();
        found.into_iter().map(|scope| scope.value).collect::<Vec<_>>()
    };
    assert_eq!(values(ONE).await, ["write", "read"], "in their order");
    let found = app_scopes::by_fqs(&db, ONE, "https://api/read").await.unwrap();
    assert_eq!(found, Some(scope("b", "read", "https://api/read")));
    assert_eq!(app_scopes::by_fqs(&db, ONE, "https://api/\0").await.unwrap(), None);

    let mut tx = db.begin().await.unwrap();
    let taken = app_scopes::replace(&mut tx, ONE, "a", &[scope("a", "read", "https://api/read")]).await;
    assert!(matches!(taken, Err(StoreError::Duplicate { .. })), "{taken:?}");
    drop(tx);

    let mut tx = db.begin().await.unwrap();
    apps::set_active(&mut tx, ONE, "b", false, at(5)).await.unwrap();
    apps::delete_named(&mut tx, TWO, "name of b").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(app_scopes::by_fqs(&db, ONE, "https://api/read").await.unwrap(), None, "its application is inactive");
    assert!(values(TWO).await.is_empty());
});

on_each_engine!(the_last_issuer_is_remembered, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    assert!(!stripes::set_issuer(&mut tx, ONE, "https://identity.oraclecloud.com/").await.unwrap());
    assert!(stripes::set_issuer(&mut tx, ONE, "https://one").await.unwrap());
    assert!(stripes::set_issuer(&mut tx, ONE, "https://two").await.unwrap());
    stripes::set_default_trust_scope(&mut tx, ONE, TrustScope::Account).await.unwrap();
    tx.commit().await.unwrap();
    let row = stripes::get(&db, ONE).await.unwrap().unwrap();
    assert_eq!((row.issuer.as_str(), row.previous_issuer.as_deref()), ("https://two", Some("https://one")));
    assert_eq!(row.default_trust_scope, TrustScope::Account);
    assert_eq!(stripes::get(&db, TWO).await.unwrap().unwrap().previous_issuer, None);
});
