//! Tokens of the token generator: their claims, who gets one, and for how long.

use obol_domain::app_role::BuiltInRole;
use obol_store::{
    grants::{self, Grantee, Grantor, NewAccess},
    users,
};

use super::*;
use crate::testing::{STRIPE, USER, World, claims, get, new_user};

const OWN: PersonalChoice<'static> = PersonalChoice::Roles(&["Identity Domain Administrator"]);

async fn generate(
    world: &World,
    user_id: &str,
    choice: PersonalChoice<'_>,
    minutes: u32,
) -> Result<TokenFile, PersonalRefusal> {
    world.identity.generate_personal_token(STRIPE, user_id, choice, minutes, &Cause::request("x")).await
}

/// A user without roles.
async fn somebody(world: &World) -> String {
    let mut tx = world.db().begin().await.unwrap();
    let user = world.provisioning().user(&mut tx, STRIPE, &new_user("somebody@example.com")).await.unwrap();
    tx.commit().await.unwrap();
    user.id
}

/// A resource server with two scopes, and its SCIM id.
async fn resource_server(world: &World) -> String {
    world.add_resource("https://reports.example/", |_| {}).await
}

async fn assign(world: &World, user_id: &str, app_id: &str) {
    let mut tx = world.db().begin().await.unwrap();
    let access =
        NewAccess { id: "access", app_id, grantee: Grantee::User(user_id), mechanism: "ADMINISTRATOR_TO_USER" };
    grants::insert_access(&mut tx, STRIPE, &access, Grantor::Service, world.identity.now()).await.unwrap();
    tx.commit().await.unwrap();
}

// Contract identity 3.2, console and personal tokens; 4, My Access Tokens.
#[tokio::test]
async fn an_administrators_own_token_is_of_the_token_generator() {
    let world = World::new().await;
    let file = generate(&world, &world.user.id, OWN, 527_040).await.unwrap();
    assert!(file.line().unwrap().starts_with(r#"{"app_access_token":"eyJ4NXQjUzI1NiI6"#));
    let claims = claims(&file.app_access_token);
    for (name, expected) in [
        ("client_id", "tokenGenerator"),
        ("client_name", "tokenGenerator"),
        ("gtp", "jwt"),
        ("sub", USER),
        ("sub_type", "user"),
        ("idp_name", "UserNamePassword"),
        ("tok_type", "AT"),
    ] {
        assert_eq!(claims[name], expected, "{name}");
    }
    assert_eq!(claims["onBehalfOfUser"], true);
    assert_eq!(claims["clientAppRoles"], serde_json::json!(["Authenticated Client", "Cross Tenant"]));
    assert_eq!(claims["userAppRoles"], serde_json::json!(["Authenticated", "Identity Domain Administrator"]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 527_040 * 60);
    let scopes = claims["scope"].as_str().unwrap().split(' ').count();
    assert_eq!(scopes, BuiltInRole::IdentityDomainAdministrator.scopes().len());
    for absent in ["client_guid", "client_ocid", "resource_app_id"] {
        assert!(claims.get(absent).is_none(), "{absent}");
    }
    let me = world.send(get("/admin/v1/Me", Some(&file.app_access_token))).await;
    assert_eq!(me.status(), 200);
}

#[tokio::test]
async fn a_life_is_a_minute_to_366_days() {
    let world = World::new().await;
    for minutes in [0, 527_041, u32::MAX] {
        let refusal = generate(&world, &world.user.id, OWN, minutes).await.unwrap_err();
        assert!(matches!(refusal, PersonalRefusal::Minutes(_)), "{minutes}");
        assert_eq!(refusal.explanation().unwrap().check, "lifetime_in_bounds");
    }
    let file = generate(&world, &world.user.id, OWN, 1).await.unwrap();
    let claims = claims(&file.app_access_token);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
}

#[tokio::test]
async fn only_own_administrator_roles_are_taken() {
    let world = World::new().await;
    for roles in [&["User Administrator"][..], &["Me"], &["Authenticated"], &["Nonsense"], &[""]] {
        let refusal = generate(&world, &world.user.id, PersonalChoice::Roles(roles), 60).await.unwrap_err();
        assert!(matches!(refusal, PersonalRefusal::Role), "{roles:?}");
        assert_eq!(refusal.explanation().unwrap().check, "scope_held_by_user");
    }
    let nothing = generate(&world, &world.user.id, PersonalChoice::Roles(&[]), 60).await;
    assert!(matches!(nothing, Err(PersonalRefusal::NothingChosen)));
}

// Contract identity 4: only for users with admin roles or assigned resource apps.
#[tokio::test]
async fn who_has_neither_role_nor_application_generates_nothing() {
    let world = World::new().await;
    let (somebody, app_id) = (somebody(&world).await, resource_server(&world).await);
    let of_app = PersonalChoice::Application { app_id: &app_id, scopes: &[] };
    for choice in [OWN, PersonalChoice::Roles(&["Me"]), of_app] {
        let refusal = generate(&world, &somebody, choice, 60).await.unwrap_err();
        assert!(matches!(refusal, PersonalRefusal::NotEntitled), "{choice:?}");
        assert_eq!(refusal.explanation().unwrap().check, "personal_token_allowed");
    }
    assert!(world.identity.personal_options(STRIPE, &somebody).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_resource_server_must_be_assigned_and_gives_its_own_scopes_only() {
    let world = World::new().await;
    let (somebody, app_id) = (somebody(&world).await, resource_server(&world).await);
    let not_given = PersonalChoice::Application { app_id: &app_id, scopes: &[] };
    let refusal = generate(&world, &world.user.id, not_given, 60).await.unwrap_err();
    assert!(matches!(refusal, PersonalRefusal::Application));
    assert_eq!(refusal.explanation().unwrap().check, "application_assigned");

    assign(&world, &somebody, &app_id).await;
    let options = world.identity.personal_options(STRIPE, &somebody).await.unwrap();
    assert_eq!(
        (options.roles.len(), options.applications),
        (0, vec![(app_id.clone(), "API https://reports.example/".to_owned())])
    );
    let file = generate(&world, &somebody, not_given, 60).await.unwrap();
    let of_all = claims(&file.app_access_token);
    assert_eq!((&of_all["scope"], &of_all["aud"]), (&"read write".into(), &"https://reports.example/".into()));
    assert_eq!(of_all["resource_app_id"], app_id.as_str());
    assert!(of_all.get("clientAppRoles").is_none());
    let one = PersonalChoice::Application { app_id: &app_id, scopes: &["https://reports.example/read"] };
    let file = generate(&world, &somebody, one, 60).await.unwrap();
    assert_eq!(claims(&file.app_access_token)["scope"], "read");
    for foreign in ["https://reports.example/delete", "urn:opc:idm:t.users", "https://other.example/read"] {
        let other = PersonalChoice::Application { app_id: &app_id, scopes: &[foreign] };
        let refusal = generate(&world, &somebody, other, 60).await.unwrap_err();
        assert!(matches!(refusal, PersonalRefusal::Scope(_)), "{foreign}");
    }
    let roles = generate(&world, &somebody, OWN, 60).await;
    assert!(matches!(roles, Err(PersonalRefusal::Role)), "an application makes no administrator");
}

#[tokio::test]
async fn who_may_not_act_and_who_is_of_another_stripe_generates_nothing() {
    let world = World::new().await;
    world.add_other_stripe().await;
    let at = async |stripe| {
        world.identity.generate_personal_token(stripe, &world.user.id, OWN, 60, &Cause::request("x")).await
    };
    let elsewhere = at(crate::testing::OTHER_STRIPE).await;
    assert!(matches!(elsewhere, Err(PersonalRefusal::User(SignInRefusal::Unknown))));
    let nowhere = at("idcs-x").await;
    assert!(matches!(nowhere, Err(PersonalRefusal::UnknownStripe)));
    let mut tx = world.db().begin().await.unwrap();
    users::set_active(&mut tx, STRIPE, &world.user.id, false, world.identity.now()).await.unwrap();
    tx.commit().await.unwrap();
    let inactive = generate(&world, &world.user.id, OWN, 60).await;
    assert!(matches!(inactive, Err(PersonalRefusal::User(SignInRefusal::Inactive))));
}

#[test]
fn every_refusal_stands_in_the_document_of_errors() {
    let document = include_str!("../../../../../docs/errors.md");
    for refusal in [
        PersonalRefusal::UnknownStripe,
        PersonalRefusal::Minutes(0),
        PersonalRefusal::NothingChosen,
        PersonalRefusal::NotEntitled,
        PersonalRefusal::Role,
        PersonalRefusal::Application,
    ] {
        let check = format!("`{}`", refusal.explanation().unwrap().check);
        assert!(document.contains(&check), "{check}");
    }
    assert!(PersonalRefusal::Service(ServiceError::NoKey).explanation().is_none());
}
