//! Grants: who holds which app role, or access to an application (contract identity 6.4). All parts are immutable.

use crate::scim::schema::{Attribute, ResourceType, Schema};

/// Longest id in a reference; an OCID belongs elsewhere (contract identity 6.2).
const ID: usize = 40;

const MECHANISMS: &[&str] = &[
    "IMPORT_APPROLE_MEMBERS",
    "ADMINISTRATOR_TO_USER",
    "ADMINISTRATOR_TO_DELEGATED_USER",
    "ADMINISTRATOR_TO_GROUP",
    "SERVICE_MANAGER_TO_USER",
    "ADMINISTRATOR_TO_APP",
    "SERVICE_MANAGER_TO_APP",
    "OPC_INFRA_TO_APP",
    "GROUP_MEMBERSHIP",
    "IMPORT_GRANTS",
    "SYNC_TO_USER",
    "ACCESS_REQUEST",
    "APP_ENTITLEMENT_COLLECTION",
    "ADMINISTRATOR_TO_DYNAMIC_RESOURCE_GROUP",
];

const GRANTEE: &[Attribute] = &[
    Attribute::string("value").required().exact().immutable().at_most(ID),
    Attribute::reference("$ref"),
    Attribute::string("type").required().exact().immutable().one_of(&["User", "Group", "App", "DynamicResourceGroup"]),
    Attribute::string("display").read_only().on_request(),
];

const APP: &[Attribute] = &[
    Attribute::string("value").required().exact().immutable().at_most(ID),
    Attribute::reference("$ref"),
    Attribute::string("display").read_only().on_request(),
];

const ENTITLEMENT: &[Attribute] = &[
    Attribute::string("attributeName").required().exact().immutable(),
    Attribute::string("attributeValue").required().exact().immutable(),
];

const GRANTOR: &[Attribute] = &[
    Attribute::string("value").exact().read_only(),
    Attribute::reference("$ref"),
    Attribute::string("type").exact().read_only(),
    Attribute::string("display").read_only().on_request(),
];

const ATTRIBUTES: &[Attribute] = &[
    Attribute::string("grantMechanism").required().exact().immutable().one_of(MECHANISMS),
    Attribute::complex("grantee", GRANTEE).required().immutable(),
    Attribute::complex("app", APP).immutable(),
    Attribute::complex("entitlement", ENTITLEMENT).immutable(),
    Attribute::complex("grantor", GRANTOR).read_only(),
    Attribute::boolean("isFulfilled").read_only(),
    Attribute::string("compositeKey").exact().read_only().on_request().unique(),
];

/// What a grant is made of.
pub const CORE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:Grant",
    name: "Grant",
    description: "Grant of an application, or of one of its roles",
    attributes: ATTRIBUTES,
};

/// `/Grants`.
pub const GRANT: ResourceType = ResourceType { name: "Grant", endpoint: "/Grants", core: &CORE, extensions: &[] };
