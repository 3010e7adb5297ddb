//! Running `obol` and a server that answers what it is told to.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::KeySize,
    signature::RsaKeyPair,
};
use obol_protocol::oci::{pem, signature::PrivateKey};
use obol_testkit::{
    DevEnv, Running,
    running::{now, pause},
};
use serde_json::Value;

pub(crate) const OBOL: &str = env!("CARGO_BIN_EXE_obol");

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The output, when the run succeeded.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

/// A command in an environment of nothing but what the test gives it.
pub(crate) struct Obol {
    command: Command,
    input: Option<String>,
}

impl Obol {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let mut command = Command::new(OBOL);
        command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, input: None }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn input(mut self, text: &str) -> Self {
        self.command.stdin(Stdio::piped());
        self.input = Some(text.to_owned());
        self
    }

    pub(crate) fn run(mut self) -> Ran {
        let mut child = self.command.spawn().unwrap();
        if let Some(text) = self.input {
            // The command may refuse before it reads.
            let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        }
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A dev cloud with a directory of its own.
pub(crate) struct Cloud {
    running: Running,
    directory: tempfile::TempDir,
}

impl Cloud {
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let running = Running::start(Path::new(OBOL), &directory.path().join("data"), &["--provisioning", "100ms"]);
        Self { running, directory }
    }

    /// Waits until the cloud's own first walk is over, for tests that would stand in its way.
    pub(crate) fn walked(self) -> Self {
        let begun = now();
        loop {
            let listed = self.obol(&["analytics-instance", "list", "--lifecycle-state=ACTIVE"]).run();
            if listed.out.contains("\"ACTIVE\"") {
                return self;
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "the walk does not end; last seen: {listed:?}");
            pause(Duration::from_millis(20));
        }
    }

    pub(crate) fn env(&self) -> &DevEnv {
        &self.running.env
    }

    /// A path in the test's directory.
    pub(crate) fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    /// A command that knows the cloud and its profile, but no secret.
    pub(crate) fn obol(&self, arguments: &[&str]) -> Obol {
        let mut obol = Obol::new(arguments).env("OCI_CLI_CONFIG_FILE", &self.path("data/oci_config"));
        for name in ["OBOL_URL", "OBOL_STRIPE_URL", "OBOL_CLIENT_ID", "OBOL_USERNAME", "OBOL_COMPARTMENT_ID"] {
            obol = obol.env(name, self.env().get(name));
        }
        obol
    }

    /// One that knows the secrets too.
    pub(crate) fn obol_with_secrets(&self, arguments: &[&str]) -> Obol {
        let secrets = ["OBOL_CLIENT_SECRET", "OBOL_PASSWORD"];
        secrets.iter().fold(self.obol(arguments), |obol, name| obol.env(name, self.env().get(name)))
    }

    /// Writes a token to a file and gives its path.
    pub(crate) fn tokens_tok(&self) -> String {
        let path = self.path("tokens.tok");
        self.obol_with_secrets(&["token", "get", "--output", "tokens.tok", "--output-file", &path]).run().ok();
        path
    }
}

/// Answers each request with the next of its answers (status, header lines, body), then closes.
pub(crate) struct Stub {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    directory: tempfile::TempDir,
}

impl Stub {
    pub(crate) fn new(answers: Vec<(u16, &'static str, &'static str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        thread::spawn(move || {
            for (status, headers, body) in answers {
                let mut reader = BufReader::new(listener.accept().unwrap().0);
                let (mut head, mut length) = (String::new(), 0);
                while !head.ends_with("\r\n\r\n") {
                    let start = head.len();
                    if reader.read_line(&mut head).unwrap() == 0 {
                        break;
                    }
                    if let Some(value) = head[start..].to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                }
                let mut sent = vec![0; length];
                reader.read_exact(&mut sent).unwrap();
                kept.lock().unwrap().push(head + &String::from_utf8_lossy(&sent));
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
                );
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { port, requests, directory: profile_directory() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// A command that goes to the stub, with a profile of its own.
    pub(crate) fn obol(&self, arguments: &[&str]) -> Obol {
        Obol::new(arguments)
            .env("OCI_CLI_CONFIG_FILE", config(&self.directory).to_str().unwrap())
            .env("OBOL_URL", &self.url())
            .env("OBOL_STRIPE_URL", &self.url())
    }

    /// A path in the test's directory.
    pub(crate) fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }
}

fn config(directory: &tempfile::TempDir) -> PathBuf {
    directory.path().join("config")
}

/// A directory with a profile and its key.
pub(crate) fn profile_directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("key.pem");
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let fingerprint = PrivateKey::from_pkcs8(der.as_ref()).unwrap().public_key().unwrap().fingerprint();
    std::fs::write(&key, format!("{}OCI_API_KEY\n", pem::encode("PRIVATE KEY", der.as_ref()).as_str())).unwrap();
    let profile = format!(
        "[DEFAULT]\nuser=ocid1.user.oc1..a\ntenancy=ocid1.tenancy.oc1..b\nfingerprint={fingerprint}\nkey_file={}\nregion=us-ashburn-1\n",
        key.display()
    );
    std::fs::write(config(&directory), profile).unwrap();
    directory
}
