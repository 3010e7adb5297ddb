//! The heart of the suite once more, on PostgreSQL.

use std::time::Duration;

use axum::http::Method;
use obol_domain::{Clock as _, capacity::TenancyLimits, injector::Fault};
use obol_protocol::analytics::LifecycleState;
use obol_store::{
    Db, Statement,
    instances::{self, Transition},
    values,
};

use crate::{
    children,
    lists::{populate, walk},
    vanity_urls::one_host_has_one_winner,
    work::{created, deleted, failed, is_gone, log_lines, stands, survive, two_nodes_share},
    world::{Answer, Script, World},
};

#[tokio::test]
async fn a_crash_after_any_write_loses_nothing() {
    for write in 1..=15 {
        let world = World::postgres(Script::crash_after(write)).await;
        let (id, work) = created(&world).await;
        survive(&world).await;
        stands(&world, &id, &work, &format!("write {write}")).await;
        assert_eq!(log_lines(&world, &work).await.len(), 4, "write {write}");
        let work = deleted(&world, &id).await;
        survive(&world).await;
        is_gone(&world, &id, &work, &format!("write {write}")).await;
    }
}

#[tokio::test]
async fn a_creation_that_fails_is_undone() {
    let world = World::postgres(Script::with("after activate", Fault::Fail)).await;
    let (id, work) = created(&world).await;
    world.settle().await;
    failed(&world, &id, &work, "after activate").await;
    assert!(!world.registrar.stands(&id));
}

#[tokio::test]
async fn a_walk_in_pages_is_the_whole_list() {
    let world = populate(World::postgres(Script::default()).await).await;
    for sort in ["capacityType", "capacityValue", "featureSet", "lifecycleState", "name", "timeCreated"] {
        let query = format!("&sortBy={sort}");
        let whole = walk(&world, "analyticsInstances", &query, 100).await;
        assert_eq!(whole.len(), 7);
        assert_eq!(walk(&world, "analyticsInstances", &query, 2).await, whole, "{sort}");
    }
}

#[tokio::test]
async fn of_many_equal_requests_with_one_token_one_takes_effect() {
    let world = World::postgres(Script::default()).await;
    let body = world.details("myoac").to_string();
    let token = [("opc-retry-token", "same")];
    let target = "/20190331/analyticsInstances";
    let call = || world.call_with(Method::POST, target, body.as_bytes(), &token);
    let (one, two, three, four) = tokio::join!(call(), call(), call(), call());
    for answer in [&two, &three, &four] {
        assert_eq!((answer.status, &answer.body["id"]), (201, &one.body["id"]), "{}", answer.text());
        assert_eq!(answer.header("opc-work-request-id"), one.header("opc-work-request-id"));
    }
    let delete = format!("{target}/{}", one.body["id"].as_str().unwrap());
    world.settle().await;
    let token = [("opc-retry-token", "other")];
    let call = || world.call_with(Method::DELETE, &delete, b"", &token);
    let (one, two) = tokio::join!(call(), call());
    assert_eq!((one.status, two.status), (204, 204), "{} {}", one.text(), two.text());
    assert_eq!(one.header("opc-work-request-id"), two.header("opc-work-request-id"));
}

#[tokio::test]
async fn of_many_creations_with_one_name_one_is_accepted() {
    let world = World::postgres(Script::default()).await;
    let body = world.details("myoac");
    let (one, two, three) = tokio::join!(world.create(&body), world.create(&body), world.create(&body));
    let mut statuses = [one.status, two.status, three.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
}

#[tokio::test]
async fn of_many_creations_the_limit_admits_only_what_fits() {
    // Contract analytics 2.1, tenancy limits: ee-ocpu-count is 40.
    let world = World::postgres_limited(TenancyLimits::default()).await;
    let bodies = ["one", "two", "three", "four", "five", "six"].map(|name| {
        let mut body = world.details(name);
        body["capacity"]["capacityValue"] = 16.into();
        body
    });
    let [one, two, three, four, five, six] = bodies.each_ref().map(|body| world.create(body));
    let (one, two, three, four, five, six) = tokio::join!(one, two, three, four, five, six);
    let answers = [one, two, three, four, five, six];
    let mut codes = answers.each_ref().map(Answer::code);
    codes.sort_unstable();
    let (admitted, refused) = codes.split_at(2);
    assert_eq!(admitted, [(201, ""); 2]);
    assert_eq!(refused, [(400, "LimitExceeded"); 4]);
}

/// Waits until a statement waits for a lock.
async fn somebody_waits(db: &Db) {
    let waiting = Statement::new(
        "pg_stat_activity",
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    let found = async {
        while db.fetch_optional(&waiting, values![]).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.unwrap();
}

#[tokio::test]
async fn a_deletion_that_lost_a_race_is_judged_by_what_the_winner_left() {
    // Contract analytics 2.3, row delete; 5.1, if-match.
    for (left, sends_etag, code) in [
        (LifecycleState::Deleting, false, (409, "IncorrectState")),
        (LifecycleState::Deleting, true, (412, "NoEtagMatch")),
        (LifecycleState::Active, true, (412, "NoEtagMatch")),
        (LifecycleState::Active, false, (204, "")),
    ] {
        let world = World::postgres(Script::default()).await;
        let id = world.active("myoac").await;
        let target = format!("/20190331/analyticsInstances/{id}");
        let etag = world.get(&id).await.header("etag").to_owned();
        let headers = [("if-match", etag.as_str())];
        let headers = if sends_etag { &headers[..] } else { &[] };
        let mut winner = world.db.begin().await.unwrap();
        let to = Transition { from: LifecycleState::Active, to: left, version: None, now: world.clock.now() };
        assert!(instances::transition(&mut winner, &world.tenant().id, &id, to).await.unwrap());
        let (answer, ()) = tokio::join!(world.call_with(Method::DELETE, &target, b"", headers), async {
            somebody_waits(&world.db).await;
            winner.commit().await.unwrap();
        });
        assert_eq!(answer.code(), code, "{left:?} {sends_etag}");
        if code.0 == 409 {
            assert_eq!(world.why(&answer).await.seen, "DELETING", "the state that is there");
        }
    }
}

#[tokio::test]
async fn two_nodes_share_the_work_and_nothing_is_done_twice() {
    two_nodes_share(&World::postgres(Script::default()).await).await;
}

#[tokio::test]
async fn every_change_of_a_child_takes_effect() {
    for operation in children::operations() {
        let world = World::postgres(Script::default()).await;
        let (id, key) = operation.instance(&world).await;
        let work = operation.accepted(&world, &id, &key).await;
        world.settle().await;
        operation.took_effect(&world, &id, &work, "on PostgreSQL").await;
    }
}

#[tokio::test]
async fn of_many_instances_that_want_one_host_one_gets_it() {
    one_host_has_one_winner(&World::postgres(Script::default()).await).await;
}
