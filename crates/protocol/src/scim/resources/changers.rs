//! The endpoints that do one thing to a user (contract identity 6.4): each a resource with nothing but its own input.

use crate::scim::schema::{Attribute, ResourceType, Schema};

const STATUS_SCHEMA: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:UserStatusChanger",
    name: "UserStatusChanger",
    description: "Activates, deactivates and unlocks a user",
    attributes: &[
        Attribute::boolean("active").always(),
        Attribute::complex("locked", &[Attribute::boolean("on").required()]).always(),
    ],
};

/// `/UserStatusChanger`.
pub const STATUS: ResourceType =
    ResourceType { name: "UserStatusChanger", endpoint: "/UserStatusChanger", core: &STATUS_SCHEMA, extensions: &[] };

const PASSWORD_SCHEMA: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger",
    name: "UserPasswordChanger",
    description: "Sets a user's password",
    attributes: &[
        Attribute::string("password").required().write_only().exact().at_most(500),
        Attribute::boolean("bypassNotification").write_only(),
    ],
};

/// `/UserPasswordChanger`.
pub const PASSWORD: ResourceType = ResourceType {
    name: "UserPasswordChanger",
    endpoint: "/UserPasswordChanger",
    core: &PASSWORD_SCHEMA,
    extensions: &[],
};

const RESET_SCHEMA: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordResetter",
    name: "UserPasswordResetter",
    description: "Gives a user a new password for one use",
    attributes: &[
        Attribute::boolean("bypassNotification").write_only(),
        Attribute::boolean("userFlowControlledByExternalClient").write_only(),
        Attribute::string("oneTimePassword").read_only().exact(),
    ],
};

/// `/UserPasswordResetter`.
pub const RESET: ResourceType = ResourceType {
    name: "UserPasswordResetter",
    endpoint: "/UserPasswordResetter",
    core: &RESET_SCHEMA,
    extensions: &[],
};

const ME_PASSWORD_SCHEMA: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:MePasswordChanger",
    name: "MePasswordChanger",
    description: "Changes one's own password",
    attributes: &[
        Attribute::string("oldPassword").required().write_only().exact().at_most(500),
        Attribute::string("password").required().write_only().exact().at_most(500),
    ],
};

/// `/MePasswordChanger`.
pub const ME_PASSWORD: ResourceType = ResourceType {
    name: "MePasswordChanger",
    endpoint: "/MePasswordChanger",
    core: &ME_PASSWORD_SCHEMA,
    extensions: &[],
};
