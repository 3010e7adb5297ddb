//! A throw-away PostgreSQL for one run: its own data directory, its own port, gone at the end.
//!
//! PostgreSQL refuses to run as root, so as root everything goes through the account that Debian's package makes.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::environment;
use crate::install::{self, Tool};
use crate::workshop::Workshop;

const START_LIMIT: Duration = Duration::from_secs(90);
const ACCOUNT: &str = "postgres";

/// A PostgreSQL to test with; one that this run started ends with it.
pub struct Cluster {
    url: String,
    /// Held for its end: dropping it stops the server and removes its data.
    _started: Option<Started>,
}

struct Started {
    binaries: PathBuf,
    directory: PathBuf,
}

impl Cluster {
    /// Starts a cluster, unless `OBOL_TEST_POSTGRES_URL` already names a database to use.
    pub fn ready(workshop: &Workshop) -> Result<Self> {
        if let Some(url) = environment::variable("OBOL_TEST_POSTGRES_URL") {
            return Ok(Self { url, _started: None });
        }
        install::ensure(workshop, &[Tool::Postgres])?;
        let binaries = install::postgres_binaries().context("initdb and pg_ctl are nowhere to be found")?;
        let directory = std::env::temp_dir().join(format!("obol-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
        let started = Started { binaries, directory };
        let port = free_port()?;
        started.initialise(workshop)?;
        started.start(workshop, port)?;
        Ok(Self { url: format!("postgres://obol@127.0.0.1:{port}/postgres"), _started: Some(started) })
    }

    /// Returns the URL of a database whose user may create others.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Started {
    fn initialise(&self, workshop: &Workshop) -> Result<()> {
        if install::is_root() {
            workshop.run(Command::new("chown").arg(ACCOUNT).arg(&self.directory), START_LIMIT)?;
        }
        let mut initdb = self.command("initdb");
        initdb.args(["--username=obol", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        workshop.run(initdb.arg("--pgdata").arg(self.data()), START_LIMIT)
    }

    fn start(&self, workshop: &Workshop, port: u16) -> Result<()> {
        // What the tests kill is Obol, never this server, so it need not wait for the disk.
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off -c max_connections=300",
            self.directory.display()
        );
        let mut start = self.control();
        start.args(["--wait", "--timeout=60", "--options"]).arg(options);
        start.arg("--log").arg(self.directory.join("server.log")).arg("start");
        workshop.run(&mut start, START_LIMIT)
    }

    fn control(&self) -> Command {
        let mut command = self.command("pg_ctl");
        command.arg("--pgdata").arg(self.data());
        command
    }

    fn command(&self, program: &str) -> Command {
        let program = self.binaries.join(program);
        if install::is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", ACCOUNT, "--"]).arg(program);
            command
        } else {
            Command::new(program)
        }
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Best effort: what is left behind is a directory under the system's temporary one.
        let mut stop = self.control();
        stop.args(["--mode=immediate", "stop"]).current_dir(Path::new("/"));
        let _ = stop.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A port that was free a moment ago; the cluster takes it before anything else on the machine is likely to.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
