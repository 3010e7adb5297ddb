//! DeleteAnalyticsInstance: the instance becomes DELETING and its removal is accepted, in one transaction.

use axum::http::StatusCode;
use obol_domain::lifecycle::{InstanceOperation, Ruling, rule, transition};
use obol_protocol::analytics::{LifecycleState, OperationType};
use obol_store::{
    Tx,
    instances::{self, Instance, Transition},
    retry_tokens,
    work_requests::{self, NewWorkRequest},
};

use crate::{
    Inner, Refusal,
    http::{Answer, Call, routes::Operation},
    retry::{Replay, RetryToken},
    views, work, workflows,
};

const OPERATION: Operation = Operation::DeleteAnalyticsInstance;

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let token = RetryToken::of(call, OPERATION)?;
    if let Some(token) = &token
        && let Replay::Yes(answer) = token.replay(analytics, call).await?
    {
        return Ok(answer);
    }
    let work_request_id = analytics.mint(work::OCID_KIND);
    let answer = Answer::empty(StatusCode::NO_CONTENT).work_request(work_request_id.clone());
    let mut tx = analytics.db.begin().await?;
    if let Some(token) = &token
        && !token.keep(&mut tx, call, call.id, &answer).await?
    {
        drop(tx);
        return token.first_answer(analytics, call).await;
    }
    let instance = instances::hold(&mut tx, &call.caller.tenancy_id, call.id)
        .await?
        .ok_or_else(|| Refusal::NotFound { what: "instance", id: call.id.to_owned() })?;
    // What the etag was read from is not there any more, and neither is what it would be compared with.
    if instance.state == LifecycleState::Deleted {
        return Err(Refusal::Gone { id: instance.id });
    }
    etag_matches(call, &instance)?;
    state_allows_deletion(&instance)?;
    begin_deletion(&mut tx, call, &instance, &work_request_id, token.as_ref()).await?;
    tx.commit().await?;
    analytics.accepted.notify_one();
    Ok(answer)
}

/// Contract analytics 5.1: 412 where `if-match` names another version. `*` is any version (RFC 9110 section 13.1.1).
fn etag_matches(call: &Call<'_>, instance: &Instance) -> Result<(), Refusal> {
    let Some(sent) = call.headers.get(axum::http::header::IF_MATCH) else { return Ok(()) };
    let current = views::etag(instance.version);
    let matches = sent
        .to_str()
        .is_ok_and(|sent| sent.split(',').map(str::trim).any(|one| one == "*" || one.trim_matches('"') == current));
    if matches { Ok(()) } else { Err(Refusal::EtagMismatch { current }) }
}

/// Contract analytics 2.3, row delete.
fn state_allows_deletion(instance: &Instance) -> Result<(), Refusal> {
    match rule(InstanceOperation::Delete, instance.state) {
        Ruling::Legal => Ok(()),
        Ruling::Gone => Err(Refusal::Gone { id: instance.id.clone() }),
        Ruling::IncorrectState => Err(Refusal::IncorrectState {
            operation: OPERATION.name(),
            state: instance.state,
            legal: transition(InstanceOperation::Delete).from,
        }),
    }
}

async fn begin_deletion(
    tx: &mut Tx,
    call: &Call<'_>,
    instance: &Instance,
    work_request_id: &str,
    token: Option<&RetryToken<'_>>,
) -> Result<(), Refusal> {
    let tenancy_id = &call.caller.tenancy_id;
    let to = Transition {
        from: instance.state,
        to: LifecycleState::Deleting,
        version: Some(instance.version),
        now: call.context.now,
    };
    if !instances::transition(tx, tenancy_id, &instance.id, to).await? {
        return Err(Refusal::Internal("an instance that was held has changed"));
    }
    // The answer of its creation does not hold any more.
    let own = token.map(|token| token.key(call));
    retry_tokens::invalidate(tx, tenancy_id, &instance.id, own).await?;
    let new = NewWorkRequest {
        id: work_request_id,
        compartment_id: &instance.compartment_id,
        instance_id: &instance.id,
        operation_type: OperationType::DeleteAnalyticsInstance,
        workflow_version: workflows::DELETE.version,
        now: call.context.now,
    };
    Ok(work_requests::accept(tx, tenancy_id, &new).await?)
}
