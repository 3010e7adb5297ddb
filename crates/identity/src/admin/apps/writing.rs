//! What a written application is held to beyond its schema: the rules between its attributes, what it refers to, what is
//! unique in the stripe, and who may take it over.

use obol_domain::application::{self, Candidate};
use obol_store::{
    Tx,
    app_scopes::AppScope,
    apps::{
        ClientType,
        resource::{self, AppResource},
    },
    grants,
};

use super::super::{Call, Refusal, app_refusal::AppRefusal, authority};

/// Judges an application. `known` are allowed scopes that it had already, which may have gone since.
pub(super) async fn check(
    call: &Call,
    resource: &AppResource,
    scopes: &[AppScope],
    known: &[&str],
) -> Result<(), Refusal> {
    let (app, oauth) = (&resource.app, &resource.app.oauth);
    let values: Vec<&str> = scopes.iter().map(|scope| scope.value.as_str()).collect();
    let single = [
        &oauth.logout_uri,
        &oauth.login_page_url,
        &oauth.logout_page_url,
        &oauth.error_page_url,
        &oauth.landing_page_url,
    ];
    let mut others = oauth.post_logout_redirect_uris.clone();
    others.extend(single.into_iter().flatten().cloned());
    let candidate = Candidate {
        is_client: app.is_oauth_client,
        is_resource: app.is_oauth_resource,
        is_public: app.client_type == ClientType::Public,
        grants: &app.allowed_grants,
        operations: &app.allowed_operations,
        redirect_uris: &oauth.redirect_uris,
        other_uris: &others,
        all_schemes: oauth.all_url_schemes_allowed,
        audience: app.audience.as_deref(),
        secondary_audiences: &oauth.secondary_audiences,
        scopes: &values,
        access_token_expiry: oauth.access_token_expiry,
    };
    application::check(&candidate).map_err(AppRefusal::Application)?;
    let asked: Vec<&str> = oauth.allowed_scopes.iter().map(String::as_str).filter(|fqs| !known.contains(fqs)).collect();
    let own = |fqs: &str| scopes.iter().any(|scope| scope.fqs == fqs);
    let found = resource::scopes_called(call.db(), call.stripe(), &asked).await?;
    if asked.iter().any(|fqs| !own(fqs) && !found.iter().any(|scope| scope.fqs == *fqs)) {
        return Err(Refusal::Reference { attribute: "App.allowedScopes", kind: "scope" });
    }
    Ok(())
}

/// Refuses a name or an audience that another application has. The caller holds the stripe's row.
pub(super) async fn check_unique(call: &Call, tx: &mut Tx, resource: &AppResource) -> Result<(), Refusal> {
    let (stripe, app) = (call.stripe(), &resource.app);
    if resource::is_named(tx, stripe, &app.display_name, &app.id).await? {
        return Err(Refusal::Duplicate { kind: "App", attribute: "displayName" });
    }
    if let Some(audience) = &app.audience
        && resource::has_audience(tx, stripe, audience, &app.id).await?
    {
        return Err(Refusal::Duplicate { kind: "App", attribute: "audience" });
    }
    Ok(())
}

/// Refuses to change an application that holds a role the caller could not administer: whoever sets its secret or its
/// addresses acts with its roles.
pub(super) async fn guard(call: &Call, app_id: &str) -> Result<(), Refusal> {
    let held = grants::of_client(call.db(), call.stripe(), app_id).await?;
    if held.iter().all(|role| authority::may_administer(call, &role.app_id, &role.name, role.is_admin)) {
        return Ok(());
    }
    Err(Refusal::TargetAboveCaller)
}
