//! `obol up` as a stranger meets it: the walk, the files it leaves, the next start, and what it says when it cannot start.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use obol_testkit::{DevEnv, Running, http};

const FILES: [&str; 5] = ["dev.env", "oci_config", "api_key.pem", "tokens.tok", "master.key"];

fn up(arguments: &[&str], data_dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_obol"))
        .args(["up", "--data-dir"])
        .arg(data_dir)
        .args(arguments)
        .env_clear()
        .output()
        .unwrap()
}

fn once(data_dir: &Path) -> String {
    let output = up(&["--once", "--listen", "127.0.0.1:0", "--provisioning", "10ms"], data_dir);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

/// One line of what, where and what to do, and a failure.
fn refusal(output: &Output) -> String {
    assert!(!output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_first_start_walks_the_whole_way_and_the_next_reuses_it() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let told = once(&data_dir);
    for step in
        ["1. Tenancy", "2. Confidential application Analytics_Token_App", "3. Access token", "4. Analytics instance"]
    {
        assert!(told.contains(step), "{step} is not told of:\n{told}");
    }
    for by_hand in
        ["curl -u", "oci analytics analytics-instance create", "obol token get", "obol analytics-instance create"]
    {
        assert!(told.contains(by_hand), "{by_hand} is not told of:\n{told}");
    }
    assert!(told.contains("state        ACTIVE"), "{told}");
    for name in FILES {
        let mode = fs::metadata(data_dir.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let token = fs::read_to_string(data_dir.join("tokens.tok")).unwrap();
    assert!(token.starts_with("{\"app_access_token\":\"eyJ4NXQjUzI1NiI6"), "{token}");
    let before = DevEnv::read(&data_dir).unwrap();

    let told = once(&data_dir);
    assert!(told.starts_with("Reusing "), "{told}");
    assert!(!told.contains("4. Analytics instance"), "{told}");
    let after = DevEnv::read(&data_dir).unwrap();
    for name in ["OBOL_STRIPE", "OBOL_CLIENT_SECRET", "OBOL_PASSWORD", "OBOL_TENANCY_ID", "OBOL_COMPARTMENT_ID"] {
        assert_eq!(before.get(name), after.get(name), "{name}");
    }

    let output = up(&["--once", "--fresh", "--listen", "127.0.0.1:0", "--provisioning", "10ms"], &data_dir);
    assert!(output.status.success());
    assert_ne!(DevEnv::read(&data_dir).unwrap().get("OBOL_STRIPE"), before.get("OBOL_STRIPE"));
}

#[test]
fn what_is_printed_holds_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    let told = once(directory.path());
    let env = DevEnv::read(directory.path()).unwrap();
    let token = fs::read_to_string(directory.path().join("tokens.tok")).unwrap();
    let key = fs::read_to_string(directory.path().join("api_key.pem")).unwrap();
    for secret in [env.get("OBOL_PASSWORD"), env.get("OBOL_CLIENT_SECRET"), &token[25..80], &key[100..160]] {
        assert!(!told.contains(secret));
    }
}

#[test]
fn the_files_carry_the_port_that_was_free() {
    let directory = tempfile::tempdir().unwrap();
    let running = Running::start(Path::new(env!("CARGO_BIN_EXE_obol")), directory.path(), &[]);
    assert_ne!(running.address.port(), 0);
    let stripe_url = running.env.get("OBOL_STRIPE_URL");
    assert_eq!(stripe_url, format!("http://{}/{}", running.address, running.env.get("OBOL_STRIPE")));
}

#[test]
fn a_signal_ends_it_gracefully_within_a_second() {
    let directory = tempfile::tempdir().unwrap();
    let running = Running::start(Path::new(env!("CARGO_BIN_EXE_obol")), directory.path(), &[]);
    let begun = obol_testkit::running::now();
    assert!(running.interrupt().success());
    assert!(begun.elapsed().as_secs_f64() < 1.0, "{:?}", begun.elapsed());
}

#[test]
fn a_web_page_cannot_reach_in() {
    let directory = tempfile::tempdir().unwrap();
    let running = Running::start(Path::new(env!("CARGO_BIN_EXE_obol")), directory.path(), &[]);
    let ask = |request: &str| http::call(running.address, request.as_bytes()).unwrap().status;
    assert_eq!(ask("GET /obol/v1/clock HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"), 200);
    assert_eq!(ask("GET /obol/v1/clock HTTP/1.1\r\nhost: rebound.example\r\n\r\n"), 421);
    assert_eq!(ask("GET /obol/v1/clock HTTP/1.1\r\nhost: 127.0.0.1\r\nsec-fetch-site: cross-site\r\n\r\n"), 403);
    assert_eq!(
        ask("POST /obol/v1/clock HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 14\r\n\r\n{\"reset\":true}"),
        403
    );
}

#[test]
fn a_taken_port_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let output = up(&["--listen", &address.to_string()], directory.path());
    let expected = format!(
        "error: cannot listen on {address}: the port is taken; \
         stop what listens there, or choose another address with --listen (port 0 picks a free one)\n"
    );
    assert_eq!(refusal(&output), expected);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing else was touched");
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let told = refusal(&up(&["--listen", "0.0.0.0:0"], directory.path()));
    assert!(told.starts_with("error: a dev cloud listens on loopback only, and 0.0.0.0:0 is not; "), "{told}");
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let told = refusal(&up(&["--listen", "127.0.0.1:0"], Path::new("/dev/null/data")));
    assert!(told.starts_with("error: /dev/null/data cannot be made: not a directory; "), "{told}");
}

#[test]
fn a_database_that_cannot_be_reached_is_named_without_its_password() {
    let directory = tempfile::tempdir().unwrap();
    let url = "postgres://obol:canary@127.0.0.1:1/obol";
    let told = refusal(&up(&["--listen", "127.0.0.1:0", "--database-url", url], directory.path()));
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.starts_with("error: the database at 127.0.0.1:1 cannot be reached: "), "{told}");
    assert!(!told.contains("canary"));
}

#[test]
fn a_directory_that_lost_a_file_is_refused_by_its_name() {
    let directory = tempfile::tempdir().unwrap();
    once(directory.path());
    for name in ["api_key.pem", "oci_config", "dev.env", "master.key"] {
        let kept = fs::read(directory.path().join(name)).unwrap();
        fs::remove_file(directory.path().join(name)).unwrap();
        let told = refusal(&up(&["--listen", "127.0.0.1:0"], directory.path()));
        assert!(told.starts_with(&format!("error: {name} is missing from ")), "{told}");
        assert!(told.contains("--fresh"), "{told}");
        fs::write(directory.path().join(name), kept).unwrap();
    }
    once(directory.path());
}

#[test]
fn what_obol_did_not_make_is_never_erased() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let thesis = directory.path().join("thesis.txt");
    fs::write(&thesis, "years of work").unwrap();
    for fresh in [&["--fresh"][..], &[]] {
        let arguments =
            [&["--listen", "127.0.0.1:0", "--once", "--database-url", thesis.to_str().unwrap()], fresh].concat();
        let told = refusal(&up(&arguments, &data_dir));
        assert!(told.contains("holds something that Obol did not make"), "{told}");
        assert_eq!(fs::read_to_string(&thesis).unwrap(), "years of work");
    }
}

#[test]
fn a_key_that_somebody_keeps_in_the_directory_is_not_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("api_key.pem"), "mine").unwrap();
    for arguments in [&["--once", "--listen", "127.0.0.1:0"][..], &["--once", "--fresh", "--listen", "127.0.0.1:0"]] {
        let told = refusal(&up(arguments, directory.path()));
        assert!(told.contains("api_key.pem is there"), "{told}");
        assert_eq!(fs::read_to_string(directory.path().join("api_key.pem")).unwrap(), "mine");
    }
}

#[test]
fn a_directory_keeps_the_secrets_of_its_database() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    once(&data_dir);
    let before = fs::read(data_dir.join("dev.env")).unwrap();
    let other = directory.path().join("other.db");
    let told =
        refusal(&up(&["--once", "--listen", "127.0.0.1:0", "--database-url", other.to_str().unwrap()], &data_dir));
    assert!(told.contains("dev.env is there"), "{told}");
    assert_eq!(fs::read(data_dir.join("dev.env")).unwrap(), before);
    once(&data_dir);
}

#[test]
fn a_database_in_use_is_neither_shared_nor_erased() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let running = Running::start(Path::new(env!("CARGO_BIN_EXE_obol")), &data_dir, &[]);
    let database = data_dir.join("obol.db");
    for fresh in [&["--fresh"][..], &[]] {
        let arguments =
            [&["--listen", "127.0.0.1:0", "--once", "--database-url", database.to_str().unwrap()], fresh].concat();
        let told = refusal(&up(&arguments, &directory.path().join("other")));
        assert!(told.contains("is in use by another dev cloud"), "{told}");
    }
    assert_eq!(
        http::call(running.address, b"GET /obol/v1/ready HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").unwrap().status,
        200
    );
}

#[test]
fn the_signing_key_is_public_when_the_stripe_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let keys = |running: &Running| {
        http::call(running.address, b"GET /admin/v1/SigningCert/jwk HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            .unwrap()
            .status
    };
    let binary = Path::new(env!("CARGO_BIN_EXE_obol"));
    assert_eq!(keys(&Running::start(binary, directory.path(), &[])), 401);
    assert_eq!(keys(&Running::start(binary, directory.path(), &["--public-signing-cert"])), 200);
    assert_eq!(keys(&Running::start(binary, directory.path(), &[])), 200, "the stripe keeps the setting");
}

#[test]
fn a_path_that_nobody_serves_is_answered_with_an_id() {
    let directory = tempfile::tempdir().unwrap();
    let running = Running::start(Path::new(env!("CARGO_BIN_EXE_obol")), directory.path(), &[]);
    for line in ["GET /nope", "POST /nope", "POST /idcs-xyz/oauth2/v1/token", "DELETE /"] {
        let request = format!("{line} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
        let answer = http::call(running.address, request.as_bytes()).unwrap();
        assert!([404, 405].contains(&answer.status), "{line}: {}", answer.head);
        assert!(answer.head.contains("x-oracle-dms-ecid: "), "{line}: {}", answer.head);
    }
}

#[test]
fn work_accepted_while_the_clock_was_ahead_goes_on_after_its_reset() {
    let directory = tempfile::tempdir().unwrap();
    let running = Running::start(Path::new(env!("CARGO_BIN_EXE_obol")), directory.path(), &["--provisioning", "300ms"]);
    running.wait_for(&directory.path().join("tokens.tok"));
    let compartment = running.env.get("OBOL_COMPARTMENT_ID").to_owned();
    let list = format!("/20190331/analyticsInstances?compartmentId={compartment}");
    let all_active = |wanted: usize| {
        let begun = obol_testkit::running::now();
        loop {
            let listed = running.signed("GET", &list, "", &[]).unwrap().json();
            let active = listed.as_array().unwrap().iter().filter(|one| one["lifecycleState"] == "ACTIVE").count();
            if active == wanted {
                return;
            }
            assert!(begun.elapsed().as_secs() < 30, "{listed}");
            obol_testkit::running::pause(std::time::Duration::from_millis(20));
        }
    };
    all_active(1);
    let clock = |body: &str| {
        let request = format!(
            "POST /obol/v1/clock HTTP/1.1\r\nhost: 127.0.0.1\r\nx-obol-request: 1\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        assert_eq!(http::call(running.address, request.as_bytes()).unwrap().status, 200);
    };
    clock("{\"advance\":\"30m\"}");
    let token: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(directory.path().join("tokens.tok")).unwrap()).unwrap();
    let body = serde_json::json!({
        "name": "ahead", "compartmentId": compartment, "featureSet": "ENTERPRISE_ANALYTICS",
        "licenseType": "LICENSE_INCLUDED", "capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 1},
        "idcsAccessToken": token["app_access_token"],
    });
    let created = running.signed("POST", "/20190331/analyticsInstances", &body.to_string(), &[]).unwrap();
    assert_eq!(created.status, 201, "{}", created.body);
    clock("{\"reset\":true}");
    all_active(2);
}
