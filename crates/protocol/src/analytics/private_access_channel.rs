//! Private access channels: how an instance reaches data sources inside a network of the cloud.

use serde::{Deserialize, Serialize};

use super::{
    fields::{self, FieldFault, FieldProblem, Fields},
    host_name,
    network::{MOST_GROUPS, SECURITY_GROUP, SUBNET, VCN},
};
use crate::description::describe_up_to;

/// The longest display name, in characters.
const LONGEST_NAME: usize = 32;
/// What a display name must look like, for explanations.
const NAME_PATTERN: &str = "^[a-zA-Z][a-zA-Z0-9_-]*$";
/// The most zones of a channel.
const MOST_ZONES: usize = 30;
/// The most SCAN hosts of a channel.
const MOST_SCAN_HOSTS: usize = 15;
/// The longest name of a zone, in characters.
const LONGEST_ZONE: usize = 253;
/// The longest name of a host and the longest description, in characters.
const LONGEST_TEXT: usize = 255;
/// The highest port there is.
const HIGHEST_PORT: i64 = 65535;

/// A channel (contract analytics 2, PrivateAccessChannel).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateAccessChannel {
    /// Its key, under which the instance has it.
    pub key: String,
    /// Its name, unique in the instance.
    pub display_name: String,
    /// The network's OCID.
    pub vcn_id: String,
    /// The subnet's OCID.
    pub subnet_id: String,
    /// Its address in the subnet.
    pub ip_address: String,
    /// From where the instance's traffic comes.
    pub egress_source_ip_addresses: Vec<String>,
    /// The zones that are resolved inside the network.
    #[serde(default)]
    pub private_source_dns_zones: Vec<PrivateSourceDnsZone>,
    /// The SCAN hosts of databases.
    #[serde(default)]
    pub private_source_scan_hosts: Vec<PrivateSourceScanHost>,
    /// The OCIDs of network security groups.
    #[serde(default)]
    pub network_security_group_ids: Vec<String>,
}

/// A zone that is resolved inside the network (contract analytics 2, PrivateSourceDnsZone).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateSourceDnsZone {
    /// Its name.
    pub dns_zone: String,
    /// Up to 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A SCAN host of a database (contract analytics 2, PrivateSourceScanHost).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateSourceScanHost {
    /// Its name.
    pub scan_hostname: String,
    /// 1 to 65535.
    pub scan_port: i64,
    /// Up to 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What a caller asks for (contract analytics 2, CreatePrivateAccessChannelDetails).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePrivateAccessChannelDetails {
    /// 1 to 32 characters.
    pub display_name: String,
    /// The network's OCID.
    pub vcn_id: String,
    /// The subnet's OCID.
    pub subnet_id: String,
    /// 1 to 30 zones.
    pub private_source_dns_zones: Vec<PrivateSourceDnsZone>,
    /// At most 15 hosts.
    pub private_source_scan_hosts: Vec<PrivateSourceScanHost>,
    /// At most 5 OCIDs.
    pub network_security_group_ids: Vec<String>,
}

/// What a caller changes (contract analytics 2, UpdatePrivateAccessChannelDetails). What is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdatePrivateAccessChannelDetails {
    /// 1 to 32 characters.
    pub display_name: Option<String>,
    /// The network's OCID.
    pub vcn_id: Option<String>,
    /// The subnet's OCID.
    pub subnet_id: Option<String>,
    /// 1 to 30 zones, instead of those there are.
    pub private_source_dns_zones: Option<Vec<PrivateSourceDnsZone>>,
    /// At most 15 hosts, instead of those there are.
    pub private_source_scan_hosts: Option<Vec<PrivateSourceScanHost>>,
    /// At most 5 OCIDs, instead of those there are.
    pub network_security_group_ids: Option<Vec<String>>,
}

impl CreatePrivateAccessChannelDetails {
    /// Reads and checks a body, field by field in the contract's order.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        let map = fields::body(body)?;
        let fields = Fields::root(&map);
        let details = UpdatePrivateAccessChannelDetails::read(fields)?;
        Ok(Self {
            display_name: fields.required("displayName", details.display_name)?,
            vcn_id: fields.required("vcnId", details.vcn_id)?,
            subnet_id: fields.required("subnetId", details.subnet_id)?,
            private_source_dns_zones: fields.required("privateSourceDnsZones", details.private_source_dns_zones)?,
            private_source_scan_hosts: details.private_source_scan_hosts.unwrap_or_default(),
            network_security_group_ids: details.network_security_group_ids.unwrap_or_default(),
        })
    }
}

impl UpdatePrivateAccessChannelDetails {
    /// Reads and checks a body, field by field in the contract's order.
    ///
    /// # Errors
    ///
    /// The first [`FieldProblem`].
    pub fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        Self::read(Fields::root(&fields::body(body)?))
    }

    /// Whether nothing is to be changed.
    pub const fn is_empty(&self) -> bool {
        self.display_name.is_none()
            && self.vcn_id.is_none()
            && self.subnet_id.is_none()
            && self.private_source_dns_zones.is_none()
            && self.private_source_scan_hosts.is_none()
            && self.network_security_group_ids.is_none()
    }

    /// The channel with the changes made; what is absent is as it was.
    #[must_use]
    pub fn applied_to(&self, channel: PrivateAccessChannel) -> PrivateAccessChannel {
        let details = self.clone();
        PrivateAccessChannel {
            display_name: details.display_name.unwrap_or(channel.display_name),
            vcn_id: details.vcn_id.unwrap_or(channel.vcn_id),
            subnet_id: details.subnet_id.unwrap_or(channel.subnet_id),
            private_source_dns_zones: details.private_source_dns_zones.unwrap_or(channel.private_source_dns_zones),
            private_source_scan_hosts: details.private_source_scan_hosts.unwrap_or(channel.private_source_scan_hosts),
            network_security_group_ids: details
                .network_security_group_ids
                .unwrap_or(channel.network_security_group_ids),
            ..channel
        }
    }

    fn read(fields: Fields<'_>) -> Result<Self, FieldProblem> {
        let groups = "networkSecurityGroupIds";
        Ok(Self {
            display_name: read_name(fields)?,
            vcn_id: fields.ocid("vcnId", VCN)?,
            subnet_id: fields.ocid("subnetId", SUBNET)?,
            private_source_dns_zones: read_zones(fields, "privateSourceDnsZones")?,
            private_source_scan_hosts: read_scan_hosts(fields, "privateSourceScanHosts")?,
            network_security_group_ids: fields
                .get(groups)
                .map(|_| fields.ocids(groups, SECURITY_GROUP, MOST_GROUPS))
                .transpose()?,
        })
    }
}

fn read_name(fields: Fields<'_>) -> Result<Option<String>, FieldProblem> {
    let Some(text) = fields.text("displayName", 1, LONGEST_NAME)? else { return Ok(None) };
    let mut characters = text.chars().enumerate();
    let misfit = characters.find(|(index, character)| {
        !character.is_ascii_alphabetic() && (*index == 0 || !(character.is_ascii_digit() || "_-".contains(*character)))
    });
    match misfit {
        None => Ok(Some(text.to_owned())),
        Some((index, _)) => {
            let seen = describe_up_to(text, index);
            Err(fields.problem(FieldFault::OutOfBounds, "displayName", NAME_PATTERN, seen))
        }
    }
}

fn read_zones(fields: Fields<'_>, name: &str) -> Result<Option<Vec<PrivateSourceDnsZone>>, FieldProblem> {
    if fields.get(name).is_none() {
        return Ok(None);
    }
    let mut zones = Vec::new();
    for (path, map) in fields.count(name, fields.objects(name)?, 1, MOST_ZONES)? {
        let zone = Fields::at(&path, map);
        let dns_zone = zone.required("dnsZone", zone.text("dnsZone", 1, LONGEST_ZONE)?)?;
        if let Some(index) = host_name::misfit_of_zone(dns_zone) {
            let seen = describe_up_to(dns_zone, index);
            return Err(zone.problem(FieldFault::OutOfBounds, "dnsZone", host_name::SHAPE, seen));
        }
        zones.push(PrivateSourceDnsZone {
            dns_zone: dns_zone.to_owned(),
            description: zone.text("description", 0, LONGEST_TEXT)?.map(str::to_owned),
        });
    }
    Ok(Some(zones))
}

fn read_scan_hosts(fields: Fields<'_>, name: &str) -> Result<Option<Vec<PrivateSourceScanHost>>, FieldProblem> {
    if fields.get(name).is_none() {
        return Ok(None);
    }
    let mut hosts = Vec::new();
    for (path, map) in fields.count(name, fields.objects(name)?, 0, MOST_SCAN_HOSTS)? {
        let host = Fields::at(&path, map);
        let scan_hostname = host.required("scanHostname", host.text("scanHostname", 1, LONGEST_TEXT)?)?;
        if let Some(index) = host_name::misfit(scan_hostname) {
            let seen = describe_up_to(scan_hostname, index);
            return Err(host.problem(FieldFault::OutOfBounds, "scanHostname", host_name::SHAPE, seen));
        }
        let scan_port = host.required("scanPort", host.integer("scanPort", 1)?)?;
        if scan_port > HIGHEST_PORT {
            let expected = "a port from 1 to 65535";
            return Err(host.problem(FieldFault::OutOfBounds, "scanPort", expected, scan_port.to_string()));
        }
        hosts.push(PrivateSourceScanHost {
            scan_hostname: scan_hostname.to_owned(),
            scan_port,
            description: host.text("description", 1, LONGEST_TEXT)?.map(str::to_owned),
        });
    }
    Ok(Some(hosts))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use FieldFault::{Missing, OutOfBounds, Unprocessable};

    const V: &str = "ocid1.vcn.oc1.phx.aaaa";
    const S: &str = "ocid1.subnet.oc1.phx.aaaa";
    const G: &str = "ocid1.networksecuritygroup.oc1.phx.aaaa";

    fn valid() -> Value {
        json!({
            "displayName": "pac",
            "vcnId": V,
            "subnetId": S,
            "privateSourceDnsZones": [{ "dnsZone": "corp.example.com", "description": "" }],
            "privateSourceScanHosts": [{ "scanHostname": "scan.example.com", "scanPort": 1521, "description": "db" }],
            "networkSecurityGroupIds": [G],
        })
    }

    fn refusals(value: &Value) -> [Option<(FieldFault, String)>; 2] {
        let body = value.to_string();
        let create = CreatePrivateAccessChannelDetails::parse(body.as_bytes()).err();
        let update = UpdatePrivateAccessChannelDetails::parse(body.as_bytes()).err();
        [create, update].map(|problem| problem.map(|problem| (problem.fault, problem.field)))
    }

    #[test]
    fn a_whole_body_is_read() {
        let details = CreatePrivateAccessChannelDetails::parse(valid().to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(&details.private_source_dns_zones).unwrap(), valid()["privateSourceDnsZones"]);
        assert_eq!(
            serde_json::to_value(&details.private_source_scan_hosts).unwrap(),
            valid()["privateSourceScanHosts"]
        );
        let nothing = UpdatePrivateAccessChannelDetails::parse(b"{}").unwrap();
        assert!(nothing.display_name.is_none() && nothing.network_security_group_ids.is_none());
        let emptied = json!({ "networkSecurityGroupIds": [], "privateSourceScanHosts": [] }).to_string();
        let emptied = UpdatePrivateAccessChannelDetails::parse(emptied.as_bytes()).unwrap();
        assert_eq!(emptied.network_security_group_ids, Some(Vec::new()), "an empty list is a value");
        assert_eq!(emptied.private_source_scan_hosts, Some(Vec::new()));
    }

    #[test]
    fn what_a_creation_needs_an_update_may_leave_out() {
        for field in ["displayName", "vcnId", "subnetId", "privateSourceDnsZones"] {
            for absent in [true, false] {
                let mut value = valid();
                if absent {
                    value.as_object_mut().unwrap().remove(field);
                } else {
                    value[field] = Value::Null;
                }
                assert_eq!(refusals(&value), [Some((Missing, field.to_owned())), None]);
            }
        }
        for field in ["privateSourceScanHosts", "networkSecurityGroupIds"] {
            let mut value = valid();
            value.as_object_mut().unwrap().remove(field);
            assert_eq!(refusals(&value), [None, None]);
        }
    }

    #[test]
    fn every_bound_is_held() {
        // Contract analytics 2, CreatePrivateAccessChannelDetails and its parts.
        let zone = json!({ "dnsZone": "a.example" });
        let host = json!({ "scanHostname": "a.example", "scanPort": 1 });
        let long = "a".repeat(256);
        let cases = [
            ("displayName", json!(""), OutOfBounds, ""),
            ("displayName", json!("a".repeat(33)), OutOfBounds, ""),
            ("displayName", json!("1a"), OutOfBounds, ""),
            ("displayName", json!("_a"), OutOfBounds, ""),
            ("displayName", json!("a b"), OutOfBounds, ""),
            ("displayName", json!("a.b"), OutOfBounds, ""),
            ("displayName", json!("aé"), OutOfBounds, ""),
            ("displayName", json!(1), Unprocessable, ""),
            ("vcnId", json!(S), OutOfBounds, ""),
            ("vcnId", json!("vcn"), OutOfBounds, ""),
            ("vcnId", json!(""), OutOfBounds, ""),
            ("subnetId", json!(V), OutOfBounds, ""),
            ("subnetId", json!([S]), Unprocessable, ""),
            ("privateSourceDnsZones", json!([]), OutOfBounds, ""),
            ("privateSourceDnsZones", json!(vec![zone; 31]), OutOfBounds, ""),
            ("privateSourceDnsZones", json!("a.example"), Unprocessable, ""),
            ("privateSourceDnsZones", json!(["a.example"]), Unprocessable, "[0]"),
            ("privateSourceDnsZones", json!([{}]), Missing, "[0].dnsZone"),
            ("privateSourceDnsZones", json!([{ "dnsZone": "" }]), OutOfBounds, "[0].dnsZone"),
            ("privateSourceDnsZones", json!([{ "dnsZone": "a b" }]), OutOfBounds, "[0].dnsZone"),
            ("privateSourceDnsZones", json!([{ "dnsZone": "a.".repeat(127) + "a" }]), OutOfBounds, "[0].dnsZone"),
            ("privateSourceDnsZones", json!([{ "dnsZone": "a", "description": long }]), OutOfBounds, "[0].description"),
            ("privateSourceScanHosts", json!(vec![host; 16]), OutOfBounds, ""),
            ("privateSourceScanHosts", json!([1]), Unprocessable, "[0]"),
            ("privateSourceScanHosts", json!([{ "scanPort": 1 }]), Missing, "[0].scanHostname"),
            ("privateSourceScanHosts", json!([{ "scanHostname": "a" }]), Missing, "[0].scanPort"),
            ("privateSourceScanHosts", json!([{ "scanHostname": "a", "scanPort": 0 }]), OutOfBounds, "[0].scanPort"),
            (
                "privateSourceScanHosts",
                json!([{ "scanHostname": "a", "scanPort": 65536 }]),
                OutOfBounds,
                "[0].scanPort",
            ),
            (
                "privateSourceScanHosts",
                json!([{ "scanHostname": "a", "scanPort": "1" }]),
                Unprocessable,
                "[0].scanPort",
            ),
            (
                "privateSourceScanHosts",
                json!([{ "scanHostname": "a_b", "scanPort": 1 }]),
                OutOfBounds,
                "[0].scanHostname",
            ),
            (
                "privateSourceScanHosts",
                json!([{ "scanHostname": "a", "scanPort": 1, "description": "" }]),
                OutOfBounds,
                "[0].description",
            ),
            ("networkSecurityGroupIds", json!([G, G, G, G, G, G]), OutOfBounds, ""),
            ("networkSecurityGroupIds", json!([G, V]), OutOfBounds, "[1]"),
            ("networkSecurityGroupIds", json!([1]), Unprocessable, "[0]"),
        ];
        for (field, wrong, fault, rest) in cases {
            let mut value = valid();
            value[field] = wrong;
            let expected = Some((fault, format!("{field}{rest}")));
            assert_eq!(refusals(&value), [expected.clone(), expected], "{value}");
        }
    }

    #[test]
    fn the_largest_values_pass() {
        let mut value = valid();
        value["displayName"] = format!("a{}", "_-9".repeat(10)).into();
        value["privateSourceDnsZones"] = vec![json!({ "dnsZone": "_tcp.a.example" }); 30].into();
        value["privateSourceScanHosts"] = vec![json!({ "scanHostname": "a", "scanPort": 65535 }); 15].into();
        value["networkSecurityGroupIds"] = vec![G; 5].into();
        assert_eq!(refusals(&value), [None, None]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>, name in ".*") {
            let _ = CreatePrivateAccessChannelDetails::parse(&bytes);
            let _ = UpdatePrivateAccessChannelDetails::parse(&bytes);
            let _ = UpdatePrivateAccessChannelDetails::parse(json!({ "displayName": name }).to_string().as_bytes());
        }
    }
}
