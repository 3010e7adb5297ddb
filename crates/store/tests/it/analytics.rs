//! What analytics keeps: guarded states, leases, pages, retry tokens, and that a second tenancy sees and changes nothing
//! of the first.

use obol_protocol::{
    Timestamp,
    analytics::{
        ActionResult, Capacity, CapacityType, FeatureSet, LicenseType, LifecycleState, NetworkEndpointDetails,
        OperationType, UpdateChannel, WorkRequestStatus,
        query::{InstanceSort, SortOrder, WorkRequestSort},
    },
};
use obol_store::{
    Db, Statement, StoreError,
    instances::{self, Instance, InstanceDetails, InstanceQuery, Transition},
    retry_tokens::{self, NewAnswer, TokenKey},
    tenancies::{self, Compartment, Tenancy},
    values, work_records,
    work_requests::{self, Keep, Lease, NewWorkRequest, Progress, WorkRequestQuery},
    work_steps::{self, Step, StepState},
};
use serde_json::json;

pub const ONE: &str = "ocid1.tenancy.oc1..one";
pub const TWO: &str = "ocid1.tenancy.oc1..two";
const THINGS: &str = "ocid1.compartment.oc1..things";

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

pub async fn seeded(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    for id in [ONE, TWO] {
        let tenancy = Tenancy { id: id.into(), name: id.into(), home_region: "us-ashburn-1".into(), created_at: at(1) };
        tenancies::insert(&mut tx, &tenancy).await.unwrap();
    }
    let compartment = Compartment {
        id: THINGS.into(),
        tenancy_id: ONE.into(),
        parent_id: ONE.into(),
        name: "things".into(),
        created_at: at(1),
    };
    tenancies::insert_compartment(&mut tx, &compartment).await.unwrap();
    tx.commit().await.unwrap();
}

pub fn instance(tenancy_id: &str, id: &str, name: &str, created: i64) -> Instance {
    Instance {
        id: id.into(),
        tenancy_id: tenancy_id.into(),
        compartment_id: THINGS.into(),
        name: name.parse().unwrap(),
        state: LifecycleState::Creating,
        feature_set: FeatureSet::EnterpriseAnalytics,
        capacity: Capacity { capacity_type: CapacityType::OlpuCount, capacity_value: 2 },
        details: InstanceDetails {
            description: Some("héllo".into()),
            license_type: LicenseType::LicenseIncluded,
            email_notification: None,
            network_endpoint_details: NetworkEndpointDetails::default(),
            update_channel: UpdateChannel::Regular,
            defined_tags: [("ns".to_owned(), [("k".to_owned(), 1.into())].into())].into(),
            freeform_tags: [("k".to_owned(), "v".to_owned())].into(),
            kms_key_id: None,
            feature_bundle: None,
            domain_id: None,
        },
        service_url: String::new(),
        stripe: "idcs-1".into(),
        creator_user_id: "ada".into(),
        version: 1,
        time_created: at(created),
        time_updated: at(created),
        time_deleted: None,
    }
}

pub async fn insert(db: &Db, instance: &Instance) -> Result<(), StoreError> {
    let mut tx = db.begin().await.unwrap();
    instances::insert(&mut tx, instance).await?;
    tx.commit().await
}

async fn transition(db: &Db, tenancy_id: &str, id: &str, to: Transition) -> bool {
    let mut tx = db.begin().await.unwrap();
    let changed = instances::transition(&mut tx, tenancy_id, id, to).await.unwrap();
    tx.commit().await.unwrap();
    changed
}

fn query(sort: InstanceSort, order: SortOrder) -> InstanceQuery<'static> {
    InstanceQuery {
        compartment_id: THINGS,
        name: None,
        capacity_type: None,
        feature_set: None,
        state: None,
        sort,
        order,
        after: None,
        limit: 100,
    }
}

async fn accept(db: &Db, tenancy_id: &str, id: &str, now: i64) {
    let new = NewWorkRequest {
        id,
        compartment_id: THINGS,
        instance_id: "i1",
        operation_type: OperationType::CreateAnalyticsInstance,
        workflow_version: 1,
        input: &json!({ "what": "ever" }),
        state_before: Some(LifecycleState::Active),
        now: at(now),
    };
    let mut tx = db.begin().await.unwrap();
    work_requests::accept(&mut tx, tenancy_id, &new).await.unwrap();
    tx.commit().await.unwrap();
}

fn lease(id: &str, mark: &str) -> Lease {
    Lease { tenancy_id: ONE.into(), work_request_id: id.into(), mark: mark.into() }
}

const RUNNING: Progress = Progress {
    status: WorkRequestStatus::InProgress,
    is_unwinding: false,
    percent_complete: 20,
    action_result: ActionResult::None,
    time_started: Some(Timestamp::from_seconds(10)),
    time_finished: None,
};

async fn save(db: &Db, lease: &Lease, progress: &Progress, keep: Keep) -> bool {
    let mut tx = db.begin().await.unwrap();
    let saved = work_requests::save(&mut tx, lease, progress, keep).await.unwrap();
    if saved {
        tx.commit().await.unwrap();
    }
    saved
}

on_each_engine!(an_instance_is_read_as_it_was_written, |db| async move {
    seeded(&db).await;
    let written = instance(ONE, "i1", "myoac", 5);
    insert(&db, &written).await.unwrap();
    assert_eq!(instances::get(&db, ONE, "i1").await.unwrap(), Some(written));
    assert_eq!(instances::get(&db, TWO, "i1").await.unwrap(), None);
});

on_each_engine!(a_name_is_taken_until_its_instance_is_deleted, |db| async move {
    seeded(&db).await;
    insert(&db, &instance(ONE, "i1", "myoac", 1)).await.unwrap();
    for name in ["myoac", "MYOAC"] {
        let error = insert(&db, &instance(ONE, "i2", name, 1)).await.unwrap_err();
        assert!(matches!(error, StoreError::Duplicate { .. }), "{error:?}");
    }
    insert(&db, &instance(TWO, "i3", "myoac", 1)).await.unwrap();
    let to = Transition { from: LifecycleState::Creating, to: LifecycleState::Deleting, version: None, now: at(2) };
    assert!(transition(&db, ONE, "i1", to).await);
    let to = Transition { from: LifecycleState::Deleting, to: LifecycleState::Deleted, version: None, now: at(3) };
    assert!(transition(&db, ONE, "i1", to).await);
    insert(&db, &instance(ONE, "i2", "myoac", 1)).await.unwrap();
    assert_eq!(instances::forget_deleted(&db, at(3)).await.unwrap(), 0);
    assert_eq!(instances::forget_deleted(&db, at(4)).await.unwrap(), 1);
    assert_eq!(instances::get(&db, ONE, "i1").await.unwrap(), None);
});

on_each_engine!(a_state_changes_only_from_where_it_is, |db| async move {
    seeded(&db).await;
    insert(&db, &instance(ONE, "i1", "myoac", 1)).await.unwrap();
    let to = |from, version| Transition { from, to: LifecycleState::Failed, version, now: at(2) };
    assert!(!transition(&db, ONE, "i1", to(LifecycleState::Active, None)).await);
    assert!(!transition(&db, ONE, "i1", to(LifecycleState::Creating, Some(2))).await);
    assert!(!transition(&db, TWO, "i1", to(LifecycleState::Creating, None)).await, "another tenancy's");
    assert!(transition(&db, ONE, "i1", to(LifecycleState::Creating, Some(1))).await);
    let mut tx = db.begin().await.unwrap();
    assert_eq!(instances::hold(&mut tx, TWO, "i1").await.unwrap(), None, "another tenancy's");
    let found = instances::hold(&mut tx, ONE, "i1").await.unwrap().unwrap();
    assert_eq!((found.state, found.version, found.time_updated), (LifecycleState::Failed, 2, at(2)));
});

on_each_engine!(used_capacity_counts_what_is_live_in_the_tenancy, |db| async move {
    seeded(&db).await;
    for (tenancy, id, name) in [(ONE, "i1", "one"), (ONE, "i2", "two"), (TWO, "i3", "three")] {
        insert(&db, &instance(tenancy, id, name, 1)).await.unwrap();
    }
    let to = Transition { from: LifecycleState::Creating, to: LifecycleState::Failed, version: None, now: at(2) };
    assert!(transition(&db, ONE, "i2", to).await);
    let mut tx = db.begin().await.unwrap();
    assert!(tenancies::lock(&mut tx, ONE).await.unwrap());
    for (edition, kind, used) in [
        (FeatureSet::EnterpriseAnalytics, CapacityType::OlpuCount, 2),
        (FeatureSet::EnterpriseAnalytics, CapacityType::UserCount, 0),
        (FeatureSet::SelfServiceAnalytics, CapacityType::OlpuCount, 0),
    ] {
        assert_eq!(instances::used_capacity(&mut tx, ONE, edition, kind).await.unwrap(), used);
    }
});

on_each_engine!(equal_keys_are_parted_by_time_and_id, |db| async move {
    seeded(&db).await;
    for index in 0..9 {
        let id = format!("i{index}");
        let mut row = instance(ONE, &id, &format!("n{index}"), index / 3);
        row.capacity.capacity_value = 1 + index % 2;
        insert(&db, &row).await.unwrap();
    }
    insert(&db, &instance(TWO, "other", "other", 1)).await.unwrap();
    for sort in [InstanceSort::CapacityValue, InstanceSort::TimeCreated, InstanceSort::FeatureSet, InstanceSort::Name] {
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let whole = instances::list(&db, ONE, &query(sort, order)).await.unwrap();
            assert_eq!(whole.len(), 9, "only this tenancy's");
            let mut walked = Vec::new();
            let mut after = None;
            loop {
                let part = InstanceQuery { after, limit: 2, ..query(sort, order) };
                let rows = instances::list(&db, ONE, &part).await.unwrap();
                let Some(last) = rows.last() else { break };
                after = Some(last.key(sort));
                walked.extend(rows);
            }
            assert_eq!(walked, whole, "{sort:?} {order:?}");
        }
    }
});

on_each_engine!(work_is_claimed_by_one_holder_until_its_lease_ends, |db| async move {
    seeded(&db).await;
    accept(&db, ONE, "w1", 10).await;
    assert_eq!(work_requests::next_due(&db).await.unwrap(), Some(at(10)));
    assert_eq!(work_requests::claim(&db, "early", at(9), at(15)).await.unwrap(), None);
    let claimed = work_requests::claim(&db, "first", at(10), at(15)).await.unwrap().unwrap();
    assert_eq!((claimed.id.as_str(), claimed.lease.as_deref()), ("w1", Some("first")));
    assert_eq!(work_requests::claim(&db, "second", at(14), at(19)).await.unwrap(), None);
    assert!(work_requests::extend(&db, &lease("w1", "first"), at(17)).await.unwrap());
    assert_eq!(work_requests::claim(&db, "second", at(16), at(21)).await.unwrap(), None);
    assert!(work_requests::claim(&db, "second", at(17), at(22)).await.unwrap().is_some());
    assert!(!work_requests::extend(&db, &lease("w1", "first"), at(30)).await.unwrap(), "the lease is lost");
    assert!(!save(&db, &lease("w1", "first"), &RUNNING, Keep::Finish).await);
    let mut stranger = lease("w1", "second");
    stranger.tenancy_id = TWO.into();
    assert!(!save(&db, &stranger, &RUNNING, Keep::Finish).await);
    assert!(save(&db, &lease("w1", "second"), &RUNNING, Keep::Release(at(40))).await);
    let found = work_requests::get(&db, ONE, "w1").await.unwrap().unwrap();
    assert_eq!((&found.progress, found.lease, found.version), (&RUNNING, None, 2));
    assert!(work_requests::claim(&db, "third", at(40), at(45)).await.unwrap().is_some());
    assert!(save(&db, &lease("w1", "third"), &RUNNING, Keep::Finish).await);
    assert_eq!(work_requests::next_due(&db).await.unwrap(), None, "finished work is nobody's");
});

on_each_engine!(the_longest_due_work_comes_first, |db| async move {
    seeded(&db).await;
    for (id, time) in [("w2", 2), ("w1", 1), ("w3", 3)] {
        accept(&db, ONE, id, time).await;
    }
    let mut taken = Vec::new();
    while let Some(work) = work_requests::claim(&db, "mark", at(10), at(15)).await.unwrap() {
        taken.push(work.id);
    }
    assert_eq!(taken, ["w1", "w2", "w3"]);
});

on_each_engine!(holders_that_claim_at_once_get_each_their_own, |db| async move {
    seeded(&db).await;
    for id in ["w1", "w2", "w3"] {
        accept(&db, ONE, id, 1).await;
    }
    let claim = async |mark| work_requests::claim(&db, mark, at(10), at(15)).await.unwrap();
    let (one, two, three, four) = tokio::join!(claim("one"), claim("two"), claim("three"), claim("four"));
    let mut taken: Vec<_> = [one, two, three, four].into_iter().flatten().map(|work| work.id).collect();
    taken.sort();
    assert_eq!(taken, ["w1", "w2", "w3"], "all of it, and none twice");
});

on_each_engine!(work_that_cannot_be_read_does_not_hold_up_the_rest, |db| async move {
    seeded(&db).await;
    accept(&db, ONE, "foreign", 1).await;
    accept(&db, ONE, "good", 2).await;
    let foreign = Statement::new("work_requests", "UPDATE work_requests SET operation_type = $2 WHERE id = $1");
    db.execute(&foreign, values!["foreign", "OF_A_NEWER_RELEASE"]).await.unwrap();
    let error = work_requests::claim(&db, "one", at(10), at(15)).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    let claimed = work_requests::claim(&db, "two", at(10), at(15)).await.unwrap().unwrap();
    assert_eq!(claimed.id, "good");
    assert_eq!(work_requests::claim(&db, "three", at(14), at(19)).await.unwrap(), None);
    assert!(work_requests::claim(&db, "four", at(15), at(20)).await.is_err(), "it is still there to be seen");
});

on_each_engine!(steps_and_records_are_kept_in_order, |db| async move {
    seeded(&db).await;
    accept(&db, ONE, "w1", 1).await;
    work_requests::claim(&db, "mark", at(1), at(6)).await.unwrap().unwrap();
    let lease = lease("w1", "mark");
    let mut step = Step {
        position: 0,
        name: "first".into(),
        state: StepState::Started,
        attempts: 0,
        output: String::new(),
        started_at: at(1),
        finished_at: None,
    };
    let mut tx = db.begin().await.unwrap();
    work_steps::write(&mut tx, &lease, &step).await.unwrap();
    step.state = StepState::Succeeded;
    step.output = "{}".into();
    step.finished_at = Some(at(2));
    work_steps::write(&mut tx, &lease, &step).await.unwrap();
    for line in ["one", "two", "three"] {
        work_records::log(&mut tx, &lease, line, at(3)).await.unwrap();
        work_records::error(&mut tx, &lease, "Code", line, at(3)).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(work_steps::of(&db, &lease).await.unwrap(), [step]);
    let logs = work_records::logs(&db, ONE, "w1", 1, 10).await.unwrap();
    let lines: Vec<_> = logs.iter().map(|(number, log)| (*number, log.message.as_str())).collect();
    assert_eq!(lines, [(2, "two"), (3, "three")]);
    assert_eq!(work_records::errors(&db, ONE, "w1", 0, 1).await.unwrap().len(), 1);
    assert!(work_records::logs(&db, TWO, "w1", 0, 10).await.unwrap().is_empty(), "another tenancy's");
    assert!(work_records::errors(&db, TWO, "w1", 0, 10).await.unwrap().is_empty());
});

on_each_engine!(work_is_listed_by_tenancy_resource_and_status, |db| async move {
    seeded(&db).await;
    for (tenancy, id, time) in [(ONE, "w1", 1), (ONE, "w2", 2), (TWO, "w3", 3)] {
        accept(&db, tenancy, id, time).await;
    }
    let whole = WorkRequestQuery {
        compartment_id: THINGS,
        instance_id: None,
        statuses: &[],
        sort: WorkRequestSort::TimeAccepted,
        order: SortOrder::Descending,
        after: None,
        limit: 10,
    };
    let ids = async |query: WorkRequestQuery<'static>| {
        let rows = work_requests::list(&db, ONE, &query).await.unwrap();
        rows.into_iter().map(|work| work.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(whole.clone()).await, ["w2", "w1"]);
    let accepted = &[WorkRequestStatus::Accepted, WorkRequestStatus::Failed];
    assert_eq!(ids(WorkRequestQuery { instance_id: Some("i1"), statuses: accepted, ..whole.clone() }).await.len(), 2);
    assert_eq!(ids(WorkRequestQuery { statuses: &[WorkRequestStatus::Failed], ..whole.clone() }).await.len(), 0);
    assert_eq!(ids(WorkRequestQuery { instance_id: Some("i2"), ..whole }).await.len(), 0);
});

on_each_engine!(a_retry_token_is_taken_once_until_it_lapses, |db| async move {
    seeded(&db).await;
    let key = TokenKey { tenancy_id: ONE, user_ocid: "ada", token: "t" };
    let keep = async |digest: &[u8], now: i64| {
        let new = NewAnswer {
            request_digest: digest,
            instance_id: "i1",
            answer: "{}".into(),
            expires_at: at(now + 100),
            now: at(now),
        };
        let mut tx = db.begin().await.unwrap();
        let kept = retry_tokens::keep(&mut tx, key, &new).await.unwrap();
        tx.commit().await.unwrap();
        kept
    };
    assert!(keep(b"one", 0).await);
    assert!(!keep(b"two", 99).await);
    let found = retry_tokens::find(&db, key, at(99)).await.unwrap().unwrap();
    assert_eq!((found.request_digest.as_slice(), found.is_invalidated), (b"one" as &[u8], false));
    for other in [TokenKey { tenancy_id: TWO, ..key }, TokenKey { user_ocid: "bob", ..key }] {
        assert_eq!(retry_tokens::find(&db, other, at(1)).await.unwrap(), None);
    }
    let mut tx = db.begin().await.unwrap();
    assert_eq!(retry_tokens::invalidate(&mut tx, TWO, "i1").await.unwrap(), 0);
    assert_eq!(retry_tokens::invalidate(&mut tx, ONE, "i1").await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(retry_tokens::find(&db, key, at(99)).await.unwrap().unwrap().is_invalidated);
    assert_eq!(retry_tokens::find(&db, key, at(100)).await.unwrap(), None);
    assert!(keep(b"three", 100).await, "a lapsed token is free");
    assert_eq!(retry_tokens::forget_lapsed(&db, at(199)).await.unwrap(), 0);
    assert_eq!(retry_tokens::forget_lapsed(&db, at(200)).await.unwrap(), 1);
});

on_each_engine!(a_retry_token_is_ones_own_and_all_of_an_instance_are_invalidated, |db| async move {
    seeded(&db).await;
    let key = |user_ocid, token| TokenKey { tenancy_id: ONE, user_ocid, token };
    let (created, other) = (key("ada", "same"), key("bob", "same"));
    let mut tx = db.begin().await.unwrap();
    for (key, instance_id) in [(created, "i1"), (other, "i2"), (key("bob", "earlier"), "i1")] {
        let new =
            NewAnswer { request_digest: b"one", instance_id, answer: "{}".into(), expires_at: at(100), now: at(1) };
        assert!(retry_tokens::keep(&mut tx, key, &new).await.unwrap());
    }
    let found = retry_tokens::find_within(&mut tx, created, at(2)).await.unwrap().unwrap();
    assert!(!found.is_invalidated);
    assert_eq!(retry_tokens::invalidate(&mut tx, ONE, "i1").await.unwrap(), 2);
    tx.commit().await.unwrap();
    assert!(retry_tokens::find(&db, created, at(2)).await.unwrap().unwrap().is_invalidated);
    assert!(!retry_tokens::find(&db, other, at(2)).await.unwrap().unwrap().is_invalidated);
});

on_each_engine!(a_stranded_instance_has_no_live_work, |db| async move {
    seeded(&db).await;
    insert(&db, &instance(ONE, "i1", "myoac", 1)).await.unwrap();
    accept(&db, ONE, "w1", 1).await;
    assert!(instances::stranded(&db).await.unwrap().is_empty());
    work_requests::claim(&db, "mark", at(1), at(6)).await.unwrap().unwrap();
    assert!(instances::stranded(&db).await.unwrap().is_empty(), "held work is live");
    assert!(save(&db, &lease("w1", "mark"), &RUNNING, Keep::Finish).await);
    assert_eq!(instances::stranded(&db).await.unwrap().len(), 1);
});

/// Every order and filter of the list is answered from an index, so that it stays flat as the table grows.
#[tokio::test]
async fn every_list_walks_an_index_and_sorts_nothing() {
    let scratch = obol_testkit::Scratch::sqlite().await;
    let db = &scratch.db;
    seeded(db).await;
    for (sql, index) in [
        ("ORDER BY time_created DESC, id DESC", "instances_by_time"),
        ("ORDER BY name, time_created, id", "instances_by_name"),
        ("AND name = 'x' ORDER BY time_created DESC, id DESC", "instances_by_name"),
        ("ORDER BY lifecycle_state, time_created, id", "instances_by_state"),
        ("AND lifecycle_state = 'FAILED' ORDER BY time_created DESC, id DESC", "instances_by_state"),
        ("AND feature_set = 'x' ORDER BY time_created DESC, id DESC", "instances_by_edition"),
        ("AND capacity_type = 'x' ORDER BY time_created DESC, id DESC", "instances_by_capacity_type"),
        ("ORDER BY capacity_value, time_created, id", "instances_by_capacity"),
        (
            "AND (capacity_value, time_created, id) > (1, 2, 'x') ORDER BY capacity_value, time_created, id",
            "instances_by_capacity",
        ),
    ] {
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT id, details FROM instances WHERE tenancy_id = 't' AND compartment_id = 'c' {sql} LIMIT 10"
        );
        let rows = db.fetch_all(&Statement::built("instances", sql.clone()), values![]).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail").unwrap()).collect();
        assert!(plan.iter().any(|line| line.contains(index)), "{sql}: {plan:?}");
        assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE")), "{sql}: {plan:?}");
    }
}
