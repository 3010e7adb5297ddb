//! A published key and the set of them, as `/admin/v1/SigningCert/jwk` serves it (contract identity 8).

use serde::{Deserialize, Serialize};

/// One RSA public key with its certificates. The members stand in the order of the product, which has no `use`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Always `RSA`.
    pub kty: String,
    /// SHA-256 thumbprint of the leaf certificate, base64url.
    #[serde(rename = "x5t#S256", default, skip_serializing_if = "Option::is_none")]
    pub x5t_s256: Option<String>,
    /// The public exponent, base64url.
    pub e: String,
    /// SHA-1 thumbprint of the leaf certificate, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x5t: Option<String>,
    /// The constant `SIGNING_KEY` in IDCS's own sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The certificates, leaf first, DER in plain base64 (RFC 7517 section 4.7).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub x5c: Vec<String>,
    /// What the key is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_ops: Vec<String>,
    /// `RS256` in IDCS's own sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// The modulus, base64url.
    pub n: String,
}

/// A JWK set (RFC 7517 section 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys, the current one first.
    pub keys: Vec<Jwk>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_in_the_order_of_the_product() {
        // Contract identity 8: kty, x5t#S256, e, x5t, kid, x5c, key_ops, alg, n; no use.
        let jwk = Jwk {
            kty: "RSA".into(),
            x5t_s256: Some("a".into()),
            e: "AQAB".into(),
            x5t: Some("b".into()),
            kid: Some("SIGNING_KEY".into()),
            x5c: vec!["leaf".into(), "CA".into()],
            key_ops: vec!["sign".into(), "verify".into()],
            alg: Some("RS256".into()),
            n: "n".into(),
        };
        assert_eq!(
            serde_json::to_string(&JwkSet { keys: vec![jwk] }).unwrap(),
            r#"{"keys":[{"kty":"RSA","x5t#S256":"a","e":"AQAB","x5t":"b","kid":"SIGNING_KEY","x5c":["leaf","CA"],"key_ops":["sign","verify"],"alg":"RS256","n":"n"}]}"#
        );
    }

    #[test]
    fn a_foreign_key_with_the_bare_members_is_read() {
        let jwk: Jwk = serde_json::from_str(r#"{"kty":"RSA","use":"sig","n":"AA","e":"AQAB"}"#).unwrap();
        assert_eq!(jwk.kid, None);
    }

    #[test]
    fn a_key_without_its_numbers_is_refused() {
        assert!(serde_json::from_str::<Jwk>(r#"{"kty":"RSA","e":"AQAB"}"#).is_err());
        assert!(serde_json::from_str::<Jwk>(r#"{"kty":"RSA","n":1,"e":"AQAB"}"#).is_err());
        assert!(serde_json::from_str::<JwkSet>(r#"{"keys":{}}"#).is_err());
    }
}
