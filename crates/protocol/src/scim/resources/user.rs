//! Users and Me (contract identity 6.4).

use crate::scim::schema::{Attribute, ResourceType, Schema};

/// The core user of RFC 7643, with what IDCS adds to it.
pub const CORE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    description: "A person of the identity domain",
    attributes: &[
        Attribute::string("externalId").exact(),
        Attribute::string("userName").required().always().global().at_most(100),
        Attribute::string("password").write_only().exact().at_most(500),
        Attribute::complex(
            "name",
            &[
                Attribute::string("formatted").at_most(400),
                Attribute::string("familyName").required().at_most(100),
                Attribute::string("givenName").at_most(100),
                Attribute::string("middleName").at_most(100),
                Attribute::string("honorificPrefix").at_most(40),
                Attribute::string("honorificSuffix").at_most(40),
            ],
        )
        .required(),
        Attribute::string("displayName").at_most(400),
        Attribute::string("nickName").at_most(100),
        Attribute::string("title").at_most(100),
        Attribute::string("userType").one_of(&[
            "Contractor",
            "Employee",
            "Intern",
            "Temp",
            "External",
            "Service",
            "Generic",
        ]),
        Attribute::string("description").at_most(4000),
        Attribute::string("profileUrl").exact().at_most(2048),
        Attribute::boolean("active"),
        Attribute::string("preferredLanguage").at_most(40),
        Attribute::string("locale").at_most(40),
        Attribute::string("timezone").at_most(100),
        Attribute::complex(
            "emails",
            &[
                Attribute::string("value").required().at_most(255),
                Attribute::string("type").required().one_of(&["work", "home", "other", "recovery"]),
                Attribute::boolean("primary"),
                Attribute::boolean("secondary"),
                Attribute::boolean("verified").read_only(),
            ],
        )
        .many(),
        Attribute::complex(
            "phoneNumbers",
            &[
                Attribute::string("value").required().at_most(100),
                Attribute::string("type")
                    .required()
                    .one_of(&["work", "home", "mobile", "fax", "pager", "other", "recovery"]),
                Attribute::string("display").at_most(100),
                Attribute::boolean("primary"),
            ],
        )
        .many(),
        Attribute::complex(
            "ims",
            &[
                Attribute::string("value").required().at_most(100),
                Attribute::string("type").required().at_most(40),
                Attribute::string("display").at_most(100),
                Attribute::boolean("primary"),
            ],
        )
        .many(),
        Attribute::complex(
            "addresses",
            &[
                Attribute::string("type").required().one_of(&["work", "home", "other"]),
                Attribute::string("formatted").at_most(1024),
                Attribute::string("streetAddress").at_most(512),
                Attribute::string("locality").at_most(128),
                Attribute::string("region").at_most(128),
                Attribute::string("postalCode").at_most(40),
                Attribute::string("country").at_most(2),
                Attribute::boolean("primary"),
            ],
        )
        .many(),
        Attribute::complex(
            "groups",
            &[
                Attribute::string("value").read_only().always().exact(),
                Attribute::string("ocid").read_only().exact(),
                Attribute::reference("$ref"),
                Attribute::string("display").read_only(),
                Attribute::string("type").read_only().one_of(&["direct", "indirect"]),
            ],
        )
        .many()
        .read_only()
        .on_request(),
    ],
};

/// The enterprise user of RFC 7643.
pub const ENTERPRISE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    name: "EnterpriseUser",
    description: "Enterprise attributes of a user",
    attributes: &[
        Attribute::string("employeeNumber").at_most(100),
        Attribute::string("costCenter").at_most(100),
        Attribute::string("organization").at_most(100),
        Attribute::string("division").at_most(100),
        Attribute::string("department").at_most(100),
    ],
};

/// Lock and sign-in state.
pub const STATE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User",
    name: "UserState",
    description: "Whether the user is locked",
    attributes: &[
        Attribute::complex(
            "locked",
            &[Attribute::boolean("on").read_only(), Attribute::date_time("lockDate").read_only()],
        )
        .read_only(),
        Attribute::integer("loginAttempts").read_only().on_request(),
    ],
};

/// What IDCS adds to a user.
pub const IDCS: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User",
    name: "IdcsUser",
    description: "Attributes of the identity domain's users",
    attributes: &[
        Attribute::boolean("isFederatedUser"),
        Attribute::boolean("bypassNotification").write_only(),
        Attribute::boolean("serviceUser").immutable(),
        Attribute::boolean("doNotShowGettingStarted"),
        Attribute::string("preferredUiLandingPage").one_of(&["MyApps", "MyProfile", "OciConsole"]),
        Attribute::string("creationMechanism")
            .immutable()
            .one_of(&["bulk", "api", "adsync", "idcsui", "import", "authsync", "selfreg", "samljit"]),
        Attribute::string("status").read_only().one_of(&["pendingVerification", "verified"]),
    ],
};

/// Which credentials the user may have.
pub const CAPABILITIES: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:extension:capabilities:User",
    name: "Capabilities",
    description: "Which credentials the user may have",
    attributes: &[
        Attribute::boolean("canUseApiKeys").read_only(),
        Attribute::boolean("canUseAuthTokens").read_only(),
        Attribute::boolean("canUseConsolePassword").read_only(),
        Attribute::boolean("canUseCustomerSecretKeys").read_only(),
        Attribute::boolean("canUseOAuth2ClientCredentials").read_only(),
        Attribute::boolean("canUseSmtpCredentials").read_only(),
        Attribute::boolean("canUseDbCredentials").read_only(),
    ],
};

const EXTENSIONS: &[&Schema] = &[&ENTERPRISE, &STATE, &IDCS, &CAPABILITIES];

/// `/Users`.
pub const USER: ResourceType = ResourceType { name: "User", endpoint: "/Users", core: &CORE, extensions: EXTENSIONS };

/// `/Me`: a user as they see themself.
pub const ME: ResourceType = ResourceType { name: "Me", endpoint: "/Me", core: &CORE, extensions: EXTENSIONS };
