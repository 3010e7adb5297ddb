//! The tools that some steps need beside Rust: found, installed, or named with the command that installs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::workshop::Workshop;

const INSTALL_LIMIT: Duration = Duration::from_mins(10);

/// Something that must be on the machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    Postgres,
    Chromium,
    ChromeDriver,
    Curl,
    Python,
    Node,
}

impl Tool {
    /// The Debian packages that bring it.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["postgresql"],
            Self::Chromium => &["chromium"],
            Self::ChromeDriver => &["chromium-driver"],
            Self::Curl => &["curl"],
            Self::Python => &["python3", "python3-venv"],
            Self::Node => &["nodejs", "npm"],
        }
    }

    fn present(self) -> bool {
        match self {
            Self::Postgres => postgres_binaries().is_some(),
            Self::Chromium => succeeds("chromium", &["--version"]),
            Self::ChromeDriver => succeeds("chromedriver", &["--version"]),
            Self::Curl => succeeds("curl", &["--version"]),
            // Debian splits what makes a virtual environment from the interpreter.
            Self::Python => succeeds("python3", &["-c", "import ensurepip, venv"]),
            Self::Node => succeeds("node", &["--version"]) && succeeds("npm", &["--version"]),
        }
    }
}

/// Makes sure of the tools: as root on Debian missing ones are installed, elsewhere the error says what to install.
pub fn ensure(workshop: &Workshop, tools: &[Tool]) -> Result<()> {
    let missing = missing(tools);
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|tool| tool.packages()).copied().collect();
    let by_hand = format!("apt-get update && apt-get install --no-install-recommends {}", packages.join(" "));
    if !is_root() || !succeeds("apt-get", &["--version"]) {
        bail!("missing on this machine; as root on Debian: {by_hand}");
    }
    // One source that cannot be reached does not matter when another has the packages: the installation decides.
    let mut update = Command::new("apt-get");
    let _ = workshop.run(update.arg("update").env("DEBIAN_FRONTEND", "noninteractive"), INSTALL_LIMIT);
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--no-install-recommends"]).args(&packages);
    workshop
        .run(install.env("DEBIAN_FRONTEND", "noninteractive"), INSTALL_LIMIT)
        .with_context(|| format!("by hand: {by_hand}"))?;
    if !self::missing(tools).is_empty() {
        bail!("still missing after: {by_hand}");
    }
    Ok(())
}

fn missing(tools: &[Tool]) -> Vec<Tool> {
    tools.iter().copied().filter(|tool| !tool.present()).collect()
}

/// Whether this process is root, who may install, and whom PostgreSQL refuses to serve.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// The directory with `initdb` and `pg_ctl` of the newest PostgreSQL; Debian keeps them off the path.
pub fn postgres_binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let directory = |version: std::fs::DirEntry| {
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        let binaries = version.path().join("bin");
        complete(&binaries).then_some((number, binaries))
    };
    let newest = versions.filter_map(directory).max_by_key(|(number, _)| *number).map(|(_, binaries)| binaries);
    newest.or_else(|| {
        let output =
            Command::new("pg_config").arg("--bindir").output().ok().filter(|output| output.status.success())?;
        let binaries = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
        complete(&binaries).then_some(binaries)
    })
}

fn complete(binaries: &Path) -> bool {
    binaries.join("initdb").is_file() && binaries.join("pg_ctl").is_file()
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let silent =
        |command: &mut Command| command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    silent(Command::new(program).args(arguments)).is_ok_and(|status| status.success())
}
