//! What private access channels have of their own: what is shown of them, names, places, and the limit.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    changes::works,
    children::{GROUP, SUBNET, VCN, channel, keys},
    world::World,
};

const CHANNELS: &str = "privateAccessChannels";

/// An instance with a channel, and its key.
async fn connected(world: &World) -> (String, String) {
    let id = world.active("myoac").await;
    assert_eq!(world.child(Method::POST, &id, CHANNELS, &channel()).await.status, 202);
    world.settle().await;
    let key = keys(world, &id, CHANNELS).await.pop().unwrap();
    (id, key)
}

#[tokio::test]
async fn a_channel_is_shown_alone_and_in_its_instance() {
    // Contract analytics 2, PrivateAccessChannel.
    let world = World::new().await;
    let (id, key) = connected(&world).await;
    let alone = world.child(Method::GET, &id, &format!("{CHANNELS}/{key}"), &Value::Null).await;
    assert_eq!(alone.status, 200);
    assert_eq!(alone.header("etag"), "0000000000000001");
    let mut expected = channel();
    expected["key"] = key.as_str().into();
    for (field, count) in [("ipAddress", 1), ("egressSourceIpAddresses", 2)] {
        let value = alone.body[field].clone();
        let addresses = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        assert_eq!(addresses.len(), count, "{field}");
        for address in addresses {
            let address: std::net::IpAddr = address.as_str().unwrap().parse().unwrap();
            assert!(address.to_string().starts_with("203.0.113."), "for documentation, RFC 5737: {address}");
        }
        expected[field] = value;
    }
    assert_eq!(alone.body, expected);
    assert_eq!(world.get(&id).await.body[CHANNELS], json!({ key: expected }));
}

#[tokio::test]
async fn the_log_says_that_addresses_are_simulated() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    let answer = world.child(Method::POST, &id, CHANNELS, &channel()).await;
    world.settle().await;
    let lines = crate::work::log_lines(&world, answer.header("opc-work-request-id")).await;
    assert!(lines[2].starts_with("The addresses of the private access channel are simulated: 203.0.113."), "{lines:?}");
}

#[tokio::test]
async fn every_field_can_be_changed_and_the_rest_stays() {
    let world = World::new().await;
    let (id, key) = connected(&world).await;
    let path = format!("{CHANNELS}/{key}");
    let mut expected = world.child(Method::GET, &id, &path, &Value::Null).await.body;
    for (version, changes) in [
        (2, json!({ "displayName": "renamed" })),
        (3, json!({ "privateSourceDnsZones": [{ "dnsZone": "other.example.com" }] })),
        (4, json!({ "privateSourceScanHosts": [] })),
        (5, json!({ "networkSecurityGroupIds": [], "vcnId": VCN, "subnetId": SUBNET })),
        (6, json!({ "vcnId": "ocid1.vcn.oc1.iad.bbbb" })),
        (7, json!({ "networkSecurityGroupIds": [] })),
    ] {
        let answer = world.child(Method::PUT, &id, &path, &changes).await;
        assert_eq!(answer.status, 202, "{changes}: {}", answer.text());
        world.settle().await;
        for (field, value) in changes.as_object().unwrap() {
            expected[field] = value.clone();
        }
        let found = world.child(Method::GET, &id, &path, &Value::Null).await;
        assert_eq!(found.body, expected, "{changes}");
        assert_eq!(found.header("etag"), format!("{version:016x}"));
    }
    let moved = json!({ "subnetId": "ocid1.subnet.oc1.iad.bbbb" });
    world.child(Method::PUT, &id, &path, &moved).await;
    world.settle().await;
    let found = world.child(Method::GET, &id, &path, &Value::Null).await;
    assert_ne!(found.body["ipAddress"], expected["ipAddress"], "another subnet has other addresses");
}

#[tokio::test]
async fn a_place_that_does_not_change_may_only_stand_beside_groups() {
    // Contract analytics 6.3, PAC update.
    let world = World::new().await;
    let (id, key) = connected(&world).await;
    let path = format!("{CHANNELS}/{key}");
    let before = works(&world).await;
    let other = "ocid1.networksecuritygroup.oc1.iad.bbbb";
    for (changes, code, field) in [
        (json!({ "vcnId": VCN }), "InvalidParameter", "vcnId"),
        (json!({ "subnetId": SUBNET }), "InvalidParameter", "subnetId"),
        (json!({ "subnetId": SUBNET, "displayName": "x" }), "InvalidParameter", "subnetId"),
        (json!({ "vcnId": VCN, "subnetId": "ocid1.subnet.oc1.iad.bbbb" }), "InvalidParameter", "vcnId"),
        (json!({ "networkSecurityGroupIds": [other] }), "MissingParameter", "vcnId"),
        (json!({ "networkSecurityGroupIds": [] }), "MissingParameter", "vcnId"),
        (json!({ "networkSecurityGroupIds": [GROUP, other], "vcnId": VCN }), "MissingParameter", "subnetId"),
        (json!({}), "MissingParameter", "displayName"),
    ] {
        let answer = world.child(Method::PUT, &id, &path, &changes).await;
        assert_eq!(answer.code(), (400, code), "{changes}");
        assert!(answer.body["message"].as_str().unwrap().contains(field), "{changes}: {}", answer.text());
        let why = world.why(&answer).await;
        assert!(why.expected.starts_with(&format!("{field}: ")), "{changes}: {}", why.expected);
    }
    assert_eq!(works(&world).await, before, "nothing was accepted");
    assert_eq!(world.get(&id).await.body["lifecycleState"], "ACTIVE");
    // What Terraform sends: everything, with the place because of the groups.
    let all = json!({ "displayName": "pac", "privateSourceDnsZones": channel()["privateSourceDnsZones"],
        "networkSecurityGroupIds": [GROUP], "vcnId": VCN, "subnetId": SUBNET });
    assert_eq!(world.child(Method::PUT, &id, &path, &all).await.status, 202);
}

#[tokio::test]
async fn a_name_is_the_instances_own() {
    let world = World::new().await;
    let (id, _) = connected(&world).await;
    let again = world.child(Method::POST, &id, CHANNELS, &channel()).await;
    assert_eq!(again.code(), (409, "NotAuthorizedOrResourceAlreadyExists"));
    assert_eq!(
        again.body["message"],
        "Authorization failed or a private access channel with this name already exists."
    );
    assert_eq!(world.why(&again).await.check, "child_name_is_free");
    let mut second = channel();
    second["displayName"] = "second".into();
    assert_eq!(world.child(Method::POST, &id, CHANNELS, &second).await.status, 202);
    world.settle().await;
    let channels = world.get(&id).await.body[CHANNELS].clone();
    let (key, _) = channels.as_object().unwrap().iter().find(|(_, one)| one["displayName"] == "second").unwrap();
    let renamed = world.child(Method::PUT, &id, &format!("{CHANNELS}/{key}"), &json!({ "displayName": "pac" })).await;
    assert_eq!(renamed.code(), (409, "NotAuthorizedOrResourceAlreadyExists"));
    let own = world.child(Method::PUT, &id, &format!("{CHANNELS}/{key}"), &json!({ "displayName": "second" })).await;
    assert_eq!(own.status, 202, "its own name may stay");
    let other = world.active("other").await;
    assert_eq!(world.child(Method::POST, &other, CHANNELS, &channel()).await.status, 202, "of another instance");
}

#[tokio::test]
async fn an_instance_has_five_channels_at_most() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    for index in 0..6 {
        let mut body = channel();
        body["displayName"] = format!("pac{index}").into();
        let answer = world.child(Method::POST, &id, CHANNELS, &body).await;
        if index < 5 {
            assert_eq!(answer.status, 202, "{}", answer.text());
        } else {
            assert_eq!(answer.code(), (400, "LimitExceeded"));
            assert_eq!(world.why(&answer).await.check, "within_service_limit");
        }
        world.settle().await;
    }
    assert_eq!(keys(&world, &id, CHANNELS).await.len(), 5);
}

#[tokio::test]
async fn a_field_that_breaks_its_bound_is_named() {
    // Every bound stands in the tests of the models; here that the door asks them.
    let world = World::new().await;
    let id = world.active("myoac").await;
    let before = works(&world).await;
    for (field, wrong, path) in [
        ("displayName", json!("9"), "displayName"),
        ("vcnId", json!(SUBNET), "vcnId"),
        ("privateSourceDnsZones", json!([]), "privateSourceDnsZones"),
        (
            "privateSourceScanHosts",
            json!([{ "scanHostname": "a", "scanPort": 0 }]),
            "privateSourceScanHosts[0].scanPort",
        ),
        ("networkSecurityGroupIds", json!(vec![GROUP; 6]), "networkSecurityGroupIds"),
    ] {
        let mut body = channel();
        body[field] = wrong;
        let answer = world.child(Method::POST, &id, CHANNELS, &body).await;
        assert_eq!(answer.code(), (400, "InvalidParameter"), "{field}");
        assert_eq!(answer.body["message"], format!("The value of parameter {path} is not valid."));
        assert_eq!(world.why(&answer).await.check, "field_bounds");
    }
    assert_eq!(works(&world).await, before, "nothing was accepted");
}
