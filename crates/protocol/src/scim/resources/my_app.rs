//! A user's own applications (contract identity 6.4).

use crate::scim::schema::{Attribute, ResourceType, Schema};

const APP: &[Attribute] = &[
    Attribute::string("value").exact().read_only(),
    Attribute::reference("$ref"),
    Attribute::string("display").read_only(),
    Attribute::string("description").read_only(),
    Attribute::boolean("isLoginTarget").read_only(),
    Attribute::boolean("showInMyApps").read_only(),
    Attribute::boolean("active").read_only(),
    Attribute::string("loginMechanism").read_only(),
    Attribute::boolean("isOPCService").read_only(),
];

const OWNER: &[Attribute] = &[
    Attribute::string("value").exact().read_only(),
    Attribute::reference("$ref"),
    Attribute::string("userName").read_only(),
    Attribute::string("display").read_only(),
];

const ATTRIBUTES: &[Attribute] = &[
    Attribute::string("name").read_only().always(),
    Attribute::complex("app", APP).read_only(),
    Attribute::complex("owner", OWNER).read_only(),
    Attribute::boolean("active").read_only(),
    Attribute::boolean("isAccount").read_only(),
    Attribute::boolean("favorite").read_only(),
    Attribute::string("launchUrl").read_only(),
];

/// What an own application is made of.
pub const CORE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:MyApp",
    name: "MyApp",
    description: "Application of the caller",
    attributes: ATTRIBUTES,
};

/// `/MyApps`.
pub const MY_APP: ResourceType = ResourceType { name: "MyApp", endpoint: "/MyApps", core: &CORE, extensions: &[] };
