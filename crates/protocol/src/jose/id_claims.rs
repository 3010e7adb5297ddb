//! The claims of an ID token (contract identity 3.3).

use serde::{Deserialize, Serialize};

use super::Audience;

/// The claims of an ID token; what does not apply is absent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The issuer and the client id; the first is what strict libraries must be told to let pass.
    pub aud: Audience,
    /// The client id.
    pub azp: String,
    /// The user name.
    pub sub: String,
    /// What the authorization request sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Half the SHA-256 of the access token that was issued with it, in base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// When the user signed in, in seconds since the epoch.
    pub auth_time: i64,
    /// When it was issued.
    pub iat: i64,
    /// The end of its life, which is that of the session.
    pub exp: i64,
    /// The same.
    pub session_exp: i64,
    /// The browser's session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The idle time of the session, in minutes.
    pub sidle: u32,
    /// How strongly the user was authenticated: `2`, as text.
    pub authn_strength: String,
    /// How the user was authenticated.
    pub amr: Vec<String>,
    /// The identity provider's name.
    pub idp_name: String,
    /// The identity provider's id.
    pub idp_guid: String,
    /// The identity provider's kind.
    pub idp_type: String,
    /// `MyApps`.
    pub pulp: String,
    /// The user's SCIM id.
    pub user_id: String,
    /// The user's OCID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_ocid: Option<String>,
    /// The user's display name.
    pub user_displayname: String,
    /// The user's language.
    pub user_lang: String,
    /// The user's locale.
    pub user_locale: String,
    /// The user's time zone.
    pub user_tz: String,
    /// The stripe.
    pub user_tenantname: String,
    /// `false`, as text.
    pub user_csr: String,
    /// The user's app roles by name, when the scope asks for them.
    #[serde(rename = "appRoles", default, skip_serializing_if = "Option::is_none")]
    pub app_roles: Option<Vec<IdTokenRole>>,
    /// The client id.
    pub client_id: String,
    /// The application's SCIM id.
    pub client_guid: String,
    /// The application's display name.
    pub client_name: String,
    /// The application's OCID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_ocid: Option<String>,
    /// The stripe of the client.
    pub client_tenantname: String,
    /// The stripe.
    pub tenant: String,
    /// The stripe's own address.
    pub tenant_iss: String,
    /// The attribute that `sub` holds.
    pub sub_mappingattr: String,
    /// The token's id.
    pub jti: String,
    /// `IT`.
    pub tok_type: String,
    /// The domain's display name.
    pub domain: String,
    /// The domain's OCID.
    pub domain_id: String,
    /// The home region of the domain.
    pub domain_home: String,
    /// The tenancy's OCID.
    pub ca_ocid: String,
    /// The cloud account's name.
    pub ca_name: String,
}

/// An app role as ID tokens and userinfo list it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenRole {
    /// Its name.
    pub name: String,
    /// The SCIM id of its application.
    #[serde(rename = "appId")]
    pub app_id: String,
}

/// Claims are a token's content; only what finds them in a log is printed.
impl std::fmt::Debug for IdTokenClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdTokenClaims").field("jti", &self.jti).field("tenant", &self.tenant).finish_non_exhaustive()
    }
}
