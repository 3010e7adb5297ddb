//! Grants to groups, access without a role, and what administration reads of both.

use obol_store::{
    Db, StoreError, api_keys,
    app_roles::{self, AppRole},
    apps::{self, resource},
    grants::{self, Grantee, Grantor, NewAccess, NewGrant},
    groups::{self, Group},
    people, users,
};

use super::identity::{ONE, TWO, app, at, seed, user};

const MECHANISM: &str = "ADMINISTRATOR_TO_GROUP";

fn group(stripe: &str, id: &str) -> Group {
    Group {
        id: id.into(),
        ocid: format!("ocid of {id} in {stripe}"),
        display_name: format!("Group {id}"),
        external_id: String::new(),
        details: "{}".into(),
        created_by: String::new(),
        modified_by: String::new(),
        revision: 1,
        created_at: at(1),
        modified_at: at(1),
    }
}

fn admin_role(id: &str, name: &str) -> AppRole {
    AppRole { is_admin: true, ..super::identity::role(id, "a", name) }
}

/// In both stripes a group `p` with the user `u` in it, and a role `boss` that nobody holds.
async fn seed_groups(db: &Db) {
    seed(db).await;
    let mut tx = db.begin().await.unwrap();
    for name in [ONE, TWO] {
        groups::insert(&mut tx, name, &group(name, "p")).await.unwrap();
        groups::add(&mut tx, name, "p", &["u"], at(1)).await.unwrap();
        app_roles::insert(&mut tx, name, &admin_role("boss", "Boss")).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn grant(db: &Db, stripe: &str, id: &str, role_id: &str, grantee: Grantee<'_>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let new = NewGrant { id, role_id, grantee, mechanism: MECHANISM };
    grants::insert_by(&mut tx, stripe, &new, Grantor::User("u"), at(2)).await?;
    tx.commit().await
}

async fn names(db: &Db, stripe: &str, user_id: &str) -> Vec<String> {
    grants::of_user(db, stripe, user_id).await.unwrap().into_iter().map(|role| role.name).collect()
}

on_each_engine!(a_users_roles_are_their_own_and_their_groups_each_once, |db| async move {
    seed_groups(&db).await;
    assert_eq!(names(&db, ONE, "u").await, ["Me"]);
    grant(&db, ONE, "g3", "boss", Grantee::Group("p")).await.unwrap();
    grant(&db, ONE, "g4", "r", Grantee::Group("p")).await.unwrap();
    assert_eq!(names(&db, ONE, "u").await, ["Boss", "Me"]);
    assert_eq!(grants::of_group(&db, ONE, "p").await.unwrap().len(), 2);
    assert_eq!(names(&db, TWO, "u").await, ["Me"], "another stripe's group has the same id");
    let mut tx = db.begin().await.unwrap();
    users::insert(&mut tx, ONE, &user(ONE, "other", "other@example.com")).await.unwrap();
    tx.commit().await.unwrap();
    assert!(names(&db, ONE, "other").await.is_empty(), "who is not in the group");
});

on_each_engine!(who_signs_is_administrator_through_a_group_as_well, |db| async move {
    seed_groups(&db).await;
    let administrator = async || {
        let ocid = format!("ocid of u in {ONE}");
        let role = obol_domain::app_role::BuiltInRole::IdentityDomainAdministrator;
        api_keys::holder(&db, "tenancy 1", &ocid, "fingerprint", role).await.unwrap().unwrap().is_administrator
    };
    assert!(!administrator().await);
    let mut tx = db.begin().await.unwrap();
    apps::insert(&mut tx, ONE, &app(ONE, "IDCSAppId", "IDCSApp")).await.unwrap();
    let role = AppRole { app_id: "IDCSAppId".into(), ..admin_role("ida", "Identity Domain Administrator") };
    app_roles::insert(&mut tx, ONE, &role).await.unwrap();
    tx.commit().await.unwrap();
    grant(&db, ONE, "g3", "ida", Grantee::Group("p")).await.unwrap();
    assert!(administrator().await);
    let mut tx = db.begin().await.unwrap();
    let role = ("IDCSAppId", "Identity Domain Administrator");
    assert_eq!(people::other_holders(&mut tx, ONE, role, "").await.unwrap(), 1, "by the group, of which they are in");
    assert_eq!(people::other_holders(&mut tx, ONE, role, "u").await.unwrap(), 0, "nobody else");
    assert!(grants::revoke(&mut tx, ONE, Grantee::Group("p"), "ida").await.unwrap());
    tx.commit().await.unwrap();
    assert!(!administrator().await);
});

on_each_engine!(a_grant_is_made_once_and_within_its_stripe, |db| async move {
    seed_groups(&db).await;
    grant(&db, ONE, "g3", "boss", Grantee::Group("p")).await.unwrap();
    for (id, role_id, grantee) in [
        ("g5", "boss", Grantee::Group("p")),
        ("g5", "r", Grantee::User("u")),
        ("g5", "r", Grantee::Client("a")),
        ("g3", "r", Grantee::Group("p")),
    ] {
        let error = grant(&db, ONE, id, role_id, grantee).await.unwrap_err();
        assert!(matches!(error, StoreError::Duplicate { .. }), "{id} {grantee:?}: {error:?}");
    }
    for (role_id, grantee) in
        [("nothing", Grantee::Group("p")), ("r", Grantee::Group("nothing")), ("boss", Grantee::User("p"))]
    {
        let error = grant(&db, ONE, "g5", role_id, grantee).await.unwrap_err();
        assert!(matches!(error, StoreError::Dangling), "{role_id} {grantee:?}: {error:?}");
    }
    assert!(grants::get(&db, ONE, "g5").await.unwrap().is_none());
    assert!(grants::get(&db, TWO, "g3").await.unwrap().is_none());
});

on_each_engine!(a_grant_is_read_with_the_names_of_what_it_joins, |db| async move {
    seed_groups(&db).await;
    grant(&db, ONE, "g3", "boss", Grantee::Group("p")).await.unwrap();
    let found = grants::get(&db, ONE, "g3").await.unwrap().unwrap();
    assert_eq!((found.grantee_type.as_str(), found.grantee_name.as_str()), ("Group", "Group p"));
    let role = found.role.unwrap();
    assert_eq!((role.id.as_str(), role.name.as_str(), role.is_admin), ("boss", "Boss", true));
    assert_eq!((found.app_id.as_str(), found.app_name.as_str()), ("a", "Analytics_Token_App"));
    assert_eq!(found.grantor, Some(("User".into(), "u".into())));
    assert_eq!(grants::get(&db, ONE, "g2").await.unwrap().unwrap().grantor, None);
    let ids: Vec<_> = grants::with_ids(&db, ONE, &["g3", "nothing", "g1"]).await.unwrap();
    assert_eq!(ids.iter().map(|grant| grant.id.as_str()).collect::<Vec<_>>(), ["g3", "g1"]);
    let members: Vec<_> = grants::of_role(&db, ONE, "r", 10).await.unwrap();
    assert_eq!(members.iter().map(|grant| grant.grantee_id.as_str()).collect::<Vec<_>>(), ["u"], "clients are none");
    let roles = resource::roles_granted_to(&db, ONE, &["a", "nothing"]).await.unwrap();
    assert_eq!(roles.len(), 1);
    assert_eq!(roles[0].grantee_id, "a");
});

on_each_engine!(access_without_a_role_is_had_once_and_makes_nobody_anything, |db| async move {
    seed_groups(&db).await;
    let give = async |id: &str, grantee: Grantee<'_>| {
        let mut tx = db.begin().await.unwrap();
        let access = NewAccess { id, app_id: "a", grantee, mechanism: MECHANISM };
        let made = grants::insert_access(&mut tx, ONE, &access, Grantor::Service, at(3)).await;
        if made.is_ok() {
            tx.commit().await.unwrap();
        }
        made
    };
    give("x1", Grantee::User("u")).await.unwrap();
    give("x2", Grantee::Group("p")).await.unwrap();
    assert!(matches!(give("x3", Grantee::User("u")).await, Err(StoreError::Duplicate { .. })));
    assert!(matches!(give("x3", Grantee::User("nobody")).await, Err(StoreError::Dangling)));
    assert_eq!(names(&db, ONE, "u").await, ["Me"]);
    assert_eq!(grants::get(&db, ONE, "x1").await.unwrap().unwrap().role, None);
    let mut tx = db.begin().await.unwrap();
    let server = apps::App { is_oauth_resource: true, ..app(ONE, "a", "client") };
    assert!(apps::update(&mut tx, ONE, &server).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(resource::servers_of_user(&db, ONE, "u").await.unwrap().len(), 1);
    assert!(resource::servers_of_user(&db, TWO, "u").await.unwrap().is_empty());
});

on_each_engine!(what_goes_takes_its_grants_along, |db| async move {
    seed_groups(&db).await;
    grant(&db, ONE, "g3", "boss", Grantee::Group("p")).await.unwrap();
    grant(&db, TWO, "g3", "boss", Grantee::Group("p")).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    assert!(groups::delete(&mut tx, ONE, "p", 1).await.unwrap());
    assert!(app_roles::delete(&mut tx, ONE, "r").await.unwrap());
    assert!(!grants::delete(&mut tx, ONE, "g3").await.unwrap(), "it went with its group");
    assert!(!grants::delete(&mut tx, ONE, "g1").await.unwrap(), "it went with its role");
    tx.commit().await.unwrap();
    assert!(grants::get(&db, TWO, "g3").await.unwrap().is_some());
    assert_eq!(names(&db, TWO, "u").await, ["Boss", "Me"]);
});

on_each_engine!(an_application_is_described_and_guarded_by_its_revision, |db| async move {
    seed_groups(&db).await;
    let mut found = resource::get(&db, ONE, "a").await.unwrap().unwrap();
    assert_eq!((found.template.as_str(), found.shown_to_users, found.revision), ("CustomWebAppTemplateId", true, 1));
    found.extra = r#"{"isMobileTarget":true}"#.into();
    let mut tx = db.begin().await.unwrap();
    assert!(resource::hold(&mut tx, ONE, "a", 1).await.unwrap());
    assert!(apps::update(&mut tx, ONE, &found.app).await.unwrap());
    assert!(resource::describe(&mut tx, ONE, &found).await.unwrap());
    assert!(!resource::hold(&mut tx, ONE, "a", 1).await.unwrap(), "it has another revision since");
    assert!(!resource::delete(&mut tx, ONE, "a", 1).await.unwrap());
    assert!(resource::is_named(&mut tx, ONE, "ANALYTICS_token_app", "").await.unwrap());
    assert!(!resource::is_named(&mut tx, ONE, "Analytics_Token_App", "a").await.unwrap(), "but itself");
    tx.commit().await.unwrap();
    let again = resource::get(&db, ONE, "a").await.unwrap().unwrap();
    assert_eq!((again.extra.as_str(), again.revision), (r#"{"isMobileTarget":true}"#, 2));
    assert_eq!(resource::get(&db, TWO, "a").await.unwrap().unwrap().revision, 1);
    for absent in ["nothing", "", "a\0"] {
        assert!(resource::get(&db, ONE, absent).await.unwrap().is_none());
    }
});
