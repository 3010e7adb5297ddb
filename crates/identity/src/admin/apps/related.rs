//! What an application is answered with that stands in other tables: its scopes, the roles it was granted, and whose the
//! scopes are that it is allowed. For a page of applications each is one query.

use std::collections::HashMap;

use obol_protocol::scim::{Projection, resources::app::APP};
use obol_store::{
    app_scopes::AppScope,
    apps::resource::{self, AppResource},
    grants::Grant,
};

use super::super::{Call, Refusal};

/// What belongs to a page of applications.
#[derive(Default)]
pub(super) struct Related {
    scopes: HashMap<String, Vec<AppScope>>,
    granted: HashMap<String, Vec<Grant>>,
    defining: HashMap<String, String>,
    certificates: HashMap<String, Vec<(String, String)>>,
}

impl Related {
    /// The scopes of an application, in its order.
    pub(super) fn scopes_of(&self, app_id: &str) -> &[AppScope] {
        self.scopes.get(app_id).map_or(&[], Vec::as_slice)
    }

    /// The roles an application was granted.
    pub(super) fn granted_to(&self, app_id: &str) -> &[Grant] {
        self.granted.get(app_id).map_or(&[], Vec::as_slice)
    }

    /// The certificates of an application: alias and SHA-1 thumbprint.
    pub(super) fn certificates_of(&self, app_id: &str) -> &[(String, String)] {
        self.certificates.get(app_id).map_or(&[], Vec::as_slice)
    }

    /// The application that has a scope.
    pub(super) fn defining(&self, fqs: &str) -> Option<&str> {
        self.defining.get(fqs).map(String::as_str)
    }
}

/// What a projection wants of several applications.
pub(super) async fn of(call: &Call, apps: &[AppResource], projection: &Projection) -> Result<Related, Refusal> {
    let wants = |name| projection.wants(&APP, name);
    read(call, apps, [wants("scopes"), wants("grantedAppRoles"), wants("allowedScopes"), wants("certificates")]).await
}

/// All of one application.
pub(super) async fn all_of(call: &Call, app: &AppResource) -> Result<Related, Refusal> {
    read(call, std::slice::from_ref(app), [true; 4]).await
}

async fn read(
    call: &Call,
    apps: &[AppResource],
    [scopes, granted, defining, certificates]: [bool; 4],
) -> Result<Related, Refusal> {
    let (db, stripe) = (call.db(), call.stripe());
    let ids: Vec<&str> = apps.iter().map(|app| app.app.id.as_str()).collect();
    let mut related = Related::default();
    if scopes {
        for scope in resource::scopes_of(db, stripe, &ids).await? {
            related.scopes.entry(scope.app_id.clone()).or_default().push(scope);
        }
    }
    if granted {
        for grant in resource::roles_granted_to(db, stripe, &ids).await? {
            related.granted.entry(grant.grantee_id.clone()).or_default().push(grant);
        }
    }
    if defining {
        let mut allowed: Vec<&str> =
            apps.iter().flat_map(|app| &app.app.oauth.allowed_scopes).map(String::as_str).collect();
        allowed.sort_unstable();
        allowed.dedup();
        for scope in resource::scopes_called(db, stripe, &allowed).await? {
            related.defining.insert(scope.fqs, scope.app_id);
        }
    }
    if certificates {
        related.certificates = resource::certificates_of(db, stripe, &ids).await?;
    }
    Ok(related)
}
