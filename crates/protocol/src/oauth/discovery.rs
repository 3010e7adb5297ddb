//! The discovery documents (contract identity 8). Members, values and order are the product's, also where an endpoint
//! behind them is not served yet: a client's decision should not differ.

use serde::Serialize;

const SCOPES: [&str; 10] = [
    "openid",
    "profile",
    "offline_access",
    "email",
    "address",
    "phone",
    "groups",
    "get_groups",
    "approles",
    "get_approles",
];
const RESPONSE_TYPES: [&str; 7] =
    ["code", "token", "id_token", "code token", "code id_token", "token id_token", "code token id_token"];
const CLAIMS: [&str; 6] = ["aud", "exp", "iat", "iss", "jti", "sub"];
/// The certificate grant is spelled `tls_cert_auth` here and `tls_client_auth` at the token endpoint.
const GRANTS: [&str; 6] = [
    "client_credentials",
    "password",
    "refresh_token",
    "authorization_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "tls_cert_auth",
];
const CLIENT_AUTHENTICATION: [&str; 3] = ["client_secret_basic", "private_key_jwt", "client_secret_post"];

/// `/.well-known/openid-configuration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the document has as many")]
#[expect(missing_docs, reason = "the names are those of OpenID Connect Discovery 1.0 and contract identity 8")]
pub struct OpenIdConfiguration {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub revocation_endpoint: String,
    pub introspection_endpoint: String,
    pub end_session_endpoint: String,
    pub secure_authorization_endpoint: String,
    pub secure_token_endpoint: String,
    pub secure_userinfo_endpoint: String,
    pub secure_revocation_endpoint: String,
    pub secure_introspection_endpoint: String,
    pub secure_end_session_endpoint: String,
    pub secure_jwks_uri: String,
    pub jwks_uri: String,
    pub scopes_supported: [&'static str; 10],
    pub response_types_supported: [&'static str; 7],
    pub subject_types_supported: [&'static str; 1],
    pub id_token_signing_alg_values_supported: [&'static str; 1],
    pub claims_supported: [&'static str; 6],
    pub grant_types_supported: [&'static str; 6],
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub token_endpoint_auth_signing_alg_values_supported: [&'static str; 1],
    pub userinfo_signing_alg_values_supported: [&'static str; 1],
    pub ui_locales_supported: [&'static str; 1],
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
    pub require_request_uri_registration: bool,
    pub logout_session_supported: bool,
    pub http_logout_supported: bool,
    pub idcs_id_token: &'static str,
    pub idcs_logout_v3: &'static str,
}

/// `/.well-known/idcs-configuration`: the same, nested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdcsConfiguration {
    /// The whole OpenID document.
    #[serde(rename = "openid-configuration")]
    pub openid_configuration: OpenIdConfiguration,
}

/// `/.well-known/oauth-authorization-server` (RFC 8414): the same, with what the other two leave out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of RFC 8414 and contract identity 8")]
pub struct AuthorizationServer {
    #[serde(flatten)]
    pub common: OpenIdConfiguration,
    pub code_challenge_methods_supported: [&'static str; 1],
}

/// Builds the OpenID document of the stripe at `base` (scheme, authority and, if any, the stripe's path prefix). The
/// `secure_` endpoints stand at the same address, as one port serves all.
pub fn openid_configuration(base: &str, issuer: &str) -> OpenIdConfiguration {
    let base = base.trim_end_matches('/');
    let oauth = |endpoint: &str| format!("{base}/oauth2/v1/{endpoint}");
    let jwks = || format!("{base}/admin/v1/SigningCert/jwk");
    OpenIdConfiguration {
        issuer: issuer.to_owned(),
        authorization_endpoint: oauth("authorize"),
        token_endpoint: oauth("token"),
        userinfo_endpoint: oauth("userinfo"),
        revocation_endpoint: oauth("revoke"),
        introspection_endpoint: oauth("introspect"),
        end_session_endpoint: oauth("userlogout"),
        secure_authorization_endpoint: oauth("authorize"),
        secure_token_endpoint: oauth("token"),
        secure_userinfo_endpoint: oauth("userinfo"),
        secure_revocation_endpoint: oauth("revoke"),
        secure_introspection_endpoint: oauth("introspect"),
        secure_end_session_endpoint: oauth("userlogout"),
        secure_jwks_uri: jwks(),
        jwks_uri: jwks(),
        scopes_supported: SCOPES,
        response_types_supported: RESPONSE_TYPES,
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
        claims_supported: CLAIMS,
        grant_types_supported: GRANTS,
        token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION.to_vec(),
        token_endpoint_auth_signing_alg_values_supported: ["RS256"],
        userinfo_signing_alg_values_supported: ["none"],
        ui_locales_supported: ["en"],
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        require_request_uri_registration: false,
        logout_session_supported: false,
        http_logout_supported: true,
        idcs_id_token: "supported",
        idcs_logout_v3: "supported",
    }
}

/// Builds the RFC 8414 document of the stripe at `base`: with the challenge method and the clients that have no secret.
pub fn authorization_server(base: &str, issuer: &str) -> AuthorizationServer {
    let mut common = openid_configuration(base, issuer);
    common.token_endpoint_auth_methods_supported.push("none");
    AuthorizationServer { common, code_challenge_methods_supported: ["S256"] }
}

/// Builds the nested document of the stripe at `base`.
pub fn idcs_configuration(base: &str, issuer: &str) -> IdcsConfiguration {
    IdcsConfiguration { openid_configuration: openid_configuration(base, issuer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://identity.oraclecloud.com/";

    #[test]
    fn the_document_is_the_products() {
        // Contract identity 8.
        let b = "https://S.identity.oraclecloud.com:443";
        let expected = serde_json::json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{b}/oauth2/v1/authorize"),
            "token_endpoint": format!("{b}/oauth2/v1/token"),
            "userinfo_endpoint": format!("{b}/oauth2/v1/userinfo"),
            "revocation_endpoint": format!("{b}/oauth2/v1/revoke"),
            "introspection_endpoint": format!("{b}/oauth2/v1/introspect"),
            "end_session_endpoint": format!("{b}/oauth2/v1/userlogout"),
            "secure_authorization_endpoint": format!("{b}/oauth2/v1/authorize"),
            "secure_token_endpoint": format!("{b}/oauth2/v1/token"),
            "secure_userinfo_endpoint": format!("{b}/oauth2/v1/userinfo"),
            "secure_revocation_endpoint": format!("{b}/oauth2/v1/revoke"),
            "secure_introspection_endpoint": format!("{b}/oauth2/v1/introspect"),
            "secure_end_session_endpoint": format!("{b}/oauth2/v1/userlogout"),
            "secure_jwks_uri": format!("{b}/admin/v1/SigningCert/jwk"),
            "jwks_uri": format!("{b}/admin/v1/SigningCert/jwk"),
            "scopes_supported": ["openid", "profile", "offline_access", "email", "address", "phone", "groups",
                "get_groups", "approles", "get_approles"],
            "response_types_supported": ["code", "token", "id_token", "code token", "code id_token", "token id_token",
                "code token id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["aud", "exp", "iat", "iss", "jti", "sub"],
            "grant_types_supported": ["client_credentials", "password", "refresh_token", "authorization_code",
                "urn:ietf:params:oauth:grant-type:jwt-bearer", "tls_cert_auth"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt", "client_secret_post"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "userinfo_signing_alg_values_supported": ["none"],
            "ui_locales_supported": ["en"],
            "claims_parameter_supported": false,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
            "require_request_uri_registration": false,
            "logout_session_supported": false,
            "http_logout_supported": true,
            "idcs_id_token": "supported",
            "idcs_logout_v3": "supported",
        });
        assert_eq!(serde_json::to_value(openid_configuration(b, ISSUER)).unwrap(), expected);
        let nested = serde_json::to_value(idcs_configuration(b, ISSUER)).unwrap();
        assert_eq!(nested, serde_json::json!({ "openid-configuration": expected }));
    }

    // Contract identity 8, seen 2026.
    #[test]
    fn the_authorization_servers_document_adds_pkce_and_public_clients() {
        let document = serde_json::to_value(authorization_server("https://x", ISSUER)).unwrap();
        assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        let methods = ["client_secret_basic", "private_key_jwt", "client_secret_post", "none"];
        assert_eq!(document["token_endpoint_auth_methods_supported"], serde_json::json!(methods));
        assert_eq!(document["issuer"], ISSUER);
    }

    #[test]
    fn no_registration_endpoint_is_announced() {
        let text = serde_json::to_string(&openid_configuration("https://x", ISSUER)).unwrap();
        assert!(!text.contains("registration_endpoint"));
        assert!(text.starts_with(r#"{"issuer":"https://identity.oraclecloud.com/","authorization_endpoint":"#));
    }

    #[test]
    fn a_path_prefix_stays_and_a_trailing_slash_goes() {
        let document = openid_configuration("http://127.0.0.1:4620/idcs-0/", ISSUER);
        assert_eq!(document.token_endpoint, "http://127.0.0.1:4620/idcs-0/oauth2/v1/token");
    }
}
