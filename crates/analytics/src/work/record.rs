//! What a holder writes about its work: each write is one transaction, guarded by the lease.

use obol_domain::injector::{Fault, Point};
use obol_protocol::Timestamp;
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
    /// The work has failed, and so has its instance.
    pub(super) fail_instance: bool,
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
        let (tenancy_id, id, now) = (&self.work.tenancy_id, &self.work.instance_id, self.now());
        let changed = match change {
            Change::Activate { service_url } => instances::activate(&mut tx, tenancy_id, id, service_url, now).await?,
            Change::MarkDeleted => instances::mark_deleted(&mut tx, tenancy_id, id, now).await?,
        };
        if !changed {
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
        if entry.fail_instance {
            self.fail_instance(&mut tx, now).await?;
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

    async fn fail_instance(&self, tx: &mut Tx, now: Timestamp) -> Result<(), Stopped> {
        let to = Transition {
            from: self.workflow.during,
            to: obol_protocol::analytics::LifecycleState::Failed,
            version: None,
            now,
        };
        // An instance that is not there (any more) needs no failing.
        instances::transition(tx, &self.work.tenancy_id, &self.work.instance_id, to).await?;
        Ok(())
    }
}
