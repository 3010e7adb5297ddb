//! Applications as the console shows them.

use obol_domain::app_role::IDCS_APP_ID;
use obol_protocol::{Timestamp, oauth::GrantType};
use obol_store::{
    apps::{self, App, ClientType},
    grants,
};

use crate::{Identity, ServiceError};

/// An application of a stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its SCIM id, which stands in its page's address.
    pub id: String,
    /// Its OCID.
    pub ocid: String,
    /// Its client id.
    pub client_id: String,
    /// The name shown.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// Whether it is active.
    pub is_active: bool,
    /// Whether it is a client that keeps a secret or signs with a certificate.
    pub is_confidential: bool,
    /// Whether an Oracle Cloud service registered it.
    pub is_service: bool,
    /// The grants it may use.
    pub allowed_grants: Vec<GrantType>,
    /// The app roles of the identity domain it was granted, by name; empty in a list.
    pub granted_roles: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Application {
    /// Whether *Generate Access Token* is open: confidential, active, with JWT Assertion (contract identity 4).
    pub fn can_generate(&self) -> bool {
        self.is_confidential && self.is_active && self.allowed_grants.contains(&GrantType::JwtBearer)
    }
}

impl Identity {
    /// The applications of a stripe by display name, at most 1000, without the identity domain's own.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]
    pub async fn applications(&self, stripe: &str) -> Result<Vec<Application>, ServiceError> {
        let all = apps::all(&self.0.db, stripe).await?;
        Ok(all.into_iter().filter(|app| app.id != IDCS_APP_ID).map(|app| view(app, Vec::new())).collect())
    }

    /// An application with the roles it was granted.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]
    pub async fn application(&self, stripe: &str, app_id: &str) -> Result<Option<Application>, ServiceError> {
        let Some(app) = apps::by_id(&self.0.db, stripe, app_id).await? else { return Ok(None) };
        if app.id == IDCS_APP_ID {
            return Ok(None);
        }
        let held = grants::of_client(&self.0.db, stripe, app_id).await?;
        let roles = held.into_iter().filter(|role| role.app_id == IDCS_APP_ID).map(|role| role.name).collect();
        Ok(Some(view(app, roles)))
    }
}

fn view(app: App, granted_roles: Vec<String>) -> Application {
    Application {
        id: app.id,
        ocid: app.ocid,
        client_id: app.name,
        display_name: app.display_name,
        description: app.description,
        is_active: app.is_active,
        is_confidential: app.is_oauth_client && app.client_type != ClientType::Public,
        is_service: app.is_opc_service,
        allowed_grants: app.allowed_grants.iter().filter_map(|grant| grant.parse().ok()).collect(),
        granted_roles,
        created_at: app.created_at,
    }
}
