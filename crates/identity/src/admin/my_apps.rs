//! `GET /MyApps`: the applications that the calling user was given (contract identity 6.4).

use obol_protocol::scim::{
    Condition, Document, Filter,
    resources::my_app::{CORE, MY_APP},
};
use obol_store::apps::resource::{self, MINE, OwnApp};
use serde_json::json;

use super::{Answer, Call, Refusal, listing, memberships::About};

pub(super) async fn list(call: &Call) -> Result<Answer, Refusal> {
    let query = listing::of_query(call, &MY_APP)?;
    // Ids are hexadecimal digits, so that nothing in one could end the text.
    let own = Filter::parse(&format!("owner.value eq \"{}\"", call.caller.user_id()))?;
    let own = Condition::of(&own, &MY_APP)?;
    let page = listing::read(call, &MY_APP, &MINE, &query, Some(own), resource::read_own).await?;
    let documents: Vec<_> = page.items.iter().map(|app| shown(call, app)).collect();
    Answer::page(&MY_APP, &query, page.total, &documents, page.last)
}

fn shown(call: &Call, app: &OwnApp) -> Document {
    let user = call.caller.user.as_ref().map(|user| &user.user);
    let mut document = Document::new();
    for (name, value) in [
        ("name", json!(app.display_name)),
        (
            "app",
            json!({
                "value": app.id, "$ref": call.location("/Apps", &app.id), "display": app.display_name,
                "description": app.description, "active": app.is_active, "showInMyApps": true,
                "isOPCService": app.is_opc_service, "loginMechanism": "OIDC",
            }),
        ),
        (
            "owner",
            json!({
                "value": app.owner_id, "$ref": call.location("/Users", &app.owner_id),
                "userName": user.map(|user| &user.user_name), "display": user.map(|user| &user.display_name),
            }),
        ),
        ("active", json!(app.is_active)),
        ("isAccount", json!(false)),
        ("favorite", json!(false)),
        ("schemas", json!([CORE.urn])),
    ] {
        document.insert(name.to_owned(), value);
    }
    if let Some(url) = &app.landing_page_url {
        document.insert("launchUrl".to_owned(), json!(url));
    }
    let about = About {
        id: &app.id,
        ocid: "",
        created_at: app.created_at,
        modified_at: app.modified_at,
        created_by: "",
        modified_by: "",
        version: call.version("MyApp", &app.id, app.modified_at.micros()),
    };
    about.put(call, &MY_APP, &mut document);
    document
}
