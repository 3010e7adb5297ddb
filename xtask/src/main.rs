//! The project's own chores, run as `cargo xtask <chore>`.
//!
//! Plain Rust over `std::process`, so that the tool that checks the house needs next to nothing of its own to build.
#![expect(clippy::print_stdout, reason = "a chore's report to the person who started it is its output")]

mod bench;
mod client_steps;
mod compatibility;
mod dev_cloud;
mod environment;
mod fuzz;
mod install;
mod postgres;
mod steps;
mod stopwatch;
mod test;
mod workshop;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test [--only NAME]...   check everything: format, lints, rules, tests on both databases, real clients
cargo xtask test --list             the steps by name
cargo xtask bench                   measure against the floor and print ratios";

fn main() -> ExitCode {
    let arguments: Vec<String> = environment::arguments();
    let (chore, rest) = match arguments.split_first() {
        Some((chore, rest)) => (chore.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let outcome = match chore {
        "test" => test::run(rest),
        "bench" => bench::run(rest).map(|()| ExitCode::SUCCESS),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        unknown => Err(anyhow::anyhow!("there is no chore `{unknown}`\n\n{USAGE}")),
    };
    outcome.unwrap_or_else(|error| {
        println!("error: {error:#}");
        ExitCode::FAILURE
    })
}
