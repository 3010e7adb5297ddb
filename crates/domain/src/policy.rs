//! OCI's policy language for what exists here: statements, how they are read and printed, and what they decide.
//!
//! ```text
//! allow <subject> to <verb> <resource type> in <place> [where <condition>]
//! allow <subject> to {<permission>, …} in <place> [where <condition>]
//! ```
//!
//! Statements only allow; what none allows is refused. The words are closed: a type of resource, a permission or a
//! variable that does not exist here is refused when the statement is written, instead of never taking effect.

pub mod operations;
mod parser;
mod rules;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::fmt::{self, Write as _};

pub use parser::{Fault, LONGEST};
pub use rules::{Denied, Domain, Question, Rules, Target};
pub use vocabulary::{Permission, Permissions, ResourceType, UnknownWord, Variable, Verb, granted_by};

/// How many statements a policy has at the most.
pub const MOST_STATEMENTS: usize = 50;

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Who.
    pub subject: Subject,
    /// What.
    pub grant: Grant,
    /// Where.
    pub place: Place,
    /// Under which condition.
    pub condition: Option<Condition>,
}

/// Whom a statement speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Every user of the tenancy.
    AnyUser,
    /// Every user who is in a group.
    AnyGroup,
    /// The members of any of these.
    Groups(Vec<GroupName>),
}

/// How a statement names a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupName {
    /// By its name, in a domain; in the default one where none is named.
    Named {
        /// The domain's name.
        domain: Option<String>,
        /// The group's name.
        name: String,
    },
    /// By its OCID.
    Id(String),
}

/// What a statement allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// All that the verb stands for.
    Verb(Verb, ResourceType),
    /// Just these.
    Permissions(Vec<Permission>),
}

/// Where a statement holds; below it as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    Tenancy,
    /// In a compartment, by the names that lead there from where the policy is attached.
    Path(Vec<String>),
    /// In a compartment, by its OCID.
    Id(String),
}

/// When a statement holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// One of them.
    Any(Vec<Condition>),
    /// Each of them.
    All(Vec<Condition>),
    /// A comparison, which is false when its variable does not apply to the request.
    Compare {
        /// What is compared.
        variable: Variable,
        /// Whether it must differ.
        negated: bool,
        /// With what.
        value: Value,
    },
}

/// What a variable is compared with, without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// This text.
    Text(String),
    /// A text like this, in which `*` stands for any characters.
    Pattern(String),
}

impl std::str::FromStr for Statement {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        parser::parse(text)
    }
}

/// The one way a statement is spelled; reading it gives the same statement.
impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, grant, place, condition } = self;
        write!(f, "allow {subject} to {grant} in {place}")?;
        condition.as_ref().map_or(Ok(()), |condition| write!(f, " where {condition}"))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyUser => f.write_str("any-user"),
            Self::AnyGroup => f.write_str("any-group"),
            Self::Groups(groups) => {
                f.write_str("group ")?;
                separated(f, groups, ", ")
            }
        }
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named { domain: None, name } => write!(f, "{}", Name(name)),
            Self::Named { domain: Some(domain), name } => write!(f, "{}/{}", Name(domain), Name(name)),
            Self::Id(id) => write!(f, "id {}", Name(id)),
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verb(verb, resource) => write!(f, "{verb} {resource}"),
            Self::Permissions(permissions) => {
                f.write_char('{')?;
                separated(f, permissions, ", ")?;
                f.write_char('}')
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenancy => f.write_str("tenancy"),
            Self::Path(names) => {
                f.write_str("compartment ")?;
                separated(f, names.iter().map(|name| Name(name)), ":")
            }
            Self::Id(id) => write!(f, "compartment id {}", Name(id)),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, conditions) = match self {
            Self::Any(conditions) => ("any", conditions),
            Self::All(conditions) => ("all", conditions),
            Self::Compare { variable, negated, value } => {
                return write!(f, "{variable} {} {value}", if *negated { "!=" } else { "=" });
            }
        };
        write!(f, "{word} {{")?;
        separated(f, conditions, ", ")?;
        f.write_char('}')
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => quoted(f, text),
            Self::Pattern(pattern) => write!(f, "/{pattern}/"),
        }
    }
}

/// A name: bare where it can be, in quotes where it would be read as something else.
struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_bare = !self.0.is_empty() && self.0.chars().all(parser::is_of_a_word);
        if is_bare && !parser::is_keyword(self.0) { f.write_str(self.0) } else { quoted(f, self.0) }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('\'')?;
    for character in text.chars() {
        if matches!(character, '\'' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(character)?;
    }
    f.write_char('\'')
}

fn separated(
    f: &mut fmt::Formatter<'_>,
    items: impl IntoIterator<Item = impl fmt::Display>,
    separator: &str,
) -> fmt::Result {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}
