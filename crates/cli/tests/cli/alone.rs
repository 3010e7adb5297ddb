//! What needs no dev cloud: refusals before anything is sent, a server that answers what it is told to, secrets.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Stdio};

use crate::support::{Obol, Ran, Stub, profile_directory};

const CREATE: [&str; 13] = [
    "analytics-instance",
    "create",
    "--name=a",
    "--compartment-id=c",
    "--feature-set=enterprise_analytics",
    "--license-type=License_Included",
    "--capacity-type=olpu_count",
    "--capacity-value=1",
    "--description=é",
    "--freeform-tags={\"A\":\"b\"}",
    "--update-channel=regular",
    "--no-retry",
    "--idcs-access-token-file",
];
const CREATED: &str = r#"{"id":"ocid1.x","name":"a","lifecycleState":"CREATING"}"#;
const FAILED: &str = r#"{"id":"w","status":"FAILED","percentComplete":40.0}"#;
const NEXT: &str = "opc-next-page: t=\r\n";
const CANARY: &str = "canary-5e1f";

fn create(stub: &Stub, more: &[&str]) -> Ran {
    let path = stub.path("tokens.tok");
    fs::write(&path, format!("{{\"app_access_token\":\"eyJ.{CANARY}.x\"}}")).unwrap();
    let arguments: Vec<&str> = CREATE.iter().copied().chain([path.as_str()]).chain(more.iter().copied()).collect();
    stub.obol(&arguments).run()
}

#[test]
fn create_sends_the_inner_token_and_only_what_was_given() {
    // Contract analytics 2.4 and 6.1.
    let stub = Stub::new(vec![(201, "etag: e\r\nopc-work-request-id: w\r\n", CREATED)]);
    let shown = create(&stub, &[]).ok().json();
    assert_eq!((&shown["etag"], &shown["opc-work-request-id"]), (&"e".into(), &"w".into()));
    assert_eq!(shown["data"]["lifecycle-state"], "CREATING");
    let sent = stub.requests()[0].clone();
    assert!(sent.starts_with("POST /20190331/analyticsInstances HTTP/1.1\r\n"), "{sent}");
    let body: serde_json::Value = serde_json::from_str(sent.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let expected = serde_json::json!({
        "name": "a", "compartmentId": "c", "featureSet": "ENTERPRISE_ANALYTICS", "licenseType": "LICENSE_INCLUDED",
        "capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 1}, "description": "é",
        "freeformTags": {"A": "b"}, "updateChannel": "REGULAR", "idcsAccessToken": format!("eyJ.{CANARY}.x"),
    });
    assert_eq!(body, expected);
}

#[test]
fn a_wait_on_failed_work_ends_at_once_with_its_errors() {
    // Contract analytics 8, rows 10 and 11.
    let errors = r#"[{"code":"InternalError","message":"no capacity","timestamp":"2026-11-22T22:29:49.000Z"}]"#;
    for wait in ["--wait", "--wait-for-state=succeeded"] {
        let stub = Stub::new(vec![(201, "opc-work-request-id: w\r\n", CREATED), (200, "", FAILED), (200, "", errors)]);
        let ran = create(&stub, &[wait]);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
        assert!(ran.err.contains("error: the work request ended as FAILED\n  InternalError: no capacity\n"), "{ran:?}");
        assert!(ran.err.contains("\nhint: "), "{ran:?}");
    }
}

#[test]
fn a_wanted_failure_is_a_success() {
    let stub = Stub::new(vec![(201, "opc-work-request-id: w\r\n", CREATED), (200, "", FAILED)]);
    let ran = create(&stub, &["--wait-for-state=SUCCEEDED", "--wait-for-state=FAILED"]).ok();
    assert_eq!(ran.json()["data"]["status"], "FAILED");
}

#[test]
fn a_wait_has_an_end() {
    let stub = Stub::new(vec![
        (201, "opc-work-request-id: w\r\n", CREATED),
        (200, "", r#"{"id":"w","status":"IN_PROGRESS"}"#),
    ]);
    let ran = create(&stub, &["--wait", "--max-wait-seconds=0"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.err.contains("error: still IN_PROGRESS after 0 seconds"), "{ran:?}");
}

#[test]
fn a_request_id_that_the_service_would_replace_is_refused() {
    // Contract analytics 1: the pattern of opc-request-id.
    let long = "a".repeat(256);
    for id in ["bad id", "", "a\"b", "\u{e9}", long.as_str()] {
        let stub = Stub::new(Vec::new());
        let ran = create(&stub, &["--opc-request-id", id]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains("1 to 255 letters"), "{ran:?}");
        assert!(stub.requests().is_empty());
    }
}

#[test]
fn a_refused_create_says_what_is_wrong_with_the_token() {
    // Contract analytics 8, row 5: the answer alone is a bare refusal.
    let body = r#"{"code":"NotAuthorizedOrNotFound","message":"Authorization failed or requested resource not found"}"#;
    let stub = Stub::new(vec![(404, "opc-request-id: a/B/C\r\n", body)]);
    let ran = create(&stub, &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in ["404 NotAuthorizedOrNotFound", "opc-request-id: a/B/C", "the token is at fault", "obol why a/B/C"] {
        assert!(ran.err.contains(part), "{part}: {ran:?}");
    }
    assert!(!ran.err.contains(CANARY) && !ran.out.contains(CANARY), "{ran:?}");
}

#[test]
fn delete_asks_and_without_anybody_to_ask_does_nothing() {
    let stub = Stub::new(Vec::new());
    let ran = stub.obol(&["analytics-instance", "delete", "--analytics-instance-id", "x"]).run();
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("hint: --force"), "{ran:?}");
    assert!(stub.requests().is_empty());
}

#[test]
fn a_delete_shows_its_headers() {
    // Contract analytics 6.2.
    let stub = Stub::new(vec![(204, "opc-work-request-id: w\r\n", "")]);
    let arguments = ["analytics-instance", "delete", "--analytics-instance-id=x", "--force", "--if-match=e1"];
    let ran = stub.obol(&arguments).run().ok();
    assert_eq!(ran.json(), serde_json::json!({"opc-work-request-id": "w"}));
    assert!(stub.requests()[0].contains("if-match: e1\r\n"));
}

#[test]
fn pages_are_fetched_as_asked() {
    // Contract analytics 5.1.
    let list = ["analytics-instance", "list", "--compartment-id=c"];
    let run = |more: &[&str], answers| {
        let stub = Stub::new(answers);
        let ran = stub.obol(&[&list[..], more].concat()).run().ok();
        let targets: Vec<String> =
            stub.requests().iter().map(|request| request.split(' ').nth(1).unwrap().to_owned()).collect();
        (ran, targets)
    };
    let base = "/20190331/analyticsInstances?compartmentId=c";

    let (ran, targets) = run(&[], vec![(200, NEXT, r#"[{"id":"1"}]"#)]);
    assert_eq!(ran.json()["opc-next-page"], "t=");
    assert!(ran.err.contains("note: there are more"), "{ran:?}");
    assert_eq!(targets, [base]);

    let (ran, targets) = run(&["--all", "--page-size=1"], vec![(200, NEXT, "[{}]"), (200, "", "[{}]")]);
    assert_eq!(ran.json()["data"].as_array().unwrap().len(), 2);
    assert_eq!(targets, [format!("{base}&limit=1"), format!("{base}&limit=1&page=t%3D")]);

    let (ran, targets) =
        run(&["--limit=3", "--page-size=2", "--page=p"], vec![(200, NEXT, "[{},{}]"), (200, NEXT, "[{}]")]);
    assert_eq!(ran.json()["data"].as_array().unwrap().len(), 3);
    assert_eq!(targets, [format!("{base}&limit=2&page=p"), format!("{base}&limit=1&page=t%3D")]);

    let (ran, _) = run(&["--all"], vec![(200, "", "[]")]);
    assert_eq!(ran.json(), serde_json::json!({"data": []}));
}

#[test]
fn a_status_filter_is_repeated() {
    // Contract analytics 6.4, work-request list.
    let stub = Stub::new(vec![(200, "", "[]")]);
    stub.obol(&["work-request", "list", "--compartment-id=c", "--status=accepted", "--status=IN_PROGRESS"]).run().ok();
    assert!(stub.requests()[0].contains("compartmentId=c&status=ACCEPTED&status=IN_PROGRESS "));
}

#[test]
fn a_server_that_is_not_there_is_told_from_a_refusal() {
    let directory = profile_directory();
    let profile = directory.path().join("config");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ran = Obol::new(&["analytics-instance", "list", "--compartment-id=c"])
        .env("OCI_CLI_CONFIG_FILE", profile.to_str().unwrap())
        .env("OCI_CLI_ENDPOINT", &format!("http://127.0.0.1:{port}/20190331"))
        .run();
    assert_eq!((ran.code, ran.out.as_str()), (5, ""), "{ran:?}");
    assert!(ran.err.starts_with(&format!("error: no connection to 127.0.0.1:{port}\n")), "{ran:?}");
}

#[test]
fn local_trouble_and_wrong_usage_have_their_codes() {
    let directory = profile_directory();
    let profile = directory.path().join("config");
    let profile = profile.to_str().unwrap();
    let list = ["analytics-instance", "list", "--compartment-id=c"];
    let code = |arguments: &[&str], variables: &[(&str, &str)]| {
        let ran = variables.iter().fold(Obol::new(arguments), |obol, (name, value)| obol.env(name, value)).run();
        assert!(ran.out.is_empty() && ran.err.starts_with("error: "), "{ran:?}");
        ran.code
    };
    // No profile, another name, no key file.
    assert_eq!(code(&list, &[("OBOL_URL", "http://127.0.0.1:1")]), 6);
    assert_eq!(code(&[&list[..], &["--config-file", profile, "--profile=X"]].concat(), &[]), 6);
    fs::rename(directory.path().join("key.pem"), directory.path().join("gone.pem")).unwrap();
    assert_eq!(code(&[&list[..], &["--config-file", profile]].concat(), &[]), 6);
    // No compartment, no URL, an unknown option, a value that is none.
    assert_eq!(code(&["work-request", "list"], &[]), 2);
    assert_eq!(
        code(
            &["analytics-instance", "get", "--analytics-instance-id=x", "--endpoint=x"],
            &[("OCI_CLI_CONFIG_FILE", profile),]
        ),
        2
    );
    assert_eq!(code(&["analytics-instance", "list", "--nonsense"], &[]), 2);
    assert_eq!(code(&["analytics-instance", "list", "--lifecycle-state=ASLEEP"], &[]), 2);
    assert_eq!(code(&["token", "get"], &[]), 2);
}

#[test]
fn a_key_in_the_environment_is_enough() {
    // Contract analytics 6.
    let stub = Stub::new(vec![(200, "", "[]")]);
    let key = fs::read_to_string(stub.path("key.pem")).unwrap();
    let profile = fs::read_to_string(stub.path("config")).unwrap();
    let fingerprint = profile.lines().find_map(|line| line.strip_prefix("fingerprint=")).unwrap();
    stub.obol(&["analytics-instance", "list", "--compartment-id=c"])
        .env("OCI_CLI_CONFIG_FILE", "")
        .env("OCI_CLI_TENANCY", "ocid1.tenancy.oc1..t")
        .env("OCI_CLI_USER", "ocid1.user.oc1..u")
        .env("OCI_CLI_FINGERPRINT", fingerprint)
        .env("OCI_CLI_KEY_CONTENT", &key)
        .run()
        .ok();
    assert!(stub.requests()[0].contains("keyId=\"ocid1.tenancy.oc1..t/ocid1.user.oc1..u/"));
}

#[test]
fn a_session_profile_signs_with_its_token() {
    // Contract analytics 4.6, and 8, row 13: --auth need not be said again.
    let stub = Stub::new(vec![(200, "", "[]")]);
    fs::write(stub.path("token"), "eyJ.session.x\n").unwrap();
    let profile = format!(
        "[S]\ntenancy=ocid1.tenancy.oc1..b\nregion=r\nkey_file={}\nsecurity_token_file={}\n",
        stub.path("key.pem"),
        stub.path("token")
    );
    fs::write(stub.path("config"), profile).unwrap();
    stub.obol(&["analytics-instance", "list", "--compartment-id=c", "--profile=S"]).run().ok();
    assert!(stub.requests()[0].contains("keyId=\"ST$eyJ.session.x\""));
}

#[test]
fn a_foreign_key_is_warned_of() {
    let stub = Stub::new(vec![(401, "", r#"{"code":"NotAuthenticated","message":"m"}"#)]);
    let profile = fs::read_to_string(stub.path("config")).unwrap();
    let line = profile.lines().find(|line| line.starts_with("fingerprint=")).unwrap();
    let other = "fingerprint=00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff";
    fs::write(stub.path("config"), profile.replace(line, other)).unwrap();
    let ran = stub.obol(&["analytics-instance", "list", "--compartment-id=c"]).run();
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.starts_with("warning: the key in "), "{ran:?}");
}

const TOKEN_ANSWER: &str = r#"{"access_token":"eyJ.a.b","token_type":"Bearer","expires_in":3600}"#;
const TOKEN_GET: [&str; 4] = ["token", "get", "--client-id=i", "--username=u"];

#[test]
fn secrets_come_by_file_variable_or_standard_input() {
    let stub = Stub::new(vec![(200, "", TOKEN_ANSWER), (200, "", TOKEN_ANSWER), (200, "", TOKEN_ANSWER)]);
    fs::write(stub.path("secret"), "s1\n").unwrap();
    fs::write(stub.path("password"), "p 1\r\n").unwrap();
    let (secret, password) = (stub.path("secret"), stub.path("password"));
    let files = [&TOKEN_GET[..], &["--client-secret-file", &secret, "--password-file", &password]].concat();
    assert_eq!(stub.obol(&files).env("OBOL_PASSWORD", "other").run().ok().out, "eyJ.a.b\n");
    let variables = stub.obol(&TOKEN_GET).env("OBOL_CLIENT_SECRET", "s1").env("OBOL_PASSWORD", "p 1");
    variables.run().ok();
    let piped = [&TOKEN_GET[..], &["--client-secret-file", &secret, "--password-stdin"]].concat();
    stub.obol(&piped).input("p 1\n").run().ok();
    let sent = stub.requests();
    for request in &sent {
        assert!(request.contains("Basic aTpzMQ=="), "{request}");
        assert!(request.ends_with("&username=u&password=p%201&scope=urn%3Aopc%3Aidm%3At.user.me"), "{request}");
    }
    assert_eq!(sent.len(), 3);
}

#[test]
fn a_missing_secret_is_asked_for_or_told() {
    let stub = Stub::new(Vec::new());
    let ran = stub.obol(&TOKEN_GET).run();
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("error: no client secret\nhint: give --client-secret-file"), "{ran:?}");
    let both = [&TOKEN_GET[..], &["--client-secret-file=-", "--password-file=-"]].concat();
    assert_eq!(stub.obol(&both).input("x").run().code, 2);
}

#[test]
fn a_token_is_printed_in_each_form_and_written_for_its_owner_alone() {
    for (output, expected) in [
        ("bare", "eyJ.a.b\n"),
        ("header", "Authorization: Bearer eyJ.a.b\n"),
        ("json", "{\"access_token\":\"eyJ.a.b\",\"token_type\":\"Bearer\",\"expires_in\":3600}\n"),
        ("tokens.tok", "{\"app_access_token\":\"eyJ.a.b\"}\n"),
    ] {
        let stub = Stub::new(vec![(200, "", TOKEN_ANSWER), (200, "", TOKEN_ANSWER)]);
        let path = stub.path("out");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let run = |more: &[&str]| {
            let arguments = [&TOKEN_GET[..], &["--output", output], more].concat();
            stub.obol(&arguments).env("OBOL_CLIENT_SECRET", "s").env("OBOL_PASSWORD", "p").run().ok().out
        };
        assert_eq!(run(&[]), expected);
        assert_eq!(run(&["--output-file", &path]), "");
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn no_secret_is_printed_whatever_goes_wrong() {
    let refusal = r#"{"error":"invalid_client","error_description":"Client authentication failed."}"#;
    for answers in [vec![(401, "X-ORACLE-DMS-ECID: x\r\n", refusal)], vec![(200, "", "<html>")], vec![]] {
        let stub = Stub::new(answers);
        let ran = stub.obol(&TOKEN_GET).env("OBOL_CLIENT_SECRET", CANARY).env("OBOL_PASSWORD", CANARY).run();
        assert_ne!(ran.code, 0, "{ran:?}");
        assert!(!ran.err.contains(CANARY) && !ran.out.contains(CANARY), "{ran:?}");
    }
    // A token by mistake on the command line is not repeated.
    let ran = Obol::new(&["token", "inspect", &format!("eyJ{CANARY}")]).run();
    assert_eq!(ran.code, 2);
    assert!(!ran.err.contains(CANARY), "{ran:?}");
    let ran = Obol::new(&["token", "inspect"]).input(&format!("eyJ.{CANARY}.x")).run();
    assert_eq!(ran.code, 1);
    assert!(!ran.err.contains(CANARY), "{ran:?}");
}

#[test]
fn a_closed_pipe_is_success() {
    let mut child = std::process::Command::new(crate::support::OBOL)
        .args(["token", "get", "--client-id=i", "--username=u"])
        .env_clear()
        .env("OBOL_STRIPE_URL", {
            let stub = Stub::new(vec![(200, "", TOKEN_ANSWER)]);
            stub.url()
        })
        .env("OBOL_CLIENT_SECRET", "s")
        .env("OBOL_PASSWORD", "p")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
