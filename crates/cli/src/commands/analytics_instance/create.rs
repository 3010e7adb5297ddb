//! `obol analytics-instance create`: CreateAnalyticsInstance with an access token from a file (contract analytics 2.4
//! and 6.1).

use std::path::PathBuf;

use clap::{Args, builder::PossibleValuesParser};
use obol_client::{CallError, Secret, analytics};
use serde_json::{Map, Value};

use super::compartment;
use crate::{
    connection::{ConnectionOptions, read_token, token_obstacle},
    failure::{Exit, Failure},
    printer, secrets,
    shape::{INSTANCE, WORK_REQUEST, render},
    waiting::WaitOptions,
};

/// Create an Analytics instance
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  obol analytics-instance create --name myoac --wait \\
    --feature-set ENTERPRISE_ANALYTICS --license-type LICENSE_INCLUDED \\
    --capacity-type OLPU_COUNT --capacity-value 1 \\
    --idcs-access-token-file tokens.tok

Without waiting it shows the instance as it is being created, with --wait as
it was created; with --wait-for-state it shows the work request, as the
official command line does.")]
pub(crate) struct Arguments {
    /// The name: at most 25 letters and digits, single dashes between; it cannot be changed
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// The compartment [OBOL_COMPARTMENT_ID]
    #[arg(long, value_name = "OCID")]
    compartment_id: Option<String>,
    /// The edition
    #[arg(long, value_name = "SET", ignore_case = true, value_parser = PossibleValuesParser::new(super::list::FEATURE_SETS))]
    feature_set: String,
    /// Whose licence
    #[arg(long, value_name = "TYPE", ignore_case = true, value_parser = PossibleValuesParser::new(["LICENSE_INCLUDED", "BRING_YOUR_OWN_LICENSE"]))]
    license_type: String,
    /// What the capacity counts
    #[arg(long, value_name = "TYPE", ignore_case = true, value_parser = PossibleValuesParser::new(super::list::CAPACITY_TYPES))]
    capacity_type: String,
    /// How much of it
    #[arg(long, value_name = "NUMBER")]
    capacity_value: i64,
    /// The file with the access token, bare or as the console's tokens.tok; - for standard input
    #[arg(long, value_name = "FILE")]
    idcs_access_token_file: Option<PathBuf>,
    /// A description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Whom to notify
    #[arg(long, value_name = "ADDRESS")]
    email_notification: Option<String>,
    /// How it is reached, as JSON or file://FILE
    #[arg(long, value_name = "JSON")]
    network_endpoint_details: Option<String>,
    /// Defined tags, as JSON or file://FILE
    #[arg(long, value_name = "JSON")]
    defined_tags: Option<String>,
    /// Free-form tags, as JSON or file://FILE
    #[arg(long, value_name = "JSON")]
    freeform_tags: Option<String>,
    /// When it is updated
    #[arg(long, value_name = "CHANNEL", ignore_case = true, value_parser = PossibleValuesParser::new(["REGULAR", "EARLY", "PHASE_2", "PHASE_1"]))]
    update_channel: Option<String>,
    /// The key that encrypts its data
    #[arg(long, value_name = "OCID")]
    kms_key_id: Option<String>,
    /// The identity domain
    #[arg(long, value_name = "OCID")]
    domain_id: Option<String>,
    /// The name of the user in that domain who administers it
    #[arg(long, value_name = "NAME")]
    admin_user: Option<String>,
    /// The feature bundle
    #[arg(long, value_name = "BUNDLE", ignore_case = true, value_parser = PossibleValuesParser::new(["FAW_PAID", "FAW_FREE", "FDI_BASE", "EE_EMBEDDED", "SE_EMBEDDED"]))]
    feature_bundle: Option<String>,
    #[command(flatten)]
    wait: WaitOptions,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, connection: &ConnectionOptions) -> Result<(), Failure> {
    let token = arguments.idcs_access_token_file.as_deref().map(read_token).transpose()?;
    let wait = &arguments.wait;
    let details = details(arguments, token.as_ref())?;
    let client = connection.client()?;
    let created = analytics::create_instance(&client, &details).map_err(|error| explain(error, token.as_ref()))?;
    let Some(work_request) = wait.follow(&client, &created)? else {
        return printer::json(&render(&created, &INSTANCE));
    };
    if !wait.until_done() {
        return printer::json(&render(&work_request, &WORK_REQUEST));
    }
    let id = created.data.get("id").and_then(Value::as_str).unwrap_or_default();
    let instance = analytics::get_instance(&client, id)?;
    printer::json(&render(&instance, &INSTANCE))
}

/// The body: only what was given (contract analytics 6.1).
fn details(arguments: &Arguments, token: Option<&Secret>) -> Result<Value, Failure> {
    let text = |value: &Option<String>| value.as_deref().map(Value::from);
    let upper = |value: &Option<String>| value.as_deref().map(|value| value.to_ascii_uppercase().into());
    let members: [(&str, Option<Value>); 16] = [
        ("name", Some(arguments.name.as_str().into())),
        ("compartmentId", Some(compartment(arguments.compartment_id.clone())?.into())),
        ("featureSet", Some(arguments.feature_set.to_ascii_uppercase().into())),
        ("licenseType", Some(arguments.license_type.to_ascii_uppercase().into())),
        (
            "capacity",
            Some(serde_json::json!({
                "capacityType": arguments.capacity_type.to_ascii_uppercase(),
                "capacityValue": arguments.capacity_value,
            })),
        ),
        ("description", text(&arguments.description)),
        ("emailNotification", text(&arguments.email_notification)),
        ("networkEndpointDetails", json("--network-endpoint-details", arguments.network_endpoint_details.as_deref())?),
        ("definedTags", json("--defined-tags", arguments.defined_tags.as_deref())?),
        ("freeformTags", json("--freeform-tags", arguments.freeform_tags.as_deref())?),
        ("updateChannel", upper(&arguments.update_channel)),
        ("kmsKeyId", text(&arguments.kms_key_id)),
        ("domainId", text(&arguments.domain_id)),
        ("adminUser", text(&arguments.admin_user)),
        ("featureBundle", upper(&arguments.feature_bundle)),
        ("idcsAccessToken", token.map(|token| token.expose().into())),
    ];
    let given = members.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)));
    Ok(Value::Object(given.collect::<Map<_, _>>()))
}

/// Reads an option that takes JSON or `file://FILE`.
fn json(option: &str, text: Option<&str>) -> Result<Option<Value>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let read;
    let text = match text.strip_prefix("file://") {
        Some(path) => {
            read = secrets::read(&crate::profile::expand(path.as_ref()))?;
            read.expose()
        }
        None => text,
    };
    serde_json::from_str(text)
        .map(Some)
        .map_err(|error| Failure::new(Exit::Usage, format!("{option} is not JSON")).because(&error))
}

/// A refusal says little in public; what the token itself shows is said here.
fn explain(error: CallError, token: Option<&Secret>) -> Failure {
    let refused = matches!(error, CallError::Service(_));
    let failure = Failure::from(error);
    match token.and_then(token_obstacle).filter(|_| refused) {
        Some(obstacle) => failure.with(obstacle),
        None => failure,
    }
}
