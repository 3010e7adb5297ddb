//! `GET /AuditEvents` (contract identity 6.4): what happened in the stripe, as its trail keeps it.

use obol_domain::audit::Event;
use obol_protocol::scim::{
    AttributePath, Document, ListQuery,
    resources::audit_event::{AUDIT_EVENT, CORE},
};
use obol_store::audit::{self, LISTED, Listed};
use serde_json::json;

use super::{Answer, Call, Refusal, listing};

pub(super) async fn list(call: &Call) -> Result<Answer, Refusal> {
    page(call, listing::of_query(call, &AUDIT_EVENT)?).await
}

pub(super) async fn search(call: &Call) -> Result<Answer, Refusal> {
    page(call, listing::of_search(call, &AUDIT_EVENT)?).await
}

async fn page(call: &Call, mut query: ListQuery) -> Result<Answer, Refusal> {
    // What happened is read in the order in which it happened.
    query.sort_by.get_or_insert_with(|| AttributePath::plain("timestamp"));
    let page = listing::read(call, &AUDIT_EVENT, &LISTED, &query, None, audit::read_listed).await?;
    let documents: Vec<_> = page.items.iter().map(|listed| shown(call, listed)).collect();
    Answer::page(&AUDIT_EVENT, &query, page.total, &documents, page.last)
}

pub(super) async fn get(call: &Call) -> Result<Answer, Refusal> {
    let found = if call.id.contains('\0') { None } else { audit::get(call.db(), call.stripe(), &call.id).await? };
    let listed = found.ok_or(Refusal::NotFound("AuditEvent"))?;
    Answer::resource(call, &AUDIT_EVENT, &shown(call, &listed))
}

fn shown(call: &Call, listed: &Listed) -> Document {
    let Event { event_id, outcome, timestamp, cause, target, changed, message } = &listed.event;
    let mut document = Document::new();
    let optional = |text: &str| (!text.is_empty()).then(|| json!(text));
    let target = target.as_ref();
    for (name, value) in [
        ("schemas", Some(json!([CORE.urn]))),
        ("id", Some(json!(listed.id))),
        ("eventId", Some(json!(event_id))),
        ("timestamp", Some(json!(timestamp))),
        ("outcome", Some(json!(outcome.as_str()))),
        ("ecId", Some(json!(cause.ec_id))),
        ("actorId", optional(&cause.actor.id)),
        ("actorName", optional(&cause.actor.name)),
        ("actorType", Some(json!(cause.actor.kind))),
        ("clientId", cause.client.as_deref().and_then(optional)),
        ("clientIp", cause.client_ip.as_deref().and_then(optional)),
        ("adminResourceId", target.and_then(|target| optional(&target.id))),
        ("adminResourceName", target.and_then(|target| optional(&target.name))),
        ("adminResourceType", target.map(|target| json!(target.kind))),
        ("adminValuesChanged", (!changed.is_empty()).then(|| json!(changed))),
        ("message", optional(message)),
    ] {
        if let Some(value) = value {
            document.insert(name.to_owned(), value);
        }
    }
    document.insert(
        "meta".to_owned(),
        json!({
            "created": timestamp, "lastModified": timestamp, "resourceType": AUDIT_EVENT.name,
            "location": call.location(AUDIT_EVENT.endpoint, &listed.id),
        }),
    );
    document
}
