//! Reads a statement. Keywords take any case; spaces and line breaks do not count; `//` begins a comment that ends with its
//! line. A name that is more than letters, digits and `-_.@+` stands in single quotes, within which a backslash goes before
//! a quote or a backslash.

use std::{borrow::Cow, fmt};

use obol_protocol::description::{describe, describe_among};

use super::{Condition, Grant, GroupName, Permission, Place, ResourceType, Statement, Subject, Value, Variable, Verb};

/// The longest statement, in characters.
pub const LONGEST: usize = 4096;
/// How deep conditions may lie in each other.
const DEEPEST: usize = 8;

/// Why a statement cannot be read: what was expected where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which character it is about, counted from one.
    pub position: usize,
    /// What was expected there.
    pub expected: Cow<'static, str>,
    /// What stands there, described and not repeated.
    pub seen: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: expected {}", self.position, self.expected)
    }
}

impl std::error::Error for Fault {}

/// Whether a character may stand in a word that is not quoted.
pub(super) fn is_of_a_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | '@' | '+')
}

/// Whether a word means something somewhere in a statement, so that as a name it is better quoted.
pub(super) fn is_keyword(word: &str) -> bool {
    ["allow", "group", "id", "any-user", "any-group", "to", "in", "tenancy", "compartment", "where", "any", "all"]
        .iter()
        .any(|keyword| word.eq_ignore_ascii_case(keyword))
}

pub(super) fn parse(text: &str) -> Result<Statement, Fault> {
    let count = text.chars().count();
    if count > LONGEST {
        let expected = format!("a statement of at most {LONGEST} characters").into();
        return Err(Fault { position: LONGEST + 1, expected, seen: format!("{count} characters") });
    }
    let mut cursor = Cursor { text, at: 0 };
    cursor.keyword("allow")?;
    let subject = cursor.subject()?;
    cursor.keyword("to")?;
    let grant = cursor.grant()?;
    cursor.keyword("in")?;
    let place = cursor.place()?;
    let condition = if cursor.rest().is_empty() {
        None
    } else {
        cursor.keyword("where")?;
        Some(cursor.condition(DEEPEST)?)
    };
    if cursor.rest().is_empty() { Ok(Statement { subject, grant, place, condition }) } else { cursor.fault("the end") }
}

struct Cursor<'a> {
    text: &'a str,
    /// In bytes, always between two characters.
    at: usize,
}

impl<'a> Cursor<'a> {
    /// What is left, after spaces and comments.
    fn rest(&mut self) -> &'a str {
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let Some(comment) = trimmed.strip_prefix("//") else { return trimmed };
            self.at += 2 + comment.find('\n').unwrap_or(comment.len());
        }
    }

    fn fault<T>(&mut self, expected: impl Into<Cow<'static, str>>) -> Result<T, Fault> {
        self.fault_among(expected, [])
    }

    /// A fault where a word of a vocabulary was expected.
    fn fault_among<T>(
        &mut self,
        expected: impl Into<Cow<'static, str>>,
        vocabulary: impl IntoIterator<Item = &'static str>,
    ) -> Result<T, Fault> {
        let rest = self.rest();
        let word = rest.split(|c: char| !is_of_a_word(c)).next().unwrap_or_default();
        let seen = match (word, rest.chars().next()) {
            ("", None) => "the end".to_owned(),
            ("", Some(sign)) if sign.is_ascii_punctuation() => format!("the sign {sign}"),
            ("", Some(sign)) => describe(&sign.to_string()),
            (word, _) => describe_among(word, vocabulary),
        };
        let position = self.text.get(..self.at).map_or(0, |before| before.chars().count()) + 1;
        Err(Fault { position, expected: expected.into(), seen })
    }

    /// The word that comes next, without taking it.
    fn peek(&mut self) -> &'a str {
        self.rest().split(|c: char| !is_of_a_word(c)).next().unwrap_or_default()
    }

    fn takes(&mut self, keyword: &str) -> bool {
        let word = self.peek();
        let found = word.eq_ignore_ascii_case(keyword);
        if found {
            self.at += word.len();
        }
        found
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    fn keyword(&mut self, keyword: &'static str) -> Result<(), Fault> {
        if self.takes(keyword) { Ok(()) } else { self.fault_among(keyword, [keyword]) }
    }

    fn sign(&mut self, sign: &'static str) -> Result<(), Fault> {
        if self.takes_sign(sign) { Ok(()) } else { self.fault(sign) }
    }

    /// A word of a closed vocabulary.
    fn word<T: std::str::FromStr + Copy + 'static>(
        &mut self,
        what: &str,
        all: &'static [T],
        spelled: fn(T) -> &'static str,
    ) -> Result<T, Fault> {
        let word = self.peek();
        if let Ok(known) = word.parse() {
            self.at += word.len();
            return Ok(known);
        }
        let words = || all.iter().map(|word| spelled(*word));
        let expected = format!("{what}: one of {}", words().collect::<Vec<_>>().join(", "));
        self.fault_among(expected, words())
    }

    /// A name, bare or in quotes.
    fn name(&mut self, what: &'static str) -> Result<String, Fault> {
        if self.rest().starts_with('\'') {
            let name = self.text_in_quotes()?;
            return if name.is_empty() { self.fault(what) } else { Ok(name) };
        }
        let word = self.peek();
        if word.is_empty() {
            return self.fault(what);
        }
        self.at += word.len();
        Ok(word.to_owned())
    }

    fn text_in_quotes(&mut self) -> Result<String, Fault> {
        self.sign("'")?;
        let mut text = String::new();
        let mut characters = self.text.get(self.at..).unwrap_or_default().char_indices().peekable();
        while let Some((offset, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            match (character, next) {
                ('\'', _) => {
                    self.at += offset + 1;
                    return Ok(text);
                }
                ('\\', Some(escaped @ ('\'' | '\\'))) => {
                    characters.next();
                    text.push(escaped);
                }
                _ => text.push(character),
            }
        }
        self.at = self.text.len();
        self.fault("a single quote that ends the text")
    }

    fn subject(&mut self) -> Result<Subject, Fault> {
        if self.takes("any-user") {
            return Ok(Subject::AnyUser);
        }
        if self.takes("any-group") {
            return Ok(Subject::AnyGroup);
        }
        if !self.takes("group") {
            return self.fault_among("group, any-group or any-user", ["group", "any-group", "any-user"]);
        }
        let mut groups = vec![self.group()?];
        while self.takes_sign(",") {
            groups.push(self.group()?);
        }
        Ok(Subject::Groups(groups))
    }

    fn group(&mut self) -> Result<GroupName, Fault> {
        if self.takes("id") {
            return Ok(GroupName::Id(self.name("the OCID of a group")?));
        }
        let first = self.name("the name of a group")?;
        // Two slashes are a comment, which `rest` has passed over by now.
        if self.takes_sign("/") {
            let name = self.name("the name of a group after that of its domain")?;
            return Ok(GroupName::Named { domain: Some(first), name });
        }
        Ok(GroupName::Named { domain: None, name: first })
    }

    fn grant(&mut self) -> Result<Grant, Fault> {
        if self.takes_sign("{") {
            let mut permissions = vec![self.word("a permission", Permission::ALL, Permission::as_str)?];
            while self.takes_sign(",") {
                permissions.push(self.word("a permission", Permission::ALL, Permission::as_str)?);
            }
            self.sign("}")?;
            return Ok(Grant::Permissions(permissions));
        }
        let verb = self.word("a verb", Verb::ALL, Verb::as_str)?;
        Ok(Grant::Verb(verb, self.word("a type of resource", ResourceType::ALL, ResourceType::as_str)?))
    }

    fn place(&mut self) -> Result<Place, Fault> {
        if self.takes("tenancy") {
            return Ok(Place::Tenancy);
        }
        if !self.takes("compartment") {
            return self.fault_among("tenancy or compartment", ["tenancy", "compartment"]);
        }
        if self.takes("id") {
            return Ok(Place::Id(self.name("the OCID of a compartment")?));
        }
        let mut names = vec![self.name("the name of a compartment")?];
        while self.takes_sign(":") {
            names.push(self.name("the name of a compartment")?);
        }
        Ok(Place::Path(names))
    }

    fn condition(&mut self, deepest: usize) -> Result<Condition, Fault> {
        if self.takes("any") {
            return Ok(Condition::Any(self.conditions(deepest)?));
        }
        if self.takes("all") {
            return Ok(Condition::All(self.conditions(deepest)?));
        }
        let variable = self.variable()?;
        let negated = self.takes_sign("!=");
        if !negated && !self.takes_sign("=") {
            return self.fault("= or !=");
        }
        Ok(Condition::Compare { variable, negated, value: self.value()? })
    }

    fn conditions(&mut self, deepest: usize) -> Result<Vec<Condition>, Fault> {
        let Some(deepest) = deepest.checked_sub(1) else {
            return self.fault(format!("conditions that lie in each other at most {DEEPEST} deep"));
        };
        self.sign("{")?;
        let mut conditions = vec![self.condition(deepest)?];
        while self.takes_sign(",") {
            conditions.push(self.condition(deepest)?);
        }
        self.sign("}")?;
        Ok(conditions)
    }

    /// Oracle's own examples also spell the resource in the plural.
    fn variable(&mut self) -> Result<Variable, Fault> {
        let word = self.peek();
        let singular =
            word.to_ascii_lowercase().replacen("target.analytics-instances.", "target.analytics-instance.", 1);
        if let Ok(variable) = singular.parse() {
            self.at += word.len();
            return Ok(variable);
        }
        self.word("a variable", Variable::ALL, Variable::as_str)
    }

    fn value(&mut self) -> Result<Value, Fault> {
        if self.rest().starts_with('\'') {
            return Ok(Value::Text(self.text_in_quotes()?));
        }
        if !self.takes_sign("/") {
            return self.fault("a text in single quotes, or a pattern between slashes");
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some((pattern, _)) = rest.split_once('/') else {
            self.at = self.text.len();
            return self.fault("a slash that ends the pattern");
        };
        self.at += pattern.len() + 1;
        Ok(Value::Pattern(pattern.to_owned()))
    }
}
