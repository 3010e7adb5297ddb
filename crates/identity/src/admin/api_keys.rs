//! API signing keys: `/ApiKeys` for administrators, `/MyApiKeys` for oneself (contract identity 6.4). A key is a credential, so
//! that an administrator gives none to somebody who may do more than they.

use obol_domain::audit::{Kind, Party};
use obol_protocol::{
    oci::{pem, signature::PublicKey},
    scim::{
        Condition, Document, Fault, ResourceType,
        condition::Test,
        filter::Operator,
        incoming,
        resources::api_key::{API_KEY, MY_API_KEY},
        schema::Found,
    },
};
use obol_store::{
    StoreError, people,
    user_keys::{self, MOST_KEYS, NewKey, Registered, TABLE, UserKey},
};
use serde_json::{Value, json};

use super::{Answer, Call, Refusal, listing, memberships::About};

pub(super) async fn list(call: &Call) -> Result<Answer, Refusal> {
    page(call, &API_KEY, &listing::of_query(call, &API_KEY)?, None).await
}

pub(super) async fn search(call: &Call) -> Result<Answer, Refusal> {
    page(call, &API_KEY, &listing::of_search(call, &API_KEY)?, None).await
}

pub(super) async fn list_mine(call: &Call) -> Result<Answer, Refusal> {
    page(call, &MY_API_KEY, &listing::of_query(call, &MY_API_KEY)?, mine(call)).await
}

fn mine(call: &Call) -> Option<Condition> {
    let user = MY_API_KEY.core_attribute("user")?;
    let value = Found { extension: None, attribute: user, sub: user.find("value") };
    Some(Condition::Test(value, Test::Text(Operator::Eq, call.caller.user_id().to_owned())))
}

async fn page(
    call: &Call,
    resource: &ResourceType,
    query: &obol_protocol::scim::ListQuery,
    own: Option<Condition>,
) -> Result<Answer, Refusal> {
    let page = listing::read(call, resource, &TABLE, query, own, user_keys::read).await?;
    let documents: Vec<_> = page.items.iter().map(|key| shown(call, resource, key)).collect();
    Answer::page(resource, query, page.total, &documents, page.last)
}

async fn find(call: &Call) -> Result<UserKey, Refusal> {
    let found = if call.id.contains('\0') { None } else { user_keys::get(call.db(), call.stripe(), &call.id).await? };
    found.ok_or(Refusal::NotFound("ApiKey"))
}

/// One of the caller's own keys; others' are not there.
async fn find_mine(call: &Call) -> Result<UserKey, Refusal> {
    let key = find(call).await?;
    if key.user_id == call.caller.user_id() { Ok(key) } else { Err(Refusal::NotFound("ApiKey")) }
}

pub(super) async fn get(call: &Call) -> Result<Answer, Refusal> {
    Answer::resource(call, &API_KEY, &shown(call, &API_KEY, &find(call).await?))
}

pub(super) async fn get_mine(call: &Call) -> Result<Answer, Refusal> {
    Answer::resource(call, &MY_API_KEY, &shown(call, &MY_API_KEY, &find_mine(call).await?))
}

fn shown(call: &Call, resource: &ResourceType, key: &UserKey) -> Document {
    let mut document = Document::new();
    document.insert("schemas".to_owned(), json!([resource.core.urn]));
    document.insert("fingerprint".to_owned(), json!(key.fingerprint));
    document.insert("key".to_owned(), json!(pem::encode("PUBLIC KEY", &key.public_key).as_str()));
    if !key.description.is_empty() {
        document.insert("description".to_owned(), json!(key.description));
    }
    document.insert(
        "user".to_owned(),
        json!({
            "value": key.user_id, "ocid": key.user_ocid, "name": key.user_name, "display": key.user_display,
            "$ref": call.location("/Users", &key.user_id),
        }),
    );
    let about = About {
        id: &key.id,
        ocid: "",
        created_at: key.created_at,
        modified_at: key.created_at,
        created_by: "",
        modified_by: "",
        version: call.version("ApiKey", &key.id, 1),
    };
    about.put(call, resource, &mut document);
    document
}

pub(super) async fn create(call: &Call) -> Result<Answer, Refusal> {
    let document = incoming::created(&API_KEY, &call.body)?;
    let part = |name| document.get("user").and_then(|user| user.get(name)).and_then(Value::as_str);
    let user_id = match (part("value"), part("ocid")) {
        (Some(id), _) => id.to_owned(),
        (None, Some(ocid)) => {
            let found = people::id_of_ocid(call.db(), call.stripe(), ocid).await?;
            found.ok_or(Refusal::Reference { attribute: "ApiKey.user", kind: "User" })?
        }
        (None, None) => return Err(Fault::Missing(vec!["user".to_owned()]).into()),
    };
    call.guard_target(&user_id).await?;
    register(call, &API_KEY, &document, &user_id).await
}

pub(super) async fn create_mine(call: &Call) -> Result<Answer, Refusal> {
    let mut document = incoming::created(&MY_API_KEY, &call.body)?;
    document.remove("user");
    register(call, &MY_API_KEY, &document, call.caller.user_id()).await
}

/// A key for the trail.
fn party(id: &str, fingerprint: &str) -> Party {
    Party::new(Kind::ApiKey, id, fingerprint)
}

async fn register(call: &Call, resource: &ResourceType, document: &Document, user_id: &str) -> Result<Answer, Refusal> {
    let text = |name| document.get(name).and_then(Value::as_str).unwrap_or_default();
    let public = PublicKey::from_pem(text("key")).map_err(|_| Fault::Value {
        attribute: "key".to_owned(),
        expected: "an RSA public key of at least 2048 bits in PEM".to_owned(),
    })?;
    let (id, fingerprint) = (call.new_id(), public.fingerprint());
    let key = NewKey {
        id: &id,
        user_id,
        fingerprint: fingerprint.as_str(),
        public_key: public.spki(),
        description: text("description"),
    };
    let mut tx = call.db().begin().await?;
    let registered = user_keys::insert(&mut tx, call.stripe(), &key, call.now).await.map_err(|error| match error {
        StoreError::Duplicate { .. } => Refusal::Duplicate { kind: "ApiKey", attribute: "fingerprint" },
        error => error.into(),
    })?;
    match registered {
        Registered::Done => {
            call.audit(&mut tx, "admin.apikey.create", party(&id, fingerprint.as_str()), ["key"]).await?;
            tx.commit().await?;
        }
        Registered::NoUser => return Err(Refusal::Reference { attribute: "ApiKey.user", kind: "User" }),
        Registered::Full => return Err(Refusal::TooManyKeys(MOST_KEYS)),
    }
    let made = user_keys::get(call.db(), call.stripe(), &id).await?.ok_or(Refusal::NotFound("ApiKey"))?;
    Answer::created(call, resource, &shown(call, resource, &made))
}

pub(super) async fn delete(call: &Call) -> Result<Answer, Refusal> {
    let key = find(call).await?;
    call.check_version(&call.version("ApiKey", &key.id, 1))?;
    call.guard_target(&key.user_id).await?;
    remove(call, &key).await
}

pub(super) async fn delete_mine(call: &Call) -> Result<Answer, Refusal> {
    let key = find_mine(call).await?;
    call.check_version(&call.version("ApiKey", &key.id, 1))?;
    remove(call, &key).await
}

async fn remove(call: &Call, key: &UserKey) -> Result<Answer, Refusal> {
    let mut tx = call.db().begin().await?;
    if !user_keys::delete(&mut tx, call.stripe(), &key.id, &key.user_id).await? {
        return Err(Refusal::NotFound("ApiKey"));
    }
    call.audit(&mut tx, "admin.apikey.delete", party(&key.id, &key.fingerprint), [""; 0]).await?;
    tx.commit().await?;
    Ok(Answer::nothing())
}
