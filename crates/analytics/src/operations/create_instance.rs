//! CreateAnalyticsInstance: the instance in CREATING, its work request in ACCEPTED and the retry token in one
//! transaction.

use axum::http::StatusCode;
use obol_domain::{
    access_token::{TokenRefusal, VerifiedUser},
    capacity,
};
use obol_protocol::{
    Secret,
    analytics::{CreateAnalyticsInstanceDetails, LifecycleState, OperationType},
    oauth::TokenFile,
};
use obol_store::{
    StoreError, Tx,
    instance_children::Children,
    instances::{self, Instance, InstanceDetails},
    tenancies,
    work_requests::{self, NewWorkRequest},
};
use serde_json::json;

use super::compartment_is_known;
use crate::{
    Inner, Refusal,
    http::{Answer, Call, routes::Operation},
    retry::{Replay, RetryToken},
    views, work, workflows,
};

const OPERATION: Operation = Operation::CreateAnalyticsInstance;
const OCID_KIND: &str = "analyticsinstance";

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let token = RetryToken::of(call, OPERATION)?;
    if let Some(token) = &token
        && let Replay::Yes(answer) = token.replay(analytics, call).await?
    {
        return Ok(answer);
    }
    let details = CreateAnalyticsInstanceDetails::parse(call.body)?;
    compartment_is_known(analytics, call, &details.compartment_id).await?;
    let creator = token_speaks_for_a_user(analytics, call, details.idcs_access_token.as_ref()).await?;
    capacity_exists(&details)?;
    let instance = instance_of(analytics, call, details, creator);
    let work_request_id = analytics.mint(work::OCID_KIND);
    let answer = answer(analytics, &instance, work_request_id.clone())?;
    let mut tx = analytics.db.begin().await?;
    if let Some(token) = &token
        && !token.keep(&mut tx, call, &instance.id, &answer).await?
    {
        drop(tx);
        return token.first_answer(analytics, call).await;
    }
    compartment_stays(&mut tx, &instance).await?;
    capacity_is_within_limits(analytics, &mut tx, &instance).await?;
    name_is_free(instances::insert(&mut tx, &instance).await, &instance)?;
    let new = NewWorkRequest {
        id: &work_request_id,
        compartment_id: &instance.compartment_id,
        instance_id: &instance.id,
        operation_type: OperationType::CreateAnalyticsInstance,
        workflow_version: workflows::CREATE.version,
        input: &json!({}),
        state_before: None,
        now: call.context.now,
    };
    work_requests::accept(&mut tx, &instance.tenancy_id, &new).await?;
    tx.commit().await?;
    analytics.accepted.notify_one();
    Ok(answer)
}

/// Contract analytics 2.4. The schema calls the token optional; the service does not. Users of the real service paste the
/// whole of `tokens.tok` (contract analytics 8, row 5).
async fn token_speaks_for_a_user(
    analytics: &Inner,
    call: &Call<'_>,
    token: Option<&Secret>,
) -> Result<VerifiedUser, Refusal> {
    let token = token.filter(|token| !token.expose().trim().is_empty()).ok_or(Refusal::TokenMissing)?;
    if TokenFile::is_pasted(token.expose()) {
        return Err(Refusal::TokenIsFile);
    }
    match analytics.verifier.verify_for_instance(&call.caller.tenancy_id, token.expose()).await {
        Ok(user) => Ok(user),
        Err(TokenRefusal::NotUserContext(explanation)) => Err(Refusal::TokenNotUserContext(explanation)),
        Err(TokenRefusal::Invalid(explanation)) => Err(Refusal::TokenInvalid(explanation)),
        Err(TokenRefusal::Unavailable(source)) => Err(Refusal::VerifierUnavailable(source)),
    }
}

/// Nobody removes the compartment before the instance is in it.
async fn compartment_stays(tx: &mut Tx, instance: &Instance) -> Result<(), Refusal> {
    if tenancies::hold_compartment(tx, &instance.tenancy_id, &instance.compartment_id).await? {
        Ok(())
    } else {
        Err(Refusal::CompartmentUnknown { id: instance.compartment_id.clone() })
    }
}

/// Contract analytics 2.1.
fn capacity_exists(details: &CreateAnalyticsInstanceDetails) -> Result<(), Refusal> {
    capacity::check_creation(details.capacity)
        .map_err(|refusal| Refusal::Capacity { refusal, wanted: details.capacity })
}

/// Contract analytics 2.1, tenancy limits. Creations of one tenancy wait for each other where one is set, so that two of
/// them cannot both take the last of it.
async fn capacity_is_within_limits(analytics: &Inner, tx: &mut Tx, instance: &Instance) -> Result<(), Refusal> {
    let kind = instance.capacity.capacity_type;
    let Some(limit) = analytics.settings.limits.of(instance.feature_set, kind) else { return Ok(()) };
    tenancies::lock(tx, &instance.tenancy_id).await?;
    let used = instances::used_capacity(tx, &instance.tenancy_id, instance.feature_set, kind).await?;
    let wanted = instance.capacity.capacity_value;
    if limit.admits(used, wanted) { Ok(()) } else { Err(Refusal::LimitExceeded { limit, used, wanted }) }
}

/// Contract analytics 2, CreateAnalyticsInstanceDetails: unique in the tenancy. The index decides.
fn name_is_free(inserted: Result<(), StoreError>, instance: &Instance) -> Result<(), Refusal> {
    match inserted {
        Err(StoreError::Duplicate { .. }) => Err(Refusal::NameTaken { name: instance.name.to_string() }),
        other => Ok(other?),
    }
}

fn instance_of(
    analytics: &Inner,
    call: &Call<'_>,
    details: CreateAnalyticsInstanceDetails,
    creator: VerifiedUser,
) -> Instance {
    Instance {
        id: analytics.mint(OCID_KIND),
        tenancy_id: call.caller.tenancy_id.clone(),
        compartment_id: details.compartment_id,
        name: details.name,
        state: LifecycleState::Creating,
        feature_set: details.feature_set,
        capacity: details.capacity,
        details: InstanceDetails {
            description: details.description,
            license_type: details.license_type,
            email_notification: details.email_notification,
            network_endpoint_details: details.network_endpoint_details,
            update_channel: details.update_channel,
            defined_tags: details.defined_tags,
            freeform_tags: details.freeform_tags,
            kms_key_id: details.kms_key_id,
            feature_bundle: details.feature_bundle,
            domain_id: details.domain_id,
        },
        service_url: String::new(),
        stripe: creator.stripe,
        creator_user_id: creator.user_id,
        version: 1,
        time_created: call.context.now,
        time_updated: call.context.now,
        time_deleted: None,
    }
}

/// Contract analytics 1, operation 2: 201 with etag, location and the work request.
fn answer(analytics: &Inner, instance: &Instance, work_request_id: String) -> Result<Answer, Refusal> {
    let location = format!("{}{}", analytics.settings.public_base, views::instance_path(&instance.id));
    Ok(Answer::json(StatusCode::CREATED, &views::whole_instance(instance.clone(), Children::default()))?
        .etag(views::etag(instance.version))
        .location(location)
        .work_request(work_request_id))
}
