//! The filter grammar (contract identity 6.1; RFC 7644 section 3.4.2.2): comparisons, `pr`, `and`, `or`, `not`,
//! parentheses, and filters over the values of one attribute, `emails[type eq "work" and value co "@"]`.
//!
//! What is read is a tree of names and literals. Whether a resource has such attributes is asked later
//! ([`super::condition`]). Size, depth and the number of comparisons are bounded here, before anything is built from it.

use std::fmt;

use serde_json::Value;

use super::path::{AttributePath, in_path};

/// The longest filter, in bytes.
const LONGEST: usize = 8 * 1024;
/// How deep parentheses and brackets may be nested.
const DEEPEST: usize = 32;
/// How many comparisons there may be.
const MOST: usize = 100;

/// A comparison's operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal, or not there.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

impl Operator {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Eq, "eq"),
        (Self::Ne, "ne"),
        (Self::Co, "co"),
        (Self::Sw, "sw"),
        (Self::Ew, "ew"),
        (Self::Gt, "gt"),
        (Self::Ge, "ge"),
        (Self::Lt, "lt"),
        (Self::Le, "le"),
    ];

    /// The operator as it is spelled.
    pub fn spelled(self) -> &'static str {
        Self::ALL.iter().find(|(operator, _)| *operator == self).map_or("", |(_, text)| text)
    }
}

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// `path operator literal`.
    Compare {
        /// What is compared.
        path: AttributePath,
        /// How.
        operator: Operator,
        /// With what: a text, a number, a truth value or null.
        value: Value,
    },
    /// `path pr`.
    Present(AttributePath),
    /// `path[filter]`: one and the same value passes all of the filter.
    Values(AttributePath, Box<Filter>),
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// Either.
    Or(Box<Filter>, Box<Filter>),
    /// The opposite.
    Not(Box<Filter>),
}

/// Why a text is no filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// It has more than 8 KiB.
    #[error("it is longer than 8 KiB")]
    TooLong,
    /// It is nested too deep.
    #[error("it is nested deeper than 32 levels")]
    TooDeep,
    /// It has too many comparisons.
    #[error("it has more than 100 comparisons")]
    TooMany,
    /// It ends where something is missing.
    #[error("it ends too early")]
    Ended,
    /// Something stands where something else belongs.
    #[error("{expected} is missing at character {at}")]
    Expected {
        /// What belongs there.
        expected: &'static str,
        /// Where, counted from one.
        at: usize,
    },
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    ///
    /// [`FilterError`]
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let (filter, rest) = Self::parse_start(text)?;
        let rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(filter);
        }
        Err(FilterError::Expected { expected: "and, or, or the end", at: place(text, rest) })
    }

    /// Reads the filter that a text begins with, and returns what follows it.
    pub(super) fn parse_start(text: &str) -> Result<(Self, &str), FilterError> {
        if text.len() > LONGEST {
            return Err(FilterError::TooLong);
        }
        let mut parser = Parser { whole: text, rest: text, depth: 0, comparisons: 0, within: false };
        let filter = parser.either()?;
        Ok((filter, parser.rest))
    }
}

fn place(whole: &str, rest: &str) -> usize {
    let before = whole.len().saturating_sub(rest.len());
    whole.get(..before).unwrap_or_default().chars().count() + 1
}

struct Parser<'a> {
    whole: &'a str,
    rest: &'a str,
    depth: usize,
    comparisons: usize,
    /// Whether it is between brackets, where there are no others.
    within: bool,
}

impl Parser<'_> {
    fn expected(&self, expected: &'static str) -> FilterError {
        if self.rest.trim_start().is_empty() {
            return FilterError::Ended;
        }
        FilterError::Expected { expected, at: place(self.whole, self.rest.trim_start()) }
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    /// Takes a word of letters if it is this one and something else follows.
    fn word(&mut self, word: &str) -> bool {
        self.skip_spaces();
        let end = self.rest.find(|c: char| !in_path(c)).unwrap_or(self.rest.len());
        let (found, rest) = self.rest.split_at(end);
        if found.eq_ignore_ascii_case(word) {
            self.rest = rest;
            return true;
        }
        false
    }

    fn symbol(&mut self, symbol: char) -> bool {
        self.skip_spaces();
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn nested(&mut self, close: char, missing: &'static str) -> Result<Filter, FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(FilterError::TooDeep);
        }
        let filter = self.either()?;
        if !self.symbol(close) {
            return Err(self.expected(missing));
        }
        self.depth -= 1;
        Ok(filter)
    }

    fn either(&mut self) -> Result<Filter, FilterError> {
        let mut left = self.both()?;
        while self.word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Filter, FilterError> {
        let mut left = self.one()?;
        while self.word("and") {
            left = Filter::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Filter, FilterError> {
        let before = self.rest;
        if self.word("not") {
            if self.symbol('(') {
                return Ok(Filter::Not(Box::new(self.nested(')', "a closing parenthesis")?)));
            }
            // An attribute may be called that.
            self.rest = before;
        }
        if self.symbol('(') {
            return self.nested(')', "a closing parenthesis");
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Filter, FilterError> {
        self.comparisons += 1;
        if self.comparisons > MOST {
            return Err(FilterError::TooMany);
        }
        let path = self.path()?;
        if !self.within && self.rest.starts_with('[') && self.symbol('[') {
            self.within = true;
            let inner = self.nested(']', "a closing bracket")?;
            self.within = false;
            return Ok(Filter::Values(path, Box::new(inner)));
        }
        if !self.rest.starts_with(' ') {
            return Err(self.expected("an operator"));
        }
        if self.word("pr") {
            return Ok(Filter::Present(path));
        }
        for (operator, name) in Operator::ALL {
            if self.word(name) {
                return Ok(Filter::Compare { path, operator, value: self.literal()? });
            }
        }
        Err(self.expected("an operator"))
    }

    fn path(&mut self) -> Result<AttributePath, FilterError> {
        self.skip_spaces();
        let end = self.rest.find(|c: char| !in_path(c)).unwrap_or(self.rest.len());
        let (found, rest) = self.rest.split_at(end);
        let path = found.parse().map_err(|_| self.expected("an attribute"))?;
        self.rest = rest;
        Ok(path)
    }

    fn literal(&mut self) -> Result<Value, FilterError> {
        const MISSING: &str = "a value: a text in quotation marks, a whole number, true, false or null";
        if !self.rest.starts_with(' ') {
            return Err(self.expected(MISSING));
        }
        self.skip_spaces();
        let end = if self.rest.starts_with('"') {
            end_of_text(self.rest).ok_or(FilterError::Ended)?
        } else {
            self.rest.find([' ', ')', ']']).unwrap_or(self.rest.len())
        };
        let (found, rest) = self.rest.split_at(end);
        let value: Value = serde_json::from_str(found).map_err(|_| self.expected(MISSING))?;
        // No attribute holds a fraction, or more than 64 bits; as a float such a number would not print as it was read.
        if value.is_array() || value.is_object() || value.is_f64() {
            return Err(self.expected(MISSING));
        }
        self.rest = rest;
        Ok(value)
    }
}

/// Where a text in quotation marks ends, after its closing one.
pub(super) fn end_of_text(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(index + 1),
            _ => {}
        }
    }
    None
}

impl Filter {
    /// How firmly it holds together: what binds weaker inside stronger is put in parentheses.
    const fn rank(&self) -> u8 {
        match self {
            Self::Or(..) => 0,
            Self::And(..) => 1,
            Self::Compare { .. } | Self::Present(_) | Self::Values(..) | Self::Not(_) => 2,
        }
    }

    fn within(&self, rank: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rank() < rank { write!(f, "({self})") } else { write!(f, "{self}") }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare { path, operator, value } => write!(f, "{path} {} {value}", operator.spelled()),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Values(path, inner) => write!(f, "{path}[{inner}]"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::And(left, right) => {
                left.within(1, f)?;
                f.write_str(" and ")?;
                right.within(2, f)
            }
            Self::Or(left, right) => {
                left.within(0, f)?;
                f.write_str(" or ")?;
                right.within(1, f)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> AttributePath {
        text.parse().unwrap()
    }

    // RFC 7644 section 3.4.2.2: and binds before or, names and operators in any case.
    #[test]
    fn filters_are_read_by_the_grammar() {
        let filter = Filter::parse(r#"userName EQ "bob" or active eq true AND not (title pr)"#).unwrap();
        assert_eq!(filter.to_string(), r#"userName eq "bob" or active eq true and not (title pr)"#);
        assert!(matches!(filter, Filter::Or(..)));
        let filter = Filter::parse(r#"emails[type eq "work" and value co "@"]"#).unwrap();
        assert!(matches!(&filter, Filter::Values(name, _) if *name == path("emails")));
        let urn = "urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User";
        let filter = Filter::parse(&format!("{urn}:locked.on eq true")).unwrap();
        assert!(matches!(&filter, Filter::Compare { value, .. } if *value == json!(true)));
        for text in ["not pr", "(a pr)", "a eq null", "a eq -15", r#"a eq "\"] and \\""#] {
            Filter::parse(text).unwrap();
        }
    }

    #[test]
    fn what_is_no_filter_is_refused_with_its_place() {
        for text in [
            "",
            " ",
            "a",
            "a eq",
            "a eq ",
            "a eq bob",
            "a xx 1",
            "a eq \"x",
            "a eq \"x\" and",
            "a pr b pr",
            "(a pr",
            "a pr)",
            "a[b pr",
            "a[b[c pr]]",
            "a[]",
            "not a pr",
            "and pr",
            "a eq {}",
            "a eq [1]",
            "a eq 'x'",
            "a==1",
            "1a pr",
            "a . b pr",
            "a eq\"x\"",
        ] {
            // `and` is a name like any other where an attribute belongs.
            if text != "and pr" {
                assert!(Filter::parse(text).is_err(), "{text}");
            }
        }
        assert_eq!(Filter::parse("a ee 1"), Err(FilterError::Expected { expected: "an operator", at: 3 }));
        assert_eq!(Filter::parse("a eq"), Err(FilterError::Ended));
        for number in ["1.5", "1e3", "111111111111111111111111"] {
            let refused = Filter::parse(&format!("a eq {number}"));
            assert!(matches!(refused, Err(FilterError::Expected { at: 6, .. })), "{number}: {refused:?}");
        }
    }

    #[test]
    fn size_depth_and_number_are_bounded() {
        assert_eq!(Filter::parse(&format!("a eq \"{}\"", "x".repeat(9000))), Err(FilterError::TooLong));
        assert_eq!(Filter::parse(&format!("{}a pr", "(".repeat(4000))), Err(FilterError::TooDeep));
        assert_eq!(Filter::parse(&vec!["a pr"; 101].join(" or ")), Err(FilterError::TooMany));
        Filter::parse(&vec!["a pr"; 100].join(" or ")).unwrap();
    }

    fn names() -> impl Strategy<Value = AttributePath> {
        "(urn:x:2\\.0:User:)?[a-z][a-zA-Z]{0,4}(\\.[a-z]{1,4})?".prop_map(|text| text.parse().unwrap())
    }

    fn literals() -> impl Strategy<Value = Value> {
        prop_oneof![
            ".{0,8}".prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            Just(Value::Null)
        ]
    }

    fn comparisons() -> impl Strategy<Value = Filter> {
        let operators = prop::sample::select(Operator::ALL.map(|(operator, _)| operator).to_vec());
        prop_oneof![
            (names(), operators, literals()).prop_map(|(path, operator, value)| Filter::Compare {
                path,
                operator,
                value
            }),
            names().prop_map(Filter::Present),
        ]
    }

    fn tree(leaves: impl Strategy<Value = Filter> + 'static) -> impl Strategy<Value = Filter> {
        leaves.prop_recursive(4, 24, 2, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| Filter::And(Box::new(a), Box::new(b))),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| Filter::Or(Box::new(a), Box::new(b))),
                inner.prop_map(|a| Filter::Not(Box::new(a))),
            ]
        })
    }

    fn filters() -> impl Strategy<Value = Filter> {
        tree(prop_oneof![
            comparisons(),
            (names(), tree(comparisons())).prop_map(|(path, inner)| Filter::Values(path, Box::new(inner))),
        ])
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back_the_same(filter in filters()) {
            prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*", near in "[a-c\"\\\\ ()\\[\\].:]{0,40}(eq|and|or|not|pr)?[a-c\"\\\\ ()\\[\\]]{0,20}") {
            let _ = Filter::parse(&text);
            let _ = Filter::parse(&near);
        }
    }
}
