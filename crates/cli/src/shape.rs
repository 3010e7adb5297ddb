//! The official command line's output: kebab-case keys, unknown members dropped, absent ones null, times with their
//! offset (contract analytics 6.2). Scripts written for it read ours.

use obol_client::{Timestamp, oci::Reply};
use serde_json::{Map, Value};

/// How a member is shown.
enum Kind {
    /// As it is; maps of tags keep their keys.
    Plain,
    /// An RFC 3339 time.
    Time,
    /// An object of its own shape.
    Object(&'static Shape),
    /// A list of such.
    List(&'static Shape),
    /// A map of such, whose keys are data.
    Map(&'static Shape),
    /// Network endpoint details, whose shape their type decides.
    Endpoint,
}

/// The members of a model, as the API spells them (contract analytics 2).
pub(crate) struct Shape {
    members: &'static [(&'static str, Kind)],
    /// Those of them that are not shown: a summary is the whole without some.
    without: &'static [&'static str],
}

use Kind::{Endpoint, List, Map as MapOf, Object, Plain, Time};

/// `AnalyticsInstance`.
pub(crate) static INSTANCE: Shape = Shape::of(&[
    ("id", Plain),
    ("name", Plain),
    ("description", Plain),
    ("compartmentId", Plain),
    ("lifecycleState", Plain),
    ("featureSet", Plain),
    ("featureBundle", Plain),
    ("capacity", Object(&CAPACITY)),
    ("licenseType", Plain),
    ("emailNotification", Plain),
    ("updateChannel", Plain),
    ("networkEndpointDetails", Endpoint),
    ("privateAccessChannels", MapOf(&PRIVATE_ACCESS_CHANNEL)),
    ("vanityUrlDetails", MapOf(&VANITY_URL)),
    ("serviceUrl", Plain),
    ("definedTags", Plain),
    ("freeformTags", Plain),
    ("systemTags", Plain),
    ("kmsKeyId", Plain),
    ("domainId", Plain),
    ("resourceGroups", List(&RESOURCE_GROUP)),
    ("timeCreated", Time),
    ("timeUpdated", Time),
]);

/// `AnalyticsInstanceSummary`.
pub(crate) static INSTANCE_SUMMARY: Shape = INSTANCE.without(&[
    "featureBundle",
    "updateChannel",
    "privateAccessChannels",
    "vanityUrlDetails",
    "kmsKeyId",
    "domainId",
    "resourceGroups",
]);

/// `WorkRequest`.
pub(crate) static WORK_REQUEST: Shape = Shape::of(&[
    ("id", Plain),
    ("operationType", Plain),
    ("status", Plain),
    ("compartmentId", Plain),
    ("resources", List(&WORK_REQUEST_RESOURCE)),
    ("percentComplete", Plain),
    ("timeAccepted", Time),
    ("timeStarted", Time),
    ("timeFinished", Time),
]);

/// `WorkRequestSummary`.
pub(crate) static WORK_REQUEST_SUMMARY: Shape = WORK_REQUEST.without(&["percentComplete"]);

static CAPACITY: Shape = Shape::of(&[("capacityType", Plain), ("capacityValue", Plain)]);
static WORK_REQUEST_RESOURCE: Shape = Shape::of(&[
    ("actionResult", Plain),
    ("resourceType", Plain),
    ("identifier", Plain),
    ("resourceUri", Plain),
    ("metadata", Plain),
]);
static PUBLIC_ENDPOINT: Shape = Shape::of(&[
    ("networkEndpointType", Plain),
    ("whitelistedIps", Plain),
    ("whitelistedVcns", List(&VCN)),
    ("whitelistedServices", Plain),
]);
static PRIVATE_ENDPOINT: Shape = Shape::of(&[
    ("networkEndpointType", Plain),
    ("vcnId", Plain),
    ("subnetId", Plain),
    ("networkSecurityGroupIds", Plain),
]);
static VCN: Shape = Shape::of(&[("id", Plain), ("whitelistedIps", Plain)]);
static PRIVATE_ACCESS_CHANNEL: Shape = Shape::of(&[
    ("key", Plain),
    ("displayName", Plain),
    ("vcnId", Plain),
    ("subnetId", Plain),
    ("ipAddress", Plain),
    ("egressSourceIpAddresses", Plain),
    ("privateSourceDnsZones", List(&DNS_ZONE)),
    ("privateSourceScanHosts", List(&SCAN_HOST)),
    ("networkSecurityGroupIds", Plain),
]);
static DNS_ZONE: Shape = Shape::of(&[("dnsZone", Plain), ("description", Plain)]);
static SCAN_HOST: Shape = Shape::of(&[("scanHostname", Plain), ("scanPort", Plain), ("description", Plain)]);
static VANITY_URL: Shape = Shape::of(&[
    ("key", Plain),
    ("description", Plain),
    ("urls", Plain),
    ("hosts", Plain),
    ("publicCertificate", Plain),
]);
static RESOURCE_GROUP: Shape = Shape::of(&[
    ("id", Plain),
    ("resourceName", Plain),
    ("displayName", Plain),
    ("description", Plain),
    ("capacity", Plain),
]);

/// The headers that are shown beside the data, in the order of their names.
const SHOWN_HEADERS: [&str; 3] = ["etag", "opc-next-page", "opc-work-request-id"];

/// The whole output of a call: the data in its shape, and the headers worth knowing. A call that answers with nothing
/// shows its headers only.
pub(crate) fn render(reply: &Reply, shape: &Shape) -> Value {
    let mut shown = Map::new();
    if !reply.data.is_null() {
        let data = match &reply.data {
            Value::Array(rows) => Value::Array(rows.iter().map(|row| shape.show(row)).collect()),
            one => shape.show(one),
        };
        shown.insert("data".to_owned(), data);
    }
    for name in SHOWN_HEADERS {
        if let Some(value) = reply.header(name) {
            shown.insert(name.to_owned(), value.into());
        }
    }
    Value::Object(shown)
}

impl Shape {
    const fn of(members: &'static [(&'static str, Kind)]) -> Self {
        Self { members, without: &[] }
    }

    const fn without(&self, without: &'static [&'static str]) -> Self {
        Self { members: self.members, without }
    }

    fn show(&self, value: &Value) -> Value {
        let Value::Object(members) = value else { return Value::Null };
        let wanted = self.members.iter().filter(|(name, _)| !self.without.contains(name));
        let shown = wanted.map(|(name, kind)| {
            let member = members.get(*name).unwrap_or(&Value::Null);
            (kebab(name), kind.show(member))
        });
        Value::Object(shown.collect())
    }
}

impl Kind {
    fn show(&self, value: &Value) -> Value {
        match (self, value) {
            (_, Value::Null) => Value::Null,
            (Self::Time, Value::String(text)) => time(text).into(),
            (Self::Object(shape), one) => shape.show(one),
            (Self::List(shape), Value::Array(rows)) => rows.iter().map(|row| shape.show(row)).collect(),
            (Self::Map(shape), Value::Object(entries)) => {
                Value::Object(entries.iter().map(|(key, entry)| (key.clone(), shape.show(entry))).collect())
            }
            (Self::Endpoint, details) => match details.get("networkEndpointType").and_then(Value::as_str) {
                Some("PRIVATE") => PRIVATE_ENDPOINT.show(details),
                _ => PUBLIC_ENDPOINT.show(details),
            },
            (Self::Plain | Self::Time | Self::List(_) | Self::Map(_), other) => other.clone(),
        }
    }
}

/// `timeCreated` as `time-created`.
fn kebab(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            text.push('-');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

/// As Python spells times: `+00:00`, microseconds only where there are some.
fn time(text: &str) -> String {
    let Ok(time) = text.parse::<Timestamp>() else { return text.to_owned() };
    let seconds = Timestamp::from_seconds(time.seconds()).to_string();
    let seconds = seconds.split('.').next().unwrap_or_default();
    match time.micros().rem_euclid(1_000_000) {
        0 => format!("{seconds}+00:00"),
        micros => format!("{seconds}.{micros:06}+00:00"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(data: Value, headers: &[(&'static str, &str)]) -> Reply {
        // Built from pairs, as the header type is the client's business.
        Reply {
            data,
            headers: headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect(),
        }
    }

    #[test]
    fn output_is_the_official_one() {
        // Contract analytics 6.2.
        let data = json!({
            "id": "i", "capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 1, "more": 1}, "unknown": 1,
            "networkEndpointDetails": {"networkEndpointType": "PUBLIC", "whitelistedIps": ["1.2.3.4"]},
            "vanityUrlDetails": {"someKey": {"urls": ["u"]}}, "definedTags": {"Oracle-Tags": {"CreatedBy": "x"}},
            "timeCreated": "2026-11-22T22:29:49.000Z", "timeUpdated": "2026-11-22T22:29:49.120Z",
        });
        let shown = render(&reply(data, &[("etag", "e"), ("date", "d"), ("opc-work-request-id", "w")]), &INSTANCE);
        assert_eq!(shown["data"]["capacity"], json!({"capacity-type": "OLPU_COUNT", "capacity-value": 1}));
        assert_eq!(
            shown["data"]["network-endpoint-details"],
            json!({
                "network-endpoint-type": "PUBLIC", "whitelisted-ips": ["1.2.3.4"], "whitelisted-services": null,
                "whitelisted-vcns": null,
            })
        );
        assert_eq!(shown["data"]["vanity-url-details"]["someKey"]["urls"], json!(["u"]));
        assert_eq!(shown["data"]["defined-tags"], json!({"Oracle-Tags": {"CreatedBy": "x"}}));
        assert_eq!(shown["data"]["time-created"], "2026-11-22T22:29:49+00:00");
        assert_eq!(shown["data"]["time-updated"], "2026-11-22T22:29:49.120000+00:00");
        assert_eq!(shown["data"]["kms-key-id"], Value::Null);
        assert!(shown["data"].get("unknown").is_none());
        assert_eq!((&shown["etag"], &shown["opc-work-request-id"]), (&json!("e"), &json!("w")));
        assert!(shown.get("date").is_none());
    }

    #[test]
    fn nothing_but_headers_is_shown_as_that() {
        // Contract analytics 6.2: 202 and 204.
        let shown = render(&reply(Value::Null, &[("opc-work-request-id", "w")]), &INSTANCE);
        assert_eq!(shown, json!({"opc-work-request-id": "w"}));
    }

    #[test]
    fn what_a_summary_leaves_out_is_a_member_of_the_whole() {
        for (summary, whole) in [(&INSTANCE_SUMMARY, &INSTANCE), (&WORK_REQUEST_SUMMARY, &WORK_REQUEST)] {
            let (summary_shown, whole_shown) = (summary.show(&json!({})), whole.show(&json!({})));
            let count = |value: &Value| value.as_object().unwrap().len();
            assert_eq!(count(&summary_shown) + summary.without.len(), count(&whole_shown));
        }
    }

    #[test]
    fn an_empty_list_is_a_list() {
        assert_eq!(render(&reply(json!([]), &[]), &INSTANCE_SUMMARY), json!({"data": []}));
    }

    #[test]
    fn private_endpoints_have_their_own_members() {
        let details = json!({"networkEndpointType": "PRIVATE", "vcnId": "v", "subnetId": "s"});
        let shown = Endpoint.show(&details);
        assert_eq!(shown["vcn-id"], "v");
        assert!(shown.get("whitelisted-ips").is_none());
    }
}
