//! Password policies (contract identity 9): two that every stripe has, which are fixed, and an administrator's own, up to ten
//! altogether. There are so few that lists are filtered in memory.

use std::{collections::HashMap, time::Duration};

use obol_domain::{
    audit::{Kind, Party},
    lockout::LockoutPolicy,
    password_policy::{PasswordPolicy, PasswordRules, Strength},
};
use obol_protocol::{
    Timestamp,
    scim::{
        Condition, Document, Fault, ListQuery, incoming, patch,
        resources::password_policy::{CORE, PASSWORD_POLICY},
    },
};
use obol_store::{
    StoreError,
    password_policies::{self, SIMPLE, STANDARD},
    stripes,
};
use serde_json::{Value, json};

use super::{Answer, Call, Refusal, app_refusal::AppRefusal, audited::changed_names, listing, memberships::About};

/// How many a stripe may have, the built-in ones among them (contract identity 9).
const MOST: usize = 10;

pub(super) async fn list(call: &Call) -> Result<Answer, Refusal> {
    page(call, &listing::of_query(call, &PASSWORD_POLICY)?).await
}

pub(super) async fn search(call: &Call) -> Result<Answer, Refusal> {
    page(call, &listing::of_search(call, &PASSWORD_POLICY)?).await
}

async fn page(call: &Call, query: &ListQuery) -> Result<Answer, Refusal> {
    if query.sort_by.as_ref().is_some_and(|path| !path.to_string().eq_ignore_ascii_case("name")) {
        return Err(Fault::NotSortable { among: "name".to_owned() }.into());
    }
    let wanted = query.filter.as_ref().map(|filter| Condition::of(filter, &PASSWORD_POLICY)).transpose()?;
    let times = times(call).await?;
    let mut documents: Vec<_> = password_policies::all(call.db(), call.stripe())
        .await?
        .iter()
        .map(|policy| shown(call, policy, &times))
        .filter(|document| wanted.as_ref().is_none_or(|wanted| wanted.holds(document)))
        .collect();
    if query.descending {
        documents.reverse();
    }
    let total = i64::try_from(documents.len()).unwrap_or(i64::MAX);
    let places = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let page: Vec<_> = documents.into_iter().skip(places(query.start_index - 1)).take(places(query.count)).collect();
    Answer::page(&PASSWORD_POLICY, query, total, &page, None)
}

type Times = HashMap<String, (Timestamp, Timestamp)>;

async fn times(call: &Call) -> Result<Times, Refusal> {
    Ok(password_policies::times(call.db(), call.stripe()).await?)
}

async fn find(call: &Call) -> Result<PasswordPolicy, Refusal> {
    let all = password_policies::all(call.db(), call.stripe()).await?;
    all.into_iter().find(|policy| policy.id == call.id).ok_or(Refusal::NotFound("PasswordPolicy"))
}

pub(super) async fn get(call: &Call) -> Result<Answer, Refusal> {
    let policy = find(call).await?;
    answer(call, &policy).await
}

async fn answer(call: &Call, policy: &PasswordPolicy) -> Result<Answer, Refusal> {
    Answer::resource(call, &PASSWORD_POLICY, &shown(call, policy, &times(call).await?))
}

fn writable(policy: &PasswordPolicy) -> Document {
    let mut document = match serde_json::to_value(&policy.rules) {
        Ok(Value::Object(rules)) => rules,
        _ => Document::new(),
    };
    // What is zero or empty is a rule that does not apply.
    document.retain(|_, value| match value {
        Value::Number(number) => number.as_i64() != Some(0),
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Bool(_) | Value::Null | Value::Object(_) => true,
    });
    let lockout = policy.lockout;
    for (name, value) in [
        ("name", json!(policy.name)),
        ("passwordStrength", json!(policy.strength.as_str())),
        ("maxIncorrectAttempts", json!(lockout.max_incorrect_attempts)),
        ("lockoutDuration", json!(lockout.lockout.as_secs() / 60)),
    ] {
        document.insert(name.to_owned(), value);
    }
    if let Some(priority) = policy.priority {
        document.insert("priority".to_owned(), json!(priority));
    }
    if !policy.description.is_empty() {
        document.insert("description".to_owned(), json!(policy.description));
    }
    if !policy.groups.is_empty() {
        document.insert("groups".to_owned(), policy.groups.iter().map(|id| json!({"value": id})).collect());
    }
    document
}

fn version(call: &Call, policy: &PasswordPolicy) -> String {
    let content = format!("{}\n{}", policy.id, Value::Object(writable(policy)));
    call.version("PasswordPolicy", &content, 0)
}

fn shown(call: &Call, policy: &PasswordPolicy, times: &Times) -> Document {
    let mut document = writable(policy);
    for group in document.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten() {
        let location = group.get("value").and_then(Value::as_str).map(|id| call.location("/Groups", id));
        if let (Some(members), Some(location)) = (group.as_object_mut(), location) {
            members.insert("$ref".to_owned(), json!(location));
        }
    }
    document.insert("schemas".to_owned(), json!([CORE.urn]));
    let (created_at, modified_at) = times.get(&policy.id).copied().unwrap_or((call.now, call.now));
    let about = About {
        id: &policy.id,
        ocid: "",
        created_at,
        modified_at,
        created_by: "",
        modified_by: "",
        version: version(call, policy),
    };
    about.put(call, &PASSWORD_POLICY, &mut document);
    document
}

/// A policy as it was written. What is not there does not apply.
fn written(id: &str, mut document: Document) -> Result<PasswordPolicy, Refusal> {
    let mut text = |name: &str| match document.remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    let (name, description, strength) = (text("name"), text("description"), text("passwordStrength"));
    let strength = strength.parse().unwrap_or(Strength::Custom);
    let mut number = |name: &'static str| match document.remove(name).map(|value| value.as_i64()) {
        None => Ok(None),
        Some(value) => match value.and_then(|value| u32::try_from(value).ok()) {
            Some(value) => Ok(Some(value)),
            None => Err(out_of_range(name)),
        },
    };
    let attempts = number("maxIncorrectAttempts")?.unwrap_or(LockoutPolicy::STANDARD.max_incorrect_attempts);
    let minutes = number("lockoutDuration")?;
    let priority = match number("priority")? {
        None => None,
        Some(priority) => Some(u8::try_from(priority).map_err(|_| out_of_range("priority"))?),
    };
    let groups = match document.remove("groups") {
        Some(Value::Array(groups)) => groups,
        _ => Vec::new(),
    };
    let groups: std::collections::BTreeSet<String> =
        groups.iter().filter_map(|group| Some(group.get("value")?.as_str()?.to_owned())).collect();
    document.remove("schemas");
    let rules = match strength {
        Strength::Simple => PasswordRules::simple(),
        Strength::Standard => PasswordRules::standard(),
        Strength::Custom => rules(document)?,
    };
    let lockout = minutes.map_or(LockoutPolicy::STANDARD.lockout, |minutes| Duration::from_mins(u64::from(minutes)));
    let policy = PasswordPolicy {
        id: id.to_owned(),
        name,
        description,
        priority,
        strength,
        rules,
        lockout: LockoutPolicy { max_incorrect_attempts: attempts, lockout },
        groups: groups.into_iter().collect(),
    };
    policy.in_bounds().map_err(AppRefusal::Rule)?;
    Ok(policy)
}

fn out_of_range(attribute: &'static str) -> Refusal {
    Fault::Value { attribute: attribute.to_owned(), expected: "a number within the documented bounds".to_owned() }
        .into()
}

/// The rules among a document's attributes, on top of none.
fn rules(document: Document) -> Result<PasswordRules, Refusal> {
    let whole = match serde_json::to_value(PasswordRules::none()) {
        Ok(Value::Object(mut whole)) => {
            whole.extend(document);
            whole
        }
        _ => document,
    };
    let unfit = |_| Fault::Value {
        attribute: "PasswordPolicy".to_owned(),
        expected: "rules whose numbers are from 0 to 65535".to_owned(),
    };
    Ok(serde_json::from_value(Value::Object(whole)).map_err(unfit)?)
}

pub(super) async fn create(call: &Call) -> Result<Answer, Refusal> {
    let document = incoming::created(&PASSWORD_POLICY, &call.body)?;
    let policy = written(&call.new_id(), document)?;
    let mut tx = call.db().begin().await?;
    // It holds the stripe's row, so that two of them count one after the other.
    stripes::bump(&mut tx, call.stripe()).await?;
    if password_policies::count(&mut tx, call.stripe()).await? >= MOST {
        return Err(AppRefusal::TooManyPolicies(MOST).into());
    }
    password_policies::insert(&mut tx, call.stripe(), &policy, call.now).await.map_err(taken)?;
    call.audit(&mut tx, "admin.passwordpolicy.create", party(&policy), [""; 0]).await?;
    tx.commit().await?;
    call.identity.forget(call.stripe());
    Answer::created(call, &PASSWORD_POLICY, &shown(call, &policy, &times(call).await?))
}

fn party(policy: &PasswordPolicy) -> Party {
    Party::new(Kind::PasswordPolicy, &policy.id, &policy.name)
}

fn taken(error: StoreError) -> Refusal {
    match error {
        StoreError::Duplicate { .. } => AppRefusal::PolicyTaken.into(),
        StoreError::Dangling => Refusal::Reference { attribute: "PasswordPolicy.groups", kind: "Group" },
        error => error.into(),
    }
}

pub(super) async fn replace(call: &Call) -> Result<Answer, Refusal> {
    let before = own(call).await?;
    let document = incoming::replaced(&PASSWORD_POLICY, &call.body, &shown(call, &before, &times(call).await?))?;
    write(call, &before, document).await
}

pub(super) async fn patch(call: &Call) -> Result<Answer, Refusal> {
    let before = own(call).await?;
    let mut document = writable(&before);
    patch::apply(&PASSWORD_POLICY, &mut document, &patch::read(&PASSWORD_POLICY, &call.body)?)?;
    write(call, &before, document).await
}

/// A policy that may be changed, as the caller saw it.
async fn own(call: &Call) -> Result<PasswordPolicy, Refusal> {
    let policy = find(call).await?;
    if [STANDARD, SIMPLE].contains(&policy.id.as_str()) {
        return Err(AppRefusal::BuiltInPolicy.into());
    }
    call.check_version(&version(call, &policy))?;
    Ok(policy)
}

async fn write(call: &Call, before: &PasswordPolicy, document: Document) -> Result<Answer, Refusal> {
    let changed = changed_names(&writable(before), &document);
    let after = written(&before.id, document)?;
    let mut tx = call.db().begin().await?;
    stripes::bump(&mut tx, call.stripe()).await?;
    if !password_policies::update(&mut tx, call.stripe(), &after, call.now).await.map_err(taken)? {
        return Err(Refusal::NotFound("PasswordPolicy"));
    }
    call.audit(&mut tx, "admin.passwordpolicy.update", party(&after), changed).await?;
    tx.commit().await?;
    call.identity.forget(call.stripe());
    answer(call, &after).await
}

pub(super) async fn delete(call: &Call) -> Result<Answer, Refusal> {
    let policy = own(call).await?;
    let mut tx = call.db().begin().await?;
    stripes::bump(&mut tx, call.stripe()).await?;
    if !password_policies::delete(&mut tx, call.stripe(), &policy.id).await? {
        return Err(Refusal::NotFound("PasswordPolicy"));
    }
    call.audit(&mut tx, "admin.passwordpolicy.delete", party(&policy), [""; 0]).await?;
    tx.commit().await?;
    call.identity.forget(call.stripe());
    Ok(Answer::nothing())
}
