//! Reads a JSON object field by field, so that a refusal knows which field, what was wanted and what was there.

use std::fmt;

use serde_json::{Map, Value};

use super::enums::Vocabulary;
use crate::{
    description::describe,
    oci::ocid::{self, Ocid},
};

/// What is wrong with a field. The dialect maps it to Oracle's code and words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldFault {
    /// The body is not JSON, or JSON of another type or vocabulary than the model's.
    Unprocessable,
    /// A required field is absent or null.
    Missing,
    /// The value has the right type but breaks a bound or a pattern.
    OutOfBounds,
}

/// One refused field. Of what the caller sent it repeats nothing that may be a secret, see [`crate::description`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// What is wrong.
    pub fault: FieldFault,
    /// The path, e.g. `capacity.capacityValue`; empty for the body itself.
    pub field: String,
    /// What the contract wants, as a sentence fragment.
    pub expected: String,
    /// What was there, as a sentence fragment.
    pub seen: String,
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, saw {}", self.field, self.expected, self.seen)
    }
}

/// Reads a body as a JSON object.
///
/// # Errors
///
/// [`FieldFault::Unprocessable`] when it is not one.
pub fn body(bytes: &[u8]) -> Result<Map<String, Value>, FieldProblem> {
    let problem = |seen: String| FieldProblem {
        fault: FieldFault::Unprocessable,
        field: String::new(),
        expected: "a JSON object".to_owned(),
        seen,
    };
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(other) => Err(problem(kind(&other).to_owned())),
        Err(_) if bytes.is_empty() => Err(problem("an empty body".to_owned())),
        // serde's message may quote the input; line and column do not.
        Err(error) => Err(problem(format!("no JSON at line {} column {}", error.line(), error.column()))),
    }
}

/// An object in an array: its path from the body's root, and its members.
pub type Item<'a> = (String, &'a Map<String, Value>);

/// An object whose fields are being read.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    path: &'a str,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The body itself.
    pub const fn root(map: &'a Map<String, Value>) -> Self {
        Self { path: "", map }
    }

    /// An object at a path.
    pub const fn at(path: &'a str, map: &'a Map<String, Value>) -> Self {
        Self { path, map }
    }

    /// The path of a field of this object.
    pub fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A problem with one of the fields.
    pub fn problem(
        &self,
        fault: FieldFault,
        name: &str,
        expected: impl Into<String>,
        seen: impl Into<String>,
    ) -> FieldProblem {
        FieldProblem { fault, field: self.path(name), expected: expected.into(), seen: seen.into() }
    }

    /// The field's value; null is absence.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// Turns the absence of a required field into a problem.
    ///
    /// # Errors
    ///
    /// [`FieldFault::Missing`]
    pub fn required<T>(&self, name: &str, value: Option<T>) -> Result<T, FieldProblem> {
        value.ok_or_else(|| self.problem(FieldFault::Missing, name, "a value", "no value"))
    }

    /// A text of `min` to `max` characters.
    ///
    /// # Errors
    ///
    /// [`FieldProblem`] when it is not a text or outside the bounds.
    pub fn text(&self, name: &str, min: usize, max: usize) -> Result<Option<&'a str>, FieldProblem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text =
            value.as_str().ok_or_else(|| self.problem(FieldFault::Unprocessable, name, "a string", kind(value)))?;
        self.length(name, text, min, max).map(Some)
    }

    /// Checks the length of a text in characters.
    ///
    /// # Errors
    ///
    /// [`FieldFault::OutOfBounds`]
    pub fn length<'t>(&self, name: &str, text: &'t str, min: usize, max: usize) -> Result<&'t str, FieldProblem> {
        let length = text.chars().count();
        if (min..=max).contains(&length) {
            return Ok(text);
        }
        let expected = format!("{min} to {max} characters");
        Err(self.problem(FieldFault::OutOfBounds, name, expected, format!("{length} characters")))
    }

    /// A value of a closed vocabulary, in its exact spelling.
    ///
    /// # Errors
    ///
    /// [`FieldFault::Unprocessable`]: Oracle's reader fails on it like on any other JSON it cannot place.
    pub fn vocabulary<T: Vocabulary>(&self, name: &str) -> Result<Option<T>, FieldProblem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let unknown = |seen: String| self.problem(FieldFault::Unprocessable, name, T::spellings(), seen);
        let text = value.as_str().ok_or_else(|| unknown(kind(value).to_owned()))?;
        T::exact(text).map(Some).ok_or_else(|| unknown(T::describe(text)))
    }

    /// A whole number of at least `min`.
    ///
    /// # Errors
    ///
    /// [`FieldProblem`] when it is not a whole number or too small.
    pub fn integer(&self, name: &str, min: i64) -> Result<Option<i64>, FieldProblem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value
            .as_i64()
            .ok_or_else(|| self.problem(FieldFault::Unprocessable, name, "a whole number", kind(value)))?;
        if number < min {
            let expected = format!("a whole number of at least {min}");
            return Err(self.problem(FieldFault::OutOfBounds, name, expected, number.to_string()));
        }
        Ok(Some(number))
    }

    /// A nested object.
    ///
    /// # Errors
    ///
    /// [`FieldFault::Unprocessable`] when it is something else.
    pub fn object(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, FieldProblem> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(other) => Err(self.problem(FieldFault::Unprocessable, name, "an object", kind(other))),
        }
    }

    /// A nested array; absence is an empty one.
    ///
    /// # Errors
    ///
    /// [`FieldFault::Unprocessable`] when it is something else.
    pub fn array(&self, name: &str) -> Result<&'a [Value], FieldProblem> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(other) => Err(self.problem(FieldFault::Unprocessable, name, "an array", kind(other))),
        }
    }

    /// An array of texts of `min` to `max` characters each.
    ///
    /// # Errors
    ///
    /// [`FieldProblem`] naming the item, e.g. `whitelistedIps[2]`.
    pub fn texts(&self, name: &str, min: usize, max: usize) -> Result<Vec<String>, FieldProblem> {
        let mut texts = Vec::new();
        for (index, value) in self.array(name)?.iter().enumerate() {
            let item = format!("{name}[{index}]");
            let text = value
                .as_str()
                .ok_or_else(|| self.problem(FieldFault::Unprocessable, &item, "a string", kind(value)))?;
            texts.push(self.length(&item, text, min, max)?.to_owned());
        }
        Ok(texts)
    }

    /// An array of objects, each with its path from the body's root.
    ///
    /// # Errors
    ///
    /// [`FieldFault::Unprocessable`] naming the item.
    pub fn objects(&self, name: &str) -> Result<Vec<Item<'a>>, FieldProblem> {
        let mut objects = Vec::new();
        for (index, value) in self.array(name)?.iter().enumerate() {
            let item = format!("{name}[{index}]");
            let Value::Object(map) = value else {
                return Err(self.problem(FieldFault::Unprocessable, &item, "an object", kind(value)));
            };
            objects.push((self.path(&item), map));
        }
        Ok(objects)
    }

    /// Checks how many items an array has.
    ///
    /// # Errors
    ///
    /// [`FieldFault::OutOfBounds`]
    pub fn count<T>(&self, name: &str, items: Vec<T>, min: usize, max: usize) -> Result<Vec<T>, FieldProblem> {
        if (min..=max).contains(&items.len()) {
            return Ok(items);
        }
        let expected = if min == 0 { format!("at most {max} items") } else { format!("{min} to {max} items") };
        Err(self.problem(FieldFault::OutOfBounds, name, expected, format!("{} items", items.len())))
    }

    /// The OCID of a resource of a kind, e.g. `subnet`.
    ///
    /// # Errors
    ///
    /// [`FieldProblem`] when it is not a text of that shape.
    pub fn ocid(&self, name: &str, kind: &str) -> Result<Option<String>, FieldProblem> {
        self.text(name, 1, ocid::LONGEST)?.map(|text| self.is_ocid(name, text, kind)).transpose()
    }

    /// At most `most` OCIDs of resources of a kind.
    ///
    /// # Errors
    ///
    /// [`FieldProblem`] naming the item.
    pub fn ocids(&self, name: &str, kind: &str, most: usize) -> Result<Vec<String>, FieldProblem> {
        let texts = self.count(name, self.texts(name, 1, ocid::LONGEST)?, 0, most)?;
        let items = texts.iter().enumerate();
        items.map(|(index, text)| self.is_ocid(&format!("{name}[{index}]"), text, kind)).collect()
    }

    fn is_ocid(&self, name: &str, text: &str, kind: &str) -> Result<String, FieldProblem> {
        let seen = match text.parse::<Ocid>() {
            Ok(ocid) if ocid.kind() == kind => return Ok(text.to_owned()),
            Ok(_) => "the OCID of a resource of another kind".to_owned(),
            Err(_) => format!("no OCID, but {}", describe(text)),
        };
        Err(self.problem(FieldFault::OutOfBounds, name, format!("an OCID that begins with ocid1.{kind}."), seen))
    }
}

/// The JSON type of a value, for an explanation.
pub const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_body_that_is_no_object_is_unprocessable() {
        for (bytes, seen) in [
            (b"" as &[u8], "an empty body"),
            (b"[]", "an array"),
            (b"{", "no JSON at line 1 column 1"),
            (b"{\"a\":1} x", "no JSON at line 1 column 9"),
            (b"\xff", "no JSON at line 1 column 1"),
        ] {
            let problem = body(bytes).unwrap_err();
            assert_eq!((problem.fault, problem.seen.as_str()), (FieldFault::Unprocessable, seen));
        }
    }

    #[test]
    fn null_is_absence() {
        let map = map(&json!({ "a": null }));
        assert_eq!(Fields::root(&map).text("a", 1, 2), Ok(None));
        assert_eq!(Fields::root(&map).array("a"), Ok(&[] as &[Value]));
    }

    #[test]
    fn a_problem_names_its_path() {
        let map = map(&json!({ "ips": ["1", ""] }));
        let problem = Fields::at("networkEndpointDetails", &map).texts("ips", 1, 255).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "networkEndpointDetails.ips[1]: expected 1 to 255 characters, saw 0 characters"
        );
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let map = map(&json!({ "a": "éé" }));
        assert_eq!(Fields::root(&map).text("a", 1, 2), Ok(Some("éé")));
        assert_eq!(Fields::root(&map).text("a", 3, 4).unwrap_err().fault, FieldFault::OutOfBounds);
    }

    #[test]
    fn numbers_are_whole_and_bounded() {
        let map = map(&json!({ "half": 1.5, "text": "1", "huge": 18_446_744_073_709_551_615_u64, "zero": 0 }));
        for name in ["half", "text", "huge"] {
            assert_eq!(Fields::root(&map).integer(name, 1).unwrap_err().fault, FieldFault::Unprocessable, "{name}");
        }
        assert_eq!(Fields::root(&map).integer("zero", 1).unwrap_err().fault, FieldFault::OutOfBounds);
    }

    #[test]
    fn an_ocid_is_of_its_kind() {
        let map = map(&json!({ "vcn": "ocid1.vcn.oc1.phx.aaaa", "user": "ocid1.user.oc1..aaaa", "no": "v", "one": 1,
            "some": ["ocid1.vcn.oc1.phx.aaaa", "ocid1.user.oc1..aaaa"] }));
        let fields = Fields::root(&map);
        assert_eq!(fields.ocid("vcn", "vcn"), Ok(Some("ocid1.vcn.oc1.phx.aaaa".to_owned())));
        assert_eq!(fields.ocid("absent", "vcn"), Ok(None));
        for (name, fault) in
            [("user", FieldFault::OutOfBounds), ("no", FieldFault::OutOfBounds), ("one", FieldFault::Unprocessable)]
        {
            assert_eq!(fields.ocid(name, "vcn").unwrap_err().fault, fault, "{name}");
        }
        assert_eq!(fields.ocids("some", "vcn", 2).unwrap_err().field, "some[1]");
        assert_eq!(fields.ocids("some", "vcn", 1).unwrap_err().field, "some");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = body(&bytes);
        }
    }
}
