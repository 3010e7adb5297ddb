//! Vanity URLs: hosts of the customer's own under which an instance answers, with the customer's certificate.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    fields::{self, FieldFault, FieldProblem, Fields},
    host_name,
};
use crate::{Secret, description::describe_up_to};

/// The most hosts of a vanity URL.
const MOST_HOSTS: usize = 3;
/// The longest name of a host, in characters.
const LONGEST_HOST: usize = 255;
/// The longest description, in characters.
const LONGEST_TEXT: usize = 512;
/// The longest key, certificate or passphrase, in characters. The schema has no bound; chains have a few thousand.
const LONGEST_PEM: usize = 65536;

/// A vanity URL as the instance shows it (contract analytics 2, VanityUrlDetails). The private key is never part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VanityUrlDetails {
    /// Its key, under which the instance has it.
    pub key: String,
    /// 1 to 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Under which addresses the instance answers.
    pub urls: Vec<String>,
    /// The hosts of these addresses.
    pub hosts: Vec<String>,
    /// The certificate as it was sent.
    pub public_certificate: String,
}

/// The customer's certificate with its private key, as PEM.
#[derive(Debug, Clone)]
pub struct VanityCertificate {
    /// The private key.
    pub private_key: Secret,
    /// The certificate of the hosts, and perhaps those between it and the authority.
    pub public_certificate: String,
    /// The certificate of the authority, or several.
    pub ca_certificate: String,
    /// What the private key is encrypted with.
    pub passphrase: Option<Secret>,
}

/// What a caller asks for (contract analytics 2, CreateVanityUrlDetails).
#[derive(Debug, Clone)]
pub struct CreateVanityUrlDetails {
    /// 1 to 3 names, in lower case, each once.
    pub hosts: Vec<String>,
    /// Up to 512 characters; none where it was empty.
    pub description: Option<String>,
    /// The certificate of the hosts.
    pub certificate: VanityCertificate,
}

/// What a caller changes (contract analytics 2, UpdateVanityUrlDetails): the certificate, as a whole.
#[derive(Debug, Clone)]
pub struct UpdateVanityUrlDetails {
    /// The certificate of the hosts.
    pub certificate: VanityCertificate,
}

impl CreateVanityUrlDetails {
    /// Reads and checks a body, field by field in the contract's order.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        Ok(Self {
            hosts: read_hosts(fields)?,
            certificate: VanityCertificate::read(fields)?,
            description: fields
                .text("description", 0, LONGEST_TEXT)?
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
        })
    }
}

impl UpdateVanityUrlDetails {
    /// Reads and checks a body, field by field in the contract's order.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        Ok(Self { certificate: VanityCertificate::read(Fields::root(&map))? })
    }
}

impl VanityCertificate {
    fn read(fields: Fields<'_>) -> Result<Self, FieldProblem> {
        let text = |name| fields.required(name, fields.text(name, 1, LONGEST_PEM)?);
        Ok(Self {
            private_key: Secret::new(text("privateKey")?),
            public_certificate: text("publicCertificate")?.to_owned(),
            ca_certificate: text("caCertificate")?.to_owned(),
            // An empty passphrase is none: the command line sends what its option holds.
            passphrase: fields.text("passphrase", 0, LONGEST_PEM)?.filter(|text| !text.is_empty()).map(Secret::new),
        })
    }
}

fn read_hosts(fields: Fields<'_>) -> Result<Vec<String>, FieldProblem> {
    fields.required("hosts", fields.get("hosts"))?;
    let texts = fields.count("hosts", fields.texts("hosts", 1, LONGEST_HOST)?, 1, MOST_HOSTS)?;
    let mut seen = BTreeSet::new();
    for (index, text) in texts.iter().enumerate() {
        let item = format!("hosts[{index}]");
        if let Some(misfit) = host_name::misfit(text) {
            let seen = describe_up_to(text, misfit);
            return Err(fields.problem(FieldFault::OutOfBounds, &item, host_name::SHAPE, seen));
        }
        if !text.contains('.') {
            let expected = "a name with a domain, such as analytics.example.com";
            return Err(fields.problem(FieldFault::OutOfBounds, &item, expected, "a single label"));
        }
        if !seen.insert(text.to_ascii_lowercase()) {
            return Err(fields.problem(FieldFault::OutOfBounds, &item, "each host once", "a host that stands twice"));
        }
    }
    Ok(texts.iter().map(|text| text.to_ascii_lowercase()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use FieldFault::{Missing, OutOfBounds, Unprocessable};

    fn valid() -> Value {
        json!({
            "hosts": ["Analytics.Example.com"],
            "privateKey": "key",
            "publicCertificate": "certificate",
            "caCertificate": "authority",
            "passphrase": "canary",
            "description": "ours",
        })
    }

    fn refusal(value: &Value) -> Option<(FieldFault, String)> {
        let problem = CreateVanityUrlDetails::parse(value.to_string().as_bytes()).err();
        problem.map(|problem| (problem.fault, problem.field))
    }

    #[test]
    fn a_whole_body_is_read_and_empty_texts_are_none() {
        let details = CreateVanityUrlDetails::parse(valid().to_string().as_bytes()).unwrap();
        assert_eq!(details.hosts, ["analytics.example.com"]);
        assert_eq!(details.certificate.passphrase.as_ref().map(Secret::expose), Some("canary"));
        let mut value = valid();
        (value["passphrase"], value["description"]) = ("".into(), "".into());
        let details = CreateVanityUrlDetails::parse(value.to_string().as_bytes()).unwrap();
        assert!(details.certificate.passphrase.is_none() && details.description.is_none());
    }

    #[test]
    fn each_required_field_is_missed_by_name() {
        for field in ["hosts", "privateKey", "publicCertificate", "caCertificate"] {
            for absent in [true, false] {
                let mut value = valid();
                if absent {
                    value.as_object_mut().unwrap().remove(field);
                } else {
                    value[field] = Value::Null;
                }
                assert_eq!(refusal(&value), Some((Missing, field.to_owned())));
                let update = UpdateVanityUrlDetails::parse(value.to_string().as_bytes()).err();
                assert_eq!(update.map(|problem| problem.fault), (field != "hosts").then_some(Missing), "{field}");
            }
        }
    }

    #[test]
    fn every_bound_is_held() {
        // Contract analytics 2, CreateVanityUrlDetails.
        let long = "a".repeat(256);
        for (field, wrong, fault, rest) in [
            ("hosts", json!([]), OutOfBounds, ""),
            ("hosts", json!("a.example"), Unprocessable, ""),
            ("hosts", json!(["a.example", "b.example", "c.example", "d.example"]), OutOfBounds, ""),
            ("hosts", json!([""]), OutOfBounds, "[0]"),
            ("hosts", json!([1]), Unprocessable, "[0]"),
            ("hosts", json!(["a.example", long]), OutOfBounds, "[1]"),
            ("hosts", json!(["*.example.com"]), OutOfBounds, "[0]"),
            ("hosts", json!(["https://a.example"]), OutOfBounds, "[0]"),
            ("hosts", json!(["10.0.0.1"]), OutOfBounds, "[0]"),
            ("hosts", json!(["localhost"]), OutOfBounds, "[0]"),
            ("hosts", json!(["a.example", "A.example"]), OutOfBounds, "[1]"),
            ("privateKey", json!(""), OutOfBounds, ""),
            ("privateKey", json!(1), Unprocessable, ""),
            ("publicCertificate", json!(""), OutOfBounds, ""),
            ("publicCertificate", json!([]), Unprocessable, ""),
            ("caCertificate", json!(""), OutOfBounds, ""),
            ("caCertificate", json!("a".repeat(65537)), OutOfBounds, ""),
            ("passphrase", json!(1), Unprocessable, ""),
            ("description", json!("a".repeat(513)), OutOfBounds, ""),
        ] {
            let mut value = valid();
            value[field] = wrong;
            assert_eq!(refusal(&value), Some((fault, format!("{field}{rest}"))), "{field}{rest}");
        }
    }

    #[test]
    fn key_and_passphrase_are_in_no_debug_text_and_no_problem() {
        let mut value = valid();
        value["privateKey"] = "canary".into();
        assert!(
            !format!("{:?}", CreateVanityUrlDetails::parse(value.to_string().as_bytes()).unwrap()).contains("canary")
        );
        value["privateKey"] = "canary".repeat(20_000).into();
        let problem = CreateVanityUrlDetails::parse(value.to_string().as_bytes()).unwrap_err();
        assert!(!format!("{problem:?}").contains("canary"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>, host in ".*") {
            let _ = CreateVanityUrlDetails::parse(&bytes);
            let _ = UpdateVanityUrlDetails::parse(&bytes);
            let _ = CreateVanityUrlDetails::parse(json!({ "hosts": [host] }).to_string().as_bytes());
        }
    }
}
