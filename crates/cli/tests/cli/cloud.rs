//! Against a running dev cloud.

use serde_json::Value;

use crate::support::{Cloud, Ran};

fn create(cloud: &Cloud, name: &str, token_file: &str, more: &[&str]) -> Ran {
    let arguments = [
        "analytics-instance",
        "create",
        "--name",
        name,
        "--feature-set=ENTERPRISE_ANALYTICS",
        "--license-type=LICENSE_INCLUDED",
        "--capacity-type=OLPU_COUNT",
        "--capacity-value=1",
        "--idcs-access-token-file",
        token_file,
    ];
    cloud.obol(&[&arguments[..], more].concat()).run()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

/// The id after `obol why ` in a hint.
fn hinted_id(ran: &Ran) -> String {
    let rest = ran.err.split("`obol why ").nth(1).unwrap_or_else(|| panic!("{ran:?}"));
    rest.split('`').next().unwrap().trim_matches('\'').to_owned()
}

fn why(cloud: &Cloud, id: &str) -> String {
    cloud.obol(&["why", id]).run().ok().out
}

#[test]
fn an_instance_is_created_shown_listed_and_deleted() {
    let cloud = Cloud::start();
    let token = cloud.tokens_tok();

    let inspected = cloud.obol(&["token", "inspect", &token]).run().ok();
    assert!(inspected.out.contains("creating an instance: would be accepted"), "{inspected:?}");

    let created = create(&cloud, "byhand", &token, &["--wait"]).ok();
    let instance = &created.json()["data"];
    assert_eq!((text(instance, "name"), text(instance, "lifecycle-state")), ("byhand", "ACTIVE"));
    assert!(created.err.contains("SUCCEEDED"), "{created:?}");
    let id = text(instance, "id");

    let shown = cloud.obol(&["analytics-instance", "get", "--analytics-instance-id", id]).run().ok().json();
    assert_eq!(&shown["data"], instance);
    assert!(shown["etag"].is_string());

    let listed = cloud.obol(&["analytics-instance", "list", "--name=byhand", "--all"]).run().ok().json();
    assert_eq!(listed["data"][0]["id"], id);

    let requests = cloud.obol(&["work-request", "list", "--resource-id", id]).run().ok().json();
    let request = text(&requests["data"][0], "id");
    let request = cloud.obol(&["work-request", "get", "--work-request-id", request]).run().ok().json();
    assert_eq!(request["data"]["operation-type"], "CREATE_ANALYTICS_INSTANCE");
    assert_eq!(request["data"]["resources"][0]["identifier"], id);

    let deleted = cloud
        .obol(&["analytics-instance", "delete", "--force", "--wait-for-state=SUCCEEDED", "--analytics-instance-id", id])
        .run()
        .ok()
        .json();
    assert_eq!(deleted["data"]["operation-type"], "DELETE_ANALYTICS_INSTANCE");
    assert_eq!(deleted["data"]["status"], "SUCCEEDED");
}

#[test]
fn an_expired_token_is_refused_and_the_refusal_explained() {
    let cloud = Cloud::start().walked();
    let token = cloud.tokens_tok();
    let moved = cloud.obol(&["clock", "advance", "2h"]).run().ok();
    assert!(moved.out.contains("7200 s ahead"), "{moved:?}");

    let refused = create(&cloud, "late", &token, &[]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{refused:?}");
    let explained = why(&cloud, &hinted_id(&refused));
    for label in ["check ", "expected ", "seen ", "fix "] {
        assert!(explained.contains(label), "{explained}");
    }
    assert!(explained.contains("expire"), "{explained}");

    let bare = std::fs::read_to_string(&token).unwrap();
    let bare = bare.trim().trim_start_matches("{\"app_access_token\":\"").trim_end_matches("\"}");
    for shown in [&refused.err, &explained] {
        assert!(!shown.contains(bare), "{shown}");
    }

    assert!(cloud.obol(&["clock", "reset"]).run().ok().out.contains("the machine's time"));
    create(&cloud, "intime", &token, &["--wait"]).ok();
}

#[test]
fn a_wrong_password_is_refused_and_the_refusal_explained() {
    let cloud = Cloud::start();
    let canary = "canary-9c2d";
    let secret = cloud.env().get("OBOL_CLIENT_SECRET").to_owned();
    let get = |secret: &str, password: &str| {
        cloud.obol(&["token", "get"]).env("OBOL_CLIENT_SECRET", secret).env("OBOL_PASSWORD", password).run()
    };
    for (ran, code) in [(get(&secret, canary), "invalid_grant"), (get(canary, canary), "invalid_client")] {
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains(code), "{ran:?}");
        let explained = why(&cloud, &hinted_id(&ran));
        assert!(explained.starts_with("check "), "{explained}");
        assert!(!ran.err.contains(canary) && !explained.contains(canary), "{ran:?} {explained}");
    }
}

#[test]
fn a_key_the_cloud_does_not_know_is_refused_and_the_refusal_explained() {
    let cloud = Cloud::start();
    let stranger = crate::support::profile_directory();
    let profile = std::fs::read_to_string(stranger.path().join("config")).unwrap();
    let fingerprint = profile.lines().find_map(|line| line.strip_prefix("fingerprint=")).unwrap();
    let key = stranger.path().join("key.pem");
    let list = || cloud.obol(&["analytics-instance", "list"]).env("OCI_CLI_KEY_FILE", key.to_str().unwrap());
    // A key nobody registered, and the stranger's key under the registered one's name.
    for (ran, check) in
        [(list().env("OCI_CLI_FINGERPRINT", fingerprint).run(), "key_registered"), (list().run(), "signature_fits")]
    {
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains("401 NotAuthenticated"), "{ran:?}");
        let explained = why(&cloud, &hinted_id(&ran));
        assert!(explained.starts_with(&format!("check     {check}\n")), "{explained}");
    }
}

#[test]
fn an_id_nothing_was_refused_under_has_no_explanation() {
    let cloud = Cloud::start();
    let ran = cloud.obol(&["why", "nothing/here"]).run();
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("no refusal is recorded under this id"), "{ran:?}");
}

#[test]
fn what_the_lab_refuses_is_told_in_its_words() {
    let cloud = Cloud::start();
    for nonsense in ["nonsense", "1w", "-1h", "9999999d"] {
        let ran = cloud.obol(&["clock", "advance", "--", nonsense]).run();
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
        assert!(ran.err.starts_with("error: the dev cloud refused: 400 send {\"advance\":\"90m\"} "), "{ran:?}");
    }
    assert!(cloud.obol(&["clock", "show"]).run().ok().out.contains("the machine's time"));
}

#[test]
fn work_that_is_told_to_fail_fails_once_and_says_why() {
    let cloud = Cloud::start();
    let token = cloud.tokens_tok();
    let created = create(&cloud, "tofail", &token, &["--wait"]).ok().json();
    let delete = ["analytics-instance", "delete", "--force", "--wait-for-state=SUCCEEDED", "--analytics-instance-id"];
    let delete = [&delete[..], &[text(&created["data"], "id")]].concat();
    let set = cloud.obol(&["fault", "set", "delete_analytics_instance"]).run().ok();
    assert_eq!(set.out.trim_end(), "DELETE_ANALYTICS_INSTANCE  the next 1");
    let failed = cloud.obol(&delete).run();
    assert_eq!(failed.code, 3, "{failed:?}");
    assert!(failed.err.contains("was told to fail"), "{failed:?}");
    assert_eq!(cloud.obol(&["fault", "list"]).run().ok().out.trim_end(), "nothing is to fail");
    cloud.obol(&delete).run().ok();
    cloud.obol(&["fault", "set", "STOP_ANALYTICS_INSTANCE", "--times", "2"]).run().ok();
    assert_eq!(cloud.obol(&["fault", "clear"]).run().ok().out.trim_end(), "nothing is to fail");
    let unknown = cloud.obol(&["fault", "set", "RESTART"]).run();
    assert_eq!((unknown.code, unknown.out.as_str()), (1, ""), "{unknown:?}");
    assert!(unknown.err.starts_with("error: the dev cloud refused: 400 send {\"operation\":"), "{unknown:?}");
}
