//! A server under measurement: started, watched through `/proc`, killed when dropped.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail};

use crate::load::now;

/// A running server.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts the floor, which prints its URL.
    pub fn floor(binary: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(binary).stdout(Stdio::piped()).spawn().context("the floor does not start")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().trim_start_matches("http://").parse()?;
        Ok(Self { child, address })
    }

    /// Starts a dev cloud on a free port, and returns it with how long it took until it answered as ready.
    pub fn obol(binary: &Path, data_dir: &Path, more: &[&str]) -> anyhow::Result<(Self, Duration)> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let begun = now();
        let child = Command::new(binary)
            .args(["up", "--no-limits", "--listen", &port.to_string(), "--data-dir"])
            .arg(data_dir)
            .args(more)
            .stdout(Stdio::null())
            .spawn()
            .context("obol does not start")?;
        let server = Self { child, address: port };
        while !ready(port) {
            if begun.elapsed() > Duration::from_mins(1) {
                bail!("obol is not ready after a minute");
            }
            std::thread::yield_now();
        }
        Ok((server, begun.elapsed()))
    }

    /// The processor time used so far, by all threads.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok());
        let (user, system) = ticks(11).zip(ticks(12)).context("/proc/PID/stat is not as expected")?;
        // USER_HZ is 100 on every Linux that Obol runs on.
        Ok(Duration::from_millis((user + system) * 10))
    }

    /// Resident memory, in KiB.
    pub fn memory(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

fn ready(address: SocketAddr) -> bool {
    use std::io::{Read as _, Write as _};
    let Ok(mut stream) = std::net::TcpStream::connect(address) else { return false };
    let request = b"GET /obol/v1/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    let mut answer = [0; 12];
    stream.write_all(request).is_ok() && stream.read_exact(&mut answer).is_ok() && answer.ends_with(b"200")
}

/// Leaves a server alone for a while.
pub fn wait(duration: Duration) {
    #[expect(clippy::disallowed_methods, reason = "nothing happens for that long, which is what is measured")]
    std::thread::sleep(duration);
}
