//! Refusals of the user (contract identity 2.6 and 9).

use obol_store::passwords::{self, NewHash};

use super::*;

#[tokio::test]
async fn a_user_who_fails_to_sign_in_learns_nothing_about_why() {
    let world = World::new().await;
    let wrong = world.ask(&password_form(USER, "canary-wrong", ME)).await;
    insta::assert_snapshot!(world.refused(wrong).await, @r#"
    400
    {"error":"invalid_grant","error_description":"You entered an incorrect user name or password."}
    check: password_matches
    expected: the user's password
    seen: another password, 1 of 5 attempts before the user is locked
    fix: check the password; percent-encode it in the form, as curl does with --data-urlencode
    "#);
    let unknown = world.ask(&password_form("nobody", "canary-wrong", ME)).await;
    insta::assert_snapshot!(world.refused(unknown).await, @r#"
    400
    {"error":"invalid_grant","error_description":"You entered an incorrect user name or password."}
    check: user_known
    expected: a user of this stripe who has a password
    seen: no such user
    fix: check the user name (it may be an email address) and the stripe in the URL
    "#);

    let mut tx = world.db().begin().await.unwrap();
    let locked = LockState { failed_attempts: 5, locked_at: Some(world.identity.now()) };
    users::set_lock(&mut tx, STRIPE, &world.user.id, locked).await.unwrap();
    tx.commit().await.unwrap();
    insta::assert_snapshot!(world.refused(world.ask(&password()).await).await, @r#"
    400
    {"error":"invalid_grant","error_description":"You entered an incorrect user name or password."}
    check: user_not_locked
    expected: a user who is not locked
    seen: a user locked until 2026-11-22T12:30:00.000Z
    fix: wait until then, or have an administrator unlock the user
    "#);

    let mut tx = world.db().begin().await.unwrap();
    users::set_active(&mut tx, STRIPE, &world.user.id, false, world.identity.now()).await.unwrap();
    tx.commit().await.unwrap();
    insta::assert_snapshot!(world.refused(world.ask(&password()).await).await, @r#"
    400
    {"error":"invalid_grant","error_description":"You entered an incorrect user name or password."}
    check: user_active
    expected: an active user
    seen: a deactivated user
    fix: have an administrator activate the user
    "#);
}

#[tokio::test]
async fn a_user_without_a_password_cannot_sign_in_by_one() {
    let world = World::new().await;
    let mut tx = world.db().begin().await.unwrap();
    let new = crate::provisioning::NewUser { password: None, ..new_user("federated") };
    world.provisioning().user(&mut tx, STRIPE, &new).await.unwrap();
    tx.commit().await.unwrap();
    for password in ["x", "null", "*"] {
        assert_eq!(world.ask(&password_form("federated", password, ME)).await.status(), 400);
    }
}

// Contract identity 9: five attempts, thirty minutes.
#[tokio::test]
async fn five_wrong_passwords_lock_and_the_lock_opens_after_thirty_minutes() {
    let world = World::new().await;
    for _ in 0..5 {
        assert_eq!(world.ask(&password_form(USER, "wrong", ME)).await.status(), 400);
    }
    let refused = world.refused(world.ask(&password()).await).await;
    assert!(refused.contains("check: user_not_locked"), "{refused}");
    world.clock.advance(Duration::from_mins(30) - Duration::from_micros(1));
    assert_eq!(world.ask(&password()).await.status(), 400);
    world.clock.advance(Duration::from_micros(1));
    world.user_token().await;
    let user = users::by_id(world.db(), STRIPE, &world.user.id).await.unwrap().unwrap();
    assert_eq!(user.lock, LockState::default());
}

#[tokio::test]
async fn a_hash_that_cannot_be_read_is_our_failure_and_locks_nobody() {
    let world = World::new().await;
    let mut tx = world.db().begin().await.unwrap();
    let user = users::by_id(world.db(), STRIPE, &world.user.id).await.unwrap().unwrap();
    let now = world.identity.now();
    let new = NewHash { before: user.password_hash.as_deref(), hash: "canary", must_change: false, by: "", now };
    assert!(passwords::replace(&mut tx, STRIPE, &world.user.id, new).await.unwrap());
    let new = NewApplication { secret: Some(Secret::new("x")), ..new_application() };
    let app = world.provisioning().application(&mut tx, STRIPE, &new).await.unwrap();
    let unreadable = apps::ClientSecret::Password("canary".into());
    apps::set_secret(&mut tx, STRIPE, &app.id, &unreadable, world.identity.now()).await.unwrap();
    tx.commit().await.unwrap();
    world.identity.forget(STRIPE);
    for _ in 0..6 {
        let answer = world.refused(world.ask(&password()).await).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer, @r#"
            500
            {"error":"server_error","error_description":"The server could not process the request."}
            "#);
        }
    }
    let user = users::by_id(world.db(), STRIPE, &world.user.id).await.unwrap().unwrap();
    assert_eq!(user.lock, LockState::default());
    let request = token_request(Some(&basic(&app.client_id, "x")), CLIENT_CREDENTIALS);
    assert_eq!(world.send(request).await.status(), 500);
}

#[tokio::test]
async fn a_right_password_forgets_the_wrong_ones_before_it() {
    let world = World::new().await;
    for _ in 0..3 {
        for _ in 0..4 {
            world.ask(&password_form(USER, "wrong", ME)).await;
        }
        world.user_token().await;
    }
}

/// On SQLite only, where a second writer waits for the first; the statements are the same on both engines.
#[cfg(not(feature = "postgres-tests"))]
#[tokio::test]
async fn a_successful_token_writes_nothing() {
    let world = World::new().await;
    world.user_token().await;
    // A writer that nobody else can get past shows that none is needed.
    let blocked = world.db().begin().await.unwrap();
    world.user_token().await;
    world.client_token().await;
    drop(blocked);
}

#[tokio::test]
async fn a_flood_of_passwords_is_turned_away_and_tokens_without_one_are_not_held_up() {
    let world = World::new().await;
    let all = world.identity.0.passwords.occupy();
    insta::assert_snapshot!(world.refused(world.ask(&password()).await).await, @r#"
    503
    retry-after: 1
    {"error":"temporarily_unavailable","error_description":"The service is busy."}
    check: password_capacity
    expected: a free place among those whose password is being checked
    seen: none
    fix: repeat after the time that Retry-After gives
    "#);
    world.client_token().await;
    drop(all);
    world.user_token().await;
}
