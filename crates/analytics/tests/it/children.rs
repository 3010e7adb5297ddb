//! The children of an instance: the nine operations that change them as one table, and everything that may be said against
//! any of them. What each kind has of its own stands in a file of its own.

use std::sync::LazyLock;

use axum::http::Method;
use obol_protocol::analytics::{LifecycleState, OperationType, enums::Vocabulary as _};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use serde_json::{Value, json};

use crate::{
    changes::{put_in, works},
    world::{Answer, World},
};

pub const VCN: &str = "ocid1.vcn.oc1.iad.aaaa";
pub const SUBNET: &str = "ocid1.subnet.oc1.iad.aaaa";
pub const GROUP: &str = "ocid1.networksecuritygroup.oc1.iad.aaaa";

/// An operation on a child.
pub struct ChildOperation {
    pub operation_type: OperationType,
    pub action_result: &'static str,
    pub steps: [&'static str; 2],
    pub collection: &'static str,
    pub method: Method,
    pub status: u16,
    pub body: Value,
    /// What the instance shows of its children of this kind before and afterwards, see [`shown`].
    pub before: Vec<Value>,
    pub after: Vec<Value>,
}

pub fn channel() -> Value {
    json!({
        "displayName": "pac",
        "vcnId": VCN,
        "subnetId": SUBNET,
        "privateSourceDnsZones": [{ "dnsZone": "corp.example.com", "description": "ours" }],
        "privateSourceScanHosts": [{ "scanHostname": "scan.corp.example.com", "scanPort": 1521 }],
        "networkSecurityGroupIds": [GROUP],
    })
}

pub fn group() -> Value {
    json!({ "resourceName": "sales", "capacity": 1, "displayName": "Sales", "description": "ours" })
}

/// A certificate for hosts, from an authority made for it.
pub fn certificate(hosts: &[&str]) -> Value {
    let params = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        params
    };
    let (authority_key, key) = (new_key(), new_key());
    let mut authority = params(&[]);
    authority.distinguished_name.push(DnType::CommonName, "authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = authority.self_signed(&authority_key).unwrap().pem();
    let leaf = params(hosts).signed_by(&key, &Issuer::new(authority, authority_key)).unwrap().pem();
    json!({ "privateKey": key.serialize_pem(), "publicCertificate": leaf, "caCertificate": ca })
}

fn new_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

pub fn vanity(hosts: &[&str]) -> Value {
    let mut body = certificate(hosts);
    body["hosts"] = json!(hosts);
    body["description"] = "ours".into();
    body
}

static VANITY: LazyLock<Value> = LazyLock::new(|| vanity(&["bi.example.com"]));
static RENEWED: LazyLock<Value> = LazyLock::new(|| certificate(&["bi.example.com", "other.example.com"]));

/// Contract analytics 1, operations 13, 15 to 19, 21, 23, 24; 5.2.
#[expect(clippy::too_many_lines, reason = "a table has as many lines as rows")]
pub fn operations() -> Vec<ChildOperation> {
    use OperationType as T;
    let old = VANITY["publicCertificate"].clone();
    let new = RENEWED["publicCertificate"].clone();
    let pac = "privateAccessChannels";
    let urls = "vanityUrls";
    let groups = "resourceGroups";
    let row = |operation_type, action_result, steps, collection, method, status, body, before, after| ChildOperation {
        operation_type,
        action_result,
        steps,
        collection,
        method,
        status,
        body,
        before,
        after,
    };
    vec![
        row(
            T::CreatePrivateAccessChannel,
            "PRIVATE_ACCESS_CHANNEL_CREATED",
            ["connect_channel", "note_channel"],
            pac,
            Method::POST,
            202,
            channel(),
            vec![],
            vec!["pac".into()],
        ),
        row(
            T::UpdatePrivateAccessChannel,
            "PRIVATE_ACCESS_CHANNEL_UPDATED",
            ["reconnect_channel", "note_channel"],
            pac,
            Method::PUT,
            202,
            json!({ "displayName": "renamed" }),
            vec!["pac".into()],
            vec!["renamed".into()],
        ),
        row(
            T::DeletePrivateAccessChannel,
            "PRIVATE_ACCESS_CHANNEL_DELETED",
            ["disconnect_channel", "forget_channel"],
            pac,
            Method::DELETE,
            204,
            Value::Null,
            vec!["pac".into()],
            vec![],
        ),
        row(
            T::CreateVanityUrl,
            "VANITY_URL_CREATED",
            ["install_certificate", "note_vanity_url"],
            urls,
            Method::POST,
            202,
            VANITY.clone(),
            vec![],
            vec![old.clone()],
        ),
        row(
            T::UpdateVanityUrl,
            "VANITY_URL_UPDATED",
            ["replace_certificate", "note_vanity_url"],
            urls,
            Method::PUT,
            202,
            RENEWED.clone(),
            vec![old.clone()],
            vec![new],
        ),
        row(
            T::DeleteVanityUrl,
            "VANITY_URL_DELETED",
            ["remove_certificate", "forget_vanity_url"],
            urls,
            Method::DELETE,
            202,
            Value::Null,
            vec![old],
            vec![],
        ),
        row(
            T::CreateResourceGroup,
            "RESOURCE_GROUP_CREATED",
            ["set_capacity_aside", "note_group"],
            groups,
            Method::POST,
            201,
            group(),
            vec![],
            vec!["sales".into()],
        ),
        row(
            T::UpdateResourceGroup,
            "RESOURCE_GROUP_UPDATED",
            ["share_capacity_anew", "note_group"],
            groups,
            Method::PUT,
            202,
            json!({ "resourceName": "marketing", "capacity": 1 }),
            vec!["sales".into()],
            vec!["marketing".into()],
        ),
        row(
            T::DeleteResourceGroup,
            "RESOURCE_GROUP_DELETED",
            ["give_capacity_back", "forget_group"],
            groups,
            Method::DELETE,
            204,
            Value::Null,
            vec!["sales".into()],
            vec![],
        ),
    ]
}

/// The keys of an instance's children of a kind.
pub async fn keys(world: &World, id: &str, collection: &str) -> Vec<String> {
    let instance = world.get(id).await.body;
    match collection {
        "privateAccessChannels" => instance["privateAccessChannels"].as_object().unwrap().keys().cloned().collect(),
        "vanityUrls" => instance["vanityUrlDetails"].as_object().unwrap().keys().cloned().collect(),
        _ => {
            let groups = instance["resourceGroups"].as_array().unwrap().iter();
            groups.map(|group| group["id"].as_str().unwrap().to_owned()).collect()
        }
    }
}

/// What tells the children of a kind apart: name, certificate or name.
pub fn shown(instance: &Value, collection: &str) -> Vec<Value> {
    match collection {
        "privateAccessChannels" => {
            let channels = instance["privateAccessChannels"].as_object().unwrap().values();
            channels.map(|channel| channel["displayName"].clone()).collect()
        }
        "vanityUrls" => {
            let urls = instance["vanityUrlDetails"].as_object().unwrap().values();
            urls.map(|url| url["publicCertificate"].clone()).collect()
        }
        _ => {
            let groups = instance["resourceGroups"].as_array().unwrap().iter();
            groups.map(|group| group["resourceName"].clone()).collect()
        }
    }
}

impl World {
    /// Calls an operation on the children of an instance.
    pub async fn child(&self, method: Method, id: &str, path: &str, body: &Value) -> Answer {
        self.child_with(method, id, path, body, &[]).await
    }

    pub async fn child_with(
        &self,
        method: Method,
        id: &str,
        path: &str,
        body: &Value,
        headers: &[(&'static str, &str)],
    ) -> Answer {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.call_with(method, &format!("/20190331/analyticsInstances/{id}/{path}"), &bytes, headers).await
    }

    /// An active instance of four OCPUs.
    pub async fn larger(&self, name: &str) -> String {
        let mut details = self.details(name);
        details["capacity"]["capacityValue"] = 4.into();
        let answer = self.create(&details).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        self.settle().await;
        answer.body["id"].as_str().unwrap().to_owned()
    }
}

impl ChildOperation {
    pub fn name(&self) -> &'static str {
        self.operation_type.as_str()
    }

    /// The path below the instance; the key is empty for a creation.
    pub fn path(&self, key: &str) -> String {
        if self.method == Method::POST { self.collection.to_owned() } else { format!("{}/{key}", self.collection) }
    }

    /// An instance with what the operation begins with, and its key.
    pub async fn instance(&self, world: &World) -> (String, String) {
        let id = world.larger("myoac").await;
        if self.method == Method::POST {
            return (id, String::new());
        }
        let body = match self.collection {
            "privateAccessChannels" => channel(),
            "vanityUrls" => VANITY.clone(),
            _ => group(),
        };
        let made = world.child(Method::POST, &id, self.collection, &body).await;
        assert!((201..=202).contains(&made.status), "{}", made.text());
        world.settle().await;
        let key = keys(world, &id, self.collection).await.pop().unwrap();
        (id, key)
    }

    pub async fn call(&self, world: &World, id: &str, key: &str, headers: &[(&'static str, &str)]) -> Answer {
        world.child_with(self.method.clone(), id, &self.path(key), &self.body, headers).await
    }

    /// Accepts the operation and returns its work request's id.
    pub async fn accepted(&self, world: &World, id: &str, key: &str) -> String {
        let answer = self.call(world, id, key, &[]).await;
        assert_eq!(answer.status, self.status, "{}: {}", self.name(), answer.text());
        answer.header("opc-work-request-id").to_owned()
    }

    /// What callers see once it has succeeded.
    pub async fn took_effect(&self, world: &World, id: &str, work: &str, what: &str) {
        let what = format!("{} {what}", self.name());
        let instance = world.get(id).await.body;
        assert_eq!(instance["lifecycleState"], "ACTIVE", "{what}");
        assert_eq!(shown(&instance, self.collection), self.after, "{what}");
        let work = world.work(work).await.body;
        assert_eq!((&work["status"], &work["percentComplete"]), (&json!("SUCCEEDED"), &json!(100.0)), "{what}");
        assert_eq!(work["operationType"], self.name(), "{what}");
        let resource = &work["resources"][0];
        assert_eq!(resource["actionResult"], self.action_result, "{what}");
        // Contract analytics 5.2: the instance, also where a child is meant.
        assert_eq!((&resource["identifier"], &resource["resourceType"]), (&json!(id), &json!("ANALYTICS_INSTANCE")));
        assert!(work["timeFinished"].is_string(), "{what}");
    }

    /// What callers see once it has failed: the instance is what it was.
    pub async fn was_undone(&self, world: &World, before: &Value, work: &str, what: &str) {
        let what = format!("{} {what}", self.name());
        let mut after = world.get(before["id"].as_str().unwrap()).await.body;
        after["timeUpdated"] = before["timeUpdated"].clone();
        assert_eq!(&after, before, "{what}");
        let answer = world.work(work).await.body;
        assert_eq!(answer["status"], "FAILED", "{what}");
        assert_eq!(answer["resources"][0]["actionResult"], "NONE", "{what}");
        assert!(answer["timeFinished"].is_string(), "{what}");
        let errors = world.call(Method::GET, &format!("/20190331/workRequests/{work}/errors"), b"").await;
        assert_eq!(errors.body[0]["code"], "StepFailed", "{what}");
    }
}

#[tokio::test]
async fn an_accepted_operation_answers_with_the_headers_of_its_row_and_then_takes_effect() {
    // Contract analytics 1, operations 13, 15 to 19, 21, 23, 24.
    for operation in operations() {
        let world = World::new().await;
        let (id, key) = operation.instance(&world).await;
        assert_eq!(shown(&world.get(&id).await.body, operation.collection), operation.before);
        let answer = operation.call(&world, &id, &key, &[]).await;
        assert_eq!(answer.status, operation.status, "{}: {}", operation.name(), answer.text());
        let mut headers: Vec<_> = answer.headers.keys().map(axum::http::HeaderName::as_str).collect();
        headers.retain(|name| !["content-length", "content-type", "date", "opc-request-id"].contains(name));
        headers.sort_unstable();
        let expected: &[&str] = match (operation.collection, operation.method.as_str()) {
            ("resourceGroups", "POST") => &["child-resource-id", "etag", "location", "opc-work-request-id"],
            ("resourceGroups", "PUT") => &["child-resource-id", "etag", "opc-work-request-id"],
            ("resourceGroups", _) => &["child-resource-id", "opc-work-request-id"],
            _ => &["opc-work-request-id"],
        };
        assert_eq!(headers, expected, "{}", operation.name());
        let has_body = operation.collection == "resourceGroups" && operation.method != Method::DELETE;
        assert_eq!(answer.body.is_null(), !has_body, "{}", operation.name());
        let work = answer.header("opc-work-request-id");
        let instance = world.get(&id).await.body;
        assert_eq!(instance["lifecycleState"], "UPDATING", "{}", operation.name());
        assert_eq!(shown(&instance, operation.collection), operation.before, "not before its work has succeeded");
        assert_eq!(world.work(work).await.body["resources"][0]["actionResult"], "NONE");
        world.settle().await;
        operation.took_effect(&world, &id, work, "once").await;
        let lines = crate::work::log_lines(&world, work).await;
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].contains("simulated") && lines[1].contains("Simulated"), "{lines:?}");
    }
}

#[tokio::test]
async fn what_is_not_there_cannot_be_changed() {
    for operation in operations() {
        let world = World::new().await;
        let (id, key) = operation.instance(&world).await;
        let before = works(&world).await;
        let bytes = if operation.body.is_null() { Vec::new() } else { operation.body.to_string().into_bytes() };
        let target = format!("/20190331/analyticsInstances/{id}/{}", operation.path(&key));
        let stranger = &world.tenants[1].administrator;
        let mut answers = vec![
            operation.call(&world, "ocid1.analyticsinstance.oc1.us-ashburn-1.aaaa", &key, &[]).await,
            world.call_as(stranger, operation.method.clone(), &target, &bytes, &[]).await,
        ];
        if operation.method != Method::POST {
            for other in ["0123456789abcdef0123456789abcdef", "x", &id] {
                answers.push(operation.call(&world, &id, other, &[]).await);
            }
        }
        assert_eq!(world.get(&id).await.body["lifecycleState"], "ACTIVE", "{}", operation.name());
        put_in(&world, &id, "DELETED").await;
        answers.push(operation.call(&world, &id, &key, &[]).await);
        for answer in answers {
            assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"), "{}", operation.name());
            assert_eq!(world.why(&answer).await.check, "resource_known", "{}", operation.name());
        }
        assert_eq!(works(&world).await, before, "{}: nothing was accepted", operation.name());
    }
}

#[tokio::test]
async fn a_child_of_another_instance_is_not_there() {
    for operation in operations().iter().filter(|operation| operation.method != Method::POST) {
        let world = World::new().await;
        let (_, key) = operation.instance(&world).await;
        let other = world.larger("other").await;
        let answer = operation.call(&world, &other, &key, &[]).await;
        assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"), "{}", operation.name());
        if operation.collection != "vanityUrls" {
            let answer = world.child(Method::GET, &other, &operation.path(&key), &Value::Null).await;
            assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"), "{}", operation.name());
            assert_eq!(world.why(&answer).await.check, "resource_known");
        }
    }
}

#[tokio::test]
async fn a_state_that_forbids_it_is_a_conflict() {
    // Contract analytics 2.3.
    for operation in operations() {
        let world = World::new().await;
        let (id, key) = operation.instance(&world).await;
        let before = works(&world).await;
        for state in LifecycleState::ALL {
            if matches!(state, LifecycleState::Active | LifecycleState::Deleted) {
                continue;
            }
            put_in(&world, &id, state.as_str()).await;
            let answer = operation.call(&world, &id, &key, &[]).await;
            assert_eq!(answer.code(), (409, "IncorrectState"), "{} {state}", operation.name());
            assert_eq!(world.why(&answer).await.check, "state_allows_operation");
        }
        assert_eq!(works(&world).await, before, "{}: nothing was accepted", operation.name());
        assert_eq!(shown(&world.get(&id).await.body, operation.collection), operation.before);
    }
}

#[tokio::test]
async fn if_match_must_name_the_present_version() {
    // Contract analytics 1, column M; a vanity URL has no GET, so its etag is the instance's.
    for operation in operations().iter().filter(|operation| operation.method != Method::POST) {
        let world = World::new().await;
        let (id, key) = operation.instance(&world).await;
        let current = if operation.collection == "vanityUrls" {
            world.get(&id).await
        } else {
            world.child(Method::GET, &id, &operation.path(&key), &Value::Null).await
        };
        let current = current.header("etag").to_owned();
        for stale in ["00000000000000ff", "nonsense", ""] {
            let answer = operation.call(&world, &id, &key, &[("if-match", stale)]).await;
            assert_eq!(answer.code(), (412, "NoEtagMatch"), "{}", operation.name());
            assert_eq!(world.why(&answer).await.check, "etag_matches");
        }
        assert_eq!(world.get(&id).await.body["lifecycleState"], "ACTIVE", "nothing was accepted");
        let answer = operation.call(&world, &id, &key, &[("if-match", &current)]).await;
        assert_eq!(answer.status, operation.status, "{}: {}", operation.name(), answer.text());
    }
}

#[tokio::test]
async fn a_retry_token_gives_the_first_answer_again_and_serves_no_other_request() {
    const TOKEN: [(&str, &str); 1] = [("opc-retry-token", "a5mX6auPqjgOovPNqXWV4gITQ4uktX")];
    for operation in operations() {
        let world = World::new().await;
        let (id, key) = operation.instance(&world).await;
        let first = operation.call(&world, &id, &key, &TOKEN).await;
        let under_way = operation.call(&world, &id, &key, &TOKEN).await;
        world.settle().await;
        let before = works(&world).await;
        let later = operation.call(&world, &id, &key, &TOKEN).await;
        for again in [under_way, later] {
            assert_eq!((again.status, &again.body), (operation.status, &first.body), "{}", operation.name());
            for header in ["opc-work-request-id", "etag", "location", "child-resource-id"] {
                assert_eq!(again.header(header), first.header(header), "{}", operation.name());
            }
        }
        let other = world.child_with(Method::DELETE, &id, "resourceGroups/another", &Value::Null, &TOKEN).await;
        assert_eq!(other.code(), (409, "InvalidatedRetryToken"), "{}", operation.name());
        assert_eq!(works(&world).await, before, "{}", operation.name());
        operation.took_effect(&world, &id, first.header("opc-work-request-id"), "once").await;
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused() {
    for operation in operations().iter().filter(|operation| !operation.body.is_null()) {
        let world = World::new().await;
        let (id, key) = operation.instance(&world).await;
        let before = works(&world).await;
        let target = format!("/20190331/analyticsInstances/{id}/{}", operation.path(&key));
        for body in [&b""[..], b"{", b"[]", b"null", b"\xff"] {
            let answer = world.call(operation.method.clone(), &target, body).await;
            assert_eq!(answer.code(), (400, "InvalidParameter"), "{}", operation.name());
            assert_eq!(answer.body["message"], "Unable to process JSON input");
            assert_eq!(world.why(&answer).await.check, "field_type");
        }
        let missing = world.call(operation.method.clone(), &target, b"{}").await;
        assert_eq!(missing.code(), (400, "MissingParameter"), "{}", operation.name());
        assert_eq!(world.why(&missing).await.check, "field_present");
        assert_eq!(works(&world).await, before, "{}: nothing was accepted", operation.name());
    }
}

#[tokio::test]
async fn one_change_at_a_time() {
    for operation in operations() {
        let world = World::new().await;
        let (id, key) = operation.instance(&world).await;
        let work = operation.accepted(&world, &id, &key).await;
        let second = operation.call(&world, &id, &key, &[]).await;
        assert_eq!(second.code(), (409, "IncorrectState"), "{}", operation.name());
        world.settle().await;
        operation.took_effect(&world, &id, &work, "the first").await;
    }
}

#[tokio::test]
async fn work_that_is_cancelled_leaves_nothing() {
    for operation in operations() {
        let world = World::new().await;
        let (id, key) = operation.instance(&world).await;
        let before = world.get(&id).await.body;
        let work = operation.accepted(&world, &id, &key).await;
        let answer = world.call(Method::DELETE, &format!("/20190331/workRequests/{work}"), b"").await;
        assert_eq!(answer.status, 204, "{}", operation.name());
        let mut after = world.get(&id).await.body;
        after["timeUpdated"] = before["timeUpdated"].clone();
        assert_eq!(after, before, "{}", operation.name());
        let work = operation.accepted(&world, &id, &key).await;
        world.settle().await;
        operation.took_effect(&world, &id, &work, "after a cancelled one").await;
    }
}

#[tokio::test]
async fn an_update_of_the_instance_answers_with_its_children() {
    let world = World::new().await;
    let id = world.larger("myoac").await;
    world.child(Method::POST, &id, "privateAccessChannels", &channel()).await;
    world.settle().await;
    let target = format!("/20190331/analyticsInstances/{id}");
    let updated = world.call(Method::PUT, &target, b"{\"description\":\"other\"}").await;
    assert_eq!(updated.status, 200);
    assert_eq!(updated.body, world.get(&id).await.body);
    assert_eq!(shown(&updated.body, "privateAccessChannels"), [json!("pac")]);
}

#[tokio::test]
async fn the_children_of_an_instance_go_with_it() {
    let world = World::new().await;
    let id = world.larger("myoac").await;
    for (collection, body) in
        [("privateAccessChannels", channel()), ("vanityUrls", VANITY.clone()), ("resourceGroups", group())]
    {
        world.child(Method::POST, &id, collection, &body).await;
        world.settle().await;
        assert_eq!(keys(&world, &id, collection).await.len(), 1);
    }
    world.delete(&id).await;
    world.settle().await;
    for table in ["private_access_channels", "vanity_urls", "vanity_hosts", "resource_groups"] {
        let left = obol_store::Statement::built("instances", format!("SELECT 'x' AS x FROM {table}"));
        assert!(world.db.fetch_all(&left, obol_store::values![]).await.unwrap().is_empty(), "{table}");
    }
    let other = world.larger("other").await;
    let again = world.child(Method::POST, &other, "vanityUrls", &VANITY).await;
    assert_eq!(again.status, 202, "the host is free: {}", again.text());
}
