//! Whether the caller may: an administrator may do everything, anybody else what a policy statement of the tenancy allows
//! (contract analytics 1, IAM). It is asked here for every operation, before any of its own checks, so that an operation
//! cannot forget to ask. What may not be seen is answered as if it were not there.

use std::sync::Arc;

use obol_domain::{
    caller::Freshness,
    policy::{Question, Rules, Target, operations},
};
use obol_protocol::analytics::{
    ChangeCompartmentDetails, CreateAnalyticsInstanceDetails,
    query::{ListAnalyticsInstances, ListWorkRequests},
};
use obol_store::{instances, work_requests};

use crate::{
    Inner, Refusal,
    http::{
        Call,
        routes::{INSTANCE_PARAMETER, Operation, Route, WORK_REQUEST_PARAMETER},
    },
};

/// What an operation is done to, as far as statements speak of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Aim {
    /// Where it is filed.
    compartment_id: String,
    instance_id: Option<String>,
    instance_name: Option<String>,
    /// Where it is to be filed.
    destination: Option<String>,
}

/// Lets a call pass, or tells why not.
///
/// # Errors
///
/// [`Refusal::NotAllowed`] when no statement allows it; [`Refusal::NotFound`] and [`Refusal::CompartmentUnknown`] when its
/// target is not there, which looks the same; [`Refusal::Field`] when the request does not say what its target is.
pub(crate) async fn authorise(
    analytics: &Inner,
    route: &Route,
    call: &Call<'_>,
    freshness: Freshness,
) -> Result<(), Refusal> {
    if call.caller.is_administrator {
        return Ok(());
    }
    let aim = aim_of(analytics, route, call).await?;
    let rules = rules(analytics, call, freshness).await?;
    statement_allows(&rules, route.operation, call, &aim, &aim.compartment_id)?;
    match &aim.destination {
        Some(destination) => statement_allows(&rules, route.operation, call, &aim, destination),
        None => Ok(()),
    }
}

async fn rules(analytics: &Inner, call: &Call<'_>, freshness: Freshness) -> Result<Arc<Rules>, Refusal> {
    let (tenancy_id, wall) = (&call.caller.tenancy_id, call.context.wall);
    let rules = match freshness {
        Freshness::Exact => analytics.rules.exact(tenancy_id, wall).await?,
        Freshness::Recent => analytics.rules.recent(tenancy_id, wall).await?,
    };
    rules.ok_or(Refusal::Internal("the caller's tenancy is not there"))
}

/// What the request is about: by its path, or else by its query or body. These are read as the operation itself reads them.
async fn aim_of(analytics: &Inner, route: &Route, call: &Call<'_>) -> Result<Aim, Refusal> {
    if route.path.contains(INSTANCE_PARAMETER) {
        return aim_at_instance(analytics, route.operation, call).await;
    }
    if route.path.contains(WORK_REQUEST_PARAMETER) {
        return aim_at_work_request(analytics, call).await;
    }
    match route.operation {
        Operation::CreateAnalyticsInstance => {
            let details = CreateAnalyticsInstanceDetails::parse(call.body)?;
            let instance_name = Some(details.name.to_string());
            Ok(Aim { compartment_id: details.compartment_id, instance_name, ..Aim::default() })
        }
        Operation::ListWorkRequests => {
            let compartment_id = ListWorkRequests::parse(call.query)?.compartment_id;
            Ok(Aim { compartment_id, ..Aim::default() })
        }
        _ => {
            let compartment_id = ListAnalyticsInstances::parse(call.query)?.compartment_id;
            Ok(Aim { compartment_id, ..Aim::default() })
        }
    }
}

async fn aim_at_instance(analytics: &Inner, operation: Operation, call: &Call<'_>) -> Result<Aim, Refusal> {
    let place = instances::place(&analytics.db, &call.caller.tenancy_id, call.id).await?;
    let place = place.ok_or_else(|| Refusal::NotFound { what: "instance", id: call.id.to_owned() })?;
    let destination = match operation {
        Operation::ChangeAnalyticsInstanceCompartment => {
            Some(ChangeCompartmentDetails::parse(call.body)?.compartment_id)
        }
        _ => None,
    };
    Ok(Aim {
        compartment_id: place.compartment_id,
        instance_id: Some(call.id.to_owned()),
        instance_name: Some(place.name),
        destination,
    })
}

/// Work is filed where its instance was when it began.
async fn aim_at_work_request(analytics: &Inner, call: &Call<'_>) -> Result<Aim, Refusal> {
    let work = work_requests::get(&analytics.db, &call.caller.tenancy_id, call.id).await?;
    let work = work.ok_or_else(|| Refusal::NotFound { what: "work request", id: call.id.to_owned() })?;
    let place = instances::place(&analytics.db, &call.caller.tenancy_id, &work.instance_id).await?;
    Ok(Aim {
        compartment_id: work.compartment_id,
        instance_id: Some(work.instance_id),
        instance_name: place.map(|place| place.name),
        destination: None,
    })
}

fn statement_allows(
    rules: &Rules,
    operation: Operation,
    call: &Call<'_>,
    aim: &Aim,
    compartment_id: &str,
) -> Result<(), Refusal> {
    if rules.tree().get(compartment_id).is_none() {
        return Err(Refusal::CompartmentUnknown { id: compartment_id.to_owned() });
    }
    let permission =
        operations::needed_by(operation.name()).ok_or(Refusal::Internal("an operation needs no permission"))?;
    let target = Target {
        compartment_id,
        instance_id: aim.instance_id.as_deref(),
        instance_name: aim.instance_name.as_deref(),
        source_compartment_id: aim.destination.as_ref().map(|_| aim.compartment_id.as_str()),
        destination_compartment_id: aim.destination.as_deref(),
    };
    let question = Question { operation: operation.name(), permission, target };
    rules.decide(call.caller, &question).map_err(|denied| Refusal::NotAllowed {
        operation: operation.name(),
        compartment_id: compartment_id.to_owned(),
        denied,
    })
}
