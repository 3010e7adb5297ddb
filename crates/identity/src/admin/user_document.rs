//! A user between its columns and its JSON: what a caller may write, and what an answer adds to it (contract identity 6.4).

use obol_protocol::scim::{
    Document, Fault, ResourceType,
    resources::user::{CAPABILITIES, CORE, ENTERPRISE, IDCS, STATE},
};
use obol_store::{
    groups::Membership,
    people::{Email, Keys, MOST_EMAILS, Person},
};
use serde_json::{Map, Value, json};

use super::Call;

/// Attributes that have columns, so that the JSON beside them does not.
const IN_COLUMNS: [&str; 8] =
    ["userName", "displayName", "active", "preferredLanguage", "locale", "timezone", "externalId", "password"];

fn text<'a>(document: &'a Document, name: &str) -> Option<&'a str> {
    document.get(name).and_then(Value::as_str)
}

fn part<'a>(document: &'a Document, name: &str, sub: &str) -> Option<&'a str> {
    document.get(name).and_then(|value| value.get(sub)).and_then(Value::as_str)
}

/// What of a user callers may write, as it is.
pub(super) fn writable(person: &Person) -> Document {
    let user = &person.user;
    let mut document: Document = serde_json::from_str(&person.details).unwrap_or_default();
    let mut name = match document.remove("name") {
        Some(Value::Object(name)) => name,
        _ => Map::new(),
    };
    name.insert("familyName".to_owned(), json!(user.family_name));
    if let Some(given_name) = &user.given_name {
        name.insert("givenName".to_owned(), json!(given_name));
    }
    document.insert("name".to_owned(), Value::Object(name));
    let texts = [
        ("userName", &user.user_name),
        ("displayName", &user.display_name),
        ("preferredLanguage", &user.preferred_language),
        ("locale", &user.locale),
        ("timezone", &user.timezone),
        ("externalId", &person.external_id),
    ];
    for (name, value) in texts.into_iter().filter(|(_, value)| !value.is_empty()) {
        document.insert(name.to_owned(), json!(value));
    }
    document.insert("active".to_owned(), json!(user.is_active));
    let idcs = document.entry(IDCS.urn).or_insert_with(|| json!({}));
    if let Some(members) = idcs.as_object_mut() {
        members.entry("isFederatedUser").or_insert(json!(false));
    }
    if !document.contains_key("emails") {
        document.insert(
            "emails".to_owned(),
            json!([email(&user.email, "work", true), email(&user.email, "recovery", false)]),
        );
    }
    document
}

fn email(value: &str, kind: &str, primary: bool) -> Value {
    json!({"value": value, "type": kind, "primary": primary, "secondary": false, "verified": false})
}

/// What the rules of users say beyond the schema; completes what the service adds.
///
/// # Errors
///
/// [`Fault`]
pub(super) fn complete(document: &mut Document) -> Result<(), Fault> {
    let name = text(document, "userName").map(str::trim).unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(Fault::Missing(vec!["userName".to_owned()]));
    }
    document.insert("userName".to_owned(), json!(name));
    let emails = document.get_mut("emails").and_then(Value::as_array_mut).ok_or(Fault::PrimaryEmail)?;
    if emails.len() >= MOST_EMAILS {
        return Err(Fault::TooManyValues { attribute: "emails".to_owned(), most: MOST_EMAILS - 1 });
    }
    for address in emails.iter_mut().filter_map(Value::as_object_mut) {
        for flag in ["primary", "secondary", "verified"] {
            address.entry(flag).or_insert(json!(false));
        }
    }
    if !emails.iter().all(|email| email.get("value").and_then(Value::as_str).is_some_and(is_address)) {
        return Err(Fault::Value { attribute: "emails.value".to_owned(), expected: "an email address".to_owned() });
    }
    let primary: Vec<&Value> = emails.iter().filter(|email| email.get("primary") == Some(&json!(true))).collect();
    let address = match primary.as_slice() {
        [] => return Err(Fault::PrimaryEmail),
        [one] => one.get("value").and_then(Value::as_str).unwrap_or_default().to_owned(),
        _ => {
            let expected = "true for one address only".to_owned();
            return Err(Fault::Value { attribute: "emails.primary".to_owned(), expected });
        }
    };
    if !emails.iter().any(|email| email.get("type") == Some(&json!("recovery"))) {
        emails.push(email(&address, "recovery", false));
    }
    Ok(())
}

fn is_address(text: &str) -> bool {
    let parts = text.split_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty());
    parts.is_some_and(|(_, domain)| !domain.contains('@')) && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Puts what a document says into a user's columns and JSON.
pub(super) fn store(mut document: Document, person: &mut Person) {
    let user = &mut person.user;
    let or = |value: Option<&str>, default: &str| value.unwrap_or(default).to_owned();
    user.user_name = or(text(&document, "userName"), "");
    user.family_name = or(part(&document, "name", "familyName"), "");
    user.given_name = part(&document, "name", "givenName").map(str::to_owned);
    user.display_name = match (text(&document, "displayName"), part(&document, "name", "formatted")) {
        (Some(name), _) | (None, Some(name)) => name.to_owned(),
        (None, None) => full_name(user.given_name.as_deref(), &user.family_name),
    };
    user.preferred_language = or(text(&document, "preferredLanguage"), "en");
    user.locale = or(text(&document, "locale"), "en");
    user.timezone = or(text(&document, "timezone"), "America/Chicago");
    user.is_active = document.get("active").and_then(Value::as_bool).unwrap_or(user.is_active);
    user.email = addresses(&document)
        .iter()
        .find(|email| email.primary)
        .map_or_else(String::new, |email| email.value.to_owned());
    person.external_id = or(text(&document, "externalId"), "");
    for name in IN_COLUMNS {
        document.remove(name);
    }
    if let Some(Value::Object(name)) = document.get_mut("name") {
        name.remove("familyName");
        name.remove("givenName");
    }
    document.remove("groups");
    if let Some(Value::Object(idcs)) = document.get_mut(IDCS.urn) {
        idcs.remove("bypassNotification");
    }
    person.details = Value::Object(document).to_string();
}

fn full_name(given: Option<&str>, family: &str) -> String {
    given.map_or_else(|| family.to_owned(), |given| format!("{given} {family}"))
}

fn addresses(document: &Document) -> Vec<Email<'_>> {
    let emails = document.get("emails").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    emails
        .iter()
        .filter_map(|email| {
            Some(Email {
                value: email.get("value")?.as_str()?,
                kind: email.get("type")?.as_str()?,
                primary: email.get("primary").and_then(Value::as_bool).unwrap_or(false),
            })
        })
        .collect()
}

/// What of a document users are filtered by and has no place among the columns of the token service.
pub(super) fn keys(document: &Document) -> Keys<'_> {
    let enterprise = |name| part(document, ENTERPRISE.urn, name).unwrap_or_default();
    Keys {
        title: text(document, "title").unwrap_or_default(),
        department: enterprise("department"),
        employee_number: enterprise("employeeNumber"),
        emails: addresses(document),
    }
}

/// A user as it is answered.
pub(super) fn shown(
    call: &Call,
    resource: &ResourceType,
    person: &Person,
    locked: bool,
    groups: &[Membership],
) -> Document {
    let user = &person.user;
    let mut document = writable(person);
    if let Some(Value::Object(name)) = document.get_mut("name")
        && !name.contains_key("formatted")
    {
        name.insert("formatted".to_owned(), json!(full_name(user.given_name.as_deref(), &user.family_name)));
    }
    let mut lock = json!({"on": locked});
    if let (true, Some(since), Some(members)) = (locked, user.lock.locked_at, lock.as_object_mut()) {
        members.insert("lockDate".to_owned(), json!(since));
    }
    document.insert(STATE.urn.to_owned(), json!({"locked": lock, "loginAttempts": user.lock.failed_attempts}));
    let capabilities: Map<String, Value> =
        CAPABILITIES.attributes.iter().map(|attribute| (attribute.name.to_owned(), json!(true))).collect();
    document.insert(CAPABILITIES.urn.to_owned(), Value::Object(capabilities));
    if !groups.is_empty() {
        let shown: Vec<_> = groups
            .iter()
            .map(|group| {
                json!({
                    "value": group.group_id, "ocid": group.ocid, "display": group.display_name, "type": "direct",
                    "$ref": call.location("/Groups", &group.group_id),
                })
            })
            .collect();
        document.insert("groups".to_owned(), Value::Array(shown));
    }
    let urns = std::iter::once(CORE.urn)
        .chain(resource.extensions.iter().map(|schema| schema.urn).filter(|urn| document.contains_key(*urn)));
    let schemas: Vec<_> = urns.map(|urn| json!(urn)).collect();
    document.insert("schemas".to_owned(), Value::Array(schemas));
    let about = super::memberships::About {
        id: &user.id,
        ocid: &user.ocid,
        created_at: user.created_at,
        modified_at: user.modified_at,
        created_by: &person.created_by,
        modified_by: &person.modified_by,
        // Me is the user at another address, and of the same version.
        version: call.version("User", &user.id, person.revision),
    };
    about.put(call, resource, &mut document);
    document
}
