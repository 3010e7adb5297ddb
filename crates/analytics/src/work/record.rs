//! What a holder writes about its work: each write is one transaction, guarded by the lease.

use obol_domain::{
    injector::{Fault, Point},
    lifecycle::transition,
};
use obol_protocol::{Timestamp, analytics::LifecycleState};
use obol_store::{
    Tx,
    instances::{self, Transition},
    work_records,
    work_requests::{self, Keep, Lease, WorkRequest},
    work_steps::{self, Step},
};

use super::{LEASE, worker::Stopped};
use crate::{
    Inner,
    workflows::{Change, Workflow},
};

/// Work in the hands of its holder.
pub(super) struct Held<'a> {
    pub(super) analytics: &'a Inner,
    pub(super) lease: Lease,
    pub(super) work: WorkRequest,
    pub(super) workflow: &'static Workflow,
}

/// Everything that is written together.
#[derive(Default)]
pub(super) struct Entry<'a> {
    pub(super) step: Option<&'a Step>,
    pub(super) log: Option<&'a str>,
    /// Code and message.
    pub(super) error: Option<(&'static str, &'a str)>,
    /// The work has failed and is undone.
    pub(super) has_failed: bool,
}

impl Held<'_> {
    pub(super) fn now(&self) -> Timestamp {
        self.analytics.clock.now()
    }

    /// Writes the progress with an entry, and goes on holding the work. `what` names the write to the injector.
    pub(super) async fn write(&mut self, what: &str, entry: Entry<'_>) -> Result<(), Stopped> {
        let keep = Keep::Until(self.now().plus(LEASE));
        self.commit(what, entry, keep).await
    }

    /// Writes the progress with an entry and lets the work go; `keep` says for how long.
    pub(super) async fn commit(&mut self, what: &str, entry: Entry<'_>, keep: Keep) -> Result<(), Stopped> {
        let tx = self.enter(entry, keep).await?;
        self.end(what, tx).await
    }

    /// Writes the progress with an entry and what it does to the instance. Returns `false`, with nothing written, when the
    /// instance is not in the state of its work: a change takes effect in the one transaction that records its step, so
    /// this is never the trace of an earlier try.
    pub(super) async fn commit_change(
        &mut self,
        what: &str,
        entry: Entry<'_>,
        keep: Keep,
        change: &Change,
    ) -> Result<bool, Stopped> {
        let mut tx = self.enter(entry, keep).await?;
        if !self.settle(&mut tx, change).await? {
            tracing::error!(work_request = self.work.id, ?change, "the instance is not in the state of its work");
            return Ok(false);
        }
        self.end(what, tx).await.map(|()| true)
    }

    async fn enter(&self, entry: Entry<'_>, keep: Keep) -> Result<Tx, Stopped> {
        let now = self.now();
        let mut tx = self.analytics.db.begin().await?;
        if !work_requests::save(&mut tx, &self.lease, &self.work.progress, keep).await? {
            return Err(Stopped::LeaseLost);
        }
        if let Some(step) = entry.step {
            work_steps::write(&mut tx, &self.lease, step).await?;
        }
        if let Some(message) = entry.log {
            work_records::log(&mut tx, &self.lease, message, now).await?;
        }
        if let Some((code, message)) = entry.error {
            work_records::error(&mut tx, &self.lease, code, message, now).await?;
        }
        if entry.has_failed {
            self.lead_back(&mut tx, now).await?;
        }
        Ok(tx)
    }

    async fn end(&self, what: &str, tx: Tx) -> Result<(), Stopped> {
        tx.commit().await?;
        match self.analytics.injector.at(Point::AfterWrite(what)) {
            Some(Fault::Crash) => Err(Stopped::Crashed),
            Some(Fault::Fail | Fault::Repeat) | None => Ok(()),
        }
    }

    /// Changes the instance and takes it to where its work leads. Whatever was written to it since the work was accepted
    /// stays: it is read anew, and held.
    async fn settle(&self, tx: &mut Tx, change: &Change) -> Result<bool, Stopped> {
        let now = self.now();
        let row = transition(self.workflow.lifecycle);
        let held = instances::hold(tx, &self.work.tenancy_id, &self.work.instance_id).await?;
        let Some(mut instance) = held.filter(|instance| Some(instance.state) == row.during) else { return Ok(false) };
        let from = instance.state;
        instance.state = row.after.state(self.state_before());
        instance.time_deleted = (instance.state == LifecycleState::Deleted).then_some(now);
        change.apply(tx, &mut instance).await?;
        Ok(instances::rewrite(tx, from, &instance, now).await?)
    }

    /// Takes the instance to where failure leads: back to where it was, or to FAILED.
    async fn lead_back(&self, tx: &mut Tx, now: Timestamp) -> Result<(), Stopped> {
        let row = transition(self.workflow.lifecycle);
        let Some(from) = row.during else { return Ok(()) };
        let to = Transition { from, to: row.failed.state(self.state_before()), version: None, now };
        // An instance that is not there (any more) needs no leading.
        instances::transition(tx, &self.work.tenancy_id, &self.work.instance_id, to).await?;
        Ok(())
    }

    /// Where the instance was before. Work without one makes its instance, and leads to a state of its own.
    fn state_before(&self) -> LifecycleState {
        self.work.state_before.unwrap_or(LifecycleState::Failed)
    }
}
