//! No secret leaves its place: not in the log at its most talkative, not in the database, not in an explanation.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs::{self, File},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use obol_testkit::{DevEnv, Running, http};
use serde_json::json;

/// Stands in for whatever a caller may send by mistake.
const CANARY: &str = "canary-8c1f0b7a";

/// Secrets of the dev cloud itself, as anybody would search for them.
fn own_secrets(data_dir: &Path, env: &DevEnv) -> Vec<String> {
    let token = fs::read_to_string(data_dir.join("tokens.tok")).unwrap();
    let key = fs::read_to_string(data_dir.join("api_key.pem")).unwrap();
    let master = fs::read_to_string(data_dir.join("master.key")).unwrap();
    let signature = token.trim_end_matches("\"}").rsplit('.').next().unwrap().to_owned();
    let mut secrets = vec![
        env.get("OBOL_PASSWORD").to_owned(),
        env.get("OBOL_CLIENT_SECRET").to_owned(),
        env.basic().trim_start_matches("Basic ").to_owned(),
        master.trim().to_owned(),
        signature,
    ];
    secrets.extend(key.lines().filter(|line| line.len() == 64).map(str::to_owned));
    secrets
}

#[test]
fn no_secret_is_logged_kept_or_explained() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let log = directory.path().join("log");
    let binary = Path::new(env!("CARGO_BIN_EXE_obol"));
    let arguments = ["--log", "trace", "--provisioning", "10ms"];
    let running = Running::start_logging(binary, &data_dir, &arguments, File::create(&log).unwrap().into());
    running.wait_for(&data_dir.join("tokens.tok"));

    let mut ids = Vec::new();
    for request in mistakes(&running) {
        let answer = http::call(running.address, request.as_bytes()).unwrap();
        assert!((400..500).contains(&answer.status), "{}\n{request}", answer.head);
        assert!(!answer.body.contains(CANARY), "{}", answer.body);
        ids.extend(answer.head.lines().find_map(|line| {
            line.strip_prefix("x-oracle-dms-ecid: ")
                .or_else(|| line.strip_prefix("opc-request-id: "))
                .map(str::to_owned)
        }));
    }
    let paste = format!("{{\"app_access_token\":\"{CANARY}\"}}");
    let body = json!({
        "name": "leak", "compartmentId": running.env.get("OBOL_COMPARTMENT_ID"), "featureSet": "ENTERPRISE_ANALYTICS",
        "licenseType": "LICENSE_INCLUDED", "capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 1},
        "idcsAccessToken": paste,
    });
    let answer = running.signed("POST", "/20190331/analyticsInstances", &body.to_string(), &[]).unwrap();
    assert_eq!(answer.status, 400, "{}", answer.body);
    ids.extend(answer.head.lines().find_map(|line| line.strip_prefix("opc-request-id: ").map(str::to_owned)));

    assert!(ids.len() >= 6, "each refusal has an id: {ids:?}");
    for id in &ids {
        let request = format!("GET /obol/v1/explanations/{id} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
        let explained = http::call(running.address, request.as_bytes()).unwrap();
        assert_eq!(explained.status, 200, "{id} is not explained: {}", explained.body);
        assert!(!explained.body.contains(CANARY), "{}", explained.body);
    }

    let secrets = own_secrets(&data_dir, &running.env);
    assert!(running.interrupt().success());
    let log = fs::read_to_string(log).unwrap();
    for id in &ids {
        assert!(log.contains(id.as_str()), "the log has a line for {id}");
    }
    let kept: Vec<u8> =
        ["obol.db", "obol.db-wal"].iter().flat_map(|name| fs::read(data_dir.join(name)).unwrap_or_default()).collect();
    let kept = String::from_utf8_lossy(&kept);
    assert!(kept.contains("Analytics_Token_App"), "the search finds what is there");
    for secret in secrets.iter().map(String::as_str).chain([CANARY]) {
        assert!(!log.contains(secret), "the log holds a secret");
        assert!(!kept.contains(secret), "the database holds a secret");
    }
}

/// Requests with the canary where a secret goes, and one where none should be.
fn mistakes(running: &Running) -> Vec<String> {
    let (client, user) = (running.env.get("OBOL_CLIENT_ID"), running.env.get("OBOL_USERNAME"));
    let basic = running.env.basic();
    let wrong = format!("Basic {}", STANDARD.encode(format!("{client}:{CANARY}")));
    let token = |authorization: &str, body: &str| {
        let length = body.len();
        format!(
            "POST /oauth2/v1/token HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {authorization}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    };
    let get = |path: &str, authorization: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {authorization}\r\n\r\n")
    };
    let grant = "grant_type=password&scope=urn:opc:idm:t.user.me";
    vec![
        token(&wrong, &format!("{grant}&username={user}&password=x")),
        token(&basic, &format!("{grant}&username={user}&password={CANARY}")),
        token(&basic, &format!("{grant}&username={user}&password={CANARY}&password={CANARY}")),
        token(&basic, &format!("grant_type=client_credentials&scope=a&client_secret={CANARY}")),
        get("/admin/v1/Me", &format!("Bearer {CANARY}")),
        get("/20190331/analyticsInstances?compartmentId=x", &format!("Signature {CANARY}")),
        get(&format!("/admin/v1/Me?access_token={CANARY}"), "Bearer eyJ.x.y"),
    ]
}
