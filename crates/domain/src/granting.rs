//! What may be granted to whom, by whom and how (contract identity 6.4 and 7).
//!
//! Nobody grants, takes away or takes over a role they could not administer. Of the roles of the identity domain itself
//! those that make an administrator are Identity Domain Administrator's; the others, and the roles of applications, are
//! of everybody who may make grants at all. Who a caller is follows from the scopes they act with, which are client ∩
//! user: a domain administrator whose client may only make grants does not make administrators through it.

use std::str::FromStr;

use crate::app_role::{BuiltInRole, IDCS_APP_ID};

/// Who may hold a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GranteeKind {
    /// A user.
    User,
    /// A group, and so its members.
    Group,
    /// A client application.
    App,
}

impl GranteeKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::User, Self::Group, Self::App];

    /// As `grantee.type` spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::App => "App",
        }
    }
}

impl FromStr for GranteeKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// How a grant came about (`grantMechanism`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// An administrator, to a user.
    AdministratorToUser,
    /// An administrator, to a group.
    AdministratorToGroup,
    /// An administrator, to an application.
    AdministratorToApp,
    /// An administrator, to a user of a delegated group.
    AdministratorToDelegatedUser,
    /// An administrator, to a dynamic resource group.
    AdministratorToDynamicResourceGroup,
    /// A service, to a user.
    ServiceManagerToUser,
    /// A service, to an application.
    ServiceManagerToApp,
    /// The cloud's infrastructure, to an application.
    OpcInfraToApp,
    /// A group that has it, to a member.
    GroupMembership,
    /// An import of a role's members.
    ImportAppRoleMembers,
    /// An import of grants.
    ImportGrants,
    /// A synchronisation.
    SyncToUser,
    /// A request that was approved.
    AccessRequest,
    /// A collection of entitlements.
    AppEntitlementCollection,
}

/// Why a mechanism does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MechanismProblem {
    /// It is none.
    #[error("there is no such grant mechanism")]
    Unknown,
    /// It is for another kind of grantee.
    #[error("the grant mechanism is for another kind of grantee")]
    OtherGrantee,
    /// Such a grant follows from something else and is not made by itself.
    #[error("a grant of this mechanism is not made by a request")]
    NotByRequest,
}

impl Mechanism {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::AdministratorToUser,
        Self::AdministratorToGroup,
        Self::AdministratorToApp,
        Self::AdministratorToDelegatedUser,
        Self::AdministratorToDynamicResourceGroup,
        Self::ServiceManagerToUser,
        Self::ServiceManagerToApp,
        Self::OpcInfraToApp,
        Self::GroupMembership,
        Self::ImportAppRoleMembers,
        Self::ImportGrants,
        Self::SyncToUser,
        Self::AccessRequest,
        Self::AppEntitlementCollection,
    ];

    /// As the wire spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AdministratorToUser => "ADMINISTRATOR_TO_USER",
            Self::AdministratorToGroup => "ADMINISTRATOR_TO_GROUP",
            Self::AdministratorToApp => "ADMINISTRATOR_TO_APP",
            Self::AdministratorToDelegatedUser => "ADMINISTRATOR_TO_DELEGATED_USER",
            Self::AdministratorToDynamicResourceGroup => "ADMINISTRATOR_TO_DYNAMIC_RESOURCE_GROUP",
            Self::ServiceManagerToUser => "SERVICE_MANAGER_TO_USER",
            Self::ServiceManagerToApp => "SERVICE_MANAGER_TO_APP",
            Self::OpcInfraToApp => "OPC_INFRA_TO_APP",
            Self::GroupMembership => "GROUP_MEMBERSHIP",
            Self::ImportAppRoleMembers => "IMPORT_APPROLE_MEMBERS",
            Self::ImportGrants => "IMPORT_GRANTS",
            Self::SyncToUser => "SYNC_TO_USER",
            Self::AccessRequest => "ACCESS_REQUEST",
            Self::AppEntitlementCollection => "APP_ENTITLEMENT_COLLECTION",
        }
    }

    /// The mechanism of that name, if a request may make such a grant to such a grantee.
    ///
    /// # Errors
    ///
    /// [`MechanismProblem`]
    pub fn for_request(name: &str, grantee: GranteeKind) -> Result<Self, MechanismProblem> {
        let mechanism = Self::ALL.into_iter().find(|one| one.as_str() == name).ok_or(MechanismProblem::Unknown)?;
        let fits = match mechanism {
            Self::AdministratorToUser | Self::ServiceManagerToUser | Self::SyncToUser => grantee == GranteeKind::User,
            Self::AdministratorToGroup => grantee == GranteeKind::Group,
            Self::AdministratorToApp | Self::ServiceManagerToApp => grantee == GranteeKind::App,
            Self::ImportAppRoleMembers | Self::ImportGrants => true,
            Self::AdministratorToDelegatedUser
            | Self::AdministratorToDynamicResourceGroup
            | Self::OpcInfraToApp
            | Self::GroupMembership
            | Self::AccessRequest
            | Self::AppEntitlementCollection => return Err(MechanismProblem::NotByRequest),
        };
        if fits { Ok(mechanism) } else { Err(MechanismProblem::OtherGrantee) }
    }
}

/// Whether somebody who acts with these scopes may grant the role, take it away, or take over who holds it.
pub fn may_administer<S: AsRef<str>>(scopes: &[S], app_id: &str, role: &str, makes_administrator: bool) -> bool {
    if app_id != IDCS_APP_ID {
        return true;
    }
    let harmless = !makes_administrator && BuiltInRole::named(role).is_none_or(|role| !role.is_admin());
    harmless || acts_as_domain_administrator(scopes)
}

/// Whether these scopes are all that an Identity Domain Administrator has.
pub fn acts_as_domain_administrator<S: AsRef<str>>(scopes: &[S]) -> bool {
    let all = BuiltInRole::IdentityDomainAdministrator.scopes();
    all.iter().all(|wanted| scopes.iter().any(|held| held.as_ref() == *wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Contract identity 6.4.
    #[test]
    fn a_mechanism_fits_its_kind_of_grantee_only() {
        for (name, kind) in [
            ("ADMINISTRATOR_TO_USER", GranteeKind::User),
            ("SERVICE_MANAGER_TO_USER", GranteeKind::User),
            ("SYNC_TO_USER", GranteeKind::User),
            ("ADMINISTRATOR_TO_GROUP", GranteeKind::Group),
            ("ADMINISTRATOR_TO_APP", GranteeKind::App),
            ("SERVICE_MANAGER_TO_APP", GranteeKind::App),
        ] {
            for other in GranteeKind::ALL {
                let found = Mechanism::for_request(name, other).map(Mechanism::as_str);
                let expected = if other == kind { Ok(name) } else { Err(MechanismProblem::OtherGrantee) };
                assert_eq!(found, expected, "{name} to {other:?}");
            }
        }
    }

    #[test]
    fn what_follows_from_something_else_is_not_asked_for() {
        for name in [
            "GROUP_MEMBERSHIP",
            "ACCESS_REQUEST",
            "APP_ENTITLEMENT_COLLECTION",
            "OPC_INFRA_TO_APP",
            "ADMINISTRATOR_TO_DELEGATED_USER",
            "ADMINISTRATOR_TO_DYNAMIC_RESOURCE_GROUP",
        ] {
            for kind in GranteeKind::ALL {
                assert_eq!(Mechanism::for_request(name, kind), Err(MechanismProblem::NotByRequest), "{name}");
            }
        }
        for name in ["", "administrator_to_user", "ADMINISTRATOR", "ADMINISTRATOR_TO_USER "] {
            assert_eq!(Mechanism::for_request(name, GranteeKind::User), Err(MechanismProblem::Unknown), "{name}");
        }
    }

    #[test]
    fn only_a_domain_administrator_makes_administrators() {
        for caller in BuiltInRole::ALL {
            for role in BuiltInRole::ALL {
                let may = may_administer(caller.scopes(), IDCS_APP_ID, role.name(), role.is_admin());
                let expected = !role.is_admin() || caller == BuiltInRole::IdentityDomainAdministrator;
                assert_eq!(may, expected, "{caller:?} of {role:?}");
            }
            assert!(may_administer(caller.scopes(), "another", "Identity Domain Administrator", true));
        }
    }

    #[test]
    fn a_narrow_token_of_a_domain_administrator_makes_no_administrator() {
        let all = BuiltInRole::IdentityDomainAdministrator.scopes();
        for left_out in 0..all.len() {
            let narrow: Vec<_> =
                all.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, one)| *one).collect();
            assert!(!may_administer(&narrow, IDCS_APP_ID, "User Administrator", true));
        }
        // A row that says otherwise than the rules makes no administrator role harmless.
        assert!(!may_administer(&["urn:opc:idm:t.grants"], IDCS_APP_ID, "Identity Domain Administrator", false));
        assert!(!may_administer(&["urn:opc:idm:t.grants"], IDCS_APP_ID, "Some other", true));
    }
}
