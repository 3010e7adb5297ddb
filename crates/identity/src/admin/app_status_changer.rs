//! `PUT /AppStatusChanger/{id}`: activates and deactivates an application (contract identity 5.3).

use obol_protocol::scim::{Document, incoming, resources::app::STATUS};
use obol_store::{
    apps::{self, resource},
    stripes,
};
use serde_json::{Value, json};

use super::{Answer, Call, Refusal, apps::changeable, audited};

pub(super) async fn replace(call: &Call) -> Result<Answer, Refusal> {
    let document = incoming::created(&STATUS, &call.body)?;
    let active = document.get("active").and_then(Value::as_bool).unwrap_or_default();
    let app = changeable(call, &call.id).await?;
    let mut tx = call.db().begin().await?;
    stripes::bump(&mut tx, call.stripe()).await?;
    if !apps::set_active(&mut tx, call.stripe(), &call.id, active, call.now).await? {
        return Err(Refusal::NotFound("App"));
    }
    resource::changed_by(&mut tx, call.stripe(), &call.id, &call.actor(), call.now).await?;
    let event = if active { "admin.app.activate" } else { "admin.app.deactivate" };
    audited::app(call, &mut tx, event, &app.app, vec!["active".to_owned()]).await?;
    tx.commit().await?;
    call.identity.forget(call.stripe());
    let mut shown = Document::new();
    shown.insert("schemas".to_owned(), json!([STATUS.core.urn]));
    shown.insert("id".to_owned(), json!(call.id));
    shown.insert("active".to_owned(), json!(active));
    let location = call.location(STATUS.endpoint, &call.id);
    shown.insert("meta".to_owned(), json!({"resourceType": STATUS.name, "location": location}));
    Answer::resource(call, &STATUS, &shown)
}
