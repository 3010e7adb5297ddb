//! Who may do what at the administration API (contract identity 7): one table of endpoints, each with the app roles that open
//! it and the scopes that a token needs there.
//!
//! A token never has more than client and user together (contract identity 2.7), and neither is believed for what it held
//! when the token was issued: the roles judged here are those of this moment.

use crate::app_role::{BuiltInRole, SCOPE_ME};

/// An endpoint below `/admin/v1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/Users`.
    Users,
    /// `/Groups`.
    Groups,
    /// `/UserStatusChanger`.
    UserStatusChanger,
    /// `/UserPasswordChanger`.
    UserPasswordChanger,
    /// `/UserPasswordResetter`.
    UserPasswordResetter,
    /// `/ApiKeys`.
    ApiKeys,
    /// `/Me`.
    Me,
    /// `/MePasswordChanger`.
    MePasswordChanger,
    /// `/MyGroups`.
    MyGroups,
    /// `/MyApiKeys`.
    MyApiKeys,
    /// `/Apps`.
    Apps,
    /// `/AppStatusChanger`.
    AppStatusChanger,
    /// `/AppClientSecretRegenerator`.
    AppClientSecretRegenerator,
    /// `/AppRoles`.
    AppRoles,
    /// `/Grants` and `/IdcsAppRoleGrants`.
    Grants,
    /// `/MyApps`.
    MyApps,
    /// `/Settings`.
    Settings,
    /// `/OAuthConfig`.
    OAuthConfig,
    /// `/PasswordPolicies`.
    PasswordPolicies,
    /// `/AuditEvents`.
    AuditEvents,
    /// `/Bulk`; each of its operations is judged for itself as well.
    Bulk,
    /// `/Schemas`, `/ResourceTypes` and `/ServiceProviderConfig`.
    Schemas,
}

/// Whether something is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Nothing is.
    Read,
    /// Something is.
    Write,
}

/// What opens an endpoint one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Any of these roles does.
    pub roles: &'static [BuiltInRole],
    /// Any of these scopes does, in a token; empty where every token of the stripe does.
    pub scopes: &'static [&'static str],
}

use BuiltInRole::{
    ApplicationAdministrator, AuditAdministrator, Authenticated, AuthenticatedClient, IdentityDomainAdministrator, Me,
    SecurityAdministrator, UserAdministrator,
};

const PEOPLE_READERS: &[BuiltInRole] = &[
    IdentityDomainAdministrator,
    UserAdministrator,
    SecurityAdministrator,
    ApplicationAdministrator,
    AuditAdministrator,
];
const PEOPLE_WRITERS: &[BuiltInRole] = &[IdentityDomainAdministrator, UserAdministrator];
const APP_READERS: &[BuiltInRole] =
    &[IdentityDomainAdministrator, SecurityAdministrator, ApplicationAdministrator, UserAdministrator];
const APP_WRITERS: &[BuiltInRole] = &[IdentityDomainAdministrator, SecurityAdministrator, ApplicationAdministrator];
const APP_KEEPERS: &[BuiltInRole] = &[IdentityDomainAdministrator, ApplicationAdministrator];
const GRANTERS: &[BuiltInRole] = &[IdentityDomainAdministrator, ApplicationAdministrator, UserAdministrator];
const SECURITY: &[BuiltInRole] = &[IdentityDomainAdministrator, SecurityAdministrator];
const SELF: &[BuiltInRole] = &[Authenticated, Me, IdentityDomainAdministrator];
const EVERYBODY: &[BuiltInRole] = &[Authenticated, AuthenticatedClient];
const NOBODY: Opening = Opening { roles: &[], scopes: &[] };

impl Endpoint {
    /// What opens the endpoint.
    pub const fn opening(self, access: Access) -> Opening {
        match (self, access) {
            (Self::Users, Access::Read) => {
                Opening { roles: PEOPLE_READERS, scopes: &["urn:opc:idm:t.users_r", "urn:opc:idm:t.users"] }
            }
            (Self::Users, Access::Write) => Opening { roles: PEOPLE_WRITERS, scopes: &["urn:opc:idm:t.users"] },
            (Self::Groups, Access::Read) => {
                Opening { roles: PEOPLE_READERS, scopes: &["urn:opc:idm:t.groups_r", "urn:opc:idm:t.groups"] }
            }
            (Self::Groups, Access::Write) => Opening { roles: PEOPLE_WRITERS, scopes: &["urn:opc:idm:t.groups"] },
            (Self::UserStatusChanger, _) => Opening {
                roles: PEOPLE_WRITERS,
                scopes: &["urn:opc:idm:t.user.lockedstatechanger", "urn:opc:idm:t.user.security"],
            },
            (Self::UserPasswordChanger | Self::UserPasswordResetter | Self::ApiKeys, _) => {
                Opening { roles: PEOPLE_WRITERS, scopes: &["urn:opc:idm:t.user.security"] }
            }
            (Self::Me | Self::MePasswordChanger | Self::MyGroups | Self::MyApiKeys, _) => {
                Opening { roles: SELF, scopes: &[SCOPE_ME] }
            }
            // Whoever makes grants reads what there is to grant.
            (Self::Apps | Self::AppRoles, Access::Read) => {
                Opening { roles: APP_READERS, scopes: &["urn:opc:idm:t.app", "urn:opc:idm:t.grants"] }
            }
            (Self::Apps, Access::Write) => Opening { roles: APP_WRITERS, scopes: &["urn:opc:idm:t.app"] },
            (Self::AppRoles, Access::Write) | (Self::AppStatusChanger | Self::AppClientSecretRegenerator, _) => {
                Opening { roles: APP_KEEPERS, scopes: &["urn:opc:idm:t.app"] }
            }
            (Self::Grants, _) => Opening { roles: GRANTERS, scopes: &["urn:opc:idm:t.grants"] },
            (Self::MyApps, _) => Opening { roles: SELF, scopes: &[SCOPE_ME] },
            (Self::Settings | Self::OAuthConfig, _) => Opening { roles: SECURITY, scopes: &["urn:opc:idm:t.settings"] },
            (Self::PasswordPolicies, Access::Read) => Opening {
                roles: &[IdentityDomainAdministrator, SecurityAdministrator, Me, Authenticated],
                scopes: &["urn:opc:idm:t.policy", SCOPE_ME],
            },
            (Self::PasswordPolicies, Access::Write) => Opening { roles: SECURITY, scopes: &["urn:opc:idm:t.policy"] },
            (Self::AuditEvents, Access::Read) => Opening { roles: PEOPLE_READERS, scopes: &["urn:opc:idm:t.audit_r"] },
            (Self::Bulk, Access::Write) => Opening {
                roles: &[IdentityDomainAdministrator, UserAdministrator, ApplicationAdministrator],
                scopes: &["urn:opc:idm:t.bulk", "urn:opc:idm:t.bulk.user"],
            },
            (Self::Schemas, Access::Read) => Opening { roles: EVERYBODY, scopes: &[] },
            (Self::Bulk, Access::Read) | (Self::Schemas | Self::AuditEvents, Access::Write) => NOBODY,
        }
    }

    /// Whether the endpoint is about whoever calls it, so that a client alone is nobody there.
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::Me | Self::MePasswordChanger | Self::MyGroups | Self::MyApiKeys | Self::MyApps)
    }
}

/// Who asks: each side with the roles it holds now. A side that is not there does not restrict the other.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The user.
    pub user: Option<&'a [BuiltInRole]>,
    /// The client application.
    pub client: Option<&'a [BuiltInRole]>,
    /// The token's scopes; none where the request was signed.
    pub scope: Option<&'a str>,
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// A client alone is nobody here.
    #[error("the endpoint is about a user, and there is none")]
    NotUser,
    /// The token has none of the scopes.
    #[error("the token has none of the endpoint's scopes")]
    Scope(&'static [&'static str]),
    /// The user holds none of the roles.
    #[error("the user holds none of the endpoint's roles")]
    UserRole(&'static [BuiltInRole]),
    /// The client holds none of the roles.
    #[error("the client holds none of the endpoint's roles")]
    ClientRole(&'static [BuiltInRole]),
}

impl Asking<'_> {
    /// Whether an endpoint is open.
    ///
    /// # Errors
    ///
    /// [`Denied`]
    pub fn may(&self, endpoint: Endpoint, access: Access) -> Result<(), Denied> {
        let Opening { roles, scopes } = endpoint.opening(access);
        let held = |side: &[BuiltInRole]| side.iter().any(|role| roles.contains(role));
        if endpoint.is_personal() && self.user.is_none() {
            return Err(Denied::NotUser);
        }
        if self.scope.is_some_and(|held| !scopes.is_empty() && !held.split(' ').any(|scope| scopes.contains(&scope))) {
            return Err(Denied::Scope(scopes));
        }
        if self.client.is_some_and(|client| !held(client)) {
            return Err(Denied::ClientRole(roles));
        }
        if self.user.is_some_and(|user| !held(user)) {
            return Err(Denied::UserRole(roles));
        }
        // Somebody there must be.
        if self.user.is_none() && self.client.is_none() { Err(Denied::UserRole(roles)) } else { Ok(()) }
    }

    /// Whether both sides hold a role, or the one above all.
    pub fn holds(&self, role: BuiltInRole) -> bool {
        let held = |side: &[BuiltInRole]| side.contains(&role) || side.contains(&IdentityDomainAdministrator);
        (self.user.is_some() || self.client.is_some()) && self.user.is_none_or(held) && self.client.is_none_or(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINTS: [Endpoint; 22] = [
        Endpoint::Apps,
        Endpoint::AppStatusChanger,
        Endpoint::AppClientSecretRegenerator,
        Endpoint::AppRoles,
        Endpoint::Grants,
        Endpoint::MyApps,
        Endpoint::Settings,
        Endpoint::OAuthConfig,
        Endpoint::PasswordPolicies,
        Endpoint::AuditEvents,
        Endpoint::Users,
        Endpoint::Groups,
        Endpoint::UserStatusChanger,
        Endpoint::UserPasswordChanger,
        Endpoint::UserPasswordResetter,
        Endpoint::ApiKeys,
        Endpoint::Me,
        Endpoint::MePasswordChanger,
        Endpoint::MyGroups,
        Endpoint::MyApiKeys,
        Endpoint::Bulk,
        Endpoint::Schemas,
    ];

    // Contract identity 7: a role opens what it is listed for, and its own scopes suffice there.
    #[test]
    fn each_role_that_opens_an_endpoint_has_a_scope_for_it() {
        for endpoint in ENDPOINTS {
            for access in [Access::Read, Access::Write] {
                let Opening { roles, scopes } = endpoint.opening(access);
                for role in roles {
                    let opens = scopes.is_empty() || role.scopes().iter().any(|scope| scopes.contains(scope));
                    assert!(opens, "{role:?} {endpoint:?} {access:?}");
                }
            }
        }
    }

    #[test]
    fn a_token_has_what_client_and_user_have_together() {
        let scope = Some("urn:opc:idm:t.users urn:opc:idm:t.user.me");
        let admin = [BuiltInRole::Authenticated, IdentityDomainAdministrator];
        let me = [AuthenticatedClient, BuiltInRole::Me];
        let nobody = [BuiltInRole::Authenticated];
        let write = |user: Option<&[BuiltInRole]>, client: Option<&[BuiltInRole]>, scope| {
            Asking { user, client, scope }.may(Endpoint::Users, Access::Write)
        };
        assert_eq!(write(Some(&admin), Some(&admin), scope), Ok(()));
        assert_eq!(write(Some(&admin), None, None), Ok(()));
        assert_eq!(write(None, Some(&admin), scope), Ok(()));
        assert_eq!(write(Some(&admin), Some(&me), scope), Err(Denied::ClientRole(PEOPLE_WRITERS)));
        assert_eq!(write(Some(&nobody), Some(&admin), scope), Err(Denied::UserRole(PEOPLE_WRITERS)));
        assert_eq!(
            write(Some(&admin), Some(&admin), Some("urn:opc:idm:t.users_r")),
            Err(Denied::Scope(&["urn:opc:idm:t.users"]))
        );
        assert!(write(None, None, None).is_err());
        let own = Asking { user: None, client: Some(&admin), scope };
        assert_eq!(own.may(Endpoint::Me, Access::Read), Err(Denied::NotUser));
        assert!(!Asking { user: Some(&admin), client: Some(&me), scope }.holds(UserAdministrator));
        assert!(Asking { user: Some(&admin), client: None, scope }.holds(UserAdministrator));
    }
}
