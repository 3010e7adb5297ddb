//! The application of an Analytics instance in its stripe (contract identity 10).

use obol_domain::{
    BoxFuture, InstanceRegistrar,
    registrar::{RegisteredInstance, RegistrarError},
};
use obol_protocol::oci::ocid;
use obol_store::{
    StoreError, Tx,
    app_roles::{self, AppRole},
    app_scopes::{self, AppScope},
    apps::{self, App, ClientSecret, ClientType, OAuthSettings},
    grants::{self, Grantee, NewGrant},
    stripes,
};

use crate::Identity;

/// The app roles of an instance's application; the last two are unused, as at Oracle.
pub const SERVICE_ROLES: [&str; 5] =
    ["ServiceAdministrator", "ServiceUser", "ServiceViewer", "ServiceDeployer", "ServiceDeveloper"];
/// The scope that opens an instance's own API (contract identity 10).
const SCOPE: &str = "urn:opc:resource:consumer::all";
/// The one its creator is granted.
const CREATORS_ROLE: &str = "ServiceAdministrator";

/// The name of an instance's application.
pub fn application_name(instance_id: &str) -> String {
    format!("ANALYTICSINST_{instance_id}")
}

impl InstanceRegistrar for Identity {
    fn register<'a>(&'a self, instance: &'a RegisteredInstance) -> BoxFuture<'a, Result<(), RegistrarError>> {
        Box::pin(async move {
            let mut tx = self.0.db.begin().await.map_err(fault)?;
            let app_id = match apps::find_name(&mut tx, &instance.stripe, &application_name(&instance.instance_id))
                .await
                .map_err(fault)?
            {
                Some(app_id) => app_id,
                None => self.insert_application(&mut tx, instance).await?,
            };
            self.grant_creator(&mut tx, instance, &app_id).await?;
            stripes::bump(&mut tx, &instance.stripe).await.map_err(fault)?;
            tx.commit().await.map_err(fault)?;
            self.forget(&instance.stripe);
            Ok(())
        })
    }

    fn unregister<'a>(&'a self, stripe: &'a str, instance_id: &'a str) -> BoxFuture<'a, Result<(), RegistrarError>> {
        Box::pin(async move {
            let mut tx = self.0.db.begin().await.map_err(fault)?;
            if apps::delete_named(&mut tx, stripe, &application_name(instance_id)).await.map_err(fault)? {
                stripes::bump(&mut tx, stripe).await.map_err(fault)?;
                tx.commit().await.map_err(fault)?;
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
            oauth: OAuthSettings { allow_offline: true, ..OAuthSettings::default() },
            secret: ClientSecret::None,
            created_at: now,
            modified_at: now,
        };
        match apps::insert(tx, &instance.stripe, &app).await {
            Ok(()) => {}
            Err(StoreError::Dangling) => {
                return Err(RegistrarError::Rejected(format!("the stripe {} is not there", instance.stripe)));
            }
            Err(error) => return Err(fault(error)),
        }
        let scope = AppScope {
            app_id: app.id.clone(),
            value: SCOPE.to_owned(),
            fqs: format!("{}{SCOPE}", instance.service_url),
            display_name: instance.instance_name.clone(),
            description: String::new(),
            requires_consent: false,
        };
        app_scopes::replace(tx, &instance.stripe, &app.id, &[scope]).await.map_err(fault)?;
        for name in SERVICE_ROLES {
            let role = AppRole {
                id: entropy.hex32(),
                app_id: app.id.clone(),
                display_name: name.to_owned(),
                is_admin: false,
                available_to_users: true,
                available_to_groups: true,
                available_to_clients: true,
                description: String::new(),
                is_public: false,
                created_at: now,
            };
            app_roles::insert(tx, &instance.stripe, &role).await.map_err(fault)?;
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
        let role = app_roles::find(tx, stripe, app_id, CREATORS_ROLE).await.map_err(fault)?;
        let role =
            role.ok_or_else(|| RegistrarError::Rejected(format!("the app role {CREATORS_ROLE} is not there")))?;
        if grants::user_holds(tx, stripe, creator, &role).await.map_err(fault)? {
            return Ok(());
        }
        let id = self.0.entropy.hex32();
        let grant =
            NewGrant { id: &id, role_id: &role, grantee: Grantee::User(creator), mechanism: "SERVICE_MANAGER_TO_USER" };
        match grants::insert(tx, stripe, &grant, self.now()).await {
            Ok(()) => Ok(()),
            Err(StoreError::Dangling) => Err(RegistrarError::Rejected(format!("the user {creator} is not there"))),
            Err(error) => Err(fault(error)),
        }
    }
}

/// Whether repeating may help. A row that was there already, or a statement refused as the engine refuses whoever loses a
/// race, may go well the next time; a row that cannot be read stays so.
fn fault(error: StoreError) -> RegistrarError {
    match error {
        StoreError::Unavailable(_) | StoreError::Refused(_) | StoreError::Duplicate { .. } => {
            RegistrarError::Unavailable(Box::new(error))
        }
        StoreError::Corrupt { .. } => {
            tracing::error!(error = obol_domain::with_causes(&error), "an application could not be read");
            RegistrarError::Rejected("what is kept of the stripe cannot be read".to_owned())
        }
        StoreError::Dangling => {
            RegistrarError::Rejected("the stripe, the role or the creator is not there any more".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{STRIPE, World};

    fn instance(world: &World) -> RegisteredInstance {
        RegisteredInstance {
            stripe: STRIPE.into(),
            instance_id: "ocid1.analyticsinstance.oc1..x".into(),
            instance_name: "myoac".into(),
            creator_user_id: world.user.id.clone(),
            service_url: "https://myoac.example.com".into(),
        }
    }

    // Contract identity 10.
    #[tokio::test]
    async fn an_instances_application_has_the_service_roles_and_its_creator_administers_it() {
        let world = World::new().await;
        let instance = instance(&world);
        world.identity.register(&instance).await.unwrap();
        let name = "ANALYTICSINST_ocid1.analyticsinstance.oc1..x";
        let app = apps::by_name(world.db(), STRIPE, name).await.unwrap().unwrap();
        assert_eq!(app.audience.as_deref(), Some("https://myoac.example.com"));
        let mut roles: Vec<_> = app_roles::of_app(world.db(), STRIPE, &app.id)
            .await
            .unwrap()
            .into_iter()
            .map(|role| role.display_name)
            .collect();
        let mut expected = SERVICE_ROLES.map(str::to_owned).to_vec();
        roles.sort();
        expected.sort();
        assert_eq!(roles, expected);
        let held = grants::of_user(world.db(), STRIPE, &world.user.id).await.unwrap();
        assert!(held.iter().any(|role| role.app_id == app.id && role.name == "ServiceAdministrator"));
        let listed = world.identity.applications(STRIPE).await.unwrap();
        assert!(listed.iter().any(|app| app.client_id == name && app.is_service && !app.can_generate()));
    }

    #[tokio::test]
    async fn registering_and_unregistering_may_be_repeated() {
        let world = World::new().await;
        let instance = instance(&world);
        for _ in 0..2 {
            world.identity.register(&instance).await.unwrap();
        }
        assert_eq!(world.identity.applications(STRIPE).await.unwrap().len(), 2);
        for _ in 0..2 {
            world.identity.unregister(STRIPE, &instance.instance_id).await.unwrap();
        }
        assert_eq!(world.identity.applications(STRIPE).await.unwrap().len(), 1);
        let held = grants::of_user(world.db(), STRIPE, &world.user.id).await.unwrap();
        assert_eq!(held.len(), 1, "the creator's grant went along");
    }

    #[tokio::test]
    async fn a_missing_stripe_or_creator_is_rejected_for_good_and_leaves_nothing() {
        let world = World::new().await;
        let nowhere = RegisteredInstance { stripe: "idcs-x".into(), ..instance(&world) };
        assert!(matches!(world.identity.register(&nowhere).await, Err(RegistrarError::Rejected(_))));
        let nobody = RegisteredInstance { creator_user_id: "nobody".into(), ..instance(&world) };
        assert!(matches!(world.identity.register(&nobody).await, Err(RegistrarError::Rejected(_))));
        assert_eq!(world.identity.applications(STRIPE).await.unwrap().len(), 1);
        world.identity.unregister("idcs-x", "nothing").await.unwrap();
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let gone = StoreError::Unavailable("gone".into());
        let lost = StoreError::Refused("deadlock detected".into());
        let raced = StoreError::Duplicate { what: "apps.name".into() };
        for error in [gone, lost, raced] {
            assert!(matches!(fault(error), RegistrarError::Unavailable(_)));
        }
        let unreadable = StoreError::Corrupt { table: "app_roles", column: "id", key: "canary".into() };
        for error in [unreadable, StoreError::Dangling] {
            let RegistrarError::Rejected(reason) = fault(error) else { panic!("it would be tried again") };
            assert!(!reason.contains("canary"), "{reason}");
        }
    }

    #[tokio::test]
    async fn a_database_that_is_gone_may_be_tried_again() {
        let world = World::new().await;
        world.db().close().await;
        assert!(matches!(world.identity.register(&instance(&world)).await, Err(RegistrarError::Unavailable(_))));
        let gone = world.identity.unregister(STRIPE, "x").await;
        assert!(matches!(gone, Err(RegistrarError::Unavailable(_))));
    }
}
