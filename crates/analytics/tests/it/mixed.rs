//! Two hundred operations of all kinds on a handful of instances, while the process dies again and again. What was
//! acknowledged is done, once, and is what callers see in the end; nothing is left on its way, and nothing belongs to nobody.

use std::{collections::BTreeSet, time::Duration};

use axum::http::Method;
use obol_analytics::work::{EngineError, LEASE};
use obol_domain::Entropy;
use obol_testkit::SeededEntropy;
use serde_json::{Value, json};

use crate::{
    work::{log_lines, survive},
    world::World,
};

const OPERATIONS: usize = 200;
const FEWEST_DEATHS: usize = 50;

/// What an instance must look like once its work has ended.
#[derive(Clone)]
struct Expected {
    id: String,
    state: &'static str,
    capacity: i64,
    compartment: String,
    kms_key: Value,
    bundle: Value,
    description: Value,
}

/// One of the names: its instance, and the one before its last work.
struct Slot {
    name: String,
    now: Expected,
    before: Option<Expected>,
    work: String,
}

/// Everything that was acknowledged, to be looked at in the end.
#[derive(Default)]
struct Ledger {
    works: Vec<String>,
    canceled: BTreeSet<String>,
    refused: usize,
    deaths: usize,
}

struct Chance(SeededEntropy);

impl Chance {
    fn below(&self, bound: usize) -> usize {
        let entropy: &dyn Entropy = &self.0;
        usize::from_le_bytes(entropy.bytes::<8>()) % bound
    }
}

impl Slot {
    /// Makes the instance of the slot, or makes it anew.
    async fn create(&mut self, world: &World, ledger: &mut Ledger) {
        let answer = world.create(&world.details(&self.name)).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        self.now = Expected {
            id: answer.body["id"].as_str().unwrap().to_owned(),
            state: "ACTIVE",
            capacity: 1,
            compartment: world.tenant().compartment.clone(),
            kms_key: Value::Null,
            bundle: Value::Null,
            description: Value::Null,
        };
        // Cancelled, it would be as if it had been removed.
        self.before = Some(Expected { state: "DELETED", ..self.now.clone() });
        answer.header("opc-work-request-id").clone_into(&mut self.work);
        ledger.works.push(self.work.clone());
    }

    /// Asks for one operation, and notes what becomes of the instance if it is accepted.
    async fn change(&mut self, world: &World, kind: usize, choice: usize, ledger: &mut Ledger) {
        let target = format!("/20190331/analyticsInstances/{}", self.now.id);
        let mut next = self.now.clone();
        let (method, path, body) = match kind {
            0 => {
                next.state = "ACTIVE";
                (Method::POST, "/actions/start", Value::Null)
            }
            1 => {
                next.state = "INACTIVE";
                (Method::POST, "/actions/stop", Value::Null)
            }
            2 => {
                next.capacity = [1, 2, 4, 6, 8][choice % 5];
                let capacity = json!({ "capacityType": "OLPU_COUNT", "capacityValue": next.capacity });
                (Method::POST, "/actions/scale", json!({ "capacity": capacity }))
            }
            3 => {
                next.compartment = [&world.tenant().compartment, &world.tenant().id][choice % 2].clone();
                (Method::POST, "/actions/changeCompartment", json!({ "compartmentId": next.compartment }))
            }
            4 => {
                next.kms_key = format!("ocid1.key{choice}").into();
                (Method::POST, "/actions/setKmsKey", json!({ "kmsKeyId": next.kms_key }))
            }
            5 => {
                next.bundle = [json!("FAW_PAID"), json!("FAW_FREE")][choice % 2].clone();
                (Method::POST, "/actions/setFeatureBundle", json!({ "featureBundle": next.bundle }))
            }
            6 => {
                next.state = "DELETED";
                (Method::DELETE, "", Value::Null)
            }
            _ => {
                next.description = choice.to_string().into();
                (Method::PUT, "", json!({ "description": next.description }))
            }
        };
        let is_long = method != Method::PUT;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = world.call(method, &format!("{target}{path}"), body.as_bytes()).await;
        match answer.status {
            200 => {
                // It counts for what the work under way would lead back to as well.
                if let Some(before) = &mut self.before {
                    before.description = next.description.clone();
                }
                self.now = next;
            }
            202 | 204 if is_long => {
                answer.header("opc-work-request-id").clone_into(&mut self.work);
                ledger.works.push(self.work.clone());
                self.before = Some(std::mem::replace(&mut self.now, next));
            }
            409 | 404 => ledger.refused += 1,
            _ => panic!("{}", answer.text()),
        }
    }

    async fn cancel(&mut self, world: &World, ledger: &mut Ledger) {
        let answer = world.call(Method::DELETE, &format!("/20190331/workRequests/{}", self.work), b"").await;
        match answer.status {
            204 => {
                ledger.canceled.insert(self.work.clone());
                self.now = self.before.take().unwrap();
            }
            409 => ledger.refused += 1,
            _ => panic!("{}", answer.text()),
        }
    }

    async fn is_as_expected(&self, world: &World) {
        let seen = world.get(&self.now.id).await;
        if self.now.state == "DELETED" {
            assert_eq!(seen.status, 404, "{}", self.name);
            return;
        }
        let expected = json!([
            self.now.state,
            self.now.capacity,
            self.now.compartment,
            self.now.kms_key,
            self.now.bundle,
            self.now.description,
        ]);
        let found = json!([
            seen.body["lifecycleState"],
            seen.body["capacity"]["capacityValue"],
            seen.body["compartmentId"],
            seen.body["kmsKeyId"],
            seen.body["featureBundle"],
            seen.body["description"],
        ]);
        assert_eq!(found, expected, "{}", self.name);
    }
}

async fn survives_mixed_operations(world: World, seed: u64) {
    let chance = Chance(SeededEntropy::new(seed));
    let mut ledger = Ledger::default();
    let mut slots = Vec::new();
    for index in 0..6 {
        let now = Expected {
            id: String::new(),
            state: "DELETED",
            capacity: 0,
            compartment: String::new(),
            kms_key: Value::Null,
            bundle: Value::Null,
            description: Value::Null,
        };
        let mut slot = Slot { name: format!("mixed{index}"), now, before: None, work: String::new() };
        slot.create(&world, &mut ledger).await;
        slots.push(slot);
    }
    for _ in 0..OPERATIONS {
        let slot = &mut slots[chance.below(6)];
        let gone = slot.now.state == "DELETED" && world.get(&slot.now.id).await.status == 404;
        match chance.below(12) {
            _ if gone => slot.create(&world, &mut ledger).await,
            0 => slot.cancel(&world, &mut ledger).await,
            kind => slot.change(&world, kind % 9, chance.below(100), &mut ledger).await,
        }
        if chance.below(5) < 3 {
            world.injector.crash_after_next(u32::try_from(chance.below(3)).unwrap() + 1);
        }
        match world.engine.run_due().await {
            Ok(_) => world.clock.advance(Duration::from_millis(700)),
            Err(EngineError::Crashed) => {
                ledger.deaths += 1;
                world.clock.advance(LEASE);
            }
            Err(EngineError::Store(error)) => panic!("{error:?}"),
        }
    }
    survive(&world).await;
    assert!(ledger.deaths >= FEWEST_DEATHS, "{} deaths", ledger.deaths);
    assert!(ledger.works.len() > 60 && ledger.refused > 20, "{} {}", ledger.works.len(), ledger.refused);
    for slot in &slots {
        slot.is_as_expected(&world).await;
        assert_eq!(world.registrar.stands(&slot.now.id), slot.now.state != "DELETED", "{}", slot.name);
    }
    let standing = slots.iter().filter(|slot| slot.now.state != "DELETED").count();
    assert_eq!(world.registrar.standing.lock().unwrap().len(), standing, "no application belongs to nobody");
    for work in &ledger.works {
        let status = world.work(work).await.body["status"].clone();
        let expected = if ledger.canceled.contains(work) { "CANCELED" } else { "SUCCEEDED" };
        assert_eq!(status, expected, "{work}");
        let lines = log_lines(&world, work).await;
        let once: BTreeSet<_> = lines.iter().collect();
        assert_eq!(once.len(), lines.len(), "each line stands once: {lines:#?}");
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_or_done_twice() {
    for seed in [1, 2, 3] {
        survives_mixed_operations(World::new().await, seed).await;
    }
}

#[cfg(feature = "postgres-tests")]
#[tokio::test]
async fn nothing_acknowledged_is_lost_or_done_twice_on_postgresql() {
    survives_mixed_operations(World::postgres(crate::world::Script::default()).await, 4).await;
}
