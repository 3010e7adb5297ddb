//! What puts the tables right without being asked: no input, idempotent, woken by the engine's timer.

use obol_protocol::{Timestamp, analytics::LifecycleState};
use obol_store::{
    StoreError,
    instances::{self, Stranded, Transition},
    retry_tokens,
};

use super::DELETED_RETENTION;
use crate::Inner;

/// Runs all of them once.
pub(super) async fn run(analytics: &Inner, now: Timestamp) -> Result<(), StoreError> {
    forget_lapsed_retry_tokens(analytics, now).await?;
    forget_deleted_instances(analytics, now).await?;
    fail_stranded_instances(analytics, now).await
}

async fn forget_lapsed_retry_tokens(analytics: &Inner, now: Timestamp) -> Result<(), StoreError> {
    retry_tokens::forget_lapsed(&analytics.db, now).await.map(drop)
}

/// DELETED instances are listed for a while, and then gone.
async fn forget_deleted_instances(analytics: &Inner, now: Timestamp) -> Result<(), StoreError> {
    instances::forget_deleted(&analytics.db, now.minus(DELETED_RETENTION)).await.map(drop)
}

/// Instance and work are written together, so there should be none. Should a hand have touched the tables, an instance
/// that nobody works on must not stay in motion for ever: FAILED, it can be deleted.
async fn fail_stranded_instances(analytics: &Inner, now: Timestamp) -> Result<(), StoreError> {
    for Stranded { id, tenancy_id, state } in instances::stranded(&analytics.db).await? {
        tracing::error!(instance = id, state = %state, "an instance had no live work and is marked FAILED");
        let mut tx = analytics.db.begin().await?;
        let to = Transition { from: state, to: LifecycleState::Failed, version: None, now };
        instances::transition(&mut tx, &tenancy_id, &id, to).await?;
        tx.commit().await?;
    }
    Ok(())
}
