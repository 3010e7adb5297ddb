//! App roles: what an application lets others be (contract identity 6.4 and 7).

use crate::scim::schema::{Attribute, ResourceType, Schema};

const APP: &[Attribute] = &[
    Attribute::string("value").required().exact().immutable().always(),
    Attribute::reference("$ref"),
    Attribute::string("display").read_only().always(),
    Attribute::string("name").read_only(),
];

const MEMBERS: &[Attribute] = &[
    Attribute::string("value").read_only().exact().always(),
    Attribute::reference("$ref"),
    Attribute::string("display").read_only(),
    Attribute::string("type").read_only().exact(),
];

const ATTRIBUTES: &[Attribute] = &[
    Attribute::string("displayName").required().immutable().always().at_most(100),
    Attribute::string("uniqueName").read_only().always(),
    Attribute::string("description").at_most(1000),
    Attribute::boolean("adminRole").immutable(),
    Attribute::boolean("availableToUsers").immutable(),
    Attribute::boolean("availableToGroups").immutable(),
    Attribute::boolean("availableToClients").immutable(),
    Attribute::boolean("limitedToOneOrMoreGroups").read_only(),
    Attribute::boolean("public"),
    Attribute::complex("app", APP).required().immutable(),
    Attribute::complex("members", MEMBERS).many().read_only().on_request(),
];

/// What an app role is made of.
pub const CORE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:AppRole",
    name: "AppRole",
    description: "Application role",
    attributes: ATTRIBUTES,
};

/// `/AppRoles`.
pub const APP_ROLE: ResourceType =
    ResourceType { name: "AppRole", endpoint: "/AppRoles", core: &CORE, extensions: &[] };
