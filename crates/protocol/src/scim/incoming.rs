//! Reads the resource in a request's body by its definition (contract identity 6.1): names in any case become the schema's
//! own, types and lengths are checked, what the caller may not write is dropped on create and refused on replace, and
//! what must be there is asked for. Attributes that the resource does not have are passed over.

use serde_json::{Map, Value};

use super::{
    fault::Fault,
    schema::{Attribute, COMMON, Kind, Mutability, ResourceType, Schema, find},
};
use crate::Timestamp;

/// How many values a list may have in a body.
pub const MOST_VALUES: usize = 1000;

/// A resource by its attributes, extensions below their URNs, all in the schema's spelling.
pub type Document = Map<String, Value>;

/// Reads the body of a create.
///
/// # Errors
///
/// [`Fault`]
pub fn created(resource: &ResourceType, body: &Value) -> Result<Document, Fault> {
    let mut made = read(resource, body, None)?;
    seal(resource, &mut made)?;
    Ok(made)
}

/// Reads the body of a replace. `stored` is the resource as it is; what only the service writes may be repeated, but not
/// changed. What was written once and is not repeated stays.
///
/// # Errors
///
/// [`Fault`]
pub fn replaced(resource: &ResourceType, body: &Value, stored: &Document) -> Result<Document, Fault> {
    let mut made = read(resource, body, Some(stored))?;
    keep_immutable(resource.core.attributes, stored, &mut made)?;
    for schema in resource.extensions {
        let Some(Value::Object(before)) = stored.get(schema.urn) else { continue };
        let mut after = match made.remove(schema.urn) {
            Some(Value::Object(after)) => after,
            _ => Map::new(),
        };
        keep_immutable(schema.attributes, before, &mut after)?;
        if !after.is_empty() {
            made.insert(schema.urn.to_owned(), Value::Object(after));
        }
    }
    seal(resource, &mut made)?;
    Ok(made)
}

fn keep_immutable(attributes: &'static [Attribute], stored: &Document, made: &mut Document) -> Result<(), Fault> {
    for attribute in attributes.iter().filter(|attribute| attribute.mutability == Mutability::Immutable) {
        let Some(before) = stored.get(attribute.name) else { continue };
        match made.get(attribute.name) {
            Some(after) if after != before => return Err(Fault::Immutable(attribute.name.to_owned())),
            Some(_) => {}
            None => {
                made.insert(attribute.name.to_owned(), before.clone());
            }
        }
    }
    Ok(())
}

/// The object in a body, and that it names its schema.
///
/// # Errors
///
/// [`Fault`]
pub fn object_of<'a>(body: &'a Value, schema: &'static str) -> Result<&'a Map<String, Value>, Fault> {
    let members = body.as_object().ok_or(Fault::NotObject)?;
    let schemas = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas")).map(|(_, value)| value);
    let wrong = || Fault::Type { attribute: "schemas".to_owned(), expected: "an array of strings" };
    match schemas {
        None | Some(Value::Null) => Err(Fault::Missing(vec!["schemas".to_owned()])),
        Some(Value::Array(urns)) if urns.iter().all(Value::is_string) => {
            let named = urns.iter().filter_map(Value::as_str).any(|urn| urn.eq_ignore_ascii_case(schema));
            if named { Ok(members) } else { Err(Fault::Schema(schema)) }
        }
        Some(_) => Err(wrong()),
    }
}

fn read(resource: &ResourceType, body: &Value, stored: Option<&Document>) -> Result<Document, Fault> {
    let mut made = Map::new();
    let members = match object_of(body, resource.core.urn) {
        Ok(members) => members,
        // Told together with whatever else is missing.
        Err(Fault::Missing(mut missing)) => {
            let members = body.as_object().ok_or(Fault::NotObject)?;
            let mut made = Map::new();
            take(members, resource.core.attributes, "", stored, &mut made)?;
            missing.extend(missing_of(resource.core.attributes, "", &made));
            return Err(Fault::Missing(missing));
        }
        Err(fault) => return Err(fault),
    };
    take(members, resource.core.attributes, "", stored, &mut made)?;
    for (name, value) in members {
        let Some(schema) = resource.extension(name) else { continue };
        let empty = Map::new();
        let stored = stored.map(|stored| stored.get(schema.urn).and_then(Value::as_object).unwrap_or(&empty));
        let extension = extension(schema, value, stored)?;
        if !extension.is_empty() && made.insert(schema.urn.to_owned(), Value::Object(extension)).is_some() {
            return Err(Fault::Twice(schema.urn.to_owned()));
        }
    }
    Ok(made)
}

/// Reads the object of an extension.
pub(super) fn extension(schema: &'static Schema, value: &Value, stored: Option<&Document>) -> Result<Document, Fault> {
    let mut made = Map::new();
    match value {
        Value::Null => {}
        Value::Object(members) => take(members, schema.attributes, schema.urn, stored, &mut made)?,
        _ => return Err(Fault::Type { attribute: schema.urn.to_owned(), expected: "an object" }),
    }
    Ok(made)
}

/// Takes the attributes that are in the table out of an object.
fn take(
    members: &Map<String, Value>,
    attributes: &'static [Attribute],
    urn: &str,
    stored: Option<&Document>,
    made: &mut Document,
) -> Result<(), Fault> {
    for (name, raw) in members {
        let Some(attribute) = find(attributes, name).filter(|attribute| !is_common(attribute)) else {
            check_common(name, raw, urn, stored)?;
            continue;
        };
        let path = spelled(urn, attribute.name);
        if attribute.mutability == Mutability::ReadOnly {
            check_unchanged(attribute, raw, &path, stored)?;
            continue;
        }
        let Some(value) = canonical(attribute, raw, &path)? else { continue };
        if made.insert(attribute.name.to_owned(), value).is_some() {
            return Err(Fault::Twice(path));
        }
    }
    Ok(())
}

/// Whether it is an attribute of every resource, which a table only gives a place to.
fn is_common(attribute: &Attribute) -> bool {
    COMMON.iter().any(|common| common.name == attribute.name)
}

fn spelled(urn: &str, name: &str) -> String {
    if urn.is_empty() { name.to_owned() } else { format!("{urn}:{name}") }
}

/// Attributes of every resource: the service writes all but `schemas`. `meta` and who made it are passed over, as they
/// differ by then for whoever read the resource a moment ago.
fn check_common(name: &str, raw: &Value, urn: &str, stored: Option<&Document>) -> Result<(), Fault> {
    let common = if urn.is_empty() { find(COMMON, name) } else { None };
    match common {
        Some(attribute) if attribute.kind == Kind::String && !attribute.multi_valued => {
            check_unchanged(attribute, raw, attribute.name, stored)
        }
        _ => Ok(()),
    }
}

fn check_unchanged(attribute: &Attribute, raw: &Value, path: &str, stored: Option<&Document>) -> Result<(), Fault> {
    let Some(stored) = stored else { return Ok(()) };
    if raw.is_null() || attribute.kind == Kind::Complex || stored.get(attribute.name) == Some(raw) {
        return Ok(());
    }
    Err(Fault::ReadOnly(path.to_owned()))
}

/// A value in its definition's form; none when it says that there is none.
///
/// # Errors
///
/// [`Fault`]
pub(super) fn canonical(attribute: &'static Attribute, raw: &Value, path: &str) -> Result<Option<Value>, Fault> {
    if !attribute.multi_valued {
        return single(attribute, raw, path);
    }
    let values = match raw {
        Value::Null => return Ok(None),
        Value::Array(values) => values,
        _ => return Err(Fault::Type { attribute: path.to_owned(), expected: "an array" }),
    };
    if values.len() > MOST_VALUES {
        return Err(Fault::TooManyValues { attribute: path.to_owned(), most: MOST_VALUES });
    }
    let values: Result<Vec<_>, _> = values.iter().map(|value| single(attribute, value, path)).collect();
    let values: Vec<_> = values?.into_iter().flatten().collect();
    Ok((!values.is_empty()).then_some(Value::Array(values)))
}

/// One value of an attribute in its definition's form.
pub(super) fn single(attribute: &'static Attribute, raw: &Value, path: &str) -> Result<Option<Value>, Fault> {
    let wrong = |expected| Err(Fault::Type { attribute: path.to_owned(), expected });
    match (attribute.kind, raw) {
        (_, Value::Null) => Ok(None),
        (Kind::String | Kind::Reference, Value::String(text)) => checked_text(attribute, text, path),
        (Kind::String | Kind::Reference, _) => wrong("a string"),
        (Kind::Boolean, Value::Bool(_)) => Ok(Some(raw.clone())),
        (Kind::Boolean, _) => wrong("a boolean"),
        (Kind::Integer, Value::Number(number)) if number.as_i64().is_some() => Ok(Some(raw.clone())),
        (Kind::Integer, _) => wrong("an integer"),
        (Kind::DateTime, Value::String(text)) => match text.parse::<Timestamp>() {
            Ok(time) => Ok(Some(Value::String(time.to_string()))),
            Err(_) => wrong("an RFC 3339 date and time"),
        },
        (Kind::DateTime, _) => wrong("an RFC 3339 date and time"),
        (Kind::Complex, Value::Object(members)) => {
            let mut made = Map::new();
            for (name, raw) in members {
                let Some(sub) = attribute.find(name) else { continue };
                // Whoever copies a value from an answer copies what the service adds to it.
                if sub.mutability == Mutability::ReadOnly {
                    continue;
                }
                let path = format!("{path}.{}", sub.name);
                if let Some(value) = canonical(sub, raw, &path)?
                    && made.insert(sub.name.to_owned(), value).is_some()
                {
                    return Err(Fault::Twice(path));
                }
            }
            Ok((!made.is_empty()).then_some(Value::Object(made)))
        }
        (Kind::Complex, _) => wrong("an object"),
    }
}

fn checked_text(attribute: &Attribute, text: &str, path: &str) -> Result<Option<Value>, Fault> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().nth(attribute.max_length).is_some() {
        return Err(Fault::TooLong { attribute: path.to_owned(), most: attribute.max_length });
    }
    if text.contains('\0') {
        return Err(Fault::Value { attribute: path.to_owned(), expected: "text without the character NUL".to_owned() });
    }
    if attribute.canonical.is_empty() {
        return Ok(Some(Value::String(text.to_owned())));
    }
    match attribute.canonical.iter().find(|value| value.eq_ignore_ascii_case(text)) {
        Some(value) => Ok(Some(Value::String((*value).to_owned()))),
        None => Err(Fault::Value {
            attribute: path.to_owned(),
            expected: format!("one of {}", attribute.canonical.join(", ")),
        }),
    }
}

/// Asks for what must be there.
pub(super) fn seal(resource: &ResourceType, made: &mut Document) -> Result<(), Fault> {
    let mut missing = missing_of(resource.core.attributes, "", made);
    for schema in resource.extensions {
        if let Some(Value::Object(extension)) = made.get(schema.urn) {
            missing.extend(missing_of(schema.attributes, schema.urn, extension));
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(Fault::Missing(missing)) }
}

fn missing_of(attributes: &'static [Attribute], urn: &str, made: &Document) -> Vec<String> {
    let mut missing = Vec::new();
    for attribute in attributes.iter().filter(|attribute| !is_common(attribute)) {
        let path = spelled(urn, attribute.name);
        let mut parts = |value: &Value| {
            if let Value::Object(members) = value {
                let lacking = attribute.sub.iter().filter(|sub| sub.required && !members.contains_key(sub.name));
                missing.extend(lacking.map(|sub| format!("{path}.{}", sub.name)));
            }
        };
        match made.get(attribute.name) {
            Some(Value::Array(values)) => values.iter().for_each(parts),
            Some(value) => parts(value),
            None if attribute.required => {
                let before = missing.len();
                let lacking = attribute.sub.iter().filter(|sub| sub.required && !attribute.multi_valued);
                missing.extend(lacking.map(|sub| format!("{path}.{}", sub.name)));
                if missing.len() == before {
                    missing.push(path);
                }
            }
            None => {}
        }
    }
    missing.dedup();
    missing
}
