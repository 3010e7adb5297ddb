//! ID tokens (contract identity 3.3): who signed in, for the client and nobody else.

use obol_protocol::{
    Timestamp,
    jose::{self, Audience, IdTokenClaims, IdTokenRole},
};
use obol_store::users::User;

use crate::{
    cache::{LoadedClient, LoadedStripe},
    claims::IDLE_USER,
    grants::SignIn,
};

/// What one ID token differs in from the next.
pub(crate) struct IdToken<'a> {
    pub(crate) user: &'a User,
    pub(crate) sign_in: &'a SignIn,
    /// The access token it goes with.
    pub(crate) access_token: Option<&'a str>,
    pub(crate) app_roles: Option<Vec<IdTokenRole>>,
    pub(crate) jti: String,
    pub(crate) now: Timestamp,
}

/// The claims of an ID token.
pub(crate) fn claims(stripe: &LoadedStripe, client: &LoadedClient, token: IdToken<'_>) -> IdTokenClaims {
    let IdToken { user, sign_in, access_token, app_roles, jti, now } = token;
    let row = &stripe.row;
    let app = &client.app;
    let exp = sign_in.session_end(now).seconds();
    IdTokenClaims {
        iss: row.issuer.clone(),
        aud: Audience::Many(vec![row.issuer.clone(), app.name.clone()]),
        azp: app.name.clone(),
        sub: user.user_name.clone(),
        nonce: sign_in.nonce.clone(),
        at_hash: access_token.map(jose::at_hash),
        auth_time: sign_in.auth_time.seconds(),
        iat: now.seconds(),
        exp,
        session_exp: exp,
        sid: sign_in.sid.clone(),
        sidle: IDLE_USER,
        authn_strength: "2".to_owned(),
        amr: vec!["USERNAME_PASSWORD".to_owned()],
        idp_name: "UserNamePassword".to_owned(),
        idp_guid: "UserNamePassword".to_owned(),
        idp_type: "LOCAL".to_owned(),
        pulp: "MyApps".to_owned(),
        user_id: user.id.clone(),
        user_ocid: Some(user.ocid.clone()),
        user_displayname: user.display_name.clone(),
        user_lang: user.preferred_language.clone(),
        user_locale: user.locale.clone(),
        user_tz: user.timezone.clone(),
        user_tenantname: row.name.clone(),
        user_csr: "false".to_owned(),
        app_roles,
        client_id: app.name.clone(),
        client_guid: app.id.clone(),
        client_name: app.display_name.clone(),
        client_ocid: Some(app.ocid.clone()),
        client_tenantname: row.name.clone(),
        tenant: row.name.clone(),
        tenant_iss: stripe.url.clone(),
        sub_mappingattr: "userName".to_owned(),
        jti,
        tok_type: "IT".to_owned(),
        domain: row.domain_name.clone(),
        domain_id: row.domain_id.clone(),
        domain_home: row.home_region.clone(),
        ca_ocid: row.tenancy_id.clone(),
        ca_name: row.cloud_account_name.clone(),
    }
}
