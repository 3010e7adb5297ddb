//! The settings of a stripe, and those of its token service (contract identity 6.4).

use crate::scim::schema::{Attribute, ResourceType, Schema};

/// The id of the only one there is.
pub const SETTINGS_ID: &str = "Settings";
/// The id of the only one there is.
pub const OAUTH_CONFIG_ID: &str = "OAuthConfig";

const ADDRESS: usize = 2048;

const ATTRIBUTES: &[Attribute] = &[
    Attribute::string("issuer").exact().at_most(512),
    Attribute::string("prevIssuer").exact().read_only().on_request(),
    Attribute::boolean("signingCertPublicAccess"),
    Attribute::string("subMappingAttr").one_of(&["userName"]),
    Attribute::string("defaultTrustScope").exact().one_of(&["Explicit", "Account", "Tags"]),
    // Not Oracle's, where sign-on policies and the factors' settings say it.
    Attribute::string("mfaPolicy").exact().one_of(&["Off", "Optional", "Required"]),
    Attribute::boolean("accountAlwaysTrustScope"),
    Attribute::string("csrAccess").required().one_of(&["readOnly", "readWrite", "none"]),
    Attribute::integer("iamUpstSessionExpiry"),
    Attribute::string("cloudAccountName").read_only(),
    Attribute::integer("auditEventRetentionPeriod"),
    Attribute::string("locale").at_most(20),
    Attribute::string("timezone").at_most(64),
    Attribute::string("preferredLanguage").at_most(20),
    Attribute::string("contactEmails").many(),
    Attribute::string("allowedDomains").many(),
    Attribute::boolean("serviceAdminCannotListOtherUsers"),
    Attribute::boolean("customBranding"),
    Attribute::boolean("isHostedPage"),
    Attribute::string("termsOfUseUrl").at_most(ADDRESS),
    Attribute::string("privacyPolicyUrl").at_most(ADDRESS),
    Attribute::boolean("enableTermsOfUse"),
];

/// What the settings are made of.
pub const CORE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:Settings",
    name: "Settings",
    description: "Settings of the identity domain",
    attributes: ATTRIBUTES,
};

/// The settings.
pub const SETTINGS: ResourceType =
    ResourceType { name: "Settings", endpoint: "/Settings", core: &CORE, extensions: &[] };

const OAUTH_ATTRIBUTES: &[Attribute] = &[
    Attribute::integer("accessTokenExpirySeconds").read_only(),
    Attribute::integer("refreshTokenExpirySeconds").read_only(),
    Attribute::integer("maxAllowedScopesPerResource").read_only(),
    Attribute::integer("clockSkewSeconds").read_only(),
];

/// What the token service's settings are made of.
const OAUTH_CONFIG_SCHEMA: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:OAuthConfig",
    name: "OAuthConfig",
    description: "Settings of the token service",
    attributes: OAUTH_ATTRIBUTES,
};

/// The token service's settings.
pub const OAUTH_CONFIG: ResourceType =
    ResourceType { name: "OAuthConfig", endpoint: "/OAuthConfig", core: &OAUTH_CONFIG_SCHEMA, extensions: &[] };
