//! Whatever a caller puts in the wrong place may be a password or a token. No explanation repeats it.

use axum::http::{Method, header::AUTHORIZATION};
use obol_domain::Clock as _;
use serde_json::{Value, json};

use crate::{
    children::{channel, group, vanity},
    world::{Answer, HOST, World},
};

/// What may be pasted anywhere: a password, a token, one that fits the pattern of a name.
const PASTED: [&str; 3] = ["canary-Passw0rd! ", "eyJjanary.canary-payload.canary_signature", "canary"];
const INSTANCES: &str = "/20190331/analyticsInstances";

/// The answer, if it is a refusal, has an explanation without the text.
async fn silent(world: &World, answer: &Answer, place: &str) {
    if answer.status < 400 {
        return;
    }
    let why = world.why(answer).await;
    for part in [&why.check, &why.expected, &why.seen, &why.fix] {
        assert!(!part.contains("canary"), "{place}: {part}");
    }
}

/// Everything but letters and digits as an escape.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The field at a path such as `/capacity/capacityType`, made where it is not there.
fn put(body: &mut Value, path: &str, value: Value) {
    let mut place = body;
    for name in path.split('/').skip(1) {
        place = match name.parse::<usize>() {
            Ok(0) => {
                *place = json!([null]);
                &mut place[0]
            }
            _ => &mut place[name],
        };
    }
    *place = value;
}

#[tokio::test]
async fn no_field_of_a_body_is_repeated() {
    let world = World::new().await;
    let mut refused = 0;
    for path in [
        "/name",
        "/compartmentId",
        "/featureSet",
        "/capacity",
        "/capacity/capacityType",
        "/capacity/capacityValue",
        "/licenseType",
        "/description",
        "/emailNotification",
        "/networkEndpointDetails",
        "/networkEndpointDetails/networkEndpointType",
        "/networkEndpointDetails/whitelistedIps",
        "/networkEndpointDetails/whitelistedIps/0",
        "/networkEndpointDetails/whitelistedServices/0",
        "/networkEndpointDetails/whitelistedVcns/0",
        "/networkEndpointDetails/whitelistedVcns/0/id",
        "/networkEndpointDetails/whitelistedVcns/0/whitelistedIps/0",
        "/networkEndpointDetails/vcnId",
        "/networkEndpointDetails/networkSecurityGroupIds/0",
        "/idcsAccessToken",
        "/definedTags",
        "/definedTags/canary",
        "/freeformTags",
        "/freeformTags/canary",
        "/updateChannel",
        "/kmsKeyId",
        "/domainId",
        "/adminUser",
        "/featureBundle",
    ] {
        for pasted in PASTED {
            for value in [json!(pasted), json!(pasted.repeat(100)), json!({ pasted: pasted }), json!([pasted])] {
                for kind in ["PUBLIC", "PRIVATE"] {
                    let mut body = world.details("myoac");
                    if path.starts_with("/network") {
                        body["networkEndpointDetails"] = json!({ "networkEndpointType": kind });
                    }
                    // Nobody is made: what is accepted here would be refused for its capacity.
                    body["capacity"]["capacityValue"] = json!(3);
                    put(&mut body, path, value.clone());
                    let answer = world.create(&body).await;
                    assert!(answer.status >= 400, "{path}");
                    silent(&world, &answer, path).await;
                    refused += 1;
                }
            }
        }
    }
    assert_eq!(refused, 29 * 3 * 4 * 2);
    for body in ["canary", "{\"canary", "\"canary\"", "{\"name\": canary}"] {
        silent(&world, &world.call(Method::POST, INSTANCES, body.as_bytes()).await, body).await;
    }
}

#[tokio::test]
async fn no_field_of_a_change_is_repeated() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    let before = world.get(&id).await.body;
    for (action, paths) in [
        ("/actions/scale", &["/capacity", "/capacity/capacityType", "/capacity/capacityValue"][..]),
        ("/actions/changeCompartment", &["/compartmentId"]),
        (
            "/actions/changeNetworkEndpoint",
            &[
                "/networkEndpointDetails",
                "/networkEndpointDetails/networkEndpointType",
                "/networkEndpointDetails/whitelistedIps/0",
                "/networkEndpointDetails/vcnId",
            ],
        ),
        ("/actions/setKmsKey", &["/kmsKeyId"]),
        ("/actions/setFeatureBundle", &["/featureBundle"]),
        ("", &["/description", "/licenseType", "/updateChannel", "/freeformTags/canary", "/definedTags/canary"]),
    ] {
        for path in paths {
            for pasted in PASTED {
                for value in [json!(pasted.repeat(100)), json!({ pasted: { pasted: [pasted] } }), json!([[pasted]])] {
                    let mut body = json!({});
                    put(&mut body, path, value);
                    let method = if action.is_empty() { Method::PUT } else { Method::POST };
                    // A tag's value is whatever its definition allows.
                    let answer =
                        world.call(method, &format!("{INSTANCES}/{id}{action}"), body.to_string().as_bytes()).await;
                    assert!(answer.status >= 400 || path.starts_with("/definedTags"), "{path} {body}");
                    silent(&world, &answer, path).await;
                }
            }
        }
    }
    assert_eq!(world.get(&id).await.body["lifecycleState"], before["lifecycleState"]);
}

#[tokio::test]
async fn a_taken_name_is_not_repeated() {
    let world = World::new().await;
    world.active("canary").await;
    let taken = world.create(&world.details("Canary")).await;
    assert_eq!(taken.status, 409);
    silent(&world, &taken, "name").await;
}

#[tokio::test]
async fn no_parameter_of_a_query_is_repeated() {
    let world = World::new().await;
    let compartment = &world.tenant().compartment;
    for list in [INSTANCES, "/20190331/workRequests"] {
        for name in [
            "compartmentId",
            "name",
            "capacityType",
            "featureSet",
            "lifecycleState",
            "sortBy",
            "sortOrder",
            "limit",
            "page",
            "resourceId",
            "resourceType",
            "status",
            "canary",
        ] {
            for pasted in PASTED {
                let (text, long) = (escaped(pasted), escaped(&pasted.repeat(100)));
                for value in [text.clone(), long, format!("{text}&{name}={text}"), format!("{text}%zz"), "%00".into()] {
                    let with =
                        if name == "compartmentId" { String::new() } else { format!("compartmentId={compartment}&") };
                    let answer = world.call(Method::GET, &format!("{list}?{with}{name}={value}"), b"").await;
                    silent(&world, &answer, name).await;
                }
            }
        }
        silent(&world, &world.call(Method::GET, &format!("{list}?canary%zz=1"), b"").await, "a name").await;
    }
}

#[tokio::test]
async fn no_id_of_a_path_is_repeated() {
    let world = World::new().await;
    for pasted in PASTED {
        let id = escaped(pasted);
        for (method, target) in [
            (Method::GET, format!("{INSTANCES}/{id}")),
            (Method::DELETE, format!("{INSTANCES}/{id}")),
            (Method::GET, format!("/20190331/workRequests/{id}")),
            (Method::GET, format!("/20190331/workRequests/{id}/errors")),
            (Method::GET, format!("/20190331/workRequests/{id}/logs")),
            (Method::GET, format!("/20190331/{id}")),
        ] {
            let answer = world.call(method, &target, b"").await;
            assert_eq!(answer.status, 404, "{target}");
            silent(&world, &answer, &target).await;
        }
    }
    // An OCID is no secret, and what to look for.
    let id = "ocid1.analyticsworkrequest.oc1..aaaa";
    let answer = world.work(id).await;
    let why = world.why(&answer).await;
    assert_eq!((why.expected.as_ref(), why.seen.as_ref()), ("a work request of the caller's tenancy", id));
}

#[tokio::test]
async fn no_header_is_repeated() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    let target = format!("{INSTANCES}/{id}");
    for (name, value) in [("if-match", "canary"), ("opc-retry-token", &*"canary".repeat(20))] {
        let method = if name == "if-match" { Method::DELETE } else { Method::POST };
        let target = if name == "if-match" { &target } else { INSTANCES };
        let body = if name == "if-match" { String::new() } else { world.details("other").to_string() };
        let answer = world.call_with(method, target, body.as_bytes(), &[(name, value)]).await;
        assert!(answer.status >= 400, "{name}");
        silent(&world, &answer, name).await;
    }
    let signer = &world.tenant().administrator.signer;
    let good = signer.sign(&Method::GET, &target, HOST, b"", world.clock.wall()).unwrap();
    let text = good["authorization"].to_str().unwrap().to_owned();
    for (from, to) in [
        ("Signature ", "canary "),
        ("Signature ", "Bearer canary"),
        ("version=\"1\"", "version=\"canary\""),
        ("rsa-sha256", "canary"),
        (" host", " host canary"),
        (" host", " host canary canary"),
        ("ocid1.tenancy", "canary.tenancy"),
        ("ocid1.tenancy", "canary/tenancy"),
        ("keyId=\"", "keyId=\"ST$canary"),
        ("signature=\"", "signature=\"canary"),
        ("keyId=", "canary="),
    ] {
        assert!(text.contains(from), "{from}");
        for other in [None, Some("canary")] {
            let extra: Vec<_> = other.map(|value| ("canary", value)).into_iter().collect();
            let altered = text.replace(from, to);
            let headers = [vec![(AUTHORIZATION.as_str(), altered.as_str())], extra].concat();
            let answer = world.call_with(Method::GET, &target, b"", &headers).await;
            assert_eq!(answer.status, 401, "{to}");
            silent(&world, &answer, to).await;
        }
    }
}

#[tokio::test]
async fn no_field_of_a_childs_body_is_repeated() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    let mut refused = 0;
    for (collection, good, paths) in [
        (
            "privateAccessChannels",
            channel(),
            &[
                "/displayName",
                "/vcnId",
                "/subnetId",
                "/privateSourceDnsZones",
                "/privateSourceDnsZones/0",
                "/privateSourceDnsZones/0/dnsZone",
                "/privateSourceScanHosts/0/scanHostname",
                "/privateSourceScanHosts/0/scanPort",
                "/networkSecurityGroupIds",
                "/networkSecurityGroupIds/0",
            ][..],
        ),
        (
            "vanityUrls",
            vanity(&["bi.example.com"]),
            &["/hosts", "/hosts/0", "/privateKey", "/publicCertificate", "/caCertificate"],
        ),
        ("resourceGroups", group(), &["/capacity", "/resourceName", "/displayName", "/description"]),
    ] {
        for path in paths {
            for pasted in PASTED {
                // Control characters and length keep what has no pattern from being taken.
                for value in [json!(format!("{pasted}\n").repeat(100)), json!({ pasted: pasted }), json!([[pasted]])] {
                    let mut body = good.clone();
                    put(&mut body, path, value);
                    let answer = world.child(Method::POST, &id, collection, &body).await;
                    assert!(answer.status >= 400, "{collection} {path}: {}", answer.text());
                    silent(&world, &answer, path).await;
                    assert!(!answer.text().contains("canary"), "{path}: {}", answer.text());
                    refused += 1;
                }
            }
        }
    }
    assert_eq!(refused, (10 + 5 + 4) * 3 * 3);
    let mut body = vanity(&["bi.example.com"]);
    body["passphrase"] = "canary of another key".into();
    body["privateKey"] = include_str!("testdata/encrypted_key.pem").into();
    let answer = world.child(Method::POST, &id, "vanityUrls", &body).await;
    assert_eq!(answer.code(), (400, "InvalidParameter"));
    let why = world.why(&answer).await;
    assert_eq!((why.check.as_ref(), why.seen.as_ref()), ("private_key_opens", "another passphrase"));
    silent(&world, &answer, "passphrase").await;
}

#[tokio::test]
async fn no_key_of_a_child_and_no_taken_host_is_repeated() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    for pasted in PASTED {
        let key = escaped(pasted);
        for (method, path, body) in [
            (Method::GET, "privateAccessChannels", Value::Null),
            (Method::PUT, "privateAccessChannels", json!({ "displayName": "x" })),
            (Method::DELETE, "privateAccessChannels", Value::Null),
            (Method::DELETE, "vanityUrls", Value::Null),
            (Method::GET, "resourceGroups", Value::Null),
            (Method::PUT, "resourceGroups", group()),
            (Method::DELETE, "resourceGroups", Value::Null),
        ] {
            let answer = world.child(method, &id, &format!("{path}/{key}"), &body).await;
            assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"), "{path}");
            silent(&world, &answer, path).await;
        }
        let list = world.child(Method::GET, &id, &format!("resourceGroups?page={key}&name={key}"), &Value::Null).await;
        silent(&world, &list, "a list of groups").await;
    }
    let other = world.active("other").await;
    let hosts = ["canary.example.com"];
    assert_eq!(world.child(Method::POST, &id, "vanityUrls", &vanity(&hosts)).await.status, 202);
    let taken = world.child(Method::POST, &other, "vanityUrls", &vanity(&hosts)).await;
    assert_eq!(taken.status, 409);
    silent(&world, &taken, "a taken host").await;
    let mut uncovered = vanity(&["bi.example.com"]);
    uncovered["hosts"] = json!(hosts);
    let uncovered = world.child(Method::POST, &other, "vanityUrls", &uncovered).await;
    assert_eq!(uncovered.status, 400);
    silent(&world, &uncovered, "a host that is not covered").await;
}
