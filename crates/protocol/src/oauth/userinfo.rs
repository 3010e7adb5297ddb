//! The answer of the userinfo endpoint (OpenID Connect Core section 5.3; contract identity 8).

use serde::Serialize;

use crate::jose::IdTokenRole;

/// The user an access token speaks for. Members that Obol does not keep are empty, as at Oracle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of OpenID Connect Core section 5.1 and contract identity 8")]
pub struct UserInfo {
    pub birthdate: &'static str,
    pub email: String,
    pub email_verified: bool,
    pub family_name: String,
    pub gender: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    pub name: String,
    pub preferred_username: String,
    pub sub: String,
    pub updated_at: i64,
    pub website: &'static str,
    #[serde(rename = "appRoles", skip_serializing_if = "Option::is_none")]
    pub app_roles: Option<Vec<IdTokenRole>>,
}
