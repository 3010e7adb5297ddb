//! The steps that drive a running dev cloud with clients nobody here wrote; their programs are in `tests/clients`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::compatibility;
use crate::dev_cloud::{self, DevCloud};
use crate::install::{self, Tool};
use crate::workshop::Workshop;

const BUILD_LIMIT: Duration = Duration::from_mins(20);
const CLIENT_LIMIT: Duration = Duration::from_mins(5);
const WALK_LIMIT: Duration = Duration::from_mins(2);

/// Walks twice: from nothing, and again over the data that the first walk left.
pub fn walk(workshop: &Workshop) -> Result<()> {
    let obol = build(workshop)?;
    let directory = dev_cloud::empty_directory(workshop, "walk")?;
    for _ in 0..2 {
        workshop.run(dev_cloud::up(&obol, &directory).arg("--once"), WALK_LIMIT)?;
    }
    let data = directory.join("obol-data");
    for file in ["dev.env", "oci_config", "api_key.pem", "tokens.tok"] {
        owner_only(&data.join(file))?;
    }
    Ok(())
}

/// A file with a secret in it is for its owner alone.
fn owner_only(file: &std::path::Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = std::fs::metadata(file).with_context(|| format!("the walk left no {}", file.display()))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode == 0o600 { Ok(()) } else { bail!("{} has mode {mode:o}, not 600", file.display()) }
}

/// The page's own command, and its refusals.
pub fn curl(workshop: &Workshop) -> Result<()> {
    install::ensure(workshop, &[Tool::Curl, Tool::Python])?;
    with_cloud(workshop, "curl", "sh", |script| {
        let mut command = Command::new("bash");
        command.arg(script);
        command
    })
}

/// The official command line: what makes, shows and deletes an instance, and what is refused.
pub fn oci_cli(workshop: &Workshop) -> Result<()> {
    python_step(workshop, "oci-cli")
}

/// The official command line: everything that changes an instance.
pub fn oci_analytics(workshop: &Workshop) -> Result<()> {
    python_step(workshop, "oci-analytics")
}

/// The official command line: compartments, policies and keys.
pub fn oci_iam(workshop: &Workshop) -> Result<()> {
    python_step(workshop, "oci-iam")
}

/// The official command line at the administration API of the identity domain.
pub fn oci_identity(workshop: &Workshop) -> Result<()> {
    python_step(workshop, "oci-identity")
}

/// The official Python SDK.
pub fn python_sdk(workshop: &Workshop) -> Result<()> {
    python_step(workshop, "python-sdk")
}

/// What Terraform's provider asks, replayed.
pub fn terraform_replay(workshop: &Workshop) -> Result<()> {
    python_step(workshop, "terraform-replay")
}

/// A JOSE library that shares no code with Obol.
pub fn jose(workshop: &Workshop) -> Result<()> {
    python_step(workshop, "jose")
}

/// The official TypeScript SDK.
pub fn typescript_sdk(workshop: &Workshop) -> Result<()> {
    node_step(workshop, "typescript-sdk")
}

/// A strict OpenID Connect library, with a browser where a person is needed.
pub fn openid_client(workshop: &Workshop) -> Result<()> {
    install::ensure(workshop, &[Tool::Chromium])?;
    node_step(workshop, "openid-client")
}

/// A fuzzer that reads the API's own description. It has no column: it covers every operation, refusals included.
pub fn openapi(workshop: &Workshop) -> Result<()> {
    let python = virtual_environment(workshop)?;
    against_cloud(workshop, "openapi", "py", |script| python_program(&python, script))
}

/// An OAuth and OpenID Connect library for Python.
pub fn authlib_client(workshop: &Workshop) -> Result<()> {
    python_step(workshop, "authlib-client")
}

fn python_step(workshop: &Workshop, name: &str) -> Result<()> {
    let python = virtual_environment(workshop)?;
    with_cloud(workshop, name, "py", |script| python_program(&python, script))
}

fn python_program(python: &Path, script: PathBuf) -> Command {
    let mut command = Command::new(python);
    command.arg(script).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn node_step(workshop: &Workshop, name: &str) -> Result<()> {
    let packages = node_packages(workshop)?;
    with_cloud(workshop, name, "mjs", |script| {
        let mut command = Command::new("node");
        command.arg(script).env("OBOL_NODE_PACKAGES", packages);
        command
    })
}

/// Runs the step's program against a cloud, and holds its column of the table against what it covered.
fn with_cloud(workshop: &Workshop, name: &str, language: &str, client: impl FnOnce(PathBuf) -> Command) -> Result<()> {
    against_cloud(workshop, name, language, client)?;
    compatibility::check(workshop, name)
}

/// Starts a cloud and runs the step's program, which is named after it, with the path of the cloud's `dev.env`.
fn against_cloud(
    workshop: &Workshop,
    name: &str,
    language: &str,
    client: impl FnOnce(PathBuf) -> Command,
) -> Result<()> {
    let obol = build(workshop)?;
    let program = workshop.root.join("tests/clients").join(name.replace('-', "_")).with_extension(language);
    let cloud = DevCloud::start(workshop, &obol, name)?;
    let mut command = client(program);
    workshop.run(command.arg(cloud.env_file()).env("OBOL_BINARY", &obol), CLIENT_LIMIT)
}

/// Builds the binary with the tests that run it: the same selection as theirs, so that it is there already.
fn build(workshop: &Workshop) -> Result<PathBuf> {
    let arguments = ["test", "--quiet", "--workspace", "--all-features", "--no-run"];
    workshop.run(&mut workshop.cargo(&arguments), BUILD_LIMIT)?;
    Ok(workshop.target.join("debug").join("obol"))
}

/// Makes the virtual environment with the pinned clients, or finds it as the pins say; returns its Python.
fn virtual_environment(workshop: &Workshop) -> Result<PathBuf> {
    install::ensure(workshop, &[Tool::Python])?;
    let pins = std::fs::read_to_string(workshop.root.join("tests/clients/requirements.txt"))?;
    let directory = workshop.target.join("clients-venv");
    let python = directory.join("bin").join("python");
    let stamp = directory.join("installed.txt");
    if python.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == pins) {
        return Ok(python);
    }
    workshop.run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&directory), BUILD_LIMIT)?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]);
    workshop
        .run(install.args(["--requirement", "tests/clients/requirements.txt"]), BUILD_LIMIT)
        .context("the official clients come from the Python package index")?;
    std::fs::write(&stamp, pins)?;
    Ok(python)
}

/// Installs the pinned packages for Node, or finds them as the pins say; returns their folder. No lock file: it would name
/// the registry, and the pins are exact.
fn node_packages(workshop: &Workshop) -> Result<PathBuf> {
    install::ensure(workshop, &[Tool::Node])?;
    let pins = std::fs::read_to_string(workshop.root.join("tests/clients/package.json"))?;
    let directory = workshop.target.join("clients-node");
    let (packages, stamp) = (directory.join("node_modules"), directory.join("installed.json"));
    if packages.is_dir() && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == pins) {
        return Ok(packages);
    }
    std::fs::create_dir_all(&directory)?;
    std::fs::write(directory.join("package.json"), &pins)?;
    let mut install = Command::new("npm");
    install.args(["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
    workshop.run(install.arg(&directory), BUILD_LIMIT).context("the clients come from Node's package registry")?;
    std::fs::write(&stamp, pins)?;
    Ok(packages)
}
