//! The real binary as a dev cloud on a free port, killed when dropped.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{DevEnv, http};

/// How long a dev cloud may take until it is ready, its first seed included.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running `obol up`.
pub struct Running {
    process: Process,
    /// What it wrote.
    pub env: DevEnv,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Killed when dropped, so that none is left when a test fails, be it before the cloud is ready.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts `binary up --listen 127.0.0.1:0 --data-dir … arguments` and waits until it is ready.
    ///
    /// # Panics
    ///
    /// When it ends, or is not ready after a minute; the panic tells what was seen last.
    pub fn start(binary: &Path, data_dir: &Path, arguments: &[&str]) -> Self {
        Self::start_logging(binary, data_dir, arguments, Stdio::inherit())
    }

    /// The same, with its standard error going elsewhere.
    ///
    /// # Panics
    ///
    /// As [`Running::start`].
    #[expect(clippy::panic, clippy::unwrap_used, reason = "a test cannot go on without it")]
    pub fn start_logging(binary: &Path, data_dir: &Path, arguments: &[&str], log: Stdio) -> Self {
        let mut command = Command::new(binary);
        command.args(["up", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir).args(arguments);
        let mut process = Process(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let begun = now();
        loop {
            let seen = match DevEnv::read(data_dir) {
                Err(error) => error.to_string(),
                Ok(env) => {
                    let address = env.get("OBOL_URL").trim_start_matches("http://").parse().unwrap();
                    match http::call(address, b"GET /obol/v1/ready HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n") {
                        Ok(answer) if answer.status == 200 => return Self { process, env, address },
                        Ok(answer) => answer.head,
                        Err(error) => error.to_string(),
                    }
                }
            };
            if let Some(status) = process.0.try_wait().unwrap() {
                panic!("obol up ended with {status}");
            }
            assert!(begun.elapsed() < PATIENCE, "obol up is not ready; last seen: {seen}");
            pause(Duration::from_millis(5));
        }
    }

    /// Waits until a file is there, such as the `tokens.tok` of the first walk.
    ///
    /// # Panics
    ///
    /// When it is not after a minute.
    pub fn wait_for(&self, file: &Path) {
        let begun = now();
        while !file.exists() {
            assert!(begun.elapsed() < PATIENCE, "{} is still not there", file.display());
            pause(Duration::from_millis(5));
        }
    }

    /// Kills it at once, as a power cut would.
    ///
    /// # Panics
    ///
    /// When the system does not let it.
    #[expect(clippy::unwrap_used, reason = "a test cannot go on without it")]
    pub fn kill(mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }

    /// Interrupts it as Ctrl-C would, and waits for its end.
    ///
    /// # Panics
    ///
    /// When the system does not let it.
    #[expect(clippy::unwrap_used, reason = "a test cannot go on without it")]
    pub fn interrupt(mut self) -> std::process::ExitStatus {
        let told = Command::new("kill").args(["-INT", &self.process.0.id().to_string()]).status().unwrap();
        assert!(told.success());
        self.process.0.wait().unwrap()
    }

    /// Sends a signed request.
    ///
    /// # Errors
    ///
    /// When the connection breaks.
    pub fn signed(
        &self,
        method: &str,
        target: &str,
        body: &str,
        extra: &[(&str, &str)],
    ) -> std::io::Result<http::Answer> {
        let host = self.address.to_string();
        http::call(self.address, &self.env.signed(method, target, &host, body, extra))
    }
}

/// The time, for bounding a wait.
pub fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "bounds how long a test waits")]
    Instant::now()
}

/// Lets another process get on with it between two looks.
pub fn pause(duration: Duration) {
    #[expect(clippy::disallowed_methods, reason = "between two looks at another process")]
    thread::sleep(duration);
}
