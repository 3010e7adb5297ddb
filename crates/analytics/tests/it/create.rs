//! CreateAnalyticsInstance and GetAnalyticsInstance, and every way to be refused by them.

use axum::http::Method;
use obol_domain::capacity::TenancyLimits;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn an_accepted_creation_answers_with_the_whole_instance() {
    // Contract analytics 1, operation 2; 0, rules 3 and 6.
    let world = World::new().await;
    let answer = world
        .call_with(
            Method::POST,
            "/20190331/analyticsInstances",
            world.details("myoac").to_string().as_bytes(),
            &[("opc-request-id", "2A8D9090F347421E9FD97AB4A51C95D9")],
        )
        .await;
    insta::assert_snapshot!(answer.text(), @r#"
    201
    content-length: 707
    content-type: application/json
    date: Sun, 22 Nov 2026 12:00:00 GMT
    etag: 0000000000000001
    location: http://127.0.0.1:4620/20190331/analyticsInstances/ocid1.analyticsinstance.oc1.us-ashburn-1.aaaaaaaawqctbelx66c5rw4tbhqz2a6cjtziwcdjl2vf3hc2md5ixo2votfk
    opc-request-id: 2A8D9090F347421E9FD97AB4A51C95D9/D70D3259E4E1CB631C663CF4D73C4C04/022AB1BA804098E6CB293E6770EB3A95
    opc-work-request-id: ocid1.analyticsinstanceworkrequest.oc1.us-ashburn-1.aaaaaaaaqebdezp7gv7ln3p5yfl2lq4mpwtma5obhgt2mkmtv64moq66yws6

    {
      "capacity": {
        "capacityType": "OLPU_COUNT",
        "capacityValue": 1
      },
      "compartmentId": "ocid1.compartment.oc1..acacacacacacacacacacacacacacacac",
      "definedTags": {},
      "featureSet": "ENTERPRISE_ANALYTICS",
      "freeformTags": {},
      "id": "ocid1.analyticsinstance.oc1.us-ashburn-1.aaaaaaaawqctbelx66c5rw4tbhqz2a6cjtziwcdjl2vf3hc2md5ixo2votfk",
      "licenseType": "LICENSE_INCLUDED",
      "lifecycleState": "CREATING",
      "name": "myoac",
      "networkEndpointDetails": {
        "networkEndpointType": "PUBLIC",
        "whitelistedIps": [],
        "whitelistedServices": [],
        "whitelistedVcns": []
      },
      "privateAccessChannels": {},
      "resourceGroups": [],
      "systemTags": {},
      "timeCreated": "2026-11-22T12:00:00.000Z",
      "timeUpdated": "2026-11-22T12:00:00.000Z",
      "updateChannel": "REGULAR",
      "vanityUrlDetails": {}
    }
    "#);
}

#[tokio::test]
async fn a_created_instance_becomes_active_with_its_address() {
    let world = World::new().await;
    let mut body = world.details("myoac");
    body["description"] = "héllo".into();
    body["emailNotification"] = "somebody".into();
    body["freeformTags"] = json!({ "owner": "tests" });
    body["definedTags"] = json!({ "ops": { "cost": 42 } });
    body["networkEndpointDetails"] = json!({ "networkEndpointType": "PUBLIC", "whitelistedIps": ["1.2.3.4"] });
    body["updateChannel"] = "EARLY".into();
    body["kmsKeyId"] = "ocid1.key".into();
    body["featureBundle"] = "FAW_PAID".into();
    body["domainId"] = "ocid1.domain.oc1..x".into();
    body["adminUser"] = "canary-admin".into();
    let created = world.create(&body).await;
    world.settle().await;
    let answer = world.get(created.body["id"].as_str().unwrap()).await;
    insta::assert_snapshot!(answer.text(), @r#"
    200
    content-length: 954
    content-type: application/json
    date: Sun, 22 Nov 2026 12:03:20 GMT
    etag: 0000000000000002
    opc-request-id: 30CE495DDFD60CE7E9B91F3A331FD8F5/BA9A0D310162A1135F54FBF2B1093468/474B83DFFF52DFE61D24D4FCB97F3F6A

    {
      "capacity": {
        "capacityType": "OLPU_COUNT",
        "capacityValue": 1
      },
      "compartmentId": "ocid1.compartment.oc1..acacacacacacacacacacacacacacacac",
      "definedTags": {
        "ops": {
          "cost": 42
        }
      },
      "description": "héllo",
      "domainId": "ocid1.domain.oc1..x",
      "emailNotification": "somebody",
      "featureBundle": "FAW_PAID",
      "featureSet": "ENTERPRISE_ANALYTICS",
      "freeformTags": {
        "owner": "tests"
      },
      "id": "ocid1.analyticsinstance.oc1.us-ashburn-1.aaaaaaaawqctbelx66c5rw4tbhqz2a6cjtziwcdjl2vf3hc2md5ixo2votfk",
      "kmsKeyId": "ocid1.key",
      "licenseType": "LICENSE_INCLUDED",
      "lifecycleState": "ACTIVE",
      "name": "myoac",
      "networkEndpointDetails": {
        "networkEndpointType": "PUBLIC",
        "whitelistedIps": [
          "1.2.3.4"
        ],
        "whitelistedServices": [],
        "whitelistedVcns": []
      },
      "privateAccessChannels": {},
      "resourceGroups": [],
      "serviceUrl": "https://myoac-2heddohhyjky-ia.analytics.ocp.localhost/ui/",
      "systemTags": {},
      "timeCreated": "2026-11-22T12:00:00.000Z",
      "timeUpdated": "2026-11-22T12:00:10.000Z",
      "updateChannel": "EARLY",
      "vanityUrlDetails": {}
    }
    "#);
    assert!(!answer.text().contains("canary"), "adminUser is never returned");
}

#[tokio::test]
async fn the_work_request_is_followed_from_accepted_to_succeeded() {
    // Contract analytics 0, rules 3 to 5; 5.2.
    let world = World::new().await;
    let created = world.create(&world.details("myoac")).await;
    let work = created.header("opc-work-request-id").to_owned();
    let accepted = world.work(&work).await;
    insta::assert_snapshot!(accepted.text(), @r#"
    200
    content-length: 661
    content-type: application/json
    date: Sun, 22 Nov 2026 12:00:00 GMT
    etag: 0000000000000001
    opc-request-id: 2FBC4B009867B0ACCD32032DC651501B/9D271DA917672D58FF90B8601C5B7C6C/30CE495DDFD60CE7E9B91F3A331FD8F5
    retry-after: 2

    {
      "compartmentId": "ocid1.compartment.oc1..acacacacacacacacacacacacacacacac",
      "id": "ocid1.analyticsinstanceworkrequest.oc1.us-ashburn-1.aaaaaaaaqebdezp7gv7ln3p5yfl2lq4mpwtma5obhgt2mkmtv64moq66yws6",
      "operationType": "CREATE_ANALYTICS_INSTANCE",
      "percentComplete": 0.0,
      "resources": [
        {
          "actionResult": "NONE",
          "identifier": "ocid1.analyticsinstance.oc1.us-ashburn-1.aaaaaaaawqctbelx66c5rw4tbhqz2a6cjtziwcdjl2vf3hc2md5ixo2votfk",
          "resourceType": "ANALYTICS_INSTANCE",
          "resourceUri": "/20190331/analyticsInstances/ocid1.analyticsinstance.oc1.us-ashburn-1.aaaaaaaawqctbelx66c5rw4tbhqz2a6cjtziwcdjl2vf3hc2md5ixo2votfk"
        }
      ],
      "status": "ACCEPTED",
      "timeAccepted": "2026-11-22T12:00:00.000Z"
    }
    "#);
    world.engine.run_due().await.unwrap();
    let waiting = world.work(&work).await;
    assert_eq!((waiting.body["status"].as_str(), waiting.header("retry-after")), (Some("IN_PROGRESS"), "2"));
    assert_eq!(waiting.body["timeFinished"], Value::Null);
    world.settle().await;
    let finished = world.work(&work).await;
    insta::assert_snapshot!(finished.text(), @r#"
    200
    content-length: 750
    content-type: application/json
    date: Sun, 22 Nov 2026 12:03:20 GMT
    etag: 0000000000000008
    opc-request-id: 70C5B7AE5CF2631375A2614A424168EF/075858F43B80E1355B9E85D13F720D2D/E10DD28948F0D4A4C95F55CDAA077AEB

    {
      "compartmentId": "ocid1.compartment.oc1..acacacacacacacacacacacacacacacac",
      "id": "ocid1.analyticsinstanceworkrequest.oc1.us-ashburn-1.aaaaaaaaqebdezp7gv7ln3p5yfl2lq4mpwtma5obhgt2mkmtv64moq66yws6",
      "operationType": "CREATE_ANALYTICS_INSTANCE",
      "percentComplete": 100.0,
      "resources": [
        {
          "actionResult": "CREATED",
          "identifier": "ocid1.analyticsinstance.oc1.us-ashburn-1.aaaaaaaawqctbelx66c5rw4tbhqz2a6cjtziwcdjl2vf3hc2md5ixo2votfk",
          "resourceType": "ANALYTICS_INSTANCE",
          "resourceUri": "/20190331/analyticsInstances/ocid1.analyticsinstance.oc1.us-ashburn-1.aaaaaaaawqctbelx66c5rw4tbhqz2a6cjtziwcdjl2vf3hc2md5ixo2votfk"
        }
      ],
      "status": "SUCCEEDED",
      "timeAccepted": "2026-11-22T12:00:00.000Z",
      "timeFinished": "2026-11-22T12:00:10.000Z",
      "timeStarted": "2026-11-22T12:00:00.000Z"
    }
    "#);
    let logs = world.call(Method::GET, &format!("/20190331/workRequests/{work}/logs"), b"").await;
    let lines: Vec<&str> = logs.body.as_array().unwrap().iter().map(|line| line["message"].as_str().unwrap()).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    The instance's application was registered in its stripe, and its creator made ServiceAdministrator.
    Provisioning is simulated: no analytics server is started.
    Simulated provisioning finished.
    The instance is active.
    "#);
    let errors = world.call(Method::GET, &format!("/20190331/workRequests/{work}/errors"), b"").await;
    assert_eq!((errors.status, &errors.body), (200, &json!([])));
}

#[tokio::test]
async fn every_wrong_field_is_refused_and_named_only_in_the_explanation() {
    // Contract analytics 2, CreateAnalyticsInstanceDetails; 3, rows 400.
    let world = World::new().await;
    let unprocessable = ("InvalidParameter", "Unable to process JSON input");
    for (field, value, (code, message), expected) in [
        ("name", Value::Null, ("MissingParameter", "The required parameter name was not specified."), "name: a value"),
        ("name", "a_b".into(), ("InvalidParameter", "The value of parameter name is not valid."), "name: ^[a-zA-Z]"),
        ("name", "".into(), ("InvalidParameter", "The value of parameter name is not valid."), "name: 1 to 25"),
        ("name", 7.into(), unprocessable, "name: a string"),
        (
            "featureSet",
            "enterprise_analytics".into(),
            unprocessable,
            "featureSet: SELF_SERVICE_ANALYTICS or ENTERPRISE",
        ),
        ("licenseType", "FREE".into(), unprocessable, "licenseType: LICENSE_INCLUDED or BRING"),
        (
            "capacity",
            json!({ "capacityType": "OCPU", "capacityValue": 1 }),
            unprocessable,
            "capacity.capacityType: OLPU",
        ),
        ("updateChannel", "LATE".into(), unprocessable, "updateChannel: REGULAR"),
        ("featureBundle", "X".into(), unprocessable, "featureBundle: FAW_PAID"),
        ("networkEndpointDetails", json!({ "networkEndpointType": "SECRET" }), unprocessable, "PUBLIC or PRIVATE"),
        (
            "networkEndpointDetails",
            json!({ "networkEndpointType": "PUBLIC", "whitelistedIps": ["here"] }),
            ("InvalidParameter", "The value of parameter networkEndpointDetails.whitelistedIps[0] is not valid."),
            "an IP address",
        ),
        (
            "description",
            "x".repeat(513).into(),
            ("InvalidParameter", "The value of parameter description is not valid."),
            "description: 0 to 512",
        ),
        (
            "idcsAccessToken",
            "x".repeat(8193).into(),
            ("InvalidParameter", "The value of parameter idcsAccessToken is not valid."),
            "idcsAccessToken: 0 to 8192",
        ),
    ] {
        let mut body = world.details("myoac");
        body[field] = value;
        let answer = world.create(&body).await;
        assert_eq!(answer.body, json!({ "code": code, "message": message }), "{field}");
        assert_eq!(answer.status, 400);
        let explanation = world.why(&answer).await;
        assert!(explanation.expected.contains(expected), "{explanation:?}");
    }
    for body in ["", "[]", "{\"name\":", "\u{feff}{}"] {
        let answer = world.call(Method::POST, "/20190331/analyticsInstances", body.as_bytes()).await;
        assert_eq!((answer.code(), answer.body["message"].as_str()), ((400, unprocessable.0), Some(unprocessable.1)));
    }
    nothing_was_made(&world).await;
}

#[tokio::test]
async fn a_token_that_may_not_create_is_refused() {
    // Contract analytics 2.4.
    let world = World::new().await;
    let missing = "OAC-DAL-001034: idcsAccessToken is a required parameter, but was not specified.";
    let not_valid = "The value of parameter idcsAccessToken is not valid.";
    for (token, status, message, check) in [
        (Value::Null, 400, missing, "token_present"),
        ("".into(), 400, missing, "token_present"),
        ("  ".into(), 400, missing, "token_present"),
        (
            "client x".into(),
            400,
            "OAC-DAL-001041: idcsAccessToken is not a user access token.",
            "token_is_user_context",
        ),
        ("expired canary".into(), 400, not_valid, "token_expiry"),
        ("{\"app_access_token\":\"canary\"}".into(), 400, not_valid, "token_is_bare"),
        (" {\n\"app_access_token\":\"cana\nry\"".into(), 400, not_valid, "token_is_bare"),
    ] {
        let mut body = world.details("myoac");
        body["idcsAccessToken"] = token;
        let answer = world.create(&body).await;
        assert_eq!((answer.status, answer.body["message"].as_str()), (status, Some(message)));
        assert_eq!(answer.body["code"], "InvalidParameter");
        let explanation = world.why(&answer).await;
        assert_eq!(explanation.check, check);
        assert!(!format!("{explanation:?}").contains("canary"), "no token in an explanation");
    }
    let mut body = world.details("myoac");
    body["idcsAccessToken"] = "down x".into();
    let answer = world.create(&body).await;
    assert_eq!((answer.code(), answer.header("retry-after")), ((503, "ServiceUnavailable"), "2"));
    nothing_was_made(&world).await;
}

#[tokio::test]
async fn capacities_that_do_not_exist_are_refused() {
    // Contract analytics 2.1.
    let world = World::new().await;
    for (kind, value) in [("OLPU_COUNT", 3), ("OLPU_COUNT", 53), ("USER_COUNT", 9)] {
        let mut body = world.details("myoac");
        body["capacity"] = json!({ "capacityType": kind, "capacityValue": value });
        let answer = world.create(&body).await;
        assert_eq!(answer.code(), (400, "InvalidParameter"), "{kind} {value}");
        assert_eq!(world.why(&answer).await.check, "capacity_exists");
    }
    nothing_was_made(&world).await;
}

#[tokio::test]
async fn the_tenancys_limit_is_reached_and_not_passed() {
    // Contract analytics 2.1, tenancy limits: se-ocpu-count is 4.
    let world = World::limited(TenancyLimits::default()).await;
    let body = |name: &str, ocpus: i64| {
        let mut body = world.details(name);
        body["featureSet"] = "SELF_SERVICE_ANALYTICS".into();
        body["capacity"]["capacityValue"] = ocpus.into();
        body
    };
    let first = world.create(&body("one", 2)).await;
    assert_eq!(first.status, 201);
    assert_eq!(world.create(&body("two", 2)).await.status, 201);
    let refused = world.create(&body("three", 1)).await;
    assert_eq!(refused.code(), (400, "LimitExceeded"));
    assert_eq!(refused.body["message"], "The following service limits were exceeded: se-ocpu-count.");
    let why = world.why(&refused).await;
    assert_eq!(why.seen, "4 in use and 1 more wanted");
    // There is no other setting that a caller could reach for.
    assert!(why.fix.contains("obol up --no-limits") && !why.fix.contains("settings"), "{}", why.fix);
    // Another edition has a limit of its own, and what is deleted does not count.
    assert_eq!(world.create(&world.details("other")).await.status, 201);
    world.settle().await;
    assert_eq!(world.delete(first.body["id"].as_str().unwrap()).await.status, 204);
    world.settle().await;
    assert_eq!(world.create(&body("three", 1)).await.status, 201);
}

#[tokio::test]
async fn a_name_is_unique_in_the_tenancy_until_its_instance_is_deleted() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    for name in ["myoac", "MyOac"] {
        let answer = world.create(&world.details(name)).await;
        assert_eq!(answer.code(), (409, "NotAuthorizedOrResourceAlreadyExists"));
        assert_eq!(world.why(&answer).await.check, "name_is_free");
    }
    world.delete(&id).await;
    assert_eq!(world.create(&world.details("myoac")).await.status, 409, "DELETING is still there");
    world.settle().await;
    assert_eq!(world.create(&world.details("myoac")).await.status, 201);
}

#[tokio::test]
async fn a_compartment_of_nobody_is_not_there() {
    let world = World::new().await;
    let others = world.tenants[1].compartment.clone();
    let user = world.tenant().administrator.ocid.clone();
    for compartment in ["ocid1.compartment.oc1..none", "x\u{0}", &others, &user] {
        let mut body = world.details("myoac");
        body["compartmentId"] = compartment.into();
        let answer = world.create(&body).await;
        assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"), "{compartment}");
        assert_eq!(world.why(&answer).await.check, "compartment_known");
    }
    let mut body = world.details("myoac");
    body["compartmentId"] = world.tenant().id.clone().into();
    assert_eq!(world.create(&body).await.status, 201, "the root compartment is the tenancy");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_not_read() {
    let world = World::new().await;
    let body = vec![b' '; 256 * 1024 + 1];
    let answer = world.call(Method::POST, "/20190331/analyticsInstances", &body).await;
    assert_eq!(answer.code(), (413, "PayloadTooLarge"));
    assert_eq!(world.why(&answer).await.check, "body_size");
}

#[tokio::test]
async fn an_instance_that_is_not_there_is_not_found() {
    let world = World::new().await;
    for id in ["ocid1.analyticsinstance.oc1.us-ashburn-1.none", "x", "%00", "a%2Fb"] {
        let answer = world.get(id).await;
        assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"), "{id}");
        assert_eq!(answer.body["message"], "Authorization failed or requested resource not found");
        assert_eq!(world.why(&answer).await.check, "resource_known");
    }
}

/// Refused means nothing changed: no instance, no work.
async fn nothing_was_made(world: &World) {
    let target = |what: &str| format!("/20190331/{what}?compartmentId={}", world.tenant().compartment);
    for what in ["analyticsInstances", "workRequests"] {
        let list = world.call(Method::GET, &target(what), b"").await;
        assert_eq!((list.status, &list.body), (200, &json!([])), "{what}");
    }
    assert_eq!(world.engine.run_due().await.unwrap(), 0);
}
