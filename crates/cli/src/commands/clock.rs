//! `obol clock`: the dev cloud's clock, which can be moved to see tokens end.

use clap::{Args, Subcommand};
use obol_client::lab::{ClockReading, Move};

use crate::{connection::LabOptions, failure::Failure, printer};

/// Show the dev cloud's clock, and move it
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  obol clock show
  obol clock advance 1h
  obol clock reset"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    lab: LabOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the cloud's time and how far it is ahead of the machine's
    #[command(after_help = "Example:\n  obol clock show")]
    Show,
    /// Move the cloud's time forward
    #[command(after_help = "Examples:\n  obol clock advance 90s\n  obol clock advance 1h\n  obol clock advance 1d")]
    Advance {
        /// How far: a number and s, m, h or d
        #[arg(value_name = "DURATION")]
        duration: String,
    },
    /// Go back to the machine's time
    #[command(after_help = "Example:\n  obol clock reset")]
    Reset,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let lab = arguments.lab.lab()?;
    let reading = match &arguments.command {
        Command::Show => lab.clock(),
        Command::Advance { duration } => lab.move_clock(&Move::Advance(duration.clone())),
        Command::Reset => lab.move_clock(&Move::Reset),
    }?;
    printer::data(&spell(&reading))
}

fn spell(reading: &ClockReading) -> String {
    match reading.offset_seconds {
        0 => format!("{} (the machine's time)", reading.now),
        ahead => format!("{} ({ahead} s ahead of the machine's {})", reading.now, reading.wall),
    }
}
