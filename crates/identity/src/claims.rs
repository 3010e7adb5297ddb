//! The claims of access tokens, as contract identity 3.2 tabulates them: its Example B for clients, C for users, and the
//! app roles of Example A where a token is for the administration API.

use std::time::Duration;

use obol_domain::{app_role::BuiltInRole, scopes::Granted};
use obol_protocol::{
    Timestamp,
    jose::{AccessTokenClaims, Audience},
};
use obol_store::{apps::App, users::User};

use crate::cache::{LoadedClient, LoadedStripe};

/// The idle minutes of a user's and of a client's token.
pub(crate) const IDLE_USER: u32 = 480;
const IDLE_CLIENT: u32 = 15;

/// How a token came to be (`gtp`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    ClientCredentials,
    Password,
    /// A device that the user allowed.
    Device,
    /// An assertion that spoke for the user.
    JwtBearer,
    AuthorizationCode,
    /// The console's dialog, in a session that began with a password.
    Console,
}

impl Origin {
    /// As tokens and the database spell it.
    pub(crate) const fn gtp(self) -> &'static str {
        match self {
            Self::ClientCredentials => "cc",
            Self::Password => "ro",
            Self::Device => "dc",
            Self::AuthorizationCode => "azc",
            Self::JwtBearer | Self::Console => "jwt",
        }
    }

    /// What a refresh token's family says of its beginning.
    pub(crate) fn of_gtp(gtp: &str) -> Self {
        let all = [Self::ClientCredentials, Self::Password, Self::Device, Self::AuthorizationCode, Self::JwtBearer];
        all.into_iter().find(|origin| origin.gtp() == gtp).unwrap_or(Self::Password)
    }

    /// Whether the user was authenticated in a browser's session (contract identity 3.2, `amr`).
    const fn has_session(self) -> bool {
        match self {
            Self::AuthorizationCode | Self::Console => true,
            Self::ClientCredentials | Self::Password | Self::Device | Self::JwtBearer => false,
        }
    }
}

/// What one token differs in from the next.
pub(crate) struct Issue<'a> {
    pub(crate) granted: &'a Granted,
    pub(crate) lifetime: Duration,
    pub(crate) now: Timestamp,
    pub(crate) jti: String,
    pub(crate) origin: Origin,
    /// The refresh token that goes with it.
    pub(crate) rt_jti: Option<String>,
    /// The browser's session.
    pub(crate) sid: Option<String>,
}

impl<'a> Issue<'a> {
    /// A token with the life that was granted, alone and outside a browser's session.
    pub(crate) const fn new(granted: &'a Granted, now: Timestamp, jti: String, origin: Origin) -> Self {
        Self { granted, lifetime: granted.lifetime, now, jti, origin, rt_jti: None, sid: None }
    }
}

/// The audience of a token for the stripe's own API.
pub(crate) fn logical_guid(stripe: &str) -> String {
    format!("urn:opc:lbaas:logicalguid={stripe}")
}

/// What all tokens of a client have in common.
pub(crate) fn of_client(stripe: &LoadedStripe, app: &App) -> AccessTokenClaims {
    let row = &stripe.row;
    let some = |text: &str| Some(text.to_owned());
    AccessTokenClaims {
        client_ocid: some(&app.ocid),
        user_tz: None,
        sub: app.name.clone(),
        user_locale: None,
        sidle: Some(IDLE_CLIENT),
        idp_name: None,
        user_tenant_name: some(&row.name),
        on_behalf_of_user: None,
        idp_guid: None,
        amr: None,
        iss: row.issuer.clone(),
        domain_home: some(&row.home_region),
        ca_ocid: some(&row.tenancy_id),
        user_tenantname: None,
        client_id: app.name.clone(),
        domain_id: some(&row.domain_id),
        user_is_admin: None,
        sub_type: "client".to_owned(),
        scope: String::new(),
        user_ocid: None,
        client_tenantname: some(&row.name),
        region_name: some(&row.region_name),
        user_lang: None,
        user_app_roles: None,
        exp: 0,
        iat: 0,
        client_guid: some(&app.id),
        client_name: some(&app.display_name),
        idp_type: None,
        tenant: row.name.clone(),
        jti: String::new(),
        gtp: None,
        user_displayname: None,
        opc: Some(false),
        also_tenants: None,
        sub_mappingattr: some("userName"),
        prim_tenant: Some(row.is_primary),
        tok_type: "AT".to_owned(),
        ca_guid: None,
        aud: Audience::from(vec![stripe.url.clone(), logical_guid(&row.name)]),
        ca_name: some(&row.cloud_account_name),
        user_id: None,
        client_app_roles: None,
        rt_jti: None,
        sid: None,
        domain: some(&row.domain_name),
        tenant_iss: some(&stripe.url),
        resource_app_id: None,
    }
}

/// The claims of a client's own token.
pub(crate) fn for_client(client: &LoadedClient, issue: Issue<'_>) -> AccessTokenClaims {
    let Issue { granted, lifetime, now, jti, origin, rt_jti, sid } = issue;
    AccessTokenClaims {
        scope: granted.scopes.join(" "),
        iat: now.seconds(),
        exp: now.seconds().saturating_add(seconds(lifetime)),
        jti,
        gtp: Some(origin.gtp().to_owned()),
        client_app_roles: granted.admin_api.then(|| names(&client.roles)),
        aud: granted.audience.clone().map_or_else(|| client.claims.aud.clone(), Audience::from),
        rt_jti,
        sid,
        resource_app_id: granted.resource.as_ref().map(|resource| resource.app_id.clone()),
        ..client.claims.clone()
    }
}

/// The claims of a token that a client gets for a user.
pub(crate) fn for_user(
    stripe: &LoadedStripe,
    client: &LoadedClient,
    user: &User,
    roles: &[BuiltInRole],
    on_behalf: bool,
    issue: Issue<'_>,
) -> AccessTokenClaims {
    let some = |text: &str| Some(text.to_owned());
    let admin_api = issue.granted.admin_api;
    let session = issue.origin.has_session();
    AccessTokenClaims {
        user_tz: some(&user.timezone),
        sub: user.user_name.clone(),
        user_locale: some(&user.locale),
        sidle: Some(IDLE_USER),
        idp_name: session.then(|| "UserNamePassword".to_owned()),
        on_behalf_of_user: on_behalf.then_some(true),
        idp_guid: session.then(|| "UserNamePassword".to_owned()),
        amr: session.then(|| vec!["USERNAME_PASSWORD".to_owned()]),
        user_tenantname: some(&stripe.row.name),
        user_is_admin: (admin_api && roles.iter().any(|role| role.is_admin())).then_some(true),
        sub_type: "user".to_owned(),
        user_ocid: some(&user.ocid),
        user_lang: some(&user.preferred_language),
        user_app_roles: admin_api.then(|| names(roles)),
        idp_type: session.then(|| "LOCAL".to_owned()),
        user_displayname: some(&user.display_name),
        user_id: some(&user.id),
        ..for_client(client, issue)
    }
}

fn seconds(lifetime: Duration) -> i64 {
    i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX)
}

fn names(roles: &[BuiltInRole]) -> Vec<String> {
    roles.iter().map(|role| role.name().to_owned()).collect()
}
