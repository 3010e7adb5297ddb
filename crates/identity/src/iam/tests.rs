//! The identity API by signed requests: an administrator, somebody without a role, and the administrator of another tenancy.

use ::http::{Method, Request, Response};
use axum::{Router, body::Body};
use obol_domain::{Clock as _, app_role::BuiltInRole};
use obol_protocol::oci::signature::Signer;
use obol_store::{
    api_keys::{self, ApiKey},
    explanations,
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{
    refusal::Refusal,
    router,
    routes::{Policy, ROUTES},
};
use crate::testing::{OTHER_STRIPE, STRIPE, TENANCY, World, body_of, new_user, private_key};

mod api_keys_of_users;
mod compartments;
mod documents;
mod policies;
mod tenancy;

const HOST: &str = "identity.example.com";
const OTHER_TENANCY: &str = "ocid1.tenancy.oc1..other";
const NOT_THERE: (u16, &str) = (404, "NotAuthorizedOrNotFound");

struct Door {
    world: World,
    router: Router,
    administrator: Person,
    nobody: Person,
    stranger: Person,
}

struct Person {
    id: String,
    ocid: String,
    signer: Signer,
}

/// An answer as a client sees it, with the check that refused it.
struct Answer {
    status: u16,
    etag: String,
    next_page: String,
    body: Value,
    check: String,
}

impl Answer {
    fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    fn id(&self) -> String {
        self.body["id"].as_str().unwrap_or_else(|| panic!("{:#}", self.body)).to_owned()
    }

    fn names(&self) -> Vec<&str> {
        self.body.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
    }
}

impl Door {
    async fn new() -> Self {
        let world = World::new().await;
        world.add_other_stripe().await;
        let administrator = person(&world, STRIPE, TENANCY, world.user.id.clone(), world.user.ocid.clone(), 0).await;
        let mut tx = world.db().begin().await.unwrap();
        let nobody = world.provisioning().user(&mut tx, STRIPE, &new_user("nobody")).await.unwrap();
        let stranger = world.provisioning().user(&mut tx, OTHER_STRIPE, &new_user("stranger")).await.unwrap();
        let role = BuiltInRole::IdentityDomainAdministrator;
        world.provisioning().grant_to_user(&mut tx, OTHER_STRIPE, &stranger.id, role).await.unwrap();
        tx.commit().await.unwrap();
        let nobody = person(&world, STRIPE, TENANCY, nobody.id, nobody.ocid, 1).await;
        let stranger = person(&world, OTHER_STRIPE, OTHER_TENANCY, stranger.id, stranger.ocid, 1).await;
        Self { router: router(world.identity.clone()), world, administrator, nobody, stranger }
    }

    async fn call(&self, person: &Person, method: Method, target: &str, body: &Value, if_match: &str) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let wall = self.world.clock.wall();
        let headers = person.signer.sign(&method, target, HOST, body.as_bytes(), wall).unwrap();
        let mut request = Request::builder().method(method).uri(target).body(Body::from(body)).unwrap();
        request.headers_mut().extend(headers);
        if !if_match.is_empty() {
            request.headers_mut().insert("if-match", if_match.parse().unwrap());
        }
        self.send(request).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let (status, etag, next_page) = (response.status().as_u16(), header("etag"), header("opc-next-page"));
        let id = header("opc-request-id");
        assert_eq!(id.split('/').count(), 3, "{id}");
        let body = body_of(response).await;
        let body = if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap() };
        self.world.identity.0.recorder.flush().await;
        let found = explanations::find(self.world.db(), &id).await.unwrap();
        assert!(found.len() <= 1 && (found.len() == 1) == (status >= 400), "{status} {body:#}");
        let check = found.into_iter().next().map(|one| one.explanation.check.into_owned()).unwrap_or_default();
        Answer { status, etag, next_page, body, check }
    }

    /// By the administrator.
    async fn get(&self, target: &str) -> Answer {
        self.call(&self.administrator, Method::GET, target, &Value::Null, "").await
    }

    async fn post(&self, target: &str, body: &Value) -> Answer {
        self.call(&self.administrator, Method::POST, target, body, "").await
    }

    async fn put(&self, target: &str, body: &Value) -> Answer {
        self.call(&self.administrator, Method::PUT, target, body, "").await
    }

    async fn delete(&self, target: &str) -> Answer {
        self.call(&self.administrator, Method::DELETE, target, &Value::Null, "").await
    }

    async fn compartment(&self, parent: &str, name: &str) -> String {
        let body = json!({ "compartmentId": parent, "name": name, "description": "for a test" });
        let answer = self.post("/20160918/compartments/", &body).await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        answer.id()
    }

    async fn policy(&self, compartment: &str, name: &str, statements: &[&str]) -> Answer {
        let body =
            json!({ "compartmentId": compartment, "name": name, "description": "why", "statements": statements });
        self.post("/20160918/policies", &body).await
    }

    /// Everything that there is, to see that a refused request changed nothing.
    async fn all(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for target in [
            format!("/20160918/compartments?compartmentId={TENANCY}&compartmentIdInSubtree=true"),
            format!("/20160918/policies?compartmentId={TENANCY}"),
            format!("/20160918/users/{}/apiKeys", self.administrator.ocid),
            format!("/20160918/users/{}/apiKeys", self.nobody.ocid),
        ] {
            all.push(self.get(&target).await.body);
        }
        all
    }
}

async fn person(world: &World, stripe: &str, tenancy: &str, id: String, ocid: String, index: usize) -> Person {
    let public = private_key(index).public_key().unwrap();
    let key = ApiKey {
        user_id: id.clone(),
        fingerprint: public.fingerprint().to_string(),
        public_key: public.spki().to_vec(),
        created_at: world.identity.now(),
    };
    let mut tx = world.db().begin().await.unwrap();
    api_keys::insert(&mut tx, stripe, &key).await.unwrap();
    tx.commit().await.unwrap();
    let signer = Signer::api_key(tenancy, &ocid, &public.fingerprint(), private_key(index));
    Person { id, ocid, signer }
}

/// A call of each route on things of the first tenancy, with a body that would be accepted.
async fn everywhere(door: &Door, person: &Person) -> Vec<(usize, Answer)> {
    let compartment = door.compartment(TENANCY, "Filed").await;
    let policy = door.policy(TENANCY, "Kept", &["allow group A to read users in tenancy"]).await.id();
    let fingerprint = private_key(0).public_key().unwrap().fingerprint().to_string();
    let mut answers = Vec::new();
    for (index, route) in ROUTES.iter().enumerate() {
        let mut target = route
            .path
            .replace("{compartmentId}", &compartment)
            .replace("{policyId}", &policy)
            .replace("{tenancyId}", TENANCY)
            .replace("{userId}", &door.administrator.ocid)
            .replace("{fingerprint}", &fingerprint);
        let body = match (route.method.as_str(), route.path.contains("apiKeys")) {
            ("POST", true) => json!({ "key": pem_of(2) }),
            ("POST" | "PUT", _) => json!({
                "compartmentId": TENANCY,
                "name": "New",
                "description": "new",
                "statements": ["allow group B to read users in tenancy"],
            }),
            _ => Value::Null,
        };
        if route.path.ends_with("compartments") || route.path.ends_with("policies") {
            target = format!("{target}?compartmentId={TENANCY}");
        }
        answers.push((index, door.call(person, route.method.clone(), &target, &body, "").await));
    }
    answers
}

fn pem_of(index: usize) -> String {
    let public = private_key(index).public_key().unwrap();
    obol_protocol::oci::pem::encode("PUBLIC KEY", public.spki()).to_string()
}

#[tokio::test]
async fn no_route_is_open() {
    let door = Door::new().await;
    for route in &ROUTES {
        let path = route.path.replace(['{', '}'], "");
        let request = Request::builder().method(route.method.clone()).uri(&path).body(Body::empty()).unwrap();
        let answer = door.send(request).await;
        assert_eq!(answer.code(), (401, "NotAuthenticated"), "{route:?}");
        assert_eq!(answer.check, "signature_present");
    }
}

#[tokio::test]
async fn without_a_statement_only_what_is_public_is_answered_and_nothing_is_changed() {
    let door = Door::new().await;
    for (index, answer) in everywhere(&door, &door.nobody).await {
        let route = &ROUTES[index];
        match route.policy {
            Policy::Anybody => assert_eq!(answer.status, 200, "{route:?}"),
            Policy::Permission | Policy::Oneself => {
                assert_eq!(answer.code(), NOT_THERE, "{route:?} {:#}", answer.body);
                assert_eq!(answer.check, "statement_allows_operation", "{route:?}");
                assert_eq!(answer.body["message"], "Authorization failed or requested resource not found");
            }
        }
    }
    let all = door.all().await;
    assert_eq!(all[0][0]["name"], "Filed");
    assert_eq!(all[1][0]["statements"], json!(["allow group A to read users in tenancy"]));
    assert_eq!(all.iter().map(|list| list.as_array().unwrap().len()).collect::<Vec<_>>(), [1, 1, 1, 1]);
}

#[tokio::test]
async fn an_administrator_of_another_tenancy_sees_and_changes_nothing() {
    let door = Door::new().await;
    for (index, answer) in everywhere(&door, &door.stranger).await {
        let route = &ROUTES[index];
        match route.policy {
            Policy::Anybody => assert_eq!(answer.status, 200, "{route:?}"),
            Policy::Permission | Policy::Oneself => {
                assert_eq!(answer.code(), NOT_THERE, "{route:?} {:#}", answer.body);
                assert!(["compartment_known", "resource_known"].contains(&answer.check.as_str()), "{}", answer.check);
            }
        }
    }
    let counts: Vec<_> = door.all().await.iter().map(|list| list.as_array().unwrap().len()).collect();
    assert_eq!(counts, [1, 1, 1, 1]);
}

#[tokio::test]
async fn what_is_no_operation_is_not_found() {
    let door = Door::new().await;
    for (method, path) in [
        (Method::GET, "/20160918"),
        (Method::GET, "/20160918/"),
        (Method::GET, "/20160918/nothing"),
        (Method::PATCH, "/20160918/policies/x"),
        (Method::POST, "/20160918/regions"),
        (Method::GET, "/20160918/users/x/apiKeys/y"),
    ] {
        let request = Request::builder().method(method.clone()).uri(path).body(Body::empty()).unwrap();
        let answer = door.send(request).await;
        assert_eq!(answer.code(), (404, "NotFound"), "{method} {path}");
        assert_eq!(answer.check, "operation_exists");
    }
}

#[tokio::test]
async fn a_body_that_was_not_signed_is_refused() {
    let door = Door::new().await;
    let signed = json!({ "compartmentId": TENANCY, "name": "Mine", "description": "d" }).to_string();
    let target = "/20160918/compartments";
    let wall = door.world.clock.wall();
    let headers = door.administrator.signer.sign(&Method::POST, target, HOST, signed.as_bytes(), wall).unwrap();
    let mut request = Request::post(target).body(Body::from(signed.replace("Mine", "Ours"))).unwrap();
    request.headers_mut().extend(headers);
    let answer = door.send(request).await;
    assert_eq!((answer.code(), answer.check.as_str()), ((401, "NotAuthenticated"), "body_digest"));
    assert_eq!(door.all().await[0], json!([]));
}
