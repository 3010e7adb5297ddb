//! The error body of the admin API (contract identity 6.2).

use std::borrow::Cow;

use http::StatusCode;
use serde::{Serialize, Serializer, ser::SerializeMap};

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const EXTENSION: &str = "urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error";

/// An error answer of the admin API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimError {
    /// The HTTP status; the body repeats it as a string.
    pub status: StatusCode,
    /// The public text; it holds nothing the caller may not know.
    pub detail: Cow<'static, str>,
    /// The message's id; without one the body is the plain form without the extension.
    pub message_id: Option<Cow<'static, str>>,
}

impl ScimError {
    /// Builds an answer with a message id.
    pub fn new(
        status: StatusCode,
        message_id: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, detail: detail.into(), message_id: Some(message_id.into()) }
    }

    /// Missing, invalid or insufficient authorization; all three answer alike.
    pub fn unauthorized_access() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "error.common.exception.unauthorizedAccess",
            "Operation failed due to unauthorized access.",
        )
    }

    /// The plain form, e.g. `Request failed: HTTP 400 Bad Request.`
    pub fn plain(status: StatusCode) -> Self {
        let reason = status.canonical_reason().unwrap_or_default();
        Self { status, detail: format!("Request failed: HTTP {} {reason}.", status.as_u16()).into(), message_id: None }
    }
}

impl Serialize for ScimError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Extension<'a> {
            #[serde(rename = "messageId")]
            message_id: &'a str,
        }

        let mut map = serializer.serialize_map(None)?;
        match &self.message_id {
            Some(_) => map.serialize_entry("schemas", &[SCHEMA, EXTENSION])?,
            None => map.serialize_entry("schemas", &[SCHEMA])?,
        }
        map.serialize_entry("detail", &self.detail)?;
        map.serialize_entry("status", self.status.as_str())?;
        if let Some(message_id) = &self.message_id {
            map.serialize_entry(EXTENSION, &Extension { message_id })?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_the_published_one() {
        // Contract identity 6.2.
        let error = ScimError::new(
            StatusCode::BAD_REQUEST,
            "error.common.validation.missingReqAttributes",
            "Missing required attribute(s): mappingAttributeValue,password.",
        );
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"],"detail":"Missing required attribute(s): mappingAttributeValue,password.","status":"400","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error":{"messageId":"error.common.validation.missingReqAttributes"}}"#
        );
    }

    #[test]
    fn unauthorized_access_says_nothing_more() {
        // Contract identity 6.2.
        let json = serde_json::to_value(ScimError::unauthorized_access()).unwrap();
        assert_eq!(json["status"], "401");
        assert_eq!(json["detail"], "Operation failed due to unauthorized access.");
        assert_eq!(json[EXTENSION]["messageId"], "error.common.exception.unauthorizedAccess");
    }

    #[test]
    fn the_plain_form_has_no_extension() {
        // Contract identity 6.2.
        assert_eq!(
            serde_json::to_string(&ScimError::plain(StatusCode::BAD_REQUEST)).unwrap(),
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"Request failed: HTTP 400 Bad Request.","status":"400"}"#
        );
    }
}
