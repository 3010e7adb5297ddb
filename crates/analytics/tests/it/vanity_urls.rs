//! What vanity URLs have of their own: certificates that are judged, keys that nobody sees, and hosts that lead to one
//! instance.

use std::time::Duration;

use axum::http::Method;
use obol_protocol::oci::pem;
use obol_store::{Statement, values};
use serde_json::{Value, json};

use crate::{
    changes::works,
    children::{certificate, keys, vanity},
    world::{World, master},
};

const URLS: &str = "vanityUrls";

#[tokio::test]
async fn a_vanity_url_is_shown_in_its_instance_without_its_key() {
    // Contract analytics 2, VanityUrlDetails.
    let world = World::new().await;
    let id = world.active("myoac").await;
    let body = vanity(&["BI.example.com", "reports.example.com"]);
    assert_eq!(world.child(Method::POST, &id, URLS, &body).await.status, 202);
    world.settle().await;
    let key = keys(&world, &id, URLS).await.pop().unwrap();
    let expected = json!({
        "key": key,
        "description": "ours",
        "urls": ["https://bi.example.com", "https://reports.example.com"],
        "hosts": ["bi.example.com", "reports.example.com"],
        "publicCertificate": body["publicCertificate"],
    });
    assert_eq!(world.get(&id).await.body["vanityUrlDetails"], json!({ key.as_str(): expected }));
    let alone = world.child(Method::GET, &id, &format!("{URLS}/{key}"), &Value::Null).await;
    assert_eq!(alone.code(), (404, "NotFound"), "there is no GetVanityUrl");
    let list = world.child(Method::GET, &id, URLS, &Value::Null).await;
    assert_eq!(list.code(), (404, "NotFound"), "and no list");
}

#[tokio::test]
async fn a_private_key_is_sealed_and_nowhere_in_the_clear() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    let body = vanity(&["bi.example.com"]);
    let pem_text = body["privateKey"].as_str().unwrap();
    let der = pem::first_block(pem_text).unwrap().der.to_vec();
    let line = pem_text.lines().nth(1).unwrap();
    let answer = world.child_with(Method::POST, &id, URLS, &body, &[("opc-retry-token", "token")]).await;
    assert_eq!(answer.status, 202);
    let inputs = Statement::new("work_requests", "SELECT input FROM work_requests WHERE id = $1");
    let work = answer.header("opc-work-request-id").to_owned();
    let input = || async {
        let rows = world.db.fetch_all(&inputs, values![work.as_str()]).await.unwrap();
        rows[0].get::<String>("input").unwrap()
    };
    let under_way = input().await;
    assert!(under_way.contains("sealedKey") && !under_way.contains(line), "sealed while the work goes on");
    world.settle().await;
    assert_eq!(input().await, "{}", "and forgotten with its end");

    let key = keys(&world, &id, URLS).await.pop().unwrap();
    let rows = Statement::new("vanity_urls", "SELECT key, details, ca_certificate, sealed_key FROM vanity_urls");
    let rows = world.db.fetch_all(&rows, values![]).await.unwrap();
    let sealed: Vec<u8> = rows[0].get("sealed_key").unwrap();
    assert!(!sealed.windows(32).any(|window| der.windows(32).any(|clear| clear == window)));
    let opened = master().open(&format!("vanity key {id}/{key}"), &sealed).unwrap();
    assert_eq!(opened.len(), der.len());
    assert!(master().open(&format!("vanity key {id}/another"), &sealed).is_err(), "it opens for no other");
    let shown = world.get(&id).await.body.to_string();
    assert!(!shown.contains(line) && !shown.contains("PRIVATE KEY") && !shown.contains("sealed"));
}

#[tokio::test]
async fn a_certificate_that_cannot_serve_is_refused_with_the_reason() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    let before = works(&world).await;
    let good = vanity(&["bi.example.com"]);
    let other = certificate(&["bi.example.com"]);
    let with = |field: &str, value: &Value| {
        let mut body = good.clone();
        body[field] = value.clone();
        body
    };
    let traditional = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAQID\n-----END EC PRIVATE KEY-----";
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----";
    for (body, field, check) in [
        (with("privateKey", &json!("no key")), "privateKey", "private_key_readable"),
        (with("privateKey", &good["publicCertificate"]), "privateKey", "private_key_readable"),
        (with("privateKey", &json!(traditional)), "privateKey", "private_key_opens"),
        (with("privateKey", &other["privateKey"]), "privateKey", "private_key_fits_certificate"),
        (with("publicCertificate", &json!("none")), "publicCertificate", "certificate_readable"),
        (with("publicCertificate", &good["privateKey"]), "publicCertificate", "certificate_readable"),
        (with("caCertificate", &json!("none")), "caCertificate", "certificate_readable"),
        (with("caCertificate", &other["caCertificate"]), "publicCertificate", "chain_reaches_authority"),
        (
            with("hosts", &json!(["bi.example.com", "other.example.com"])),
            "publicCertificate",
            "certificate_covers_hosts",
        ),
        (with("hosts", &json!(["*.example.com"])), "hosts[0]", "field_bounds"),
    ] {
        let answer = world.child(Method::POST, &id, URLS, &body).await;
        assert_eq!(answer.code(), (400, "InvalidParameter"), "{check}");
        assert_eq!(answer.body["message"], format!("The value of parameter {field} is not valid."));
        let why = world.why(&answer).await;
        assert_eq!(why.check, check);
        let told = format!("{why:?}{}", answer.text());
        assert!(!told.contains("BEGIN") || check.ends_with("readable"), "{told}");
        assert!(!told.contains(good["privateKey"].as_str().unwrap().lines().nth(1).unwrap()), "{told}");
    }
    let answer = world.child(Method::POST, &id, URLS, &with("privateKey", &json!(encrypted))).await;
    assert_eq!(answer.code(), (400, "MissingParameter"));
    assert_eq!(answer.body["message"], "The required parameter passphrase was not specified.");
    assert_eq!(world.why(&answer).await.check, "private_key_opens");
    assert_eq!(works(&world).await, before, "nothing was accepted");
    assert_eq!(world.get(&id).await.body["lifecycleState"], "ACTIVE");
}

#[tokio::test]
async fn dates_are_judged_by_the_services_clock_and_a_replay_is_not_judged_again() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    let body = vanity(&["bi.example.com"]);
    let token = [("opc-retry-token", "token")];
    let first = world.child_with(Method::POST, &id, URLS, &body, &token).await;
    assert_eq!(first.status, 202);
    world.settle().await;
    let other = world.active("other").await;
    // The certificate ends with the year. A retry token lives for a day, so this one is sent again in time.
    world.clock.advance(Duration::from_hours(23));
    let again = world.child_with(Method::POST, &id, URLS, &body, &token).await;
    assert_eq!(again.header("opc-work-request-id"), first.header("opc-work-request-id"));
    world.clock.advance(Duration::from_hours(24 * 60));
    let answer = world.child(Method::POST, &other, URLS, &vanity(&["late.example.com"])).await;
    assert_eq!(answer.code(), (400, "InvalidParameter"));
    let why = world.why(&answer).await;
    assert_eq!(why.check, "certificate_in_force");
    assert!(why.seen.starts_with("one that ended at 2027-01-01T00:00:00"), "{}", why.seen);
}

#[tokio::test]
async fn a_host_leads_to_one_instance_of_the_installation() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    let other = world.active("other").await;
    assert_eq!(world.child(Method::POST, &id, URLS, &vanity(&["bi.example.com"])).await.status, 202);
    for moment in ["while the work goes on", "afterwards"] {
        for hosts in [&["bi.example.com"][..], &["free.example.com", "BI.example.com"]] {
            let answer = world.child(Method::POST, &other, URLS, &vanity(hosts)).await;
            assert_eq!(answer.code(), (409, "NotAuthorizedOrResourceAlreadyExists"), "{moment}");
            assert_eq!(answer.body["message"], "Authorization failed or a vanity URL with this host already exists.");
            assert_eq!(world.why(&answer).await.check, "host_is_free");
        }
        world.settle().await;
    }
    assert_eq!(world.get(&other).await.body["lifecycleState"], "ACTIVE");
    assert_eq!(
        world.child(Method::POST, &other, URLS, &vanity(&["free.example.com"])).await.status,
        202,
        "what was refused took nothing"
    );
    let key = keys(&world, &id, URLS).await.pop().unwrap();
    world.settle().await;
    assert_eq!(world.child(Method::DELETE, &id, &format!("{URLS}/{key}"), &Value::Null).await.status, 202);
    world.settle().await;
    assert_eq!(world.child(Method::POST, &other, URLS, &vanity(&["bi.example.com"])).await.status, 202, "free again");
}

#[tokio::test]
async fn a_host_is_free_when_the_work_that_wanted_it_failed() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    let other = world.active("other").await;
    world.injector.add("before note_vanity_url", obol_domain::injector::Fault::Fail);
    world.child(Method::POST, &id, URLS, &vanity(&["bi.example.com"])).await;
    world.settle().await;
    assert_eq!(world.get(&id).await.body["vanityUrlDetails"], json!({}));
    assert_eq!(world.child(Method::POST, &other, URLS, &vanity(&["bi.example.com"])).await.status, 202);
}

#[tokio::test]
async fn another_certificate_must_cover_the_hosts_there_are() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    world.child(Method::POST, &id, URLS, &vanity(&["bi.example.com"])).await;
    world.settle().await;
    let key = keys(&world, &id, URLS).await.pop().unwrap();
    let path = format!("{URLS}/{key}");
    let before = world.get(&id).await.body;
    let answer = world.child(Method::PUT, &id, &path, &certificate(&["other.example.com"])).await;
    assert_eq!(answer.code(), (400, "InvalidParameter"));
    assert_eq!(world.why(&answer).await.check, "certificate_covers_hosts");
    assert_eq!(world.get(&id).await.body, before);
    let renewed = certificate(&["*.example.com"]);
    assert_eq!(world.child(Method::PUT, &id, &path, &renewed).await.status, 202);
    world.settle().await;
    let after = world.get(&id).await.body["vanityUrlDetails"][&key].clone();
    assert_eq!(after["publicCertificate"], renewed["publicCertificate"]);
    assert_eq!((&after["hosts"], &after["description"]), (&json!(["bi.example.com"]), &json!("ours")));
}

#[tokio::test]
async fn an_instance_has_five_vanity_urls_at_most() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    for index in 0..6 {
        let answer = world.child(Method::POST, &id, URLS, &vanity(&[&format!("h{index}.example.com")])).await;
        if index < 5 {
            assert_eq!(answer.status, 202, "{}", answer.text());
        } else {
            assert_eq!(answer.code(), (400, "LimitExceeded"));
            assert_eq!(world.why(&answer).await.check, "within_service_limit");
        }
        world.settle().await;
    }
}

/// On any engine: many instances want one host at a time, and one gets it.
pub async fn one_host_has_one_winner(world: &World) {
    let mut instances = Vec::new();
    for index in 0..8 {
        let answer = world.create(&world.details(&format!("oac{index}"))).await;
        instances.push(answer.body["id"].as_str().unwrap().to_owned());
    }
    world.settle().await;
    let body = vanity(&["bi.example.com"]);
    let calls = instances.iter().map(|id| world.child(Method::POST, id, URLS, &body));
    let mut answers = Vec::new();
    let mut set: Vec<_> = calls.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        set.retain_mut(|call| match std::future::Future::poll(call.as_mut(), context) {
            std::task::Poll::Ready(answer) => {
                answers.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if set.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    let accepted = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(accepted, 1, "one is promised the host");
    for answer in answers.iter().filter(|answer| answer.status != 202) {
        assert_eq!(answer.code(), (409, "NotAuthorizedOrResourceAlreadyExists"), "{}", answer.text());
    }
    world.settle().await;
    let mut found = 0;
    for id in &instances {
        let instance = world.get(id).await.body;
        assert_eq!(instance["lifecycleState"], "ACTIVE");
        found += instance["vanityUrlDetails"].as_object().unwrap().len();
    }
    assert_eq!(found, 1);
}

#[tokio::test]
async fn of_many_instances_that_want_one_host_one_gets_it() {
    one_host_has_one_winner(&World::new().await).await;
}
