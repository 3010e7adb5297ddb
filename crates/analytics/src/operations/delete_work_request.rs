//! DeleteWorkRequest: cancels work that has not begun, and takes its instance to where it was. Work that has begun, or
//! ended, is a lasting conflict: Terraform asks for it after every failure, and must be told no without being told to try
//! again.

use axum::http::StatusCode;
use obol_domain::lifecycle::transition;
use obol_protocol::analytics::LifecycleState;
use obol_store::{
    Tx,
    instances::{self, Transition},
    retry_tokens,
    work_requests::{self, WorkRequest},
};

use crate::{
    Inner, Refusal, acceptance,
    http::{Answer, Call},
    workflows,
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let mut tx = analytics.db.begin().await?;
    let work = work_requests::hold(&mut tx, &call.caller.tenancy_id, call.id)
        .await?
        .ok_or_else(|| Refusal::NotFound { what: "work request", id: call.id.to_owned() })?;
    acceptance::etag_matches(call, work.version)?;
    has_not_begun(&mut tx, call, &work).await?;
    instance_goes_back(&mut tx, call, &work).await?;
    if work.state_before.is_none() {
        // The answer of the creation does not hold any more.
        retry_tokens::invalidate(&mut tx, &work.tenancy_id, &work.instance_id).await?;
    }
    tx.commit().await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Contract analytics 5.2. A worker that has taken the work and not begun it finds its first write refused.
async fn has_not_begun(tx: &mut Tx, call: &Call<'_>, work: &WorkRequest) -> Result<(), Refusal> {
    if work_requests::cancel(tx, &work.tenancy_id, &work.id, call.context.now).await? {
        Ok(())
    } else {
        Err(Refusal::WorkHasBegun { status: work.progress.status })
    }
}

/// Nothing was done to the instance but to set it in motion.
async fn instance_goes_back(tx: &mut Tx, call: &Call<'_>, work: &WorkRequest) -> Result<(), Refusal> {
    let lifecycle = workflows::lifecycle_of(work.operation_type);
    let row = transition(lifecycle.ok_or(Refusal::Internal("a kind of work has no workflow"))?);
    let Some(from) = row.during else { return Ok(()) };
    let before = work.state_before.unwrap_or(LifecycleState::Failed);
    let to = Transition { from, to: row.canceled.state(before), version: None, now: call.context.now };
    // An instance that is not there (any more) need not go anywhere.
    instances::transition(tx, &work.tenancy_id, &work.instance_id, to).await?;
    Ok(())
}
