//! An enrolment from its beginning to its end, and who may not have a part in it.

use std::time::Duration;

use obol_domain::totp::MfaPolicy;
use obol_store::{factors, stripes};
use zeroize::Zeroizing;

use super::*;
use crate::testing::{OTHER_STRIPE, PASSWORD, STRIPE, World};

pub(crate) fn cause() -> Cause {
    Cause::request("x")
}

impl World {
    pub(crate) async fn set_mfa(&self, policy: MfaPolicy) {
        let mut tx = self.db().begin().await.unwrap();
        assert!(stripes::set_mfa(&mut tx, STRIPE, policy).await.unwrap());
        tx.commit().await.unwrap();
        self.identity.forget(STRIPE);
    }

    /// The code that the user's app shows now.
    pub(crate) async fn shown_code(&self) -> Secret {
        self.code_in(0).await
    }

    /// The code that it shows some steps from now.
    pub(crate) async fn code_in(&self, steps: i64) -> Secret {
        let factor = factors::get(self.db(), STRIPE, &self.user.id).await.unwrap().unwrap();
        let purpose = purpose(STRIPE, &self.user.id, &factor.id);
        let bytes: Zeroizing<_> = self.master.open(&purpose, &factor.sealed_secret).unwrap();
        let at = Timestamp::from_micros(self.identity.now().micros() + steps * 30_000_000);
        Secret::new(TotpSecret::from_bytes(bytes).code_at(at))
    }

    pub(crate) async fn begin(&self) -> Enrolment {
        self.identity.begin_enrolment(STRIPE, &self.user.id, &cause()).await.unwrap()
    }

    /// A confirmed factor; returns its recovery codes. Time has moved on to a code that was not used.
    pub(crate) async fn enrol(&self) -> Vec<Secret> {
        let enrolment = self.begin().await;
        let codes = self.confirm(&enrolment.id, &self.shown_code().await).await.unwrap();
        self.clock.advance(Duration::from_secs(30));
        codes
    }

    async fn confirm(&self, id: &str, code: &Secret) -> Result<Vec<Secret>, FactorRefusal> {
        self.identity.confirm_enrolment(STRIPE, &self.user.id, id, code, &cause()).await
    }

    async fn active(&self) -> Option<ActiveFactor> {
        self.identity.active_factor(STRIPE, &self.user.id).await.unwrap()
    }
}

pub(crate) fn check(refusal: &FactorRefusal) -> String {
    refusal.explanation().unwrap().check.into_owned()
}

#[tokio::test]
async fn an_enrolment_is_confirmed_by_its_code_and_brings_ten_recovery_codes() {
    let world = World::new().await;
    let enrolment = world.begin().await;
    let address = enrolment.address.expose();
    assert!(address.starts_with("otpauth://totp/OracleIdentityCloudService:admin%40example.com?secret="), "{address}");
    assert!(address.contains(enrolment.secret.expose()));
    assert_eq!(world.active().await, None);
    let codes = world.confirm(&enrolment.id, &world.shown_code().await).await.unwrap();
    assert_eq!(codes.len(), totp::RECOVERY_CODES);
    let active = world.active().await.unwrap();
    assert_eq!((active.since, active.recovery_codes), (world.identity.now(), 10));
}

#[tokio::test]
async fn an_enrolment_is_not_confirmed_by_anything_else() {
    let world = World::new().await;
    let enrolment = world.begin().await;
    for code in ["", "000000", "12345", "bbbbb-bbbbb-bbbbb-bbbbb", world.code_in(2).await.expose()] {
        let refusal = world.confirm(&enrolment.id, &Secret::new(code)).await.unwrap_err();
        assert!(matches!(refusal, FactorRefusal::NotConfirmed), "{code}: {refusal:?}");
        assert_eq!(check(&refusal), "code_matches");
    }
    let refusal = world.confirm("another", &world.shown_code().await).await.unwrap_err();
    assert_eq!(check(&refusal), "enrolment_present");
    assert_eq!(world.active().await, None);
    let kept = factors::get(world.db(), STRIPE, &world.user.id).await.unwrap().unwrap();
    assert_eq!((kept.recovery_codes, kept.failed_attempts), (0, 0));
}

// Somebody else who knows the password begins one too: neither learns the other's secret, and the later one counts.
#[tokio::test]
async fn a_secret_is_shown_to_who_began_its_enrolment_only() {
    let world = World::new().await;
    let (first, second) = (world.begin().await, world.begin().await);
    assert_ne!(first.secret.expose(), second.secret.expose());
    let shown = async |id: &str| world.identity.enrolment(STRIPE, &world.user.id, id).await;
    assert_eq!(check(&shown(&first.id).await.unwrap_err()), "enrolment_present");
    assert_eq!(check(&shown("").await.unwrap_err()), "enrolment_present");
    assert_eq!(shown(&second.id).await.unwrap().secret.expose(), second.secret.expose());
    assert_eq!(check(&world.confirm(&first.id, &world.shown_code().await).await.unwrap_err()), "enrolment_present");
    world.confirm(&second.id, &world.shown_code().await).await.unwrap();
    assert_eq!(check(&shown(&second.id).await.unwrap_err()), "factor_not_enrolled");
}

#[tokio::test]
async fn a_confirmed_factor_is_not_replaced() {
    let world = World::new().await;
    world.enrol().await;
    let before = factors::get(world.db(), STRIPE, &world.user.id).await.unwrap();
    let refusal = world.identity.begin_enrolment(STRIPE, &world.user.id, &cause()).await.unwrap_err();
    assert_eq!(check(&refusal), "factor_not_enrolled");
    assert_eq!(factors::get(world.db(), STRIPE, &world.user.id).await.unwrap(), before);
}

#[tokio::test]
async fn removal_and_new_recovery_codes_need_the_password() {
    let world = World::new().await;
    let (identity, user) = (&world.identity, world.user.id.as_str());
    let old = world.enrol().await;
    let wrong = Secret::new("wrong");
    let removed = identity.remove_factor(STRIPE, user, &wrong, &cause()).await.unwrap_err();
    let renewed = identity.renew_recovery_codes(STRIPE, user, &wrong, &cause()).await.unwrap_err();
    assert_eq!([check(&removed), check(&renewed)], ["password_matches", "password_matches"]);
    assert_eq!(world.active().await.unwrap().recovery_codes, 10);

    let password = Secret::new(PASSWORD);
    let new = identity.renew_recovery_codes(STRIPE, user, &password, &cause()).await.unwrap();
    assert!(new.iter().all(|new| old.iter().all(|old| old.expose() != new.expose())));
    identity.remove_factor(STRIPE, user, &password, &cause()).await.unwrap();
    assert_eq!(world.active().await, None);
    let again = identity.remove_factor(STRIPE, user, &password, &cause()).await.unwrap_err();
    let none = identity.renew_recovery_codes(STRIPE, user, &password, &cause()).await.unwrap_err();
    assert_eq!([check(&again), check(&none)], ["factor_enrolled", "factor_enrolled"]);
}

#[tokio::test]
async fn a_user_who_may_not_act_enrols_nothing() {
    let world = World::new().await;
    world.add_other_stripe().await;
    let begin = async |stripe: &str, user: &str| world.identity.begin_enrolment(stripe, user, &cause()).await;
    assert_eq!(check(&begin("idcs-x", &world.user.id).await.unwrap_err()), "stripe_known");
    assert_eq!(check(&begin(OTHER_STRIPE, &world.user.id).await.unwrap_err()), "user_known");
    let mut tx = world.db().begin().await.unwrap();
    obol_store::users::set_active(&mut tx, STRIPE, &world.user.id, false, world.identity.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(check(&begin(STRIPE, &world.user.id).await.unwrap_err()), "user_active");
    assert!(factors::get(world.db(), STRIPE, &world.user.id).await.unwrap().is_none());
}

#[tokio::test]
async fn neither_secret_nor_recovery_code_stands_in_the_database_or_the_trail() {
    let world = World::new().await;
    let enrolment = world.begin().await;
    let codes = world.confirm(&enrolment.id, &world.shown_code().await).await.unwrap();
    let all = obol_store::Statement::new(
        "audit_events",
        "SELECT record AS kept FROM audit_events UNION ALL SELECT code_hash AS kept FROM recovery_codes",
    );
    let rows = world.db().fetch_all(&all, vec![]).await.unwrap();
    let kept: Vec<String> = rows.iter().map(|row| row.get("kept").unwrap()).collect();
    assert!(kept.len() > 11 && kept.iter().any(|row| row.contains("sso.auth.factor.create.success")), "{kept:?}");
    for secret in codes.iter().chain([&enrolment.secret]) {
        let bare = secret.expose().replace('-', "").to_uppercase();
        assert!(kept.iter().all(|row| !row.to_uppercase().contains(&bare)));
    }
}
