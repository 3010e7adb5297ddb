//! A call that was let in, and what every resource asks of it.

use std::sync::Arc;

use obol_domain::{
    administration::{Access, Endpoint},
    app_role::{BuiltInRole, IDCS_APP_ID},
    audit::{Cause, Event, Outcome, Party},
    entropy::hex,
};
use obol_protocol::{Timestamp, oci::ocid};
use obol_store::{Tx, grants, people, stripes};
use serde_json::{Value, json};

use super::{AdminCaller, Refusal};
use crate::{Identity, cache::LoadedStripe};

/// The role above all, and its application.
const DOMAIN_ADMINISTRATOR: (&str, &str) = (IDCS_APP_ID, BuiltInRole::IdentityDomainAdministrator.name());

/// A call of the administration API.
pub(crate) struct Call {
    pub(crate) identity: Identity,
    pub(crate) stripe: Arc<LoadedStripe>,
    pub(crate) caller: AdminCaller,
    /// The one instant of the request.
    pub(crate) now: Timestamp,
    /// The stripe's address as this client reaches it.
    pub(crate) base: String,
    /// The id in the path, or nothing.
    pub(crate) id: String,
    /// The query's parameters, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// The body; null where there is none.
    pub(crate) body: Value,
    /// The header `If-Match`.
    pub(crate) if_match: Option<String>,
    /// In which request it happens, and at whose will, for the trail.
    pub(crate) cause: Cause,
}

impl Call {
    /// The stripe's name.
    pub(crate) fn stripe(&self) -> &str {
        &self.stripe.row.name
    }

    /// The database.
    pub(crate) fn db(&self) -> &obol_store::Db {
        &self.identity.0.db
    }

    /// A new SCIM id.
    pub(crate) fn new_id(&self) -> String {
        self.identity.0.entropy.hex32()
    }

    /// A new OCID.
    pub(crate) fn new_ocid(&self, kind: &str) -> String {
        ocid::mint(kind, None, &self.identity.0.entropy.ocid_unique()).to_string()
    }

    /// The caller as it is kept with what it changes.
    pub(crate) fn actor(&self) -> String {
        self.caller.actor().to_string()
    }

    /// The version of a resource: 32 hex digits that change with its revision, also its `ETag` (contract identity 6.1).
    pub(crate) fn version(&self, kind: &str, id: &str, revision: i64) -> String {
        let text = format!("{}\n{kind}\n{id}\n{revision}", self.stripe());
        let hash = self.identity.0.master.keyed_hash("resource version", text.as_bytes());
        hash.first_chunk::<16>().map(|half| hex(half)).unwrap_or_default()
    }

    /// Refuses a change of what is not any more as the caller saw it (contract identity 6.1).
    pub(crate) fn check_version(&self, version: &str) -> Result<(), Refusal> {
        let Some(wanted) = &self.if_match else { return Ok(()) };
        let matches = |tag: &str| {
            let tag = tag.trim();
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            tag == "*" || tag.trim_matches('"') == version
        };
        if wanted.split(',').any(matches) { Ok(()) } else { Err(Refusal::VersionDiffers) }
    }

    /// Refuses what this endpoint would refuse.
    pub(crate) fn demand(&self, endpoint: Endpoint, access: Access) -> Result<(), Refusal> {
        Ok(self.caller.asking().may(endpoint, access)?)
    }

    /// Writes the record of a change into the change's own transaction; `event` is its id without the outcome.
    pub(crate) async fn audit(
        &self,
        tx: &mut Tx,
        event: &'static str,
        target: Party,
        changed: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<(), Refusal> {
        let event = Event::new(event, Outcome::Success, self.cause.clone(), self.now).on(target).changing(changed);
        Ok(self.identity.audit(tx, self.stripe(), &[event]).await?)
    }

    /// A resource's address.
    pub(crate) fn location(&self, endpoint: &str, id: &str) -> String {
        format!("{}/admin/v1{endpoint}/{id}", self.base)
    }

    /// Who made or changed something, as it is answered: with their address.
    pub(crate) fn actor_shown(&self, kept: &str) -> Option<Value> {
        let mut actor: Value = serde_json::from_str(kept).ok()?;
        let members = actor.as_object_mut()?;
        let id = members.get("value")?.as_str()?.to_owned();
        let endpoint = if members.get("type")?.as_str()? == "App" { "/Apps" } else { "/Users" };
        members.insert("$ref".to_owned(), json!(self.location(endpoint, &id)));
        Some(actor)
    }

    /// Refuses to touch the credentials, the status or the existence of somebody who may do more than the caller: only who
    /// holds each of their administrator's roles, or is Identity Domain Administrator, may.
    pub(crate) async fn guard_target(&self, user_id: &str) -> Result<(), Refusal> {
        if self.caller.holds(BuiltInRole::IdentityDomainAdministrator) {
            return Ok(());
        }
        let held = grants::of_user(self.db(), self.stripe(), user_id).await?;
        let above = held.iter().filter(|role| role.is_admin).any(|role| {
            let known = BuiltInRole::named(&role.name).filter(|_| role.app_id == IDCS_APP_ID);
            known.is_none_or(|known| !self.caller.holds(known))
        });
        if above { Err(Refusal::TargetAboveCaller) } else { Ok(()) }
    }

    /// Whether a user is an Identity Domain Administrator.
    pub(crate) async fn is_domain_administrator(&self, user_id: &str) -> Result<bool, Refusal> {
        let held = grants::of_user(self.db(), self.stripe(), user_id).await?;
        Ok(held.iter().any(|held| (held.app_id.as_str(), held.name.as_str()) == DOMAIN_ADMINISTRATOR))
    }

    /// Refuses what would leave the stripe without an active Identity Domain Administrator. It holds the stripe's row, so
    /// that two of them cannot remove each other at the same moment.
    pub(crate) async fn guard_last_administrator(&self, tx: &mut Tx, user_id: &str) -> Result<(), Refusal> {
        stripes::bump(tx, self.stripe()).await?;
        self.check_administrator_remains(tx, user_id).await
    }

    /// Refuses where nobody but this user, if one is named, is an active Identity Domain Administrator by now. The stripe's
    /// row must be held.
    pub(crate) async fn check_administrator_remains(&self, tx: &mut Tx, user_id: &str) -> Result<(), Refusal> {
        let others = people::other_holders(tx, self.stripe(), DOMAIN_ADMINISTRATOR, user_id).await?;
        if others == 0 { Err(Refusal::LastAdministrator) } else { Ok(()) }
    }
}
