//! A dev cloud of its own for each client step: the real binary on a free port, with data of its own.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::environment;
use crate::stopwatch::{Stopwatch, pause};
use crate::workshop::Workshop;

/// The walk of a first start makes keys and an instance, in a debug build on a busy machine.
const READY_LIMIT: Duration = Duration::from_secs(90);

/// A running `obol up`; it ends when this is dropped.
pub struct DevCloud {
    child: Child,
    data: PathBuf,
}

impl DevCloud {
    /// Starts the binary and waits until it has written its files and says that it is ready.
    pub fn start(workshop: &Workshop, obol: &Path, name: &str) -> Result<Self> {
        let data = empty_directory(workshop, name)?;
        // A log of its own: the client's is the one to read first.
        let log = File::create(data.join("up.log"))?;
        let mut command = up(obol, &data);
        // The clients wait for dozens of work requests.
        command.args(["--provisioning", "200ms"]);
        command.current_dir(&data).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {}", obol.display()))?;
        let mut cloud = Self { child, data: data.join("obol-data") };
        cloud.wait_until_ready()?;
        Ok(cloud)
    }

    /// Returns the file of shell exports that describes this cloud.
    pub fn env_file(&self) -> PathBuf {
        self.data.join("dev.env")
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let watch = Stopwatch::start();
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("the dev cloud ended before it was ready: {status}\n{}", self.said());
            }
            let seen = self.look();
            if seen == READY {
                return Ok(());
            }
            if watch.elapsed() > READY_LIMIT {
                bail!("the dev cloud is not ready after {} s: {seen}\n{}", READY_LIMIT.as_secs(), self.said());
            }
            pause();
        }
    }

    /// What it has printed.
    fn said(&self) -> String {
        std::fs::read_to_string(self.data.with_file_name("up.log")).unwrap_or_default()
    }

    /// What can be seen of its state; the last thing seen is what a failed wait reports.
    fn look(&self) -> String {
        for file in ["dev.env", "oci_config", "tokens.tok"] {
            if !self.data.join(file).is_file() {
                return format!("{file} is not there");
            }
        }
        let exports = std::fs::read_to_string(self.env_file()).unwrap_or_default();
        let Some(address) = address(&exports) else { return "dev.env has no OBOL_URL".to_owned() };
        get_status(&address, "/obol/v1/ready").unwrap_or_else(|error| format!("{address}: {error}"))
    }
}

impl Drop for DevCloud {
    fn drop(&mut self) {
        // It may have ended by itself already; then there is nothing left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const READY: &str = "HTTP/1.1 200 OK";

/// Returns `obol up` with its data under `directory`, untouched by a shell that has read some `dev.env`.
pub fn up(obol: &Path, directory: &Path) -> Command {
    let mut command = Command::new(obol);
    command.args(["up", "--listen", "127.0.0.1:0", "--data-dir"]).arg(directory.join("obol-data"));
    for name in environment::DEV_CLOUD_VARIABLES {
        command.env_remove(name);
    }
    command
}

/// Makes an empty directory for one step's data.
pub fn empty_directory(workshop: &Workshop, name: &str) -> Result<PathBuf> {
    let directory = workshop.target.join("xtask").join(format!("{name}-data"));
    match std::fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    std::fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    Ok(directory)
}

/// The host and port of `export OBOL_URL=http://…`, quoted or not.
fn address(exports: &str) -> Option<String> {
    let line = exports.lines().find_map(|line| line.trim().strip_prefix("export OBOL_URL="))?;
    let url = line.trim_matches(|quote| quote == '"' || quote == '\'');
    Some(url.strip_prefix("http://")?.trim_end_matches('/').to_owned())
}

/// The status line of a GET, by hand: one line of HTTP is no reason for a client library.
fn get_status(address: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.lines().next().unwrap_or("an empty answer").to_owned())
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn address_is_found_quoted_or_bare() {
        for line in ["export OBOL_URL=http://127.0.0.1:4620", "export OBOL_URL='http://127.0.0.1:4620/'"] {
            assert_eq!(address(&format!("# obol\n{line}\n")).as_deref(), Some("127.0.0.1:4620"));
        }
    }

    #[test]
    fn address_is_absent_without_its_export() {
        assert_eq!(address("export OBOL_STRIPE_URL=http://127.0.0.1:1/idcs-0\n"), None);
        assert_eq!(address("export OBOL_URL=ftp://127.0.0.1:1\n"), None);
    }
}
