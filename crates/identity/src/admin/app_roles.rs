//! App roles (contract identity 6.4 and 7): those of the identity domain, of Oracle's services, and of custom applications,
//! which may get more.

use std::collections::HashMap;

use obol_domain::audit::{Kind, Party};
use obol_protocol::scim::{
    Document, ListQuery, Projection, incoming,
    list::projection,
    resources::app_role::{APP_ROLE, CORE},
};
use obol_store::{
    StoreError,
    app_roles::{self, AppRole, TABLE},
    apps::resource,
    grants::{self, Grant},
    stripes,
};
use serde_json::{Value, json};

use super::{Answer, Call, Refusal, app_refusal::AppRefusal, apps, listing, memberships::About};

/// How many members one role is answered with at the most.
const MOST_MEMBERS: i64 = 1000;

pub(super) async fn list(call: &Call) -> Result<Answer, Refusal> {
    page(call, &listing::of_query(call, &APP_ROLE)?).await
}

pub(super) async fn search(call: &Call) -> Result<Answer, Refusal> {
    page(call, &listing::of_search(call, &APP_ROLE)?).await
}

async fn page(call: &Call, query: &ListQuery) -> Result<Answer, Refusal> {
    let page = listing::read(call, &APP_ROLE, &TABLE, query, None, app_roles::read).await?;
    let names = names(call, &page.items).await?;
    // Members of many roles are not read for a list: one role is asked for them.
    let documents: Vec<_> = page.items.iter().map(|role| shown(call, role, &names, &[])).collect();
    Answer::page(&APP_ROLE, query, page.total, &documents, page.last)
}

async fn names(call: &Call, roles: &[AppRole]) -> Result<HashMap<String, String>, Refusal> {
    let mut ids: Vec<&str> = roles.iter().map(|role| role.app_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(resource::names_of(call.db(), call.stripe(), &ids).await?)
}

async fn find(call: &Call) -> Result<AppRole, Refusal> {
    app_roles::get(call.db(), call.stripe(), &call.id).await?.ok_or(Refusal::NotFound("AppRole"))
}

pub(super) async fn get(call: &Call) -> Result<Answer, Refusal> {
    let role = find(call).await?;
    let projection = projection(&APP_ROLE, &call.query)?;
    Answer::projected(&APP_ROLE, &document(call, &role, &projection).await?, &projection)
}

async fn document(call: &Call, role: &AppRole, projection: &Projection) -> Result<Document, Refusal> {
    let members = if projection.wants(&APP_ROLE, "members") {
        grants::of_role(call.db(), call.stripe(), &role.id, MOST_MEMBERS).await?
    } else {
        Vec::new()
    };
    Ok(shown(call, role, &names(call, std::slice::from_ref(role)).await?, &members))
}

fn shown(call: &Call, role: &AppRole, names: &HashMap<String, String>, members: &[Grant]) -> Document {
    let mut document = Document::new();
    for (name, value) in [
        ("displayName", json!(role.display_name)),
        ("uniqueName", json!(format!("{}_{}", role.app_id, role.display_name))),
        ("adminRole", json!(role.is_admin)),
        ("availableToUsers", json!(role.available_to_users)),
        ("availableToGroups", json!(role.available_to_groups)),
        ("availableToClients", json!(role.available_to_clients)),
        ("limitedToOneOrMoreGroups", json!(false)),
        ("public", json!(role.is_public)),
        (
            "app",
            json!({
                "value": role.app_id, "$ref": call.location("/Apps", &role.app_id), "display": names.get(&role.app_id),
            }),
        ),
        ("schemas", json!([CORE.urn])),
    ] {
        document.insert(name.to_owned(), value);
    }
    if !role.description.is_empty() {
        document.insert("description".to_owned(), json!(role.description));
    }
    if !members.is_empty() {
        let members = members.iter().map(|grant| {
            let endpoint = if grant.grantee_type == "Group" { "/Groups" } else { "/Users" };
            json!({
                "value": grant.grantee_id, "$ref": call.location(endpoint, &grant.grantee_id),
                "display": grant.grantee_name, "type": grant.grantee_type,
            })
        });
        document.insert("members".to_owned(), members.collect());
    }
    let about = About {
        id: &role.id,
        ocid: "",
        created_at: role.created_at,
        modified_at: role.created_at,
        created_by: "",
        modified_by: "",
        version: call.version("AppRole", &role.id, 1),
    };
    about.put(call, &APP_ROLE, &mut document);
    document
}

pub(super) async fn create(call: &Call) -> Result<Answer, Refusal> {
    let document = incoming::created(&APP_ROLE, &call.body)?;
    let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let flag = |name: &str, otherwise| document.get(name).and_then(Value::as_bool).unwrap_or(otherwise);
    let app_id = document.get("app").and_then(|app| app.get("value")).and_then(Value::as_str).unwrap_or_default();
    let app = resource::get(call.db(), call.stripe(), app_id).await?;
    let app = app.ok_or(Refusal::Reference { attribute: "AppRole.app", kind: "App" })?;
    if app.app.is_opc_service {
        return Err(AppRefusal::ServiceOwned.into());
    }
    let role = AppRole {
        id: call.new_id(),
        app_id: app.app.id,
        display_name: text("displayName"),
        is_admin: flag("adminRole", false),
        available_to_users: flag("availableToUsers", false),
        available_to_groups: flag("availableToGroups", false),
        available_to_clients: flag("availableToClients", false),
        description: text("description"),
        is_public: flag("public", false),
        created_at: call.now,
    };
    let mut tx = call.db().begin().await?;
    stripes::bump(&mut tx, call.stripe()).await?;
    app_roles::insert(&mut tx, call.stripe(), &role).await.map_err(|error| match error {
        StoreError::Duplicate { .. } => Refusal::Duplicate { kind: "AppRole", attribute: "displayName" },
        StoreError::Dangling => Refusal::Reference { attribute: "AppRole.app", kind: "App" },
        error => error.into(),
    })?;
    let on = Party::new(Kind::AppRole, &role.id, &role.display_name);
    call.audit(&mut tx, "admin.approle.create", on, [""; 0]).await?;
    tx.commit().await?;
    call.identity.forget(call.stripe());
    let document = self::document(call, &role, &projection(&APP_ROLE, &call.query)?).await?;
    Answer::created(call, &APP_ROLE, &document)
}

pub(super) async fn delete(call: &Call) -> Result<Answer, Refusal> {
    let role = find(call).await?;
    let app = apps::find(call, &role.app_id).await?;
    if app.app.is_opc_service {
        return Err(AppRefusal::BuiltInRole.into());
    }
    call.check_version(&call.version("AppRole", &role.id, 1))?;
    let mut tx = call.db().begin().await?;
    stripes::bump(&mut tx, call.stripe()).await?;
    if !app_roles::delete(&mut tx, call.stripe(), &role.id).await? {
        return Err(Refusal::NotFound("AppRole"));
    }
    let on = Party::new(Kind::AppRole, &role.id, &role.display_name);
    call.audit(&mut tx, "admin.approle.delete", on, [""; 0]).await?;
    tx.commit().await?;
    call.identity.forget(call.stripe());
    Ok(Answer::nothing())
}
