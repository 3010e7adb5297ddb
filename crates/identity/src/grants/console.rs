//! The console's *Generate Access Token* on an application's page (contract identity 4): a token with the application's own
//! client id for the user who is signed in. *Available Scopes* are all that the client is allowed; *Customized Scopes* are
//! app roles (*Invokes Identity Cloud Service APIs*), or scopes of one resource server (*Invokes Other APIs*).

use obol_domain::{
    Explanation,
    app_role::BuiltInRole,
    audit::Cause,
    scopes::{self, ResourceRights, Rights, ScopeRefusal},
};
use obol_protocol::oauth::{GrantType, Scope, ScopeList, TokenFile};
use obol_store::apps::ClientType;

use crate::{
    Identity, ServiceError, StripeLocator,
    cache::LoadedClient,
    claims::{self, Origin},
    users::{SignInRefusal, UserWithRoles, unknown_stripe},
};

/// Why the dialog generated nothing.
#[derive(Debug, thiserror::Error)]
pub enum GenerateRefusal {
    /// There is no such stripe.
    #[error("there is no such stripe")]
    UnknownStripe,
    /// There is no such application.
    #[error("there is no such application")]
    UnknownApplication,
    /// A public application, or no client at all.
    #[error("the application is not a confidential client")]
    NotConfidential,
    /// The application is not active.
    #[error("the application is not active")]
    Inactive,
    /// The application may not use the JWT assertion grant.
    #[error("the application may not use the JWT assertion grant")]
    NoJwtAssertion,
    /// No role and no scope was chosen.
    #[error("nothing was chosen")]
    NothingChosen,
    /// The user may not act any more.
    #[error("the user may not act")]
    User(#[from] SignInRefusal),
    /// A chosen role cannot be granted.
    #[error("a chosen role cannot be granted")]
    Scope(#[from] ScopeRefusal),
    /// The service failed.
    #[error("the service failed")]
    Service(#[from] ServiceError),
}

/// What is chosen in the dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// *Available Scopes*: all that the application and the user both have.
    Available,
    /// *Customized Scopes*: app roles by display name.
    Roles(&'a [&'a str]),
    /// *Customized Scopes*: fully qualified scopes of one resource server.
    Scopes(&'a [&'a str]),
}

impl Identity {
    /// Generates the file that *Download Token* saves. `roles` are display names of app roles that the application was
    /// granted, e.g. `Me`; the token lives for the default hour.
    ///
    /// # Errors
    ///
    /// [`GenerateRefusal`], in the order of the dialog's prerequisites.
    pub async fn generate_access_token(
        &self,
        stripe: &str,
        acting_user_id: &str,
        app_id: &str,
        roles: &[&str],
        cause: &Cause,
    ) -> Result<TokenFile, GenerateRefusal> {
        self.generate(stripe, acting_user_id, app_id, Choice::Roles(roles), cause).await
    }

    /// Generates the file that *Download Token* saves, for what was chosen in the dialog.
    ///
    /// # Errors
    ///
    /// [`GenerateRefusal`], in the order of the dialog's prerequisites.
    pub async fn generate(
        &self,
        stripe: &str,
        acting_user_id: &str,
        app_id: &str,
        choice: Choice<'_>,
        cause: &Cause,
    ) -> Result<TokenFile, GenerateRefusal> {
        let now = self.now();
        let locator = StripeLocator::Named(stripe.to_owned());
        let stripe = self.locate(&locator, now).await?.ok_or(GenerateRefusal::UnknownStripe)?;
        let client = self.client_now(&stripe, app_id).await?.ok_or(GenerateRefusal::UnknownApplication)?;
        if !client.app.is_oauth_client || client.app.client_type == ClientType::Public {
            return Err(GenerateRefusal::NotConfidential);
        }
        if !client.app.is_active {
            return Err(GenerateRefusal::Inactive);
        }
        if !client.app.allowed_grants.iter().any(|grant| grant == GrantType::JwtBearer.as_str()) {
            return Err(GenerateRefusal::NoJwtAssertion);
        }
        let scope = chosen(choice, &client).ok_or(GenerateRefusal::NothingChosen)?;
        let UserWithRoles { user, roles: held } = self.acting_user(&stripe, acting_user_id, now).await?;
        let known = self.0.cache.known_scopes(&stripe, &scope).await.map_err(ServiceError::Store)?;
        let oauth = &client.app.oauth;
        let resources = ResourceRights {
            known: &known,
            allowed: &oauth.allowed_scopes,
            trust: oauth.trust_scope.resolved(stripe.row.default_trust_scope),
            tags: &oauth.allowed_tags,
            several: false,
            refresh: false,
        };
        let rights = Rights { client: &client.roles, user: Some(&held), on_behalf_of_user: false, resources };
        let granted = scopes::resolve(&scope, rights)?;
        let issue = self.issue(&granted, now, Origin::Console);
        let claims = claims::for_user(&stripe, &client, &user, &held, true, issue);
        let token = stripe.key.sign(&claims).map_err(ServiceError::Sign)?;
        self.audit_token(&stripe, &claims, cause, now);
        Ok(TokenFile::new(token))
    }
}

/// The scopes that were chosen; nothing when none were.
fn chosen(choice: Choice<'_>, client: &LoadedClient) -> Option<ScopeList> {
    let other = |fqs: &str| Scope::Other(fqs.to_owned());
    match choice {
        // What every client may do without a grant counts only where there is nothing else.
        Choice::Available => {
            let allowed = &client.app.oauth.allowed_scopes;
            let has_roles = client.roles.iter().any(|role| *role != BuiltInRole::AuthenticatedClient);
            let admin = (has_roles || allowed.is_empty()).then_some(Scope::MyScopes);
            Some(admin.into_iter().chain(allowed.iter().map(|fqs| other(fqs))).collect())
        }
        Choice::Roles([]) | Choice::Scopes([]) => None,
        Choice::Roles(roles) => Some(roles.iter().map(|role| Scope::Role((*role).to_owned())).collect()),
        Choice::Scopes(scopes) => Some(scopes.iter().map(|fqs| other(fqs)).collect()),
    }
}

impl GenerateRefusal {
    /// The record for whoever asks why. Service failures have none: they are not the caller's.
    pub fn explanation(&self) -> Option<Explanation> {
        let prerequisite = |seen: &'static str, fix: &'static str| {
            Explanation::new(
                "application_can_generate",
                "an active confidential application with the JWT Assertion grant",
                seen,
                fix,
            )
        };
        Some(match self {
            Self::UnknownStripe => unknown_stripe(),
            Self::UnknownApplication => prerequisite("no such application", "open the application from the list"),
            Self::NotConfidential => {
                prerequisite("a public application, or none that is a client", "use a confidential application")
            }
            Self::Inactive => prerequisite("an inactive application", "activate the application"),
            Self::NoJwtAssertion => {
                prerequisite("an application without JWT Assertion", "allow the grant JWT Assertion")
            }
            Self::NothingChosen => Explanation::new(
                "scope_requested",
                "at least one app role or scope",
                "none",
                "choose one, e.g. the role Me",
            ),
            Self::User(refusal) => return refusal.explanation(),
            Self::Scope(refusal) => refusal.explanation(),
            Self::Service(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use obol_domain::app_role::BuiltInRole;
    use obol_store::{apps, users};

    use super::*;
    use crate::testing::{STRIPE, USER, World, claims, claims_text, new_application};

    async fn generate(world: &World, app_id: &str, roles: &[&str]) -> Result<TokenFile, GenerateRefusal> {
        world.identity.generate_access_token(STRIPE, &world.user.id, app_id, roles, &Cause::request("x")).await
    }

    // Contract identity 4: the application's own client id, onBehalfOfUser, amr; 3.2 Example A.
    #[tokio::test]
    async fn the_file_holds_a_token_of_the_application_for_the_user() {
        let world = World::new().await;
        let file = generate(&world, &world.app.id, &["Me"]).await.unwrap();
        assert!(file.line().unwrap().starts_with(r#"{"app_access_token":"eyJ4NXQjUzI1NiI6"#));
        insta::assert_snapshot!(claims_text(&file.app_access_token), @r#"{"client_ocid":"ocid1.domainapp.oc1..aaaaaaaayf36bfngzafse6dwlhefc3y3rmkqcutldp7mnrch7d4hjzg4wpsh","user_tz":"America/Chicago","sub":"admin@example.com","user_locale":"en","sidle":480,"idp_name":"UserNamePassword","user.tenant.name":"idcs-00000000000000000000000000000001","onBehalfOfUser":true,"idp_guid":"UserNamePassword","amr":["USERNAME_PASSWORD"],"iss":"https://identity.oraclecloud.com/","domain_home":"us-ashburn-1","ca_ocid":"ocid1.tenancy.oc1..aaaaaaaatest","user_tenantname":"idcs-00000000000000000000000000000001","client_id":"42f59ab2bf43c49de6fd00c1918aee5a","domain_id":"ocid1.domain.oc1..aaaaaaaawqctbelx66c5rw4tbhqz2a6cjtziwcdjl2vf3hc2md5ixo2votfk","user_isAdmin":true,"sub_type":"user","scope":"urn:opc:idm:t.user.me","user_ocid":"ocid1.user.oc1..aaaaaaaakhj6ryklcnt73wq4sbfah2yqgubvfnhalbo3prsstnfidb5yoiue","client_tenantname":"idcs-00000000000000000000000000000001","region_name":"us-ashburn-idcs-1","user_lang":"en","userAppRoles":["Authenticated","Identity Domain Administrator"],"exp":1795352400,"iat":1795348800,"client_guid":"a7c61772ed53f055aa1efc2902e21192","client_name":"Analytics_Token_App","idp_type":"LOCAL","tenant":"idcs-00000000000000000000000000000001","jti":"44b04b0ff12cc9a771ab0844b9b1b4f0","gtp":"jwt","user_displayname":"Ada Lovelace","opc":false,"sub_mappingattr":"userName","primTenant":true,"tok_type":"AT","aud":["https://idcs-00000000000000000000000000000001.identity.oraclecloud.com:443","urn:opc:lbaas:logicalguid=idcs-00000000000000000000000000000001"],"ca_name":"acme","user_id":"569b728638da68d8e8f23a282512d2a4","clientAppRoles":["Authenticated Client","Me"],"domain":"OracleIdentityCloudService","tenant_iss":"https://idcs-00000000000000000000000000000001.identity.oraclecloud.com:443"}"#);
    }

    #[tokio::test]
    async fn an_implicit_role_may_be_chosen_too() {
        let world = World::new().await;
        let file = generate(&world, &world.app.id, &["Me", "Me"]).await.unwrap();
        let claims = claims(&file.app_access_token);
        assert_eq!(claims["scope"], "urn:opc:idm:t.user.me");
        assert_eq!(claims["sub"], USER);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    }

    // Contract identity 4: what the dialog requires.
    #[tokio::test]
    async fn each_prerequisite_is_checked() {
        let world = World::new().await;
        assert!(matches!(generate(&world, "nothing", &["Me"]).await, Err(GenerateRefusal::UnknownApplication)));
        assert!(matches!(generate(&world, "IDCSAppId", &["Me"]).await, Err(GenerateRefusal::NotConfidential)));
        assert!(matches!(generate(&world, &world.app.id, &[]).await, Err(GenerateRefusal::NothingChosen)));
        let unknown = world
            .identity
            .generate_access_token("idcs-x", &world.user.id, &world.app.id, &["Me"], &Cause::request("x"))
            .await;
        assert!(matches!(unknown, Err(GenerateRefusal::UnknownStripe)));

        let mut new = new_application();
        new.allowed_grants = vec![GrantType::Password];
        let mut tx = world.db().begin().await.unwrap();
        let without = world.provisioning().application(&mut tx, STRIPE, &new).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(generate(&world, &without.id, &["Me"]).await, Err(GenerateRefusal::NoJwtAssertion)));

        let mut tx = world.db().begin().await.unwrap();
        apps::set_active(&mut tx, STRIPE, &world.app.id, false, world.identity.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(generate(&world, &world.app.id, &["Me"]).await, Err(GenerateRefusal::Inactive)));
    }

    #[tokio::test]
    async fn a_role_must_be_held_by_application_and_user() {
        let world = World::new().await;
        for role in ["Identity Domain Administrator", "Nonsense", ""] {
            assert!(
                matches!(
                    generate(&world, &world.app.id, &[role]).await,
                    Err(GenerateRefusal::Scope(ScopeRefusal::Client(_)))
                ),
                "{role}"
            );
        }
        let mut tx = world.db().begin().await.unwrap();
        let role = BuiltInRole::AuditAdministrator;
        world.provisioning().grant_to_client(&mut tx, STRIPE, &world.app.id, role).await.unwrap();
        tx.commit().await.unwrap();
        let refusal = generate(&world, &world.app.id, &["Audit Administrator"]).await.unwrap_err();
        assert!(matches!(refusal, GenerateRefusal::Scope(ScopeRefusal::User(_))));
        assert_eq!(refusal.explanation().unwrap().check, "scope_held_by_user");
    }

    #[tokio::test]
    async fn a_user_who_may_not_act_generates_nothing() {
        let world = World::new().await;
        let mut tx = world.db().begin().await.unwrap();
        users::set_active(&mut tx, STRIPE, &world.user.id, false, world.identity.now()).await.unwrap();
        tx.commit().await.unwrap();
        let refusal = generate(&world, &world.app.id, &["Me"]).await.unwrap_err();
        assert!(matches!(refusal, GenerateRefusal::User(SignInRefusal::Inactive)));
    }
}
