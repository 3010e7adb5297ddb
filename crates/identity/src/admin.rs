//! The administration API `/admin/v1` (contract identity 6): who calls, what they may, and one file for each resource.
//!
//! [`ROUTES`] is the table everything hangs on: the router, who may come in, and what the tests walk along. An operation gets
//! a [`Call`] that was let in and gives an [`Answer`] or a [`Refusal`]; of HTTP it knows nothing.

mod answer;
mod api_keys;
mod app_client_secret_regenerator;
mod app_refusal;
mod app_roles;
mod app_status_changer;
mod apps;
mod audit_events;
mod audited;
mod authority;
mod call;
mod caller;
mod grants;
mod groups;
mod listing;
mod me;
mod me_password_changer;
mod memberships;
mod my_apps;
mod password_policies;
mod passwords;
mod refusal;
mod schemas;
mod settings;
#[cfg(test)]
mod tests;
mod user_document;
mod user_password_changer;
mod user_password_resetter;
mod user_status_changer;
mod users;

use obol_domain::administration::{
    Access::{self, Read, Write},
    Endpoint,
};

pub(crate) use answer::Answer;
pub(crate) use call::Call;
pub(crate) use caller::AdminCaller;
pub(crate) use refusal::Refusal;

/// A door of the administration API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) endpoint: Endpoint,
    pub(crate) access: Access,
    pub(crate) operation: Operation,
}

/// What is done behind a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    ListUsers,
    SearchUsers,
    CreateUser,
    GetUser,
    ReplaceUser,
    PatchUser,
    DeleteUser,
    ListGroups,
    SearchGroups,
    CreateGroup,
    GetGroup,
    ReplaceGroup,
    PatchGroup,
    DeleteGroup,
    ChangeUserStatus,
    ChangeUserPassword,
    ResetUserPassword,
    GetMe,
    ReplaceMe,
    PatchMe,
    ChangeMyPassword,
    ListMyGroups,
    ListApiKeys,
    SearchApiKeys,
    CreateApiKey,
    GetApiKey,
    DeleteApiKey,
    ListMyApiKeys,
    CreateMyApiKey,
    GetMyApiKey,
    DeleteMyApiKey,
    ListApps,
    SearchApps,
    CreateApp,
    GetApp,
    ReplaceApp,
    PatchApp,
    DeleteApp,
    ChangeAppStatus,
    RegenerateAppSecret,
    RegenerateAppSecretByGet,
    ListAppRoles,
    SearchAppRoles,
    CreateAppRole,
    GetAppRole,
    DeleteAppRole,
    ListGrants,
    SearchGrants,
    CreateGrant,
    GetGrant,
    DeleteGrant,
    ListMyApps,
    ListSettings,
    GetSettings,
    ReplaceSettings,
    PatchSettings,
    GetOAuthConfig,
    ChangeOAuthConfig,
    ListPasswordPolicies,
    SearchPasswordPolicies,
    CreatePasswordPolicy,
    GetPasswordPolicy,
    ReplacePasswordPolicy,
    PatchPasswordPolicy,
    DeletePasswordPolicy,
    ListAuditEvents,
    SearchAuditEvents,
    GetAuditEvent,
    ListSchemas,
    GetSchema,
    ListResourceTypes,
    GetResourceType,
    ServiceProviderConfig,
}

const fn route(
    method: &'static str,
    path: &'static str,
    endpoint: Endpoint,
    access: Access,
    operation: Operation,
) -> Route {
    Route { method, path, endpoint, access, operation }
}

/// Every door of the administration API.
pub(crate) const ROUTES: &[Route] = &[
    route("GET", "/admin/v1/Users", Endpoint::Users, Read, Operation::ListUsers),
    route("POST", "/admin/v1/Users/.search", Endpoint::Users, Read, Operation::SearchUsers),
    route("POST", "/admin/v1/Users", Endpoint::Users, Write, Operation::CreateUser),
    route("GET", "/admin/v1/Users/{id}", Endpoint::Users, Read, Operation::GetUser),
    route("PUT", "/admin/v1/Users/{id}", Endpoint::Users, Write, Operation::ReplaceUser),
    route("PATCH", "/admin/v1/Users/{id}", Endpoint::Users, Write, Operation::PatchUser),
    route("DELETE", "/admin/v1/Users/{id}", Endpoint::Users, Write, Operation::DeleteUser),
    route("GET", "/admin/v1/Groups", Endpoint::Groups, Read, Operation::ListGroups),
    route("POST", "/admin/v1/Groups/.search", Endpoint::Groups, Read, Operation::SearchGroups),
    route("POST", "/admin/v1/Groups", Endpoint::Groups, Write, Operation::CreateGroup),
    route("GET", "/admin/v1/Groups/{id}", Endpoint::Groups, Read, Operation::GetGroup),
    route("PUT", "/admin/v1/Groups/{id}", Endpoint::Groups, Write, Operation::ReplaceGroup),
    route("PATCH", "/admin/v1/Groups/{id}", Endpoint::Groups, Write, Operation::PatchGroup),
    route("DELETE", "/admin/v1/Groups/{id}", Endpoint::Groups, Write, Operation::DeleteGroup),
    route("PUT", "/admin/v1/UserStatusChanger/{id}", Endpoint::UserStatusChanger, Write, Operation::ChangeUserStatus),
    route(
        "PUT",
        "/admin/v1/UserPasswordChanger/{id}",
        Endpoint::UserPasswordChanger,
        Write,
        Operation::ChangeUserPassword,
    ),
    route(
        "PUT",
        "/admin/v1/UserPasswordResetter/{id}",
        Endpoint::UserPasswordResetter,
        Write,
        Operation::ResetUserPassword,
    ),
    route("GET", "/admin/v1/Me", Endpoint::Me, Read, Operation::GetMe),
    route("PUT", "/admin/v1/Me", Endpoint::Me, Write, Operation::ReplaceMe),
    route("PATCH", "/admin/v1/Me", Endpoint::Me, Write, Operation::PatchMe),
    route("PUT", "/admin/v1/MePasswordChanger", Endpoint::MePasswordChanger, Write, Operation::ChangeMyPassword),
    route("GET", "/admin/v1/MyGroups", Endpoint::MyGroups, Read, Operation::ListMyGroups),
    route("GET", "/admin/v1/ApiKeys", Endpoint::ApiKeys, Read, Operation::ListApiKeys),
    route("POST", "/admin/v1/ApiKeys/.search", Endpoint::ApiKeys, Read, Operation::SearchApiKeys),
    route("POST", "/admin/v1/ApiKeys", Endpoint::ApiKeys, Write, Operation::CreateApiKey),
    route("GET", "/admin/v1/ApiKeys/{id}", Endpoint::ApiKeys, Read, Operation::GetApiKey),
    route("DELETE", "/admin/v1/ApiKeys/{id}", Endpoint::ApiKeys, Write, Operation::DeleteApiKey),
    route("GET", "/admin/v1/MyApiKeys", Endpoint::MyApiKeys, Read, Operation::ListMyApiKeys),
    route("POST", "/admin/v1/MyApiKeys", Endpoint::MyApiKeys, Write, Operation::CreateMyApiKey),
    route("GET", "/admin/v1/MyApiKeys/{id}", Endpoint::MyApiKeys, Read, Operation::GetMyApiKey),
    route("DELETE", "/admin/v1/MyApiKeys/{id}", Endpoint::MyApiKeys, Write, Operation::DeleteMyApiKey),
    route("GET", "/admin/v1/Apps", Endpoint::Apps, Read, Operation::ListApps),
    route("POST", "/admin/v1/Apps/.search", Endpoint::Apps, Read, Operation::SearchApps),
    route("POST", "/admin/v1/Apps", Endpoint::Apps, Write, Operation::CreateApp),
    route("GET", "/admin/v1/Apps/{id}", Endpoint::Apps, Read, Operation::GetApp),
    route("PUT", "/admin/v1/Apps/{id}", Endpoint::Apps, Write, Operation::ReplaceApp),
    route("PATCH", "/admin/v1/Apps/{id}", Endpoint::Apps, Write, Operation::PatchApp),
    route("DELETE", "/admin/v1/Apps/{id}", Endpoint::Apps, Write, Operation::DeleteApp),
    route("PUT", "/admin/v1/AppStatusChanger/{id}", Endpoint::AppStatusChanger, Write, Operation::ChangeAppStatus),
    route(
        "POST",
        "/admin/v1/AppClientSecretRegenerator",
        Endpoint::AppClientSecretRegenerator,
        Write,
        Operation::RegenerateAppSecret,
    ),
    route(
        "GET",
        "/admin/v1/AppClientSecretRegenerator/{id}",
        Endpoint::AppClientSecretRegenerator,
        Write,
        Operation::RegenerateAppSecretByGet,
    ),
    route("GET", "/admin/v1/AppRoles", Endpoint::AppRoles, Read, Operation::ListAppRoles),
    route("POST", "/admin/v1/AppRoles/.search", Endpoint::AppRoles, Read, Operation::SearchAppRoles),
    route("POST", "/admin/v1/AppRoles", Endpoint::AppRoles, Write, Operation::CreateAppRole),
    route("GET", "/admin/v1/AppRoles/{id}", Endpoint::AppRoles, Read, Operation::GetAppRole),
    route("DELETE", "/admin/v1/AppRoles/{id}", Endpoint::AppRoles, Write, Operation::DeleteAppRole),
    route("GET", "/admin/v1/Grants", Endpoint::Grants, Read, Operation::ListGrants),
    route("POST", "/admin/v1/Grants/.search", Endpoint::Grants, Read, Operation::SearchGrants),
    route("POST", "/admin/v1/Grants", Endpoint::Grants, Write, Operation::CreateGrant),
    route("GET", "/admin/v1/Grants/{id}", Endpoint::Grants, Read, Operation::GetGrant),
    route("DELETE", "/admin/v1/Grants/{id}", Endpoint::Grants, Write, Operation::DeleteGrant),
    route("GET", "/admin/v1/IdcsAppRoleGrants", Endpoint::Grants, Read, Operation::ListGrants),
    route("POST", "/admin/v1/IdcsAppRoleGrants/.search", Endpoint::Grants, Read, Operation::SearchGrants),
    route("POST", "/admin/v1/IdcsAppRoleGrants", Endpoint::Grants, Write, Operation::CreateGrant),
    route("GET", "/admin/v1/IdcsAppRoleGrants/{id}", Endpoint::Grants, Read, Operation::GetGrant),
    route("DELETE", "/admin/v1/IdcsAppRoleGrants/{id}", Endpoint::Grants, Write, Operation::DeleteGrant),
    route("GET", "/admin/v1/MyApps", Endpoint::MyApps, Read, Operation::ListMyApps),
    route("GET", "/admin/v1/Settings", Endpoint::Settings, Read, Operation::ListSettings),
    route("GET", "/admin/v1/Settings/{id}", Endpoint::Settings, Read, Operation::GetSettings),
    route("PUT", "/admin/v1/Settings/{id}", Endpoint::Settings, Write, Operation::ReplaceSettings),
    route("PATCH", "/admin/v1/Settings/{id}", Endpoint::Settings, Write, Operation::PatchSettings),
    route("GET", "/admin/v1/OAuthConfig/{id}", Endpoint::OAuthConfig, Read, Operation::GetOAuthConfig),
    route("PUT", "/admin/v1/OAuthConfig/{id}", Endpoint::OAuthConfig, Write, Operation::ChangeOAuthConfig),
    route("PATCH", "/admin/v1/OAuthConfig/{id}", Endpoint::OAuthConfig, Write, Operation::ChangeOAuthConfig),
    route("GET", "/admin/v1/PasswordPolicies", Endpoint::PasswordPolicies, Read, Operation::ListPasswordPolicies),
    route(
        "POST",
        "/admin/v1/PasswordPolicies/.search",
        Endpoint::PasswordPolicies,
        Read,
        Operation::SearchPasswordPolicies,
    ),
    route("POST", "/admin/v1/PasswordPolicies", Endpoint::PasswordPolicies, Write, Operation::CreatePasswordPolicy),
    route("GET", "/admin/v1/PasswordPolicies/{id}", Endpoint::PasswordPolicies, Read, Operation::GetPasswordPolicy),
    route(
        "PUT",
        "/admin/v1/PasswordPolicies/{id}",
        Endpoint::PasswordPolicies,
        Write,
        Operation::ReplacePasswordPolicy,
    ),
    route(
        "PATCH",
        "/admin/v1/PasswordPolicies/{id}",
        Endpoint::PasswordPolicies,
        Write,
        Operation::PatchPasswordPolicy,
    ),
    route(
        "DELETE",
        "/admin/v1/PasswordPolicies/{id}",
        Endpoint::PasswordPolicies,
        Write,
        Operation::DeletePasswordPolicy,
    ),
    route("GET", "/admin/v1/AuditEvents", Endpoint::AuditEvents, Read, Operation::ListAuditEvents),
    route("POST", "/admin/v1/AuditEvents/.search", Endpoint::AuditEvents, Read, Operation::SearchAuditEvents),
    route("GET", "/admin/v1/AuditEvents/{id}", Endpoint::AuditEvents, Read, Operation::GetAuditEvent),
    route("GET", "/admin/v1/Schemas", Endpoint::Schemas, Read, Operation::ListSchemas),
    route("GET", "/admin/v1/Schemas/{id}", Endpoint::Schemas, Read, Operation::GetSchema),
    route("GET", "/admin/v1/ResourceTypes", Endpoint::Schemas, Read, Operation::ListResourceTypes),
    route("GET", "/admin/v1/ResourceTypes/{id}", Endpoint::Schemas, Read, Operation::GetResourceType),
    route("GET", "/admin/v1/ServiceProviderConfig", Endpoint::Schemas, Read, Operation::ServiceProviderConfig),
];

/// Does what is behind a door, for a call that was let in.
pub(crate) async fn run(operation: Operation, call: &Call) -> Result<Answer, Refusal> {
    match operation {
        Operation::ListUsers => users::list(call).await,
        Operation::SearchUsers => users::search(call).await,
        Operation::CreateUser => users::create(call).await,
        Operation::GetUser => users::get(call).await,
        Operation::ReplaceUser => users::replace(call).await,
        Operation::PatchUser => users::patch(call).await,
        Operation::DeleteUser => users::delete(call).await,
        Operation::ListGroups => groups::list(call).await,
        Operation::SearchGroups => groups::search(call).await,
        Operation::CreateGroup => groups::create(call).await,
        Operation::GetGroup => groups::get(call).await,
        Operation::ReplaceGroup => groups::replace(call).await,
        Operation::PatchGroup => groups::patch(call).await,
        Operation::DeleteGroup => groups::delete(call).await,
        Operation::ChangeUserStatus => user_status_changer::replace(call).await,
        Operation::ChangeUserPassword => user_password_changer::replace(call).await,
        Operation::ResetUserPassword => user_password_resetter::replace(call).await,
        Operation::GetMe => me::get(call).await,
        Operation::ReplaceMe => me::replace(call).await,
        Operation::PatchMe => me::patch(call).await,
        Operation::ChangeMyPassword => me_password_changer::replace(call).await,
        Operation::ListMyGroups => me::groups(call).await,
        Operation::ListApiKeys => api_keys::list(call).await,
        Operation::SearchApiKeys => api_keys::search(call).await,
        Operation::CreateApiKey => api_keys::create(call).await,
        Operation::GetApiKey => api_keys::get(call).await,
        Operation::DeleteApiKey => api_keys::delete(call).await,
        Operation::ListMyApiKeys => api_keys::list_mine(call).await,
        Operation::CreateMyApiKey => api_keys::create_mine(call).await,
        Operation::GetMyApiKey => api_keys::get_mine(call).await,
        Operation::DeleteMyApiKey => api_keys::delete_mine(call).await,
        Operation::ListApps => apps::list(call).await,
        Operation::SearchApps => apps::search(call).await,
        Operation::CreateApp => apps::create(call).await,
        Operation::GetApp => apps::get(call).await,
        Operation::ReplaceApp => apps::replace(call).await,
        Operation::PatchApp => apps::patch(call).await,
        Operation::DeleteApp => apps::delete(call).await,
        Operation::ChangeAppStatus => app_status_changer::replace(call).await,
        Operation::RegenerateAppSecret => app_client_secret_regenerator::create(call).await,
        Operation::RegenerateAppSecretByGet => app_client_secret_regenerator::get(call).await,
        Operation::ListAppRoles => app_roles::list(call).await,
        Operation::SearchAppRoles => app_roles::search(call).await,
        Operation::CreateAppRole => app_roles::create(call).await,
        Operation::GetAppRole => app_roles::get(call).await,
        Operation::DeleteAppRole => app_roles::delete(call).await,
        Operation::ListGrants => grants::list(call).await,
        Operation::SearchGrants => grants::search(call).await,
        Operation::CreateGrant => grants::create(call).await,
        Operation::GetGrant => grants::get(call).await,
        Operation::DeleteGrant => grants::delete(call).await,
        Operation::ListMyApps => my_apps::list(call).await,
        Operation::ListSettings => settings::list(call).await,
        Operation::GetSettings => settings::get(call).await,
        Operation::ReplaceSettings => settings::replace(call).await,
        Operation::PatchSettings => settings::patch(call).await,
        Operation::GetOAuthConfig => settings::oauth_config(call).await,
        Operation::ListPasswordPolicies => password_policies::list(call).await,
        Operation::SearchPasswordPolicies => password_policies::search(call).await,
        Operation::CreatePasswordPolicy => password_policies::create(call).await,
        Operation::GetPasswordPolicy => password_policies::get(call).await,
        Operation::ReplacePasswordPolicy => password_policies::replace(call).await,
        Operation::PatchPasswordPolicy => password_policies::patch(call).await,
        Operation::DeletePasswordPolicy => password_policies::delete(call).await,
        Operation::ListAuditEvents => audit_events::list(call).await,
        Operation::SearchAuditEvents => audit_events::search(call).await,
        Operation::GetAuditEvent => audit_events::get(call).await,
        Operation::ChangeOAuthConfig => settings::oauth_config_fixed(),
        Operation::ListSchemas => schemas::list(call),
        Operation::GetSchema => schemas::get(call),
        Operation::ListResourceTypes => schemas::list_types(call),
        Operation::GetResourceType => schemas::get_type(call),
        Operation::ServiceProviderConfig => schemas::config(call),
    }
}
