//! Groups (contract identity 6.4). Members are answered on request only, and changed by statements over all of them at once:
//! a group is never read whole to change one member.

use std::collections::{BTreeSet, HashMap};

use obol_domain::audit::{Kind, Party};
use obol_protocol::scim::{
    Condition, Document, Fault, ListQuery, Projection, ResourceType, incoming,
    list::projection,
    patch::{self, Action, Operation, Target},
    resources::group::{CORE, GROUP, IDCS},
};
use obol_store::{
    StoreError, Tx,
    groups::{self, Group, TABLE},
    stripes,
};
use serde_json::{Value, json};

use super::{
    Answer, Call, Refusal, authority, listing,
    memberships::{self, About},
};

const TRIES: usize = 4;

pub(super) async fn list(call: &Call) -> Result<Answer, Refusal> {
    page(call, &listing::of_query(call, &GROUP)?).await
}

pub(super) async fn search(call: &Call) -> Result<Answer, Refusal> {
    page(call, &listing::of_search(call, &GROUP)?).await
}

async fn page(call: &Call, query: &ListQuery) -> Result<Answer, Refusal> {
    let page = listing::read(call, &GROUP, &TABLE, query, None, groups::read).await?;
    let ids: Vec<&str> = page.items.iter().map(|group| group.id.as_str()).collect();
    let mut members = if query.projection.wants(&GROUP, "members") {
        memberships::of_groups(call, &ids, query.projection.only(&GROUP, "members")).await?
    } else {
        HashMap::default()
    };
    let documents: Vec<_> = page
        .items
        .iter()
        .map(|group| shown(call, &GROUP, group, members.remove(&group.id).unwrap_or_default()))
        .collect();
    Answer::page(&GROUP, query, page.total, &documents, page.last)
}

async fn find(call: &Call) -> Result<Group, Refusal> {
    let found = if call.id.contains('\0') { None } else { groups::get(call.db(), call.stripe(), &call.id).await? };
    found.ok_or(Refusal::NotFound("Group"))
}

pub(super) async fn get(call: &Call) -> Result<Answer, Refusal> {
    let group = find(call).await?;
    answer(call, &group).await
}

async fn answer(call: &Call, group: &Group) -> Result<Answer, Refusal> {
    let projection = projection(&GROUP, &call.query)?;
    Answer::projected(&GROUP, &document(call, group, &projection).await?, &projection)
}

async fn document(call: &Call, group: &Group, projection: &Projection) -> Result<Document, Refusal> {
    let members = if projection.wants(&GROUP, "members") {
        memberships::of_groups(call, &[&group.id], projection.only(&GROUP, "members")).await?.remove(&group.id)
    } else {
        None
    };
    Ok(shown(call, &GROUP, group, members.unwrap_or_default()))
}

/// What of a group callers may write, but for its members.
fn writable(group: &Group) -> Document {
    let mut document: Document = serde_json::from_str(&group.details).unwrap_or_default();
    document.insert("displayName".to_owned(), json!(group.display_name));
    if !group.external_id.is_empty() {
        document.insert("externalId".to_owned(), json!(group.external_id));
    }
    document
}

/// A group as it is answered.
pub(super) fn shown(call: &Call, resource: &ResourceType, group: &Group, members: Vec<Value>) -> Document {
    let mut document = writable(group);
    if !members.is_empty() {
        document.insert("members".to_owned(), Value::Array(members));
    }
    let extension = document.contains_key(IDCS.urn).then_some(IDCS.urn);
    let schemas: Vec<_> = std::iter::once(CORE.urn).chain(extension).map(|urn| json!(urn)).collect();
    document.insert("schemas".to_owned(), Value::Array(schemas));
    let about = About {
        id: &group.id,
        ocid: &group.ocid,
        created_at: group.created_at,
        modified_at: group.modified_at,
        created_by: &group.created_by,
        modified_by: &group.modified_by,
        version: call.version("Group", &group.id, group.revision),
    };
    about.put(call, resource, &mut document);
    document
}

/// What is done to the members of a group.
enum Members {
    /// Nothing.
    Stay,
    Add(BTreeSet<String>),
    Remove(BTreeSet<String>),
    RemoveWhere(Condition),
    RemoveAll,
    /// Others take the place of all.
    Replace(BTreeSet<String>),
}

pub(super) async fn create(call: &Call) -> Result<Answer, Refusal> {
    let mut body = call.body.clone();
    let members = take_members(&mut body)?;
    let mut document = incoming::created(&GROUP, &body)?;
    let idcs = document.entry(IDCS.urn).or_insert_with(|| json!({}));
    if let Some(of_idcs) = idcs.as_object_mut() {
        of_idcs.entry("creationMechanism").or_insert(json!("api"));
    }
    let mut group = Group {
        id: call.new_id(),
        ocid: call.new_ocid("group"),
        display_name: String::new(),
        external_id: String::new(),
        details: String::new(),
        created_by: call.actor(),
        modified_by: call.actor(),
        revision: 1,
        created_at: call.now,
        modified_at: call.now,
    };
    store(document, &mut group);
    let mut tx = call.db().begin().await?;
    groups::insert(&mut tx, call.stripe(), &group).await.map_err(taken)?;
    if let Some(members) = members {
        change_members(call, &mut tx, &group.id, &Members::Add(members)).await?;
    }
    call.audit(&mut tx, "admin.group.create", party(&group), ["displayName"]).await?;
    tx.commit().await?;
    let projection = projection(&GROUP, &call.query)?;
    Answer::created(call, &GROUP, &self::document(call, &group, &projection).await?)
}

/// A group for the trail.
fn party(group: &Group) -> Party {
    Party::new(Kind::Group, &group.id, &group.display_name)
}

fn taken(error: StoreError) -> Refusal {
    match error {
        StoreError::Duplicate { .. } => Refusal::Duplicate { kind: "Group", attribute: "displayName" },
        error => error.into(),
    }
}

fn store(mut document: Document, group: &mut Group) {
    let mut take = |name| match document.remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    group.display_name = take("displayName");
    group.external_id = take("externalId");
    group.details = Value::Object(document).to_string();
}

/// Takes the members out of a body, which may be more than a list of attributes may be otherwise.
fn take_members(body: &mut Value) -> Result<Option<BTreeSet<String>>, Refusal> {
    let Some(members) = body.as_object_mut() else { return Ok(None) };
    let Some(name) = members.keys().find(|name| name.eq_ignore_ascii_case("members")).cloned() else { return Ok(None) };
    match members.remove(&name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => Ok(Some(ids(&value)?)),
    }
}

/// The ids of a list of members, or of one.
fn ids(value: &Value) -> Result<BTreeSet<String>, Refusal> {
    let wrong = |attribute: &str, expected| Fault::Type { attribute: attribute.to_owned(), expected };
    let single = std::slice::from_ref(value);
    let values = value.as_array().map_or(single, Vec::as_slice);
    let mut ids = BTreeSet::new();
    for value in values {
        let member = value.as_object().ok_or_else(|| wrong("members", "an array of objects"))?;
        let id = match member.get("value") {
            Some(Value::String(id)) if !id.is_empty() && !id.contains('\0') => id,
            None | Some(Value::Null) => return Err(Fault::Missing(vec!["members.value".to_owned()]).into()),
            Some(_) => return Err(wrong("members.value", "a string").into()),
        };
        if id.chars().nth(40).is_some() {
            return Err(Fault::TooLong { attribute: "members.value".to_owned(), most: 40 }.into());
        }
        match member.get("type") {
            None | Some(Value::Null) => {}
            Some(Value::String(kind)) if kind.eq_ignore_ascii_case("User") => {}
            Some(_) => {
                let expected = "User".to_owned();
                return Err(Fault::Value { attribute: "members.type".to_owned(), expected }.into());
            }
        }
        ids.insert(id.clone());
    }
    Ok(ids)
}

async fn change_members(call: &Call, tx: &mut Tx, group_id: &str, change: &Members) -> Result<(), Refusal> {
    let stripe = call.stripe();
    match change {
        Members::Stay => {}
        Members::RemoveAll => groups::clear(tx, stripe, group_id).await?,
        Members::RemoveWhere(condition) => groups::remove_where(tx, stripe, group_id, condition).await??,
        Members::Remove(ids) => groups::remove(tx, stripe, group_id, &listed(ids)).await?,
        Members::Add(ids) => add(call, tx, group_id, ids).await?,
        Members::Replace(ids) => {
            // Those who stay keep the date since which they are in it.
            let before = groups::member_ids(tx, stripe, group_id).await?;
            let gone: Vec<&str> = before.iter().filter(|id| !ids.contains(id.as_str())).map(String::as_str).collect();
            groups::remove(tx, stripe, group_id, &gone).await?;
            add(call, tx, group_id, ids).await?;
        }
    }
    Ok(())
}

fn listed(ids: &BTreeSet<String>) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

async fn add(call: &Call, tx: &mut Tx, group_id: &str, ids: &BTreeSet<String>) -> Result<(), Refusal> {
    let ids = listed(ids);
    if groups::missing_user(tx, call.stripe(), &ids).await?.is_some() {
        return Err(Refusal::Reference { attribute: "Group.members", kind: "User" });
    }
    Ok(groups::add(tx, call.stripe(), group_id, &ids, call.now).await?)
}

pub(super) async fn replace(call: &Call) -> Result<Answer, Refusal> {
    let mut body = call.body.clone();
    let change_of_members = match take_members(&mut body)? {
        Some(ids) => Members::Replace(ids),
        None => Members::RemoveAll,
    };
    change(call, &[change_of_members], |group| {
        Ok(incoming::replaced(&GROUP, &body, &shown(call, &GROUP, group, Vec::new()))?)
    })
    .await
}

pub(super) async fn patch(call: &Call) -> Result<Answer, Refusal> {
    let (of_members, others): (Vec<_>, Vec<_>) = patch::read(&GROUP, &call.body)?.into_iter().partition(is_of_members);
    let changes: Vec<Members> = of_members.iter().map(membership).collect::<Result<_, _>>()?;
    change(call, &changes, |group| {
        let mut document = writable(group);
        patch::apply(&GROUP, &mut document, &others)?;
        Ok(document)
    })
    .await
}

fn is_of_members(operation: &Operation) -> bool {
    matches!(&operation.target, Target::Attribute(found, _)
        if found.extension.is_none() && found.attribute.name == "members")
}

/// What an operation on the path `members` does.
fn membership(operation: &Operation) -> Result<Members, Refusal> {
    let Target::Attribute(found, only) = &operation.target else { return Ok(Members::Stay) };
    if let Some(sub) = found.sub {
        return Err(Fault::ReadOnly(format!("members.{}", sub.name)).into());
    }
    match (operation.action, only) {
        (Action::Add, None) => Ok(Members::Add(ids(&operation.value)?)),
        (Action::Remove, Some(only)) => Ok(Members::RemoveWhere(only.clone())),
        (Action::Remove | Action::Replace, None) if operation.value.is_null() => Ok(Members::RemoveAll),
        (Action::Remove, None) => Ok(Members::Remove(ids(&operation.value)?)),
        (Action::Replace, None) => Ok(Members::Replace(ids(&operation.value)?)),
        (Action::Add | Action::Replace, Some(_)) => {
            Err(Fault::Operation("members are added and removed, not changed").into())
        }
    }
}

/// Changes a group and its members, and answers with what it is then.
async fn change(
    call: &Call,
    members: &[Members],
    edit: impl Fn(&Group) -> Result<Document, Refusal>,
) -> Result<Answer, Refusal> {
    for _try in 0..TRIES {
        let before = find(call).await?;
        let of_administrators = authority::guard_group(call, &call.id).await?;
        call.check_version(&call.version("Group", &call.id, before.revision))?;
        let mut after = before.clone();
        store(edit(&before)?, &mut after);
        after.modified_at = call.now;
        after.modified_by = call.actor();
        let mut tx = call.db().begin().await?;
        if of_administrators {
            stripes::bump(&mut tx, call.stripe()).await?;
        }
        // First, so that it holds the group's row: the members change with its revision.
        if !groups::update(&mut tx, call.stripe(), &after).await.map_err(taken)? {
            continue;
        }
        for change in members {
            change_members(call, &mut tx, &call.id, change).await?;
        }
        if of_administrators {
            call.check_administrator_remains(&mut tx, "").await?;
        }
        let changed = [("members", !members.is_empty()), ("displayName", before.display_name != after.display_name)];
        let changed = changed.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
        call.audit(&mut tx, "admin.group.update", party(&after), changed).await?;
        tx.commit().await?;
        if of_administrators {
            call.identity.forget(call.stripe());
        }
        return answer(call, &find(call).await?).await;
    }
    Err(Refusal::Raced)
}

pub(super) async fn delete(call: &Call) -> Result<Answer, Refusal> {
    for _try in 0..TRIES {
        let group = find(call).await?;
        let of_administrators = authority::guard_group(call, &call.id).await?;
        call.check_version(&call.version("Group", &call.id, group.revision))?;
        let mut tx = call.db().begin().await?;
        if of_administrators {
            stripes::bump(&mut tx, call.stripe()).await?;
        }
        if groups::delete(&mut tx, call.stripe(), &call.id, group.revision).await? {
            if of_administrators {
                call.check_administrator_remains(&mut tx, "").await?;
            }
            call.audit(&mut tx, "admin.group.delete", party(&group), [""; 0]).await?;
            tx.commit().await?;
            if of_administrators {
                call.identity.forget(call.stripe());
            }
            return Ok(Answer::nothing());
        }
    }
    Err(Refusal::Raced)
}
