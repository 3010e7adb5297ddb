//! PATCH (contract identity 5.4; RFC 7644 section 3.5.2): `add`, `remove` and `replace` in any case, by a path with or
//! without a filter, a sub-attribute or an extension's URN, or without a path by the members of the value.
//!
//! Nothing is copied into several values before it is known how large that makes them: a request is bounded, and so is
//! what it turns a resource into.

use serde_json::{Map, Value};

use super::{
    condition::Condition,
    fault::Fault,
    filter::Filter,
    incoming::{self, Document, MOST_VALUES},
    path::AttributePath,
    schema::{Attribute, Found, Kind, Mutability, ResourceType, Schema},
};

/// The schema of the body.
pub const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// How many operations one request may have.
const MOST_OPERATIONS: usize = 100;
/// How large the changed resource may be, in bytes of JSON, about.
const LARGEST: usize = 1024 * 1024;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Adds values, or sets the only one.
    Add,
    /// Removes values.
    Remove,
    /// Puts other values in their place.
    Replace,
}

/// An operation of a PATCH.
#[derive(Debug, Clone)]
pub struct Operation {
    /// What it does.
    pub action: Action,
    /// Where.
    pub target: Target,
    /// With what; null when there is nothing.
    pub value: Value,
}

/// Where an operation acts.
#[derive(Debug, Clone)]
pub enum Target {
    /// On the resource: the value's members say where.
    Resource,
    /// On an extension: the value's members say where in it.
    Extension(&'static Schema),
    /// On an attribute, or those of its values that pass the condition.
    Attribute(Found, Option<Condition>),
}

/// Reads the operations of a body.
///
/// # Errors
///
/// [`Fault`]
pub fn read(resource: &ResourceType, body: &Value) -> Result<Vec<Operation>, Fault> {
    let members = incoming::object_of(body, SCHEMA)?;
    let operations = member(members, "Operations").ok_or_else(|| Fault::Missing(vec!["Operations".to_owned()]))?;
    let operations = operations.as_array().ok_or(Fault::Operation("Operations must be an array"))?;
    if operations.is_empty() {
        return Err(Fault::Missing(vec!["Operations".to_owned()]));
    }
    if operations.len() > MOST_OPERATIONS {
        return Err(Fault::TooManyValues { attribute: "Operations".to_owned(), most: MOST_OPERATIONS });
    }
    let mut read = Vec::new();
    for operation in operations {
        let operation = operation.as_object().ok_or(Fault::Operation("an operation must be an object"))?;
        read.extend(one(resource, operation)?);
    }
    Ok(read)
}

fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn one(resource: &ResourceType, operation: &Map<String, Value>) -> Result<Vec<Operation>, Fault> {
    let action = match member(operation, "op").and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
        Some("add") => Action::Add,
        Some("remove") => Action::Remove,
        Some("replace") => Action::Replace,
        _ => return Err(Fault::Operation("op must be add, remove or replace")),
    };
    let target = match member(operation, "path") {
        None | Some(Value::Null) => Target::Resource,
        Some(Value::String(path)) if path.trim().is_empty() => Target::Resource,
        Some(Value::String(path)) => target(resource, path.trim())?,
        Some(_) => return Err(Fault::Operation("path must be a string")),
    };
    let value = member(operation, "value").cloned().unwrap_or_default();
    match (action, &target) {
        (Action::Remove, Target::Resource) => Err(Fault::Operation("remove needs a path")),
        (Action::Add, _) if value.is_null() => Err(Fault::Operation("add needs a value")),
        (Action::Replace, Target::Resource | Target::Extension(_)) if value.is_null() => {
            Err(Fault::Operation("replace without an attribute needs a value"))
        }
        (_, Target::Resource) => spread(resource, action, &value),
        _ => Ok(vec![Operation { action, target, value }]),
    }
}

/// An operation on the resource is one on each of the value's members.
fn spread(resource: &ResourceType, action: Action, value: &Value) -> Result<Vec<Operation>, Fault> {
    let members = value.as_object().ok_or(Fault::Operation("without a path the value must be an object"))?;
    let mut spread = Vec::new();
    for (name, value) in members {
        if name.eq_ignore_ascii_case("schemas") {
            continue;
        }
        let target = match resource.extension(name) {
            Some(schema) => Target::Extension(schema),
            None => match name.parse::<AttributePath>().ok().and_then(|path| resource.find(&path)) {
                Some(found) => Target::Attribute(found, None),
                // Passed over, as in a body.
                None => continue,
            },
        };
        spread.push(Operation { action, target, value: value.clone() });
    }
    Ok(spread)
}

fn target(resource: &ResourceType, text: &str) -> Result<Target, Fault> {
    if let Some(schema) = resource.extension(text) {
        return Ok(Target::Extension(schema));
    }
    let Some((path, rest)) = text.split_once('[') else {
        let path: AttributePath = text.parse().map_err(|_| Fault::Path)?;
        return Ok(Target::Attribute(resource.find(&path).ok_or(Fault::Path)?, None));
    };
    let (filter, rest) = Filter::parse_start(rest)?;
    let sub = rest.trim_start_matches(' ').strip_prefix(']').ok_or(Fault::Path)?;
    let path: AttributePath = format!("{}{sub}", path.trim_end()).parse().map_err(|_| Fault::Path)?;
    let found = resource.find(&path).ok_or(Fault::Path)?;
    if !found.attribute.multi_valued {
        return Err(Fault::Path);
    }
    let only = Condition::of_element(&filter, found.attribute)?;
    Ok(Target::Attribute(found, Some(only)))
}

/// Applies operations to a resource that has only what callers may write.
///
/// # Errors
///
/// [`Fault`]; the document is to be thrown away then.
pub fn apply(resource: &ResourceType, document: &mut Document, operations: &[Operation]) -> Result<(), Fault> {
    let mut size = weigh_members(document);
    for operation in operations {
        match &operation.target {
            // Reading has spread these over the members.
            Target::Resource => {}
            Target::Extension(schema) => on_extension(document, schema, operation)?,
            Target::Attribute(found, only) => {
                // What it could add at the most is known before it is copied.
                let copies = match (only, found.sub, found.value(document)) {
                    (Some(_), _, Some(Value::Array(values))) => values.len(),
                    _ => 1,
                };
                size = size.saturating_add(weigh(&operation.value).saturating_mul(copies));
                if size > LARGEST {
                    return Err(Fault::TooLarge);
                }
                on_attribute(document, *found, only.as_ref(), operation)?;
            }
        }
    }
    document.retain(|_, value| !is_nothing(value));
    incoming::seal(resource, document)
}

/// About how many bytes a value is.
fn weigh(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 8,
        Value::Array(values) => values.iter().map(weigh).sum::<usize>() + 8,
        Value::Object(members) => weigh_members(members),
    }
}

fn weigh_members(members: &Document) -> usize {
    members.iter().map(|(name, value)| name.len() + weigh(value)).sum::<usize>() + 8
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn on_extension(document: &mut Document, schema: &'static Schema, operation: &Operation) -> Result<(), Fault> {
    if operation.action == Action::Remove {
        let fixed = schema.attributes.iter().find(|attribute| attribute.mutability == Mutability::Immutable);
        if let Some(fixed) = fixed {
            return Err(Fault::Immutable(fixed.name.to_owned()));
        }
        document.remove(schema.urn);
        return Ok(());
    }
    let members = operation
        .value
        .as_object()
        .ok_or_else(|| Fault::Type { attribute: schema.urn.to_owned(), expected: "an object" })?;
    for (name, value) in members {
        let Some(attribute) = super::schema::find(schema.attributes, name) else { continue };
        let found = Found { extension: Some(schema), attribute, sub: None };
        let one = Operation { action: operation.action, target: Target::Resource, value: value.clone() };
        on_attribute(document, found, None, &one)?;
    }
    Ok(())
}

fn on_attribute(
    document: &mut Document,
    found: Found,
    only: Option<&Condition>,
    operation: &Operation,
) -> Result<(), Fault> {
    let leaf = found.leaf();
    if found.attribute.mutability == Mutability::ReadOnly || leaf.mutability == Mutability::ReadOnly {
        return Err(Fault::ReadOnly(found.spelled()));
    }
    let before =
        if found.attribute.mutability == Mutability::Immutable { found.value(document).cloned() } else { None };
    let members = match found.extension {
        None => &mut *document,
        Some(schema) => {
            let extension = document.entry(schema.urn).or_insert_with(|| Value::Object(Map::new()));
            extension.as_object_mut().ok_or(Fault::Path)?
        }
    };
    let name = found.attribute.name;
    match (only, found.sub) {
        (Some(only), sub) => on_values(members, found, only, sub, operation)?,
        (None, Some(sub)) if found.attribute.multi_valued => {
            on_every_value(members, found.attribute, sub, operation)?;
        }
        (None, Some(sub)) => {
            let whole = members.entry(name).or_insert_with(|| Value::Object(Map::new()));
            let parts = whole.as_object_mut().ok_or(Fault::Path)?;
            set(parts, sub, operation, &found.spelled())?;
        }
        (None, None) => set(members, found.attribute, operation, &found.spelled())?,
    }
    if let Some(before) = before
        && found.value(document) != Some(&before)
    {
        return Err(Fault::Immutable(found.spelled()));
    }
    Ok(())
}

/// Acts on an attribute of an object.
fn set(members: &mut Document, attribute: &'static Attribute, operation: &Operation, path: &str) -> Result<(), Fault> {
    let name = attribute.name;
    if operation.action == Action::Remove && attribute.multi_valued && !operation.value.is_null() {
        return remove_listed(members, attribute, &operation.value, path);
    }
    if operation.action == Action::Remove || operation.value.is_null() {
        members.remove(name);
        return Ok(());
    }
    if operation.action == Action::Add && attribute.multi_valued {
        return add(members, attribute, &operation.value, path);
    }
    let Some(value) = listed(attribute, &operation.value, path)? else {
        members.remove(name);
        return Ok(());
    };
    match (operation.action, attribute.kind, members.get_mut(name), value) {
        // A complex value is changed in the parts that are given (RFC 7644 section 3.5.2.1).
        (_, Kind::Complex, Some(Value::Object(parts)), Value::Object(given)) if !attribute.multi_valued => {
            parts.extend(given);
        }
        (_, _, _, value) => {
            members.insert(name.to_owned(), value);
        }
    }
    Ok(())
}

/// The values given for an attribute: of a list also a single one.
fn listed(attribute: &'static Attribute, value: &Value, path: &str) -> Result<Option<Value>, Fault> {
    match (attribute.multi_valued, value) {
        (true, Value::Array(_)) | (false, _) => incoming::canonical(attribute, value, path),
        (true, value) => Ok(incoming::single(attribute, value, path)?.map(|value| Value::Array(vec![value]))),
    }
}

fn add(members: &mut Document, attribute: &'static Attribute, value: &Value, path: &str) -> Result<(), Fault> {
    let Some(Value::Array(given)) = listed(attribute, value, path)? else { return Ok(()) };
    let present = members.entry(attribute.name).or_insert_with(|| Value::Array(Vec::new()));
    let present = present.as_array_mut().ok_or(Fault::Path)?;
    // Compared through their text, so that many do not cost their square.
    let mut known: std::collections::HashSet<String> = present.iter().map(Value::to_string).collect();
    for value in given {
        if known.insert(value.to_string()) {
            present.push(value);
        }
    }
    if present.len() > MOST_VALUES {
        return Err(Fault::TooManyValues { attribute: path.to_owned(), most: MOST_VALUES });
    }
    Ok(())
}

/// Removes those of a list's values that are given, complex ones by their `value`.
fn remove_listed(
    members: &mut Document,
    attribute: &'static Attribute,
    value: &Value,
    path: &str,
) -> Result<(), Fault> {
    let Some(Value::Array(given)) = listed(attribute, value, path)? else { return Ok(()) };
    let key = |value: &Value| match value {
        Value::Object(parts) => parts.get("value").unwrap_or(value).to_string(),
        value => value.to_string(),
    };
    let given: std::collections::HashSet<String> = given.iter().map(key).collect();
    if let Some(Value::Array(present)) = members.get_mut(attribute.name) {
        present.retain(|value| !given.contains(&key(value)));
    }
    Ok(())
}

fn on_every_value(
    members: &mut Document,
    attribute: &'static Attribute,
    sub: &'static Attribute,
    operation: &Operation,
) -> Result<(), Fault> {
    let path = format!("{}.{}", attribute.name, sub.name);
    let Some(Value::Array(values)) = members.get_mut(attribute.name) else { return Err(Fault::NoTarget) };
    if weigh(&operation.value).saturating_mul(values.len()) > LARGEST {
        return Err(Fault::TooLarge);
    }
    for value in values {
        set(value.as_object_mut().ok_or(Fault::Path)?, sub, operation, &path)?;
    }
    Ok(())
}

/// Acts on the values of a list that pass a condition.
fn on_values(
    members: &mut Document,
    found: Found,
    only: &Condition,
    sub: Option<&'static Attribute>,
    operation: &Operation,
) -> Result<(), Fault> {
    let (attribute, path) = (found.attribute, found.spelled());
    let Some(Value::Array(values)) = members.get_mut(attribute.name) else {
        // What is not there is gone already.
        return if operation.action == Action::Remove { Ok(()) } else { Err(Fault::NoTarget) };
    };
    match (operation.action, sub) {
        (Action::Remove, None) => {
            values.retain(|value| !only.holds_for(value));
            return Ok(());
        }
        (_, Some(sub)) => {
            let mut hit = operation.action == Action::Remove;
            for value in values.iter_mut().filter(|value| only.holds_for(value)) {
                set(value.as_object_mut().ok_or(Fault::Path)?, sub, operation, &path)?;
                hit = true;
            }
            return if hit { Ok(()) } else { Err(Fault::NoTarget) };
        }
        (Action::Add | Action::Replace, None) => {}
    }
    let Some(Value::Array(given)) = listed(attribute, &operation.value, &path)? else {
        values.retain(|value| !only.holds_for(value));
        return Ok(());
    };
    if !values.iter().any(|value| only.holds_for(value)) {
        return Err(Fault::NoTarget);
    }
    if let ([Value::Object(given)], Kind::Complex) = (given.as_slice(), attribute.kind) {
        // One value changes each that passes, in the parts that it has.
        for value in values.iter_mut().filter(|value| only.holds_for(value)) {
            if let Value::Object(parts) = value {
                parts.extend(given.clone());
            }
        }
    } else {
        // Others take the place of those that pass.
        let at = values.iter().position(|value| only.holds_for(value)).unwrap_or(0);
        values.retain(|value| !only.holds_for(value));
        let after = values.split_off(at.min(values.len()));
        values.extend(given);
        values.extend(after);
    }
    if values.len() > MOST_VALUES {
        return Err(Fault::TooManyValues { attribute: path, most: MOST_VALUES });
    }
    Ok(())
}
