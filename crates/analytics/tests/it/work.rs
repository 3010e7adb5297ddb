//! The engine: every workflow fails at each step, repeats each step, and dies after each write.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::http::Method;
use obol_analytics::work::{EngineError, LEASE};
use obol_domain::{Clock as _, injector::Fault};
use obol_protocol::Timestamp;
use obol_store::work_requests;
use serde_json::json;

use crate::world::{PROVISIONING, Script, World};

const CREATE: [&str; 3] = ["register_application", "provision", "activate"];
const DELETE: [&str; 3] = ["deprovision", "unregister_application", "mark_deleted"];

/// Lets work go on through crashes: after each, the process is started again and the lease must end first.
pub async fn survive(world: &World) -> u32 {
    let mut crashes = 0;
    for _ in 0..100 {
        match world.engine.run_due().await {
            Ok(_) => {}
            Err(EngineError::Crashed) => crashes += 1,
            Err(EngineError::Store(error)) => panic!("{error:?}"),
        }
        world.clock.advance(LEASE);
    }
    crashes
}

pub async fn created(world: &World) -> (String, String) {
    let answer = world.create(&world.details("myoac")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    (answer.body["id"].as_str().unwrap().to_owned(), answer.header("opc-work-request-id").to_owned())
}

pub async fn deleted(world: &World, id: &str) -> String {
    let answer = world.delete(id).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    answer.header("opc-work-request-id").to_owned()
}

/// What callers see of a creation that went well.
pub async fn stands(world: &World, id: &str, work: &str, what: &str) {
    let instance = world.get(id).await;
    assert_eq!(instance.body["lifecycleState"], "ACTIVE", "{what}");
    let work = world.work(work).await;
    assert_eq!((&work.body["status"], &work.body["percentComplete"]), (&json!("SUCCEEDED"), &json!(100.0)), "{what}");
    assert_eq!(work.body["resources"][0]["actionResult"], "CREATED", "{what}");
    assert!(work.body["timeFinished"].is_string(), "{what}");
    assert!(world.registrar.stands(id), "{what}");
}

pub async fn is_gone(world: &World, id: &str, work: &str, what: &str) {
    assert_eq!(world.get(id).await.status, 404, "{what}");
    let work = world.work(work).await;
    assert_eq!(work.body["status"], "SUCCEEDED", "{what}");
    assert_eq!(work.body["resources"][0]["actionResult"], "DELETED", "{what}");
    assert!(!world.registrar.stands(id), "{what}");
}

/// What callers see of work that failed: an end, an error, a FAILED instance.
pub async fn failed(world: &World, id: &str, work: &str, what: &str) {
    assert_eq!(world.get(id).await.body["lifecycleState"], "FAILED", "{what}");
    let answer = world.work(work).await;
    assert_eq!(answer.body["status"], "FAILED", "{what}");
    assert_eq!(answer.body["resources"][0]["actionResult"], "NONE", "{what}");
    assert!(answer.body["timeFinished"].is_string(), "{what}");
    let errors = world.call(Method::GET, &format!("/20190331/workRequests/{work}/errors"), b"").await;
    assert_eq!(errors.body[0]["code"], "StepFailed", "{what}");
}

pub async fn log_lines(world: &World, work: &str) -> Vec<String> {
    let logs = world.call(Method::GET, &format!("/20190331/workRequests/{work}/logs"), b"").await;
    logs.body.as_array().unwrap().iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_creation_that_fails_at_any_step_is_undone() {
    for step in CREATE {
        for point in ["before", "after"] {
            let what = format!("{point} {step}");
            let world = World::scripted(Script::with(&what, Fault::Fail)).await;
            let (id, work) = created(&world).await;
            world.settle().await;
            failed(&world, &id, &work, &what).await;
            assert!(!world.registrar.stands(&id), "{what}: nothing is orphaned");
        }
    }
}

#[tokio::test]
async fn a_deletion_that_fails_at_any_step_can_be_repeated() {
    for step in DELETE {
        let what = format!("before {step}");
        let world = World::scripted(Script::with(&what, Fault::Fail)).await;
        let id = world.active("myoac").await;
        let work = deleted(&world, &id).await;
        world.settle().await;
        failed(&world, &id, &work, &what).await;
        let work = deleted(&world, &id).await;
        world.settle().await;
        is_gone(&world, &id, &work, &what).await;
    }
}

#[tokio::test]
async fn a_step_that_runs_twice_takes_effect_once() {
    for step in CREATE.into_iter().chain(DELETE) {
        let what = format!("after {step}");
        let world = World::scripted(Script::with(&what, Fault::Repeat)).await;
        let (id, work) = created(&world).await;
        world.settle().await;
        stands(&world, &id, &work, &what).await;
        let work = deleted(&world, &id).await;
        world.settle().await;
        is_gone(&world, &id, &work, &what).await;
    }
}

#[tokio::test]
async fn a_crash_after_any_write_of_a_creation_loses_nothing() {
    let mut write = 0;
    loop {
        write += 1;
        let world = World::scripted(Script::crash_after(write)).await;
        let (id, work) = created(&world).await;
        let crashes = survive(&world).await;
        stands(&world, &id, &work, &format!("write {write}")).await;
        let lines = log_lines(&world, &work).await;
        assert_eq!(lines.len(), 4, "write {write}: each line stands once: {lines:#?}");
        if crashes == 0 {
            break;
        }
    }
    // Three steps are started and succeed, and one of them waits.
    assert_eq!(write, 8);
}

#[tokio::test]
async fn a_crash_after_any_write_of_a_deletion_loses_nothing() {
    let creation = 7;
    let mut write = creation;
    loop {
        write += 1;
        let world = World::scripted(Script::crash_after(write)).await;
        let id = world.active("myoac").await;
        let work = deleted(&world, &id).await;
        let crashes = survive(&world).await;
        is_gone(&world, &id, &work, &format!("write {write}")).await;
        if crashes == 0 {
            break;
        }
    }
    assert_eq!(write, creation + 8);
}

#[tokio::test]
async fn a_crash_between_effect_and_record_repeats_the_step() {
    for step in CREATE {
        for point in ["before", "after"] {
            let what = format!("{point} {step}");
            let world = World::scripted(Script::with(&what, Fault::Crash)).await;
            let (id, work) = created(&world).await;
            assert_eq!(survive(&world).await, 1, "{what}");
            stands(&world, &id, &work, &what).await;
        }
    }
}

#[tokio::test]
async fn a_crash_after_any_write_of_an_unwinding_still_unwinds() {
    let mut write = 0;
    loop {
        write += 1;
        let script = Script::crash_after(write);
        script.add("before activate", Fault::Fail);
        let world = World::scripted(script).await;
        let (id, work) = created(&world).await;
        let crashes = survive(&world).await;
        failed(&world, &id, &work, &format!("write {write}")).await;
        assert!(!world.registrar.stands(&id), "write {write}");
        if crashes == 0 {
            break;
        }
    }
    assert!(write > 10, "{write}");
}

#[tokio::test]
async fn undoing_runs_in_reverse() {
    let world = World::scripted(Script::with("after activate", Fault::Fail)).await;
    let (_, work) = created(&world).await;
    world.settle().await;
    let undone: Vec<String> = world.injector.seen().into_iter().filter(|point| point.starts_with("undo ")).collect();
    assert_eq!(undone, ["undo provision", "undo register_application"]);
    insta::assert_snapshot!(log_lines(&world, &work).await.join("\n"), @r#"
    The instance's application was registered in its stripe, and its creator made ServiceAdministrator.
    Provisioning is simulated: no analytics server is started.
    Simulated provisioning finished.
    The step activate failed: A fault was injected.
    Simulated provisioning was taken back.
    The instance's application was removed from its stripe.
    The work request failed. What it had done was undone, as far as the log says.
    "#);
}

#[tokio::test]
async fn an_undoing_that_repeats_or_crashes_ends_the_same() {
    for fault in [Fault::Repeat, Fault::Crash] {
        for step in ["provision", "register_application"] {
            let script = Script::with("before activate", Fault::Fail);
            script.add(&format!("undo {step}"), fault);
            let world = World::scripted(script).await;
            let (id, work) = created(&world).await;
            survive(&world).await;
            failed(&world, &id, &work, &format!("{fault:?} {step}")).await;
            assert!(!world.registrar.stands(&id));
        }
    }
}

#[tokio::test]
async fn an_undoing_that_fails_is_seen_and_the_rest_is_undone() {
    let script = Script::with("before activate", Fault::Fail);
    script.add("undo provision", Fault::Fail);
    let world = World::scripted(script).await;
    let (id, work) = created(&world).await;
    world.settle().await;
    failed(&world, &id, &work, "undo provision").await;
    assert!(!world.registrar.stands(&id), "the step before it was undone all the same");
    let errors = world.call(Method::GET, &format!("/20190331/workRequests/{work}/errors"), b"").await;
    let codes: Vec<_> = errors.body.as_array().unwrap().iter().map(|error| error["code"].clone()).collect();
    assert_eq!(codes, ["StepFailed", "UndoFailed"]);
}

#[tokio::test]
async fn an_application_that_would_not_go_goes_with_the_instance() {
    let world = World::scripted(Script::with("before provision", Fault::Fail)).await;
    world.registrar.clinging.store(true, Ordering::SeqCst);
    let (id, work) = created(&world).await;
    world.settle().await;
    failed(&world, &id, &work, "clinging").await;
    assert!(world.registrar.stands(&id), "visible in the errors, and left");
    world.registrar.clinging.store(false, Ordering::SeqCst);
    let work = deleted(&world, &id).await;
    world.settle().await;
    is_gone(&world, &id, &work, "clinging").await;
}

#[tokio::test]
async fn a_passing_failure_is_tried_again_and_a_lasting_one_is_not() {
    let world = World::new().await;
    world.registrar.passing.store(4, Ordering::SeqCst);
    let (id, work) = created(&world).await;
    world.settle().await;
    stands(&world, &id, &work, "four passing failures").await;
    let again = log_lines(&world, &work).await.iter().filter(|line| line.contains("tried again")).count();
    assert_eq!(again, 4);

    let world = World::new().await;
    world.registrar.passing.store(5, Ordering::SeqCst);
    let (id, work) = created(&world).await;
    world.settle().await;
    failed(&world, &id, &work, "five passing failures").await;

    let world = World::new().await;
    world.registrar.rejecting.store(true, Ordering::SeqCst);
    let (id, work) = created(&world).await;
    world.engine.run_due().await.unwrap();
    failed(&world, &id, &work, "a rejection").await;
}

#[tokio::test]
async fn a_wait_is_a_row_and_holds_nobody() {
    let world = World::new().await;
    let (id, work) = created(&world).await;
    assert_eq!(world.engine.run_due().await.unwrap(), 1);
    assert_eq!(world.engine.run_due().await.unwrap(), 0, "nothing is due while provisioning goes on");
    world.clock.advance(PROVISIONING.saturating_sub(Duration::from_millis(1)));
    assert_eq!(world.engine.run_due().await.unwrap(), 0);
    assert_eq!(world.get(&id).await.body["lifecycleState"], "CREATING");
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(world.engine.run_due().await.unwrap(), 1);
    stands(&world, &id, &work, "after the wait").await;
}

#[tokio::test]
async fn work_that_is_held_is_not_taken_before_its_lease_ends() {
    let world = World::scripted(Script::with("before register_application", Fault::Crash)).await;
    let (id, work) = created(&world).await;
    assert!(matches!(world.engine.run_due().await, Err(EngineError::Crashed)));
    world.clock.advance(LEASE.saturating_sub(Duration::from_millis(1)));
    assert_eq!(world.engine.run_due().await.unwrap(), 0);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(world.engine.run_due().await.unwrap(), 1);
    world.settle().await;
    stands(&world, &id, &work, "taken over").await;
}

#[tokio::test]
async fn work_whose_instance_left_its_state_fails_and_is_undone() {
    let world = World::new().await;
    let leave = obol_store::Statement::new("instances", "UPDATE instances SET lifecycle_state = $2 WHERE id = $1");
    let (id, work) = created(&world).await;
    world.engine.run_due().await.unwrap();
    world.db.execute(&leave, obol_store::values![id.as_str(), "FAILED"]).await.unwrap();
    world.settle().await;
    failed(&world, &id, &work, "created").await;
    assert!(!world.registrar.stands(&id), "nothing is orphaned");
    assert!(!log_lines(&world, &work).await.iter().any(|line| line == "The instance is active."));

    let work = deleted(&world, &id).await;
    world.engine.run_due().await.unwrap();
    world.db.execute(&leave, obol_store::values![id.as_str(), "FAILED"]).await.unwrap();
    world.settle().await;
    failed(&world, &id, &work, "deleted").await;
}

/// Waits until the holder is asleep inside its step and holds the work until `time`.
async fn held_until(world: &World, time: Timestamp) {
    let held = async {
        while work_requests::next_due(&world.db).await.unwrap() != Some(time) || world.clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), held).await.unwrap();
}

#[tokio::test]
async fn a_step_that_takes_long_keeps_its_lease() {
    let world = Arc::new(World::new().await);
    let gate = world.registrar.gate.lock().await;
    let (id, work) = created(&world).await;
    let holder = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.second_engine().run_due().await.unwrap() }
    });
    held_until(&world, world.clock.now().plus(LEASE)).await;
    for _ in 0..6 {
        world.clock.advance(LEASE / 3);
        held_until(&world, world.clock.now().plus(LEASE)).await;
    }
    assert_eq!(world.engine.run_due().await.unwrap(), 0, "two leases later nobody else may take it");
    drop(gate);
    holder.await.unwrap();
    world.settle().await;
    stands(&world, &id, &work, "a long step").await;
    assert_eq!(log_lines(&world, &work).await.len(), 4);
}

#[tokio::test]
async fn a_holder_that_lost_its_lease_writes_nothing_more() {
    let world = Arc::new(World::new().await);
    let gate = world.registrar.gate.lock().await;
    let (id, work) = created(&world).await;
    let holder = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.second_engine().run_due().await.unwrap() }
    });
    let end = world.clock.now().plus(LEASE);
    held_until(&world, end).await;
    let taken = work_requests::claim(&world.db, "another node", end, end.plus(LEASE)).await.unwrap().unwrap();
    drop(gate);
    assert_eq!(holder.await.unwrap(), 1, "it stops without an error");
    let found = work_requests::get(&world.db, &world.tenant().id, &work).await.unwrap().unwrap();
    assert_eq!((found.lease.as_deref(), found.version), (Some("another node"), taken.version));
    assert!(log_lines(&world, &work).await.is_empty());
    world.clock.advance(2 * LEASE);
    world.settle().await;
    stands(&world, &id, &work, "taken over").await;
    assert_eq!(log_lines(&world, &work).await.len(), 4);
}

/// On any engine: a dozen creations, two nodes.
pub async fn two_nodes_share(world: &World) {
    let mut made = Vec::new();
    for index in 0..12 {
        let answer = world.create(&world.details(&format!("oac{index}"))).await;
        made.push((answer.body["id"].as_str().unwrap().to_owned(), answer.header("opc-work-request-id").to_owned()));
    }
    let other = world.second_engine();
    let (ours, theirs) = tokio::join!(world.engine.run_due(), other.run_due());
    assert_eq!(ours.unwrap() + theirs.unwrap(), 12, "each was taken once");
    world.clock.advance(PROVISIONING);
    let (ours, theirs) = tokio::join!(world.engine.run_due(), other.run_due());
    assert_eq!(ours.unwrap() + theirs.unwrap(), 12);
    for (id, work) in made {
        stands(world, &id, &work, "shared").await;
        assert_eq!(log_lines(world, &work).await.len(), 4, "each step once");
    }
}

#[tokio::test]
async fn two_nodes_share_the_work_and_nothing_is_done_twice() {
    two_nodes_share(&World::new().await).await;
}

#[tokio::test]
async fn an_instance_without_live_work_is_failed_by_the_reconciler() {
    let world = World::new().await;
    let (id, _work) = created(&world).await;
    world.engine.reconcile().await.unwrap();
    assert_eq!(world.get(&id).await.body["lifecycleState"], "CREATING", "its work is live");
    let lost = obol_store::Statement::new("work_requests", "DELETE FROM work_requests WHERE instance_id = $1");
    world.db.execute(&lost, obol_store::values![id.as_str()]).await.unwrap();
    world.engine.reconcile().await.unwrap();
    assert_eq!(world.get(&id).await.body["lifecycleState"], "FAILED");
}

#[tokio::test]
async fn the_running_engine_is_woken_by_acceptance_and_by_the_clock_and_stops_when_told() {
    let world = Arc::new(World::new().await);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let engine = world.second_engine();
    let running = tokio::spawn(engine.run(async {
        let _ = stopped.await;
    }));
    let (id, work) = created(&world).await;
    let clock = world.clock.clone();
    let active = async {
        while world.get(&id).await.body["lifecycleState"] != "ACTIVE" {
            clock.advance(Duration::from_millis(100));
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), active).await.expect("the instance becomes active");
    stands(&world, &id, &work, "running").await;
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), running).await.expect("the engine stops").unwrap();
}
