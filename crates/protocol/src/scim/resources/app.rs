//! Applications, and the two actions on them (contract identity 5.2 and 6.4).

use crate::scim::schema::{Attribute, CREATED_BY, ID, LAST_MODIFIED_BY, META, ResourceType, SCHEMAS, Schema};

/// Longer than any address or audience that works.
const ADDRESS: usize = 2048;

const BASED_ON_TEMPLATE: &[Attribute] = &[
    Attribute::string("value").exact().immutable().always(),
    Attribute::string("lastModified").read_only(),
    Attribute::reference("$ref"),
    Attribute::string("wellKnownId").immutable(),
];

const SCOPES: &[Attribute] = &[
    Attribute::string("value").required().exact(),
    Attribute::string("fqs").exact().read_only().at_most(ADDRESS).unique(),
    Attribute::string("displayName"),
    Attribute::string("description").at_most(1000),
    Attribute::boolean("requiresConsent"),
    Attribute::boolean("readOnly").read_only().on_request(),
];

const ALLOWED_SCOPES: &[Attribute] = &[
    Attribute::string("fqs").required().exact().at_most(ADDRESS),
    Attribute::string("idOfDefiningApp").exact().read_only(),
    Attribute::boolean("readOnly").read_only(),
];

const GRANTED_APP_ROLES: &[Attribute] = &[
    Attribute::string("value").exact().read_only(),
    Attribute::reference("$ref"),
    Attribute::string("display").read_only(),
    Attribute::string("type").read_only(),
    Attribute::string("appId").exact().read_only(),
    Attribute::string("appName").read_only(),
    Attribute::boolean("adminRole").read_only(),
];

const TAGS: &[Attribute] =
    &[Attribute::string("key").required().exact(), Attribute::string("value").required().exact()];

const CERTIFICATES: &[Attribute] = &[
    Attribute::string("certAlias").required().exact().always(),
    Attribute::string("kid").read_only().exact(),
    Attribute::string("x5t").read_only().exact(),
    // Read-only in the published schema, where another endpoint takes it.
    Attribute::string("x509Base64Certificate").write_only().exact().at_most(16_384),
];

const RENDERING: &[Attribute] =
    &[Attribute::string("name").required().immutable(), Attribute::boolean("visible").immutable()];

/// The attributes in the order of the published answer.
const ATTRIBUTES: &[Attribute] = &[
    Attribute::string("clientType").one_of(&["confidential", "public", "trusted"]),
    Attribute::boolean("isAliasApp").immutable().always(),
    META,
    Attribute::boolean("active"),
    Attribute::boolean("isLoginTarget"),
    CREATED_BY,
    Attribute::string("displayName").required().always().unique().at_most(125),
    Attribute::boolean("showInMyApps"),
    Attribute::boolean("isMobileTarget"),
    Attribute::boolean("allowOffline"),
    Attribute::boolean("isUnmanagedApp").immutable(),
    LAST_MODIFIED_BY,
    Attribute::boolean("isOPCService").read_only(),
    Attribute::string("name").immutable().unique(),
    Attribute::string("description").at_most(1000),
    Attribute::boolean("isOAuthClient"),
    Attribute::boolean("isManagedApp").read_only(),
    Attribute::boolean("isSamlServiceProvider"),
    Attribute::boolean("infrastructure").read_only(),
    Attribute::boolean("allUrlSchemesAllowed"),
    Attribute::string("trustScope").exact().one_of(&["Explicit", "Account", "Tags", "Default"]),
    ID,
    Attribute::boolean("isWebTierPolicy"),
    Attribute::string("loginMechanism").exact().one_of(&["OIDC", "SAML", "FORMFILL", "RADIUS"]),
    Attribute::boolean("allowAccessControl"),
    Attribute::boolean("isOAuthResource"),
    Attribute::boolean("migrated").read_only(),
    Attribute::string("logoutUri").at_most(ADDRESS),
    Attribute::boolean("isKerberosRealm"),
    Attribute::complex("attrRenderingMetadata", RENDERING).many().immutable(),
    Attribute::complex("basedOnTemplate", BASED_ON_TEMPLATE).required().always(),
    Attribute::string("redirectUris").many().at_most(ADDRESS),
    Attribute::string("postLogoutRedirectUris").many().at_most(ADDRESS),
    Attribute::string("allowedGrants").many().exact(),
    Attribute::string("allowedOperations").many().exact(),
    SCHEMAS,
    // Read-only in the published schema, and sent by official scripts nevertheless.
    Attribute::string("clientSecret").exact().at_most(512),
    Attribute::string("clientIPChecking").exact().one_of(&["anywhere", "whitelisted"]),
    Attribute::boolean("bypassConsent"),
    Attribute::string("audience").exact().at_most(ADDRESS),
    Attribute::string("secondaryAudiences").many().exact().at_most(ADDRESS),
    Attribute::complex("scopes", SCOPES).many(),
    Attribute::complex("allowedScopes", ALLOWED_SCOPES).many(),
    Attribute::complex("allowedTags", TAGS).many(),
    Attribute::complex("tags", TAGS).many().on_request(),
    Attribute::integer("accessTokenExpiry"),
    Attribute::integer("refreshTokenExpiry"),
    Attribute::complex("certificates", CERTIFICATES).many(),
    Attribute::complex("grantedAppRoles", GRANTED_APP_ROLES).many().read_only(),
    Attribute::string("loginPageUrl").at_most(ADDRESS),
    Attribute::string("logoutPageUrl").at_most(ADDRESS),
    Attribute::string("errorPageUrl").at_most(ADDRESS),
    Attribute::string("landingPageUrl").at_most(ADDRESS),
    Attribute::string("homePageUrl").at_most(ADDRESS),
    Attribute::string("linkingCallbackUrl").at_most(ADDRESS),
    Attribute::string("productLogoUrl").at_most(ADDRESS),
    Attribute::string("privacyPolicyUrl").at_most(ADDRESS),
    Attribute::string("termsOfServiceUrl").at_most(ADDRESS),
    Attribute::string("contactEmailAddress"),
    Attribute::string("productName"),
    Attribute::string("idTokenEncAlgo"),
    Attribute::boolean("isEnterpriseApp"),
    Attribute::boolean("isFormFill"),
    Attribute::boolean("isRadiusApp"),
    Attribute::boolean("isObligationCapable"),
    Attribute::boolean("isMulticloudServiceApp").immutable(),
    Attribute::boolean("disableKmsiTokenAuthentication").always(),
    Attribute::string("serviceTypeURN"),
    Attribute::string("serviceTypeVersion"),
];

/// What an application is made of.
pub const CORE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:App",
    name: "App",
    description: "Application",
    attributes: ATTRIBUTES,
};

/// `/Apps`.
pub const APP: ResourceType = ResourceType { name: "App", endpoint: "/Apps", core: &CORE, extensions: &[] };

const STATUS_SCHEMA: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger",
    name: "AppStatusChanger",
    description: "Activates and deactivates an application",
    attributes: &[Attribute::boolean("active").required().always()],
};

/// `/AppStatusChanger`.
pub const STATUS: ResourceType =
    ResourceType { name: "AppStatusChanger", endpoint: "/AppStatusChanger", core: &STATUS_SCHEMA, extensions: &[] };

const SECRET_SCHEMA: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator",
    name: "AppClientSecretRegenerator",
    description: "Gives an application another client secret",
    attributes: &[
        Attribute::string("appId").required().exact().immutable().always().at_most(40),
        Attribute::string("clientSecret").exact().read_only(),
    ],
};

/// `/AppClientSecretRegenerator`.
pub const SECRET: ResourceType = ResourceType {
    name: "AppClientSecretRegenerator",
    endpoint: "/AppClientSecretRegenerator",
    core: &SECRET_SCHEMA,
    extensions: &[],
};
