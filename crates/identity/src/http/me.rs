//! `GET /admin/v1/Me`: the user a bearer token speaks for (contract identity 6.4).

use axum::{extract::State, response::Response};
use http::{HeaderValue, header};
use obol_domain::{app_role::SCOPE_ME, entropy::hex};
use obol_protocol::{
    Timestamp,
    scim::{
        Email, Meta, Name, User,
        user::{Capabilities, IdcsUser, Locked, UserState, schema},
    },
};
use obol_store::users;

use super::{answer, context::Door};
use crate::{Identity, ServiceError, cache::LoadedStripe, tokens::TokenFault};

pub(super) async fn get(State(identity): State<Identity>, door: Door) -> Response {
    match identity.me(&door).await {
        Ok(Some(me)) => {
            let mut response = answer::resource(&me);
            if let Some(version) = me.meta.version.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
                response.headers_mut().insert(header::ETAG, version);
            }
            response
        }
        Ok(None) => answer::unknown_stripe(),
        Err(fault) => answer::token_not_accepted(&fault),
    }
}

impl Identity {
    async fn me(&self, door: &Door) -> Result<Option<User>, TokenFault> {
        let Some(stripe) = self.locate(&door.locator, door.now).await? else { return Ok(None) };
        let accepted = self.accept_token_of(&stripe, door.bearer.expose(), door.now).await?;
        let user = self.token_user(&accepted, SCOPE_ME, door.now).await?.user;
        let base = door.base.as_ref().map_or(&stripe.url, |base| &base.0);
        Ok(Some(self.render(&stripe, user, base, door.now)?))
    }

    fn render(
        &self,
        stripe: &LoadedStripe,
        user: users::User,
        base: &str,
        now: Timestamp,
    ) -> Result<User, ServiceError> {
        let locked = user.lock.is_locked(stripe.row.lockout, now);
        let formatted = user.given_name.as_ref().map(|given| format!("{given} {}", user.family_name));
        let mut me = User {
            schemas: [schema::CORE, schema::USER_STATE, schema::USER, schema::CAPABILITIES].map(str::to_owned).to_vec(),
            meta: Meta {
                created: user.created_at,
                last_modified: user.modified_at,
                resource_type: "Me".to_owned(),
                location: format!("{base}/admin/v1/Me/{}", user.id),
                version: None,
            },
            id: user.id,
            ocid: Some(user.ocid),
            user_name: user.user_name,
            name: Name {
                formatted: Some(formatted.unwrap_or_else(|| user.family_name.clone())),
                family_name: user.family_name,
                given_name: user.given_name,
            },
            display_name: Some(user.display_name),
            emails: Email::work_and_recovery(&user.email),
            active: user.is_active,
            preferred_language: Some(user.preferred_language),
            locale: Some(user.locale),
            timezone: Some(user.timezone),
            domain_ocid: Some(stripe.row.domain_id.clone()),
            tenancy_ocid: Some(stripe.row.tenancy_id.clone()),
            compartment_ocid: Some(stripe.row.tenancy_id.clone()),
            user_state: UserState { locked: Locked { on: locked } },
            idcs: IdcsUser::default(),
            capabilities: Capabilities::default(),
        };
        me.meta.version = Some(self.version(&me)?);
        Ok(me)
    }

    /// 32 hex digits that change with the resource (contract identity 6.1).
    fn version(&self, resource: &impl serde::Serialize) -> Result<String, ServiceError> {
        let bytes = serde_json::to_vec(resource)
            .map_err(|error| ServiceError::Sign(obol_protocol::jose::SignError::Claims(error)))?;
        let hash = self.0.master.keyed_hash("resource version", &bytes);
        Ok(hash.first_chunk::<16>().map(|half| hex(half)).unwrap_or_default())
    }
}
