//! Groups (contract identity 6.4).

use crate::scim::schema::{Attribute, ResourceType, Schema};

/// The core group of RFC 7643.
pub const CORE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    description: "A group of users",
    attributes: &[
        Attribute::string("externalId").exact(),
        Attribute::string("displayName").required().always().global().at_most(100),
        Attribute::complex(
            "members",
            &[
                Attribute::string("value").required().always().exact().at_most(40),
                Attribute::string("type").one_of(&["User"]).always(),
                Attribute::string("ocid").read_only().exact(),
                Attribute::reference("$ref"),
                Attribute::string("display").read_only(),
                Attribute::string("name").read_only(),
                Attribute::date_time("dateAdded").read_only(),
            ],
        )
        .many()
        .on_request(),
    ],
};

/// What IDCS adds to a group.
pub const IDCS: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:extension:group:Group",
    name: "IdcsGroup",
    description: "Attributes of the identity domain's groups",
    attributes: &[
        Attribute::string("description").at_most(1000),
        Attribute::string("creationMechanism")
            .immutable()
            .one_of(&["bulk", "api", "adsync", "idcsui", "import", "authsync"]),
    ],
};

/// `/Groups`.
pub const GROUP: ResourceType = ResourceType { name: "Group", endpoint: "/Groups", core: &CORE, extensions: &[&IDCS] };

/// A group as its members see it.
pub const MY_GROUP: ResourceType =
    ResourceType { name: "MyGroup", endpoint: "/MyGroups", core: &CORE, extensions: &[&IDCS] };
