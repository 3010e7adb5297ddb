//! What a password policy demands of a password, and of its age (contract identity 9).
//!
//! A policy's rules are a value with the attributes of the resource, under their names on the wire. [`PasswordRules::check`]
//! lists everything that is wrong with a password at once, so that nobody has to come back for each fault; what depends on
//! hashes (the history) is the caller's to add as [`Violation::InHistory`].

mod age;
mod bounds;
mod violation;

use obol_protocol::Secret;
use serde::{Deserialize, Serialize};

pub use self::{
    age::{Age, PasswordState},
    bounds::RuleFault,
    violation::{Violation, detail},
};
use crate::lockout::LockoutPolicy;

/// The highest number that a priority may have; 1 comes first.
pub const LOWEST_PRIORITY: u8 = 10;
/// A name shorter than this is not looked for in a password: it would forbid a letter or two.
const SHORTEST_NAME: usize = 3;

/// `passwordStrength`: the two built-in sets of rules are fixed, a custom one is the administrator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Strength {
    /// The rules of [`PasswordRules::simple`].
    Simple,
    /// The rules of [`PasswordRules::standard`].
    Standard,
    /// Rules of the policy's own.
    Custom,
}

impl Strength {
    /// As the wire spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "Simple",
            Self::Standard => "Standard",
            Self::Custom => "Custom",
        }
    }
}

impl std::str::FromStr for Strength {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Simple, Self::Standard, Self::Custom].into_iter().find(|strength| strength.as_str() == text).ok_or(())
    }
}

/// A password policy of a stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// Its SCIM id; a built-in policy has its name there.
    pub id: String,
    /// Its name, which never changes.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// 1 comes before 10; a policy without one is chosen only where it is the default.
    pub priority: Option<u8>,
    /// Which rules it has.
    pub strength: Strength,
    /// The rules.
    pub rules: PasswordRules,
    /// What wrong passwords lead to.
    pub lockout: LockoutPolicy,
    /// The groups whose members it is for.
    pub groups: Vec<String>,
}

/// The policy for a user who is in these groups: of those assigned to one of them the one that comes first, or the one
/// named `default`.
pub fn choose<'a>(policies: &'a [PasswordPolicy], groups: &[String], default: &str) -> Option<&'a PasswordPolicy> {
    let assigned = policies.iter().filter(|policy| policy.groups.iter().any(|group| groups.contains(group)));
    let first = assigned.min_by_key(|policy| (policy.priority.unwrap_or(u8::MAX), policy.name.as_str()));
    first.or_else(|| policies.iter().find(|policy| policy.name == default))
}

/// The rules, under their names on the wire. Zero and an empty list mean that the rule does not apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of the resource, independent of the others")]
pub struct PasswordRules {
    /// The least number of characters.
    pub min_length: u16,
    /// The greatest number of characters.
    pub max_length: u16,
    /// The least number of letters.
    pub min_alphas: u16,
    /// The least number of digits.
    pub min_numerals: u16,
    /// The least number of letters and digits together.
    pub min_alpha_numerals: u16,
    /// The least number of characters that are neither.
    pub min_special_chars: u16,
    /// The greatest number of those.
    pub max_special_chars: u16,
    /// The least number of lower-case letters.
    pub min_lower_case: u16,
    /// The least number of upper-case letters.
    pub min_upper_case: u16,
    /// The least number of different characters.
    pub min_unique_chars: u16,
    /// How often one character may occur, wherever it stands.
    pub max_repeated_chars: u16,
    /// Whether the first character must be a letter.
    pub starts_with_alphabet: bool,
    /// Whether the given name must not stand in it.
    pub first_name_disallowed: bool,
    /// Whether the family name must not stand in it.
    pub last_name_disallowed: bool,
    /// Whether the user name must not stand in it.
    pub user_name_disallowed: bool,
    /// Attributes of the user whose values must not stand in it.
    pub disallowed_user_attribute_values: Vec<String>,
    /// Characters that must all occur.
    pub required_chars: String,
    /// Characters that must not occur.
    pub disallowed_chars: String,
    /// The only characters that may occur.
    pub allowed_chars: String,
    /// Texts that must not occur, without regard to case.
    pub disallowed_substrings: Vec<String>,
    /// How many characters must be other ones than in the password before it.
    pub distinct_characters: u16,
    /// How old a password must be before its user may change it, in days.
    pub min_password_age: u16,
    /// After how many days a password expires.
    pub password_expires_after: u16,
    /// How many days before that a user is warned.
    pub password_expire_warning: u16,
    /// How many passwords before the present one must not come back.
    pub num_passwords_in_history: u16,
}

/// Whose password it is, as far as rules ask.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The name they sign in with.
    pub user_name: &'a str,
    /// The given name.
    pub given_name: Option<&'a str>,
    /// The family name.
    pub family_name: &'a str,
    /// Other attributes by name, for `disallowedUserAttributeValues`.
    pub attributes: &'a [(&'a str, &'a str)],
}

/// How many there are, how many there must be, and what is said otherwise.
type AtLeast = (usize, u16, fn(u16) -> Violation);

impl PasswordRules {
    /// No rule but the outermost bounds of a length.
    pub const fn none() -> Self {
        Self {
            min_length: 1,
            max_length: 500,
            min_alphas: 0,
            min_numerals: 0,
            min_alpha_numerals: 0,
            min_special_chars: 0,
            max_special_chars: 0,
            min_lower_case: 0,
            min_upper_case: 0,
            min_unique_chars: 0,
            max_repeated_chars: 0,
            starts_with_alphabet: false,
            first_name_disallowed: false,
            last_name_disallowed: false,
            user_name_disallowed: false,
            disallowed_user_attribute_values: Vec::new(),
            required_chars: String::new(),
            disallowed_chars: String::new(),
            allowed_chars: String::new(),
            disallowed_substrings: Vec::new(),
            distinct_characters: 0,
            min_password_age: 0,
            password_expires_after: 0,
            password_expire_warning: 0,
            num_passwords_in_history: 0,
        }
    }

    /// The built-in policy *Simple*.
    pub fn simple() -> Self {
        Self {
            min_length: 8,
            min_lower_case: 1,
            min_upper_case: 1,
            min_numerals: 1,
            user_name_disallowed: true,
            num_passwords_in_history: 1,
            ..Self::none()
        }
    }

    /// The built-in policy *Standard*.
    pub fn standard() -> Self {
        Self {
            min_length: 8,
            max_length: 40,
            min_lower_case: 1,
            min_upper_case: 1,
            min_numerals: 1,
            first_name_disallowed: true,
            last_name_disallowed: true,
            user_name_disallowed: true,
            password_expires_after: 120,
            password_expire_warning: 7,
            num_passwords_in_history: 4,
            ..Self::none()
        }
    }

    /// Everything that is wrong with a password, in the order of the attributes. `before` is the present password where
    /// whoever changes it has given it.
    pub fn check(&self, password: &Secret, subject: Subject<'_>, before: Option<&Secret>) -> Vec<Violation> {
        let text = password.expose();
        let mut found = Vec::new();
        self.check_classes(text, &mut found);
        self.check_characters(text, &mut found);
        self.check_texts(text, subject, &mut found);
        if let Some(before) = before.filter(|_| self.distinct_characters > 0) {
            let other = different(text).into_iter().filter(|c| !before.expose().contains(*c)).count();
            if other < usize::from(self.distinct_characters) {
                found.push(Violation::DistinctCharacters(self.distinct_characters));
            }
        }
        found
    }

    fn check_classes(&self, text: &str, found: &mut Vec<Violation>) {
        let count = |class: fn(char) -> bool| text.chars().filter(|c| class(*c)).count();
        let special = count(|c| !c.is_alphanumeric());
        let at_least: [AtLeast; 8] = [
            (text.chars().count(), self.min_length, Violation::TooShort),
            (count(char::is_alphabetic), self.min_alphas, Violation::Alphas),
            (count(char::is_numeric), self.min_numerals, Violation::Numerals),
            (count(char::is_alphanumeric), self.min_alpha_numerals, Violation::AlphaNumerals),
            (special, self.min_special_chars, Violation::SpecialChars),
            (count(char::is_lowercase), self.min_lower_case, Violation::LowerCase),
            (count(char::is_uppercase), self.min_upper_case, Violation::UpperCase),
            (different(text).len(), self.min_unique_chars, Violation::UniqueChars),
        ];
        for (seen, least, violation) in at_least {
            if seen < usize::from(least) {
                found.push(violation(least));
            }
        }
        if text.chars().count() > usize::from(self.max_length) {
            found.push(Violation::TooLong(self.max_length));
        }
        if self.max_special_chars > 0 && special > usize::from(self.max_special_chars) {
            found.push(Violation::TooManySpecialChars(self.max_special_chars));
        }
    }

    fn check_characters(&self, text: &str, found: &mut Vec<Violation>) {
        let most = usize::from(self.max_repeated_chars);
        let often = |c: &char| text.chars().filter(|other| other == c).count();
        if most > 0 && different(text).iter().any(|c| often(c) > most) {
            found.push(Violation::RepeatedChars(self.max_repeated_chars));
        }
        if self.starts_with_alphabet && !text.chars().next().is_some_and(char::is_alphabetic) {
            found.push(Violation::StartsWithAlphabet);
        }
        if self.required_chars.chars().any(|c| !text.contains(c)) {
            found.push(Violation::RequiredChars(self.required_chars.clone()));
        }
        if text.chars().any(|c| self.disallowed_chars.contains(c)) {
            found.push(Violation::DisallowedChars(self.disallowed_chars.clone()));
        }
        if !self.allowed_chars.is_empty() && text.chars().any(|c| !self.allowed_chars.contains(c)) {
            found.push(Violation::AllowedChars(self.allowed_chars.clone()));
        }
    }

    fn check_texts(&self, text: &str, subject: Subject<'_>, found: &mut Vec<Violation>) {
        let text = text.to_lowercase();
        let holds = |name: &str| {
            let name = name.trim();
            name.chars().count() >= SHORTEST_NAME && text.contains(&name.to_lowercase())
        };
        if self.first_name_disallowed && subject.given_name.is_some_and(holds) {
            found.push(Violation::FirstName);
        }
        if self.last_name_disallowed && holds(subject.family_name) {
            found.push(Violation::LastName);
        }
        if self.user_name_disallowed && holds(subject.user_name) {
            found.push(Violation::UserName);
        }
        for wanted in &self.disallowed_user_attribute_values {
            if subject.attributes.iter().any(|(name, value)| name.eq_ignore_ascii_case(wanted) && holds(value)) {
                found.push(Violation::UserAttribute(wanted.clone()));
            }
        }
        let banned = self.disallowed_substrings.iter().filter(|part| !part.is_empty());
        if banned.into_iter().any(|part| text.contains(&part.to_lowercase())) {
            found.push(Violation::DisallowedSubstring);
        }
    }
}

/// The different characters of a text.
fn different(text: &str) -> Vec<char> {
    let mut characters: Vec<char> = text.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    characters
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADA: Subject<'static> = Subject {
        user_name: "ada@example.com",
        given_name: Some("Ada"),
        family_name: "Lovelace",
        attributes: &[("email", "countess@example.com"), ("nickName", "Al")],
    };

    fn found(rules: &PasswordRules, password: &str) -> Vec<Violation> {
        rules.check(&Secret::new(password), ADA, None)
    }

    #[test]
    fn the_standard_rules_list_everything_that_is_wrong_at_once() {
        assert_eq!(found(&PasswordRules::standard(), "Correct7Horse"), []);
        assert_eq!(
            found(&PasswordRules::standard(), "ada"),
            [Violation::TooShort(8), Violation::Numerals(1), Violation::UpperCase(1), Violation::FirstName]
        );
        assert_eq!(found(&PasswordRules::standard(), "xLOVELACE1"), [Violation::LastName]);
        assert_eq!(found(&PasswordRules::standard(), &"Aa1".repeat(14)), [Violation::TooLong(40)]);
        let named = "1ADA@example.com";
        assert_eq!(found(&PasswordRules::standard(), named), [Violation::FirstName, Violation::UserName]);
    }

    #[test]
    fn the_simple_rules_let_names_but_the_users_own_stand() {
        assert_eq!(found(&PasswordRules::simple(), "Lovelace1"), []);
        assert_eq!(found(&PasswordRules::simple(), "Zada@example.com9"), [Violation::UserName]);
    }

    #[test]
    fn each_rule_alone_refuses_what_breaks_it_and_nothing_else() {
        let none = PasswordRules::none;
        let cases: [(PasswordRules, &str, &str, Violation); 19] = [
            (PasswordRules { min_length: 4, ..none() }, "äöüß", "äöü", Violation::TooShort(4)),
            (PasswordRules { max_length: 4, ..none() }, "äöüß", "äöüß!", Violation::TooLong(4)),
            (PasswordRules { min_alphas: 2, ..none() }, "1a2b", "1a2", Violation::Alphas(2)),
            (PasswordRules { min_numerals: 2, ..none() }, "a1b2", "a1b", Violation::Numerals(2)),
            (PasswordRules { min_alpha_numerals: 2, ..none() }, "!a1", "!a!", Violation::AlphaNumerals(2)),
            (PasswordRules { min_special_chars: 1, ..none() }, "a !", "a1", Violation::SpecialChars(1)),
            (PasswordRules { max_special_chars: 1, ..none() }, "a!", "a!!", Violation::TooManySpecialChars(1)),
            (PasswordRules { min_lower_case: 1, ..none() }, "Aa", "AA", Violation::LowerCase(1)),
            (PasswordRules { min_upper_case: 1, ..none() }, "Aa", "aa", Violation::UpperCase(1)),
            (PasswordRules { min_unique_chars: 3, ..none() }, "abc", "abab", Violation::UniqueChars(3)),
            (PasswordRules { max_repeated_chars: 2, ..none() }, "abab", "ababa", Violation::RepeatedChars(2)),
            (PasswordRules { starts_with_alphabet: true, ..none() }, "a1", "1a", Violation::StartsWithAlphabet),
            (PasswordRules { first_name_disallowed: true, ..none() }, "ad1a", "1aDa1", Violation::FirstName),
            (PasswordRules { last_name_disallowed: true, ..none() }, "love", "LOVELACE", Violation::LastName),
            (PasswordRules { user_name_disallowed: true, ..none() }, "ada", "ada@example.com", Violation::UserName),
            (
                PasswordRules { disallowed_user_attribute_values: vec!["Email".into(), "nickname".into()], ..none() },
                "Al",
                "countess@example.com!",
                Violation::UserAttribute("Email".into()),
            ),
            (PasswordRules { required_chars: "#-".into(), ..none() }, "-#", "#", Violation::RequiredChars("#-".into())),
            (
                PasswordRules { disallowed_chars: "#".into(), ..none() },
                "a",
                "a#",
                Violation::DisallowedChars("#".into()),
            ),
            (
                PasswordRules { allowed_chars: "ab".into(), ..none() },
                "abba",
                "abc",
                Violation::AllowedChars("ab".into()),
            ),
        ];
        for (rules, good, bad, violation) in cases {
            assert_eq!(found(&rules, good), [], "{rules:?}");
            assert_eq!(found(&rules, bad), [violation], "{rules:?}");
        }
        let substrings = PasswordRules { disallowed_substrings: vec![String::new(), "Oracle".into()], ..none() };
        assert_eq!(found(&substrings, "oracl"), []);
        assert_eq!(found(&substrings, "xORACLEx"), [Violation::DisallowedSubstring]);
    }

    #[test]
    fn characters_are_compared_with_the_password_before_it_only_where_that_is_given() {
        let rules = PasswordRules { distinct_characters: 2, ..PasswordRules::none() };
        let check = |before: Option<&str>| rules.check(&Secret::new("abcx"), ADA, before.map(Secret::new).as_ref());
        assert_eq!(check(None), []);
        assert_eq!(check(Some("abyy")), []);
        assert_eq!(check(Some("abc")), [Violation::DistinctCharacters(2)]);
    }

    fn policy(name: &str, priority: Option<u8>, groups: &[&str]) -> PasswordPolicy {
        PasswordPolicy {
            id: name.into(),
            name: name.into(),
            description: String::new(),
            priority,
            strength: Strength::Custom,
            rules: PasswordRules::none(),
            lockout: LockoutPolicy::STANDARD,
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        }
    }

    #[test]
    fn the_policy_with_the_highest_priority_among_the_users_groups_is_chosen() {
        let policies =
            [policy("late", Some(9), &["a"]), policy("early", Some(2), &["b", "c"]), policy("default", None, &[])];
        let chosen = |groups: &[&str]| {
            let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
            choose(&policies, &groups, "default").map(|policy| policy.name.clone())
        };
        assert_eq!(chosen(&["a", "c"]).as_deref(), Some("early"));
        assert_eq!(chosen(&["a"]).as_deref(), Some("late"));
        assert_eq!(chosen(&["other"]).as_deref(), Some("default"));
        assert_eq!(chosen(&[]).as_deref(), Some("default"));
        assert_eq!(choose(&policies[..2], &[], "default"), None);
    }

    #[test]
    fn strengths_have_one_spelling() {
        assert_eq!("Standard".parse(), Ok(Strength::Standard));
        for wrong in ["standard", "", "STANDARD", "Custom "] {
            assert_eq!(wrong.parse::<Strength>(), Err(()), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_password_is_judged_without_panic(password in ".*", before in ".*", chars in ".{0,8}") {
            let rules = PasswordRules {
                required_chars: chars.clone(),
                disallowed_substrings: vec![chars],
                distinct_characters: 3,
                max_repeated_chars: 1,
                ..PasswordRules::standard()
            };
            rules.check(&Secret::new(password), ADA, Some(&Secret::new(before)));
        }

        #[test]
        fn a_violation_never_repeats_the_password(password in "[a-z]{12,20}") {
            let rules = PasswordRules { disallowed_substrings: vec![password.clone()], ..PasswordRules::standard() };
            let violations = rules.check(&Secret::new(password.clone()), ADA, None);
            prop_assert!(!detail(&violations).contains(&password));
        }
    }
}
