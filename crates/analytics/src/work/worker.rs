//! One holder and its work: from where the record says it is, step by step, to the end, a wait, or a lost lease.

use obol_domain::injector::{Fault, Point};
use obol_protocol::analytics::{ActionResult, WorkRequestStatus};
use obol_store::{
    StoreError, instances,
    instances::Instance,
    work_requests::{self, Keep, Lease, WorkRequest},
    work_steps::{self, Step, StepState},
};
use tokio::sync::watch;

use super::{
    LEASE, MOST_ATTEMPTS, Moment, backoff,
    record::{Entry, Held},
};
use crate::{
    Inner,
    workflows::{self, Done, Job, StepEnd, StepFailure},
};

/// Why a holder let its work go before its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    /// The work waits for a time, or for whoever takes it next.
    #[error("the work waits")]
    Released,
    /// Somebody else holds it.
    #[error("the lease was lost")]
    LeaseLost,
    /// A test let the process die here.
    #[error("crashed on purpose")]
    Crashed,
    /// The database failed; the lease ends by itself.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// The code of an error that stopped a work request, and of one that kept it from being undone.
const STEP_FAILED: &str = "StepFailed";
const UNDO_FAILED: &str = "UndoFailed";
/// Why a step fails that cannot change its instance.
const OUT_OF_STATE: &str = "The instance is not in the state of its work request.";

/// Carries work on until it is finished or let go.
pub(super) async fn carry_on(
    analytics: &Inner,
    work: WorkRequest,
    mark: String,
    stopping: &watch::Receiver<bool>,
) -> Result<(), Stopped> {
    let lease = Lease { tenancy_id: work.tenancy_id.clone(), work_request_id: work.id.clone(), mark };
    let Some(workflow) = workflows::find(work.operation_type, work.workflow_version) else {
        // A newer release accepted it; one of its nodes will take it.
        tracing::warn!(work_request = work.id, version = work.workflow_version, "no such workflow in this release");
        work_requests::extend(&analytics.db, &lease, analytics.clock.now().plus(LEASE)).await?;
        return Err(Stopped::Released);
    };
    let instance = instances::get(&analytics.db, &work.tenancy_id, &work.instance_id).await?;
    let mut steps = work_steps::of(&analytics.db, &lease).await?;
    let mut held = Held { analytics, lease, work, workflow };
    let Some(instance) = instance else { return held.give_up().await };
    loop {
        if *stopping.borrow() {
            let now = held.now();
            held.commit("released", Entry::default(), Keep::Release(now)).await?;
            return Err(Stopped::Released);
        }
        let finished = if held.work.progress.is_unwinding {
            held.unwind(&instance, &mut steps).await?
        } else {
            held.advance(&instance, &mut steps).await?
        };
        if finished {
            return Ok(());
        }
    }
}

impl Held<'_> {
    /// Runs the first step that has not succeeded. Returns whether the work is finished.
    async fn advance(&mut self, instance: &Instance, steps: &mut Vec<Step>) -> Result<bool, Stopped> {
        let done = steps.iter().filter(|step| step.state == StepState::Succeeded).count();
        let Some(definition) = self.workflow.steps.get(done) else {
            // Only a workflow without steps gets here: the last step finishes the work.
            self.finish(WorkRequestStatus::Succeeded, self.workflow.result);
            self.commit("finished", Entry::default(), Keep::Finish).await?;
            return Ok(true);
        };
        if steps.len() == done {
            steps.push(self.start(done, definition, instance).await?);
        }
        let Some(step) = steps.get_mut(done) else { return Ok(false) };
        match self.take_effect(definition, instance, step).await? {
            Ok(StepEnd::Done(done)) => self.succeed(definition, step, &done).await,
            Ok(StepEnd::Wait { until }) => {
                self.commit("waiting", Entry::default(), Keep::Release(until)).await?;
                Err(Stopped::Released)
            }
            Err(StepFailure::Passing(reason)) if step.attempts + 1 < MOST_ATTEMPTS => {
                self.try_again(step, &reason).await
            }
            Err(failure) => self.fail(step, &failure.to_string()).await.map(|()| false),
        }
    }

    async fn start(
        &mut self,
        position: usize,
        definition: &workflows::Step,
        instance: &Instance,
    ) -> Result<Step, Stopped> {
        let now = self.now();
        let progress = &mut self.work.progress;
        if progress.status == WorkRequestStatus::Accepted {
            progress.status = WorkRequestStatus::InProgress;
            progress.time_started = Some(now);
        }
        let step = Step {
            position: i64::try_from(position).unwrap_or(i64::MAX),
            name: definition.name.to_owned(),
            state: StepState::Started,
            attempts: 0,
            output: String::new(),
            started_at: now,
            finished_at: None,
        };
        let log = definition.beginning.map(|beginning| beginning(self.job(instance, &step)));
        let entry = Entry { step: Some(&step), log: log.as_deref(), ..Entry::default() };
        self.write(&format!("started {}", step.name), entry).await?;
        Ok(step)
    }

    /// Lets a step take effect while the lease is being prolonged.
    async fn take_effect(
        &self,
        definition: &workflows::Step,
        instance: &Instance,
        step: &Step,
    ) -> Result<Result<StepEnd, StepFailure>, Stopped> {
        let injector = &self.analytics.injector;
        match injector.at(Point::BeforeStep(definition.name)) {
            Some(Fault::Fail) => return Ok(Err(StepFailure::Lasting("A fault was injected.".to_owned()))),
            Some(Fault::Crash) => return Err(Stopped::Crashed),
            Some(Fault::Repeat) | None => {}
        }
        let job = self.job(instance, step);
        let end = self.while_holding((definition.run)(job)).await?;
        match injector.at(Point::AfterEffect(definition.name)) {
            Some(Fault::Fail) => Ok(Err(StepFailure::Lasting("A fault was injected.".to_owned()))),
            Some(Fault::Crash) => Err(Stopped::Crashed),
            Some(Fault::Repeat) => self.while_holding((definition.run)(job)).await,
            None => Ok(end),
        }
    }

    fn job<'b>(&'b self, instance: &'b Instance, step: &Step) -> Job<'b> {
        let moment = Moment { now: self.now(), step_started: step.started_at };
        Job { analytics: self.analytics, instance, work: &self.work, moment }
    }

    /// The heartbeat: as long as an effect takes, nobody else gets the work.
    async fn while_holding<T>(&self, effect: impl Future<Output = T>) -> Result<T, Stopped> {
        tokio::pin!(effect);
        loop {
            tokio::select! {
                biased;
                end = &mut effect => return Ok(end),
                () = self.analytics.clock.sleep(LEASE / 3) => {
                    if !work_requests::extend(&self.analytics.db, &self.lease, self.now().plus(LEASE)).await? {
                        return Err(Stopped::LeaseLost);
                    }
                }
            }
        }
    }

    /// Records a step's success; the last one finishes the work in the same transaction, so that nobody sees an active
    /// instance whose work is not done, or the other way round.
    async fn succeed(&mut self, definition: &workflows::Step, step: &mut Step, done: &Done) -> Result<bool, Stopped> {
        let (started, before) = (step.clone(), self.work.progress.clone());
        step.state = StepState::Succeeded;
        step.output = done.output.to_string();
        step.finished_at = Some(self.now());
        self.work.progress.percent_complete = definition.percent;
        let finished = self.workflow.steps.last().is_some_and(|last| last.name == definition.name);
        if finished {
            self.finish(WorkRequestStatus::Succeeded, self.workflow.result);
        }
        let keep = if finished { Keep::Finish } else { Keep::Until(self.now().plus(LEASE)) };
        let entry = Entry { step: Some(step), log: Some(&done.log), ..Entry::default() };
        let what = format!("succeeded {}", definition.name);
        let Some(change) = &done.change else {
            return self.commit(&what, entry, keep).await.map(|()| finished);
        };
        if self.commit_change(&what, entry, keep, change).await? {
            return Ok(finished);
        }
        (*step, self.work.progress) = (started, before);
        self.fail(step, OUT_OF_STATE).await.map(|()| false)
    }

    async fn try_again(&mut self, step: &mut Step, reason: &str) -> Result<bool, Stopped> {
        step.attempts += 1;
        let pause = backoff(step.attempts);
        let log = format!("{reason} The step {} is tried again in {} seconds.", step.name, pause.as_secs());
        let until = self.now().plus(pause);
        let entry = Entry { step: Some(step), log: Some(&log), ..Entry::default() };
        self.commit("trying again", entry, Keep::Release(until)).await?;
        Err(Stopped::Released)
    }

    async fn fail(&mut self, step: &mut Step, reason: &str) -> Result<(), Stopped> {
        step.state = StepState::Failed;
        step.attempts = 0;
        step.finished_at = Some(self.now());
        self.work.progress.is_unwinding = true;
        let message = format!("The step {} failed: {reason}", step.name);
        let entry =
            Entry { step: Some(step), log: Some(&message), error: Some((STEP_FAILED, &message)), ..Entry::default() };
        self.write(&format!("failed {}", step.name), entry).await
    }

    /// Undoes the last step that is not undone yet. The failed one is undone too: it may have taken part of its effect.
    async fn unwind(&mut self, instance: &Instance, steps: &mut [Step]) -> Result<bool, Stopped> {
        let pending = steps.iter_mut().rev().find(|step| match step.state {
            StepState::Started | StepState::Succeeded | StepState::Failed | StepState::Undoing => true,
            StepState::Undone | StepState::UndoFailed => false,
        });
        let Some(step) = pending else {
            self.finish(WorkRequestStatus::Failed, ActionResult::None);
            let entry = Entry {
                log: Some("The work request failed. What it had done was undone, as far as the log says."),
                has_failed: true,
                ..Entry::default()
            };
            self.commit("finished", entry, Keep::Finish).await?;
            return Ok(true);
        };
        let definition = self.workflow.steps.iter().find(|definition| definition.name == step.name);
        let Some(undo) = definition.and_then(|definition| definition.undo) else {
            step.state = StepState::Undone;
            self.write(&format!("undone {}", step.name), Entry { step: Some(step), ..Entry::default() }).await?;
            return Ok(false);
        };
        if step.state != StepState::Undoing {
            step.state = StepState::Undoing;
            step.attempts = 0;
            self.write(&format!("undoing {}", step.name), Entry { step: Some(step), ..Entry::default() }).await?;
        }
        let result = match self.analytics.injector.at(Point::BeforeUndo(&step.name)) {
            Some(Fault::Fail) => Err(StepFailure::Lasting("A fault was injected.".to_owned())),
            Some(Fault::Crash) => return Err(Stopped::Crashed),
            Some(Fault::Repeat) => {
                let first = self.while_holding(undo(self.job(instance, step))).await?;
                first.and(self.while_holding(undo(self.job(instance, step))).await?)
            }
            None => self.while_holding(undo(self.job(instance, step))).await?,
        };
        match result {
            Ok(log) => {
                step.state = StepState::Undone;
                step.finished_at = Some(self.now());
                let entry = Entry { step: Some(step), log: Some(&log), ..Entry::default() };
                self.write(&format!("undone {}", step.name), entry).await.map(|()| false)
            }
            Err(StepFailure::Passing(reason)) if step.attempts + 1 < MOST_ATTEMPTS => {
                self.try_again(step, &reason).await
            }
            Err(failure) => self.fail_undo(step, &failure.to_string()).await.map(|()| false),
        }
    }

    /// What could not be undone stays visible, in the step and in the errors; the steps before it are undone all the same.
    async fn fail_undo(&mut self, step: &mut Step, reason: &str) -> Result<(), Stopped> {
        step.state = StepState::UndoFailed;
        step.finished_at = Some(self.now());
        let message = format!("The step {} could not be undone: {reason}", step.name);
        tracing::error!(work_request = self.work.id, step = step.name, "a step could not be undone");
        let entry =
            Entry { step: Some(step), log: Some(&message), error: Some((UNDO_FAILED, &message)), ..Entry::default() };
        self.write(&format!("undo failed {}", step.name), entry).await
    }

    /// Ends work whose instance is not there.
    async fn give_up(&mut self) -> Result<(), Stopped> {
        self.finish(WorkRequestStatus::Failed, ActionResult::None);
        let message = "The instance is not there.";
        let entry = Entry { log: Some(message), error: Some((STEP_FAILED, message)), ..Entry::default() };
        self.commit("finished", entry, Keep::Finish).await
    }

    fn finish(&mut self, status: WorkRequestStatus, result: ActionResult) {
        let now = self.now();
        let progress = &mut self.work.progress;
        progress.status = status;
        progress.action_result = result;
        progress.percent_complete = 100;
        progress.time_started = progress.time_started.or(Some(now));
        progress.time_finished = Some(now);
    }
}
