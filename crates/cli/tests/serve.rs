//! `obol serve` as its operators see it: over TLS, with nothing of the lab, and as several nodes over one PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use obol_testkit::{DevEnv, http};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// A running `obol serve`; killed when dropped.
struct Node {
    process: Child,
    address: SocketAddr,
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn obol() -> Command {
    Command::new(env!("CARGO_BIN_EXE_obol"))
}

/// What `obol up` makes once: a database with a seed, and the master key beside it.
struct Seeded {
    directory: tempfile::TempDir,
    database: String,
    env: DevEnv,
}

impl Seeded {
    fn new(database: Option<&str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let mut up = obol();
        up.args(["up", "--once", "--listen", "127.0.0.1:0", "--provisioning", "0s", "--data-dir"]).arg(&data);
        up.args(database.into_iter().flat_map(|url| ["--database-url", url]));
        let done = up.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let database = database.map_or_else(|| data.join("obol.db").display().to_string(), str::to_owned);
        Self { env: DevEnv::read(&data).unwrap(), directory, database }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a configuration; `more` are its lines beyond the common ones.
    fn config(&self, more: &str) -> PathBuf {
        let file = self.path("obol.toml");
        let key = self.path("data/master.key");
        let common = format!(
            "listen = '127.0.0.1:0'\ndatabase_url = '{}'\nmaster_key_file = '{}'\n",
            self.database,
            key.display()
        );
        std::fs::write(&file, common + more).unwrap();
        file
    }

    fn node(&self, more: &str) -> Node {
        let mut serve = obol();
        serve.args(["serve", "--log", "warn", "--config"]).arg(self.config(more));
        let mut process = serve.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(process.stderr.take().unwrap()).read_line(&mut said).unwrap();
        let address = said.trim().strip_prefix("Serving on ").and_then(|rest| rest.strip_suffix('.'));
        Node { process, address: address.unwrap_or_else(|| unreachable!("it said: {said}")).parse().unwrap() }
    }

    fn refused(&self, more: &str) -> Output {
        let output = obol().args(["serve", "--config"]).arg(self.config(more)).output().unwrap();
        assert!(!output.status.success(), "it started");
        output
    }
}

const PROXIED: &str = "public_url = 'http://localhost'\nbehind_proxy = true\n";

/// Writes `ca.pem`, `tls.pem` and `tls.key` for 127.0.0.1; returns the lines that configure them.
fn tls(directory: &Path) -> String {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    std::fs::write(directory.join("ca.pem"), authority.pem()).unwrap();
    std::fs::write(directory.join("tls.pem"), leaf.pem()).unwrap();
    std::fs::write(directory.join("tls.key"), key.serialize_pem()).unwrap();
    let place = directory.display();
    format!(
        "public_url = 'https://127.0.0.1'\n[tls]\ncertificate_file = '{place}/tls.pem'\nprivate_key_file = '{place}/tls.key'\n"
    )
}

#[test]
fn a_token_and_an_instance_come_over_tls() {
    let seeded = Seeded::new(None);
    let node = seeded.node(&tls(seeded.directory.path()));
    let url = format!("https://{}", node.address);
    let command = |authority: &str, words: &[&str]| {
        let mut obol = obol();
        for name in ["OBOL_CLIENT_ID", "OBOL_CLIENT_SECRET", "OBOL_USERNAME", "OBOL_PASSWORD", "OBOL_COMPARTMENT_ID"] {
            obol.env(name, seeded.env.get(name));
        }
        obol.env("OBOL_STRIPE_URL", format!("{url}/{}", seeded.env.get("OBOL_STRIPE"))).env("OBOL_URL", &url);
        obol.env("OCI_CLI_CERT_BUNDLE", seeded.path(authority));
        obol.env("OCI_CLI_CONFIG_FILE", seeded.path("data/oci_config"));
        obol.args(words).output().unwrap()
    };
    let token = command("ca.pem", &["token", "get"]);
    assert!(token.status.success(), "{}", String::from_utf8_lossy(&token.stderr));
    let file = seeded.path("token");
    std::fs::write(&file, &token.stdout).unwrap();
    let list = command("ca.pem", &["analytics-instance", "list", "--all"]);
    assert!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
    assert!(String::from_utf8_lossy(&list.stdout).contains("ACTIVE"), "what the walk made is there");

    tls(seeded.directory.path().join("data").as_path());
    let stranger = command("data/ca.pem", &["token", "get"]);
    assert!(!stranger.status.success(), "a certificate of another authority was believed");
    let plain = http::call(node.address, b"GET /obol/v1/health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
    assert!(plain.is_err() || plain.is_ok_and(|answer| answer.status != 200), "it answered without TLS");
}

#[test]
fn the_lab_is_not_there() {
    let seeded = Seeded::new(None);
    let node = seeded.node(PROXIED);
    let status = |request: &str| {
        let request =
            format!("{request} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-obol-request: 1\r\ncontent-length: 0\r\n\r\n");
        http::call(node.address, request.as_bytes()).unwrap().status
    };
    assert_eq!(status("GET /obol/v1/health"), 200);
    assert_eq!(status("GET /obol/v1/ready"), 200);
    for request in ["GET /obol/v1/clock", "POST /obol/v1/clock", "GET /obol/v1/explanations/x", "POST /obol/v1/faults"]
    {
        assert_eq!(status(request), 404, "{request}");
    }
}

#[test]
fn what_stands_in_the_way_is_told_in_a_line_without_secrets() {
    let seeded = Seeded::new(None);
    let told = |more: &str| {
        let output = seeded.refused(more);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(text.trim_end().lines().count(), 1, "{text}");
        (output.status.code().unwrap(), text)
    };
    let (code, text) = told("public_url = 'https://localhost'\n");
    assert!(code == 2 && text.contains("where TLS ends"), "{code} {text}");
    let (code, text) = told("public_url = 'https://localhost'\nbehind_proxy = true\npasword = 'canary'\n");
    assert!(code == 2 && text.contains("unknown field `pasword`") && !text.contains("canary"), "{code} {text}");
    std::fs::write(seeded.path("data/master.key"), "0".repeat(64)).unwrap();
    let (code, text) = told(PROXIED);
    assert!(code == 6 && text.contains("is not this database's"), "{code} {text}");
    std::fs::remove_file(seeded.path("data/master.key")).unwrap();
    let (code, text) = told(PROXIED);
    assert!(code == 6 && text.contains("cannot be read"), "{code} {text}");
}

#[test]
fn one_sqlite_file_has_one_server() {
    let seeded = Seeded::new(None);
    let _first = seeded.node(PROXIED);
    let second = seeded.refused(PROXIED);
    assert_eq!(second.status.code(), Some(6));
}

#[cfg(feature = "postgres-tests")]
mod postgres {
    #![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

    use std::time::Duration;

    use obol_testkit::{
        Scratch,
        running::{now, pause},
    };
    use serde_json::{Value, json};

    use super::*;

    /// How long is waited for work to end: the lease of whoever died, and the work itself.
    const SETTLING: Duration = Duration::from_mins(1);

    struct Cluster {
        seeded: Seeded,
        token: String,
        _scratch: Scratch,
    }

    impl Cluster {
        fn new() -> Self {
            let scratch = tokio::runtime::Runtime::new().unwrap().block_on(Scratch::postgres());
            let seeded = Seeded::new(Some(&scratch.url));
            let file = std::fs::read_to_string(seeded.path("data/tokens.tok")).unwrap();
            let file: Value = serde_json::from_str(&file).unwrap();
            let token = file["app_access_token"].as_str().unwrap().to_owned();
            Self { seeded, token, _scratch: scratch }
        }

        fn call(&self, node: &Node, method: &str, target: &str, body: &str) -> http::Answer {
            let request = self.seeded.env.signed(method, target, &node.address.to_string(), body, &[]);
            http::call(node.address, &request).unwrap()
        }

        fn create(&self, node: &Node, name: &str) -> String {
            let body = json!({
                "name": name, "compartmentId": self.seeded.env.get("OBOL_COMPARTMENT_ID"),
                "featureSet": "ENTERPRISE_ANALYTICS", "licenseType": "LICENSE_INCLUDED",
                "capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 1}, "idcsAccessToken": self.token,
            });
            let answer = self.call(node, "POST", "/20190331/analyticsInstances", &body.to_string());
            assert_eq!(answer.status, 201, "{}\n{}", answer.head, answer.body);
            answer.json()["id"].as_str().unwrap().to_owned()
        }

        /// Waits until the instances are ACTIVE, as that node sees them.
        fn settle(&self, node: &Node, ids: &[String]) {
            let begun = now();
            for id in ids {
                loop {
                    let answer = self.call(node, "GET", &format!("/20190331/analyticsInstances/{id}"), "");
                    let state = answer.json()["lifecycleState"].as_str().unwrap().to_owned();
                    if state == "ACTIVE" {
                        break;
                    }
                    assert_eq!(state, "CREATING", "{id}");
                    assert!(begun.elapsed() < SETTLING, "{id} is still CREATING");
                    pause(Duration::from_millis(50));
                }
            }
        }
    }

    /// Every node accepts, all of them work, and the ones that die leave nothing behind.
    fn share_and_survive(nodes: usize) {
        let cluster = Cluster::new();
        let slow = format!("{PROXIED}provisioning_seconds = 1\n");
        let mut nodes: Vec<Node> = (0..nodes).map(|_| cluster.seeded.node(&slow)).collect();
        let mut created = Vec::new();
        while nodes.len() > 1 {
            for (index, node) in nodes.iter().enumerate() {
                created.push(cluster.create(node, &format!("n{}x{index}", nodes.len())));
            }
            // The one that accepted last dies in the middle of its work.
            drop(nodes.pop());
        }
        cluster.settle(nodes.first().unwrap(), &created);
    }

    #[test]
    fn two_servers_on_postgresql_share_the_work_and_one_outlives_the_other() {
        share_and_survive(2);
    }

    #[test]
    fn four_servers_on_postgresql_share_the_work_and_one_outlives_the_others() {
        share_and_survive(4);
    }

    #[test]
    fn a_dev_cloud_on_postgresql_does_not_start_beside_a_server() {
        let cluster = Cluster::new();
        let _node = cluster.seeded.node(PROXIED);
        let data = cluster.seeded.path("data");
        let url = cluster.seeded.database.as_str();
        let up =
            obol().args(["up", "--once", "--fresh", "--database-url", url, "--data-dir"]).arg(data).output().unwrap();
        assert_eq!(up.status.code(), Some(6), "{}", String::from_utf8_lossy(&up.stderr));
    }
}
