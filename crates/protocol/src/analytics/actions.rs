//! The bodies of the operations that change an instance in the background (contract analytics 2). Start and stop have none.

use super::{
    Capacity, FeatureBundle, NetworkEndpointDetails,
    fields::{self, FieldProblem, Fields},
};

/// The longest identifier, in characters.
const LONGEST_ID: usize = 255;

/// The body of ScaleAnalyticsInstance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScaleAnalyticsInstanceDetails {
    /// How much the instance is to have.
    pub capacity: Capacity,
}

/// The body of ChangeAnalyticsInstanceCompartment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeCompartmentDetails {
    /// Where the instance is to be filed.
    pub compartment_id: String,
}

/// The body of ChangeAnalyticsInstanceNetworkEndpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeAnalyticsInstanceNetworkEndpointDetails {
    /// From where the instance is to be reached; the whole of it.
    pub network_endpoint_details: NetworkEndpointDetails,
}

/// The body of SetKmsKey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetKmsKeyDetails {
    /// The customer's encryption key; none for Oracle's own, which a caller writes as an empty text.
    pub kms_key_id: Option<String>,
}

/// The body of SetFeatureBundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetFeatureBundleDetails {
    /// The product bundle; none for none.
    pub feature_bundle: Option<FeatureBundle>,
}

impl ScaleAnalyticsInstanceDetails {
    /// Reads and checks a body.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        Ok(Self { capacity: fields.required("capacity", Capacity::read(fields, "capacity")?)? })
    }
}

impl ChangeCompartmentDetails {
    /// Reads and checks a body.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        let compartment_id = fields.required("compartmentId", fields.text("compartmentId", 1, LONGEST_ID)?)?;
        Ok(Self { compartment_id: compartment_id.to_owned() })
    }
}

impl ChangeAnalyticsInstanceNetworkEndpointDetails {
    /// Reads and checks a body.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        const NAME: &str = "networkEndpointDetails";
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        let network_endpoint_details = fields.required(NAME, NetworkEndpointDetails::read(fields, NAME)?)?;
        Ok(Self { network_endpoint_details })
    }
}

impl SetKmsKeyDetails {
    /// Reads and checks a body. Null is absence, and absence is refused: the empty text resets.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        let kms_key_id = fields.required("kmsKeyId", fields.text("kmsKeyId", 0, LONGEST_ID)?)?;
        Ok(Self { kms_key_id: Some(kms_key_id.to_owned()).filter(|id| !id.is_empty()) })
    }
}

impl SetFeatureBundleDetails {
    /// Reads and checks a body.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        Ok(Self { feature_bundle: Fields::root(&map).vocabulary("featureBundle")? })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::analytics::FieldFault::{self, Missing, OutOfBounds, Unprocessable};

    type Parse = fn(&[u8]) -> Result<(), FieldProblem>;

    const SCALE: Parse = |body| ScaleAnalyticsInstanceDetails::parse(body).map(drop);
    const MOVE: Parse = |body| ChangeCompartmentDetails::parse(body).map(drop);
    const ENDPOINT: Parse = |body| ChangeAnalyticsInstanceNetworkEndpointDetails::parse(body).map(drop);
    const KEY: Parse = |body| SetKmsKeyDetails::parse(body).map(drop);
    const BUNDLE: Parse = |body| SetFeatureBundleDetails::parse(body).map(drop);

    #[test]
    fn every_bound_is_held() {
        let long = "x".repeat(256);
        let table: [(Parse, Value, FieldFault, &str); 21] = [
            (SCALE, json!({}), Missing, "capacity"),
            (SCALE, json!({ "capacity": null }), Missing, "capacity"),
            (SCALE, json!({ "capacity": 4 }), Unprocessable, "capacity"),
            (SCALE, json!({ "capacity": { "capacityValue": 4 } }), Missing, "capacity.capacityType"),
            (SCALE, json!({ "capacity": { "capacityType": "OLPU_COUNT" } }), Missing, "capacity.capacityValue"),
            (
                SCALE,
                json!({ "capacity": { "capacityType": "OCPU_COUNT", "capacityValue": 4 } }),
                Unprocessable,
                "capacity.capacityType",
            ),
            (
                SCALE,
                json!({ "capacity": { "capacityType": "OLPU_COUNT", "capacityValue": 0 } }),
                OutOfBounds,
                "capacity.capacityValue",
            ),
            (
                SCALE,
                json!({ "capacity": { "capacityType": "OLPU_COUNT", "capacityValue": 1.5 } }),
                Unprocessable,
                "capacity.capacityValue",
            ),
            (MOVE, json!({}), Missing, "compartmentId"),
            (MOVE, json!({ "compartmentId": "" }), OutOfBounds, "compartmentId"),
            (MOVE, json!({ "compartmentId": long }), OutOfBounds, "compartmentId"),
            (MOVE, json!({ "compartmentId": ["x"] }), Unprocessable, "compartmentId"),
            (ENDPOINT, json!({}), Missing, "networkEndpointDetails"),
            (ENDPOINT, json!({ "networkEndpointDetails": {} }), Missing, "networkEndpointDetails.networkEndpointType"),
            (
                ENDPOINT,
                json!({ "networkEndpointDetails": { "networkEndpointType": "PRIVATE" } }),
                Missing,
                "networkEndpointDetails.vcnId",
            ),
            (KEY, json!({}), Missing, "kmsKeyId"),
            (KEY, json!({ "kmsKeyId": null }), Missing, "kmsKeyId"),
            (KEY, json!({ "kmsKeyId": 1 }), Unprocessable, "kmsKeyId"),
            (KEY, json!({ "kmsKeyId": long }), OutOfBounds, "kmsKeyId"),
            (BUNDLE, json!({ "featureBundle": "faw_paid" }), Unprocessable, "featureBundle"),
            (BUNDLE, json!({ "featureBundle": true }), Unprocessable, "featureBundle"),
        ];
        for (parse, body, fault, field) in table {
            let problem = parse(body.to_string().as_bytes()).unwrap_err();
            assert_eq!((problem.fault, problem.field.as_str()), (fault, field), "{body}");
        }
        for parse in [SCALE, MOVE, ENDPOINT, KEY, BUNDLE] {
            for body in [b"" as &[u8], b"[]", b"null", b"{"] {
                assert_eq!(parse(body).unwrap_err().fault, Unprocessable);
            }
        }
    }

    #[test]
    fn an_empty_key_resets_and_no_bundle_is_legal() {
        // Contract analytics 2, SetKmsKeyDetails and SetFeatureBundleDetails.
        assert_eq!(SetKmsKeyDetails::parse(b"{\"kmsKeyId\":\"\"}"), Ok(SetKmsKeyDetails { kms_key_id: None }));
        let key = SetKmsKeyDetails { kms_key_id: Some("ocid1.key".to_owned()) };
        assert_eq!(SetKmsKeyDetails::parse(b"{\"kmsKeyId\":\"ocid1.key\"}"), Ok(key));
        for body in ["{}", "{\"featureBundle\":null}"] {
            let none = SetFeatureBundleDetails { feature_bundle: None };
            assert_eq!(SetFeatureBundleDetails::parse(body.as_bytes()), Ok(none));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            for parse in [SCALE, MOVE, ENDPOINT, KEY, BUNDLE] {
                let _ = parse(&bytes);
            }
        }
    }
}
