//! Every workflow that changes an instance under the three injectors: it fails at each step, repeats each step, and dies
//! after each write. What makes and removes instances has the same in `work`.

use axum::http::Method;
use obol_domain::injector::Fault;
use obol_protocol::analytics::{OperationType, enums::Vocabulary as _};

use crate::{
    changes::{LongOperation, operations},
    work::{log_lines, survive},
    world::World,
};

#[tokio::test]
async fn a_change_that_fails_at_any_step_leads_back() {
    for operation in operations() {
        for step in operation.steps {
            for point in ["before", "after"] {
                let what = format!("{point} {step}");
                let world = World::new().await;
                let id = operation.instance(&world).await;
                let before = world.get(&id).await.body;
                world.injector.add(&what, Fault::Fail);
                let work = operation.accepted(&world, &id).await;
                world.settle().await;
                operation.was_undone(&world, &before, &work, &what).await;
                let work = operation.accepted(&world, &id).await;
                world.settle().await;
                operation.took_effect(&world, &id, &work, "the second time").await;
            }
        }
    }
}

#[tokio::test]
async fn a_step_of_a_change_that_runs_twice_takes_effect_once() {
    for operation in operations() {
        for step in operation.steps {
            let what = format!("after {step}");
            let world = World::new().await;
            let id = operation.instance(&world).await;
            let etag = world.get(&id).await.header("etag").to_owned();
            world.injector.add(&what, Fault::Repeat);
            let work = operation.accepted(&world, &id).await;
            world.settle().await;
            operation.took_effect(&world, &id, &work, &what).await;
            let version = |etag: &str| i64::from_str_radix(etag, 16).unwrap();
            let now = world.get(&id).await.header("etag").to_owned();
            assert_eq!(version(&now), version(&etag) + 2, "{what}: into motion and out of it");
        }
    }
}

/// Lets the process die after a write, counted from the acceptance. Returns how often it did.
async fn dies_after(operation: &LongOperation, write: u32) -> u32 {
    let world = World::new().await;
    let id = operation.instance(&world).await;
    world.injector.crash_after_next(write);
    let work = operation.accepted(&world, &id).await;
    let crashes = survive(&world).await;
    operation.took_effect(&world, &id, &work, &format!("write {write}")).await;
    let lines = log_lines(&world, &work).await;
    assert_eq!(lines.len(), 3, "{} write {write}: each line stands once: {lines:#?}", operation.action);
    crashes
}

#[tokio::test]
async fn a_crash_after_any_write_of_a_change_loses_nothing() {
    for operation in operations() {
        let mut write = 1;
        while dies_after(&operation, write).await == 1 {
            write += 1;
        }
        // Two steps are started and succeed, and one of them waits.
        assert_eq!(write, 6, "{}", operation.action);
    }
}

#[tokio::test]
async fn a_crash_between_effect_and_record_of_a_change_repeats_the_step() {
    for operation in operations() {
        for step in operation.steps {
            for point in ["before", "after"] {
                let what = format!("{point} {step}");
                let world = World::new().await;
                let id = operation.instance(&world).await;
                world.injector.add(&what, Fault::Crash);
                let work = operation.accepted(&world, &id).await;
                assert_eq!(survive(&world).await, 1, "{what}");
                operation.took_effect(&world, &id, &work, &what).await;
            }
        }
    }
}

#[tokio::test]
async fn a_crash_after_any_write_of_an_unwinding_change_still_leads_back() {
    for operation in operations() {
        let mut write = 0;
        loop {
            write += 1;
            let world = World::new().await;
            let id = operation.instance(&world).await;
            let before = world.get(&id).await.body;
            world.injector.add(&format!("before {}", operation.steps[1]), Fault::Fail);
            world.injector.crash_after_next(write);
            let work = operation.accepted(&world, &id).await;
            let crashes = survive(&world).await;
            operation.was_undone(&world, &before, &work, &format!("write {write}")).await;
            if crashes == 0 {
                break;
            }
        }
        assert!(write > 8, "{} {write}", operation.action);
    }
}

#[tokio::test]
async fn an_undoing_of_a_change_that_repeats_crashes_or_fails_leads_back_all_the_same() {
    for operation in operations() {
        for fault in [Fault::Repeat, Fault::Crash, Fault::Fail] {
            let world = World::new().await;
            let id = operation.instance(&world).await;
            let before = world.get(&id).await.body;
            world.injector.add(&format!("before {}", operation.steps[1]), Fault::Fail);
            world.injector.add(&format!("undo {}", operation.steps[0]), fault);
            let work = operation.accepted(&world, &id).await;
            survive(&world).await;
            operation.was_undone(&world, &before, &work, &format!("{fault:?}")).await;
            let errors = world.call(Method::GET, &format!("/20190331/workRequests/{work}/errors"), b"").await;
            let codes: Vec<_> = errors.body.as_array().unwrap().iter().map(|error| error["code"].clone()).collect();
            let expected: &[&str] = if fault == Fault::Fail { &["StepFailed", "UndoFailed"] } else { &["StepFailed"] };
            assert_eq!(codes, expected, "{} {fault:?}", operation.action);
        }
    }
}

#[test]
fn every_operation_on_an_instance_itself_is_put_under_the_injectors() {
    let tested: Vec<_> = operations().iter().map(|operation| operation.operation_type).collect();
    for operation_type in OperationType::ALL {
        let name = operation_type.as_str();
        let of_a_child = ["CHANNEL", "VANITY", "GROUP"].iter().any(|child| name.contains(child));
        let has_its_own =
            matches!(operation_type, OperationType::CreateAnalyticsInstance | OperationType::DeleteAnalyticsInstance);
        assert!(of_a_child || has_its_own || tested.contains(operation_type), "{name}");
    }
}
