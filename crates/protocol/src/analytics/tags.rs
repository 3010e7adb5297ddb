//! Tags: free ones, and those of a namespace, within the limits that the cloud has for all resources. Which namespaces and
//! keys a tenancy has defined is another service's knowledge, and not asked for.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::{FieldFault, FieldProblem, Fields, kind};

/// Name to value.
pub type FreeformTags = BTreeMap<String, String>;
/// Namespace to name to value; a value is a string, a number or a boolean.
pub type DefinedTags = BTreeMap<String, BTreeMap<String, Value>>;

/// The most free tags of a resource.
const MOST_FREEFORM: usize = 10;
/// The most tags with namespaces of a resource.
const MOST_DEFINED: usize = 64;
/// The longest namespace or key, in characters.
const LONGEST_KEY: usize = 100;
/// The longest value, in characters.
const LONGEST_VALUE: usize = 256;

/// Reads free tags at `name`.
///
/// # Errors
///
/// [`FieldFault::Unprocessable`] when it is not an object of strings, [`FieldFault::OutOfBounds`] when there are too many
/// or one of them breaks a bound. The refusal does not repeat keys: they are the caller's text.
pub fn read_freeform(fields: Fields<'_>, name: &str) -> Result<Option<FreeformTags>, FieldProblem> {
    let Some(map) = fields.object(name)? else { return Ok(None) };
    let mut tags = FreeformTags::new();
    for (key, value) in map {
        let Value::String(text) = value else {
            return Err(fields.problem(FieldFault::Unprocessable, name, "an object of strings", kind(value)));
        };
        let is_key = bounded(key, 1, LONGEST_KEY) && is_printable(key);
        if !is_key {
            return Err(fields.problem(
                FieldFault::OutOfBounds,
                name,
                "keys of 1 to 100 printable characters",
                told(key),
            ));
        }
        value_fits(fields, name, text)?;
        tags.insert(key.clone(), text.clone());
    }
    at_most(fields, name, tags.len(), MOST_FREEFORM)?;
    Ok(Some(tags))
}

/// Reads tags with namespaces at `name`.
///
/// # Errors
///
/// [`FieldFault::Unprocessable`] when it is not an object of objects of strings, numbers and booleans,
/// [`FieldFault::OutOfBounds`] when there are too many or one of them breaks a bound.
pub fn read_defined(fields: Fields<'_>, name: &str) -> Result<Option<DefinedTags>, FieldProblem> {
    let Some(map) = fields.object(name)? else { return Ok(None) };
    let mut tags = DefinedTags::new();
    for (namespace, value) in map {
        let Value::Object(inner) = value else {
            return Err(fields.problem(FieldFault::Unprocessable, name, "an object of objects", kind(value)));
        };
        defined_key_fits(fields, name, namespace)?;
        for (key, value) in inner {
            defined_key_fits(fields, name, key)?;
            match value {
                Value::String(text) => value_fits(fields, name, text)?,
                Value::Number(_) | Value::Bool(_) => {}
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    let expected = "values that are strings, numbers or booleans";
                    return Err(fields.problem(FieldFault::Unprocessable, name, expected, kind(value)));
                }
            }
        }
        tags.insert(namespace.clone(), inner.iter().map(|(key, value)| (key.clone(), value.clone())).collect());
    }
    at_most(fields, name, tags.values().map(BTreeMap::len).sum(), MOST_DEFINED)?;
    Ok(Some(tags))
}

fn at_most(fields: Fields<'_>, name: &str, count: usize, most: usize) -> Result<(), FieldProblem> {
    if count <= most {
        return Ok(());
    }
    Err(fields.problem(FieldFault::OutOfBounds, name, format!("at most {most} tags"), format!("{count} tags")))
}

fn defined_key_fits(fields: Fields<'_>, name: &str, key: &str) -> Result<(), FieldProblem> {
    if bounded(key, 1, LONGEST_KEY) && key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.') {
        return Ok(());
    }
    let expected = "namespaces and keys of 1 to 100 printable ASCII characters without dots and spaces";
    Err(fields.problem(FieldFault::OutOfBounds, name, expected, told(key)))
}

fn value_fits(fields: Fields<'_>, name: &str, value: &str) -> Result<(), FieldProblem> {
    if bounded(value, 0, LONGEST_VALUE) && is_printable(value) {
        return Ok(());
    }
    Err(fields.problem(FieldFault::OutOfBounds, name, "values of at most 256 printable characters", told(value)))
}

fn bounded(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.chars().count())
}

fn is_printable(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

fn told(text: &str) -> String {
    crate::description::describe(text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn freeform(value: &Value) -> Result<Option<FreeformTags>, FieldProblem> {
        let map = json!({ "t": value });
        read_freeform(Fields::root(map.as_object().unwrap()), "t")
    }

    fn defined(value: &Value) -> Result<Option<DefinedTags>, FieldProblem> {
        let map = json!({ "t": value });
        read_defined(Fields::root(map.as_object().unwrap()), "t")
    }

    fn many(count: usize, value: &Value) -> Value {
        (0..count).map(|index| (format!("k{index}"), value.clone())).collect::<Map<_, _>>().into()
    }

    #[test]
    fn tags_within_the_limits_are_read() {
        let longest = "é".repeat(100);
        let tags = freeform(&json!({ longest.as_str(): "v".repeat(256), "a b.c": "" })).unwrap().unwrap();
        assert_eq!((tags.len(), tags["a b.c"].as_str()), (2, ""));
        assert_eq!(freeform(&many(10, &json!("v"))).unwrap().unwrap().len(), 10);
        let tags = defined(&json!({ "ns": { "s": "v", "n": 1.5, "b": true }, "empty": {} })).unwrap().unwrap();
        assert_eq!((tags["ns"].len(), tags["empty"].len()), (3, 0));
        assert_eq!(defined(&json!({ "a": many(32, &json!(1)), "b": many(32, &json!(1)) })).unwrap().unwrap().len(), 2);
        assert_eq!((freeform(&Value::Null), defined(&Value::Null)), (Ok(None), Ok(None)));
    }

    #[test]
    fn free_tags_are_held_to_every_limit() {
        use FieldFault::{OutOfBounds, Unprocessable};
        let (long_key, long_value) = ("k".repeat(101), "v".repeat(257));
        for (value, fault) in [
            (json!([]), Unprocessable),
            (json!("a"), Unprocessable),
            (json!({ "a": 1 }), Unprocessable),
            (json!({ "a": null }), Unprocessable),
            (json!({ "a": {} }), Unprocessable),
            (many(11, &json!("v")), OutOfBounds),
            (json!({ "": "v" }), OutOfBounds),
            (json!({ long_key: "v" }), OutOfBounds),
            (json!({ "a\n": "v" }), OutOfBounds),
            (json!({ "a": long_value }), OutOfBounds),
            (json!({ "a": "v\u{0}" }), OutOfBounds),
        ] {
            let problem = freeform(&value).unwrap_err();
            assert_eq!((problem.fault, problem.field.as_str()), (fault, "t"), "{value}");
        }
    }

    #[test]
    fn tags_with_namespaces_are_held_to_every_limit() {
        use FieldFault::{OutOfBounds, Unprocessable};
        let long = "k".repeat(101);
        for (value, fault) in [
            (json!([]), Unprocessable),
            (json!({ "a": "b" }), Unprocessable),
            (json!({ "a": null }), Unprocessable),
            (json!({ "a": { "b": null } }), Unprocessable),
            (json!({ "a": { "b": [] } }), Unprocessable),
            (json!({ "a": { "b": {} } }), Unprocessable),
            (json!({ "a": many(33, &json!(1)), "b": many(32, &json!(1)) }), OutOfBounds),
            (json!({ "": {} }), OutOfBounds),
            (json!({ "a.b": {} }), OutOfBounds),
            (json!({ "a b": {} }), OutOfBounds),
            (json!({ "é": {} }), OutOfBounds),
            (json!({ long.as_str(): {} }), OutOfBounds),
            (json!({ "a": { long.as_str(): 1 } }), OutOfBounds),
            (json!({ "a": { "b.c": 1 } }), OutOfBounds),
            (json!({ "a": { "b": "v".repeat(257) } }), OutOfBounds),
        ] {
            let problem = defined(&value).unwrap_err();
            assert_eq!((problem.fault, problem.field.as_str()), (fault, "t"), "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_tags_are_read_or_refused_without_repeating_them(key in ".{1,200}", value in "[k-z]{12,400}") {
            if let Err(problem) = freeform(&json!({ key.as_str(): value })) {
                proptest::prop_assert!(!problem.to_string().contains(&value));
            }
            let _ = defined(&json!({ key.as_str(): { key.as_str(): value } }));
        }
    }
}
