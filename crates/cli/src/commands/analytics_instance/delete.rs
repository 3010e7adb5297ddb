//! `obol analytics-instance delete`: DeleteAnalyticsInstance, after asking.

use clap::Args;
use obol_client::analytics;

use crate::{
    connection::ConnectionOptions,
    failure::{Exit, Failure},
    printer,
    shape::{INSTANCE, WORK_REQUEST, render},
    waiting::WaitOptions,
};

/// Delete an Analytics instance
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  obol analytics-instance delete --analytics-instance-id ocid1.analyticsinstance...
  obol analytics-instance delete --force --wait \\
    --analytics-instance-id ocid1.analyticsinstance...")]
pub(crate) struct Arguments {
    /// The instance
    #[arg(long, value_name = "OCID")]
    analytics_instance_id: String,
    /// Only if its etag is still this
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
    /// Do not ask
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    wait: WaitOptions,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, connection: &ConnectionOptions) -> Result<(), Failure> {
    let client = connection.client()?;
    if !arguments.force {
        match printer::confirm("Are you sure you want to delete this resource?") {
            Some(true) => {}
            Some(false) => return Err(Failure::new(Exit::Usage, "nothing was deleted")),
            None => {
                return Err(Failure::new(Exit::Usage, "nothing was deleted: there is nobody to ask")
                    .hint("--force deletes without asking"));
            }
        }
    }
    let id = &arguments.analytics_instance_id;
    let deleted = analytics::delete_instance(&client, id, arguments.if_match.as_deref())?;
    match arguments.wait.follow(&client, &deleted)? {
        Some(work_request) => printer::json(&render(&work_request, &WORK_REQUEST)),
        None => printer::json(&render(&deleted, &INSTANCE)),
    }
}
