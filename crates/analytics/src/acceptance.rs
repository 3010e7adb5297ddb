//! How a long operation on an instance is accepted: one transaction holds the instance, judges it, takes it into motion,
//! writes down what is to be done, and keeps the answer under the retry token. What is refused leaves no trace.
//!
//! What an operation has of its own stands in its file, as a [`LongOperation`].

use std::future::Future;

use axum::http::header::IF_MATCH;
use obol_domain::lifecycle::{InstanceOperation, Ruling, rule, transition};
use obol_protocol::analytics::LifecycleState;
use obol_store::{
    Tx,
    instances::{self, Instance, Transition},
    work_requests::{self, NewWorkRequest},
};
use serde_json::Value;

use crate::{
    Inner, Refusal,
    http::{Answer, Call, routes::Operation},
    retry::{Replay, RetryToken},
    views, work,
    workflows::Workflow,
};

/// An operation that goes on after its answer, read from its request.
pub(crate) trait LongOperation: Sync {
    /// Its name at Oracle's.
    const OPERATION: Operation;
    /// Its work. The row of the lifecycle table that judges it is named there.
    const WORKFLOW: &'static Workflow;

    /// Compares `if-match` with the version it names, which is the instance's unless the operation has one of its own.
    ///
    /// # Errors
    ///
    /// [`Refusal::EtagMismatch`]
    fn etag_matches(&self, call: &Call<'_>, instance: &Instance) -> Result<(), Refusal> {
        etag_matches(call, instance.version)
    }

    /// Checks what only the held instance can tell, and says what is to be done. What it writes stands in the transaction
    /// that accepts the work; the instance it sees is the one before.
    fn plan(&self, held: Held<'_>) -> impl Future<Output = Result<Plan, Refusal>> + Send;
}

/// An instance that nobody else changes meanwhile.
pub(crate) struct Held<'a> {
    pub(crate) analytics: &'a Inner,
    pub(crate) call: &'a Call<'a>,
    pub(crate) tx: &'a mut Tx,
    pub(crate) instance: &'a Instance,
}

/// What is to be done, and what the caller is told.
pub(crate) struct Plan {
    /// What the workflow's steps read. It is kept as it is, so a secret must be sealed first.
    pub(crate) input: Value,
    /// The answer, to which the work request's id is added.
    pub(crate) answer: Answer,
}

/// Accepts a long operation on the instance that the path names.
///
/// # Errors
///
/// [`Refusal`]
pub(crate) async fn accept<O: LongOperation>(
    analytics: &Inner,
    call: &Call<'_>,
    operation: &O,
) -> Result<Answer, Refusal> {
    let token = RetryToken::of(call, O::OPERATION)?;
    if let Some(token) = &token
        && let Replay::Yes(answer) = token.replay(analytics, call).await?
    {
        return Ok(answer);
    }
    let mut tx = analytics.db.begin().await?;
    let held = instances::hold(&mut tx, &call.caller.tenancy_id, call.id).await?;
    // Somebody who held the instance before may have carried out the same request, and the instance may be gone by now.
    if let Some(token) = &token
        && let Replay::Yes(answer) = token.replay_within(&mut tx, call).await?
    {
        return Ok(answer);
    }
    let instance = is_there(held, call)?;
    operation.etag_matches(call, &instance)?;
    state_allows(O::OPERATION, O::WORKFLOW.lifecycle, &instance)?;
    set_in_motion::<O>(&mut tx, call, &instance).await?;
    let Plan { input, answer } = operation.plan(Held { analytics, call, tx: &mut tx, instance: &instance }).await?;
    let work_request_id = analytics.mint(work::OCID_KIND);
    let new = NewWorkRequest {
        id: &work_request_id,
        compartment_id: &instance.compartment_id,
        instance_id: &instance.id,
        operation_type: O::WORKFLOW.operation_type,
        workflow_version: O::WORKFLOW.version,
        input: &input,
        state_before: Some(instance.state),
        now: call.context.now,
    };
    work_requests::accept(&mut tx, &instance.tenancy_id, &new).await?;
    let answer = answer.work_request(work_request_id);
    if let Some(token) = &token
        && !token.keep(&mut tx, call, &instance.id, &answer).await?
    {
        drop(tx);
        return token.first_answer(analytics, call).await;
    }
    tx.commit().await?;
    analytics.accepted.notify_one();
    Ok(answer)
}

/// Holds the instance that the path names until the transaction ends.
///
/// # Errors
///
/// [`Refusal::NotFound`], and [`Refusal::Gone`] before anything of it could be compared.
pub(crate) async fn hold(tx: &mut Tx, call: &Call<'_>) -> Result<Instance, Refusal> {
    is_there(instances::hold(tx, &call.caller.tenancy_id, call.id).await?, call)
}

fn is_there(held: Option<Instance>, call: &Call<'_>) -> Result<Instance, Refusal> {
    let instance = held.ok_or_else(|| Refusal::NotFound { what: "instance", id: call.id.to_owned() })?;
    if instance.state == LifecycleState::Deleted {
        return Err(Refusal::Gone { id: instance.id });
    }
    Ok(instance)
}

/// Contract analytics 5.1: 412 where `if-match` names another version. `*` is any version (RFC 9110 section 13.1.1).
///
/// # Errors
///
/// [`Refusal::EtagMismatch`]
pub(crate) fn etag_matches(call: &Call<'_>, version: i64) -> Result<(), Refusal> {
    let Some(sent) = call.headers.get(IF_MATCH) else { return Ok(()) };
    let current = views::etag(version);
    let matches = sent
        .to_str()
        .is_ok_and(|sent| sent.split(',').map(str::trim).any(|one| one == "*" || one.trim_matches('"') == current));
    if matches { Ok(()) } else { Err(Refusal::EtagMismatch { current }) }
}

/// Contract analytics 2.3.
///
/// # Errors
///
/// [`Refusal::IncorrectState`] or [`Refusal::Gone`].
pub(crate) fn state_allows(
    operation: Operation,
    lifecycle: InstanceOperation,
    instance: &Instance,
) -> Result<(), Refusal> {
    match rule(lifecycle, instance.state) {
        Ruling::Legal => Ok(()),
        Ruling::Gone => Err(Refusal::Gone { id: instance.id.clone() }),
        Ruling::IncorrectState => Err(Refusal::IncorrectState {
            operation: operation.name(),
            state: instance.state,
            legal: transition(lifecycle).from,
        }),
    }
}

async fn set_in_motion<O: LongOperation>(tx: &mut Tx, call: &Call<'_>, instance: &Instance) -> Result<(), Refusal> {
    let during = transition(O::WORKFLOW.lifecycle).during;
    let to = Transition {
        from: instance.state,
        to: during.ok_or(Refusal::Internal("a long operation has a state of motion"))?,
        version: Some(instance.version),
        now: call.context.now,
    };
    if instances::transition(tx, &instance.tenancy_id, &instance.id, to).await? {
        Ok(())
    } else {
        Err(Refusal::Internal("an instance that was held has changed"))
    }
}
