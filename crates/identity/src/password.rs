//! Passwords: Argon2id (19 MiB, two passes, one lane) on a bounded pool.
//!
//! One hash costs some 15 ms of a core and 19 MiB, so the pool is also the guard against whoever sends many: `slots` of
//! them run at a time, a bounded number wait, and the rest are turned away at once. Memory is kept from one hash to the
//! next, because fresh pages cost more than a tenth of the hash; it is given back when nobody signs in.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use obol_domain::{Entropy, seal::MasterKey};
use obol_protocol::Secret;
use obol_store::StoreError;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use crate::ServiceError;

/// OWASP's parameters, in KiB, passes and lanes.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Bytes of salt and hash.
const SALT: usize = 16;
const HASH: usize = 32;
/// How many requests may wait for each slot: about half a second of work.
const WAITING_PER_SLOT: usize = 32;

/// Every slot is taken and as many wait as may; try again in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Busy;

/// Why a password was not checked. None of it says anything about the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotChecked {
    /// There is no place for it.
    Busy,
    /// What is kept is no hash that can be read.
    Unreadable,
    /// The check ended without a result.
    Interrupted,
}

impl NotChecked {
    /// The refusal it becomes for a hash that stands in this column of this row.
    pub(crate) fn of<R: From<Busy> + From<ServiceError>>(
        self,
        table: &'static str,
        column: &'static str,
        key: &str,
    ) -> R {
        match self {
            Self::Busy => Busy.into(),
            Self::Unreadable => ServiceError::Store(StoreError::Corrupt { table, column, key: key.to_owned() }).into(),
            Self::Interrupted => ServiceError::PasswordCheck.into(),
        }
    }
}

/// Hashes and verifies passwords. Clones share the slots.
#[derive(Clone)]
pub(crate) struct PasswordPool(Arc<Pool>);

struct Pool {
    /// Running and waiting together.
    places: Arc<Semaphore>,
    slots: Arc<Semaphore>,
    memory: Mutex<Vec<Vec<Block>>>,
    used: AtomicBool,
    /// How often Argon2id was worked out, for tests of what costs one and what does not.
    #[cfg(test)]
    worked: std::sync::atomic::AtomicU64,
    /// Random bytes of this process that leave it in no form.
    own: zeroize::Zeroizing<[u8; HASH]>,
    /// What is verified when there is nothing to verify, so that an unknown user takes as long as a known one.
    nobody: String,
}

impl PasswordPool {
    pub(crate) fn new(slots: usize, entropy: &dyn Entropy) -> Self {
        let slots = slots.max(1);
        // No password has this hash: it is random.
        let salt = entropy.bytes::<SALT>();
        let own = zeroize::Zeroizing::new(entropy.bytes::<HASH>());
        let nobody = encode(&salt, own.as_slice());
        Self(Arc::new(Pool {
            places: Arc::new(Semaphore::new(slots + slots * WAITING_PER_SLOT)),
            slots: Arc::new(Semaphore::new(slots)),
            memory: Mutex::default(),
            used: AtomicBool::new(false),
            #[cfg(test)]
            worked: std::sync::atomic::AtomicU64::default(),
            own,
            nobody,
        }))
    }

    /// Whether the password is the one that was hashed. Without a hash the answer is no, after the same time.
    pub(crate) async fn verify(&self, password: &Secret, hash: Option<&str>) -> Result<bool, NotChecked> {
        let place = Arc::clone(&self.0.places).try_acquire_owned().map_err(|_| NotChecked::Busy)?;
        let slot = Arc::clone(&self.0.slots).acquire_owned().await.map_err(|_| NotChecked::Busy)?;
        let (pool, password) = (Arc::clone(&self.0), password.clone());
        let (known, hash) = (hash.is_some(), hash.map_or_else(|| self.0.nobody.clone(), str::to_owned));
        // The permits go along: a client that hangs up does not make room before the work is done.
        let work = move || {
            let _permits = (place, slot);
            pool.verify(&password, &hash).map(|right| right && known)
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| NotChecked::Interrupted)?
    }

    /// Hashes a password for keeping, on the pool.
    pub(crate) async fn hash(&self, entropy: &dyn Entropy, password: &Secret) -> Result<String, NotChecked> {
        let place = Arc::clone(&self.0.places).try_acquire_owned().map_err(|_| NotChecked::Busy)?;
        let slot = Arc::clone(&self.0.slots).acquire_owned().await.map_err(|_| NotChecked::Busy)?;
        let (pool, password, salt) = (Arc::clone(&self.0), password.clone(), entropy.bytes::<SALT>());
        let work = move || {
            let _permits = (place, slot);
            let params = Params::new(MEMORY, PASSES, LANES, Some(HASH)).map_err(|_| NotChecked::Interrupted)?;
            let hash = pool.derive(params, &password, &salt).ok_or(NotChecked::Interrupted)?;
            Ok(encode(&salt, &hash))
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| NotChecked::Interrupted)?
    }

    /// A key that only this process ever has, for what it remembers of passwords.
    pub(crate) fn process_key(&self) -> Option<MasterKey> {
        MasterKey::new(&self.0.own).ok()
    }

    /// How often Argon2id was worked out.
    #[cfg(test)]
    pub(crate) fn worked(&self) -> u64 {
        self.0.worked.load(Ordering::Relaxed)
    }

    /// Takes every place, as a flood would.
    #[cfg(test)]
    pub(crate) fn occupy(&self) -> tokio::sync::OwnedSemaphorePermit {
        let all = u32::try_from(self.0.places.available_permits()).unwrap();
        Arc::clone(&self.0.places).try_acquire_many_owned(all).unwrap()
    }

    /// Gives the kept memory back if nothing was verified since the last call.
    pub(crate) fn release_idle(&self) {
        if !self.0.used.swap(false, Ordering::Relaxed) {
            self.0.memory.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

impl Pool {
    fn verify(&self, password: &Secret, hash: &str) -> Result<bool, NotChecked> {
        let (params, salt, expected) = decode(hash).ok_or(NotChecked::Unreadable)?;
        let found = self.derive(params, password, &salt);
        found.map(|found| found.ct_eq(&expected).into()).ok_or(NotChecked::Unreadable)
    }

    /// One Argon2id, in memory that is kept from one to the next.
    fn derive(&self, params: Params, password: &Secret, salt: &[u8]) -> Option<[u8; HASH]> {
        self.used.store(true, Ordering::Relaxed);
        #[cfg(test)]
        self.worked.fetch_add(1, Ordering::Relaxed);
        let kept = self.memory.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut memory = kept.unwrap_or_default();
        memory.resize(params.block_count(), Block::new());
        let found = derive(params, password, salt, &mut memory);
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
        found
    }
}

/// Hashes a password for keeping, in PHC string format. It blocks for some 15 ms.
pub(crate) fn hash(entropy: &dyn Entropy, password: &Secret) -> Option<String> {
    let params = Params::new(MEMORY, PASSES, LANES, Some(HASH)).ok()?;
    let salt = entropy.bytes::<SALT>();
    let mut memory = vec![Block::new(); params.block_count()];
    derive(params, password, &salt, &mut memory).map(|hash| encode(&salt, &hash))
}

fn derive(params: Params, password: &Secret, salt: &[u8], memory: &mut [Block]) -> Option<[u8; HASH]> {
    let mut hash = [0; HASH];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.expose().as_bytes(), salt, &mut hash, memory)
        .ok()
        .map(|()| hash)
}

fn encode(salt: &[u8], hash: &[u8]) -> String {
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    format!("$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}${salt}${hash}")
}

/// Reads a PHC string of Argon2id. What asks for more memory or time than any of ours is not read.
fn decode(text: &str) -> Option<(Params, Vec<u8>, Vec<u8>)> {
    let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
    let (costs, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let mut costs = costs.split(',');
    let mut cost = |name: &str, most: u32| -> Option<u32> {
        costs.next()?.strip_prefix(name)?.parse().ok().filter(|value| *value <= most)
    };
    let (memory, passes, lanes) = (cost("m=", 4 * MEMORY)?, cost("t=", 10)?, cost("p=", 4)?);
    let params = Params::new(memory, passes, lanes, Some(HASH)).ok()?;
    let hash = STANDARD_NO_PAD.decode(hash).ok().filter(|hash| hash.len() == HASH)?;
    Some((params, STANDARD_NO_PAD.decode(salt).ok()?, hash))
}

#[cfg(test)]
mod tests {
    use obol_testkit::SeededEntropy;
    use proptest::prelude::*;

    use super::*;

    fn pool(slots: usize) -> PasswordPool {
        PasswordPool::new(slots, &SeededEntropy::new(1))
    }

    #[tokio::test]
    async fn only_the_password_that_was_hashed_verifies() {
        let hashed = hash(&SeededEntropy::new(2), &Secret::new("right")).unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        let pool = pool(1);
        assert_eq!(pool.verify(&Secret::new("right"), Some(&hashed)).await, Ok(true));
        for wrong in ["", "Right", "right ", "wrong"] {
            assert_eq!(pool.verify(&Secret::new(wrong), Some(&hashed)).await, Ok(false), "{wrong}");
        }
    }

    #[tokio::test]
    async fn without_a_hash_nothing_verifies_and_the_work_is_done_all_the_same() {
        let pool = pool(1);
        assert_eq!(pool.verify(&Secret::new(""), None).await, Ok(false));
        assert_eq!(pool.0.memory.lock().unwrap().len(), 1, "the memory of one hash was used");
    }

    #[tokio::test]
    async fn a_hash_that_cannot_be_read_is_no_wrong_password() {
        let pool = pool(1);
        let short_salt = encode(&[1; 4], &[2; HASH]);
        for unreadable in ["", "canary", "$argon2id$v=19$m=19456,t=2,p=1$x$y", &short_salt] {
            let checked = pool.verify(&Secret::new("x"), Some(unreadable)).await;
            assert_eq!(checked, Err(NotChecked::Unreadable), "{unreadable}");
        }
    }

    #[tokio::test]
    async fn a_full_queue_turns_away_at_once() {
        let pool = pool(1);
        let all = pool.occupy();
        assert_eq!(pool.verify(&Secret::new("x"), None).await, Err(NotChecked::Busy));
        drop(all);
        assert_eq!(pool.verify(&Secret::new("x"), None).await, Ok(false));
    }

    #[tokio::test]
    async fn kept_memory_is_given_back_when_nobody_signs_in() {
        let pool = pool(1);
        pool.verify(&Secret::new("x"), None).await.unwrap();
        pool.release_idle();
        assert_eq!(pool.0.memory.lock().unwrap().len(), 1);
        pool.release_idle();
        assert!(pool.0.memory.lock().unwrap().is_empty());
    }

    #[test]
    fn hashes_that_cost_too_much_are_not_read() {
        let good = encode(&[1; SALT], &[2; HASH]);
        assert!(decode(&good).is_some());
        for bad in [
            good.replace("m=19456", "m=4000000"),
            good.replace("t=2", "t=100"),
            good.replace("p=1", "p=64"),
            good.replace("argon2id", "argon2i"),
            good.replace("v=19", "v=16"),
            format!("{good}$"),
            good[..good.len() - 1].to_owned(),
        ] {
            assert!(decode(&bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".*", tail in "[$a-z0-9=,+/]*") {
            let _ = decode(&text);
            let _ = decode(&format!("$argon2id$v=19${tail}"));
        }
    }
}
