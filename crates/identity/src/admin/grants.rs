//! Grants (contract identity 6.4): who holds which app role, or access to an application. All of a grant is immutable. Nobody
//! grants or takes away a role that they could not administer, and the last Identity Domain Administrator stays one.

use obol_domain::{
    app_role::{BuiltInRole, IDCS_APP_ID},
    audit::{Kind, Party},
    granting::{GranteeKind, Mechanism},
};
use obol_protocol::scim::{
    Document, Fault, ListQuery, incoming,
    resources::grant::{CORE, GRANT},
};
use obol_store::{
    StoreError, Tx,
    app_roles::{self, AppRole},
    grants::{self, Grant, Grantee, Grantor, NewAccess, NewGrant, TABLE},
    stripes,
};
use serde_json::{Value, json};

use super::{Answer, Call, Refusal, app_refusal::AppRefusal, authority, listing, memberships::About};

/// What an entitlement is an attribute of; there is no other.
const APP_ROLES: &str = "appRoles";

pub(super) async fn list(call: &Call) -> Result<Answer, Refusal> {
    page(call, &listing::of_query(call, &GRANT)?).await
}

pub(super) async fn search(call: &Call) -> Result<Answer, Refusal> {
    page(call, &listing::of_search(call, &GRANT)?).await
}

async fn page(call: &Call, query: &ListQuery) -> Result<Answer, Refusal> {
    let page = listing::read(call, &GRANT, &TABLE, query, None, |row| row.get::<String>("id")).await?;
    let ids: Vec<&str> = page.items.iter().map(String::as_str).collect();
    let found = grants::with_ids(call.db(), call.stripe(), &ids).await?;
    let documents: Vec<_> = found.iter().map(|grant| shown(call, grant)).collect();
    Answer::page(&GRANT, query, page.total, &documents, page.last)
}

async fn find(call: &Call, id: &str) -> Result<Grant, Refusal> {
    grants::get(call.db(), call.stripe(), id).await?.ok_or(Refusal::NotFound("Grant"))
}

pub(super) async fn get(call: &Call) -> Result<Answer, Refusal> {
    Answer::resource(call, &GRANT, &shown(call, &find(call, &call.id).await?))
}

fn shown(call: &Call, grant: &Grant) -> Document {
    let endpoint = match grant.grantee_type.as_str() {
        "App" => "/Apps",
        "Group" => "/Groups",
        _ => "/Users",
    };
    let entitlement = grant.role.as_ref().map_or("", |role| &role.id);
    let key = [&grant.grantee_type, &grant.grantee_id, &grant.app_id, entitlement].join("_");
    let mut document = Document::new();
    for (name, value) in [
        ("grantMechanism", json!(grant.mechanism)),
        (
            "grantee",
            json!({
                "value": grant.grantee_id, "$ref": call.location(endpoint, &grant.grantee_id),
                "type": grant.grantee_type, "display": grant.grantee_name,
            }),
        ),
        (
            "app",
            json!({
                "value": grant.app_id, "$ref": call.location("/Apps", &grant.app_id), "display": grant.app_name,
            }),
        ),
        ("isFulfilled", json!(true)),
        ("compositeKey", json!(key)),
        ("schemas", json!([CORE.urn])),
    ] {
        document.insert(name.to_owned(), value);
    }
    if let Some(role) = &grant.role {
        document.insert("entitlement".to_owned(), json!({"attributeName": APP_ROLES, "attributeValue": role.id}));
    }
    if let Some((kind, id)) = &grant.grantor {
        let endpoint = if kind == "App" { "/Apps" } else { "/Users" };
        document.insert("grantor".to_owned(), json!({"type": kind, "value": id, "$ref": call.location(endpoint, id)}));
    }
    let about = About {
        id: &grant.id,
        ocid: "",
        created_at: grant.created_at,
        modified_at: grant.created_at,
        created_by: "",
        modified_by: "",
        version: call.version("Grant", &grant.id, 1),
    };
    about.put(call, &GRANT, &mut document);
    document
}

/// A grant that is asked for.
struct Asked {
    kind: GranteeKind,
    grantee: String,
    app: Option<String>,
    role: Option<String>,
    mechanism: Mechanism,
}

fn asked(body: &Value) -> Result<Asked, Refusal> {
    let document = incoming::created(&GRANT, body)?;
    let part = |of: &str, name: &str| {
        document.get(of).and_then(|whole| whole.get(name)).and_then(Value::as_str).map(str::to_owned)
    };
    let wrong = |attribute: &str, expected: &str| {
        Refusal::from(Fault::Value { attribute: attribute.to_owned(), expected: expected.to_owned() })
    };
    let kind: GranteeKind = part("grantee", "type")
        .and_then(|kind| kind.parse().ok())
        .ok_or_else(|| wrong("grantee.type", "one of User, Group, App"))?;
    let mechanism = document.get("grantMechanism").and_then(Value::as_str).unwrap_or_default();
    let mechanism = Mechanism::for_request(mechanism, kind).map_err(AppRefusal::Mechanism)?;
    if part("entitlement", "attributeName").is_some_and(|name| name != APP_ROLES) {
        return Err(wrong("entitlement.attributeName", APP_ROLES));
    }
    let (app, role) = (part("app", "value"), part("entitlement", "attributeValue"));
    if app.is_none() && role.is_none() {
        return Err(Fault::Missing(vec!["app.value".to_owned()]).into());
    }
    Ok(Asked { kind, grantee: part("grantee", "value").unwrap_or_default(), app, role, mechanism })
}

pub(super) async fn create(call: &Call) -> Result<Answer, Refusal> {
    let asked = asked(&call.body)?;
    let id = call.new_id();
    let mut tx = call.db().begin().await?;
    // Held before anything is read, so that what is decided on is still so at the commit.
    stripes::bump(&mut tx, call.stripe()).await?;
    let (stripe, grantee, mechanism) = (call.stripe(), grantee(&asked), asked.mechanism.as_str());
    let made = if let Some(role_id) = &asked.role {
        let role = available(call, &mut tx, &asked, role_id).await?;
        let new = NewGrant { id: &id, role_id: &role.id, grantee, mechanism };
        grants::insert_by(&mut tx, stripe, &new, grantor(call), call.now).await
    } else {
        let app_id = asked.app.as_deref().unwrap_or_default();
        let new = NewAccess { id: &id, app_id, grantee, mechanism };
        grants::insert_access(&mut tx, stripe, &new, grantor(call), call.now).await
    };
    made.map_err(|error| match error {
        StoreError::Duplicate { .. } => AppRefusal::Granted.into(),
        // The role is there; of access the application may be what is not.
        StoreError::Dangling => Refusal::Reference { attribute: "Grant", kind: "grantee or App" },
        error => error.into(),
    })?;
    let on = Party::new(Kind::Grant, &id, "");
    call.audit(&mut tx, "admin.grant.create", on, [""; 0]).await?;
    tx.commit().await?;
    call.identity.forget(call.stripe());
    Answer::created(call, &GRANT, &shown(call, &find(call, &id).await?))
}

fn grantee(asked: &Asked) -> Grantee<'_> {
    match asked.kind {
        GranteeKind::User => Grantee::User(&asked.grantee),
        GranteeKind::Group => Grantee::Group(&asked.grantee),
        GranteeKind::App => Grantee::Client(&asked.grantee),
    }
}

fn grantor(call: &Call) -> Grantor<'_> {
    match (&call.caller.user, &call.caller.client) {
        (Some(user), _) => Grantor::User(&user.user.id),
        (None, Some(client)) => Grantor::Client(&client.app.id),
        (None, None) => Grantor::Service,
    }
}

/// The role that is asked for, if it is of that application, the grantee may hold it, and the caller may grant it.
async fn available(call: &Call, tx: &mut Tx, asked: &Asked, role_id: &str) -> Result<AppRole, Refusal> {
    let found = app_roles::get_in(tx, call.stripe(), role_id).await?;
    let role = found.ok_or(Refusal::Reference { attribute: "Grant.entitlement", kind: "AppRole" })?;
    if asked.app.as_ref().is_some_and(|app| *app != role.app_id) {
        return Err(AppRefusal::RoleOfAnother.into());
    }
    let may_hold = match asked.kind {
        GranteeKind::User => role.available_to_users,
        GranteeKind::Group => role.available_to_groups,
        GranteeKind::App => role.available_to_clients,
    };
    if !may_hold {
        return Err(AppRefusal::NotAvailable(asked.kind).into());
    }
    if !authority::may_administer(call, &role.app_id, &role.display_name, role.is_admin) {
        return Err(Refusal::TargetAboveCaller);
    }
    Ok(role)
}

pub(super) async fn delete(call: &Call) -> Result<Answer, Refusal> {
    let grant = find(call, &call.id).await?;
    call.check_version(&call.version("Grant", &grant.id, 1))?;
    if let Some(role) = &grant.role
        && !authority::may_administer(call, &grant.app_id, &role.name, role.is_admin)
    {
        return Err(Refusal::TargetAboveCaller);
    }
    let mut tx = call.db().begin().await?;
    stripes::bump(&mut tx, call.stripe()).await?;
    if !grants::delete(&mut tx, call.stripe(), &grant.id).await? {
        return Err(Refusal::NotFound("Grant"));
    }
    let highest = BuiltInRole::IdentityDomainAdministrator.name();
    let was_highest = grant.app_id == IDCS_APP_ID && grant.role.as_ref().is_some_and(|role| role.name == highest);
    if was_highest && grant.grantee_type != "App" {
        call.check_administrator_remains(&mut tx, "").await?;
    }
    let on = Party::new(Kind::Grant, &grant.id, "");
    call.audit(&mut tx, "admin.grant.delete", on, [""; 0]).await?;
    tx.commit().await?;
    call.identity.forget(call.stripe());
    Ok(Answer::nothing())
}
