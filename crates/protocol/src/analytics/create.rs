//! The body of CreateAnalyticsInstance.

use super::{
    Capacity, DefinedTags, FeatureBundle, FeatureSet, FreeformTags, InstanceName, LicenseType, NetworkEndpointDetails,
    UpdateChannel,
    fields::{self, FieldFault, FieldProblem, Fields},
    tags,
};
use crate::{Secret, description::describe_up_to};

/// The longest text of most identifiers, in characters.
const LONGEST_ID: usize = 255;
/// The longest description and notification address, in characters.
const LONGEST_TEXT: usize = 512;
/// The longest access token, in characters.
pub const LONGEST_TOKEN: usize = 8192;

/// What a caller asks for (contract analytics 2, CreateAnalyticsInstanceDetails). Members that the contract does not
/// name are ignored.
#[derive(Debug, Clone)]
pub struct CreateAnalyticsInstanceDetails {
    /// Unique in the tenancy.
    pub name: InstanceName,
    /// Where the instance is filed.
    pub compartment_id: String,
    /// The edition.
    pub feature_set: FeatureSet,
    /// How much it may take.
    pub capacity: Capacity,
    /// Who pays for the licence.
    pub license_type: LicenseType,
    /// Up to 512 characters.
    pub description: Option<String>,
    /// Where to write to; up to 512 characters, of no set syntax.
    pub email_notification: Option<String>,
    /// Public, from everywhere, when absent.
    pub network_endpoint_details: NetworkEndpointDetails,
    /// The user's access token; up to 8192 characters. Optional in the schema, required by the service.
    pub idcs_access_token: Option<Secret>,
    /// Tags with namespaces.
    pub defined_tags: DefinedTags,
    /// Free tags.
    pub freeform_tags: FreeformTags,
    /// Regular when absent.
    pub update_channel: UpdateChannel,
    /// The customer's encryption key; Oracle's own when absent or empty.
    pub kms_key_id: Option<String>,
    /// An identity domain.
    pub domain_id: Option<String>,
    /// The name of a user in that domain.
    pub admin_user: Option<String>,
    /// The product bundle.
    pub feature_bundle: Option<FeatureBundle>,
}

impl CreateAnalyticsInstanceDetails {
    /// Reads and checks a body, field by field in the contract's order.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        let text = |name, min, max| fields.text(name, min, max).map(|text| text.map(str::to_owned));
        Ok(Self {
            name: read_name(fields)?,
            compartment_id: fields.required("compartmentId", text("compartmentId", 1, LONGEST_ID)?)?,
            feature_set: fields.required("featureSet", fields.vocabulary("featureSet")?)?,
            capacity: fields.required("capacity", Capacity::read(fields, "capacity")?)?,
            license_type: fields.required("licenseType", fields.vocabulary("licenseType")?)?,
            description: text("description", 0, LONGEST_TEXT)?,
            email_notification: text("emailNotification", 0, LONGEST_TEXT)?,
            network_endpoint_details: NetworkEndpointDetails::read(fields, "networkEndpointDetails")?
                .unwrap_or_default(),
            idcs_access_token: fields.text("idcsAccessToken", 0, LONGEST_TOKEN)?.map(Secret::new),
            defined_tags: tags::read_defined(fields, "definedTags")?.unwrap_or_default(),
            freeform_tags: tags::read_freeform(fields, "freeformTags")?.unwrap_or_default(),
            update_channel: fields.vocabulary("updateChannel")?.unwrap_or(UpdateChannel::Regular),
            kms_key_id: text("kmsKeyId", 0, LONGEST_ID)?.filter(|id| !id.is_empty()),
            domain_id: text("domainId", 0, LONGEST_ID)?,
            admin_user: text("adminUser", 0, LONGEST_ID)?,
            feature_bundle: fields.vocabulary("featureBundle")?,
        })
    }
}

fn read_name(fields: Fields<'_>) -> Result<InstanceName, FieldProblem> {
    let text = fields.required("name", fields.text("name", 1, InstanceName::LONGEST)?)?;
    text.parse().map_err(|_| {
        let seen = describe_up_to(text, InstanceName::misfit(text).unwrap_or_default());
        fields.problem(FieldFault::OutOfBounds, "name", InstanceName::PATTERN, seen)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn valid() -> Value {
        json!({
            "name": "myoac",
            "compartmentId": "ocid1.compartment.oc1..aaaa",
            "featureSet": "ENTERPRISE_ANALYTICS",
            "capacity": { "capacityType": "OLPU_COUNT", "capacityValue": 1 },
            "licenseType": "LICENSE_INCLUDED",
        })
    }

    fn parse(value: &Value) -> Result<CreateAnalyticsInstanceDetails, FieldProblem> {
        CreateAnalyticsInstanceDetails::parse(value.to_string().as_bytes())
    }

    #[test]
    fn required_fields_suffice_and_the_rest_has_defaults() {
        let details = parse(&valid()).unwrap();
        assert_eq!(details.update_channel, UpdateChannel::Regular);
        assert_eq!(details.network_endpoint_details, NetworkEndpointDetails::default());
        assert!(details.idcs_access_token.is_none() && details.kms_key_id.is_none());
    }

    #[test]
    fn each_required_field_is_missed_by_name() {
        for field in ["name", "compartmentId", "featureSet", "capacity", "licenseType"] {
            for absent in [true, false] {
                let mut value = valid();
                if absent {
                    value.as_object_mut().unwrap().remove(field);
                } else {
                    value[field] = Value::Null;
                }
                let problem = parse(&value).unwrap_err();
                assert_eq!((problem.fault, problem.field.as_str()), (FieldFault::Missing, field));
            }
        }
    }

    #[test]
    fn every_text_is_held_to_its_bounds() {
        // Contract analytics 2, CreateAnalyticsInstanceDetails.
        for (field, min, max) in [
            ("compartmentId", 1, 255),
            ("description", 0, 512),
            ("emailNotification", 0, 512),
            ("idcsAccessToken", 0, 8192),
            ("kmsKeyId", 0, 255),
            ("domainId", 0, 255),
            ("adminUser", 0, 255),
        ] {
            for (length, fits) in [(min, true), (max, true), (max + 1, false)] {
                let mut value = valid();
                value[field] = "é".repeat(length).into();
                let refused = parse(&value).err().map(|problem| (problem.fault, problem.field));
                let expected = (!fits).then(|| (FieldFault::OutOfBounds, field.to_owned()));
                assert_eq!(refused, expected, "{field} {length}");
            }
            let mut value = valid();
            value[field] = json!(1);
            assert_eq!(parse(&value).unwrap_err().fault, FieldFault::Unprocessable, "{field}");
        }
        let mut value = valid();
        value["compartmentId"] = "".into();
        assert_eq!(parse(&value).unwrap_err().fault, FieldFault::OutOfBounds);
    }

    #[test]
    fn names_follow_the_pattern() {
        for name in ["", "9a", "a--b", "a-", "a_b", "abcdefghijklmnopqrstuvwxyz"] {
            let mut value = valid();
            value["name"] = name.into();
            let problem = parse(&value).unwrap_err();
            assert_eq!((problem.fault, problem.field.as_str()), (FieldFault::OutOfBounds, "name"), "{name}");
        }
    }

    #[test]
    fn vocabularies_are_exact_in_a_body() {
        for field in ["featureSet", "licenseType", "updateChannel", "featureBundle"] {
            for wrong in [json!("nonsense"), json!("early"), json!("enterprise_analytics"), json!(1), json!([])] {
                let mut value = valid();
                value[field] = wrong;
                let problem = parse(&value).unwrap_err();
                assert_eq!((problem.fault, problem.field.as_str()), (FieldFault::Unprocessable, field));
                assert!(problem.expected.contains(" or "), "the allowed values are listed: {}", problem.expected);
            }
        }
    }

    #[test]
    fn capacity_is_held_to_its_shape() {
        for (capacity, fault, field) in [
            (json!(1), FieldFault::Unprocessable, "capacity"),
            (json!({}), FieldFault::Missing, "capacity.capacityType"),
            (json!({ "capacityType": "OCPU", "capacityValue": 1 }), FieldFault::Unprocessable, "capacity.capacityType"),
            (json!({ "capacityType": "OLPU_COUNT" }), FieldFault::Missing, "capacity.capacityValue"),
            (
                json!({ "capacityType": "OLPU_COUNT", "capacityValue": 0 }),
                FieldFault::OutOfBounds,
                "capacity.capacityValue",
            ),
            (
                json!({ "capacityType": "OLPU_COUNT", "capacityValue": "1" }),
                FieldFault::Unprocessable,
                "capacity.capacityValue",
            ),
        ] {
            let mut value = valid();
            value["capacity"] = capacity;
            let problem = parse(&value).unwrap_err();
            assert_eq!((problem.fault, problem.field.as_str()), (fault, field));
        }
    }

    #[test]
    fn tags_have_their_shape() {
        for (field, wrong) in [
            ("freeformTags", json!({ "a": 1 })),
            ("freeformTags", json!([])),
            ("definedTags", json!({ "a": "b" })),
            ("definedTags", json!("a")),
        ] {
            let mut value = valid();
            value[field] = wrong;
            assert_eq!(parse(&value).unwrap_err().fault, FieldFault::Unprocessable);
        }
    }

    #[test]
    fn the_token_is_in_no_debug_text_and_no_problem() {
        let mut value = valid();
        value["idcsAccessToken"] = "canary".into();
        assert!(!format!("{:?}", parse(&value).unwrap()).contains("canary"));
        value["idcsAccessToken"] = "canary".repeat(2000).into();
        assert!(!format!("{:?}", parse(&value).unwrap_err()).contains("canary"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = CreateAnalyticsInstanceDetails::parse(&bytes);
        }
    }
}
