//! Whoever does not know a password learns nothing of its user: one answer, and one Argon2id, for all there may be.

use obol_store::passwords::{self, Flags};

use super::*;

const PEOPLE: [&str; 7] =
    [USER, "unknown@example.com", "locked", "inactive", "must-change", "enrolled", "without-a-password"];

/// Everybody there may be: known, locked, deactivated, with a password to be changed, with a factor, and without a password.
async fn everybody() -> World {
    let world = World::new().await;
    let now = world.identity.now();
    let mut tx = world.db().begin().await.unwrap();
    for name in ["locked", "inactive", "must-change", "enrolled", "without-a-password"] {
        let mut new = new_user(name);
        if name == "without-a-password" {
            new.password = None;
        }
        let id = world.provisioning().user(&mut tx, STRIPE, &new).await.unwrap().id;
        match name {
            "locked" => {
                let lock = LockState { failed_attempts: 5, locked_at: Some(now) };
                users::set_lock(&mut tx, STRIPE, &id, lock).await.unwrap();
            }
            "inactive" => {
                users::set_active(&mut tx, STRIPE, &id, false, now).await.unwrap();
            }
            "must-change" => {
                let flags = Flags { must_change: true, ..Flags::default() };
                passwords::set_flags(&mut tx, STRIPE, &id, flags).await.unwrap();
            }
            "enrolled" => {
                obol_store::factors::begin(&mut tx, STRIPE, &id, "f", &[1], now).await.unwrap();
                obol_store::factors::confirm(&mut tx, STRIPE, &id, "f", 1, now).await.unwrap();
            }
            _ => {}
        }
    }
    tx.commit().await.unwrap();
    world
}

/// The whole answer without the request's id, and how many Argon2id it took.
async fn asked(world: &World, name: &str, password: &str) -> (String, u64) {
    let before = world.identity.0.passwords.worked();
    let mut answer = world.ask(&password_form(name, password, ME)).await;
    assert!(answer.headers_mut().remove("x-oracle-dms-ecid").is_some());
    answer.headers_mut().remove(header::DATE);
    (whole(answer).await, world.identity.0.passwords.worked() - before)
}

// Contract identity 2.6: AUTH-3001's text for all of them.
#[tokio::test]
async fn the_token_endpoint_answers_a_wrong_password_the_same_for_everybody() {
    let world = everybody().await;
    let (known, _) = asked(&world, USER, "wrong").await;
    assert!(known.starts_with("400\n") && known.contains("You entered an incorrect user name or password."), "{known}");
    for name in PEOPLE {
        assert_eq!(asked(&world, name, "wrong").await, (known.clone(), 1), "{name}");
    }
    for name in ["unknown@example.com", "locked", "inactive", "must-change", "without-a-password"] {
        assert_eq!(asked(&world, name, PASSWORD).await, (known.clone(), 1), "{name} with the right one");
    }
}

#[tokio::test]
async fn a_sign_in_refuses_a_wrong_password_with_one_text_and_one_argon2id_for_everybody() {
    let world = everybody().await;
    for name in PEOPLE {
        for password in ["wrong", ""] {
            let before = world.identity.0.passwords.worked();
            let refusal = world.identity.begin_sign_in(STRIPE, name, &Secret::new(password)).await.unwrap_err();
            assert_eq!(refusal.public_text(), "You entered an incorrect user name or password.", "{name}");
            assert_eq!(world.identity.0.passwords.worked() - before, 1, "{name}");
        }
    }
}

// The policy of second factors shows only to whoever knows a password.
#[tokio::test]
async fn required_second_factors_change_none_of_it() {
    let world = everybody().await;
    let (before, _) = asked(&world, USER, "wrong").await;
    world.set_mfa(obol_domain::totp::MfaPolicy::Required).await;
    for name in PEOPLE {
        assert_eq!(asked(&world, name, "wrong").await, (before.clone(), 1), "{name}");
    }
}
