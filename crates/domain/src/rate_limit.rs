//! How often a stripe may be asked, by its kind of domain and by group of endpoints (contract identity 9).
//!
//! The counters are plain windows of a second and of a minute, each in one atomic number, so that the token path takes no
//! lock for them. What was refused in a second still counts in neither window.

use std::sync::atomic::{AtomicU64, Ordering};

use obol_protocol::Timestamp;

/// The kinds of identity domains, which differ in how much they may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Free.
    Free,
    /// Oracle Apps.
    OracleApps,
    /// Oracle Apps Premium.
    OracleAppsPremium,
    /// Premium.
    Premium,
    /// External User.
    External,
}

impl Tier {
    /// All of them, in the order of the contract's columns.
    pub const ALL: [Self; 5] = [Self::Free, Self::OracleApps, Self::OracleAppsPremium, Self::Premium, Self::External];

    /// As a setting spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::OracleApps => "oracle-apps",
            Self::OracleAppsPremium => "oracle-apps-premium",
            Self::Premium => "premium",
            Self::External => "external",
        }
    }
}

impl std::str::FromStr for Tier {
    type Err = UnknownTier;

    fn from_str(text: &str) -> Result<Self, UnknownTier> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == text).ok_or(UnknownTier)
    }
}

/// A text that names no kind of domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a kind of domain is free, oracle-apps, oracle-apps-premium, premium or external")]
pub struct UnknownTier;

/// The groups of endpoints that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Signing in, with a browser or a factor, and the key set.
    AuthN,
    /// Signing in by name and password alone.
    BasicAuthN,
    /// Tokens.
    Tokens,
    /// Everything else.
    Others,
    /// Many changes in one request.
    Bulk,
}

impl Group {
    /// All of them; a group's place is its number.
    pub const ALL: [Self; 5] = [Self::AuthN, Self::BasicAuthN, Self::Tokens, Self::Others, Self::Bulk];

    /// Its name in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthN => "AuthN",
            Self::BasicAuthN => "BasicAuthN",
            Self::Tokens => "Tokens",
            Self::Others => "Others",
            Self::Bulk => "Bulk",
        }
    }

    /// The group of a path below a stripe's address.
    pub fn of(path: &str) -> Self {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let (first, second, third) = (parts.next(), parts.next(), parts.next());
        match (first, second, third.unwrap_or_default()) {
            (Some("sso" | "mfa" | "fed"), ..)
            | (Some("oauth2"), _, "authorize" | "userlogout" | "consent")
            | (Some("ui"), _, "signin" | "password" | "factor") => Self::AuthN,
            (Some("oauth2"), _, "token" | "introspect" | "revoke" | "device") => Self::Tokens,
            (Some("admin"), _, third) => match third {
                "HTTPAuthenticator" | "PasswordAuthenticator" => Self::BasicAuthN,
                "Bulk" | "BulkUserPasswordChanger" | "BulkUserPasswordResetter" | "BulkSourceEvents" => Self::Bulk,
                "SigningCert"
                | "Asserter"
                | "MePasswordChanger"
                | "MePasswordResetter"
                | "UserPasswordChanger"
                | "UserPasswordResetter"
                | "UserLockedStateChanger" => Self::AuthN,
                _ => Self::Others,
            },
            _ => Self::Others,
        }
    }

    /// How many requests are let through each second, and each minute.
    pub const fn limit(self, tier: Tier) -> (u32, u32) {
        let [free, apps, apps_premium, premium, external] = match self {
            Self::AuthN => [(10, 150), (50, 1000), (80, 2100), (95, 4500), (90, 3100)],
            Self::BasicAuthN => [(10, 150), (100, 3000), (160, 4000), (95, 4500), (90, 3100)],
            Self::Tokens => [(10, 150), (40, 1000), (50, 1700), (65, 3400), (60, 2300)],
            Self::Others => [(20, 150), (50, 1500), (55, 1750), (90, 5000), (80, 4000)],
            Self::Bulk => [(5, 200); 5],
        };
        match tier {
            Tier::Free => free,
            Tier::OracleApps => apps,
            Tier::OracleAppsPremium => apps_premium,
            Tier::Premium => premium,
            Tier::External => external,
        }
    }
}

/// More was asked than is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more requests than {most} each {window}")]
pub struct TooMany {
    /// Which endpoints are counted together.
    pub group: Group,
    /// How many are let through.
    pub most: u32,
    /// In which time: `second` or `minute`.
    pub window: &'static str,
    /// After how many seconds the next one is.
    pub retry_after: u32,
}

/// One window: the upper half of the number says which, the lower how many came in it.
#[derive(Debug, Default)]
struct Window(AtomicU64);

impl Window {
    /// Counts one more, unless there are as many as may be.
    fn take(&self, which: u32, most: u32) -> bool {
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |kept| {
            let same = kept >> 32 == u64::from(which);
            let count = if same { kept & u64::from(u32::MAX) } else { 0 };
            (count < u64::from(most)).then_some(u64::from(which) << 32 | (count + 1))
        });
        taken.is_ok()
    }
}

/// The counters of one stripe.
#[derive(Debug, Default)]
pub struct Counters {
    seconds: [Window; Group::ALL.len()],
    minutes: [Window; Group::ALL.len()],
}

impl Counters {
    /// Lets a request through, or says when to come again.
    ///
    /// # Errors
    ///
    /// [`TooMany`]
    pub fn take(&self, tier: Tier, group: Group, now: Timestamp) -> Result<(), TooMany> {
        let (each_second, each_minute) = group.limit(tier);
        let second = u32::try_from(now.seconds().rem_euclid(i64::from(u32::MAX))).unwrap_or_default();
        let window = |windows: &'_ [Window; Group::ALL.len()], which, most| {
            windows.get(group as usize).is_none_or(|window| window.take(which, most))
        };
        if !window(&self.seconds, second, each_second) {
            return Err(TooMany { group, most: each_second, window: "second", retry_after: 1 });
        }
        if !window(&self.minutes, second / 60, each_minute) {
            return Err(TooMany { group, most: each_minute, window: "minute", retry_after: 60 - second % 60 });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn let_through(counters: &Counters, group: Group, times: u32, now: Timestamp) -> u32 {
        (0..times).map(|_| u32::from(counters.take(Tier::Free, group, now).is_ok())).sum()
    }

    // Contract identity 9.
    #[test]
    fn paths_belong_to_the_groups_of_the_contract() {
        for (path, group) in [
            ("/oauth2/v1/token", Group::Tokens),
            ("/oauth2/v1/introspect", Group::Tokens),
            ("/oauth2/v1/revoke", Group::Tokens),
            ("/oauth2/v1/device", Group::Tokens),
            ("/oauth2/v1/authorize", Group::AuthN),
            ("/oauth2/v1/userlogout", Group::AuthN),
            ("/oauth2/v1/consent", Group::AuthN),
            ("/oauth2/v1/userinfo", Group::Others),
            ("/sso/v1/sdk/authenticate", Group::AuthN),
            ("/mfa/v1/requests", Group::AuthN),
            ("/ui/v1/signin", Group::AuthN),
            ("/ui/v1/", Group::Others),
            ("/admin/v1/SigningCert/jwk", Group::AuthN),
            ("/admin/v1/UserPasswordChanger/1", Group::AuthN),
            ("/admin/v1/PasswordAuthenticator", Group::BasicAuthN),
            ("/admin/v1/Bulk", Group::Bulk),
            ("/admin/v1/BulkUserPasswordResetter", Group::Bulk),
            ("/admin/v1/Users", Group::Others),
            ("/.well-known/openid-configuration", Group::Others),
            ("", Group::Others),
        ] {
            assert_eq!(Group::of(path), group, "{path}");
        }
    }

    #[test]
    fn the_request_over_the_seconds_limit_waits_for_the_next_second() {
        let counters = Counters::default();
        assert_eq!(let_through(&counters, Group::Tokens, 20, at(60)), 10);
        let refused = counters.take(Tier::Free, Group::Tokens, at(60)).unwrap_err();
        assert_eq!(refused, TooMany { group: Group::Tokens, most: 10, window: "second", retry_after: 1 });
        assert_eq!(let_through(&counters, Group::Tokens, 20, at(61)), 10);
    }

    #[test]
    fn the_request_over_the_minutes_limit_waits_for_the_next_minute() {
        let counters = Counters::default();
        let through: u32 = (60..80).map(|second| let_through(&counters, Group::Tokens, 10, at(second))).sum();
        assert_eq!(through, 150);
        let refused = counters.take(Tier::Free, Group::Tokens, at(80)).unwrap_err();
        assert_eq!(refused, TooMany { group: Group::Tokens, most: 150, window: "minute", retry_after: 40 });
        assert_eq!(let_through(&counters, Group::Tokens, 20, at(120)), 10);
    }

    #[test]
    fn groups_do_not_count_for_each_other() {
        let counters = Counters::default();
        assert_eq!(let_through(&counters, Group::Tokens, 20, at(0)), 10);
        assert_eq!(let_through(&counters, Group::Others, 30, at(0)), 20);
        assert_eq!(let_through(&counters, Group::Bulk, 30, at(0)), 5);
    }

    #[test]
    fn a_clock_that_goes_back_begins_anew() {
        let counters = Counters::default();
        assert_eq!(let_through(&counters, Group::Tokens, 20, at(1000)), 10);
        assert_eq!(let_through(&counters, Group::Tokens, 20, at(999)), 10);
        assert_eq!(let_through(&counters, Group::Tokens, 20, at(-5)), 10);
    }

    #[test]
    fn many_threads_together_are_let_through_as_often_as_one() {
        let counters = Counters::default();
        let through: u32 = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| let_through(&counters, Group::Tokens, 100, at(0)))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(through, 10);
    }

    #[test]
    fn tiers_have_one_spelling() {
        for tier in Tier::ALL {
            assert_eq!(tier.as_str().parse(), Ok(tier));
        }
        assert_eq!("Free".parse::<Tier>(), Err(UnknownTier));
        for group in Group::ALL {
            for tier in Tier::ALL {
                let (second, minute) = group.limit(tier);
                assert!(second < minute, "{group:?} {tier:?}");
            }
        }
    }
}
