//! API signing keys of users (contract identity 6.4).

use crate::scim::schema::{Attribute, ResourceType, Schema};

const USER: &[Attribute] = &[
    Attribute::string("value").exact().at_most(40).immutable(),
    Attribute::string("ocid").exact().immutable(),
    Attribute::string("name").read_only(),
    Attribute::string("display").read_only(),
    Attribute::reference("$ref"),
];

/// A key.
pub const CORE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:apikey",
    name: "ApiKey",
    description: "The public half of a user's API signing key",
    attributes: &[
        Attribute::string("fingerprint").read_only().always().exact().unique(),
        Attribute::string("key").required().immutable().exact().on_request().at_most(5000),
        Attribute::string("description").immutable().at_most(500),
        Attribute::complex("user", USER).immutable(),
    ],
};

/// `/ApiKeys`.
pub const API_KEY: ResourceType = ResourceType { name: "ApiKey", endpoint: "/ApiKeys", core: &CORE, extensions: &[] };

/// `/MyApiKeys`.
pub const MY_API_KEY: ResourceType =
    ResourceType { name: "MyApiKey", endpoint: "/MyApiKeys", core: &CORE, extensions: &[] };
