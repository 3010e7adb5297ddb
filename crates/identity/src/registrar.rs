//! The application of an Analytics instance in its stripe (contract identity 10).

use obol_domain::{
    BoxFuture, InstanceRegistrar,
    registrar::{RegisteredInstance, RegistrarError},
};
use obol_protocol::oci::ocid;
use obol_store::{
    StoreError, Tx,
    app_roles::{self, AppRole},
    apps::{self, App, ClientSecret, ClientType},
    grants::{self, Grantee, NewGrant},
    stripes,
};

use crate::Identity;

/// The app roles of an instance's application; the last two are unused, as at Oracle.
pub const SERVICE_ROLES: [&str; 5] =
    ["ServiceAdministrator", "ServiceUser", "ServiceViewer", "ServiceDeployer", "ServiceDeveloper"];
/// The one its creator is granted.
const CREATORS_ROLE: &str = "ServiceAdministrator";

/// The name of an instance's application.
pub fn application_name(instance_id: &str) -> String {
    format!("ANALYTICSINST_{instance_id}")
}

impl InstanceRegistrar for Identity {
    fn register<'a>(&'a self, instance: &'a RegisteredInstance) -> BoxFuture<'a, Result<(), RegistrarError>> {
        Box::pin(async move {
            let mut tx = self.0.db.begin().await.map_err(unavailable)?;
            let app_id = match apps::find_name(&mut tx, &instance.stripe, &application_name(&instance.instance_id))
                .await
                .map_err(unavailable)?
            {
                Some(app_id) => app_id,
                None => self.insert_application(&mut tx, instance).await?,
            };
            self.grant_creator(&mut tx, instance, &app_id).await?;
            stripes::bump(&mut tx, &instance.stripe).await.map_err(unavailable)?;
            tx.commit().await.map_err(unavailable)?;
            self.forget(&instance.stripe);
            Ok(())
        })
    }

    fn unregister<'a>(&'a self, stripe: &'a str, instance_id: &'a str) -> BoxFuture<'a, Result<(), RegistrarError>> {
        Box::pin(async move {
            let mut tx = self.0.db.begin().await.map_err(unavailable)?;
            if apps::delete_named(&mut tx, stripe, &application_name(instance_id)).await.map_err(unavailable)? {
                stripes::bump(&mut tx, stripe).await.map_err(unavailable)?;
                tx.commit().await.map_err(unavailable)?;
                self.forget(stripe);
            }
            Ok(())
        })
    }
}

impl Identity {
    async fn insert_application(&self, tx: &mut Tx, instance: &RegisteredInstance) -> Result<String, RegistrarError> {
        let entropy = &*self.0.entropy;
        let now = self.now();
        let app = App {
            id: entropy.hex32(),
            ocid: ocid::mint("domainapp", None, &entropy.ocid_unique()).to_string(),
            name: application_name(&instance.instance_id),
            display_name: instance.instance_name.clone(),
            description: "Oracle Analytics Cloud".to_owned(),
            client_type: ClientType::Confidential,
            is_active: true,
            is_oauth_client: false,
            is_oauth_resource: true,
            is_opc_service: true,
            allowed_grants: Vec::new(),
            allowed_operations: Vec::new(),
            audience: Some(instance.service_url.clone()),
            secret: ClientSecret::None,
            created_at: now,
            modified_at: now,
        };
        match apps::insert(tx, &instance.stripe, &app).await {
            Ok(()) => {}
            Err(StoreError::Dangling) => {
                return Err(RegistrarError::Rejected(format!("the stripe {} is not there", instance.stripe)));
            }
            Err(error) => return Err(unavailable(error)),
        }
        for name in SERVICE_ROLES {
            let role = AppRole {
                id: entropy.hex32(),
                app_id: app.id.clone(),
                display_name: name.to_owned(),
                is_admin: false,
                available_to_users: true,
                available_to_groups: true,
                available_to_clients: true,
            };
            app_roles::insert(tx, &instance.stripe, &role).await.map_err(unavailable)?;
        }
        Ok(app.id)
    }

    async fn grant_creator(
        &self,
        tx: &mut Tx,
        instance: &RegisteredInstance,
        app_id: &str,
    ) -> Result<(), RegistrarError> {
        let RegisteredInstance { stripe, creator_user_id: creator, .. } = instance;
        let role = app_roles::find(tx, stripe, app_id, CREATORS_ROLE).await.map_err(unavailable)?;
        let role =
            role.ok_or_else(|| RegistrarError::Rejected(format!("the app role {CREATORS_ROLE} is not there")))?;
        if grants::user_holds(tx, stripe, creator, &role).await.map_err(unavailable)? {
            return Ok(());
        }
        let id = self.0.entropy.hex32();
        let grant =
            NewGrant { id: &id, role_id: &role, grantee: Grantee::User(creator), mechanism: "SERVICE_MANAGER_TO_USER" };
        match grants::insert(tx, stripe, &grant, self.now()).await {
            Ok(()) => Ok(()),
            Err(StoreError::Dangling) => Err(RegistrarError::Rejected(format!("the user {creator} is not there"))),
            Err(error) => Err(unavailable(error)),
        }
    }
}

fn unavailable(error: StoreError) -> RegistrarError {
    RegistrarError::Unavailable(Box::new(error))
}
