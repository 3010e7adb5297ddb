//! `obol token`: getting access tokens, and looking at them.

mod get;
mod inspect;

use clap::{Args, Subcommand};

use crate::failure::Failure;

/// Get access tokens, and look at them
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  obol token get
  obol token get --output tokens.tok --output-file tokens.tok
  obol token inspect tokens.tok"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Get(get::Arguments),
    Inspect(inspect::Arguments),
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Get(arguments) => get::run(arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
    }
}
