//! The fuzz targets, each for a while: from the committed inputs on, into what new code those lead to.
//!
//! A short run in every check, always the same one, finds what a change broke. For a hunt, which goes on from what earlier ones
//! found, give each target its time: `OBOL_FUZZ_SECONDS=3600 cargo xtask test --only fuzz`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::environment;
use crate::workshop::Workshop;

/// A clean build compiles the crypto library and the fuzzer's own.
const BUILD_LIMIT: Duration = Duration::from_mins(15);
/// How many inputs each target gets where nobody says how long it runs.
const INPUTS: u64 = 100_000;
/// How long those may take, in seconds.
const PATIENCE: u64 = 60;
/// How long one input may take, in seconds. Longer is a finding.
const SLOWEST: u64 = 5;
/// The longest input, in bytes; the parsers' own bounds are tested elsewhere.
const LONGEST: usize = 16 * 1024;

/// What cargo-fuzz tells the compiler, without a sanitizer: there is no unsafe code to watch, and sanitizers need a nightly
/// compiler.
const INSTRUMENTED: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing";

/// Builds all targets and runs them one after the other.
pub fn every_target(workshop: &Workshop) -> Result<()> {
    let directory = workshop.root.join("fuzz");
    let target = workshop.target.join("fuzz");
    // Naming the target keeps the instrumentation out of build scripts, which have no fuzzer to link.
    let host = host(workshop)?;
    let mut build = workshop.cargo(&["build", "--release", "--bins", "--target", &host]);
    build.arg("--manifest-path").arg(directory.join("Cargo.toml")).arg("--target-dir").arg(&target);
    workshop.run(build.env("RUSTFLAGS", INSTRUMENTED), BUILD_LIMIT)?;
    let seconds = match environment::variable("OBOL_FUZZ_SECONDS") {
        Some(text) => Some(text.parse().context("OBOL_FUZZ_SECONDS is a number of seconds")?),
        None => None,
    };
    let names = targets(&directory)?;
    if names.is_empty() {
        bail!("there is no fuzz target");
    }
    let binaries = target.join(host).join("release");
    for name in &names {
        one(workshop, &directory, &target, &binaries.join(name), name, seconds)?;
    }
    Ok(())
}

/// The compiler's own target, e.g. `x86_64-unknown-linux-gnu`.
fn host(workshop: &Workshop) -> Result<String> {
    let about = workshop.output(Command::new("rustc").arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}

fn targets(directory: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory.join("fuzz_targets"))? {
        let path = entry?.path();
        names.extend(path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// What a hunt finds on the way stays in the target folder, and is where the next one goes on from.
fn one(
    workshop: &Workshop,
    directory: &Path,
    target: &Path,
    binary: &Path,
    name: &str,
    seconds: Option<u64>,
) -> Result<()> {
    let committed = directory.join("corpus").join(name);
    if !committed.is_dir() {
        bail!("the fuzz target {name} has no corpus");
    }
    let (found, failures) = (target.join("corpus").join(name), target.join("artifacts").join(name));
    if seconds.is_none() && found.is_dir() {
        std::fs::remove_dir_all(&found)?;
    }
    std::fs::create_dir_all(&found)?;
    std::fs::create_dir_all(&failures)?;
    let mut run = Command::new(binary);
    run.arg(&found).arg(&committed);
    run.arg(format!("-timeout={SLOWEST}")).arg(format!("-max_len={LONGEST}"));
    run.arg(format!("-max_total_time={}", seconds.unwrap_or(PATIENCE)));
    if seconds.is_none() {
        run.arg("-seed=1").arg(format!("-runs={INPUTS}"));
    }
    run.arg(format!("-artifact_prefix={}/", failures.display())).args(["-verbosity=0", "-print_final_stats=1"]);
    workshop
        .run(&mut run, Duration::from_secs(seconds.unwrap_or(PATIENCE).saturating_add(120)))
        .with_context(|| format!("the input that did it is in {}", failures.display()))
}
