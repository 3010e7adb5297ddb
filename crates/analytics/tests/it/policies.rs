//! Who may: policy statements decide on everybody who is no administrator, for each operation, where its target is filed
//! (contract analytics 1, IAM).

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::Method;
use obol_analytics::http::routes::{self, ROUTES, Route};
use obol_domain::policy::{Grant, Permissions, ResourceType, Statement, Verb, operations::needed_by};
use obol_protocol::Timestamp;
use obol_store::{
    access::FRESH,
    compartments::{self, Compartment},
    policies::{self, Policy},
};

use serde_json::json;

use crate::world::{Answer, Tenant, World};

/// Attaches a policy to a tenancy's root, and tells its id.
async fn allow(world: &World, tenant: &Tenant, statements: &[&str]) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let id = format!("ocid1.policy.oc1..{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let policy = Policy {
        id: id.clone(),
        tenancy_id: tenant.id.clone(),
        compartment_id: tenant.id.clone(),
        name: id.clone(),
        description: "for a test".into(),
        statements: statements.iter().map(|&text| text.to_owned()).collect(),
        version_date: None,
        defined_tags: [].into(),
        freeform_tags: [].into(),
        version: 1,
        created_at: Timestamp::from_seconds(1),
    };
    let mut tx = world.db.begin().await.unwrap();
    policies::insert(&mut tx, &policy).await.unwrap();
    tx.commit().await.unwrap();
    // Reads trust what is a quarter of a second old.
    world.clock.advance(FRESH);
    id
}

async fn revoke(world: &World, id: &str) {
    let mut tx = world.db.begin().await.unwrap();
    assert!(policies::delete(&mut tx, &world.tenant().id, id, 1).await.unwrap());
    tx.commit().await.unwrap();
}

/// A compartment in that of the first tenancy.
async fn nested(world: &World, name: &str) -> String {
    let tenant = world.tenant();
    let id = format!("ocid1.compartment.oc1..{name}");
    let compartment = Compartment {
        id: id.clone(),
        tenancy_id: tenant.id.clone(),
        parent_id: tenant.compartment.clone(),
        name: name.into(),
        description: String::new(),
        defined_tags: [].into(),
        freeform_tags: [].into(),
        version: 1,
        created_at: Timestamp::from_seconds(1),
    };
    let mut tx = world.db.begin().await.unwrap();
    compartments::insert(&mut tx, &compartment).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn as_nobody(world: &World, method: Method, target: &str, body: &[u8]) -> Answer {
    world.call_as(&world.tenant().nobody, method, target, body, &[]).await
}

fn list(what: &str, compartment: &str) -> String {
    format!("/20190331/{what}?compartmentId={compartment}")
}

fn instance(id: &str) -> String {
    format!("/20190331/analyticsInstances/{id}")
}

/// Whether it is a refusal for want of a statement, which looks like absence.
async fn is_denied(world: &World, answer: &Answer) -> bool {
    if answer.code() != (404, "NotAuthorizedOrNotFound") {
        return false;
    }
    assert_eq!(answer.body["message"], "Authorization failed or requested resource not found");
    world.why(answer).await.check == "statement_allows_operation"
}

/// Calls a route on an instance and its work with a body that has whatever a route may want.
async fn call_route(world: &World, route: &Route, id: &str, work: &str) -> Answer {
    let path = route.path.replace("{analyticsInstanceId}", id).replace("{workRequestId}", work);
    let path = match path.split_once('{') {
        // A child of the instance that is not there.
        Some((parent, rest)) => format!("{parent}x{}", rest.split_once('}').unwrap().1),
        None if route.method == Method::GET && !path.contains(id) && !path.contains(work) => {
            format!("{path}?compartmentId={}", world.tenant().compartment)
        }
        None => path,
    };
    let body = world.details("another").to_string();
    let body = if matches!(route.method, Method::POST | Method::PUT) { body.as_bytes() } else { b"" };
    as_nobody(world, route.method.clone(), &path, body).await
}

async fn an_instance(world: &World) -> (String, String) {
    let created = world.create(&world.details("myoac")).await;
    world.settle().await;
    (created.body["id"].as_str().unwrap().to_owned(), created.header("opc-work-request-id").to_owned())
}

#[tokio::test]
async fn without_a_statement_nothing_is_seen_or_changed() {
    let world = World::new().await;
    let (id, work) = an_instance(&world).await;
    for route in ROUTES {
        let answer = call_route(&world, route, &id, &work).await;
        assert!(is_denied(&world, &answer).await, "{route:?}: {}", answer.text());
    }
    assert_eq!(world.get(&id).await.body["lifecycleState"], "ACTIVE");
    let all = world.call(Method::GET, &list("workRequests", &world.tenant().compartment), b"").await;
    assert_eq!(all.body.as_array().unwrap().len(), 1, "no work was accepted");
}

#[tokio::test]
async fn each_verb_opens_the_operations_of_its_level_on_its_type_and_no_other() {
    for resource in [ResourceType::AnalyticsInstances, ResourceType::AnalyticsInstanceWorkRequests] {
        for verb in Verb::ALL {
            let world = World::new().await;
            let (id, work) = an_instance(&world).await;
            allow(&world, world.tenant(), &[&format!("allow group nobodys to {verb} {resource} in tenancy")]).await;
            // What was deleted is not there for the next route, so that one is last.
            let mut routes: Vec<&Route> = ROUTES.iter().collect();
            routes.sort_by_key(|route| route.operation.name() == "DeleteAnalyticsInstance");
            for route in routes {
                let permission = needed_by(route.operation.name()).unwrap();
                let allowed = Permissions::of(*verb, resource).has(permission);
                let answer = call_route(&world, route, &id, &work).await;
                assert_eq!(is_denied(&world, &answer).await, !allowed, "{verb} {resource} {route:?} {}", answer.text());
                world.settle().await;
            }
            let expected =
                if *verb == Verb::Manage && resource == ResourceType::AnalyticsInstances { 404 } else { 200 };
            assert_eq!(world.get(&id).await.status, expected, "{verb} {resource}");
        }
    }
}

#[test]
fn the_table_of_permissions_and_the_table_of_routes_say_the_same() {
    use obol_domain::policy::Permission as P;
    for route in ROUTES {
        let on_work = route.path.contains("/workRequests");
        let expected = match (route.verb, on_work) {
            (routes::Verb::Inspect, false) => P::InstanceInspect,
            (routes::Verb::Read, false) => P::InstanceRead,
            (routes::Verb::Use, false) => P::InstanceUse,
            (routes::Verb::Manage, false) => P::InstanceManage,
            (routes::Verb::Move, false) => P::InstanceMove,
            (routes::Verb::Inspect, true) => P::WorkRequestInspect,
            (routes::Verb::Read, true) => P::WorkRequestRead,
            (routes::Verb::Manage, true) => P::WorkRequestManage,
            (routes::Verb::Use | routes::Verb::Move, true) => panic!("{route:?}"),
        };
        assert_eq!(needed_by(route.operation.name()), Some(expected), "{route:?}");
    }
}

#[tokio::test]
async fn a_statement_holds_where_it_says_and_below() {
    let world = World::new().await;
    let (things, root) = (world.tenant().compartment.clone(), world.tenant().id.clone());
    let deep = nested(&world, "deep").await;
    let other = nested(&world, "other").await;
    let mut body = world.details("deep");
    body["compartmentId"] = deep.clone().into();
    let id = world.create(&body).await.body["id"].as_str().unwrap().to_owned();
    let everywhere = [&root, &things, &deep, &other];
    for (place, seen) in [
        ("compartment things:deep", vec![&deep]),
        ("compartment things", vec![&things, &deep, &other]),
        ("compartment deep", vec![]),
        (&format!("compartment id {other}"), vec![&other]),
        ("tenancy", everywhere.to_vec()),
    ] {
        let policy =
            allow(&world, world.tenant(), &[&format!("allow any-user to read all-resources in {place}")]).await;
        for compartment in everywhere {
            for what in ["analyticsInstances", "workRequests"] {
                let answer = as_nobody(&world, Method::GET, &list(what, compartment), b"").await;
                let expected = seen.contains(&compartment);
                assert_eq!(answer.status == 200, expected, "{place}: {compartment}: {}", answer.text());
                assert_eq!(is_denied(&world, &answer).await, !expected);
            }
        }
        let answer = as_nobody(&world, Method::GET, &instance(&id), b"").await;
        assert_eq!(answer.status == 200, seen.contains(&&deep), "{place}: {}", answer.text());
        revoke(&world, &policy).await;
    }
}

#[tokio::test]
async fn a_group_is_named_by_its_name_or_id_and_others_are_not_meant() {
    let world = World::new().await;
    let target = list("analyticsInstances", &world.tenant().compartment);
    for (subject, expected) in [
        ("group nobodys", true),
        ("group Default/nobodys", true),
        ("group id ocid1.group.oc1..nobody", true),
        ("any-group", true),
        ("any-user", true),
        ("group administrators", false),
        ("group id ocid1.group.oc1..administrator", false),
        ("group Elsewhere/nobodys", false),
    ] {
        let text = format!("allow {subject} to inspect analytics-instances in tenancy");
        let policy = allow(&world, world.tenant(), &[&text]).await;
        let answer = as_nobody(&world, Method::GET, &target, b"").await;
        assert_eq!(answer.status == 200, expected, "{text}: {}", answer.text());
        revoke(&world, &policy).await;
    }
}

// Oracle's example: manage a single instance by name. A list is about no instance, so the condition declines it.
#[tokio::test]
async fn a_condition_on_the_name_opens_that_instance_its_creation_and_no_list() {
    let world = World::new().await;
    let others = world.active("other").await;
    let text = "allow group nobodys to manage analytics-instances in compartment things \
                where target.analytics-instances.name = 'MyOac'";
    allow(&world, world.tenant(), &[text]).await;
    let create = |name: &str| world.details(name).to_string();
    let created = as_nobody(&world, Method::POST, "/20190331/analyticsInstances", create("myoac").as_bytes()).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let id = created.body["id"].as_str().unwrap();
    assert_eq!(as_nobody(&world, Method::GET, &instance(id), b"").await.status, 200);
    for (method, target, body) in [
        (Method::POST, "/20190331/analyticsInstances".to_owned(), create("myoac2")),
        (Method::GET, instance(&others), String::new()),
        (Method::DELETE, instance(&others), String::new()),
        (Method::GET, list("analyticsInstances", &world.tenant().compartment), String::new()),
    ] {
        let answer = as_nobody(&world, method.clone(), &target, body.as_bytes()).await;
        assert!(is_denied(&world, &answer).await, "{method} {target} {}", answer.text());
    }
    assert_eq!(world.get(&others).await.body["lifecycleState"], "ACTIVE");
}

#[tokio::test]
async fn conditions_ask_about_the_operation_the_user_and_the_instance() {
    let world = World::new().await;
    let (id, _) = an_instance(&world).await;
    let user = world.tenant().nobody.ocid.clone();
    for (condition, expected) in [
        ("request.operation = 'GetAnalyticsInstance'".to_owned(), true),
        ("request.operation != 'GetAnalyticsInstance'".to_owned(), false),
        ("request.permission = 'ANALYTICS_INSTANCE_READ'".to_owned(), true),
        (format!("request.user.id = '{user}'"), true),
        (format!("request.user.id != '{user}'"), false),
        ("request.groups.id = 'ocid1.group.oc1..nobody'".to_owned(), true),
        (format!("target.analytics-instance.id = '{id}'"), true),
        ("target.compartment.name = 'things'".to_owned(), true),
        ("target.analytics-instance.source-compartment.id != 'x'".to_owned(), false),
    ] {
        let text = format!("allow any-user to manage analytics-instances in tenancy where {condition}");
        let policy = allow(&world, world.tenant(), &[&text]).await;
        let answer = as_nobody(&world, Method::GET, &instance(&id), b"").await;
        assert_eq!(answer.status == 200, expected, "{condition}: {}", answer.text());
        revoke(&world, &policy).await;
    }
}

#[tokio::test]
async fn a_statement_of_one_tenancy_opens_nothing_of_another() {
    let world = World::new().await;
    let (id, work) = an_instance(&world).await;
    let text = "allow any-user to manage all-resources in tenancy";
    allow(&world, &world.tenants[1], &[text]).await;
    let stranger = &world.tenants[1].nobody;
    let things = &world.tenant().compartment;
    for (target, check) in [
        (instance(&id), "resource_known"),
        (format!("/20190331/workRequests/{work}"), "resource_known"),
        (list("analyticsInstances", things), "compartment_known"),
        (list("workRequests", things), "compartment_known"),
        (list("workRequests", &world.tenant().id), "compartment_known"),
    ] {
        let answer = world.call_as(stranger, Method::GET, &target, b"", &[]).await;
        assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"), "{target}");
        assert_eq!(world.why(&answer).await.check, check, "{target}");
        assert!(is_denied(&world, &as_nobody(&world, Method::GET, &target, b"").await).await, "{target}");
    }
    let own = world.call_as(stranger, Method::GET, &list("workRequests", &world.tenants[1].id), b"", &[]).await;
    assert_eq!(own.status, 200, "{}", own.text());
}

#[tokio::test]
async fn what_is_not_there_and_what_may_not_be_seen_look_the_same() {
    let world = World::new().await;
    let (id, _) = an_instance(&world).await;
    let unseen = as_nobody(&world, Method::GET, &instance(&id), b"").await;
    let absent = as_nobody(&world, Method::GET, &instance("ocid1.analyticsinstance.oc1..none"), b"").await;
    assert_eq!((unseen.status, &unseen.body), (absent.status, &absent.body));
    assert_eq!(world.why(&absent).await.check, "resource_known");
    let nowhere = as_nobody(&world, Method::GET, &list("analyticsInstances", "ocid1.compartment.oc1..none"), b"").await;
    assert_eq!((unseen.status, &unseen.body), (nowhere.status, &nowhere.body));
    assert_eq!(world.why(&nowhere).await.check, "compartment_known");
}

#[tokio::test]
async fn a_request_that_does_not_say_what_it_is_about_is_refused_as_malformed() {
    let world = World::new().await;
    for (method, target, body, code) in [
        (Method::GET, "/20190331/analyticsInstances", "", "MissingParameter"),
        (Method::GET, "/20190331/workRequests?compartmentId=", "", "InvalidParameter"),
        (Method::POST, "/20190331/analyticsInstances", "{}", "MissingParameter"),
        (Method::POST, "/20190331/analyticsInstances", "[", "InvalidParameter"),
    ] {
        let answer = as_nobody(&world, method.clone(), target, body.as_bytes()).await;
        assert_eq!(answer.code(), (400, code), "{method} {target} {body}");
    }
}

#[tokio::test]
async fn a_change_holds_for_writes_at_once_and_for_reads_within_a_quarter_of_a_second() {
    let world = World::new().await;
    let (id, _) = an_instance(&world).await;
    let policy = allow(&world, world.tenant(), &["allow any-user to manage analytics-instances in tenancy"]).await;
    assert_eq!(as_nobody(&world, Method::GET, &instance(&id), b"").await.status, 200);
    revoke(&world, &policy).await;
    assert_eq!(as_nobody(&world, Method::GET, &instance(&id), b"").await.status, 200, "from memory");
    let answer = as_nobody(&world, Method::DELETE, &instance(&id), b"").await;
    assert!(is_denied(&world, &answer).await, "{}", answer.text());
    let answer = as_nobody(&world, Method::GET, &instance(&id), b"").await;
    assert!(is_denied(&world, &answer).await, "the write looked anew: {}", answer.text());
    assert_eq!(world.get(&id).await.body["lifecycleState"], "ACTIVE");
}

#[tokio::test]
async fn an_explanation_counts_the_statements_and_gives_one_that_would_do() {
    let world = World::new().await;
    let (id, _) = an_instance(&world).await;
    let text =
        "allow group nobodys to use analytics-instances in tenancy where request.operation = 'StopAnalyticsInstance'";
    let others = "allow group administrators to manage all-resources in tenancy";
    allow(&world, world.tenant(), &[text, others]).await;
    let answer = as_nobody(&world, Method::GET, &instance(&id), b"").await;
    let why = world.why(&answer).await;
    assert_eq!(why.check, "statement_allows_operation");
    assert_eq!(
        why.expected,
        "a policy statement that grants the user ANALYTICS_INSTANCE_READ for GetAnalyticsInstance"
    );
    assert_eq!(
        why.seen,
        "2 statements in the tenancy, 1 of them about this user, 1 of those with a condition that fails"
    );
    let example = why.fix.split_once(';').unwrap().0.replace("<group>", "nobodys");
    let statement: Statement = example.parse().unwrap();
    assert_eq!(statement.grant, Grant::Verb(Verb::Read, ResourceType::AnalyticsInstances));
    allow(&world, world.tenant(), &[&example]).await;
    assert_eq!(as_nobody(&world, Method::GET, &instance(&id), b"").await.status, 200);
}

#[tokio::test]
async fn a_move_needs_the_right_at_both_ends() {
    let world = World::new().await;
    let (id, _) = an_instance(&world).await;
    let (things, deep) = (world.tenant().compartment.clone(), nested(&world, "deep").await);
    let target = format!("{}/actions/changeCompartment", instance(&id));
    let root = world.tenant().id.clone();
    let to = |compartment: &str| json!({ "compartmentId": compartment }).to_string();
    let refused = [
        // Only where it goes, only where it is with a condition, and everything but the right itself.
        format!("allow any-user to manage analytics-instances in compartment id {deep}"),
        format!(
            "allow any-user to manage analytics-instances in compartment id {things} where target.compartment.id = '{things}'"
        ),
        "allow any-user to {ANALYTICS_INSTANCE_READ, ANALYTICS_INSTANCE_MANAGE} in tenancy".to_owned(),
        format!(
            "allow any-user to {{ANALYTICS_INSTANCE_MOVE}} in tenancy where \
             target.analytics-instance.destination-compartment.id = '{root}'"
        ),
    ];
    for text in refused {
        let policy = allow(&world, world.tenant(), &[&text]).await;
        let answer = as_nobody(&world, Method::POST, &target, to(&deep).as_bytes()).await;
        assert!(is_denied(&world, &answer).await, "{text}: {}", answer.text());
        revoke(&world, &policy).await;
    }
    // Oracle's example: from one compartment into another one.
    let text = format!(
        "allow any-user to {{ANALYTICS_INSTANCE_MOVE}} in tenancy where all \
         {{target.analytics-instance.source-compartment.id = '{things}', \
         target.analytics-instance.destination-compartment.id = '{deep}'}}"
    );
    allow(&world, world.tenant(), &[&text]).await;
    for (compartment, check) in [
        (root.as_str(), "statement_allows_operation"),
        ("ocid1.compartment.oc1..none", "statement_allows_operation"),
        (&world.tenants[1].compartment, "statement_allows_operation"),
    ] {
        let answer = as_nobody(&world, Method::POST, &target, to(compartment).as_bytes()).await;
        assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"), "{compartment}: {}", answer.text());
        assert_eq!(world.why(&answer).await.check, check, "{compartment}");
    }
    assert_eq!(world.get(&id).await.body["compartmentId"], things);
    let answer = as_nobody(&world, Method::POST, &target, to(&deep).as_bytes()).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    world.settle().await;
    assert_eq!(world.get(&id).await.body["compartmentId"], deep);
    // Whoever could move it there cannot move it back.
    let answer = as_nobody(&world, Method::POST, &target, to(&things).as_bytes()).await;
    assert!(is_denied(&world, &answer).await, "{}", answer.text());
}

#[tokio::test]
async fn an_administrator_needs_no_statement() {
    let world = World::new().await;
    let (id, _) = an_instance(&world).await;
    assert_eq!(world.get(&id).await.status, 200);
    assert_eq!(world.delete(&id).await.status, 204);
}
