//! Applications (contract identity 5.2, 5.3 and 6.4).
//!
//! A change is made of what was read outside of any transaction, and written only if nobody changed the application
//! meanwhile; otherwise it begins anew. What an Oracle Cloud service registered is its own and not changed here, and who may
//! not administer the roles that an application holds may not take it over either.

mod certificates;
mod document;
mod related;
mod writing;

use obol_protocol::{
    Secret,
    scim::{
        Document, Fault, ListQuery, incoming,
        list::{parameter, projection},
        patch,
        resources::app::APP,
    },
};
use obol_store::{
    StoreError, app_scopes,
    app_scopes::AppScope,
    apps::{
        self, ClientSecret, ClientType,
        resource::{self, AppResource, TABLE},
    },
    stripes,
};
use serde_json::{Value, json};

use self::document::{apply, blank, complete, shown, writable};
use super::{
    Answer, Call, Refusal,
    app_refusal::AppRefusal,
    audited::{self, changed_names},
    listing,
};
use crate::clients;

/// How often a change is begun anew that others get in the way of.
const TRIES: usize = 4;

pub(super) async fn list(call: &Call) -> Result<Answer, Refusal> {
    page(call, &listing::of_query(call, &APP)?).await
}

pub(super) async fn search(call: &Call) -> Result<Answer, Refusal> {
    page(call, &listing::of_search(call, &APP)?).await
}

async fn page(call: &Call, query: &ListQuery) -> Result<Answer, Refusal> {
    let page = listing::read(call, &APP, &TABLE, query, None, resource::read).await?;
    let related = related::of(call, &page.items, &query.projection).await?;
    let documents: Vec<_> = page.items.iter().map(|app| shown(call, app, &related)).collect();
    Answer::page(&APP, query, page.total, &documents, page.last)
}

pub(super) async fn get(call: &Call) -> Result<Answer, Refusal> {
    let app = find(call, &call.id).await?;
    answer(call, app, None).await
}

/// An application of this stripe.
pub(super) async fn find(call: &Call, id: &str) -> Result<AppResource, Refusal> {
    resource::get(call.db(), call.stripe(), id).await?.ok_or(Refusal::NotFound("App"))
}

/// The answer, with the secret where it has just been made.
async fn answer(call: &Call, app: AppResource, secret: Option<&Secret>) -> Result<Answer, Refusal> {
    let projection = projection(&APP, &call.query)?;
    Answer::projected(&APP, &document(call, app, secret).await?, &projection)
}

async fn document(call: &Call, app: AppResource, secret: Option<&Secret>) -> Result<Document, Refusal> {
    let related = related::of(call, std::slice::from_ref(&app), &projection(&APP, &call.query)?).await?;
    let mut document = shown(call, &app, &related);
    if let Some(secret) = secret {
        document.insert("clientSecret".to_owned(), json!(secret.expose()));
    }
    Ok(document)
}

/// A secret and how it is kept: a supplied one as Argon2id, a generated one as a keyed hash.
pub(super) async fn kept_secret(
    call: &Call,
    app_id: &str,
    supplied: Option<Secret>,
) -> Result<(Secret, ClientSecret), Refusal> {
    let identity = &call.identity.0;
    if let Some(secret) = supplied {
        let hashed = identity.passwords.hash(&*identity.entropy, &secret).await;
        let hash = hashed.map_err(|fault| fault.of::<Refusal>("apps", "secret_password_hash", app_id))?;
        return Ok((secret, ClientSecret::Password(hash)));
    }
    let secret = Secret::new(identity.entropy.uuid());
    let hash = identity.master.keyed_hash(&clients::purpose(call.stripe(), app_id), secret.expose().as_bytes());
    Ok((secret, ClientSecret::Keyed(hash.to_vec())))
}

fn take_secret(document: &mut Document) -> Option<Secret> {
    match document.remove("clientSecret") {
        Some(Value::String(secret)) => Some(Secret::new(secret)),
        _ => None,
    }
}

pub(super) async fn create(call: &Call) -> Result<Answer, Refusal> {
    let mut document = incoming::created(&APP, &call.body)?;
    let supplied = take_secret(&mut document);
    let certificates = certificates::read(call, &document, &[])?;
    complete(&mut document)?;
    let mut app = blank(call);
    let scopes = apply(document, &mut app, None)?;
    writing::check(call, &app, &scopes, &[]).await?;
    let secret = if app.app.client_type == ClientType::Public {
        match supplied {
            Some(_) => return Err(AppRefusal::SecretOfPublic.into()),
            None => None,
        }
    } else {
        let (secret, kept) = kept_secret(call, &app.app.id, supplied).await?;
        app.app.secret = kept;
        Some(secret)
    };
    let mut tx = call.db().begin().await?;
    stripes::bump(&mut tx, call.stripe()).await?;
    writing::check_unique(call, &mut tx, &app).await?;
    apps::insert(&mut tx, call.stripe(), &app.app).await.map_err(|error| taken(error, "name"))?;
    resource::describe(&mut tx, call.stripe(), &app).await?;
    app_scopes::replace(&mut tx, call.stripe(), &app.app.id, &scopes).await.map_err(|error| taken(error, "scopes"))?;
    certificates::write(call, &mut tx, &app.app.id, certificates).await?;
    audited::app(call, &mut tx, "admin.app.create", &app.app, Vec::new()).await?;
    tx.commit().await?;
    call.identity.forget(call.stripe());
    let document = self::document(call, app, secret.as_ref()).await?;
    Answer::created(call, &APP, &document)
}

fn taken(error: StoreError, attribute: &'static str) -> Refusal {
    match error {
        StoreError::Duplicate { .. } => Refusal::Duplicate { kind: "App", attribute },
        error => error.into(),
    }
}

pub(super) async fn replace(call: &Call) -> Result<Answer, Refusal> {
    change(call, |app, related| {
        let mut document = incoming::replaced(&APP, &call.body, &shown(call, app, related))?;
        document.entry("active").or_insert(json!(app.app.is_active));
        Ok(document)
    })
    .await
}

pub(super) async fn patch(call: &Call) -> Result<Answer, Refusal> {
    let operations = patch::read(&APP, &call.body)?;
    change(call, |app, related| {
        let mut document = writable(app, related.scopes_of(&app.app.id));
        certificates::put(&mut document, related.certificates_of(&app.app.id));
        patch::apply(&APP, &mut document, &operations)?;
        Ok(document)
    })
    .await
}

/// Changes an application to what `edit` makes of it, and answers with what it is then.
async fn change(
    call: &Call,
    edit: impl Fn(&AppResource, &related::Related) -> Result<Document, Refusal>,
) -> Result<Answer, Refusal> {
    for _try in 0..TRIES {
        let before = changeable(call, &call.id).await?;
        let related = related::all_of(call, &before).await?;
        let old = writable(&before, related.scopes_of(&before.app.id));
        let mut document = edit(&before, &related)?;
        let certificates = certificates::read(call, &document, related.certificates_of(&before.app.id))?;
        let supplied = take_secret(&mut document);
        complete(&mut document)?;
        let mut after = before.clone();
        let changed = changed_names(&old, &document);
        let scopes = apply(document, &mut after, Some(&before))?;
        let known: Vec<_> = before.app.oauth.allowed_scopes.iter().map(String::as_str).collect();
        writing::check(call, &after, &scopes, &known).await?;
        let secret = match supplied {
            Some(_) if after.app.client_type == ClientType::Public => return Err(AppRefusal::SecretOfPublic.into()),
            Some(secret) => Some(kept_secret(call, &after.app.id, Some(secret)).await?),
            None => None,
        };
        let kept = secret.as_ref().map(|(_, kept)| kept);
        let written = Written { after: &after, scopes: &scopes, certificates, secret: kept, changed };
        if write(call, &before, written).await? {
            let app = find(call, &call.id).await?;
            return answer(call, app, secret.as_ref().map(|(secret, _)| secret)).await;
        }
    }
    Err(Refusal::Raced)
}

/// What is to be written of a changed application.
struct Written<'a> {
    after: &'a AppResource,
    scopes: &'a [AppScope],
    certificates: certificates::Changes,
    secret: Option<&'a ClientSecret>,
    changed: Vec<String>,
}

/// Writes a changed application, unless somebody else did meanwhile. Returns whether it was written.
async fn write(call: &Call, before: &AppResource, written: Written<'_>) -> Result<bool, Refusal> {
    let Written { after, scopes, certificates, secret, mut changed } = written;
    let (stripe, id) = (call.stripe(), &after.app.id);
    let mut after = after.clone();
    after.app.modified_at = call.now;
    after.modified_by = call.actor();
    let mut tx = call.db().begin().await?;
    stripes::bump(&mut tx, stripe).await?;
    if !resource::hold(&mut tx, stripe, id, before.revision).await? {
        return Ok(false);
    }
    writing::check_unique(call, &mut tx, &after).await?;
    apps::update(&mut tx, stripe, &after.app).await.map_err(|error| taken(error, "name"))?;
    resource::describe(&mut tx, stripe, &after).await?;
    app_scopes::replace(&mut tx, stripe, id, scopes).await.map_err(|error| taken(error, "scopes"))?;
    if let Some(secret) = secret {
        apps::set_secret(&mut tx, stripe, id, secret, call.now).await?;
        changed.push("clientSecret".to_owned());
    }
    certificates::write(call, &mut tx, id, certificates).await?;
    audited::app(call, &mut tx, "admin.app.update", &after.app, changed).await?;
    tx.commit().await?;
    call.identity.forget(stripe);
    Ok(true)
}

/// An application that this caller may change, as the caller saw it.
pub(super) async fn changeable(call: &Call, id: &str) -> Result<AppResource, Refusal> {
    let app = find(call, id).await?;
    if app.app.is_opc_service {
        return Err(AppRefusal::ServiceOwned.into());
    }
    writing::guard(call, &app.app.id).await?;
    call.check_version(&call.version("App", id, app.revision))?;
    Ok(app)
}

pub(super) async fn delete(call: &Call) -> Result<Answer, Refusal> {
    let force = match parameter(&call.query, "forceDelete")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Fault::Parameter("forceDelete").into()),
    };
    for _try in 0..TRIES {
        let app = changeable(call, &call.id).await?;
        if app.app.is_active && !force {
            return Err(AppRefusal::StillActive.into());
        }
        let mut tx = call.db().begin().await?;
        stripes::bump(&mut tx, call.stripe()).await?;
        if resource::delete(&mut tx, call.stripe(), &call.id, app.revision).await? {
            audited::app(call, &mut tx, "admin.app.delete", &app.app, Vec::new()).await?;
            tx.commit().await?;
            call.identity.forget(call.stripe());
            return Ok(Answer::nothing());
        }
    }
    Err(Refusal::Raced)
}
