//! `PUT /UserStatusChanger/{id}`: activates, deactivates and unlocks (contract identity 6.4). Who is deactivated is signed out.

use obol_domain::lockout::LockState;
use obol_protocol::scim::{Fault, incoming, resources::changers::STATUS};
use obol_store::{people, users};
use serde_json::{Value, json};

use super::{Answer, Call, Refusal};

pub(super) async fn replace(call: &Call) -> Result<Answer, Refusal> {
    let mut document = incoming::created(&STATUS, &call.body)?;
    let active = document.get("active").and_then(Value::as_bool);
    let locked = document.get("locked").and_then(|locked| locked.get("on")).and_then(Value::as_bool);
    if active.is_none() && locked.is_none() {
        return Err(Fault::Missing(vec!["active".to_owned()]).into());
    }
    if locked == Some(true) {
        let expected = "false: users are locked by wrong passwords alone".to_owned();
        return Err(Fault::Value { attribute: "locked.on".to_owned(), expected }.into());
    }
    let person = super::users::find(call, &call.id).await?;
    call.check_version(&call.version("User", &call.id, person.revision))?;
    call.guard_target(&call.id).await?;
    let administrator = active == Some(false) && call.is_domain_administrator(&call.id).await?;
    let mut tx = call.db().begin().await?;
    if administrator {
        call.guard_last_administrator(&mut tx, &call.id).await?;
    }
    if let Some(active) = active {
        people::set_active(&mut tx, call.stripe(), &call.id, active, &call.actor(), call.now).await?;
    }
    if locked == Some(false) {
        users::set_lock(&mut tx, call.stripe(), &call.id, LockState::default()).await?;
    }
    let changed = [("active", active.is_some()), ("locked", locked.is_some())];
    let changed = changed.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
    call.audit(&mut tx, "admin.user.update", super::users::party(&person), changed).await?;
    tx.commit().await?;
    if administrator {
        call.identity.forget(call.stripe());
    }
    let person = super::users::find(call, &call.id).await?;
    document.insert("active".to_owned(), json!(person.user.is_active));
    about(call, &STATUS, &mut document, &person);
    Answer::resource(call, &STATUS, &document)
}

/// What the answer of a changer has beside its own attributes: it is the user that was changed.
pub(super) fn about(
    call: &Call,
    resource: &obol_protocol::scim::ResourceType,
    document: &mut obol_protocol::scim::Document,
    person: &people::Person,
) {
    document.insert("schemas".to_owned(), json!([resource.core.urn]));
    let about = super::memberships::About {
        id: &person.user.id,
        ocid: &person.user.ocid,
        created_at: person.user.created_at,
        modified_at: person.user.modified_at,
        created_by: &person.created_by,
        modified_by: &person.modified_by,
        version: call.version("User", &person.user.id, person.revision),
    };
    about.put(call, resource, document);
}
