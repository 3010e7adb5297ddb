//! `obol fault`: lets work in the dev cloud fail on purpose, to see what a script does then.

use clap::{Args, Subcommand};
use obol_client::lab::{Fault, Faults};

use crate::{connection::LabOptions, failure::Failure, printer};

/// Let the dev cloud's next work requests fail on purpose
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  obol fault set SCALE_ANALYTICS_INSTANCE
  obol fault set create_analytics_instance --times 3
  obol fault list
  obol fault clear

The work request is accepted as ever, and ends FAILED with an error that says
why. A change leaves its instance as it was; a creation or a removal leaves it
FAILED. A restart of the dev cloud forgets the faults."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    lab: LabOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what is to fail, and how often
    #[command(after_help = "Example:\n  obol fault list")]
    List,
    /// Let the next work requests of a type fail
    #[command(
        after_help = "Examples:\n  obol fault set STOP_ANALYTICS_INSTANCE\n  obol fault set STOP_ANALYTICS_INSTANCE --times 0"
    )]
    Set {
        /// The operationType of a work request, in any case
        #[arg(value_name = "OPERATION_TYPE")]
        operation: String,
        /// How many of the next ones; 0 lets them succeed again
        #[arg(long, value_name = "N", default_value_t = 1)]
        times: u32,
    },
    /// Let everything succeed again
    #[command(after_help = "Example:\n  obol fault clear")]
    Clear,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let lab = arguments.lab.lab()?;
    let faults = match &arguments.command {
        Command::List => lab.faults(),
        Command::Set { operation, times } => {
            lab.set_fault(&Fault::Set { operation: operation.to_ascii_uppercase(), times: *times })
        }
        Command::Clear => lab.set_fault(&Fault::Clear),
    }?;
    printer::data(&spell(&faults))
}

fn spell(faults: &Faults) -> String {
    if faults.faults.is_empty() {
        return "nothing is to fail".to_owned();
    }
    let lines = faults.faults.iter().map(|(operation, times)| format!("{operation}  the next {times}"));
    lines.collect::<Vec<_>>().join("\n")
}
