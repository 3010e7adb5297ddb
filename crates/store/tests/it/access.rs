//! Compartments, policies and the memory of both: guarded writes, a bound on how old knowledge may be, and that a second
//! tenancy sees and changes nothing of the first.

use std::time::Duration;

use obol_domain::{
    caller::Caller,
    policy::{Permission, Question, Target},
};
use obol_protocol::Timestamp;
use obol_store::{
    Db, Statement, StoreError,
    access::{FRESH, Memory},
    compartments::{self, Compartment},
    policies::{self, Policy},
    tenancies::{self, Tenancy},
    values,
};

const ONE: &str = "ocid1.tenancy.oc1..one";
const TWO: &str = "ocid1.tenancy.oc1..two";
const READ: &str = "allow any-user to read analytics-instances in tenancy";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn compartment(tenancy_id: &str, id: &str, parent_id: &str, name: &str) -> Compartment {
    Compartment {
        id: id.into(),
        tenancy_id: tenancy_id.into(),
        parent_id: parent_id.into(),
        name: name.into(),
        description: "Grüße".into(),
        defined_tags: [("ns".to_owned(), [("k".to_owned(), 1.into())].into())].into(),
        freeform_tags: [("k".to_owned(), "v".to_owned())].into(),
        version: 1,
        created_at: at(1),
    }
}

fn policy(tenancy_id: &str, id: &str, name: &str, statements: &[&str]) -> Policy {
    Policy {
        id: id.into(),
        tenancy_id: tenancy_id.into(),
        compartment_id: tenancy_id.into(),
        name: name.into(),
        description: "why".into(),
        statements: statements.iter().map(|&text| text.to_owned()).collect(),
        version_date: None,
        defined_tags: [].into(),
        freeform_tags: [].into(),
        version: 1,
        created_at: at(1),
    }
}

/// Two tenancies, the first with the compartments `a` and `b` in it.
async fn seeded(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    for id in [ONE, TWO] {
        let tenancy = Tenancy { id: id.into(), name: id.into(), home_region: "us-ashburn-1".into(), created_at: at(1) };
        tenancies::insert(&mut tx, &tenancy).await.unwrap();
    }
    compartments::insert(&mut tx, &compartment(ONE, "a", ONE, "A")).await.unwrap();
    compartments::insert(&mut tx, &compartment(ONE, "b", "a", "B")).await.unwrap();
    tx.commit().await.unwrap();
}

async fn add_policy(db: &Db, policy: &Policy) -> Result<i64, StoreError> {
    let mut tx = db.begin().await.unwrap();
    let count = policies::insert(&mut tx, policy).await?;
    tx.commit().await.map(|()| count)
}

/// Whether the memory lets anybody read an instance of a tenancy's root.
async fn allows(memory: &Memory, tenancy_id: &str, wall: Timestamp, exact: bool) -> bool {
    let found = if exact { memory.exact(tenancy_id, wall).await } else { memory.recent(tenancy_id, wall).await };
    let target = Target { compartment_id: tenancy_id, ..Target::default() };
    let question = Question { operation: "GetAnalyticsInstance", permission: Permission::InstanceRead, target };
    let anybody = Caller {
        tenancy_id: tenancy_id.to_owned(),
        stripe: String::new(),
        user_id: String::new(),
        user_ocid: String::new(),
        user_name: String::new(),
        is_administrator: false,
        groups: Vec::new(),
    };
    found.unwrap().unwrap().allows(&anybody, &question)
}

on_each_engine!(what_is_written_is_read_and_only_by_its_tenancy, |db| async move {
    seeded(&db).await;
    assert_eq!(add_policy(&db, &policy(ONE, "p", "P", &[READ])).await.unwrap(), 1);
    assert_eq!(compartments::get(&db, ONE, "b").await.unwrap(), Some(compartment(ONE, "b", "a", "B")));
    assert_eq!(policies::get(&db, ONE, "p").await.unwrap(), Some(policy(ONE, "p", "P", &[READ])));
    assert_eq!(compartments::all(&db, ONE).await.unwrap().len(), 2);
    assert_eq!(compartments::get(&db, TWO, "b").await.unwrap(), None);
    assert_eq!(policies::get(&db, TWO, "p").await.unwrap(), None);
    assert!(compartments::all(&db, TWO).await.unwrap().is_empty());
    assert!(policies::all(&db, TWO).await.unwrap().is_empty());
    let mut tx = db.begin().await.unwrap();
    assert!(
        !compartments::update(&mut tx, &Compartment { tenancy_id: TWO.into(), ..compartment(ONE, "b", "a", "C") })
            .await
            .unwrap()
    );
    assert!(!compartments::delete(&mut tx, TWO, "b", 1).await.unwrap());
    assert!(!policies::update(&mut tx, &policy(TWO, "p", "P", &[])).await.unwrap());
    assert!(!policies::delete(&mut tx, TWO, "p", 1).await.unwrap());
    assert!(!tenancies::hold_compartment(&mut tx, TWO, "a").await.unwrap());
    assert!(tenancies::hold_compartment(&mut tx, ONE, "a").await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(policies::get(&db, ONE, "p").await.unwrap(), Some(policy(ONE, "p", "P", &[READ])));
    assert_eq!(tenancies::get(&db, ONE).await.unwrap().unwrap().home_region, "us-ashburn-1");
    assert_eq!(tenancies::get(&db, "ocid1.tenancy.oc1..none").await.unwrap(), None);
});

on_each_engine!(a_write_against_an_old_version_is_lost, |db| async move {
    seeded(&db).await;
    add_policy(&db, &policy(ONE, "p", "P", &[READ])).await.unwrap();
    let (changed, text) = (compartment(ONE, "b", "a", "New"), policy(ONE, "p", "P", &[]));
    for expected in [true, false] {
        let mut tx = db.begin().await.unwrap();
        assert_eq!(compartments::update(&mut tx, &changed).await.unwrap(), expected);
        assert_eq!(policies::update(&mut tx, &text).await.unwrap(), expected);
        tx.commit().await.unwrap();
    }
    let mut tx = db.begin().await.unwrap();
    assert!(!compartments::delete(&mut tx, ONE, "b", 1).await.unwrap());
    assert!(!policies::delete(&mut tx, ONE, "p", 1).await.unwrap());
    assert!(compartments::delete(&mut tx, ONE, "b", 2).await.unwrap());
    assert!(policies::delete(&mut tx, ONE, "p", 2).await.unwrap());
});

on_each_engine!(a_name_is_taken_in_any_case, |db| async move {
    seeded(&db).await;
    add_policy(&db, &policy(ONE, "p", "P", &[])).await.unwrap();
    let taken = add_policy(&db, &policy(ONE, "q", "p", &[])).await;
    assert!(matches!(taken, Err(StoreError::Duplicate { .. })), "{taken:?}");
    add_policy(&db, &policy(TWO, "q", "p", &[])).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    compartments::insert(&mut tx, &compartment(ONE, "c", ONE, "B")).await.unwrap();
    let taken = compartments::insert(&mut tx, &compartment(ONE, "d", "a", "b")).await;
    assert!(matches!(taken, Err(StoreError::Duplicate { .. })), "{taken:?}");
});

on_each_engine!(a_compartment_is_used_by_what_is_filed_in_it, |db| async move {
    seeded(&db).await;
    let mut filed = policy(ONE, "p", "P", &[]);
    filed.compartment_id = "b".into();
    let mut tx = db.begin().await.unwrap();
    assert!(compartments::is_used(&mut tx, ONE, "a").await.unwrap(), "by a compartment");
    assert!(!compartments::is_used(&mut tx, TWO, "a").await.unwrap());
    assert!(!compartments::is_used(&mut tx, ONE, "b").await.unwrap());
    policies::insert(&mut tx, &filed).await.unwrap();
    assert!(compartments::is_used(&mut tx, ONE, "b").await.unwrap(), "by a policy");
});

on_each_engine!(knowledge_is_compared_before_a_change_and_after_a_quarter_of_a_second, |db| async move {
    seeded(&db).await;
    let memory = Memory::new(db.clone());
    let start = at(100);
    assert!(!allows(&memory, ONE, start, false).await);
    add_policy(&db, &policy(ONE, "p", "P", &[READ])).await.unwrap();
    assert!(!allows(&memory, ONE, start.plus(FRESH).minus(Duration::from_micros(1)), false).await, "from memory");
    assert!(allows(&memory, ONE, start.plus(FRESH), false).await);
    let mut tx = db.begin().await.unwrap();
    assert!(policies::delete(&mut tx, ONE, "p", 1).await.unwrap());
    tx.commit().await.unwrap();
    assert!(!allows(&memory, ONE, start.plus(FRESH), true).await, "read anew");
    assert!(!allows(&memory, ONE, start.plus(FRESH), false).await, "and kept");
    assert!(!allows(&memory, TWO, start, true).await);
    assert!(memory.exact("ocid1.tenancy.oc1..none", start).await.unwrap().is_none());
});

on_each_engine!(a_rule_of_one_tenancy_allows_nothing_in_another, |db| async move {
    seeded(&db).await;
    add_policy(&db, &policy(ONE, "p", "P", &[READ])).await.unwrap();
    let memory = Memory::new(db.clone());
    assert!(allows(&memory, ONE, at(1), false).await);
    assert!(!allows(&memory, TWO, at(1), false).await);
    let rules = memory.recent(TWO, at(1)).await.unwrap().unwrap();
    assert_eq!((rules.tree().root(), rules.tree().get("a")), (TWO, None));
});

on_each_engine!(rules_that_cannot_be_read_allow_nothing, |db| async move {
    seeded(&db).await;
    add_policy(&db, &policy(ONE, "p", "P", &[READ, "allow whoever to do anything"])).await.unwrap();
    let memory = Memory::new(db.clone());
    let found = memory.recent(ONE, at(1)).await;
    assert!(matches!(&found, Err(StoreError::Corrupt { table: "policies", key, .. }) if key == "p"), "{found:?}");
});

on_each_engine!(a_compartment_of_a_seed_has_its_name_compared_too, |db| async move {
    seeded(&db).await;
    let earlier = tenancies::Compartment {
        id: "e".into(),
        tenancy_id: ONE.into(),
        parent_id: ONE.into(),
        name: "Things".into(),
        created_at: at(1),
    };
    let mut tx = db.begin().await.unwrap();
    tenancies::insert_compartment(&mut tx, &earlier).await.unwrap();
    tx.commit().await.unwrap();
    let key = Statement::new("compartments", "SELECT name_key FROM compartments WHERE id = $1");
    let row = db.fetch_optional(&key, values!["e"]).await.unwrap().unwrap();
    assert_eq!(row.get::<String>("name_key").unwrap(), "things");
    let read = compartments::get(&db, ONE, "e").await.unwrap().unwrap();
    assert_eq!((read.description.as_str(), read.version), ("", 1));
});
