//! Password policies (contract identity 9).

use crate::scim::schema::{Attribute, ResourceType, Schema};

const GROUPS: &[Attribute] = &[
    Attribute::string("value").required().exact().at_most(40),
    Attribute::reference("$ref"),
    Attribute::string("display").read_only(),
];

const ATTRIBUTES: &[Attribute] = &[
    Attribute::string("name").required().immutable().always().unique().at_most(100),
    Attribute::string("description").at_most(1000),
    Attribute::integer("priority"),
    Attribute::string("passwordStrength").one_of(&["Simple", "Standard", "Custom"]),
    Attribute::integer("minLength"),
    Attribute::integer("maxLength"),
    Attribute::integer("minAlphas"),
    Attribute::integer("minNumerals"),
    Attribute::integer("minAlphaNumerals"),
    Attribute::integer("minSpecialChars"),
    Attribute::integer("maxSpecialChars"),
    Attribute::integer("minLowerCase"),
    Attribute::integer("minUpperCase"),
    Attribute::integer("minUniqueChars"),
    Attribute::integer("maxRepeatedChars"),
    Attribute::boolean("startsWithAlphabet"),
    Attribute::boolean("firstNameDisallowed"),
    Attribute::boolean("lastNameDisallowed"),
    Attribute::boolean("userNameDisallowed"),
    Attribute::string("disallowedUserAttributeValues").many(),
    Attribute::string("requiredChars").exact(),
    Attribute::string("disallowedChars").exact(),
    Attribute::string("allowedChars").exact(),
    Attribute::string("disallowedSubstrings").many(),
    Attribute::integer("distinctCharacters"),
    Attribute::integer("minPasswordAge"),
    Attribute::integer("passwordExpiresAfter"),
    Attribute::integer("passwordExpireWarning"),
    Attribute::integer("numPasswordsInHistory"),
    Attribute::integer("maxIncorrectAttempts"),
    Attribute::integer("lockoutDuration"),
    Attribute::complex("groups", GROUPS).many(),
];

/// What a password policy is made of.
pub const CORE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:PasswordPolicy",
    name: "PasswordPolicy",
    description: "Password policy",
    attributes: ATTRIBUTES,
};

/// `/PasswordPolicies`.
pub const PASSWORD_POLICY: ResourceType =
    ResourceType { name: "PasswordPolicy", endpoint: "/PasswordPolicies", core: &CORE, extensions: &[] };
