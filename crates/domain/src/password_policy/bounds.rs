//! What an administrator may ask for in a policy of their own (contract identity 9).

use super::{LOWEST_PRIORITY, PasswordPolicy, PasswordRules};

/// The longest password that any policy may ask for.
const LONGEST: u16 = 500;
/// How many passwords before the present one can be kept; each costs an Argon2id at every change.
const MOST_HISTORY: u16 = 24;
/// The longest text of characters, and the most texts, that a rule may list.
const MOST_LISTED: usize = 100;
/// The shortest and the longest lock, in minutes; zero is one that an administrator must open.
const LOCKOUT_MINUTES: std::ops::RangeInclusive<u64> = 5..=1440;

/// A rule that no policy may have, by its attribute on the wire and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{attribute} {problem}")]
pub struct RuleFault {
    /// The attribute.
    pub attribute: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl PasswordPolicy {
    /// Whether a policy may be kept; names the first attribute that stands in the way.
    ///
    /// # Errors
    ///
    /// [`RuleFault`]
    pub fn in_bounds(&self) -> Result<(), RuleFault> {
        let fault = |attribute, problem| Err(RuleFault { attribute, problem });
        if self.name.trim().is_empty() || self.name.chars().count() > MOST_LISTED {
            return fault("name", "must have 1 to 100 characters");
        }
        if self.priority.is_some_and(|priority| !(1..=LOWEST_PRIORITY).contains(&priority)) {
            return fault("priority", "must be from 1 to 10");
        }
        if self.lockout.max_incorrect_attempts > u32::from(LONGEST) {
            return fault("maxIncorrectAttempts", "must be at most 500");
        }
        let minutes = self.lockout.lockout.as_secs() / 60;
        if minutes != 0 && !LOCKOUT_MINUTES.contains(&minutes) {
            return fault("lockoutDuration", "must be from 5 to 1440 minutes");
        }
        self.rules.in_bounds()
    }
}

impl PasswordRules {
    fn in_bounds(&self) -> Result<(), RuleFault> {
        let checks = [
            ("minLength", (1..=LONGEST).contains(&self.min_length), "must be from 1 to 500"),
            ("maxLength", (self.min_length..=LONGEST).contains(&self.max_length), "must be from minLength to 500"),
            ("minAlphas", self.min_alphas <= self.max_length, "must not be more than maxLength"),
            ("minNumerals", self.min_numerals <= self.max_length, "must not be more than maxLength"),
            ("minAlphaNumerals", self.min_alpha_numerals <= self.max_length, "must not be more than maxLength"),
            ("minSpecialChars", self.min_special_chars <= self.max_length, "must not be more than maxLength"),
            (
                "maxSpecialChars",
                self.max_special_chars == 0 || self.max_special_chars >= self.min_special_chars,
                "must not be less than minSpecialChars",
            ),
            ("minLowerCase", self.min_lower_case <= self.max_length, "must not be more than maxLength"),
            ("minUpperCase", self.min_upper_case <= self.max_length, "must not be more than maxLength"),
            ("minUniqueChars", self.min_unique_chars <= self.max_length, "must not be more than maxLength"),
            ("passwordExpireWarning", self.warning_fits(), "must be less than passwordExpiresAfter"),
            ("minPasswordAge", self.age_fits(), "must be less than passwordExpiresAfter"),
            ("numPasswordsInHistory", self.num_passwords_in_history <= MOST_HISTORY, "must be at most 24"),
            ("requiredChars", self.required_chars.chars().count() <= MOST_LISTED, "must have at most 100 characters"),
            ("requiredChars", self.required_are_allowed(), "must be allowed characters"),
            (
                "disallowedChars",
                self.disallowed_chars.chars().count() <= MOST_LISTED,
                "must have at most 100 characters",
            ),
            ("allowedChars", self.allowed_chars.chars().count() <= 4 * MOST_LISTED, "must have at most 400 characters"),
            ("disallowedSubstrings", short(&self.disallowed_substrings), "must be at most 100 of 100 characters"),
            (
                "disallowedUserAttributeValues",
                short(&self.disallowed_user_attribute_values),
                "must be at most 100 of 100 characters",
            ),
        ];
        match checks.into_iter().find(|(_, holds, _)| !holds) {
            Some((attribute, _, problem)) => Err(RuleFault { attribute, problem }),
            None => Ok(()),
        }
    }

    fn warning_fits(&self) -> bool {
        self.password_expire_warning == 0 || self.password_expire_warning < self.password_expires_after
    }

    fn age_fits(&self) -> bool {
        self.password_expires_after == 0 || self.min_password_age < self.password_expires_after
    }

    fn required_are_allowed(&self) -> bool {
        let allowed = |c| self.allowed_chars.is_empty() || self.allowed_chars.contains(c);
        self.required_chars.chars().all(|c| allowed(c) && !self.disallowed_chars.contains(c))
    }
}

fn short(texts: &[String]) -> bool {
    texts.len() <= MOST_LISTED && texts.iter().all(|text| text.chars().count() <= MOST_LISTED)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{lockout::LockoutPolicy, password_policy::Strength};

    fn policy(rules: PasswordRules) -> PasswordPolicy {
        PasswordPolicy {
            id: "id".into(),
            name: "name".into(),
            description: String::new(),
            priority: Some(1),
            strength: Strength::Custom,
            rules,
            lockout: LockoutPolicy::STANDARD,
            groups: Vec::new(),
        }
    }

    #[test]
    fn the_built_in_rules_are_in_bounds() {
        for rules in [PasswordRules::none(), PasswordRules::simple(), PasswordRules::standard()] {
            assert_eq!(policy(rules).in_bounds(), Ok(()));
        }
    }

    #[test]
    fn rules_that_no_password_can_keep_or_that_contradict_each_other_are_refused() {
        let none = PasswordRules::none;
        let cases = [
            ("minLength", PasswordRules { min_length: 0, ..none() }),
            ("minLength", PasswordRules { min_length: 501, ..none() }),
            ("maxLength", PasswordRules { max_length: 501, ..none() }),
            ("maxLength", PasswordRules { min_length: 9, max_length: 8, ..none() }),
            ("minAlphas", PasswordRules { max_length: 8, min_alphas: 9, ..none() }),
            ("minNumerals", PasswordRules { max_length: 8, min_numerals: 9, ..none() }),
            ("minAlphaNumerals", PasswordRules { max_length: 8, min_alpha_numerals: 9, ..none() }),
            ("minSpecialChars", PasswordRules { max_length: 8, min_special_chars: 9, ..none() }),
            ("maxSpecialChars", PasswordRules { min_special_chars: 2, max_special_chars: 1, ..none() }),
            ("minLowerCase", PasswordRules { max_length: 8, min_lower_case: 9, ..none() }),
            ("minUpperCase", PasswordRules { max_length: 8, min_upper_case: 9, ..none() }),
            ("minUniqueChars", PasswordRules { max_length: 8, min_unique_chars: 9, ..none() }),
            ("passwordExpireWarning", PasswordRules { password_expire_warning: 1, ..none() }),
            ("minPasswordAge", PasswordRules { password_expires_after: 2, min_password_age: 2, ..none() }),
            ("numPasswordsInHistory", PasswordRules { num_passwords_in_history: 25, ..none() }),
            ("requiredChars", PasswordRules { required_chars: "a".into(), disallowed_chars: "a".into(), ..none() }),
            ("requiredChars", PasswordRules { required_chars: "a".into(), allowed_chars: "b".into(), ..none() }),
            ("requiredChars", PasswordRules { required_chars: "a".repeat(101), ..none() }),
            ("disallowedChars", PasswordRules { disallowed_chars: "a".repeat(101), ..none() }),
            ("allowedChars", PasswordRules { allowed_chars: "a".repeat(401), ..none() }),
            ("disallowedSubstrings", PasswordRules { disallowed_substrings: vec![String::new(); 101], ..none() }),
            (
                "disallowedUserAttributeValues",
                PasswordRules { disallowed_user_attribute_values: vec!["a".repeat(101)], ..none() },
            ),
        ];
        for (attribute, rules) in cases {
            let fault = policy(rules).in_bounds().unwrap_err();
            assert_eq!(fault.attribute, attribute, "{fault}");
        }
    }

    #[test]
    fn names_priorities_and_locks_have_bounds() {
        let lockout = |minutes| LockoutPolicy { lockout: Duration::from_mins(minutes), ..LockoutPolicy::STANDARD };
        let good = policy(PasswordRules::none());
        let cases = [
            ("name", PasswordPolicy { name: " ".into(), ..good.clone() }),
            ("priority", PasswordPolicy { priority: Some(0), ..good.clone() }),
            ("priority", PasswordPolicy { priority: Some(11), ..good.clone() }),
            ("lockoutDuration", PasswordPolicy { lockout: lockout(4), ..good.clone() }),
            ("lockoutDuration", PasswordPolicy { lockout: lockout(1441), ..good.clone() }),
            (
                "maxIncorrectAttempts",
                PasswordPolicy {
                    lockout: LockoutPolicy { max_incorrect_attempts: 501, ..LockoutPolicy::STANDARD },
                    ..good.clone()
                },
            ),
        ];
        for (attribute, policy) in cases {
            assert_eq!(policy.in_bounds().unwrap_err().attribute, attribute);
        }
        assert_eq!(PasswordPolicy { lockout: lockout(0), ..good.clone() }.in_bounds(), Ok(()));
        assert_eq!(PasswordPolicy { priority: None, ..good }.in_bounds(), Ok(()));
    }
}
