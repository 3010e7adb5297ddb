//! Users (contract identity 6.4).
//!
//! A change is made of what was read outside of any transaction, and written only if nobody changed the user meanwhile;
//! otherwise it begins anew. A password or a status in a body needs what their own endpoints need.

use std::collections::HashMap;

use obol_domain::{
    administration::{Access, Endpoint},
    audit::{Kind, Party},
    lockout::LockState,
    password_policy::PasswordState,
};
use obol_protocol::{
    Secret,
    scim::{
        Document, ListQuery, ResourceType, incoming, patch,
        resources::user::{IDCS, USER},
    },
};
use obol_store::{
    StoreError, groups,
    people::{self, Person, TABLE},
    users::{self, User},
};
use serde_json::{Value, json};

use super::{
    Answer, Call, Refusal, listing, memberships, passwords,
    user_document::{complete, keys, shown, store, writable},
};
use crate::passwords::PreparedPassword;

/// How often a change is begun anew that others get in the way of.
const TRIES: usize = 4;

pub(super) async fn list(call: &Call) -> Result<Answer, Refusal> {
    page(call, &listing::of_query(call, &USER)?).await
}

pub(super) async fn search(call: &Call) -> Result<Answer, Refusal> {
    page(call, &listing::of_search(call, &USER)?).await
}

async fn page(call: &Call, query: &ListQuery) -> Result<Answer, Refusal> {
    let page = listing::read(call, &USER, &TABLE, query, None, people::read).await?;
    let ids: Vec<&str> = page.items.iter().map(|person| person.user.id.as_str()).collect();
    let mut groups = if query.projection.wants(&USER, "groups") {
        memberships::of_users(call, &ids).await?
    } else {
        HashMap::default()
    };
    let mut documents = Vec::with_capacity(page.items.len());
    for person in &page.items {
        let groups = groups.remove(&person.user.id).unwrap_or_default();
        documents.push(shown(call, &USER, person, is_locked(call, person).await?, &groups));
    }
    Answer::page(&USER, query, page.total, &documents, page.last)
}

pub(super) async fn get(call: &Call) -> Result<Answer, Refusal> {
    let person = find(call, &call.id).await?;
    Answer::resource(call, &USER, &document(call, &USER, &person).await?)
}

/// A user of this stripe.
pub(super) async fn find(call: &Call, id: &str) -> Result<Person, Refusal> {
    let found = if id.contains('\0') { None } else { people::get(call.db(), call.stripe(), id).await? };
    found.ok_or(Refusal::NotFound("User"))
}

/// A user as it is answered, with what the query asks for.
pub(super) async fn document(call: &Call, resource: &ResourceType, person: &Person) -> Result<Document, Refusal> {
    let projection = obol_protocol::scim::list::projection(resource, &call.query)?;
    let groups = if projection.wants(resource, "groups") {
        groups::of_user(call.db(), call.stripe(), &person.user.id).await?
    } else {
        Vec::new()
    };
    Ok(shown(call, resource, person, is_locked(call, person).await?, &groups))
}

/// Whether a user is locked now. The policy is asked for only where wrong passwords have locked one: few are.
async fn is_locked(call: &Call, person: &Person) -> Result<bool, Refusal> {
    if person.user.lock.locked_at.is_none() {
        return Ok(false);
    }
    let lockout = call.identity.policy_of(&call.stripe, &person.user.id).await?.lockout;
    Ok(person.user.lock.is_locked(lockout, call.now))
}

pub(super) async fn create(call: &Call) -> Result<Answer, Refusal> {
    let mut document = incoming::created(&USER, &call.body)?;
    complete(&mut document)?;
    let password = take_password(&mut document);
    if password.is_some() {
        call.demand(Endpoint::UserPasswordChanger, Access::Write)?;
    }
    let idcs = document.entry(IDCS.urn).or_insert_with(|| json!({}));
    if let Some(members) = idcs.as_object_mut() {
        members.entry("creationMechanism").or_insert(json!("api"));
    }
    let mut person = Person {
        user: User {
            id: call.new_id(),
            ocid: call.new_ocid("user"),
            user_name: String::new(),
            display_name: String::new(),
            given_name: None,
            family_name: String::new(),
            email: String::new(),
            preferred_language: String::new(),
            locale: String::new(),
            timezone: String::new(),
            is_active: true,
            password_hash: None,
            password: PasswordState::default(),
            lock: LockState::default(),
            created_at: call.now,
            modified_at: call.now,
        },
        external_id: String::new(),
        details: String::new(),
        created_by: call.actor(),
        modified_by: call.actor(),
        revision: 1,
    };
    store(document.clone(), &mut person);
    if let Some(password) = &password {
        person.user.password_hash = Some(passwords::of_new_user(call, &person.user, password).await?);
    }
    let mut tx = call.db().begin().await?;
    people::insert(&mut tx, call.stripe(), &person, &keys(&document)).await.map_err(taken)?;
    call.audit(&mut tx, "admin.user.create", party(&person), document.keys()).await?;
    tx.commit().await?;
    let document = self::document(call, &USER, &person).await?;
    Answer::created(call, &USER, &document)
}

/// A user for the trail.
pub(super) fn party(person: &Person) -> Party {
    Party::new(Kind::User, &person.user.id, &person.user.user_name)
}

fn taken(error: StoreError) -> Refusal {
    match error {
        StoreError::Duplicate { .. } => Refusal::Duplicate { kind: "User", attribute: "userName" },
        error => error.into(),
    }
}

fn take_password(document: &mut Document) -> Option<Secret> {
    match document.remove("password") {
        Some(Value::String(password)) => Some(Secret::new(password)),
        _ => None,
    }
}

pub(super) async fn replace(call: &Call) -> Result<Answer, Refusal> {
    change(call, &USER, &call.id, |person| {
        Ok(incoming::replaced(&USER, &call.body, &shown(call, &USER, person, false, &[]))?)
    })
    .await
}

pub(super) async fn patch(call: &Call) -> Result<Answer, Refusal> {
    let operations = patch::read(&USER, &call.body)?;
    change(call, &USER, &call.id, |person| {
        let mut document = writable(person);
        patch::apply(&USER, &mut document, &operations)?;
        Ok(document)
    })
    .await
}

/// Changes a user to what `edit` makes of it, and answers with what it is then.
pub(super) async fn change(
    call: &Call,
    resource: &ResourceType,
    id: &str,
    edit: impl Fn(&Person) -> Result<Document, Refusal>,
) -> Result<Answer, Refusal> {
    let mut person = find(call, id).await?;
    call.check_version(&call.version("User", id, person.revision))?;
    for _try in 0..TRIES {
        let mut document = edit(&person)?;
        let password = take_password(&mut document);
        document.entry("active").or_insert(json!(person.user.is_active));
        complete(&mut document)?;
        authorise(call, &person, &document, password.is_some()).await?;
        let password = match &password {
            Some(password) => Some(passwords::prepare(call, &person.user, password).await?),
            None => None,
        };
        if write(call, &person, document, password).await? {
            let person = find(call, id).await?;
            return Answer::resource(call, resource, &self::document(call, resource, &person).await?);
        }
        person = find(call, id).await?;
        // Of a user who was changed meanwhile the caller's version is old.
        call.check_version(&call.version("User", id, person.revision))?;
    }
    Err(Refusal::Raced)
}

/// What a change needs beside the right to change users.
async fn authorise(call: &Call, before: &Person, after: &Document, password: bool) -> Result<(), Refusal> {
    let status = after.get("active") != Some(&json!(before.user.is_active));
    if status {
        call.demand(Endpoint::UserStatusChanger, Access::Write)?;
    }
    if password {
        call.demand(Endpoint::UserPasswordChanger, Access::Write)?;
    }
    // By name and address somebody signs in and gets a new password: they are credentials.
    let old = writable(before);
    let credentials = ["userName", "emails"].iter().any(|name| old.get(*name) != after.get(*name));
    let own = call.caller.user_id() == before.user.id;
    if status || password || (credentials && !own) {
        call.guard_target(&before.user.id).await?;
    }
    Ok(())
}

/// Writes a changed user, unless somebody else did meanwhile. Returns whether it was written.
async fn write(
    call: &Call,
    before: &Person,
    document: Document,
    password: Option<PreparedPassword>,
) -> Result<bool, Refusal> {
    let id = &before.user.id;
    let mut after = before.clone();
    store(document.clone(), &mut after);
    let deactivated = before.user.is_active && !after.user.is_active;
    let administrator = deactivated && call.is_domain_administrator(id).await?;
    after.user.modified_at = call.now;
    after.modified_by = call.actor();
    let mut tx = call.db().begin().await?;
    if administrator {
        call.guard_last_administrator(&mut tx, id).await?;
    }
    if !people::update(&mut tx, call.stripe(), &after, &keys(&document)).await.map_err(taken)? {
        return Ok(false);
    }
    if let Some(password) = password {
        call.identity.put_password(&mut tx, call.stripe(), password, call.now).await?;
    }
    if deactivated {
        people::end_sessions(&mut tx, call.stripe(), id).await?;
    }
    let old = writable(before);
    let changed = document.iter().filter(|(name, value)| old.get(*name) != Some(*value)).map(|(name, _)| name.clone());
    let removed = old.keys().filter(|name| !document.contains_key(*name)).cloned();
    call.audit(&mut tx, "admin.user.update", party(&after), changed.chain(removed)).await?;
    tx.commit().await?;
    if administrator {
        call.identity.forget(call.stripe());
    }
    Ok(true)
}

pub(super) async fn delete(call: &Call) -> Result<Answer, Refusal> {
    for _try in 0..TRIES {
        let person = find(call, &call.id).await?;
        call.check_version(&call.version("User", &call.id, person.revision))?;
        call.guard_target(&call.id).await?;
        let administrator = call.is_domain_administrator(&call.id).await?;
        let mut tx = call.db().begin().await?;
        if administrator {
            call.guard_last_administrator(&mut tx, &call.id).await?;
        }
        groups::touch_of_user(&mut tx, call.stripe(), &call.id, call.now).await?;
        // Of a user who was changed since the look at them, what was decided on may not be true any more.
        if !users::delete_as_read(&mut tx, call.stripe(), &call.id, person.revision).await? {
            continue;
        }
        call.audit(&mut tx, "admin.user.delete", party(&person), [""; 0]).await?;
        tx.commit().await?;
        if administrator {
            call.identity.forget(call.stripe());
        }
        return Ok(Answer::nothing());
    }
    Err(Refusal::Raced)
}
