//! `cargo xtask test`: every check of the project, in a fixed order, each one timed.
//!
//! A step that fails does not stop the ones after it: one run should tell everything that is wrong. Nothing is skipped;
//! a missing tool is installed or it is a failure.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::steps::{STEPS, Step};
use crate::stopwatch::Stopwatch;
use crate::workshop::Workshop;

/// Lines of a failing step's log that are shown; the file has the rest.
const SHOWN_LINES: usize = 200;

/// Runs the steps that the arguments choose and ends with the line `N passed, N failed`.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let chosen = match choose(arguments)? {
        Choice::List => {
            for step in STEPS {
                println!("{:<12} {}", step.name, step.what);
            }
            return Ok(ExitCode::SUCCESS);
        }
        Choice::Run(chosen) => chosen,
    };
    let watch = Stopwatch::start();
    let (mut passed, mut failed) = (0_usize, Vec::new());
    for step in chosen {
        if perform(step)? {
            passed += 1;
        } else {
            failed.push(step.name);
        }
    }
    println!();
    if !failed.is_empty() {
        println!("failed: {}; one alone: cargo xtask test --only NAME", failed.join(", "));
    }
    println!("{:.0} s in all", watch.elapsed().as_secs_f64());
    println!("{passed} passed, {} failed", failed.len());
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

enum Choice {
    List,
    Run(Vec<&'static Step>),
}

fn choose(arguments: &[String]) -> Result<Choice> {
    let mut chosen = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--list" => return Ok(Choice::List),
            "--only" => {
                let Some(name) = rest.next() else { bail!("--only needs a step's name; see --list") };
                let Some(step) = STEPS.iter().find(|step| step.name == name) else {
                    bail!("there is no step `{name}`; see cargo xtask test --list")
                };
                chosen.push(step);
            }
            unknown => bail!("`cargo xtask test` takes --only NAME and --list, not `{unknown}`"),
        }
    }
    Ok(Choice::Run(if chosen.is_empty() { STEPS.iter().collect() } else { chosen }))
}

/// Runs one step and tells how it went; an error is only a log that cannot be written.
fn perform(step: &Step) -> Result<bool> {
    let workshop = Workshop::for_step(step.name)?;
    print!("{:<12} {} ... ", step.name, step.what);
    std::io::stdout().flush()?;
    let watch = Stopwatch::start();
    let outcome = (step.run)(&workshop);
    let seconds = watch.elapsed().as_secs_f64();
    match outcome {
        Ok(()) => {
            println!("ok, {seconds:.1} s");
            Ok(true)
        }
        Err(error) => {
            println!("FAILED, {seconds:.1} s");
            println!("{}", workshop.log_tail(SHOWN_LINES));
            println!("    {error:#}");
            println!("    all of it: {}", workshop.log().display());
            Ok(false)
        }
    }
}
