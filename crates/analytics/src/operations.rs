//! The operations, one file each: read, check in the contract's order, take effect, answer.

mod change_compartment;
mod change_network_endpoint;
mod create_instance;
mod create_private_access_channel;
mod create_resource_group;
mod create_vanity_url;
mod delete_instance;
mod delete_private_access_channel;
mod delete_resource_group;
mod delete_vanity_url;
mod delete_work_request;
mod get_additional_info;
mod get_instance;
mod get_private_access_channel;
mod get_resource_group;
mod get_work_request;
mod list_instances;
mod list_resource_groups;
mod list_work_request_records;
mod list_work_requests;
mod scale_instance;
mod set_feature_bundle;
mod set_kms_key;
mod start_instance;
mod stop_instance;
mod update_instance;
mod update_private_access_channel;
mod update_resource_group;
mod update_vanity_url;

use obol_protocol::{
    analytics::{LifecycleState, query::Page},
    oci::PageToken,
};
use obol_store::{
    instances::{self, Instance, SortValue},
    tenancies,
};

use crate::{
    Inner, Refusal,
    http::{Answer, Call, routes::Operation},
};

/// Carries an operation out.
pub(crate) async fn run(analytics: &Inner, operation: Operation, call: &Call<'_>) -> Result<Answer, Refusal> {
    match operation {
        Operation::ListAnalyticsInstances => list_instances::run(analytics, call).await,
        Operation::CreateAnalyticsInstance => create_instance::run(analytics, call).await,
        Operation::GetAnalyticsInstance => get_instance::run(analytics, call).await,
        Operation::UpdateAnalyticsInstance => update_instance::run(analytics, call).await,
        Operation::DeleteAnalyticsInstance => delete_instance::run(analytics, call).await,
        Operation::StartAnalyticsInstance => start_instance::run(analytics, call).await,
        Operation::StopAnalyticsInstance => stop_instance::run(analytics, call).await,
        Operation::ScaleAnalyticsInstance => scale_instance::run(analytics, call).await,
        Operation::ChangeAnalyticsInstanceCompartment => change_compartment::run(analytics, call).await,
        Operation::ChangeAnalyticsInstanceNetworkEndpoint => change_network_endpoint::run(analytics, call).await,
        Operation::SetKmsKey => set_kms_key::run(analytics, call).await,
        Operation::SetFeatureBundle => set_feature_bundle::run(analytics, call).await,
        Operation::CreatePrivateAccessChannel => create_private_access_channel::run(analytics, call).await,
        Operation::GetPrivateAccessChannel => get_private_access_channel::run(analytics, call).await,
        Operation::UpdatePrivateAccessChannel => update_private_access_channel::run(analytics, call).await,
        Operation::DeletePrivateAccessChannel => delete_private_access_channel::run(analytics, call).await,
        Operation::CreateVanityUrl => create_vanity_url::run(analytics, call).await,
        Operation::UpdateVanityUrl => update_vanity_url::run(analytics, call).await,
        Operation::DeleteVanityUrl => delete_vanity_url::run(analytics, call).await,
        Operation::ListResourceGroups => list_resource_groups::run(analytics, call).await,
        Operation::CreateResourceGroup => create_resource_group::run(analytics, call).await,
        Operation::GetResourceGroup => get_resource_group::run(analytics, call).await,
        Operation::UpdateResourceGroup => update_resource_group::run(analytics, call).await,
        Operation::DeleteResourceGroup => delete_resource_group::run(analytics, call).await,
        Operation::ListWorkRequests => list_work_requests::run(analytics, call).await,
        Operation::GetWorkRequest => get_work_request::run(analytics, call).await,
        Operation::DeleteWorkRequest => delete_work_request::run(analytics, call).await,
        Operation::ListWorkRequestErrors => list_work_request_records::errors(analytics, call).await,
        Operation::ListWorkRequestLogs => list_work_request_records::logs(analytics, call).await,
        Operation::GetAdditionalInfo => get_additional_info::run(analytics, call).await,
    }
}

/// The instance that the path names must be one of the caller's tenancy, and not deleted.
async fn instance_stands(analytics: &Inner, call: &Call<'_>) -> Result<Instance, Refusal> {
    let instance = instances::get(&analytics.db, &call.caller.tenancy_id, call.id)
        .await?
        .ok_or_else(|| Refusal::NotFound { what: "instance", id: call.id.to_owned() })?;
    if instance.state == LifecycleState::Deleted { Err(Refusal::Gone { id: instance.id }) } else { Ok(instance) }
}

/// A compartment that is named must be one of the caller's tenancy.
async fn compartment_is_known(analytics: &Inner, call: &Call<'_>, compartment_id: &str) -> Result<(), Refusal> {
    if tenancies::has_compartment(&analytics.db, &call.caller.tenancy_id, compartment_id).await? {
        Ok(())
    } else {
        Err(Refusal::CompartmentUnknown { id: compartment_id.to_owned() })
    }
}

/// The place where a page begins: the value that is sorted by, the time that breaks ties, and the id.
struct Place {
    value: SortValue,
    time: obol_protocol::Timestamp,
    id: String,
}

/// A page token holds the whole place; the time stands before the value, which may contain anything.
fn token_of(place: Place) -> String {
    let value = match place.value {
        SortValue::Text(text) => format!("t{text}"),
        SortValue::Number(number) => format!("n{number}"),
    };
    PageToken::new(format!("{} {value}", place.time.micros()), place.id).to_string()
}

/// Reads a page token back. `is_number` says what the order sorts by: a token of another order is refused.
fn place_of(page: &Page, is_number: bool) -> Result<Option<Place>, Refusal> {
    let Some(token) = &page.after else { return Ok(None) };
    let foreign = || Refusal::Field(Page::foreign(&token.key));
    let (micros, value) = token.key.split_once(' ').ok_or_else(foreign)?;
    let time = micros.parse().map(obol_protocol::Timestamp::from_micros).map_err(|_| foreign())?;
    let value = match (value.strip_prefix('n'), value.strip_prefix('t')) {
        (Some(number), _) if is_number => SortValue::Number(number.parse().map_err(|_| foreign())?),
        (_, Some(text)) if !is_number && !text.contains('\0') => SortValue::Text(text.to_owned()),
        _ => return Err(foreign()),
    };
    if token.id.contains('\0') {
        return Err(foreign());
    }
    Ok(Some(Place { value, time, id: token.id.clone() }))
}

/// Cuts what was read, one more than asked for, to the page; tells whether there is more.
fn cut<T>(mut rows: Vec<T>, limit: i64) -> (Vec<T>, bool) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}
