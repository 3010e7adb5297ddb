//! The models with their bounds (contract analytics 2). What a caller sends may have members that nobody knows, as the service
//! ignores them; what the service answers has none.

use obol_protocol::analytics::{
    ActionResult, CapacityType, FeatureBundle, FeatureSet, InstanceName, LicenseType, LifecycleState, OperationType,
    UpdateChannel, WorkRequestStatus, enums::Vocabulary, work_request::RESOURCE_TYPE,
};
use serde_json::{Map, Value, json};

/// A member of an object: its name, whether it must be there, and its schema.
type Member = (&'static str, bool, Value);

const REQUIRED: bool = true;
const OPTIONAL: bool = false;
/// The service's bound of a key, a certificate and a passphrase; Oracle's schema has none.
const LONGEST_PEM: usize = 65536;

pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

pub(super) fn text(min: usize, max: usize) -> Value {
    json!({ "type": "string", "minLength": min, "maxLength": max })
}

pub(super) fn pattern(min: usize, max: usize, pattern: &str) -> Value {
    json!({ "type": "string", "minLength": min, "maxLength": max, "pattern": pattern })
}

pub(super) fn one_of<V: Vocabulary>() -> Value {
    let spellings: Vec<&str> = V::ALL.iter().map(|value| value.as_str()).collect();
    json!({ "type": "string", "enum": spellings })
}

fn ocid(kind: &str) -> Value {
    pattern(1, 255, &format!("^ocid1\\.{kind}\\."))
}

fn at_least_one() -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": 1 })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn list(min: usize, max: usize, items: &Value) -> Value {
    json!({ "type": "array", "minItems": min, "maxItems": max, "items": items })
}

fn list_of(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn map_of(values: &Value) -> Value {
    json!({ "type": "object", "additionalProperties": values })
}

/// What a caller may send.
fn open(members: &[Member]) -> Value {
    let required: Vec<&str> = members.iter().filter(|member| member.1).map(|member| member.0).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, _, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

/// What the service answers.
fn closed(members: &[Member]) -> Value {
    let mut schema = open(members);
    if let Value::Object(schema) = &mut schema {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
    schema
}

/// Every schema by name.
pub(super) fn all() -> Value {
    let mut schemas = shared();
    schemas.extend(bodies());
    schemas.extend(answers());
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect::<Map<_, _>>().into()
}

fn shared() -> Vec<(&'static str, Value)> {
    let address = text(1, 255);
    let network = open(&[("id", REQUIRED, ocid("vcn")), ("whitelistedIps", OPTIONAL, list_of(&address))]);
    let endpoint_type = |name| json!({ "type": "string", "enum": [name] });
    let public = open(&[
        ("networkEndpointType", REQUIRED, endpoint_type("PUBLIC")),
        ("whitelistedIps", OPTIONAL, list_of(&address)),
        ("whitelistedVcns", OPTIONAL, list_of(&network)),
        ("whitelistedServices", OPTIONAL, list_of(&json!({ "type": "string", "enum": ["ALL"] }))),
    ]);
    let private = open(&[
        ("networkEndpointType", REQUIRED, endpoint_type("PRIVATE")),
        ("vcnId", REQUIRED, ocid("vcn")),
        ("subnetId", REQUIRED, ocid("subnet")),
        ("networkSecurityGroupIds", OPTIONAL, list(0, 5, &ocid("networksecuritygroup"))),
    ]);
    let tag_value = json!({ "type": ["string", "number", "boolean"], "maxLength": 256 });
    vec![
        (
            "Capacity",
            open(&[("capacityType", REQUIRED, one_of::<CapacityType>()), ("capacityValue", REQUIRED, at_least_one())]),
        ),
        ("NetworkEndpointDetails", json!({ "oneOf": [public, private] })),
        ("FreeformTags", map_of(&text(0, 256))),
        ("DefinedTags", map_of(&map_of(&tag_value))),
        ("PrivateSourceDnsZone", open(&[("dnsZone", REQUIRED, text(1, 253)), ("description", OPTIONAL, text(0, 255))])),
        (
            "PrivateSourceScanHost",
            open(&[
                ("scanHostname", REQUIRED, text(1, 255)),
                ("scanPort", REQUIRED, json!({ "type": "integer", "minimum": 1, "maximum": 65535 })),
                ("description", OPTIONAL, text(1, 255)),
            ]),
        ),
    ]
}

fn name() -> Value {
    pattern(1, InstanceName::LONGEST, InstanceName::PATTERN)
}

fn bodies() -> Vec<(&'static str, Value)> {
    let capacity = ("capacity", REQUIRED, reference("Capacity"));
    vec![
        (
            "CreateAnalyticsInstanceDetails",
            open(&[
                ("name", REQUIRED, name()),
                ("compartmentId", REQUIRED, text(1, 255)),
                ("featureSet", REQUIRED, one_of::<FeatureSet>()),
                capacity.clone(),
                ("licenseType", REQUIRED, one_of::<LicenseType>()),
                ("description", OPTIONAL, text(0, 512)),
                ("emailNotification", OPTIONAL, text(0, 512)),
                ("networkEndpointDetails", OPTIONAL, reference("NetworkEndpointDetails")),
                ("idcsAccessToken", OPTIONAL, text(0, 8192)),
                ("definedTags", OPTIONAL, reference("DefinedTags")),
                ("freeformTags", OPTIONAL, reference("FreeformTags")),
                ("updateChannel", OPTIONAL, one_of::<UpdateChannel>()),
                ("kmsKeyId", OPTIONAL, text(0, 255)),
                ("domainId", OPTIONAL, text(0, 255)),
                ("adminUser", OPTIONAL, text(0, 255)),
                ("featureBundle", OPTIONAL, one_of::<FeatureBundle>()),
            ]),
        ),
        (
            "UpdateAnalyticsInstanceDetails",
            open(&[
                ("description", OPTIONAL, text(0, 512)),
                ("emailNotification", OPTIONAL, text(0, 512)),
                ("licenseType", OPTIONAL, one_of::<LicenseType>()),
                ("definedTags", OPTIONAL, reference("DefinedTags")),
                ("freeformTags", OPTIONAL, reference("FreeformTags")),
                ("updateChannel", OPTIONAL, one_of::<UpdateChannel>()),
            ]),
        ),
        ("ScaleAnalyticsInstanceDetails", open(&[capacity])),
        ("ChangeCompartmentDetails", open(&[("compartmentId", REQUIRED, text(1, 255))])),
        (
            "ChangeAnalyticsInstanceNetworkEndpointDetails",
            open(&[("networkEndpointDetails", REQUIRED, reference("NetworkEndpointDetails"))]),
        ),
        ("SetKmsKeyDetails", open(&[("kmsKeyId", REQUIRED, text(0, 255))])),
        ("SetFeatureBundleDetails", open(&[("featureBundle", OPTIONAL, one_of::<FeatureBundle>())])),
        ("CreatePrivateAccessChannelDetails", open(&channel_details(REQUIRED))),
        ("UpdatePrivateAccessChannelDetails", open(&channel_details(OPTIONAL))),
        (
            "CreateVanityUrlDetails",
            open(
                &[("hosts", REQUIRED, list(1, 3, &text(1, 255))), ("description", OPTIONAL, text(0, 512))]
                    .into_iter()
                    .chain(certificate())
                    .collect::<Vec<_>>(),
            ),
        ),
        ("UpdateVanityUrlDetails", open(&certificate())),
        (
            "ResourceGroupDetails",
            open(&[
                ("resourceName", REQUIRED, text(1, 255)),
                ("capacity", REQUIRED, at_least_one()),
                ("displayName", OPTIONAL, text(1, 255)),
                ("description", OPTIONAL, text(0, 512)),
            ]),
        ),
    ]
}

fn channel_details(required: bool) -> Vec<Member> {
    vec![
        ("displayName", required, pattern(1, 32, "^[a-zA-Z][a-zA-Z0-9_-]*$")),
        ("vcnId", required, ocid("vcn")),
        ("subnetId", required, ocid("subnet")),
        ("privateSourceDnsZones", required, list(1, 30, &reference("PrivateSourceDnsZone"))),
        ("privateSourceScanHosts", OPTIONAL, list(0, 15, &reference("PrivateSourceScanHost"))),
        ("networkSecurityGroupIds", OPTIONAL, list(0, 5, &ocid("networksecuritygroup"))),
    ]
}

fn certificate() -> Vec<Member> {
    vec![
        ("privateKey", REQUIRED, text(1, LONGEST_PEM)),
        ("publicCertificate", REQUIRED, text(1, LONGEST_PEM)),
        ("caCertificate", REQUIRED, text(1, LONGEST_PEM)),
        ("passphrase", OPTIONAL, text(0, LONGEST_PEM)),
    ]
}

fn answers() -> Vec<(&'static str, Value)> {
    let mut instance = summary();
    instance.extend([
        ("updateChannel", OPTIONAL, one_of::<UpdateChannel>()),
        ("privateAccessChannels", REQUIRED, map_of(&reference("PrivateAccessChannel"))),
        ("vanityUrlDetails", REQUIRED, map_of(&reference("VanityUrlDetails"))),
        ("kmsKeyId", OPTIONAL, text(0, 255)),
        ("featureBundle", OPTIONAL, one_of::<FeatureBundle>()),
        ("domainId", OPTIONAL, text(0, 255)),
        ("resourceGroups", REQUIRED, list_of(&reference("InstanceResourceGroup"))),
    ]);
    let mut work_request = work_request();
    work_request.push(("percentComplete", REQUIRED, json!({ "type": "number", "minimum": 0, "maximum": 100 })));
    let sentence = || ("message", REQUIRED, text(1, 4096));
    vec![
        ("AnalyticsInstance", closed(&instance)),
        ("AnalyticsInstanceSummary", closed(&summary())),
        ("PrivateAccessChannel", closed(&channel())),
        (
            "VanityUrlDetails",
            closed(&[
                ("key", REQUIRED, text(1, 255)),
                ("description", OPTIONAL, text(1, 512)),
                ("urls", REQUIRED, list(1, 3, &text(1, 1024))),
                ("hosts", REQUIRED, list(1, 3, &text(1, 255))),
                ("publicCertificate", REQUIRED, text(1, LONGEST_PEM)),
            ]),
        ),
        (
            "InstanceResourceGroup",
            closed(&[
                ("id", REQUIRED, text(1, 255)),
                ("resourceName", REQUIRED, text(1, 255)),
                ("displayName", OPTIONAL, text(1, 255)),
                ("description", OPTIONAL, text(0, 512)),
                ("capacity", REQUIRED, at_least_one()),
            ]),
        ),
        ("WorkRequest", closed(&work_request)),
        ("WorkRequestSummary", closed(&self::work_request())),
        ("WorkRequestError", closed(&[("code", REQUIRED, text(1, 255)), sentence(), ("timestamp", REQUIRED, time())])),
        ("WorkRequestLog", closed(&[sentence(), ("timestamp", REQUIRED, time())])),
        ("AdditionalInfo", closed(&[("egressSourceIpAddresses", REQUIRED, list_of(&text(2, 46)))])),
        ("Error", closed(&[("code", REQUIRED, text(1, 255)), sentence()])),
    ]
}

/// Maps and lists are always there, see [`crate::views`].
fn summary() -> Vec<Member> {
    vec![
        ("id", REQUIRED, ocid("analyticsinstance")),
        ("name", REQUIRED, name()),
        ("description", OPTIONAL, text(0, 512)),
        ("compartmentId", REQUIRED, text(1, 255)),
        ("lifecycleState", REQUIRED, one_of::<LifecycleState>()),
        ("featureSet", REQUIRED, one_of::<FeatureSet>()),
        ("capacity", REQUIRED, reference("Capacity")),
        ("licenseType", OPTIONAL, one_of::<LicenseType>()),
        ("emailNotification", OPTIONAL, text(0, 512)),
        ("networkEndpointDetails", REQUIRED, reference("NetworkEndpointDetails")),
        ("serviceUrl", OPTIONAL, text(0, 1024)),
        ("definedTags", REQUIRED, reference("DefinedTags")),
        ("freeformTags", REQUIRED, reference("FreeformTags")),
        ("systemTags", REQUIRED, reference("DefinedTags")),
        ("timeCreated", REQUIRED, time()),
        ("timeUpdated", OPTIONAL, time()),
    ]
}

fn channel() -> Vec<Member> {
    vec![
        ("key", REQUIRED, text(1, 255)),
        ("displayName", REQUIRED, text(1, 32)),
        ("vcnId", REQUIRED, ocid("vcn")),
        ("subnetId", REQUIRED, ocid("subnet")),
        ("ipAddress", REQUIRED, text(1, 255)),
        ("egressSourceIpAddresses", REQUIRED, list_of(&text(8, 46))),
        ("privateSourceDnsZones", REQUIRED, list_of(&reference("PrivateSourceDnsZone"))),
        ("privateSourceScanHosts", REQUIRED, list_of(&reference("PrivateSourceScanHost"))),
        ("networkSecurityGroupIds", REQUIRED, list_of(&ocid("networksecuritygroup"))),
    ]
}

fn work_request() -> Vec<Member> {
    let resource = closed(&[
        ("actionResult", REQUIRED, one_of::<ActionResult>()),
        ("resourceType", REQUIRED, json!({ "type": "string", "enum": [RESOURCE_TYPE] })),
        ("identifier", REQUIRED, text(1, 255)),
        ("resourceUri", REQUIRED, text(1, 1024)),
        ("metadata", OPTIONAL, map_of(&json!({ "type": "string" }))),
    ]);
    vec![
        ("id", REQUIRED, text(1, 255)),
        ("operationType", REQUIRED, one_of::<OperationType>()),
        ("status", REQUIRED, one_of::<WorkRequestStatus>()),
        ("compartmentId", REQUIRED, text(1, 255)),
        ("resources", REQUIRED, list_of(&resource)),
        ("timeAccepted", REQUIRED, time()),
        ("timeStarted", OPTIONAL, time()),
        ("timeFinished", OPTIONAL, time()),
    ]
}
