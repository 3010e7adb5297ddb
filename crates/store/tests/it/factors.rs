//! Second factors, recovery codes and sign-ins that wait for them: each is used once, and by its own stripe only.

use std::time::Duration;

use obol_domain::{lockout::LockoutPolicy, totp::MfaPolicy};
use obol_store::{Db, factors, half_sign_ins, sessions, stripes, users};

use crate::identity::{ONE, TWO, at, seed};

const POLICY: LockoutPolicy = LockoutPolicy { max_incorrect_attempts: 3, lockout: Duration::from_mins(30) };

/// A confirmed factor of the user of each stripe, with two recovery codes.
async fn enrolled(db: &Db) {
    seed(db).await;
    let mut tx = db.begin().await.unwrap();
    for stripe in [ONE, TWO] {
        assert!(factors::begin(&mut tx, stripe, "u", "f", &[1, 2], at(5)).await.unwrap());
        assert!(factors::confirm(&mut tx, stripe, "u", "f", 10, at(6)).await.unwrap());
        factors::replace_recovery(&mut tx, stripe, "u", &["r1".into(), "r2".into()]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

on_each_engine!(an_enrolment_is_replaced_until_it_is_confirmed_and_then_stays, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    assert!(factors::begin(&mut tx, ONE, "u", "first", &[1], at(5)).await.unwrap());
    assert!(factors::begin(&mut tx, ONE, "u", "second", &[2], at(6)).await.unwrap());
    assert!(!factors::confirm(&mut tx, ONE, "u", "first", 1, at(7)).await.unwrap(), "it was replaced");
    assert!(!factors::confirm(&mut tx, TWO, "u", "second", 1, at(7)).await.unwrap(), "it is of another stripe");
    tx.commit().await.unwrap();
    assert!(!factors::is_active(&db, ONE, "u").await.unwrap());
    let mut tx = db.begin().await.unwrap();
    assert!(!factors::use_step(&mut tx, ONE, "u", "second", 1).await.unwrap(), "it is not confirmed");
    assert!(factors::confirm(&mut tx, ONE, "u", "second", 1, at(7)).await.unwrap());
    assert!(!factors::confirm(&mut tx, ONE, "u", "second", 2, at(8)).await.unwrap());
    assert!(!factors::begin(&mut tx, ONE, "u", "third", &[3], at(9)).await.unwrap());
    tx.commit().await.unwrap();
    let kept = factors::get(&db, ONE, "u").await.unwrap().unwrap();
    assert_eq!((kept.id.as_str(), kept.sealed_secret, kept.confirmed_at), ("second", vec![2], Some(at(7))));
    assert!(factors::is_active(&db, ONE, "u").await.unwrap());
    assert!(factors::get(&db, TWO, "u").await.unwrap().is_none());
});

on_each_engine!(a_step_and_a_recovery_code_are_used_once, |db| async move {
    enrolled(&db).await;
    let mut tx = db.begin().await.unwrap();
    for (id, step, taken) in
        [("f", 10, false), ("f", 9, false), ("other", 11, false), ("f", 11, true), ("f", 11, false), ("f", 12, true)]
    {
        assert_eq!(factors::use_step(&mut tx, ONE, "u", id, step).await.unwrap(), taken, "{id} {step}");
    }
    for (code, taken) in [("nothing", false), ("r1", true), ("r1", false)] {
        assert_eq!(factors::use_recovery(&mut tx, ONE, "u", code).await.unwrap(), taken, "{code}");
    }
    tx.commit().await.unwrap();
    assert_eq!(factors::get(&db, ONE, "u").await.unwrap().unwrap().recovery_codes, 1);
    let other = factors::get(&db, TWO, "u").await.unwrap().unwrap();
    assert_eq!((other.recovery_codes, other.last_step), (2, 10));
});

on_each_engine!(wrong_codes_lock_their_user_and_are_forgotten_by_a_right_one, |db| async move {
    enrolled(&db).await;
    let wrong = async || {
        let mut tx = db.begin().await.unwrap();
        let count = factors::record_failure(&mut tx, ONE, "u", POLICY, at(20)).await.unwrap();
        tx.commit().await.unwrap();
        (count, users::by_id(&db, ONE, "u").await.unwrap().unwrap().lock.locked_at)
    };
    assert_eq!([wrong().await, wrong().await], [(1, None), (2, None)]);
    let mut tx = db.begin().await.unwrap();
    assert!(factors::use_step(&mut tx, ONE, "u", "f", 11).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!([wrong().await, wrong().await], [(1, None), (2, None)]);
    assert_eq!(wrong().await, (3, Some(at(20))));
    assert_eq!(factors::get(&db, ONE, "u").await.unwrap().unwrap().failed_attempts, 0);
    assert_eq!(users::by_id(&db, TWO, "u").await.unwrap().unwrap().lock.locked_at, None);
});

on_each_engine!(a_removed_factor_takes_its_recovery_codes_along_and_a_removed_user_both, |db| async move {
    enrolled(&db).await;
    let mut tx = db.begin().await.unwrap();
    assert!(factors::delete(&mut tx, ONE, "u").await.unwrap());
    assert!(!factors::delete(&mut tx, ONE, "u").await.unwrap());
    assert!(!factors::use_recovery(&mut tx, ONE, "u", "r1").await.unwrap());
    half_sign_ins::insert(&mut tx, TWO, "h", "u", at(50)).await.unwrap();
    assert!(users::delete(&mut tx, TWO, "u").await.unwrap());
    tx.commit().await.unwrap();
    assert!(factors::get(&db, TWO, "u").await.unwrap().is_none());
    assert_eq!(half_sign_ins::user_of(&db, TWO, "h", at(1)).await.unwrap(), None);
});

on_each_engine!(a_half_sign_in_ends_once_by_its_time_and_with_its_users_others, |db| async move {
    seed(&db).await;
    let mut tx = db.begin().await.unwrap();
    for hash in ["a", "b", "c"] {
        half_sign_ins::insert(&mut tx, ONE, hash, "u", at(50)).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(half_sign_ins::user_of(&db, ONE, "a", at(49)).await.unwrap().as_deref(), Some("u"));
    for (stripe, hash, now) in [(ONE, "a", 50), (TWO, "a", 1), (ONE, "", 1), (ONE, "z", 1)] {
        assert_eq!(half_sign_ins::user_of(&db, stripe, hash, at(now)).await.unwrap(), None, "{stripe} {hash}");
    }
    let mut tx = db.begin().await.unwrap();
    assert!(!half_sign_ins::end(&mut tx, TWO, "a").await.unwrap());
    assert!(half_sign_ins::end(&mut tx, ONE, "a").await.unwrap());
    assert!(!half_sign_ins::end(&mut tx, ONE, "a").await.unwrap());
    assert_eq!(half_sign_ins::delete_of_user(&mut tx, TWO, "u").await.unwrap(), 0);
    assert_eq!(half_sign_ins::sweep(&mut tx, at(49)).await.unwrap(), 0);
    assert_eq!(half_sign_ins::sweep(&mut tx, at(50)).await.unwrap(), 2);
    tx.commit().await.unwrap();
});

on_each_engine!(a_session_is_touched_by_one_of_many_and_ends_when_nobody_uses_it, |db| async move {
    seed(&db).await;
    let read = sessions::get(&db, ONE, "s").await.unwrap().unwrap();
    assert!(sessions::touch(&db, ONE, &read, at(60)).await.unwrap());
    assert!(!sessions::touch(&db, ONE, &read, at(61)).await.unwrap(), "somebody else did");
    assert_eq!(sessions::get(&db, ONE, "s").await.unwrap().unwrap().last_used_at, at(60));
    assert_eq!(sessions::of_user(&db, ONE, "u", at(61), at(59)).await.unwrap().len(), 1);
    for (stripe, user, now, idle) in [(ONE, "u", 61, 60), (ONE, "u", 100, 59), (ONE, "x", 61, 59), (TWO, "u", 61, 59)] {
        assert_eq!(sessions::of_user(&db, stripe, user, at(now), at(idle)).await.unwrap(), [], "{stripe} {user}");
    }
    let mut tx = db.begin().await.unwrap();
    assert!(!sessions::delete_own(&mut tx, ONE, "x", "s").await.unwrap());
    assert_eq!(sessions::sweep(&mut tx, at(61), at(59)).await.unwrap(), 1, "the other stripe's was used at 1");
    assert!(sessions::delete_own(&mut tx, ONE, "u", "s").await.unwrap());
    tx.commit().await.unwrap();
});

on_each_engine!(the_policy_of_second_factors_is_the_stripes_own_and_raises_its_version, |db| async move {
    seed(&db).await;
    let version = async |stripe: &str| stripes::get(&db, stripe).await.unwrap().unwrap().version;
    let before = version(ONE).await;
    let mut tx = db.begin().await.unwrap();
    assert!(stripes::set_mfa(&mut tx, ONE, MfaPolicy::Required).await.unwrap());
    assert!(!stripes::set_mfa(&mut tx, "idcs-3", MfaPolicy::Off).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(stripes::get(&db, ONE).await.unwrap().unwrap().mfa, MfaPolicy::Required);
    assert_eq!(stripes::get(&db, TWO).await.unwrap().unwrap().mfa, MfaPolicy::Optional);
    assert!(version(ONE).await > before);
});
