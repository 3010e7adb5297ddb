//! The two steps of signing in: who is asked, what a code opens and how often, and what opens nothing.

use obol_domain::totp::MfaPolicy;
use obol_store::users;

use super::*;
use crate::{
    factors::tests::{cause, check},
    passwords::SetBy,
    testing::{ME, OTHER_STRIPE, PASSWORD, STRIPE, USER, World, password_form, token_of},
};

const REFUSED: &str = r#"{"error":"invalid_grant","error_description":"Tenant is MFA enabled. Use Multi-Factor Authentication for all users in this tenant."}"#;

impl World {
    async fn first(&self, password: &str) -> Result<FirstStep, SignInRefusal> {
        self.identity.begin_sign_in(STRIPE, USER, &Secret::new(password)).await
    }

    async fn half(&self) -> Secret {
        match self.first(PASSWORD).await.unwrap() {
            FirstStep::Half(half) => half,
            FirstStep::Whole(user) => panic!("{user:?}"),
        }
    }

    async fn second(&self, half: &Secret, code: &Secret) -> Result<SignedIn, FactorRefusal> {
        self.identity.finish_sign_in(STRIPE, half, code, &cause()).await
    }

    async fn grant(&self, password: &str) -> String {
        self.refused(self.ask(&password_form(USER, password, ME)).await).await
    }

    async fn wrong_code(&self) -> Secret {
        let shown = [self.code_in(-1).await, self.code_in(0).await, self.code_in(1).await];
        let mut other = ["000000", "000001", "000002", "000003"].into_iter();
        Secret::new(other.find(|code| shown.iter().all(|shown| shown.expose() != *code)).unwrap())
    }
}

// Contract identity 2.6.
#[tokio::test]
async fn the_password_grant_fails_with_the_contracts_text_after_the_right_password_only() {
    let world = World::new().await;
    token_of(world.ask(&password_form(USER, PASSWORD, ME)).await).await;
    world.set_mfa(MfaPolicy::Required).await;
    let refused = world.grant(PASSWORD).await;
    assert!(refused.starts_with(&format!("400\n{REFUSED}\ncheck: second_factor_not_asked")), "{refused}");
    assert!(refused.contains("seen: the policy Required, which asks everybody"));
    let wrong = world.grant("wrong").await;
    assert!(wrong.contains("You entered an incorrect user name or password.") && !wrong.contains("MFA"), "{wrong}");
    assert!(wrong.contains("check: password_matches"));
    let other = world.refused(world.ask(&password_form("nobody", PASSWORD, ME)).await).await;
    assert!(other.contains("check: user_known") && !other.contains("MFA"), "{other}");
    world.identity.flush_audit().await;
    let issued = obol_store::Statement::new(
        "audit_events",
        "SELECT id FROM audit_events WHERE event_id = 'oauth.token.create.success'",
    );
    assert_eq!(world.db().fetch_all(&issued, vec![]).await.unwrap().len(), 1, "the one before the policy");
}

#[tokio::test]
async fn who_is_asked_follows_the_policy() {
    let world = World::new().await;
    assert!(world.grant(PASSWORD).await.starts_with("200"), "Optional, and nothing enrolled");
    world.enrol().await;
    for (policy, asked) in [(MfaPolicy::Optional, true), (MfaPolicy::Off, false), (MfaPolicy::Required, true)] {
        world.set_mfa(policy).await;
        let answer = world.grant(PASSWORD).await;
        assert_eq!(answer.contains(REFUSED), asked, "{policy:?} {answer}");
        assert_eq!(answer.starts_with("200"), !asked);
        assert_eq!(matches!(world.first(PASSWORD).await.unwrap(), FirstStep::Half(_)), asked, "{policy:?}");
    }
}

#[tokio::test]
async fn an_enrolment_that_is_not_confirmed_asks_for_nothing() {
    let world = World::new().await;
    world.begin().await;
    assert!(matches!(world.first(PASSWORD).await.unwrap(), FirstStep::Whole(_)));
    assert!(world.grant(PASSWORD).await.starts_with("200"));
}

#[tokio::test]
async fn client_credentials_are_not_asked() {
    let world = World::new().await;
    world.set_mfa(MfaPolicy::Required).await;
    world.client_token().await;
}

#[tokio::test]
async fn a_right_code_finishes_a_sign_in_once() {
    let world = World::new().await;
    world.enrol().await;
    let (half, other) = (world.half().await, world.half().await);
    let waits = world.identity.half_sign_in(STRIPE, &half).await.unwrap();
    assert_eq!((waits.user_id.as_str(), waits.enrolled), (world.user.id.as_str(), true));
    let code = world.shown_code().await;
    assert_eq!(world.second(&half, &code).await.unwrap().user_name, USER);
    assert_eq!(check(&world.second(&half, &code).await.unwrap_err()), "sign_in_begun");
    assert_eq!(check(&world.second(&other, &code).await.unwrap_err()), "code_matches");
    assert_eq!(check(&world.second(&other, &world.code_in(-1).await).await.unwrap_err()), "code_matches");
    world.second(&other, &world.code_in(1).await).await.unwrap();
}

#[tokio::test]
async fn the_code_that_confirmed_an_enrolment_does_not_sign_in() {
    let world = World::new().await;
    let enrolment = world.begin().await;
    let code = world.shown_code().await;
    world.identity.confirm_enrolment(STRIPE, &world.user.id, &enrolment.id, &code, &cause()).await.unwrap();
    let half = world.half().await;
    assert_eq!(check(&world.second(&half, &code).await.unwrap_err()), "code_matches");
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_however_it_is_typed() {
    let world = World::new().await;
    let codes = world.enrol().await;
    let half = world.half().await;
    world.second(&half, &Secret::new(format!(" {} ", codes[0].expose().to_uppercase()))).await.unwrap();
    let half = world.half().await;
    assert_eq!(check(&world.second(&half, &codes[0]).await.unwrap_err()), "code_matches");
    world.second(&half, &codes[1]).await.unwrap();
    let left = world.identity.active_factor(STRIPE, &world.user.id).await.unwrap().unwrap().recovery_codes;
    assert_eq!(left, 8);
}

#[tokio::test]
async fn wrong_codes_lock_the_user_and_right_passwords_between_them_do_not_forgive() {
    let world = World::new().await;
    world.enrol().await;
    let wrong = world.wrong_code().await;
    for attempt in 1..=5 {
        let half = world.half().await;
        let refusal = world.second(&half, &wrong).await.unwrap_err();
        assert!(
            matches!(refusal, FactorRefusal::WrongCode { attempts, limit: 5 } if attempts == attempt),
            "{refusal:?}"
        );
    }
    assert!(matches!(world.first(PASSWORD).await, Err(SignInRefusal::Locked(Some(_)))));
    assert!(world.grant(PASSWORD).await.contains("check: user_not_locked"));
}

#[tokio::test]
async fn a_right_code_is_refused_while_the_user_is_locked() {
    let world = World::new().await;
    let codes = world.enrol().await;
    let (half, wrong) = (world.half().await, world.wrong_code().await);
    for _ in 0..5 {
        world.second(&half, &wrong).await.unwrap_err();
    }
    for code in [&world.shown_code().await, &codes[0]] {
        assert_eq!(check(&world.second(&half, code).await.unwrap_err()), "user_not_locked");
    }
    let left = world.identity.active_factor(STRIPE, &world.user.id).await.unwrap().unwrap().recovery_codes;
    assert_eq!(left, 10, "nothing was used up");
    world.clock.advance(Duration::from_mins(30));
    let half = world.half().await;
    world.second(&half, &world.shown_code().await).await.unwrap();
}

#[tokio::test]
async fn codes_that_come_together_are_judged_one_after_the_other() {
    let world = World::new().await;
    world.enrol().await;
    let (half, wrong) = (world.half().await, world.wrong_code().await);
    let guesses = (0..12).map(|_| {
        let (identity, half, wrong) = (world.identity.clone(), half.clone(), wrong.clone());
        tokio::spawn(async move { identity.finish_sign_in(STRIPE, &half, &wrong, &cause()).await.unwrap_err() })
    });
    let mut judged = 0;
    for guess in guesses.collect::<Vec<_>>() {
        judged += usize::from(matches!(guess.await.unwrap(), FactorRefusal::WrongCode { .. }));
    }
    assert_eq!(judged, 5, "the fifth locks, and none is judged after it");
}

#[tokio::test]
async fn one_code_that_comes_twice_together_signs_in_once() {
    let world = World::new().await;
    world.enrol().await;
    let code = world.shown_code().await;
    let mut tries = Vec::new();
    for _ in 0..6 {
        let (identity, half, code) = (world.identity.clone(), world.half().await, code.clone());
        tries.push(tokio::spawn(async move { identity.finish_sign_in(STRIPE, &half, &code, &cause()).await.is_ok() }));
    }
    let mut opened = 0;
    for attempt in tries {
        opened += usize::from(attempt.await.unwrap());
    }
    assert_eq!(opened, 1);
}

#[tokio::test]
async fn a_half_sign_in_is_no_session_and_ends_by_its_time_its_stripe_and_a_new_password() {
    let world = World::new().await;
    world.enrol().await;
    world.add_other_stripe().await;
    let half = world.half().await;
    assert!(world.identity.session(STRIPE, &half).await.unwrap().is_none());
    for (stripe, id) in [(OTHER_STRIPE, half.expose()), (STRIPE, ""), (STRIPE, "guess")] {
        let refusal = world.identity.half_sign_in(stripe, &Secret::new(id)).await.unwrap_err();
        assert_eq!(check(&refusal), "sign_in_begun");
    }
    let session = world.identity.open_session(STRIPE, &world.user.id, &cause()).await.unwrap();
    assert_eq!(check(&world.identity.half_sign_in(STRIPE, &session).await.unwrap_err()), "sign_in_begun");

    world.clock.advance(SECOND_STEP);
    assert_eq!(check(&world.second(&half, &world.shown_code().await).await.unwrap_err()), "sign_in_begun");

    let half = world.half().await;
    let by = SetBy::Administrator { must_change: false };
    world.identity.set_password(STRIPE, &world.user.id, &Secret::new("Correct-7-Horse"), by, &cause()).await.unwrap();
    assert_eq!(check(&world.second(&half, &world.shown_code().await).await.unwrap_err()), "sign_in_begun");
}

#[tokio::test]
async fn a_user_deactivated_between_the_steps_does_not_get_in() {
    let world = World::new().await;
    world.enrol().await;
    let half = world.half().await;
    let mut tx = world.db().begin().await.unwrap();
    users::set_active(&mut tx, STRIPE, &world.user.id, false, world.identity.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(check(&world.second(&half, &world.shown_code().await).await.unwrap_err()), "user_active");
}

#[tokio::test]
async fn who_has_no_factor_under_required_enrols_at_the_second_step() {
    let world = World::new().await;
    world.set_mfa(MfaPolicy::Required).await;
    let half = world.half().await;
    assert!(!world.identity.half_sign_in(STRIPE, &half).await.unwrap().enrolled);
    assert_eq!(check(&world.second(&half, &Secret::new("000000")).await.unwrap_err()), "factor_enrolled");
    let finish = async |id: &str, code: Secret| {
        world
            .identity
            .finish_enrolment(STRIPE, &half, id, &code, &cause())
            .await
            .map(|(user, codes)| (user, codes.len()))
    };
    assert_eq!(check(&finish("none", Secret::new("000000")).await.unwrap_err()), "enrolment_present");
    let enrolment = world.begin().await;
    assert_eq!(check(&finish(&enrolment.id, world.wrong_code().await).await.unwrap_err()), "code_matches");
    let (user, codes) = finish(&enrolment.id, world.shown_code().await).await.unwrap();
    assert_eq!((user.user_name.as_str(), codes), (USER, 10));
    assert_eq!(check(&finish(&enrolment.id, world.shown_code().await).await.unwrap_err()), "sign_in_begun");
}
