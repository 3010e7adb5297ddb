//! Every workflow that changes a child under the three injectors: it fails at each step, repeats each step, and dies after
//! each write.

use obol_domain::injector::Fault;
use obol_protocol::analytics::{OperationType, enums::Vocabulary as _};

use crate::{
    children::{ChildOperation, operations},
    work::{log_lines, survive},
    world::World,
};

#[tokio::test]
async fn a_change_of_a_child_that_fails_at_any_step_leads_back() {
    for operation in operations() {
        for step in operation.steps {
            for point in ["before", "after"] {
                let what = format!("{point} {step}");
                let world = World::new().await;
                let (id, key) = operation.instance(&world).await;
                let before = world.get(&id).await.body;
                world.injector.add(&what, Fault::Fail);
                let work = operation.accepted(&world, &id, &key).await;
                world.settle().await;
                operation.was_undone(&world, &before, &work, &what).await;
                let work = operation.accepted(&world, &id, &key).await;
                world.settle().await;
                operation.took_effect(&world, &id, &work, "the second time").await;
            }
        }
    }
}

#[tokio::test]
async fn a_step_of_a_change_of_a_child_that_runs_twice_takes_effect_once() {
    for operation in operations() {
        for step in operation.steps {
            let what = format!("after {step}");
            let world = World::new().await;
            let (id, key) = operation.instance(&world).await;
            world.injector.add(&what, Fault::Repeat);
            let work = operation.accepted(&world, &id, &key).await;
            world.settle().await;
            operation.took_effect(&world, &id, &work, &what).await;
        }
    }
}

/// Lets the process die after a write, counted from the acceptance. Returns how often it did.
async fn dies_after(operation: &ChildOperation, write: u32) -> u32 {
    let world = World::new().await;
    let (id, key) = operation.instance(&world).await;
    world.injector.crash_after_next(write);
    let work = operation.accepted(&world, &id, &key).await;
    let crashes = survive(&world).await;
    operation.took_effect(&world, &id, &work, &format!("write {write}")).await;
    let lines = log_lines(&world, &work).await;
    assert_eq!(lines.len(), 3, "{} write {write}: each line stands once: {lines:#?}", operation.name());
    crashes
}

#[tokio::test]
async fn a_crash_after_any_write_of_a_change_of_a_child_loses_nothing() {
    for operation in operations() {
        let mut write = 1;
        while dies_after(&operation, write).await == 1 {
            write += 1;
        }
        // Two steps are started and succeed, and one of them waits.
        assert_eq!(write, 6, "{}", operation.name());
    }
}

#[tokio::test]
async fn a_crash_after_any_write_of_an_unwinding_change_of_a_child_still_leads_back() {
    for operation in operations() {
        let mut write = 0;
        loop {
            write += 1;
            let world = World::new().await;
            let (id, key) = operation.instance(&world).await;
            let before = world.get(&id).await.body;
            world.injector.add(&format!("before {}", operation.steps[1]), Fault::Fail);
            world.injector.crash_after_next(write);
            let work = operation.accepted(&world, &id, &key).await;
            let crashes = survive(&world).await;
            operation.was_undone(&world, &before, &work, &format!("write {write}")).await;
            if crashes == 0 {
                break;
            }
        }
        assert!(write > 8, "{} {write}", operation.name());
    }
}

#[test]
fn every_operation_on_a_child_is_put_under_the_injectors() {
    let tested: Vec<_> = operations().iter().map(|operation| operation.operation_type).collect();
    for operation_type in OperationType::ALL {
        let name = operation_type.as_str();
        let of_a_child = ["CHANNEL", "VANITY", "GROUP"].iter().any(|child| name.contains(child));
        assert_eq!(of_a_child, tested.contains(operation_type), "{name}");
    }
}
