//! `cargo xtask bench`: Obol beside the floor it stands on, in one run on one machine.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::environment;

/// Builds Obol, the floor and the driver in release mode, and lets the driver print its report.
pub fn run(arguments: &[String]) -> Result<()> {
    ensure!(arguments.is_empty(), "`cargo xtask bench` takes no arguments");
    let mut build = Command::new(environment::cargo());
    build.args(["build", "--release", "--package", "obol", "--package", "obol-bench"]);
    finish(&mut build)?;
    finish(&mut Command::new(environment::target().join("release/obol-bench")))
}

fn finish(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status =
        command.current_dir(environment::root()).status().with_context(|| format!("cannot start {program}"))?;
    ensure!(status.success(), "{program}: {status}");
    Ok(())
}
