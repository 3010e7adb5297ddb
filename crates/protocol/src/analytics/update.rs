//! The body of UpdateAnalyticsInstance.

use super::{
    DefinedTags, FreeformTags, LicenseType, UpdateChannel,
    fields::{self, FieldProblem, Fields},
    tags,
};

/// The longest description and notification address, in characters.
const LONGEST_TEXT: usize = 512;

/// What is to change (contract analytics 2, UpdateAnalyticsInstanceDetails). What is absent stays as it is; tags are
/// replaced as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UpdateAnalyticsInstanceDetails {
    /// Up to 512 characters.
    pub description: Option<String>,
    /// Where to write to; up to 512 characters, of no set syntax.
    pub email_notification: Option<String>,
    /// Who pays for the licence.
    pub license_type: Option<LicenseType>,
    /// Tags with namespaces.
    pub defined_tags: Option<DefinedTags>,
    /// Free tags.
    pub freeform_tags: Option<FreeformTags>,
    /// When it gets updates.
    pub update_channel: Option<UpdateChannel>,
}

impl UpdateAnalyticsInstanceDetails {
    /// Reads and checks a body.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        let text = |name| fields.text(name, 0, LONGEST_TEXT).map(|text| text.map(str::to_owned));
        Ok(Self {
            description: text("description")?,
            email_notification: text("emailNotification")?,
            license_type: fields.vocabulary("licenseType")?,
            defined_tags: tags::read_defined(fields, "definedTags")?,
            freeform_tags: tags::read_freeform(fields, "freeformTags")?,
            update_channel: fields.vocabulary("updateChannel")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::analytics::FieldFault::{OutOfBounds, Unprocessable};

    fn parse(value: &Value) -> Result<UpdateAnalyticsInstanceDetails, FieldProblem> {
        UpdateAnalyticsInstanceDetails::parse(value.to_string().as_bytes())
    }

    #[test]
    fn absence_and_null_change_nothing_and_empty_ones_do() {
        let nothing = UpdateAnalyticsInstanceDetails::default();
        assert_eq!(parse(&json!({})), Ok(nothing.clone()));
        assert_eq!(parse(&json!({ "description": null, "freeformTags": null, "licenseType": null })), Ok(nothing));
        let details = parse(&json!({ "description": "", "freeformTags": {}, "definedTags": {} })).unwrap();
        assert_eq!(details.description.as_deref(), Some(""));
        assert_eq!((details.freeform_tags, details.defined_tags), (Some([].into()), Some([].into())));
    }

    #[test]
    fn every_bound_is_held() {
        for (body, fault, field) in [
            (json!({ "description": "é".repeat(513) }), OutOfBounds, "description"),
            (json!({ "description": 1 }), Unprocessable, "description"),
            (json!({ "emailNotification": "é".repeat(513) }), OutOfBounds, "emailNotification"),
            (json!({ "licenseType": "license_included" }), Unprocessable, "licenseType"),
            (json!({ "updateChannel": "SOON" }), Unprocessable, "updateChannel"),
            (json!({ "definedTags": { "a": "b" } }), Unprocessable, "definedTags"),
            (json!({ "freeformTags": { "a": 1 } }), Unprocessable, "freeformTags"),
        ] {
            let problem = parse(&body).unwrap_err();
            assert_eq!((problem.fault, problem.field.as_str()), (fault, field), "{body}");
        }
        assert!(parse(&json!({ "description": "é".repeat(512) })).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = UpdateAnalyticsInstanceDetails::parse(&bytes);
        }
    }
}
