//! Setting passwords: who may, what the policy says, the history, and what follows at the doors.

use std::time::Duration;

use obol_domain::{
    lockout::LockState,
    password_policy::{PasswordPolicy, PasswordRules, Strength},
};
use obol_store::{
    audit, password_policies,
    passwords::{Flags, set_flags},
};

use super::*;
use crate::testing::{ME, PASSWORD, STRIPE, USER, World, password_form};

const NEW: &str = "Correct-7-Horse";
const DAY: Duration = Duration::from_hours(24);

fn cause() -> Cause {
    Cause::request("ecid-of-the-test").by(Party::new(Kind::User, "administrator", "admin@example.com"))
}

async fn set(world: &World, password: &str, by: SetBy<'_>) -> Result<(), PasswordRefusal> {
    world.identity.set_password(STRIPE, &world.user.id, &Secret::new(password), by, &cause()).await
}

async fn administrator_sets(world: &World, password: &str) -> Result<(), PasswordRefusal> {
    set(world, password, SetBy::Administrator { must_change: false }).await
}

async fn owner_sets(world: &World, current: &str, password: &str) -> Result<(), PasswordRefusal> {
    set(world, password, SetBy::Owner { current: &Secret::new(current) }).await
}

async fn user(world: &World) -> User {
    users::by_id(world.db(), STRIPE, &world.user.id).await.unwrap().unwrap()
}

async fn flags(world: &World, flags: Flags) {
    let mut tx = world.db().begin().await.unwrap();
    assert!(set_flags(&mut tx, STRIPE, &world.user.id, flags).await.unwrap());
    tx.commit().await.unwrap();
}

/// Replaces the rules of the policy that everybody has by these.
async fn rules(world: &World, rules: PasswordRules) {
    let policies = password_policies::all(world.db(), STRIPE).await.unwrap();
    let standard = policies.into_iter().find(|policy| policy.name == password_policies::STANDARD).unwrap();
    let custom = PasswordPolicy { strength: Strength::Custom, rules, ..standard };
    let mut tx = world.db().begin().await.unwrap();
    assert!(password_policies::update(&mut tx, STRIPE, &custom, world.identity.now()).await.unwrap());
    tx.commit().await.unwrap();
    world.identity.forget(STRIPE);
}

async fn signs_in(world: &World, password: &str) -> bool {
    world.ask(&password_form(USER, password, ME)).await.status() == 200
}

async fn events(world: &World) -> Vec<Event> {
    world.identity.flush_audit().await;
    let kept = audit::page(world.db(), STRIPE, 0, 1000).await.unwrap();
    kept.iter().map(|kept| serde_json::from_str(&kept.record).unwrap()).collect()
}

fn check_of(refusal: &PasswordRefusal) -> String {
    refusal.explanation().unwrap().check.into_owned()
}

#[tokio::test]
async fn an_administrator_sets_a_password_and_the_old_one_is_worth_nothing() {
    let world = World::new().await;
    administrator_sets(&world, NEW).await.unwrap();
    assert!(signs_in(&world, NEW).await);
    assert!(!signs_in(&world, PASSWORD).await);
    assert_eq!(user(&world).await.password.set_at, Some(world.identity.now()));
}

#[tokio::test]
async fn an_owner_sets_a_password_only_by_proving_the_present_one() {
    let world = World::new().await;
    let refused = owner_sets(&world, "wrong", NEW).await.unwrap_err();
    assert!(matches!(refused, PasswordRefusal::NotProven(SignInRefusal::WrongPassword { attempts: 1, .. })));
    assert_eq!(refused.public_text(), "You entered an incorrect user name or password.");
    assert_eq!(check_of(&refused), "password_matches");
    assert!(signs_in(&world, PASSWORD).await, "nothing changed");
    owner_sets(&world, PASSWORD, NEW).await.unwrap();
    assert!(signs_in(&world, NEW).await);
}

#[tokio::test]
async fn guessing_the_present_password_at_this_door_locks_as_at_any_other() {
    let world = World::new().await;
    for _ in 0..5 {
        owner_sets(&world, "wrong", NEW).await.unwrap_err();
    }
    let refused = owner_sets(&world, PASSWORD, NEW).await.unwrap_err();
    assert!(matches!(refused, PasswordRefusal::NotProven(SignInRefusal::Locked(Some(_)))));
    assert!(!signs_in(&world, PASSWORD).await);
}

#[tokio::test]
async fn a_password_that_breaks_the_policy_is_refused_with_every_rule_and_changes_nothing() {
    let world = World::new().await;
    let before = user(&world).await;
    let refused = administrator_sets(&world, "ada").await.unwrap_err();
    assert_eq!(
        refused.public_text(),
        "The password does not comply with the password policy. Password must have at least 8 character(s). Password \
         must have at least 1 numeric character(s). Password must have at least 1 uppercase character(s). Password must \
         not contain the first name."
    );
    let explanation = refused.explanation().unwrap();
    assert_eq!(explanation.check, "password_policy");
    assert_eq!(explanation.seen, "minLength, minNumerals, minUpperCase, firstNameDisallowed");
    assert_eq!(user(&world).await, before);
    let event = events(&world).await.pop().unwrap();
    assert_eq!(
        (event.event_id.as_str(), event.message.as_str()),
        ("admin.user.password.reset.failure", "password_policy")
    );
}

#[tokio::test]
async fn the_present_password_and_those_that_the_policy_remembers_do_not_come_back() {
    let world = World::new().await;
    rules(&world, PasswordRules { num_passwords_in_history: 2, ..PasswordRules::none() }).await;
    for password in ["one", "two", "three"] {
        administrator_sets(&world, password).await.unwrap();
    }
    for remembered in ["three", "two"] {
        let refused = administrator_sets(&world, remembered).await.unwrap_err();
        let PasswordRefusal::Rules(violations) = &refused else { panic!("{refused:?}") };
        assert_eq!(violations, &[Violation::InHistory(2)]);
    }
    administrator_sets(&world, "one").await.unwrap();
}

#[tokio::test]
async fn an_owner_waits_for_the_least_age_and_an_administrator_does_not() {
    let world = World::new().await;
    rules(&world, PasswordRules { min_password_age: 2, ..PasswordRules::none() }).await;
    administrator_sets(&world, "first").await.unwrap();
    let refused = owner_sets(&world, "first", "second").await.unwrap_err();
    assert_eq!(refused.explanation().unwrap().seen, "minPasswordAge");
    administrator_sets(&world, "second").await.unwrap();
    world.clock.advance(2 * DAY);
    owner_sets(&world, "second", "third").await.unwrap();
}

#[tokio::test]
async fn a_user_whose_password_is_fixed_does_not_change_it() {
    let world = World::new().await;
    flags(&world, Flags { cant_change: true, ..Flags::default() }).await;
    let refused = owner_sets(&world, PASSWORD, NEW).await.unwrap_err();
    assert!(matches!(refused, PasswordRefusal::CannotChange));
    assert_eq!(check_of(&refused), "password_changeable");
    assert!(signs_in(&world, PASSWORD).await);
    administrator_sets(&world, NEW).await.unwrap();
}

#[tokio::test]
async fn an_expired_password_signs_nobody_in_and_can_still_be_changed() {
    let world = World::new().await;
    world.clock.advance((120 * DAY).saturating_sub(Duration::from_micros(1)));
    assert!(signs_in(&world, PASSWORD).await);
    world.clock.advance(Duration::from_micros(1));
    let refused = world.refused(world.ask(&password_form(USER, PASSWORD, ME)).await).await;
    insta::assert_snapshot!(refused, @r#"
    400
    {"error":"invalid_grant","error_description":"You entered an incorrect user name or password."}
    check: password_not_expired
    expected: a password that has not expired
    seen: the right password, older than its policy allows (AUTH-3004)
    fix: change the password at the console's sign-in page, or have an administrator set it
    "#);
    assert_eq!(user(&world).await.lock, LockState::default(), "the right password is no failure to count");
    owner_sets(&world, PASSWORD, NEW).await.unwrap();
    assert!(signs_in(&world, NEW).await);
}

#[tokio::test]
async fn a_password_that_cannot_expire_does_not() {
    let world = World::new().await;
    flags(&world, Flags { cant_expire: true, ..Flags::default() }).await;
    world.clock.advance(1000 * DAY);
    assert!(signs_in(&world, PASSWORD).await);
}

#[tokio::test]
async fn a_password_that_an_administrator_handed_out_must_be_changed_first() {
    let world = World::new().await;
    set(&world, NEW, SetBy::Administrator { must_change: true }).await.unwrap();
    let refused = world.refused(world.ask(&password_form(USER, NEW, ME)).await).await;
    insta::assert_snapshot!(refused, @r#"
    400
    {"error":"invalid_grant","error_description":"You entered an incorrect user name or password."}
    check: password_need_not_change
    expected: a password that its user has chosen
    seen: the right password, which must be changed at the first sign-in (AUTH-3005)
    fix: change the password at the console's sign-in page
    "#);
    let wrong = world.refused(world.ask(&password_form(USER, "wrong", ME)).await).await;
    assert!(wrong.contains("check: password_matches"), "of a wrong password nothing more is said: {wrong}");
    owner_sets(&world, NEW, "Other-7-Horse").await.unwrap();
    assert!(signs_in(&world, "Other-7-Horse").await);
}

#[tokio::test]
async fn a_new_password_ends_the_users_sessions_and_opens_the_lock() {
    let world = World::new().await;
    let session = world.identity.open_session(STRIPE, &world.user.id, &cause()).await.unwrap();
    for _ in 0..5 {
        assert!(!signs_in(&world, "wrong").await);
    }
    administrator_sets(&world, NEW).await.unwrap();
    assert!(world.identity.session(STRIPE, &session).await.unwrap().is_none());
    assert!(signs_in(&world, NEW).await, "the lock was for the old password");
}

#[tokio::test]
async fn of_two_changes_at_the_same_moment_one_is_lost_and_says_so() {
    let world = World::new().await;
    let (identity, id) = (&world.identity, &world.user.id);
    let by = SetBy::Administrator { must_change: false };
    let (one, two) = (Secret::new("One-7-Horse"), Secret::new("Two-7-Horse"));
    let (cause_one, cause_two) = (cause(), cause());
    let (first, second) = tokio::join!(
        identity.set_password(STRIPE, id, &one, by, &cause_one),
        identity.set_password(STRIPE, id, &two, by, &cause_two)
    );
    let (won, lost) = match (first, second) {
        (Ok(()), Err(lost)) => ("One-7-Horse", lost),
        (Err(lost), Ok(())) => ("Two-7-Horse", lost),
        other => panic!("{other:?}"),
    };
    assert!(matches!(lost, PasswordRefusal::Lost));
    assert_eq!(check_of(&lost), "password_unchanged_meanwhile");
    assert!(signs_in(&world, won).await);
}

#[tokio::test]
async fn nobody_is_not_found_and_another_stripe_has_other_users() {
    let world = World::new().await;
    world.add_other_stripe().await;
    let before = user(&world).await;
    let by = SetBy::Administrator { must_change: false };
    let password = Secret::new(NEW);
    let at = |stripe, id| {
        let (world, password) = (&world, &password);
        async move { world.identity.set_password(stripe, id, password, by, &cause()).await.unwrap_err() }
    };
    assert!(matches!(at(STRIPE, "nobody").await, PasswordRefusal::UnknownUser));
    assert!(matches!(at(crate::testing::OTHER_STRIPE, &world.user.id).await, PasswordRefusal::UnknownUser));
    assert!(matches!(at("idcs-x", &world.user.id).await, PasswordRefusal::UnknownStripe));
    assert_eq!(user(&world).await, before);
}

#[tokio::test]
async fn a_flood_of_changes_is_turned_away() {
    let world = World::new().await;
    let all = world.identity.0.passwords.occupy();
    assert!(matches!(administrator_sets(&world, NEW).await.unwrap_err(), PasswordRefusal::Busy(_)));
    drop(all);
    assert!(signs_in(&world, PASSWORD).await);
}

#[tokio::test]
async fn a_change_is_on_the_trail_without_the_password() {
    let world = World::new().await;
    owner_sets(&world, PASSWORD, NEW).await.unwrap();
    let event = events(&world).await.pop().unwrap();
    assert_eq!(event.event_id, "admin.me.password.change.success");
    assert_eq!(
        (event.cause.ec_id.as_str(), event.cause.actor.name.as_str()),
        ("ecid-of-the-test", "admin@example.com")
    );
    assert_eq!(event.target.as_ref().map(|target| target.id.as_str()), Some(world.user.id.as_str()));
    assert_eq!(event.changed, ["password"]);
    let text = serde_json::to_string(&event).unwrap();
    assert!(!text.contains(NEW) && !text.contains(PASSWORD) && !text.contains("argon2"), "{text}");
}
