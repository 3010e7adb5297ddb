//! `obol analytics-instance`: the official command line's commands for instances, with its option names (contract
//! analytics 7).

mod create;
mod delete;
mod get;
mod list;

use clap::{Args, Subcommand};

use crate::{
    connection::ConnectionOptions,
    environment,
    failure::{Exit, Failure},
};

/// Create, look at and delete Analytics instances
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  obol analytics-instance list --config-file obol-data/oci_config --all
  obol analytics-instance get --analytics-instance-id ocid1.analyticsinstance..."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    connection: ConnectionOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Box<create::Arguments>),
    Get(get::Arguments),
    List(list::Arguments),
    Delete(delete::Arguments),
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let connection = &arguments.connection;
    match arguments.command {
        Command::Create(arguments) => create::run(&arguments, connection),
        Command::Get(arguments) => get::run(&arguments, connection),
        Command::List(arguments) => list::run(arguments, connection),
        Command::Delete(arguments) => delete::run(&arguments, connection),
    }
}

/// The compartment: the option's, else the variable's.
pub(super) fn compartment(option: Option<String>) -> Result<String, Failure> {
    option.or_else(environment::compartment_id).ok_or_else(|| {
        Failure::new(Exit::Usage, "no compartment").hint("give --compartment-id, or OBOL_COMPARTMENT_ID")
    })
}
