//! The steps of `cargo xtask test`, in the order they run: cheap ones first.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::client_steps;
use crate::install::{self, Tool};
use crate::postgres::Cluster;
use crate::workshop::Workshop;

/// One check.
pub struct Step {
    pub name: &'static str,
    pub what: &'static str,
    pub run: fn(&Workshop) -> Result<()>,
}

/// A clean build on two slow cores fits; a hang does not pass for work.
const LONG: Duration = Duration::from_mins(20);

/// Crates that other people's crates may name in the lock file, but that nothing here may build, with the reason.
const NOT_BUILT: &[(&str, &str)] = &[
    ("ring", "one crypto provider: aws-lc-rs"),
    ("sqlx-macros", "builds the drivers twice, and checks against one database only"),
];

/// Every step, in order.
pub const STEPS: &[Step] = &[
    Step { name: "format", what: "rustfmt leaves every file as it is", run: format },
    Step { name: "clippy", what: "no lint on any target with any feature", run: clippy },
    Step { name: "rules", what: "dependency edges and the rules of the tree", run: rules },
    Step { name: "sqlite", what: "all tests on SQLite", run: sqlite },
    Step { name: "postgres", what: "the storage tests again on PostgreSQL", run: postgres },
    Step { name: "browser", what: "the console's path in Chromium", run: browser },
    Step { name: "walk", what: "the dev cloud walks from nothing to an instance", run: client_steps::walk },
    Step { name: "curl", what: "curl as Oracle's page writes it", run: client_steps::curl },
    Step { name: "oci-cli", what: "the official oci command line", run: client_steps::oci_cli },
    Step { name: "python-sdk", what: "the official Python SDK and raw signed requests", run: client_steps::python_sdk },
    Step { name: "jose", what: "an independent JOSE library verifies the tokens", run: client_steps::jose },
];

fn format(workshop: &Workshop) -> Result<()> {
    workshop.run(&mut workshop.cargo(&["fmt", "--all", "--check", "--", "--color", "never"]), LONG)
}

fn clippy(workshop: &Workshop) -> Result<()> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    workshop.run(&mut workshop.cargo(&arguments), LONG)
}

fn rules(workshop: &Workshop) -> Result<()> {
    workshop.run(&mut workshop.cargo(&["test", "--package", "obol-testkit", "--test", "house"]), LONG)?;
    let arguments = ["tree", "--workspace", "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}"];
    let tree = workshop.output(&mut workshop.cargo(&arguments))?;
    for (banned, reason) in NOT_BUILT {
        if tree.lines().any(|line| line.split_whitespace().next() == Some(banned)) {
            bail!("{banned} is built: {reason}");
        }
    }
    Ok(())
}

fn sqlite(workshop: &Workshop) -> Result<()> {
    workshop.run(&mut workshop.cargo(&["test", "--workspace"]), LONG)
}

/// Tests that need a PostgreSQL stand behind the feature `postgres-tests` of the crate they test, so that
/// `cargo test` alone asks for nothing but Rust.
fn postgres(workshop: &Workshop) -> Result<()> {
    let packages = packages_with_feature(workshop, "postgres-tests")?;
    if !packages.iter().any(|package| package == "obol-store") {
        bail!("obol-store has no feature postgres-tests: nothing would be tested");
    }
    let cluster = Cluster::ready(workshop)?;
    let mut command = workshop.cargo(&["test", "--no-fail-fast"]);
    for package in &packages {
        command.arg("--package").arg(package);
    }
    let features: Vec<String> = packages.iter().map(|package| format!("{package}/postgres-tests")).collect();
    command.arg("--features").arg(features.join(",")).env("OBOL_TEST_POSTGRES_URL", cluster.url());
    workshop.run(&mut command, LONG)
}

fn browser(workshop: &Workshop) -> Result<()> {
    install::ensure(workshop, &[Tool::Chromium, Tool::ChromeDriver])?;
    if !packages_with_feature(workshop, "browser-tests")?.iter().any(|package| package == "obol") {
        bail!("the crate obol has no feature browser-tests: nothing would be tested");
    }
    // Only what drives a browser: the rest of the crate's tests ran with the other steps.
    let arguments = ["test", "--package", "obol", "--features", "browser-tests", "browser"];
    workshop.run(&mut workshop.cargo(&arguments), LONG)
}

/// The workspace's packages that declare a feature.
fn packages_with_feature(workshop: &Workshop, feature: &str) -> Result<Vec<String>> {
    let metadata = metadata(workshop, &mut workshop.cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let packages = metadata.get("packages").and_then(serde_json::Value::as_array);
    let packages = packages.context("cargo metadata names no packages")?;
    let has = |package: &&serde_json::Value| package.get("features").is_some_and(|all| all.get(feature).is_some());
    let name = |package: &serde_json::Value| package.get("name").and_then(|name| name.as_str()).map(str::to_owned);
    Ok(packages.iter().filter(has).filter_map(name).collect())
}

fn metadata(workshop: &Workshop, command: &mut Command) -> Result<serde_json::Value> {
    Ok(serde_json::from_str(&workshop.output(command)?)?)
}
