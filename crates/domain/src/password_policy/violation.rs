//! What is wrong with a password, and how it is said. No text repeats the password, or a part of it that was its user's
//! choice.

/// A rule that a password breaks, with the rule's own bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// It has fewer characters.
    TooShort(u16),
    /// It has more characters.
    TooLong(u16),
    /// It has fewer letters.
    Alphas(u16),
    /// It has fewer digits.
    Numerals(u16),
    /// It has fewer letters and digits.
    AlphaNumerals(u16),
    /// It has fewer special characters.
    SpecialChars(u16),
    /// It has more special characters.
    TooManySpecialChars(u16),
    /// It has fewer lower-case letters.
    LowerCase(u16),
    /// It has fewer upper-case letters.
    UpperCase(u16),
    /// It has fewer different characters.
    UniqueChars(u16),
    /// One character occurs more often.
    RepeatedChars(u16),
    /// It does not begin with a letter.
    StartsWithAlphabet,
    /// The given name stands in it.
    FirstName,
    /// The family name stands in it.
    LastName,
    /// The user name stands in it.
    UserName,
    /// The value of an attribute of the user stands in it.
    UserAttribute(String),
    /// One of these characters is missing.
    RequiredChars(String),
    /// One of these characters occurs.
    DisallowedChars(String),
    /// Another character than these occurs.
    AllowedChars(String),
    /// A forbidden text stands in it.
    DisallowedSubstring,
    /// Fewer characters are other ones than in the password before it.
    DistinctCharacters(u16),
    /// It is the present password, or one of so many before it.
    InHistory(u16),
    /// The present password is younger than that many days.
    TooSoon(u16),
}

impl Violation {
    /// The rule's attribute on the wire.
    pub const fn attribute(&self) -> &'static str {
        match self {
            Self::TooShort(_) => "minLength",
            Self::TooLong(_) => "maxLength",
            Self::Alphas(_) => "minAlphas",
            Self::Numerals(_) => "minNumerals",
            Self::AlphaNumerals(_) => "minAlphaNumerals",
            Self::SpecialChars(_) => "minSpecialChars",
            Self::TooManySpecialChars(_) => "maxSpecialChars",
            Self::LowerCase(_) => "minLowerCase",
            Self::UpperCase(_) => "minUpperCase",
            Self::UniqueChars(_) => "minUniqueChars",
            Self::RepeatedChars(_) => "maxRepeatedChars",
            Self::StartsWithAlphabet => "startsWithAlphabet",
            Self::FirstName => "firstNameDisallowed",
            Self::LastName => "lastNameDisallowed",
            Self::UserName => "userNameDisallowed",
            Self::UserAttribute(_) => "disallowedUserAttributeValues",
            Self::RequiredChars(_) => "requiredChars",
            Self::DisallowedChars(_) => "disallowedChars",
            Self::AllowedChars(_) => "allowedChars",
            Self::DisallowedSubstring => "disallowedSubstrings",
            Self::DistinctCharacters(_) => "distinctCharacters",
            Self::InHistory(_) => "numPasswordsInHistory",
            Self::TooSoon(_) => "minPasswordAge",
        }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooShort(least) => write!(f, "Password must have at least {least} character(s)."),
            Self::TooLong(most) => write!(f, "Password must not be longer than {most} character(s)."),
            Self::Alphas(least) => write!(f, "Password must have at least {least} alphabetic character(s)."),
            Self::Numerals(least) => write!(f, "Password must have at least {least} numeric character(s)."),
            Self::AlphaNumerals(least) => write!(f, "Password must have at least {least} alphanumeric character(s)."),
            Self::SpecialChars(least) => write!(f, "Password must have at least {least} special character(s)."),
            Self::TooManySpecialChars(most) => {
                write!(f, "Password must not have more than {most} special character(s).")
            }
            Self::LowerCase(least) => write!(f, "Password must have at least {least} lowercase character(s)."),
            Self::UpperCase(least) => write!(f, "Password must have at least {least} uppercase character(s)."),
            Self::UniqueChars(least) => write!(f, "Password must have at least {least} unique character(s)."),
            Self::RepeatedChars(most) => write!(f, "Password must not repeat a character more than {most} time(s)."),
            Self::StartsWithAlphabet => f.write_str("Password must start with an alphabetic character."),
            Self::FirstName => f.write_str("Password must not contain the first name."),
            Self::LastName => f.write_str("Password must not contain the last name."),
            Self::UserName => f.write_str("Password must not contain the user name."),
            Self::UserAttribute(name) => write!(f, "Password must not contain the value of {name}."),
            Self::RequiredChars(chars) => write!(f, "Password must contain the required character(s): {chars}"),
            Self::DisallowedChars(chars) => write!(f, "Password must not contain the character(s): {chars}"),
            Self::AllowedChars(chars) => write!(f, "Password may only contain the character(s): {chars}"),
            Self::DisallowedSubstring => f.write_str("Password must not contain a disallowed substring."),
            Self::DistinctCharacters(least) => {
                write!(f, "Password must have at least {least} character(s) that the previous password does not have.")
            }
            Self::InHistory(count) => write!(f, "Password must not be one of the last {count} password(s)."),
            Self::TooSoon(days) => write!(f, "Password cannot be changed within {days} day(s) of the last change."),
        }
    }
}

/// The `detail` of the answer: all of them, one after the other.
pub fn detail(violations: &[Violation]) -> String {
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    format!("The password does not comply with the password policy. {}", lines.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detail_tells_all_of_them() {
        assert_eq!(
            detail(&[Violation::TooShort(8), Violation::FirstName]),
            "The password does not comply with the password policy. Password must have at least 8 character(s). \
             Password must not contain the first name."
        );
    }
}
