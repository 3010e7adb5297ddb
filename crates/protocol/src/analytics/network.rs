//! From where an instance can be reached.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{FieldFault, FieldProblem, Fields, kind};
use crate::description::{describe, describe_among};

/// The most network security groups of a private endpoint.
const MOST_GROUPS: usize = 5;
/// The longest item of a list of addresses, in characters.
const LONGEST_ADDRESS: usize = 255;

/// The endpoint of an instance (contract analytics 2, NetworkEndpointDetails), told apart by `networkEndpointType`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "networkEndpointType")]
pub enum NetworkEndpointDetails {
    /// Reachable from the internet, or from listed places only.
    #[serde(rename = "PUBLIC", rename_all = "camelCase")]
    Public {
        /// IP addresses and CIDR blocks; empty for everywhere.
        #[serde(default)]
        whitelisted_ips: Vec<String>,
        /// Networks of the cloud.
        #[serde(default)]
        whitelisted_vcns: Vec<VirtualCloudNetwork>,
        /// Services of the cloud: `ALL` or nothing.
        #[serde(default)]
        whitelisted_services: Vec<String>,
    },
    /// Reachable from one subnet.
    #[serde(rename = "PRIVATE", rename_all = "camelCase")]
    Private {
        /// The network's OCID.
        vcn_id: String,
        /// The subnet's OCID.
        subnet_id: String,
        /// At most 5 OCIDs.
        #[serde(default)]
        network_security_group_ids: Vec<String>,
    },
}

/// A network whose members may reach a public endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualCloudNetwork {
    /// The network's OCID.
    pub id: String,
    /// Addresses inside it; empty for all.
    #[serde(default)]
    pub whitelisted_ips: Vec<String>,
}

impl Default for NetworkEndpointDetails {
    /// Public, from everywhere: what an instance gets when its creator says nothing.
    fn default() -> Self {
        Self::Public { whitelisted_ips: Vec::new(), whitelisted_vcns: Vec::new(), whitelisted_services: Vec::new() }
    }
}

impl NetworkEndpointDetails {
    /// Reads the object at `name`.
    ///
    /// # Errors
    ///
    /// [`FieldProblem`]
    pub fn read(parent: Fields<'_>, name: &str) -> Result<Option<Self>, FieldProblem> {
        let Some(map) = parent.object(name)? else { return Ok(None) };
        let path = parent.path(name);
        let fields = Fields::at(&path, map);
        let endpoint_type = fields.get("networkEndpointType");
        match fields.required("networkEndpointType", endpoint_type)?.as_str() {
            Some("PUBLIC") => read_public(fields).map(Some),
            Some("PRIVATE") => read_private(fields).map(Some),
            other => {
                let seen = match other {
                    Some(text) => describe_among(text, ["PUBLIC", "PRIVATE"]),
                    None => endpoint_type.map_or("null", kind).to_owned(),
                };
                Err(fields.problem(FieldFault::Unprocessable, "networkEndpointType", "PUBLIC or PRIVATE", seen))
            }
        }
    }
}

fn read_public(fields: Fields<'_>) -> Result<NetworkEndpointDetails, FieldProblem> {
    let mut whitelisted_vcns = Vec::new();
    for (index, value) in fields.array("whitelistedVcns")?.iter().enumerate() {
        let item = format!("whitelistedVcns[{index}]");
        let Value::Object(map) = value else {
            return Err(fields.problem(FieldFault::Unprocessable, &item, "an object", kind(value)));
        };
        let path = fields.path(&item);
        let network = Fields::at(&path, map);
        whitelisted_vcns.push(VirtualCloudNetwork {
            id: network.required("id", network.text("id", 1, LONGEST_ADDRESS)?)?.to_owned(),
            whitelisted_ips: addresses(network)?,
        });
    }
    let whitelisted_services = fields.texts("whitelistedServices", 1, LONGEST_ADDRESS)?;
    if let Some(other) = whitelisted_services.iter().find(|service| *service != "ALL") {
        return Err(fields.problem(
            FieldFault::Unprocessable,
            "whitelistedServices",
            "ALL",
            describe_among(other, ["ALL"]),
        ));
    }
    Ok(NetworkEndpointDetails::Public { whitelisted_ips: addresses(fields)?, whitelisted_vcns, whitelisted_services })
}

fn read_private(fields: Fields<'_>) -> Result<NetworkEndpointDetails, FieldProblem> {
    let text = |name| fields.required(name, fields.text(name, 1, LONGEST_ADDRESS)?).map(str::to_owned);
    let network_security_group_ids = fields.texts("networkSecurityGroupIds", 1, LONGEST_ADDRESS)?;
    if network_security_group_ids.len() > MOST_GROUPS {
        let seen = format!("{} items", network_security_group_ids.len());
        return Err(fields.problem(FieldFault::OutOfBounds, "networkSecurityGroupIds", "at most 5 items", seen));
    }
    Ok(NetworkEndpointDetails::Private {
        vcn_id: text("vcnId")?,
        subnet_id: text("subnetId")?,
        network_security_group_ids,
    })
}

fn addresses(fields: Fields<'_>) -> Result<Vec<String>, FieldProblem> {
    let texts = fields.texts("whitelistedIps", 1, LONGEST_ADDRESS)?;
    match texts.iter().position(|text| !is_address(text)) {
        None => Ok(texts),
        Some(index) => {
            let seen = texts.get(index).map_or_else(String::new, |text| describe(text));
            let item = format!("whitelistedIps[{index}]");
            Err(fields.problem(FieldFault::OutOfBounds, &item, "an IP address or a CIDR block", seen))
        }
    }
}

fn is_address(text: &str) -> bool {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    prefix.is_none_or(|prefix| {
        prefix.bytes().all(|byte| byte.is_ascii_digit()) && prefix.parse::<u8>().is_ok_and(|bits| bits <= longest)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<Option<NetworkEndpointDetails>, FieldProblem> {
        let map = json!({ "n": value });
        NetworkEndpointDetails::read(Fields::root(map.as_object().unwrap()), "n")
    }

    #[test]
    fn both_kinds_survive_a_round_trip() {
        for value in [
            json!({ "networkEndpointType": "PUBLIC", "whitelistedIps": ["1.2.3.4", "10.0.0.0/8", "::1/128"],
                "whitelistedVcns": [{ "id": "ocid1.vcn", "whitelistedIps": ["10.0.0.1"] }],
                "whitelistedServices": ["ALL"] }),
            json!({ "networkEndpointType": "PRIVATE", "vcnId": "v", "subnetId": "s",
                "networkSecurityGroupIds": ["1", "2", "3", "4", "5"] }),
        ] {
            let details = read(&value).unwrap().unwrap();
            assert_eq!(serde_json::to_value(&details).unwrap(), value);
            assert_eq!(serde_json::from_value::<NetworkEndpointDetails>(value).unwrap(), details);
        }
    }

    #[test]
    fn nothing_said_answers_with_empty_arrays() {
        // Contract analytics 0, rule 6.
        assert_eq!(read(&Value::Null), Ok(None));
        assert_eq!(
            serde_json::to_value(NetworkEndpointDetails::default()).unwrap(),
            json!({ "networkEndpointType": "PUBLIC", "whitelistedIps": [], "whitelistedVcns": [],
                "whitelistedServices": [] })
        );
    }

    #[test]
    fn every_bound_is_held() {
        use FieldFault::{Missing, OutOfBounds, Unprocessable};
        let long = "1".repeat(256);
        for (value, fault, field) in [
            (json!([]), Unprocessable, "n"),
            (json!({}), Missing, "n.networkEndpointType"),
            (json!({ "networkEndpointType": 1 }), Unprocessable, "n.networkEndpointType"),
            (json!({ "networkEndpointType": "public" }), Unprocessable, "n.networkEndpointType"),
            (json!({ "networkEndpointType": "PRIVATE" }), Missing, "n.vcnId"),
            (json!({ "networkEndpointType": "PRIVATE", "vcnId": "v" }), Missing, "n.subnetId"),
            (
                json!({ "networkEndpointType": "PRIVATE", "vcnId": "v", "subnetId": "s",
                    "networkSecurityGroupIds": ["1", "2", "3", "4", "5", "6"] }),
                OutOfBounds,
                "n.networkSecurityGroupIds",
            ),
            (
                json!({ "networkEndpointType": "PUBLIC", "whitelistedIps": ["1.2.3.4", "1.2.3"] }),
                OutOfBounds,
                "n.whitelistedIps[1]",
            ),
            (
                json!({ "networkEndpointType": "PUBLIC", "whitelistedIps": ["10.0.0.0/33"] }),
                OutOfBounds,
                "n.whitelistedIps[0]",
            ),
            (
                json!({ "networkEndpointType": "PUBLIC", "whitelistedIps": ["10.0.0.0/+8"] }),
                OutOfBounds,
                "n.whitelistedIps[0]",
            ),
            (json!({ "networkEndpointType": "PUBLIC", "whitelistedIps": [long] }), OutOfBounds, "n.whitelistedIps[0]"),
            (
                json!({ "networkEndpointType": "PUBLIC", "whitelistedIps": "1.2.3.4" }),
                Unprocessable,
                "n.whitelistedIps",
            ),
            (
                json!({ "networkEndpointType": "PUBLIC", "whitelistedVcns": ["v"] }),
                Unprocessable,
                "n.whitelistedVcns[0]",
            ),
            (json!({ "networkEndpointType": "PUBLIC", "whitelistedVcns": [{}] }), Missing, "n.whitelistedVcns[0].id"),
            (
                json!({ "networkEndpointType": "PUBLIC", "whitelistedServices": ["SOME"] }),
                Unprocessable,
                "n.whitelistedServices",
            ),
        ] {
            let problem = read(&value).unwrap_err();
            assert_eq!((problem.fault, problem.field.as_str()), (fault, field), "{value}");
        }
    }
}
