//! `obol analytics-instance list`: ListAnalyticsInstances.

use clap::{Args, builder::PossibleValuesParser};
use obol_client::analytics;

use super::compartment;
use crate::{
    connection::ConnectionOptions,
    failure::Failure,
    paging::Paging,
    printer,
    shape::{INSTANCE_SUMMARY, render},
};

pub(super) const FEATURE_SETS: [&str; 2] = ["SELF_SERVICE_ANALYTICS", "ENTERPRISE_ANALYTICS"];
pub(super) const CAPACITY_TYPES: [&str; 2] = ["OLPU_COUNT", "USER_COUNT"];
const LIFECYCLE_STATES: [&str; 7] = ["ACTIVE", "CREATING", "DELETED", "DELETING", "FAILED", "INACTIVE", "UPDATING"];
const SORT_KEYS: [&str; 6] = ["capacityType", "capacityValue", "featureSet", "lifecycleState", "name", "timeCreated"];

/// List the Analytics instances of a compartment
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  obol analytics-instance list --compartment-id ocid1.compartment.oc1..aaaa --all
  obol analytics-instance list --lifecycle-state ACTIVE --sort-by timeCreated --limit 10")]
pub(crate) struct Arguments {
    /// The compartment [OBOL_COMPARTMENT_ID]
    #[arg(long, value_name = "OCID")]
    compartment_id: Option<String>,
    /// Only the one of this name
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Only those whose capacity counts this
    #[arg(long, value_name = "TYPE", ignore_case = true, value_parser = PossibleValuesParser::new(CAPACITY_TYPES))]
    capacity_type: Option<String>,
    /// Only those of this edition
    #[arg(long, value_name = "SET", ignore_case = true, value_parser = PossibleValuesParser::new(FEATURE_SETS))]
    feature_set: Option<String>,
    /// Only those in this state
    #[arg(long, value_name = "STATE", ignore_case = true, value_parser = PossibleValuesParser::new(LIFECYCLE_STATES))]
    lifecycle_state: Option<String>,
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
pub(super) fn run(arguments: Arguments, connection: &ConnectionOptions) -> Result<(), Failure> {
    let upper = |value: Option<String>| value.map(|value| value.to_ascii_uppercase());
    let parameters = vec![
        ("compartmentId", Some(compartment(arguments.compartment_id)?)),
        ("name", arguments.name),
        ("capacityType", upper(arguments.capacity_type)),
        ("featureSet", upper(arguments.feature_set)),
        ("lifecycleState", upper(arguments.lifecycle_state)),
        ("sortBy", arguments.sort_by),
        ("sortOrder", upper(arguments.sort_order)),
    ];
    let client = connection.client()?;
    let reply = arguments.paging.fetch(parameters, |page| analytics::list_instances(&client, page))?;
    printer::json(&render(&reply, &INSTANCE_SUMMARY))
}
