//! Resource groups: parts of an instance's capacity, set aside by name.

use serde::{Deserialize, Serialize};

use super::fields::{self, FieldFault, FieldProblem, Fields};
use crate::description::describe;

/// The longest name, in characters.
const LONGEST_NAME: usize = 255;
/// The longest description, in characters.
const LONGEST_TEXT: usize = 512;

/// A resource group, in full and in the list (contract analytics 2, InstanceResourceGroup and its Summary).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceResourceGroup {
    /// Its id, unique in the instance.
    pub id: String,
    /// Its name, unique in the instance.
    pub resource_name: String,
    /// How people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Up to 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// In OCPUs.
    pub capacity: i64,
}

/// What a caller asks for; creation and update have the same fields (contract analytics 2, CreateResourceGroupDetails
/// and UpdateResourceGroupDetails).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceGroupDetails {
    /// 1 to 255 characters.
    pub resource_name: String,
    /// At least 1 OCPU.
    pub capacity: i64,
    /// 1 to 255 characters.
    pub display_name: Option<String>,
    /// Up to 512 characters.
    pub description: Option<String>,
}

impl ResourceGroupDetails {
    /// Reads and checks a body, field by field in the contract's order.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        Ok(Self {
            resource_name: fields.required("resourceName", read_name(fields, "resourceName")?)?,
            capacity: fields.required("capacity", fields.integer("capacity", 1)?)?,
            display_name: read_name(fields, "displayName")?,
            description: fields.text("description", 0, LONGEST_TEXT)?.map(str::to_owned),
        })
    }
}

/// A name is printable: it stands in lists and page tokens.
fn read_name(fields: Fields<'_>, name: &str) -> Result<Option<String>, FieldProblem> {
    let Some(text) = fields.text(name, 1, LONGEST_NAME)? else { return Ok(None) };
    if text.chars().any(char::is_control) {
        return Err(fields.problem(FieldFault::OutOfBounds, name, "printable characters", describe(text)));
    }
    Ok(Some(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use FieldFault::{Missing, OutOfBounds, Unprocessable};

    fn valid() -> Value {
        json!({ "resourceName": "sales", "capacity": 1, "displayName": "Sales", "description": "" })
    }

    fn parse(value: &Value) -> Result<ResourceGroupDetails, FieldProblem> {
        ResourceGroupDetails::parse(value.to_string().as_bytes())
    }

    #[test]
    fn required_fields_suffice() {
        let details = parse(&json!({ "resourceName": "é".repeat(255), "capacity": 52 })).unwrap();
        assert_eq!((details.capacity, details.display_name, details.description), (52, None, None));
        assert_eq!(parse(&valid()).unwrap().description.as_deref(), Some(""));
    }

    #[test]
    fn every_bound_is_held() {
        // Contract analytics 2, Create/UpdateResourceGroupDetails.
        for (field, wrong, fault) in [
            ("resourceName", Value::Null, Missing),
            ("resourceName", json!(""), OutOfBounds),
            ("resourceName", json!("a".repeat(256)), OutOfBounds),
            ("resourceName", json!("a\u{7}"), OutOfBounds),
            ("resourceName", json!(1), Unprocessable),
            ("capacity", Value::Null, Missing),
            ("capacity", json!(0), OutOfBounds),
            ("capacity", json!(-1), OutOfBounds),
            ("capacity", json!(1.5), Unprocessable),
            ("capacity", json!("1"), Unprocessable),
            ("displayName", json!(""), OutOfBounds),
            ("displayName", json!("a".repeat(256)), OutOfBounds),
            ("displayName", json!("a\n"), OutOfBounds),
            ("displayName", json!([]), Unprocessable),
            ("description", json!("a".repeat(513)), OutOfBounds),
            ("description", json!({}), Unprocessable),
        ] {
            let mut value = valid();
            value[field] = wrong;
            let problem = parse(&value).unwrap_err();
            assert_eq!((problem.fault, problem.field.as_str()), (fault, field), "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>, name in ".*") {
            let _ = ResourceGroupDetails::parse(&bytes);
            let _ = parse(&json!({ "resourceName": name, "capacity": 1 }));
        }
    }
}
