//! Where chores are done: the workspace's root, cargo, and one log file per step.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::environment;
use crate::stopwatch::{Stopwatch, pause};

/// The place and the tools of a run.
pub struct Workshop {
    pub root: PathBuf,
    pub target: PathBuf,
    cargo: PathBuf,
    log: PathBuf,
}

impl Workshop {
    /// Prepares the log of one step.
    pub fn for_step(step: &str) -> Result<Self> {
        let target = environment::target();
        let logs = target.join("xtask");
        std::fs::create_dir_all(&logs).with_context(|| format!("cannot create {}", logs.display()))?;
        let log = logs.join(format!("{step}.log"));
        File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        Ok(Self { root: environment::root(), target, cargo: environment::cargo(), log })
    }

    /// Returns the file that everything the step runs writes to.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Returns a cargo command; colour off, because it goes to a file.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.cargo);
        command.args(arguments).env("CARGO_TERM_COLOR", "never");
        command
    }

    /// Runs a command to its end in the workspace's root; anything but success within `limit` is an error.
    pub fn run(&self, command: &mut Command, limit: Duration) -> Result<()> {
        let shown = shown(command);
        let log = File::options().append(true).open(&self.log)?;
        command.current_dir(&self.root).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        for name in environment::DEV_CLOUD_VARIABLES {
            command.env_remove(name);
        }
        let mut child = command.spawn().with_context(|| format!("cannot start `{shown}`"))?;
        let watch = Stopwatch::start();
        loop {
            if let Some(status) = child.try_wait()? {
                return success(status, &shown);
            }
            if watch.elapsed() > limit {
                child.kill()?;
                child.wait()?;
                bail!("`{shown}` was still running after {} s", limit.as_secs());
            }
            pause();
        }
    }

    /// Runs a short command and returns what it printed to standard output.
    pub fn output(&self, command: &mut Command) -> Result<String> {
        let shown = shown(command);
        let output = command
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start `{shown}`"))?;
        if !output.status.success() {
            bail!("`{shown}`: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed something that is not UTF-8"))
    }

    /// Returns what the step's commands have written so far.
    pub fn log_text(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Returns the log's last lines, which is where a failure is told.
    pub fn log_tail(&self, lines: usize) -> String {
        let text = self.log_text();
        let skipped = text.lines().count().saturating_sub(lines);
        text.lines().skip(skipped).map(|line| ["    ", line].concat()).collect::<Vec<_>>().join("\n")
    }
}

fn success(status: ExitStatus, shown: &str) -> Result<()> {
    if status.success() { Ok(()) } else { bail!("`{shown}`: {status}") }
}

/// The command as one would type it, shortened to its program's name.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}
