//! Tags: free ones, and those of a namespace.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::{FieldFault, FieldProblem, Fields, kind};

/// Name to value.
pub type FreeformTags = BTreeMap<String, String>;
/// Namespace to name to value; a value is whatever JSON its definition allows.
pub type DefinedTags = BTreeMap<String, BTreeMap<String, Value>>;

/// Reads free tags at `name`.
///
/// # Errors
///
/// [`FieldFault::Unprocessable`] when it is not an object of strings.
pub fn read_freeform(fields: Fields<'_>, name: &str) -> Result<Option<FreeformTags>, FieldProblem> {
    let Some(map) = fields.object(name)? else { return Ok(None) };
    let mut tags = FreeformTags::new();
    for (key, value) in map {
        let Value::String(text) = value else {
            return Err(fields.problem(FieldFault::Unprocessable, name, "an object of strings", kind(value)));
        };
        tags.insert(key.clone(), text.clone());
    }
    Ok(Some(tags))
}

/// Reads tags with namespaces at `name`.
///
/// # Errors
///
/// [`FieldFault::Unprocessable`] when it is not an object of objects.
pub fn read_defined(fields: Fields<'_>, name: &str) -> Result<Option<DefinedTags>, FieldProblem> {
    let Some(map) = fields.object(name)? else { return Ok(None) };
    let mut tags = DefinedTags::new();
    for (namespace, value) in map {
        let Value::Object(inner) = value else {
            return Err(fields.problem(FieldFault::Unprocessable, name, "an object of objects", kind(value)));
        };
        tags.insert(namespace.clone(), inner.iter().map(|(key, value)| (key.clone(), value.clone())).collect());
    }
    Ok(Some(tags))
}
