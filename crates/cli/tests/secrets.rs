//! No secret leaves its place: not in the log at its most talkative, not in the database, not in an explanation.
//!
//! One thing that a caller sends is kept as it is, as that is what it is for: a well-formed `opc-request-id`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs::{self, File},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use obol_protocol::oauth::form::encode;
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
    for (door, request) in mistakes(&running) {
        let answer = http::call(running.address, request.as_bytes()).unwrap();
        assert!((300..500).contains(&answer.status), "{door}: {}\n{request}", answer.head);
        assert!(!answer.body.contains(CANARY), "{door}: {}", answer.body);
        assert!(!answer.head.contains(CANARY), "{door}: {}", answer.head);
        ids.extend((answer.status >= 400).then(|| id_of(&answer)).flatten().map(|id| (door, id)));
    }
    let doors = console(&running);
    ids.extend(doors.refused.iter().map(|id| ("console", id.clone())));
    let paste = format!("{{\"app_access_token\":\"{CANARY}\"}}");
    let body = json!({
        "name": "leak", "compartmentId": running.env.get("OBOL_COMPARTMENT_ID"), "featureSet": "ENTERPRISE_ANALYTICS",
        "licenseType": "LICENSE_INCLUDED", "capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 1},
        "idcsAccessToken": paste,
    });
    let answer = running.signed("POST", "/20190331/analyticsInstances", &body.to_string(), &[]).unwrap();
    assert_eq!(answer.status, 400, "{}", answer.body);
    ids.extend(id_of(&answer).map(|id| ("create", id)));

    for door in ["token", "admin", "analytics", "console", "create"] {
        assert!(ids.iter().any(|(named, _)| *named == door), "no refusal of {door} has an id: {ids:?}");
    }
    for (door, id) in &ids {
        let request = format!("GET /obol/v1/explanations/{id} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
        let explained = http::call(running.address, request.as_bytes()).unwrap();
        assert_eq!(explained.status, 200, "{door}: {id} is not explained: {}", explained.body);
        assert!(!explained.body.contains(CANARY), "{door}: {}", explained.body);
    }

    let mut secrets = own_secrets(&data_dir, &running.env);
    secrets.extend(doors.secrets);
    assert!(running.interrupt().success());
    let log = fs::read_to_string(log).unwrap();
    for (door, id) in &ids {
        assert!(log.contains(id.as_str()), "{door}: the log has a line for {id}");
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

/// The id under which a refusal is explained.
fn id_of(answer: &http::Answer) -> Option<String> {
    let named = |line: &str| {
        line.strip_prefix("x-oracle-dms-ecid: ").or_else(|| line.strip_prefix("opc-request-id: ")).map(str::to_owned)
    };
    answer.head.lines().find_map(named)
}

/// Requests with the canary where a secret goes, and where none should be, each with the door it knocks at.
fn mistakes(running: &Running) -> Vec<(&'static str, String)> {
    let (client, user) = (running.env.get("OBOL_CLIENT_ID"), running.env.get("OBOL_USERNAME"));
    let basic = running.env.basic();
    let with_basic = |id: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let token = |authorization: &str, body: &str| {
        ("token", post("/oauth2/v1/token", &format!("authorization: {authorization}\r\n{FORM}"), body))
    };
    let grant = "grant_type=password&scope=urn:opc:idm:t.user.me";
    let scope = |scope: &str| {
        let body = format!("grant_type=client_credentials&scope={scope}");
        token(&basic, &body)
    };
    let bearer = format!("authorization: Bearer {CANARY}\r\n");
    let long = CANARY.repeat(20);
    let host = running.address.to_string();
    let signed = |extra: &[(&str, &str)]| {
        let request = running.env.signed("POST", "/20190331/analyticsInstances", &host, "{}", extra);
        ("analytics", String::from_utf8(request).unwrap())
    };
    let signed_get = |target: &str| {
        let request = running.env.signed("GET", target, &host, "", &[]);
        ("analytics", String::from_utf8(request).unwrap())
    };
    vec![
        token(&with_basic(client, CANARY), &format!("{grant}&username={user}&password=x")),
        token(&basic, &format!("{grant}&username={user}&password={CANARY}")),
        token(&basic, &format!("{grant}&username={user}&password={CANARY}&password={CANARY}")),
        token(&basic, &format!("grant_type=client_credentials&scope=a&client_secret={CANARY}")),
        // Whoever fills in the wrong field.
        token(&with_basic(CANARY, "x"), &format!("{grant}&username={user}&password=x")),
        token(&basic, &format!("{grant}&username={CANARY}&password=x")),
        token(&basic, &format!("grant_type={CANARY}&scope=a")),
        scope(CANARY),
        scope(&format!("urn:opc:resource:expiry={CANARY}")),
        scope(&format!("urn:opc:idm:{CANARY}")),
        scope(&format!("urn:opc:idm:role.{CANARY}")),
        scope(&format!("https://{CANARY}/{CANARY}")),
        ("admin", get("/admin/v1/Me", &bearer)),
        ("admin", get(&format!("/admin/v1/Me?access_token={CANARY}"), "authorization: Bearer eyJ.x.y\r\n")),
        ("admin", get("/admin/v1/SigningCert/jwk", &bearer)),
        ("admin", get("/admin/v1/SigningCert/jwk", &format!("authorization: {}\r\n", with_basic("x", CANARY)))),
        (
            "analytics",
            get("/20190331/analyticsInstances?compartmentId=x", &format!("authorization: Signature {CANARY}\r\n")),
        ),
        ("analytics", get("/20190331/analyticsInstances", &format!("opc-request-id: {CANARY} {CANARY}\r\n"))),
        ("analytics", get("/20190331/analyticsInstances", &format!("opc-request-id: {long}\r\n"))),
        signed(&[("opc-retry-token", long.as_str())]),
        // Whoever pastes a token where an id goes.
        ("analytics", get(&format!("/20190331/analyticsInstances/{CANARY}"), "")),
        signed_get(&format!("/20190331/analyticsInstances/{CANARY}")),
        signed_get(&format!("/20190331/workRequests/{CANARY}/errors")),
        signed_get(&format!("/20190331/analyticsInstances?compartmentId={CANARY}")),
        signed_get(&format!("/20190331/analyticsInstances?compartmentId=x&sortBy={CANARY}")),
        ("analytics", get(&format!("/20190331/{CANARY}"), "")),
        ("admin", get(&format!("/admin/v1/{CANARY}"), "")),
        ("lab", get(&format!("/obol/v1/explanations/{CANARY}"), "")),
        ("lab", get(&format!("/obol/v1/{CANARY}"), "")),
        ("console", get(&format!("/ui/v1/{CANARY}"), "")),
        ("front door", get(&format!("/{CANARY}"), "")),
        ("lab", post("/obol/v1/clock", "x-obol-request: 1\r\n", &format!("{{\"advance\":\"{CANARY}\"}}"))),
        ("lab", post("/obol/v1/clock", &bearer, "{\"reset\":true}")),
        ("lab", get(&format!("/obol/v1/explanations/none?token={CANARY}"), &bearer)),
        ("console", get("/ui/v1/", &format!("cookie: __Host-obol={CANARY}\r\n"))),
        ("console", get(&format!("/ui/v1/signin/nowhere?next=/{CANARY}"), &format!("cookie: x={CANARY}\r\n"))),
        (
            "console",
            post(
                "/ui/v1/signin",
                &format!("cookie: __Host-obol-visitor={CANARY}\r\n{FORM}"),
                &format!("form_token={CANARY}&username={CANARY}&password={CANARY}"),
            ),
        ),
    ]
}

/// What was met at the console's door.
struct Doors {
    /// The ids of the refusals.
    refused: Vec<String>,
    /// What opens a session or a form.
    secrets: Vec<String>,
}

/// Signs in to the console: with a wrong password, then with the right one.
fn console(running: &Running) -> Doors {
    let page = http::call(running.address, get("/ui/v1/signin", "").as_bytes()).unwrap();
    let visitor = cookie(&page, "__Host-obol-visitor=");
    let form_token = page.body.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let sign_in = |password: &str| {
        let headers = format!("cookie: __Host-obol-visitor={visitor}\r\n{FORM}");
        let user = running.env.get("OBOL_USERNAME");
        let (form_token, password) = (encode(form_token), encode(password));
        let body = format!("form_token={form_token}&username={user}&password={password}");
        http::call(running.address, post("/ui/v1/signin", &headers, &body).as_bytes()).unwrap()
    };
    let refused = sign_in(CANARY);
    assert_eq!(refused.status, 401, "{}\n{}", refused.head, refused.body);
    assert!(!refused.body.contains(CANARY), "{}", refused.body);
    let opened = sign_in(running.env.get("OBOL_PASSWORD"));
    assert_eq!(opened.status, 303, "{}\n{}", opened.head, opened.body);
    let session = cookie(&opened, "__Host-obol=");
    Doors { refused: id_of(&refused).into_iter().collect(), secrets: vec![visitor, form_token.to_owned(), session] }
}

/// The value that an answer gives a cookie.
fn cookie(answer: &http::Answer, start: &str) -> String {
    let mut set = answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let value = set.find_map(|cookie| cookie.strip_prefix(start)).unwrap();
    value.split(';').next().unwrap().to_owned()
}

const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}\r\n")
}

fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}content-length: {length}\r\n\r\n{body}")
}
