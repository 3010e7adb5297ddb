//! The steps of `cargo xtask test`, in the order they run: cheap ones first.
//!
//! Every step that builds tests selects the whole workspace, and picks what to run by name: cargo unifies the features of
//! dependencies over the packages that are selected, and another selection would build most of them again.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::client_steps;
use crate::fuzz;
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
    Step { name: "fuzz", what: "every parser, coverage-guided, for a while", run: fuzz::every_target },
    Step { name: "sqlite", what: "all tests on SQLite", run: sqlite },
    Step { name: "postgres", what: "the storage tests again on PostgreSQL", run: postgres },
    Step { name: "browser", what: "the console's path in Chromium", run: browser },
    Step { name: "walk", what: "the dev cloud walks from nothing to an instance", run: client_steps::walk },
    Step { name: "curl", what: "curl as Oracle's page writes it", run: client_steps::curl },
    Step { name: "oci-cli", what: "the official oci command line", run: client_steps::oci_cli },
    Step { name: "oci-analytics", what: "every command of oci analytics", run: client_steps::oci_analytics },
    Step { name: "oci-identity", what: "oci identity-domains", run: client_steps::oci_identity },
    Step { name: "oci-iam", what: "compartments, policies and keys of oci iam", run: client_steps::oci_iam },
    Step { name: "python-sdk", what: "the official Python SDK and raw signed requests", run: client_steps::python_sdk },
    Step { name: "terraform-replay", what: "the provider's calls", run: client_steps::terraform_replay },
    Step { name: "typescript-sdk", what: "the official TypeScript SDK", run: client_steps::typescript_sdk },
    Step { name: "openid-client", what: "a strict OpenID Connect library", run: client_steps::openid_client },
    Step { name: "authlib-client", what: "Authlib's grants and endpoints", run: client_steps::authlib_client },
    Step { name: "jose", what: "an independent JOSE library verifies the tokens", run: client_steps::jose },
    Step { name: "openapi", what: "requests made from the API's description", run: client_steps::openapi },
];

fn format(workshop: &Workshop) -> Result<()> {
    workshop.run(&mut workshop.cargo(&["fmt", "--all", "--check", "--", "--color", "never"]), LONG)
}

/// With every feature and with none but the default ones: what a test feature hides must not break a plain build.
fn clippy(workshop: &Workshop) -> Result<()> {
    for features in [&["--all-features"][..], &[]] {
        let mut clippy = workshop.cargo(&["clippy", "--workspace", "--all-targets"]);
        workshop.run(clippy.args(features).args(["--", "-D", "warnings"]), LONG)?;
    }
    Ok(())
}

fn rules(workshop: &Workshop) -> Result<()> {
    tests(workshop, &["--test", "house"], &[], |_| ())?;
    let arguments = ["tree", "--workspace", "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}"];
    let tree = workshop.output(&mut workshop.cargo(&arguments))?;
    for (banned, reason) in NOT_BUILT {
        if tree.lines().any(|line| line.split_whitespace().next() == Some(banned)) {
            bail!("{banned} is built: {reason}");
        }
    }
    Ok(())
}

/// What `cargo test` alone runs: it asks for nothing but Rust.
fn sqlite(workshop: &Workshop) -> Result<()> {
    tests(workshop, &["--no-fail-fast"], &[], |_| ())
}

/// The same again with those behind the feature `postgres-tests`, but for the slow ones that say they are SQLite's.
fn postgres(workshop: &Workshop) -> Result<()> {
    let cluster = Cluster::ready(workshop)?;
    let options = ["--all-features", "--no-fail-fast", "--tests"];
    tests(workshop, &options, &["--skip", "sqlite", "--skip", "browser"], |command| {
        command.env("OBOL_TEST_POSTGRES_URL", cluster.url());
    })?;
    // A build without the feature would pass as well, having tested nothing of this.
    let log = workshop.log_text();
    if !log.lines().any(|line| line.contains("postgres") && line.ends_with("... ok")) {
        bail!("no test names PostgreSQL: is the feature postgres-tests gone?");
    }
    Ok(())
}

/// The tests that stand behind the feature `browser-tests` have a target of their own, and `browser` in their names.
fn browser(workshop: &Workshop) -> Result<()> {
    install::ensure(workshop, &[Tool::Chromium, Tool::ChromeDriver])?;
    tests(workshop, &["--all-features", "--no-fail-fast", "--test", "browser"], &[], |_| ())
}

/// Runs those of the workspace's tests that `names` picks; none at all is a failure, not a success.
fn tests(workshop: &Workshop, options: &[&str], names: &[&str], prepare: impl FnOnce(&mut Command)) -> Result<()> {
    let mut command = workshop.cargo(&["test", "--workspace"]);
    prepare(command.args(options).arg("--").args(names));
    workshop.run(&mut command, LONG)?;
    if passed_tests(&workshop.log_text()) == 0 {
        bail!("no test has a name that fits {names:?}");
    }
    Ok(())
}

/// The sum of what cargo's test binaries say they passed.
fn passed_tests(log: &str) -> u64 {
    let counts = log.lines().filter_map(|line| line.trim().strip_prefix("test result: ok. "));
    counts.filter_map(|line| line.split_once(" passed")?.0.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::passed_tests;

    #[test]
    fn passed_tests_are_summed_over_binaries() {
        let log = "\
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests obol_store
test result: ok. 14 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.20s";
        assert_eq!(passed_tests(log), 17);
    }

    #[test]
    fn a_log_without_results_has_no_passed_tests() {
        assert_eq!(passed_tests(""), 0);
        assert_eq!(passed_tests("test result: FAILED. 3 passed; 1 failed"), 0);
    }
}
