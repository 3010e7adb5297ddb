//! One file for each command.

pub(crate) mod analytics_instance;
pub(crate) mod audit;
pub(crate) mod clock;
pub(crate) mod fault;
pub(crate) mod key;
pub(crate) mod serve;
mod signals;
pub(crate) mod token;
pub(crate) mod up;
pub(crate) mod why;
pub(crate) mod work_request;

use std::process::ExitCode;

use crate::{arguments::Command, failure::Failure, printer};

/// Runs a command and turns its outcome into an exit code.
pub(crate) fn run(command: Command) -> ExitCode {
    let outcome = match command {
        Command::Up(up) => up::run(up),
        Command::Serve(serve) => serve::run(&serve),
        Command::Token(arguments) => token::run(arguments),
        Command::AnalyticsInstance(arguments) => analytics_instance::run(arguments),
        Command::WorkRequest(arguments) => work_request::run(arguments),
        Command::Why(arguments) => why::run(&arguments),
        Command::Audit(arguments) => audit::run(arguments),
        Command::Clock(arguments) => clock::run(&arguments),
        Command::Fault(arguments) => fault::run(&arguments),
        Command::Key(arguments) => key::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

fn report(failure: &Failure) -> ExitCode {
    let text = failure.to_string();
    if !text.is_empty() {
        printer::note(&text);
    }
    failure.exit_code()
}
