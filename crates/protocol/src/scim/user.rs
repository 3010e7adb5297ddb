//! A user as `GET /admin/v1/Me` answers it (contract identity 6.4).

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The schemas of a user, core first, then the extensions that are present.
pub mod schema {
    /// The core user of RFC 7643.
    pub const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
    /// Lock and sign-in state.
    pub const USER_STATE: &str = "urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User";
    /// What IDCS adds to a user.
    pub const USER: &str = "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User";
    /// Which credentials the user may have.
    pub const CAPABILITIES: &str = "urn:ietf:params:scim:schemas:oracle:idcs:extension:capabilities:User";
}

/// A user. `password` is never returned, so it has no member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The schemas that are present.
    pub schemas: Vec<String>,
    /// The SCIM id, 32 hex digits.
    pub id: String,
    /// The user's OCID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ocid: Option<String>,
    /// When it was made and changed, and where it is.
    pub meta: Meta,
    /// The user name, unique in the stripe.
    pub user_name: String,
    /// The parts of the name.
    pub name: Name,
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<Email>,
    /// Whether the user may sign in.
    pub active: bool,
    /// The language, e.g. `en`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_language: Option<String>,
    /// The locale, e.g. `en`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The time zone, e.g. `America/Chicago`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The domain's OCID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_ocid: Option<String>,
    /// The tenancy's OCID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenancy_ocid: Option<String>,
    /// The compartment's OCID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compartment_ocid: Option<String>,
    /// Whether the user is locked.
    #[serde(rename = "urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User")]
    pub user_state: UserState,
    /// What IDCS adds.
    #[serde(rename = "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User")]
    pub idcs: IdcsUser,
    /// Which credentials the user may have.
    #[serde(rename = "urn:ietf:params:scim:schemas:oracle:idcs:extension:capabilities:User")]
    pub capabilities: Capabilities,
}

/// A resource's `meta`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub last_modified: Timestamp,
    /// `User`, or `Me` for oneself.
    pub resource_type: String,
    /// The absolute address.
    pub location: String,
    /// 32 hex digits that change with it, also its `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The parts of a user's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Name {
    /// All of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// The last name; required.
    pub family_name: String,
    /// The first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
}

/// An address of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// The address.
    pub value: String,
    /// `work`, `home`, `other` or `recovery`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether mail goes here.
    pub primary: bool,
    /// Whether it is the second choice.
    pub secondary: bool,
    /// Whether its owner confirmed it.
    pub verified: bool,
}

impl Email {
    /// A user's work address with the `recovery` copy that the server adds.
    pub fn work_and_recovery(address: &str) -> Vec<Self> {
        let email = |kind: &str, primary| Self {
            value: address.to_owned(),
            kind: kind.to_owned(),
            primary,
            secondary: false,
            verified: false,
        };
        vec![email("work", true), email("recovery", false)]
    }
}

/// The extension `userState`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct UserState {
    /// The lock.
    pub locked: Locked,
}

/// The lock of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Locked {
    /// Whether it is on.
    pub on: bool,
}

/// The extension `user`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct IdcsUser {
    /// Whether another identity provider authenticates the user.
    pub is_federated_user: bool,
}

/// The extension `capabilities`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the resource has as many")]
#[expect(missing_docs, reason = "the names say it; contract identity 6.4 lists them")]
pub struct Capabilities {
    pub can_use_api_keys: bool,
    pub can_use_auth_tokens: bool,
    pub can_use_console_password: bool,
    pub can_use_customer_secret_keys: bool,
    #[serde(rename = "canUseOAuth2ClientCredentials")]
    pub can_use_oauth2_client_credentials: bool,
    pub can_use_smtp_credentials: bool,
    pub can_use_db_credentials: bool,
}

/// A new user may use all of them.
impl Default for Capabilities {
    fn default() -> Self {
        Self {
            can_use_api_keys: true,
            can_use_auth_tokens: true,
            can_use_console_password: true,
            can_use_customer_secret_keys: true,
            can_use_oauth2_client_credentials: true,
            can_use_smtp_credentials: true,
            can_use_db_credentials: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn me() -> User {
        let schemas = [schema::CORE, schema::USER_STATE, schema::USER, schema::CAPABILITIES];
        User {
            schemas: schemas.iter().map(|schema| (*schema).to_owned()).collect(),
            id: "0123456789abcdef0123456789abcdef".into(),
            ocid: None,
            meta: Meta {
                created: Timestamp::from_seconds(0),
                last_modified: Timestamp::from_seconds(1),
                resource_type: "Me".into(),
                location: "https://S.identity.oraclecloud.com/admin/v1/Me/0123456789abcdef0123456789abcdef".into(),
                version: None,
            },
            user_name: "admin@example.com".into(),
            name: Name { formatted: None, family_name: "Admin".into(), given_name: None },
            display_name: Some("Admin".into()),
            emails: Email::work_and_recovery("admin@example.com"),
            active: true,
            preferred_language: None,
            locale: None,
            timezone: None,
            domain_ocid: None,
            tenancy_ocid: None,
            compartment_ocid: None,
            user_state: UserState::default(),
            idcs: IdcsUser::default(),
            capabilities: Capabilities::default(),
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_product() {
        // Contract identity 6.4.
        let json = serde_json::to_value(me()).unwrap();
        assert_eq!(json[schema::USER_STATE], json!({"locked": {"on": false}}));
        assert_eq!(json[schema::USER], json!({"isFederatedUser": false}));
        assert_eq!(
            json[schema::CAPABILITIES],
            json!({
                "canUseApiKeys": true, "canUseAuthTokens": true, "canUseConsolePassword": true,
                "canUseCustomerSecretKeys": true, "canUseOAuth2ClientCredentials": true,
                "canUseSmtpCredentials": true, "canUseDbCredentials": true
            })
        );
        assert_eq!(json["meta"]["resourceType"], "Me");
        assert_eq!(json["meta"]["lastModified"], "1970-01-01T00:00:01.000Z");
    }

    #[test]
    fn a_work_address_has_its_recovery_copy() {
        // Contract identity 6.4.
        let json = serde_json::to_value(Email::work_and_recovery("a@example.com")).unwrap();
        assert_eq!(
            json[0],
            json!({"value": "a@example.com", "type": "work", "primary": true, "secondary": false, "verified": false})
        );
        assert_eq!(json[1]["type"], "recovery");
        assert_eq!(json[1]["primary"], false);
    }

    #[test]
    fn every_present_extension_is_among_the_schemas() {
        let json = serde_json::to_value(me()).unwrap();
        let schemas = json["schemas"].as_array().unwrap();
        for name in json.as_object().unwrap().keys().filter(|name| name.starts_with("urn:")) {
            assert!(schemas.iter().any(|schema| schema == name.as_str()), "{name}");
        }
    }

    #[test]
    fn absent_members_are_left_out() {
        let json = serde_json::to_value(me()).unwrap();
        for name in ["ocid", "timezone", "password", "groups", "domainOcid"] {
            assert!(json.get(name).is_none(), "{name}");
        }
    }
}
