//! How old a password is, and what follows (contract identity 9, `passwordState` of 6.4).

use std::time::Duration;

use obol_protocol::Timestamp;

use super::PasswordRules;

const DAY: Duration = Duration::from_hours(24);

/// What is kept of a user's password beside its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PasswordState {
    /// When it was set.
    pub set_at: Option<Timestamp>,
    /// Whether the user must change it at the next sign-in: an administrator set it.
    pub must_change: bool,
    /// Whether the user may not change it.
    pub cant_change: bool,
    /// Whether it never expires, whatever the policy says.
    pub cant_expire: bool,
}

/// Whether a password may be signed in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// It may.
    Good,
    /// It may, and expires at that instant, which is near.
    ExpiresSoon(Timestamp),
    /// It has expired (AUTH-3004).
    Expired,
    /// It must be changed first (AUTH-3005).
    MustChange,
}

impl PasswordState {
    /// Whether the password may be signed in with at `now`. It expires at its instant, not after it.
    pub fn age(self, rules: &PasswordRules, now: Timestamp) -> Age {
        if self.must_change {
            return Age::MustChange;
        }
        let Some(until) = self.expires_at(rules) else { return Age::Good };
        let warning = DAY * u32::from(rules.password_expire_warning);
        match () {
            () if until <= now => Age::Expired,
            () if until.minus(warning) <= now => Age::ExpiresSoon(until),
            () => Age::Good,
        }
    }

    /// When the password expires, if it ever does.
    pub fn expires_at(self, rules: &PasswordRules) -> Option<Timestamp> {
        let days = u32::from(rules.password_expires_after);
        self.set_at.filter(|_| days > 0 && !self.cant_expire).map(|set_at| set_at.plus(DAY * days))
    }

    /// Whether the user must let it grow older before changing it.
    pub fn is_too_young_to_change(self, rules: &PasswordRules, now: Timestamp) -> bool {
        let least = DAY * u32::from(rules.min_password_age);
        !self.must_change && self.set_at.is_some_and(|set_at| now < set_at.plus(least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> PasswordRules {
        PasswordRules {
            password_expires_after: 10,
            password_expire_warning: 3,
            min_password_age: 2,
            ..PasswordRules::none()
        }
    }

    fn day(days: i64) -> Timestamp {
        Timestamp::from_seconds(days * 86_400)
    }

    fn set_at(days: i64) -> PasswordState {
        PasswordState { set_at: Some(day(days)), ..PasswordState::default() }
    }

    #[test]
    fn a_password_warns_and_then_expires_at_its_instant() {
        let just_before = |timestamp: Timestamp| timestamp.minus(Duration::from_micros(1));
        assert_eq!(set_at(0).age(&rules(), just_before(day(7))), Age::Good);
        assert_eq!(set_at(0).age(&rules(), day(7)), Age::ExpiresSoon(day(10)));
        assert_eq!(set_at(0).age(&rules(), just_before(day(10))), Age::ExpiresSoon(day(10)));
        assert_eq!(set_at(0).age(&rules(), day(10)), Age::Expired);
    }

    #[test]
    fn zero_days_never_expire() {
        let never = PasswordRules { password_expires_after: 0, ..rules() };
        assert_eq!(set_at(0).age(&never, day(100_000)), Age::Good);
        assert_eq!(PasswordState::default().age(&rules(), day(100_000)), Age::Good);
        let forever = PasswordState { cant_expire: true, ..set_at(0) };
        assert_eq!(forever.age(&rules(), day(100_000)), Age::Good);
    }

    #[test]
    fn a_password_that_must_be_changed_is_not_signed_in_with_however_young() {
        let state = PasswordState { must_change: true, ..set_at(0) };
        assert_eq!(state.age(&rules(), day(0)), Age::MustChange);
        assert!(!state.is_too_young_to_change(&rules(), day(0)), "or nobody could");
    }

    #[test]
    fn a_password_is_not_changed_before_its_least_age() {
        assert!(set_at(0).is_too_young_to_change(&rules(), day(1)));
        assert!(!set_at(0).is_too_young_to_change(&rules(), day(2)));
        assert!(!PasswordState::default().is_too_young_to_change(&rules(), day(0)));
    }
}
