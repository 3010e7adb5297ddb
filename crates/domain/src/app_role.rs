//! The app roles every stripe has, and the administration scopes each of them opens (contract identity 7).
//!
//! They belong to the application `IDCSAppId`. A role's scopes are code and not rows, so that a stripe made by an older
//! Obol opens the same doors as a new one. Oracle publishes the whole list of one role, Identity Domain Administrator
//! (7.3); of the others it publishes the endpoints, from which the shorter lists here are drawn. Each of them is part of
//! the administrator's list.

/// The id of the application that the built-in roles belong to.
pub const IDCS_APP_ID: &str = "IDCSAppId";
/// Its name, as tokens and grants show it.
pub const IDCS_APP_NAME: &str = "IDCSApp";
/// The scope that lets a user act on themself: `/Me`, and creating an Analytics instance.
pub const SCOPE_ME: &str = "urn:opc:idm:t.user.me";

/// A built-in app role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BuiltInRole {
    /// Every door of the stripe.
    IdentityDomainAdministrator,
    /// Applications, settings, policies, identity providers and certificates.
    SecurityAdministrator,
    /// Applications, their roles and grants.
    ApplicationAdministrator,
    /// Users, groups, grants and passwords.
    UserAdministrator,
    /// Audit events and reports, to read.
    AuditAdministrator,
    /// A user's own affairs, for the clients that act for them.
    Me,
    /// What every client holds without a grant.
    AuthenticatedClient,
    /// What every user holds without a grant.
    Authenticated,
}

/// Who may hold a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holders {
    /// Whether it may be granted to a user.
    pub users: bool,
    /// Whether it may be granted to a group.
    pub groups: bool,
    /// Whether it may be granted to a client application.
    pub clients: bool,
}

impl BuiltInRole {
    /// All of them, administrators first.
    pub const ALL: [Self; 8] = [
        Self::IdentityDomainAdministrator,
        Self::SecurityAdministrator,
        Self::ApplicationAdministrator,
        Self::UserAdministrator,
        Self::AuditAdministrator,
        Self::Me,
        Self::AuthenticatedClient,
        Self::Authenticated,
    ];

    /// The role's display name, which is also how `urn:opc:idm:role.<name>` calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdentityDomainAdministrator => "Identity Domain Administrator",
            Self::SecurityAdministrator => "Security Administrator",
            Self::ApplicationAdministrator => "Application Administrator",
            Self::UserAdministrator => "User Administrator",
            Self::AuditAdministrator => "Audit Administrator",
            Self::Me => "Me",
            Self::AuthenticatedClient => "Authenticated Client",
            Self::Authenticated => "Authenticated",
        }
    }

    /// The role of that display name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Who may be granted the role (contract identity 7); the two implicit roles are granted to nobody.
    pub const fn holders(self) -> Holders {
        match self {
            Self::IdentityDomainAdministrator
            | Self::SecurityAdministrator
            | Self::ApplicationAdministrator
            | Self::UserAdministrator
            | Self::AuditAdministrator => Holders { users: true, groups: true, clients: true },
            Self::Me => Holders { users: false, groups: false, clients: true },
            Self::AuthenticatedClient | Self::Authenticated => Holders { users: false, groups: false, clients: false },
        }
    }

    /// Whether the role makes its holder an administrator (`adminRole` of the app role).
    pub const fn is_admin(self) -> bool {
        match self {
            Self::IdentityDomainAdministrator
            | Self::SecurityAdministrator
            | Self::ApplicationAdministrator
            | Self::UserAdministrator
            | Self::AuditAdministrator => true,
            Self::Me | Self::AuthenticatedClient | Self::Authenticated => false,
        }
    }

    /// The scopes the role opens, in full (`urn:opc:idm:…`).
    pub const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::IdentityDomainAdministrator => IDENTITY_DOMAIN_ADMINISTRATOR,
            Self::SecurityAdministrator => SECURITY_ADMINISTRATOR,
            Self::ApplicationAdministrator => APPLICATION_ADMINISTRATOR,
            Self::UserAdministrator => USER_ADMINISTRATOR,
            Self::AuditAdministrator => AUDIT_ADMINISTRATOR,
            Self::Me | Self::Authenticated => &[SCOPE_ME],
            Self::AuthenticatedClient => &["urn:opc:idm:t.security.client"],
        }
    }
}

/// Contract identity 7.3, in its order.
const IDENTITY_DOMAIN_ADMINISTRATOR: &[&str] = &[
    "urn:opc:idm:g.identitysourcetemplate_r",
    "urn:opc:idm:g.apptemplate_r",
    "urn:opc:idm:g.all_r",
    "urn:opc:idm:g.sharedfiles",
    "urn:opc:idm:g.idcsrptsmeta_r",
    "urn:opc:idm:t.groups",
    "urn:opc:idm:t.groups_r",
    "urn:opc:idm:t.groups.members",
    "urn:opc:idm:t.app",
    "urn:opc:idm:t.namedappadmin",
    "urn:opc:idm:t.user.lockedstatechanger",
    "urn:opc:idm:t.user.manager",
    "urn:opc:idm:t.user.manager.job",
    "urn:opc:idm:t.user.manager.security",
    "urn:opc:idm:t.user.me",
    "urn:opc:idm:t.user.security",
    "urn:opc:idm:t.user.authenticate",
    "urn:opc:idm:t.users",
    "urn:opc:idm:t.users_r",
    "urn:opc:idm:t.bulk",
    "urn:opc:idm:t.bulk.user",
    "urn:opc:idm:t.idbridge",
    "urn:opc:idm:t.idbridge.admin",
    "urn:opc:idm:t.idbridge.user",
    "urn:opc:idm:t.idbridge.unmapped.idcsattributes",
    "urn:opc:idm:t.idbridge.sourceevent",
    "urn:opc:idm:t.idb_containers",
    "urn:opc:idm:t.termsofuse",
    "urn:opc:idm:t.idcsrpts",
    "urn:opc:idm:t.blkrpts",
    "urn:opc:idm:t.reports",
    "urn:opc:idm:t.requests",
    "urn:opc:idm:t.helpdesk.user",
    "urn:opc:idm:t.helpdesk.security",
    "urn:opc:idm:t.security.client",
    "urn:opc:idm:t.diagnostics_r",
    "urn:opc:idm:t.audit_r",
    "urn:opc:idm:t.job.app",
    "urn:opc:idm:t.job.identity",
    "urn:opc:idm:t.job.importexport",
    "urn:opc:idm:t.job.search",
    "urn:opc:idm:t.oauth",
    "urn:opc:idm:t.oauthconsents",
    "urn:opc:idm:t.somi",
    "urn:opc:idm:t.res.importexport",
    "urn:opc:idm:t.customclaims",
    "urn:opc:idm:t.saml",
    "urn:opc:idm:t.mfa",
    "urn:opc:idm:t.mfa.useradmin",
    "urn:opc:idm:t.db.admin",
    "urn:opc:idm:t.schemas",
    "urn:opc:idm:t.krb.admin",
    "urn:opc:idm:t.selfregistrationprofile",
    "urn:opc:idm:t.grants",
    "urn:opc:idm:t.authentication",
    "urn:opc:idm:t.container",
    "urn:opc:idm:t.images",
    "urn:opc:idm:t.ca.admin",
    "urn:opc:idm:t.delegated.group.members",
    "urn:opc:idm:t.settings",
    "urn:opc:idm:t.cloudgate",
    "urn:opc:idm:t.policy",
];

const SECURITY_ADMINISTRATOR: &[&str] = &[
    "urn:opc:idm:g.apptemplate_r",
    "urn:opc:idm:t.app",
    "urn:opc:idm:t.groups_r",
    "urn:opc:idm:t.users_r",
    "urn:opc:idm:t.audit_r",
    "urn:opc:idm:t.oauth",
    "urn:opc:idm:t.saml",
    "urn:opc:idm:t.mfa",
    "urn:opc:idm:t.authentication",
    "urn:opc:idm:t.ca.admin",
    "urn:opc:idm:t.settings",
    "urn:opc:idm:t.cloudgate",
    "urn:opc:idm:t.policy",
];

const APPLICATION_ADMINISTRATOR: &[&str] = &[
    "urn:opc:idm:g.apptemplate_r",
    "urn:opc:idm:t.groups_r",
    "urn:opc:idm:t.app",
    "urn:opc:idm:t.users_r",
    "urn:opc:idm:t.bulk",
    "urn:opc:idm:t.audit_r",
    "urn:opc:idm:t.job.app",
    "urn:opc:idm:t.oauth",
    "urn:opc:idm:t.grants",
];

const USER_ADMINISTRATOR: &[&str] = &[
    "urn:opc:idm:t.groups",
    "urn:opc:idm:t.groups_r",
    "urn:opc:idm:t.groups.members",
    "urn:opc:idm:t.user.lockedstatechanger",
    "urn:opc:idm:t.user.security",
    "urn:opc:idm:t.users",
    "urn:opc:idm:t.users_r",
    "urn:opc:idm:t.bulk",
    "urn:opc:idm:t.bulk.user",
    "urn:opc:idm:t.audit_r",
    "urn:opc:idm:t.job.identity",
    "urn:opc:idm:t.grants",
];

const AUDIT_ADMINISTRATOR: &[&str] = &[
    "urn:opc:idm:t.groups_r",
    "urn:opc:idm:t.users_r",
    "urn:opc:idm:t.idcsrpts",
    "urn:opc:idm:t.reports",
    "urn:opc:idm:t.audit_r",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_role_is_found_by_its_exact_name_only() {
        for role in BuiltInRole::ALL {
            assert_eq!(BuiltInRole::named(role.name()), Some(role));
        }
        for name in ["", "me", "ME", "Me ", "IDCSAppId", "User%20Administrator"] {
            assert_eq!(BuiltInRole::named(name), None, "{name}");
        }
    }

    // Contract identity 7.3: the list has 62 scopes, each once.
    #[test]
    fn identity_domain_administrator_opens_the_published_list() {
        let scopes = BuiltInRole::IdentityDomainAdministrator.scopes();
        assert_eq!(scopes.len(), 62);
        assert_eq!(scopes.iter().collect::<BTreeSet<_>>().len(), 62);
        assert_eq!(scopes.first(), Some(&"urn:opc:idm:g.identitysourcetemplate_r"));
        assert_eq!(scopes.last(), Some(&"urn:opc:idm:t.policy"));
    }

    #[test]
    fn no_role_opens_more_than_the_domain_administrator() {
        let all: BTreeSet<_> = BuiltInRole::IdentityDomainAdministrator.scopes().iter().collect();
        for role in BuiltInRole::ALL {
            for scope in role.scopes() {
                assert!(all.contains(scope), "{scope} of {role:?}");
                assert!(scope.starts_with("urn:opc:idm:"), "{scope}");
            }
        }
    }

    // Contract identity 7: Me is for clients only; Authenticated and Authenticated Client are implicit.
    #[test]
    fn a_user_cannot_be_granted_me_nor_anyone_an_implicit_role() {
        assert_eq!(BuiltInRole::Me.holders(), Holders { users: false, groups: false, clients: true });
        for role in [BuiltInRole::Authenticated, BuiltInRole::AuthenticatedClient] {
            assert_eq!(role.holders(), Holders { users: false, groups: false, clients: false });
        }
    }
}
