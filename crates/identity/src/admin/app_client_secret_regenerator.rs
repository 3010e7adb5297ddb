//! `/AppClientSecretRegenerator`: gives an application another secret and shows it once (contract identity 5.3). The old
//! collections of requests ask for it with GET, which changes it all the same.

use obol_protocol::scim::{Document, incoming, resources::app::SECRET};
use obol_store::{
    apps::{self, ClientType, resource},
    stripes,
};
use serde_json::{Value, json};

use super::{
    Answer, Call, Refusal,
    app_refusal::AppRefusal,
    apps::{changeable, kept_secret},
    audited,
};

pub(super) async fn create(call: &Call) -> Result<Answer, Refusal> {
    let document = incoming::created(&SECRET, &call.body)?;
    let app_id = document.get("appId").and_then(Value::as_str).unwrap_or_default();
    let shown = regenerate(call, app_id).await?;
    Answer::created(call, &SECRET, &shown)
}

pub(super) async fn get(call: &Call) -> Result<Answer, Refusal> {
    let shown = regenerate(call, &call.id).await?;
    Answer::resource(call, &SECRET, &shown)
}

async fn regenerate(call: &Call, app_id: &str) -> Result<Document, Refusal> {
    let app = changeable(call, app_id).await?;
    if app.app.client_type == ClientType::Public {
        return Err(AppRefusal::SecretOfPublic.into());
    }
    let (secret, kept) = kept_secret(call, app_id, None).await?;
    let mut tx = call.db().begin().await?;
    stripes::bump(&mut tx, call.stripe()).await?;
    if !apps::set_secret(&mut tx, call.stripe(), app_id, &kept, call.now).await? {
        return Err(Refusal::NotFound("App"));
    }
    resource::changed_by(&mut tx, call.stripe(), app_id, &call.actor(), call.now).await?;
    audited::app(call, &mut tx, "admin.app.clientsecret.regenerate", &app.app, vec!["clientSecret".to_owned()]).await?;
    tx.commit().await?;
    call.identity.forget(call.stripe());
    let mut shown = Document::new();
    shown.insert("schemas".to_owned(), json!([SECRET.core.urn]));
    shown.insert("id".to_owned(), json!(app_id));
    shown.insert("appId".to_owned(), json!(app_id));
    shown.insert("clientSecret".to_owned(), json!(secret.expose()));
    let location = call.location(SECRET.endpoint, app_id);
    shown.insert("meta".to_owned(), json!({"resourceType": SECRET.name, "location": location}));
    Ok(shown)
}
