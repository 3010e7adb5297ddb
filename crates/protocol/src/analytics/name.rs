//! The name of an instance: unique in its tenancy, part of its address, never changed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// 1 to 25 characters, `^[a-zA-Z](-?[a-zA-Z0-9])*$` (contract analytics 2, CreateAnalyticsInstanceDetails).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstanceName(String);

/// The text breaks the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a letter followed by letters, digits and single hyphens")]
pub struct InvalidInstanceName;

impl InstanceName {
    /// The most characters a name has.
    pub const LONGEST: usize = 25;
    /// The contract's pattern, for explanations.
    pub const PATTERN: &'static str = "^[a-zA-Z](-?[a-zA-Z0-9])*$";

    /// The first character, counted from zero, that keeps a text from being a name; none where it is one.
    pub fn misfit(text: &str) -> Option<usize> {
        let mut previous = b'-';
        for (index, byte) in text.bytes().enumerate() {
            let fits = match byte {
                b'-' => index > 0 && previous != b'-',
                _ if index == 0 => byte.is_ascii_alphabetic(),
                _ => byte.is_ascii_alphanumeric(),
            };
            if !fits || index >= Self::LONGEST {
                return Some(index);
            }
            previous = byte;
        }
        (previous == b'-').then(|| text.len().saturating_sub(1))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InstanceName {
    type Err = InvalidInstanceName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Self::misfit(text) {
            Some(_) => Err(InvalidInstanceName),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl TryFrom<String> for InstanceName {
    type Error = InvalidInstanceName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<InstanceName> for String {
    fn from(name: InstanceName) -> Self {
        name.0
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_letter_then_letters_digits_and_single_hyphens() {
        for name in ["a", "Z9", "my-oac", "a-1-b", "abcdefghijklmnopqrstuvwxy"] {
            assert_eq!(name.parse::<InstanceName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn other_names_are_refused() {
        let too_long = "a".repeat(26);
        for name in ["", "-a", "a-", "a--b", "9a", "a_b", "a b", "é", "a\n", "ab.c", too_long.as_str()] {
            assert_eq!(name.parse::<InstanceName>(), Err(InvalidInstanceName), "{name:?}");
        }
    }

    #[test]
    fn the_first_character_that_does_not_fit_is_found() {
        let too_long = "a".repeat(26);
        for (name, index) in [("9a", 0), ("a_b", 1), ("a--b", 2), ("ab-", 2), ("", 0), (too_long.as_str(), 25)] {
            assert_eq!(InstanceName::misfit(name), Some(index), "{name:?}");
        }
    }
}
