//! Records of the audit trail (contract identity 6.4).

use crate::scim::schema::{Attribute, ResourceType, Schema};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::string("eventId").read_only().exact().always(),
    Attribute::date_time("timestamp").read_only().always(),
    Attribute::string("outcome").read_only(),
    Attribute::string("ecId").read_only().exact(),
    Attribute::string("actorId").read_only().exact(),
    Attribute::string("actorName").read_only(),
    Attribute::string("actorType").read_only(),
    Attribute::string("clientId").read_only().exact(),
    Attribute::string("clientIp").read_only(),
    Attribute::string("adminResourceId").read_only().exact(),
    Attribute::string("adminResourceName").read_only(),
    Attribute::string("adminResourceType").read_only(),
    Attribute::string("adminValuesChanged").many().read_only(),
    Attribute::string("message").read_only(),
];

/// What a record is made of.
pub const CORE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:AuditEvent",
    name: "AuditEvent",
    description: "Record of the audit trail",
    attributes: ATTRIBUTES,
};

/// `/AuditEvents`.
pub const AUDIT_EVENT: ResourceType =
    ResourceType { name: "AuditEvent", endpoint: "/AuditEvents", core: &CORE, extensions: &[] };
