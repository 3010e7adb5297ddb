//! When wrong passwords lock a user out, and when the lock opens by itself (contract identity 9).

use std::time::Duration;

use obol_protocol::Timestamp;

/// What a password policy says about wrong passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockoutPolicy {
    /// How many wrong passwords in a row lock the user; zero never locks.
    pub max_incorrect_attempts: u32,
    /// How long the lock holds; zero means until an administrator opens it.
    pub lockout: Duration,
}

impl LockoutPolicy {
    /// The values of the standard policy: five attempts, thirty minutes.
    pub const STANDARD: Self = Self { max_incorrect_attempts: 5, lockout: Duration::from_mins(30) };
}

/// What is remembered of a user's wrong passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LockState {
    /// Wrong passwords since the last right one.
    pub failed_attempts: u32,
    /// When the user was locked, if they were.
    pub locked_at: Option<Timestamp>,
}

/// Whether a user may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not locked, or the lock has run out.
    Open,
    /// Locked until that instant, or until an administrator opens it.
    Locked {
        /// When the lock opens by itself.
        until: Option<Timestamp>,
    },
}

impl LockState {
    /// Whether the user is locked at `now`. A lock ends at its instant, not after it.
    pub fn standing(self, policy: LockoutPolicy, now: Timestamp) -> Standing {
        let Some(locked_at) = self.locked_at else { return Standing::Open };
        if policy.lockout.is_zero() {
            return Standing::Locked { until: None };
        }
        let until = locked_at.plus(policy.lockout);
        if now < until { Standing::Locked { until: Some(until) } } else { Standing::Open }
    }

    /// Whether the user is locked at `now`.
    pub fn is_locked(self, policy: LockoutPolicy, now: Timestamp) -> bool {
        matches!(self.standing(policy, now), Standing::Locked { .. })
    }

    /// The state after one more wrong password. While the lock holds nothing changes, so that guessing on does not
    /// prolong it; after a lock that ran out the count begins anew.
    #[must_use]
    pub fn after_failure(self, policy: LockoutPolicy, now: Timestamp) -> Self {
        if self.is_locked(policy, now) {
            return self;
        }
        let counted = if self.locked_at.is_some() { 0 } else { self.failed_attempts };
        let failed_attempts = counted.saturating_add(1);
        let locks = policy.max_incorrect_attempts > 0 && failed_attempts >= policy.max_incorrect_attempts;
        Self { failed_attempts, locked_at: locks.then_some(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: LockoutPolicy = LockoutPolicy::STANDARD;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn locked_at(seconds: i64) -> LockState {
        LockState { failed_attempts: 5, locked_at: Some(at(seconds)) }
    }

    #[test]
    fn the_fifth_wrong_password_locks_and_the_fourth_does_not() {
        let mut state = LockState::default();
        for _ in 0..4 {
            state = state.after_failure(POLICY, at(0));
        }
        assert_eq!(state, LockState { failed_attempts: 4, locked_at: None });
        assert_eq!(state.standing(POLICY, at(0)), Standing::Open);
        assert_eq!(state.after_failure(POLICY, at(7)), locked_at(7));
    }

    #[test]
    fn a_lock_opens_at_its_instant() {
        let until = at(1800);
        assert_eq!(locked_at(0).standing(POLICY, at(0)), Standing::Locked { until: Some(until) });
        assert!(locked_at(0).is_locked(POLICY, until.minus(Duration::from_micros(1))));
        assert!(!locked_at(0).is_locked(POLICY, until));
    }

    #[test]
    fn guessing_while_locked_does_not_prolong_the_lock() {
        assert_eq!(locked_at(0).after_failure(POLICY, at(1799)), locked_at(0));
    }

    #[test]
    fn after_a_lock_ran_out_the_count_begins_anew() {
        let state = locked_at(0).after_failure(POLICY, at(1800));
        assert_eq!(state, LockState { failed_attempts: 1, locked_at: None });
    }

    #[test]
    fn a_policy_of_zero_attempts_never_locks() {
        let policy = LockoutPolicy { max_incorrect_attempts: 0, ..POLICY };
        let state = LockState { failed_attempts: u32::MAX, locked_at: None }.after_failure(policy, at(0));
        assert_eq!(state, LockState { failed_attempts: u32::MAX, locked_at: None });
    }

    #[test]
    fn a_lock_without_duration_holds_until_an_administrator_opens_it() {
        let policy = LockoutPolicy { lockout: Duration::ZERO, ..POLICY };
        assert_eq!(locked_at(0).standing(policy, at(i64::MAX / 2_000_000)), Standing::Locked { until: None });
    }
}
