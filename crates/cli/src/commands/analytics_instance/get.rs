//! `obol analytics-instance get`: GetAnalyticsInstance.

use clap::Args;
use obol_client::analytics;

use crate::{
    connection::ConnectionOptions,
    failure::Failure,
    printer,
    shape::{INSTANCE, render},
};

/// Show an Analytics instance
#[derive(Debug, Args)]
#[command(after_help = "Example:
  obol analytics-instance get --analytics-instance-id ocid1.analyticsinstance...")]
pub(crate) struct Arguments {
    /// The instance
    #[arg(long, value_name = "OCID")]
    analytics_instance_id: String,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, connection: &ConnectionOptions) -> Result<(), Failure> {
    let reply = analytics::get_instance(&connection.client()?, &arguments.analytics_instance_id)?;
    printer::json(&render(&reply, &INSTANCE))
}
