//! Passwords that were verified moments ago, so that the second token of a script does not pay for an Argon2id again.
//!
//! What is remembered is a keyed hash (HMAC-SHA-256) under a key that this process drew at its start and nobody else ever
//! has. It covers the stripe, the user's id, the hash in the database, when the user last changed, and the password; any
//! change to the user makes it another one, and no old one is found any more. It is looked for only where the user may
//! sign in and no wrong password was counted since the last right one. See ADR 10.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use obol_domain::seal::MasterKey;
use obol_protocol::{Secret, Timestamp};
use obol_store::users::User;

/// How long a password is remembered after it was verified by Argon2id. Being found does not prolong it.
const LIFE: Duration = Duration::from_mins(1);
/// Passwords remembered at the most; beyond it what has ended is forgotten, and then everything.
const MOST: usize = 10_000;

type Fingerprint = [u8; 32];

/// The memo of one process.
pub(crate) struct PasswordMemo {
    /// None when it is switched off.
    key: Option<MasterKey>,
    kept: Mutex<HashMap<Fingerprint, Timestamp>>,
}

impl PasswordMemo {
    /// With the process's own key, or none to switch it off.
    pub(crate) fn new(key: Option<MasterKey>) -> Self {
        Self { key, kept: Mutex::default() }
    }

    /// Whether this password of this user, as the database has them now, was verified moments ago.
    pub(crate) fn knows(&self, stripe: &str, user: &User, password: &Secret, now: Timestamp) -> bool {
        if user.lock.failed_attempts != 0 || !user.is_active {
            return false;
        }
        let Some(fingerprint) = self.fingerprint(stripe, user, password) else { return false };
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&fingerprint).copied();
        kept.is_some_and(|verified| holds(verified, now))
    }

    /// Remembers a password that Argon2id has just verified.
    pub(crate) fn remember(&self, stripe: &str, user: &User, password: &Secret, now: Timestamp) {
        let Some(fingerprint) = self.fingerprint(stripe, user, password) else { return };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, verified| holds(*verified, now));
            if kept.len() >= MOST {
                kept.clear();
            }
        }
        kept.insert(fingerprint, now);
    }

    fn fingerprint(&self, stripe: &str, user: &User, password: &Secret) -> Option<Fingerprint> {
        let (key, hash) = (self.key.as_ref()?, user.password_hash.as_ref()?);
        let modified_at = user.modified_at.micros().to_be_bytes();
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(256));
        for part in [stripe.as_bytes(), user.id.as_bytes(), hash.as_bytes(), &modified_at, password.expose().as_bytes()]
        {
            // Each part with its length, so that no two users and passwords are the same bytes.
            bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        Some(key.keyed_hash("password memo", &bytes))
    }
}

/// A clock that went back ends it too.
fn holds(verified: Timestamp, now: Timestamp) -> bool {
    verified <= now && now < verified.plus(LIFE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ME, OTHER_STRIPE, PASSWORD, STRIPE, USER, World, password_form};

    fn key(byte: u8) -> Option<MasterKey> {
        MasterKey::new(&[byte; 32]).ok()
    }

    async fn user(world: &World) -> User {
        obol_store::users::by_id(world.db(), STRIPE, &world.user.id).await.unwrap().unwrap()
    }

    /// How many Argon2id a sign-in with this password costs.
    async fn costs(world: &World, password: &str) -> u64 {
        let before = world.identity.0.passwords.worked();
        world.ask(&password_form(USER, password, ME)).await;
        world.identity.0.passwords.worked() - before
    }

    #[tokio::test]
    async fn a_repeat_within_a_minute_costs_no_argon2id_and_one_after_it_does() {
        let world = World::new().await;
        assert_eq!(costs(&world, PASSWORD).await, 1);
        assert_eq!(costs(&world, PASSWORD).await, 0);
        world.clock.advance(LIFE.saturating_sub(Duration::from_micros(1)));
        assert_eq!(costs(&world, PASSWORD).await, 0, "and being found does not prolong it");
        world.clock.advance(Duration::from_micros(1));
        assert_eq!(costs(&world, PASSWORD).await, 1);
    }

    #[tokio::test]
    async fn a_wrong_password_always_costs_one_and_ends_the_memo_until_the_next_right_one() {
        let world = World::new().await;
        costs(&world, PASSWORD).await;
        for wrong in ["wrong", "x", &PASSWORD[1..]] {
            assert_eq!(costs(&world, wrong).await, 1, "{wrong}");
        }
        assert_eq!(costs(&world, PASSWORD).await, 1, "wrong ones were counted since");
        assert_eq!(costs(&world, PASSWORD).await, 0);
    }

    #[tokio::test]
    async fn a_change_to_the_user_ends_it_at_once() {
        let world = World::new().await;
        costs(&world, PASSWORD).await;
        let known =
            |user: &User| world.identity.0.memo.knows(STRIPE, user, &Secret::new(PASSWORD), world.identity.now());
        let now = user(&world).await;
        assert!(known(&now));
        let hash = now.password_hash.clone().unwrap();
        let locked = obol_domain::lockout::LockState { failed_attempts: 1, locked_at: None };
        for changed in [
            User { is_active: false, ..now.clone() },
            User { lock: locked, ..now.clone() },
            User { password_hash: Some(format!("{hash}x")), ..now.clone() },
            User { password_hash: None, ..now.clone() },
            User { modified_at: now.modified_at.plus(Duration::from_micros(1)), ..now.clone() },
            User { id: "another".into(), ..now.clone() },
        ] {
            assert!(!known(&changed));
        }
    }

    #[tokio::test]
    async fn a_deactivated_user_is_refused_however_fresh_the_memo() {
        let world = World::new().await;
        costs(&world, PASSWORD).await;
        let mut tx = world.db().begin().await.unwrap();
        obol_store::users::set_active(&mut tx, STRIPE, &world.user.id, false, world.identity.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.ask(&password_form(USER, PASSWORD, ME)).await.status(), 400);
        assert_eq!(costs(&world, PASSWORD).await, 1);
    }

    #[tokio::test]
    async fn it_is_of_one_stripe_one_password_and_one_process() {
        let world = World::new().await;
        let (user, now) = (user(&world).await, world.identity.now());
        let memo = PasswordMemo::new(key(1));
        memo.remember(STRIPE, &user, &Secret::new("one"), now);
        assert!(memo.knows(STRIPE, &user, &Secret::new("one"), now));
        assert!(!memo.knows(OTHER_STRIPE, &user, &Secret::new("one"), now));
        assert!(!memo.knows(STRIPE, &user, &Secret::new("two"), now));
        assert!(!memo.knows(STRIPE, &user, &Secret::new("one"), now.minus(Duration::from_micros(1))));
        let kept: Vec<_> = memo.kept.lock().unwrap().keys().copied().collect();
        let other = PasswordMemo::new(key(2));
        other.remember(STRIPE, &user, &Secret::new("one"), now);
        assert!(!other.kept.lock().unwrap().contains_key(&kept[0]), "the key is the process's own");
    }

    #[tokio::test]
    async fn switched_off_it_knows_nothing() {
        let world = World::new().await;
        let (user, now) = (user(&world).await, world.identity.now());
        let memo = PasswordMemo::new(None);
        memo.remember(STRIPE, &user, &Secret::new("one"), now);
        assert!(!memo.knows(STRIPE, &user, &Secret::new("one"), now));
    }

    #[tokio::test]
    async fn it_is_bounded() {
        let world = World::new().await;
        let (user, now) = (user(&world).await, world.identity.now());
        let memo = PasswordMemo::new(key(1));
        for number in 0..=MOST {
            memo.remember(STRIPE, &user, &Secret::new(number.to_string()), now);
        }
        assert!(memo.kept.lock().unwrap().len() <= MOST);
        assert!(memo.knows(STRIPE, &user, &Secret::new(MOST.to_string()), now), "the newest stays");
    }
}
