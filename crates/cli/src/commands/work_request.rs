//! `obol work-request`: the official command line's commands for work requests (contract analytics 7).

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use obol_client::analytics;

use super::analytics_instance::compartment;
use crate::{
    connection::ConnectionOptions,
    failure::Failure,
    paging::Paging,
    printer,
    shape::{WORK_REQUEST, WORK_REQUEST_SUMMARY, render},
    waiting::STATES,
};

const SORT_KEYS: [&str; 6] = ["id", "operationType", "status", "timeAccepted", "timeStarted", "timeFinished"];

/// Look at work requests
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  obol work-request get --work-request-id ocid1.analyticsinstanceworkrequest...
  obol work-request list --status ACCEPTED --status IN_PROGRESS"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    connection: ConnectionOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    Get(Get),
    List(List),
}

/// Show a work request
#[derive(Debug, Args)]
#[command(after_help = "Example:
  obol work-request get --work-request-id ocid1.analyticsinstanceworkrequest...")]
struct Get {
    /// The work request
    #[arg(long, value_name = "OCID")]
    work_request_id: String,
}

/// List the work requests of a compartment
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  obol work-request list --compartment-id ocid1.compartment.oc1..aaaa --all
  obol work-request list --status FAILED --resource-id ocid1.analyticsinstance...")]
struct List {
    /// The compartment [OBOL_COMPARTMENT_ID]
    #[arg(long, value_name = "OCID")]
    compartment_id: Option<String>,
    /// Only those of this instance
    #[arg(long, value_name = "OCID")]
    resource_id: Option<String>,
    /// Only those of this kind of resource
    #[arg(long, value_name = "TYPE", ignore_case = true, value_parser = PossibleValuesParser::new(["ANALYTICS_INSTANCE"]))]
    resource_type: Option<String>,
    /// Only those in this state; may be given more than once
    #[arg(long, value_name = "STATE", ignore_case = true, value_parser = PossibleValuesParser::new(STATES))]
    status: Vec<String>,
    /// The order
    #[arg(long, value_name = "KEY", value_parser = PossibleValuesParser::new(SORT_KEYS))]
    sort_by: Option<String>,
    /// Ascending or descending
    #[arg(long, value_name = "ORDER", ignore_case = true, value_parser = PossibleValuesParser::new(["ASC", "DESC"]))]
    sort_order: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let connection = &arguments.connection;
    match arguments.command {
        Command::Get(arguments) => {
            let reply = analytics::get_work_request(&connection.client()?, &arguments.work_request_id)?;
            printer::json(&render(&reply, &WORK_REQUEST))
        }
        Command::List(arguments) => list(arguments, connection),
    }
}

fn list(arguments: List, connection: &ConnectionOptions) -> Result<(), Failure> {
    let upper = |value: Option<String>| value.map(|value| value.to_ascii_uppercase());
    let mut parameters = vec![
        ("compartmentId", Some(compartment(arguments.compartment_id)?)),
        ("resourceId", arguments.resource_id),
        ("resourceType", upper(arguments.resource_type)),
    ];
    parameters.extend(arguments.status.into_iter().map(|status| ("status", upper(Some(status)))));
    parameters.push(("sortBy", arguments.sort_by));
    parameters.push(("sortOrder", upper(arguments.sort_order)));
    let client = connection.client()?;
    let reply = arguments.paging.fetch(parameters, |page| analytics::list_work_requests(&client, page))?;
    printer::json(&render(&reply, &WORK_REQUEST_SUMMARY))
}
