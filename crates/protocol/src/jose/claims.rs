//! The claims of an access token (contract identity 3.2), in the member order of published tokens.

use serde::{Deserialize, Serialize};

/// The claims of a user's or a client's access token. Members stand in the order of contract identity 3.2, Example C,
/// with those of Examples A and B where published tokens have them; what does not apply is absent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The application's OCID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_ocid: Option<String>,
    /// The user's time zone, e.g. `America/Chicago`; users only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_tz: Option<String>,
    /// The user name, or the client id.
    pub sub: String,
    /// The user's locale; users only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_locale: Option<String>,
    /// The idle time of the session in minutes: 480 for users, 15 for clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sidle: Option<u32>,
    /// The identity provider's name, e.g. `UserNamePassword`; sessions and assertions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_name: Option<String>,
    /// A legacy copy of `tenant`: one member whose name has dots. Client tokens have it too.
    #[serde(rename = "user.tenant.name", default, skip_serializing_if = "Option::is_none")]
    pub user_tenant_name: Option<String>,
    /// Set when the client's side of the rule was dropped (contract identity 2.7).
    #[serde(rename = "onBehalfOfUser", default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of_user: Option<bool>,
    /// The identity provider's id; sessions and assertions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_guid: Option<String>,
    /// How the user was authenticated, e.g. `USERNAME_PASSWORD`; sessions and assertions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// The issuer, `https://identity.oraclecloud.com/` unless the stripe sets its own.
    pub iss: String,
    /// The home region of the domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_home: Option<String>,
    /// The tenancy's OCID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_ocid: Option<String>,
    /// The stripe; users only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_tenantname: Option<String>,
    /// The client id, which is the application's `name`.
    pub client_id: String,
    /// The domain's OCID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_id: Option<String>,
    /// Only present, and then true, for an administrator.
    #[serde(rename = "user_isAdmin", default, skip_serializing_if = "Option::is_none")]
    pub user_is_admin: Option<bool>,
    /// `user` or `client`.
    pub sub_type: String,
    /// The scopes, separated by spaces.
    pub scope: String,
    /// The user's OCID; users only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_ocid: Option<String>,
    /// The stripe of the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_tenantname: Option<String>,
    /// The region of the stripe, e.g. `us-ashburn-idcs-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_name: Option<String>,
    /// The user's language; users only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_lang: Option<String>,
    /// The user's app roles; only in tokens for the admin API.
    #[serde(rename = "userAppRoles", default, skip_serializing_if = "Option::is_none")]
    pub user_app_roles: Option<Vec<String>>,
    /// The end of its life, in seconds since the epoch.
    pub exp: i64,
    /// When it was issued, in seconds since the epoch.
    pub iat: i64,
    /// The application's SCIM id, which is not the client id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_guid: Option<String>,
    /// The application's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The identity provider's kind, e.g. `LOCAL`; sessions and assertions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_type: Option<String>,
    /// The stripe.
    pub tenant: String,
    /// The token's id, 32 hex digits.
    pub jti: String,
    /// The grant: `cc`, `ro`, `azc` or `jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtp: Option<String>,
    /// The user's display name; users only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_displayname: Option<String>,
    /// False in tokens of today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opc: Option<bool>,
    /// `["idcs-ca"]` in some tokens of 2020.
    #[serde(rename = "alsoTenants", default, skip_serializing_if = "Option::is_none")]
    pub also_tenants: Option<Vec<String>>,
    /// The attribute that `sub` holds, `userName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_mappingattr: Option<String>,
    /// Whether the stripe is the primary one of its cloud account.
    #[serde(rename = "primTenant", default, skip_serializing_if = "Option::is_none")]
    pub prim_tenant: Option<bool>,
    /// `AT`.
    pub tok_type: String,
    /// The cloud account, `cacct-` and 32 hex digits; older and primary stripes only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_guid: Option<String>,
    /// Whom the token is for.
    pub aud: Audience,
    /// The cloud account's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_name: Option<String>,
    /// The user's SCIM id; users only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The client's app roles; only in tokens for the admin API.
    #[serde(rename = "clientAppRoles", default, skip_serializing_if = "Option::is_none")]
    pub client_app_roles: Option<Vec<String>>,
    /// The id of the refresh token issued with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rt_jti: Option<String>,
    /// The browser session; browser flows only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The domain's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The stripe's own address with its port, the reliable locator inside a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_iss: Option<String>,
    /// The application that is the resource server; only in tokens for a resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_app_id: Option<String>,
}

impl AccessTokenClaims {
    /// Whether the token speaks for a user and not for a client.
    pub fn is_user(&self) -> bool {
        self.sub_type == "user"
    }

    /// The scopes one by one.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.split(' ').filter(|scope| !scope.is_empty())
    }
}

/// Claims are a token's content; only what finds them in a log is printed.
impl std::fmt::Debug for AccessTokenClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessTokenClaims")
            .field("jti", &self.jti)
            .field("sub_type", &self.sub_type)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

/// Whom a token is for: on the wire a bare string when there is one value, an array otherwise (contract identity 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One value.
    One(String),
    /// None or several.
    Many(Vec<String>),
}

impl Audience {
    /// Whether `value` is among the audience, compared exactly.
    pub fn contains(&self, value: &str) -> bool {
        self.values().any(|one| one == value)
    }

    /// The values one by one.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }
}

impl From<Vec<String>> for Audience {
    fn from(mut values: Vec<String>) -> Self {
        match values.pop() {
            Some(only) if values.is_empty() => Self::One(only),
            Some(last) => {
                values.push(last);
                Self::Many(values)
            }
            None => Self::Many(values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "every use fills an optional member")]
    fn text(value: &str) -> Option<String> {
        Some(value.to_owned())
    }

    fn bare() -> AccessTokenClaims {
        serde_json::from_str(
            r#"{"sub":"c","iss":"i","client_id":"c","sub_type":"client","scope":"s","exp":2,"iat":1,"tenant":"S","jti":"j","tok_type":"AT","aud":"a"}"#,
        )
        .unwrap()
    }

    fn members(claims: &AccessTokenClaims) -> Vec<String> {
        let text = serde_json::to_string(claims).unwrap();
        let mut names = Vec::new();
        // Every value in these samples is free of `,"`, so that a comma before a quote starts a member.
        for member in text.trim_matches(['{', '}']).split(",\"") {
            names.push(member.trim_start_matches('"').split('"').next().unwrap().to_owned());
        }
        names
    }

    #[test]
    fn a_users_resource_token_has_the_members_of_example_c() {
        // Contract identity 3.2, Example C.
        let claims = AccessTokenClaims {
            client_ocid: text("o"),
            user_tz: text("America/Chicago"),
            user_locale: text("en"),
            sidle: Some(480),
            user_tenant_name: text("S"),
            domain_home: text("us-ashburn-1"),
            ca_ocid: text("o"),
            user_tenantname: text("S"),
            domain_id: text("o"),
            sub_type: "user".into(),
            user_ocid: text("o"),
            client_tenantname: text("S"),
            region_name: text("us-ashburn-idcs-1"),
            user_lang: text("en"),
            client_guid: text("g"),
            client_name: text("n"),
            gtp: text("ro"),
            user_displayname: text("d"),
            opc: Some(false),
            sub_mappingattr: text("userName"),
            prim_tenant: Some(true),
            ca_guid: text("cacct"),
            ca_name: text("n"),
            user_id: text("u"),
            rt_jti: text("r"),
            domain: text("Default"),
            tenant_iss: text("https://S:443"),
            resource_app_id: text("r"),
            ..bare()
        };
        let expected = "client_ocid user_tz sub user_locale sidle user.tenant.name iss domain_home ca_ocid \
            user_tenantname client_id domain_id sub_type scope user_ocid client_tenantname region_name user_lang exp iat \
            client_guid client_name tenant jti gtp user_displayname opc sub_mappingattr primTenant tok_type ca_guid aud \
            ca_name user_id rt_jti domain tenant_iss resource_app_id";
        assert_eq!(members(&claims).join(" "), expected);
    }

    #[test]
    fn a_client_token_has_the_members_of_example_b() {
        // Contract identity 3.2, Example B.
        let claims = AccessTokenClaims {
            client_ocid: text("o"),
            sidle: Some(15),
            user_tenant_name: text("S"),
            domain_home: text("us-ashburn-1"),
            ca_ocid: text("o"),
            domain_id: text("o"),
            client_tenantname: text("S"),
            region_name: text("us-ashburn-idcs-1"),
            client_guid: text("g"),
            client_name: text("n"),
            gtp: text("cc"),
            opc: Some(false),
            sub_mappingattr: text("userName"),
            prim_tenant: Some(true),
            ca_name: text("n"),
            domain: text("Default"),
            tenant_iss: text("https://S:443"),
            resource_app_id: text("r"),
            ..bare()
        };
        let expected = "client_ocid sub sidle user.tenant.name iss domain_home ca_ocid client_id domain_id sub_type scope \
            client_tenantname region_name exp iat client_guid client_name tenant jti gtp opc sub_mappingattr primTenant \
            tok_type aud ca_name domain tenant_iss resource_app_id";
        assert_eq!(members(&claims).join(" "), expected);
    }

    #[test]
    fn a_token_for_the_admin_api_has_the_members_of_example_a() {
        // Contract identity 3.2, Example A.
        let claims = AccessTokenClaims {
            user_tz: text("America/Chicago"),
            user_locale: text("en"),
            idp_name: text("localIDP"),
            user_tenant_name: text("S"),
            on_behalf_of_user: Some(true),
            idp_guid: text("localIDP"),
            amr: Some(vec!["USERNAME_PASSWORD".into()]),
            user_tenantname: text("S"),
            user_is_admin: Some(true),
            sub_type: "user".into(),
            client_tenantname: text("S"),
            user_lang: text("en"),
            user_app_roles: Some(vec!["Authenticated".into()]),
            client_guid: text("g"),
            client_name: text("n"),
            idp_type: text("LOCAL"),
            user_displayname: text("d"),
            also_tenants: Some(vec!["idcs-ca".into()]),
            sub_mappingattr: text("userName"),
            prim_tenant: Some(true),
            ca_guid: text("cacct"),
            user_id: text("u"),
            client_app_roles: Some(vec!["Me".into()]),
            tenant_iss: text("https://S:443"),
            ..bare()
        };
        let expected = "user_tz sub user_locale idp_name user.tenant.name onBehalfOfUser idp_guid amr iss user_tenantname \
            client_id user_isAdmin sub_type scope client_tenantname user_lang userAppRoles exp iat client_guid client_name \
            idp_type tenant jti user_displayname alsoTenants sub_mappingattr primTenant tok_type ca_guid aud user_id \
            clientAppRoles tenant_iss";
        assert_eq!(members(&claims).join(" "), expected);
    }

    #[test]
    fn one_audience_is_a_string_and_several_are_an_array() {
        let json = |values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            serde_json::to_string(&Audience::from(values)).unwrap()
        };
        assert_eq!(json(&["a"]), r#""a""#);
        assert_eq!(json(&["a", "b"]), r#"["a","b"]"#);
        assert_eq!(json(&[]), "[]");
    }

    #[test]
    fn audience_is_compared_whole() {
        for audience in
            [Audience::One("https://s:443".into()), Audience::Many(vec!["x".into(), "https://s:443".into()])]
        {
            assert!(audience.contains("https://s:443"));
            assert!(!audience.contains("https://s"));
            assert!(!audience.contains("HTTPS://S:443"));
            assert!(!audience.contains(""));
        }
    }

    #[test]
    fn times_of_another_type_are_refused() {
        // A reader that skips an expiry of the wrong type accepts tokens for ever (CVE-2026-25537).
        let good = serde_json::to_value(bare()).unwrap();
        for (member, value) in [
            ("exp", serde_json::json!("4000000000")),
            ("exp", serde_json::json!(4.5)),
            ("exp", serde_json::json!(null)),
            ("iat", serde_json::json!([1])),
            ("aud", serde_json::json!(1)),
            ("aud", serde_json::json!([1])),
            ("sub", serde_json::json!({})),
        ] {
            let mut bad = good.clone();
            bad[member] = value.clone();
            assert!(serde_json::from_value::<AccessTokenClaims>(bad).is_err(), "{member} {value}");
        }
    }

    #[test]
    fn a_missing_or_doubled_claim_is_refused() {
        let good = serde_json::to_string(&bare()).unwrap();
        let doubled = good.replace(r#""exp":2"#, r#""exp":2,"exp":3"#);
        assert!(serde_json::from_str::<AccessTokenClaims>(&doubled).is_err());
        let missing = good.replace(r#""exp":2,"#, "");
        assert!(serde_json::from_str::<AccessTokenClaims>(&missing).is_err());
    }

    #[test]
    fn claims_are_not_printed() {
        let claims = AccessTokenClaims { sub: "canary".into(), scope: "canary".into(), ..bare() };
        assert!(!format!("{claims:?}").contains("canary"));
    }
}
