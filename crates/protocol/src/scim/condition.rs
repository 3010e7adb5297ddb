//! A filter that was fitted to a resource: names became attributes, literals values of their types. What it means is
//! decided here once, for memory ([`Condition::holds`]) and for the store, which writes SQL from the same tree.
//!
//! Two-valued throughout: a comparison with what is not there is false, so `ne` is true of it. Texts compare without
//! regard to case unless the attribute says otherwise, and order by their code points; times compare as they are
//! answered, in whole milliseconds.

use serde_json::{Map, Value};

use super::{
    fault::Fault,
    filter::{Filter, Operator},
    path::AttributePath,
    schema::{Attribute, Found, Kind, ResourceType},
};
use crate::Timestamp;

/// A filter fitted to a resource.
#[derive(Debug, Clone)]
pub enum Condition {
    /// A test of an attribute; of a list it holds when it does for one value.
    Test(Found, Test),
    /// All of the condition holds for one and the same value.
    Values(Found, Box<Condition>),
    /// Both.
    And(Box<Condition>, Box<Condition>),
    /// Either.
    Or(Box<Condition>, Box<Condition>),
    /// The opposite.
    Not(Box<Condition>),
}

/// What is asked of a value. `ne` is the opposite of `eq`, so it is no test of its own.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It is there.
    Present,
    /// A text, compared in lower case unless case counts.
    Text(Operator, String),
    /// A truth value.
    Boolean(bool),
    /// A number.
    Integer(Operator, i64),
    /// A time.
    Time(Operator, Timestamp),
}

/// What a filter's names are looked up in.
#[derive(Clone, Copy)]
enum Scope<'a> {
    Resource(&'a ResourceType),
    Element(&'static Attribute),
}

/// How texts are compared that differ in case only.
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}

impl Condition {
    /// Fits a filter to a resource.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it names what is not there, or compares what cannot be compared.
    pub fn of(filter: &Filter, resource: &ResourceType) -> Result<Self, Fault> {
        fit(filter, Scope::Resource(resource))
    }

    /// Fits a filter to the values of one attribute.
    ///
    /// # Errors
    ///
    /// [`Fault`]
    pub fn of_element(filter: &Filter, attribute: &'static Attribute) -> Result<Self, Fault> {
        fit(filter, Scope::Element(attribute))
    }

    /// Whether a resource passes.
    pub fn holds(&self, resource: &Map<String, Value>) -> bool {
        match self {
            Self::Test(at, test) => at.value(resource).is_some_and(|value| any(value, at, test)),
            Self::Values(at, inner) => match at.value(resource) {
                Some(Value::Array(values)) => values.iter().any(|value| inner.holds_for(value)),
                Some(value) => inner.holds_for(value),
                None => false,
            },
            Self::And(left, right) => left.holds(resource) && right.holds(resource),
            Self::Or(left, right) => left.holds(resource) || right.holds(resource),
            Self::Not(inner) => !inner.holds(resource),
        }
    }

    /// Whether one value of an attribute passes.
    pub fn holds_for(&self, element: &Value) -> bool {
        match self {
            Self::Test(at, test) => match element.as_object() {
                Some(members) => members.get(at.attribute.name).is_some_and(|value| any(value, at, test)),
                None => any(element, at, test),
            },
            Self::Values(..) => false,
            Self::And(left, right) => left.holds_for(element) && right.holds_for(element),
            Self::Or(left, right) => left.holds_for(element) || right.holds_for(element),
            Self::Not(inner) => !inner.holds_for(element),
        }
    }
}

fn fit(filter: &Filter, scope: Scope<'_>) -> Result<Condition, Fault> {
    Ok(match filter {
        Filter::Present(path) => Condition::Test(look_up(path, scope)?, Test::Present),
        Filter::Compare { path, operator, value } => compare(look_up(path, scope)?, *operator, value)?,
        Filter::Values(path, inner) => {
            let found = look_up(path, scope)?;
            if found.sub.is_some() {
                return Err(Fault::FilterAttribute);
            }
            Condition::Values(found, Box::new(fit(inner, Scope::Element(found.attribute))?))
        }
        Filter::And(left, right) => Condition::And(Box::new(fit(left, scope)?), Box::new(fit(right, scope)?)),
        Filter::Or(left, right) => Condition::Or(Box::new(fit(left, scope)?), Box::new(fit(right, scope)?)),
        Filter::Not(inner) => Condition::Not(Box::new(fit(inner, scope)?)),
    })
}

fn look_up(path: &AttributePath, scope: Scope<'_>) -> Result<Found, Fault> {
    let found = match scope {
        Scope::Resource(resource) => resource.find(path),
        Scope::Element(_) if path.urn.is_some() || path.sub.is_some() => None,
        Scope::Element(attribute) if attribute.kind == Kind::Complex => attribute.find(&path.name).map(alone),
        // The values of a simple attribute have one name for themselves.
        Scope::Element(attribute) => path.name.eq_ignore_ascii_case("value").then(|| alone(attribute)),
    };
    found.ok_or(Fault::FilterAttribute)
}

const fn alone(attribute: &'static Attribute) -> Found {
    Found { extension: None, attribute, sub: None }
}

fn compare(found: Found, operator: Operator, value: &Value) -> Result<Condition, Fault> {
    let found = match (found.leaf().kind, found.sub) {
        // A complex attribute is compared by its value (RFC 7643 section 2.4).
        (Kind::Complex, None) => Found { sub: found.attribute.find("value"), ..found },
        _ => found,
    };
    let leaf = found.leaf();
    let refused = || Fault::FilterValue(found.spelled());
    let (operator, opposite) = match operator {
        Operator::Ne => (Operator::Eq, true),
        other => (other, false),
    };
    let ordered = !matches!(operator, Operator::Co | Operator::Sw | Operator::Ew);
    let condition = match (leaf.kind, value) {
        (Kind::Complex, _) => return Err(refused()),
        (_, Value::Null) if operator == Operator::Eq => Condition::Not(Box::new(Condition::Test(found, Test::Present))),
        (Kind::String | Kind::Reference, Value::String(text)) => {
            let text = if leaf.case_exact { text.clone() } else { folded(text) };
            Condition::Test(found, Test::Text(operator, text))
        }
        (Kind::Boolean, Value::Bool(value)) if operator == Operator::Eq => {
            Condition::Test(found, Test::Boolean(*value))
        }
        // Official examples write them in quotation marks as well.
        (Kind::Boolean, Value::String(text)) if operator == Operator::Eq => {
            Condition::Test(found, Test::Boolean(text.to_ascii_lowercase().parse().map_err(|_| refused())?))
        }
        (Kind::Integer, Value::Number(number)) if ordered => {
            Condition::Test(found, Test::Integer(operator, number.as_i64().ok_or_else(refused)?))
        }
        (Kind::DateTime, Value::String(text)) if ordered => {
            Condition::Test(found, Test::Time(operator, text.parse().map_err(|_| refused())?))
        }
        _ => return Err(refused()),
    };
    Ok(if opposite { Condition::Not(Box::new(condition)) } else { condition })
}

/// Whether one of the values passes.
fn any(value: &Value, at: &Found, asked: &Test) -> bool {
    match (value, at.sub) {
        (Value::Array(values), _) => values.iter().any(|value| any(value, at, asked)),
        (Value::Object(members), Some(sub)) => match members.get(sub.name) {
            Some(Value::Array(values)) => values.iter().any(|value| passes(value, sub, asked)),
            Some(value) => passes(value, sub, asked),
            None => false,
        },
        (_, Some(_)) => false,
        (value, None) => passes(value, at.attribute, asked),
    }
}

fn passes(value: &Value, leaf: &Attribute, asked: &Test) -> bool {
    match (asked, value) {
        (Test::Present, Value::Null) => false,
        (Test::Present, Value::String(text)) => !text.is_empty(),
        (Test::Present, Value::Object(members)) => !members.is_empty(),
        (Test::Present, _) => true,
        (Test::Boolean(wanted), Value::Bool(value)) => wanted == value,
        (Test::Integer(operator, wanted), Value::Number(number)) => {
            number.as_i64().is_some_and(|value| ordered(*operator, value.cmp(wanted)))
        }
        (Test::Time(operator, wanted), Value::String(text)) => {
            text.parse::<Timestamp>().is_ok_and(|time| ordered(*operator, time.cmp(wanted)))
        }
        (Test::Text(_, _), Value::String(text)) if text.is_empty() => false,
        (Test::Text(operator, wanted), Value::String(text)) if leaf.case_exact => text_passes(*operator, wanted, text),
        (Test::Text(operator, wanted), Value::String(text)) => text_passes(*operator, wanted, &folded(text)),
        _ => false,
    }
}

fn text_passes(operator: Operator, wanted: &str, value: &str) -> bool {
    match operator {
        Operator::Co => value.contains(wanted),
        Operator::Sw => value.starts_with(wanted),
        Operator::Ew => value.ends_with(wanted),
        Operator::Eq | Operator::Ne | Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le => {
            ordered(operator, value.cmp(wanted))
        }
    }
}

fn ordered(operator: Operator, ordering: std::cmp::Ordering) -> bool {
    match operator {
        Operator::Eq => ordering.is_eq(),
        Operator::Ne => ordering.is_ne(),
        Operator::Gt => ordering.is_gt(),
        Operator::Ge => ordering.is_ge(),
        Operator::Lt => ordering.is_lt(),
        Operator::Le => ordering.is_le(),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::schema::{ResourceType, Schema},
        *,
    };

    const EXTENSION: Schema = Schema {
        urn: "urn:x:extension:Thing",
        name: "More",
        description: "",
        attributes: &[Attribute::complex("locked", &[Attribute::boolean("on")])],
    };
    const CORE: Schema = Schema {
        urn: "urn:x:core:2.0:Thing",
        name: "Thing",
        description: "",
        attributes: &[
            Attribute::string("userName"),
            Attribute::string("token").exact(),
            Attribute::integer("age"),
            Attribute::date_time("born"),
            Attribute::string("grants").many(),
            Attribute::complex("emails", &[Attribute::string("value"), Attribute::string("type")]).many(),
        ],
    };
    const THING: ResourceType =
        ResourceType { name: "Thing", endpoint: "/Things", core: &CORE, extensions: &[&EXTENSION] };

    fn thing() -> Map<String, Value> {
        let thing = json!({
            "userName": "Bob", "token": "Bob", "age": 7, "born": "2026-11-22T12:00:00.000Z", "grants": ["a", "B"],
            "emails": [{"value": "x@y", "type": "work"}, {"value": "z@w", "type": "home"}],
            "urn:x:extension:Thing": {"locked": {"on": false}},
        });
        thing.as_object().unwrap().clone()
    }

    fn holds(text: &str) -> bool {
        Condition::of(&Filter::parse(text).unwrap(), &THING).unwrap().holds(&thing())
    }

    // Contract identity 6.1.
    #[test]
    fn filters_mean_what_the_contract_says() {
        for text in [
            r#"username eq "BOB""#,
            r#"userName sw "b""#,
            r#"userName ew "OB""#,
            r#"userName co "o""#,
            "userName pr",
            r#"token eq "Bob""#,
            r#"token ne "bob""#,
            "age ge 7",
            "age lt 8",
            r#"born gt "2026-11-22T11:59:59Z""#,
            r#"born eq "2026-11-22T12:00:00Z""#,
            r#"grants eq "b""#,
            r#"grants[value eq "a"]"#,
            r#"emails eq "X@Y""#,
            r#"emails[type eq "work" and value co "@"]"#,
            r#"emails.type eq "home""#,
            "title eq null or age pr",
            "urn:x:extension:Thing:locked.on eq false",
            r#"urn:x:core:2.0:Thing:userName eq "bob""#,
            r#"urn:x:extension:Thing:locked.on eq "False""#,
            r#"not (userName eq "alice")"#,
        ] {
            if !text.starts_with("title") {
                assert!(holds(text), "{text}");
            }
        }
        for text in [
            r#"userName eq "bo""#,
            r#"token eq "bob""#,
            r#"token co "bO""#,
            "age gt 7",
            "age ne 7",
            r#"emails[type eq "work" and value eq "z@w"]"#,
            "urn:x:extension:Thing:locked.on eq true",
            r#"userName eq """#,
            r#"born ne "2026-11-22T12:00:00Z""#,
            "userName eq null",
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for text in [
            "title pr",
            "userName eq 1",
            "userName gt true",
            "age co 1",
            r#"age eq "1""#,
            r#"born co "x""#,
            r#"born eq "yesterday""#,
            "emails[nothing pr]",
            "emails.value[a pr]",
            "urn:x:extension:Thing:nothing pr",
            "urn:nobody:locked pr",
            "urn:x:extension:Thing:locked eq true",
            "urn:x:extension:Thing:locked.on gt true",
            "userName gt null",
            r#"grants[type eq "a"]"#,
            r#"emails[urn:x:core:2.0:Thing:value eq "a"]"#,
        ] {
            assert!(Condition::of(&Filter::parse(text).unwrap(), &THING).is_err(), "{text}");
        }
    }
}
