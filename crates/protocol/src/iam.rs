//! The bodies and queries of Oracle's identity API, version 20160918, as far as it is served here: compartments, policies,
//! API keys, the tenancy and its regions. Names and shapes are those of Oracle's published SDKs.

pub mod query;
pub mod region;

use serde::Serialize;

use crate::{
    Timestamp,
    analytics::{
        DefinedTags, FreeformTags,
        fields::{self, FieldFault, FieldProblem, Fields},
        tags,
    },
    description::describe,
};

/// The version, which begins every path.
pub const API_VERSION: &str = "20160918";
/// The state of everything that is there.
pub const ACTIVE: &str = "ACTIVE";

/// The longest identifier, in characters.
const LONGEST_ID: usize = 255;
/// The longest name, in characters.
const LONGEST_NAME: usize = 100;
/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 400;
/// The longest PEM text of a key, in characters: one of 8192 bits has some 1500.
const LONGEST_KEY: usize = 4096;
/// The longest date of a policy's version, in characters.
const LONGEST_DATE: usize = 40;

/// A compartment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compartment {
    /// Its OCID.
    pub id: String,
    /// The one it lies in; the root lies in none.
    pub compartment_id: Option<String>,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub time_created: Timestamp,
    /// Where it is in its life.
    pub lifecycle_state: &'static str,
    /// Whether the caller may list something in it or below.
    pub is_accessible: Option<bool>,
    /// Free tags.
    pub freeform_tags: FreeformTags,
    /// Tags with namespaces.
    pub defined_tags: DefinedTags,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Its OCID.
    pub id: String,
    /// Where it is attached.
    pub compartment_id: String,
    /// Its name.
    pub name: String,
    /// Its statements as they were written.
    pub statements: Vec<String>,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub time_created: Timestamp,
    /// Where it is in its life.
    pub lifecycle_state: &'static str,
    /// By which day's words its statements are understood.
    pub version_date: Option<String>,
    /// Free tags.
    pub freeform_tags: FreeformTags,
    /// Tags with namespaces.
    pub defined_tags: DefinedTags,
}

/// The public half of a user's API signing key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Tenancy, user and fingerprint, as a signature names the key.
    pub key_id: String,
    /// The key as PEM.
    pub key_value: String,
    /// 16 pairs of hex digits with colons.
    pub fingerprint: String,
    /// The user's OCID.
    pub user_id: String,
    /// When it was registered.
    pub time_created: Timestamp,
    /// Where it is in its life.
    pub lifecycle_state: &'static str,
}

/// A tenancy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenancy {
    /// Its OCID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The three letters of its home region.
    pub home_region_key: String,
    /// Free tags.
    pub freeform_tags: FreeformTags,
    /// Tags with namespaces.
    pub defined_tags: DefinedTags,
}

/// A region that a tenancy may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionSubscription {
    /// Its three letters.
    pub region_key: String,
    /// Its identifier.
    pub region_name: String,
    /// Whether it is ready.
    pub status: &'static str,
    /// Whether it is the tenancy's home.
    pub is_home_region: bool,
}

/// The body of CreateCompartment.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateCompartmentDetails {
    /// In which one.
    pub compartment_id: String,
    /// Letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// 1 to 400 characters.
    pub description: String,
    /// Free tags.
    pub freeform_tags: FreeformTags,
    /// Tags with namespaces.
    pub defined_tags: DefinedTags,
}

impl CreateCompartmentDetails {
    /// Reads and checks a body.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        Ok(Self {
            compartment_id: required_text(fields, "compartmentId", LONGEST_ID)?,
            name: fields.required("name", name(fields)?)?,
            description: required_text(fields, "description", LONGEST_DESCRIPTION)?,
            freeform_tags: tags::read_freeform(fields, "freeformTags")?.unwrap_or_default(),
            defined_tags: tags::read_defined(fields, "definedTags")?.unwrap_or_default(),
        })
    }
}

/// The body of UpdateCompartment. What is absent stays.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateCompartmentDetails {
    /// Letters, digits, `.`, `-` and `_`.
    pub name: Option<String>,
    /// 1 to 400 characters.
    pub description: Option<String>,
    /// Free tags.
    pub freeform_tags: Option<FreeformTags>,
    /// Tags with namespaces.
    pub defined_tags: Option<DefinedTags>,
}

impl UpdateCompartmentDetails {
    /// Reads and checks a body.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        Ok(Self {
            name: name(fields)?,
            description: text(fields, "description", LONGEST_DESCRIPTION)?,
            freeform_tags: tags::read_freeform(fields, "freeformTags")?,
            defined_tags: tags::read_defined(fields, "definedTags")?,
        })
    }
}

/// The body of CreatePolicy.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatePolicyDetails {
    /// Where to attach it.
    pub compartment_id: String,
    /// Letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// At least one.
    pub statements: Vec<String>,
    /// 1 to 400 characters.
    pub description: String,
    /// A date.
    pub version_date: Option<String>,
    /// Free tags.
    pub freeform_tags: FreeformTags,
    /// Tags with namespaces.
    pub defined_tags: DefinedTags,
}

impl CreatePolicyDetails {
    /// Reads and checks a body; statements are not read here. There are at most `most` of them.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8], most: usize) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        Ok(Self {
            compartment_id: required_text(fields, "compartmentId", LONGEST_ID)?,
            name: fields.required("name", name(fields)?)?,
            statements: fields.required("statements", statements(fields, most)?)?,
            description: required_text(fields, "description", LONGEST_DESCRIPTION)?,
            version_date: version_date(fields)?,
            freeform_tags: tags::read_freeform(fields, "freeformTags")?.unwrap_or_default(),
            defined_tags: tags::read_defined(fields, "definedTags")?.unwrap_or_default(),
        })
    }
}

/// The body of UpdatePolicy. What is absent stays.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdatePolicyDetails {
    /// At least one, instead of all there are.
    pub statements: Option<Vec<String>>,
    /// 1 to 400 characters.
    pub description: Option<String>,
    /// A date.
    pub version_date: Option<String>,
    /// Free tags.
    pub freeform_tags: Option<FreeformTags>,
    /// Tags with namespaces.
    pub defined_tags: Option<DefinedTags>,
}

impl UpdatePolicyDetails {
    /// Reads and checks a body; statements are not read here. There are at most `most` of them.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8], most: usize) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        Ok(Self {
            statements: statements(fields, most)?,
            description: text(fields, "description", LONGEST_DESCRIPTION)?,
            version_date: version_date(fields)?,
            freeform_tags: tags::read_freeform(fields, "freeformTags")?,
            defined_tags: tags::read_defined(fields, "definedTags")?,
        })
    }
}

/// The body of UploadApiKey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateApiKeyDetails {
    /// An RSA public key as PEM.
    pub key: String,
}

impl CreateApiKeyDetails {
    /// Reads a body; whether the text is a key is not judged here.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        Ok(Self { key: required_text(fields, "key", LONGEST_KEY)? })
    }
}

fn required_text(fields: Fields<'_>, name: &str, longest: usize) -> Result<String, FieldProblem> {
    fields.required(name, text(fields, name, longest)?)
}

/// A text of at least one character, without a NUL: not every database takes one.
fn text(fields: Fields<'_>, name: &str, longest: usize) -> Result<Option<String>, FieldProblem> {
    let Some(text) = fields.text(name, 1, longest)? else { return Ok(None) };
    without_nul(fields, name, text).map(|text| Some(text.to_owned()))
}

fn without_nul<'t>(fields: Fields<'_>, name: &str, text: &'t str) -> Result<&'t str, FieldProblem> {
    if text.contains('\0') {
        return Err(fields.problem(FieldFault::OutOfBounds, name, "a text without NUL", describe(text)));
    }
    Ok(text)
}

fn name(fields: Fields<'_>) -> Result<Option<String>, FieldProblem> {
    let Some(text) = fields.text("name", 1, LONGEST_NAME)? else { return Ok(None) };
    if text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')) {
        return Ok(Some(text.to_owned()));
    }
    let expected = "letters, digits, periods, hyphens and underscores";
    Err(fields.problem(FieldFault::OutOfBounds, "name", expected, describe(text)))
}

fn statements(fields: Fields<'_>, most: usize) -> Result<Option<Vec<String>>, FieldProblem> {
    if fields.get("statements").is_none() {
        return Ok(None);
    }
    let statements = fields.texts("statements", 1, usize::MAX)?;
    for (index, text) in statements.iter().enumerate() {
        without_nul(fields, &format!("statements[{index}]"), text)?;
    }
    if (1..=most).contains(&statements.len()) {
        return Ok(Some(statements));
    }
    let (expected, seen) = (format!("1 to {most} statements"), format!("{} statements", statements.len()));
    Err(fields.problem(FieldFault::OutOfBounds, "statements", expected, seen))
}

/// `YYYY-MM-DD`, with or without a time behind it. An empty one is none, as Oracle's command line sends it.
fn version_date(fields: Fields<'_>) -> Result<Option<String>, FieldProblem> {
    let Some(text) = fields.text("versionDate", 0, LONGEST_DATE)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let shape: String = date.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let is_time = time.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '+' | '-' | 'Z'));
    if shape == "0000-00-00" && is_time {
        return Ok(Some(text.to_owned()));
    }
    Err(fields.problem(FieldFault::OutOfBounds, "versionDate", "a date such as 2026-01-31", describe(text)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn compartment() -> Value {
        json!({ "compartmentId": "ocid1.tenancy.oc1..a", "name": "My.Things-1_", "description": "for things" })
    }

    fn policy() -> Value {
        let statements = ["allow group A to read users in tenancy"];
        json!({ "compartmentId": "c", "name": "P", "description": "d", "statements": statements, "versionDate": "" })
    }

    #[test]
    fn bodies_are_read() {
        let read = CreateCompartmentDetails::parse(compartment().to_string().as_bytes()).unwrap();
        assert_eq!((read.name.as_str(), read.description.as_str()), ("My.Things-1_", "for things"));
        let read = CreatePolicyDetails::parse(policy().to_string().as_bytes(), 50).unwrap();
        assert_eq!((read.statements.len(), read.version_date), (1, None));
        let read = UpdatePolicyDetails::parse(b"{}", 50).unwrap();
        assert_eq!((read.statements, read.description), (None, None));
        let read = UpdatePolicyDetails::parse(br#"{"versionDate":"2026-01-31T00:00:00.000Z"}"#, 50).unwrap();
        assert_eq!(read.version_date.as_deref(), Some("2026-01-31T00:00:00.000Z"));
    }

    #[test]
    fn what_a_compartment_must_have_is_missed() {
        for field in ["compartmentId", "name", "description"] {
            let mut body = compartment();
            body[field] = Value::Null;
            let problem = CreateCompartmentDetails::parse(body.to_string().as_bytes()).unwrap_err();
            assert_eq!((problem.fault, problem.field.as_str()), (FieldFault::Missing, field));
        }
    }

    #[test]
    fn what_a_policy_must_have_is_missed() {
        for field in ["compartmentId", "name", "description", "statements"] {
            let mut body = policy();
            body[field] = Value::Null;
            let problem = CreatePolicyDetails::parse(body.to_string().as_bytes(), 50).unwrap_err();
            assert_eq!((problem.fault, problem.field.as_str()), (FieldFault::Missing, field));
        }
    }

    #[test]
    fn values_out_of_bounds_are_refused() {
        for (field, value) in [
            ("name", json!("")),
            ("name", json!("a b")),
            ("name", json!("é")),
            ("name", json!("a".repeat(101))),
            ("description", json!("")),
            ("description", json!("a".repeat(401))),
            ("description", json!("a\u{0}b")),
            ("compartmentId", json!("a".repeat(256))),
            ("statements", json!([])),
            ("statements", vec!["x"; 51].into()),
            ("statements[0]", json!([""])),
            ("statements[0]", json!(["allow\u{0}"])),
            ("versionDate", json!("yesterday")),
            ("versionDate", json!("2026-01-31Tx")),
            ("versionDate", json!("2026-1-31")),
        ] {
            let mut body = policy();
            body[field.split('[').next().unwrap()] = value.clone();
            let problem = CreatePolicyDetails::parse(body.to_string().as_bytes(), 50).unwrap_err();
            assert_eq!((problem.fault, problem.field.as_str()), (FieldFault::OutOfBounds, field), "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>, name in ".{0,20}", date in ".{0,12}") {
            let _ = (CreateCompartmentDetails::parse(&bytes), CreateApiKeyDetails::parse(&bytes));
            let body = json!({ "name": name, "versionDate": date, "statements": [name] }).to_string();
            let _ = (UpdatePolicyDetails::parse(body.as_bytes(), 1), UpdateCompartmentDetails::parse(body.as_bytes()));
        }
    }
}
