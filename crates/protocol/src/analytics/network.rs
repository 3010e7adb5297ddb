//! From where an instance can be reached.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::fields::{FieldFault, FieldProblem, Fields, kind};
use crate::description::{describe, describe_among};

/// The most network security groups of a private endpoint or a private access channel.
pub(super) const MOST_GROUPS: usize = 5;
/// The kinds of the OCIDs of a network, a subnet and a network security group.
pub(super) const VCN: &str = "vcn";
pub(super) const SUBNET: &str = "subnet";
pub(super) const SECURITY_GROUP: &str = "networksecuritygroup";
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
    for (path, map) in fields.objects("whitelistedVcns")? {
        let network = Fields::at(&path, map);
        whitelisted_vcns.push(VirtualCloudNetwork {
            id: network.required("id", network.ocid("id", VCN)?)?,
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
    Ok(NetworkEndpointDetails::Private {
        vcn_id: fields.required("vcnId", fields.ocid("vcnId", VCN)?)?,
        subnet_id: fields.required("subnetId", fields.ocid("subnetId", SUBNET)?)?,
        network_security_group_ids: fields.ocids("networkSecurityGroupIds", SECURITY_GROUP, MOST_GROUPS)?,
    })
}

fn addresses(fields: Fields<'_>) -> Result<Vec<String>, FieldProblem> {
    let texts = fields.texts("whitelistedIps", 1, LONGEST_ADDRESS)?;
    for (index, text) in texts.iter().enumerate() {
        let (expected, seen) = match address(text) {
            AddressRuling::Fits => continue,
            AddressRuling::NoAddress => ("an IP address or a CIDR block", describe(text)),
            AddressRuling::HostBits => {
                let seen = "a block whose address goes on after the prefix; the host's bits must be zero";
                ("an IP address or a CIDR block", seen.to_owned())
            }
        };
        return Err(fields.problem(FieldFault::OutOfBounds, &format!("whitelistedIps[{index}]"), expected, seen));
    }
    Ok(texts)
}

enum AddressRuling {
    Fits,
    NoAddress,
    HostBits,
}

fn address(text: &str) -> AddressRuling {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let Ok(address) = address.parse::<IpAddr>() else { return AddressRuling::NoAddress };
    let Some(prefix) = prefix else { return AddressRuling::Fits };
    // Aligned to the left, so that the prefix counts from the top in both families.
    let (bits, longest) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
    let Some(length) = prefix.parse::<u32>().ok().filter(|length| digits && *length <= longest) else {
        return AddressRuling::NoAddress;
    };
    match bits.checked_shl(length) {
        Some(rest) if rest != 0 => AddressRuling::HostBits,
        Some(_) | None => AddressRuling::Fits,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const V: &str = "ocid1.vcn.oc1.phx.aaaa";
    const S: &str = "ocid1.subnet.oc1.phx.aaaa";
    const G: &str = "ocid1.networksecuritygroup.oc1.phx.aaaa";

    fn read(value: &Value) -> Result<Option<NetworkEndpointDetails>, FieldProblem> {
        let map = json!({ "n": value });
        NetworkEndpointDetails::read(Fields::root(map.as_object().unwrap()), "n")
    }

    #[test]
    fn both_kinds_survive_a_round_trip() {
        for value in [
            json!({ "networkEndpointType": "PUBLIC", "whitelistedIps": ["1.2.3.4", "10.0.0.0/8", "::1/128"],
                "whitelistedVcns": [{ "id": "ocid1.vcn.oc1.phx.aaaa", "whitelistedIps": ["10.0.0.1"] }],
                "whitelistedServices": ["ALL"] }),
            json!({ "networkEndpointType": "PRIVATE", "vcnId": V, "subnetId": S,
                "networkSecurityGroupIds": [G, G, G, G, G] }),
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
            (json!({ "networkEndpointType": "PRIVATE", "vcnId": V }), Missing, "n.subnetId"),
            (
                json!({ "networkEndpointType": "PRIVATE", "vcnId": V, "subnetId": S,
                    "networkSecurityGroupIds": [G, G, G, G, G, G] }),
                OutOfBounds,
                "n.networkSecurityGroupIds",
            ),
            (
                json!({ "networkEndpointType": "PRIVATE", "vcnId": V, "subnetId": S, "networkSecurityGroupIds": [G, S] }),
                OutOfBounds,
                "n.networkSecurityGroupIds[1]",
            ),
            (json!({ "networkEndpointType": "PRIVATE", "vcnId": "v", "subnetId": S }), OutOfBounds, "n.vcnId"),
            (json!({ "networkEndpointType": "PRIVATE", "vcnId": V, "subnetId": V }), OutOfBounds, "n.subnetId"),
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
                json!({ "networkEndpointType": "PUBLIC", "whitelistedVcns": [{ "id": S }] }),
                OutOfBounds,
                "n.whitelistedVcns[0].id",
            ),
            (
                json!({ "networkEndpointType": "PUBLIC",
                    "whitelistedVcns": [{ "id": V, "whitelistedIps": ["10.0.0.1/8"] }] }),
                OutOfBounds,
                "n.whitelistedVcns[0].whitelistedIps[0]",
            ),
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

    #[test]
    fn a_block_has_no_bits_after_its_prefix() {
        let ruling = |text: &str| {
            let value = json!({ "networkEndpointType": "PUBLIC", "whitelistedIps": [text] });
            read(&value).map_err(|problem| problem.seen.contains("must be zero")).err()
        };
        for block in ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.1/32", "192.168.1.128/25", "::/0", "2001:db8::/32", "::1/128"]
        {
            assert_eq!(ruling(block), None, "{block}");
        }
        for block in ["10.0.0.1/8", "0.0.0.1/0", "192.168.1.129/25", "2001:db8::1/32"] {
            assert_eq!(ruling(block), Some(true), "{block}");
        }
        for block in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0/8", "::/129", "10.0.0.0/08x", "example.com"] {
            assert_eq!(ruling(block), Some(false), "{block}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_address_is_read_or_refused(text in ".{1,80}", bits: u32, length in 0_u32..40) {
            let _ = address(&text);
            let _ = address(&format!("{}/{length}", std::net::Ipv4Addr::from_bits(bits)));
        }
    }
}
