//! The process dies at random moments of 50 creations. At the end every acknowledged instance is ACTIVE or cleanly FAILED,
//! none is lost, none is there twice, and none leaves an application behind that belongs to nobody.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, RandomState},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use obol_domain::Entropy;
use obol_testkit::{
    Running,
    running::{now, pause},
};
use serde_json::{Value, json};

const CREATIONS: usize = 50;
/// Simulated provisioning, short enough that many kills fall into each of its steps.
const PROVISIONING: &str = "200ms";
/// The longest time from a request to the kill, in microseconds. Every other kill falls into the first few
/// milliseconds, where the request may not be answered yet; the others fall into the work.
const LONGEST_LIVES: [u64; 2] = [8_000, 400_000];
/// How long the work left at the end may take: the lease of a dead worker, and the work itself.
const SETTLING: Duration = Duration::from_mins(2);

#[test]
fn nothing_acknowledged_is_lost_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    survive(&directory.path().join("data"), None);
}

#[cfg(feature = "postgres-tests")]
#[test]
fn nothing_acknowledged_is_lost_on_postgresql() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scratch = runtime.block_on(obol_testkit::Scratch::postgres());
    survive(&directory.path().join("data"), Some(&scratch.url));
}

fn survive(data_dir: &Path, database: Option<&str>) {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_obol"));
    let mut arguments = vec!["--no-limits", "--provisioning", PROVISIONING];
    arguments.extend(database.into_iter().flat_map(|url| ["--database-url", url]));
    let start = || Running::start(&binary, data_dir, &arguments);
    let chance = obol_testkit::SeededEntropy::new(seed());
    let chance: &dyn Entropy = &chance;

    // The first start walks; let it, so that a token and the walk's instance are there.
    let first = start();
    let token = wait_for_token(data_dir);
    drop(first);

    let mut acknowledged = BTreeMap::new();
    for index in 0..CREATIONS {
        let running = start();
        let request = creation(&running, index, &token);
        let asked = thread::spawn(request);
        let life = u64::from_le_bytes(chance.bytes::<8>()) % LONGEST_LIVES[index % 2];
        pause(Duration::from_micros(life));
        running.kill();
        let id = asked.join().unwrap().unwrap_or_else(|| {
            // Nobody knows whether it was taken; the same retry token asks again, of a server that lives.
            let running = start();
            let id = creation(&running, index, &token)().unwrap();
            running.kill();
            id
        });
        acknowledged.insert(index, id);
    }

    let running = start();
    let settled = settle(&running);
    for (index, id) in &acknowledged {
        let found = settled.iter().find(|instance| instance["id"] == **id);
        let found = found.unwrap_or_else(|| panic!("creation {index}, {id}, was acknowledged and is lost"));
        let state = found["lifecycleState"].as_str().unwrap();
        assert!(["ACTIVE", "FAILED"].contains(&state), "creation {index} is {state}");
    }
    let created: Vec<_> = settled.iter().filter(|i| i["name"].as_str().unwrap().starts_with("survivor")).collect();
    assert_eq!(created.len(), CREATIONS, "each creation made one instance, none two");

    let active: Vec<_> = settled.iter().filter(|i| i["lifecycleState"] == "ACTIVE").map(|i| &i["id"]).collect();
    let mut expected: Vec<_> = active.iter().map(|id| format!("ANALYTICSINST_{}", id.as_str().unwrap())).collect();
    expected.sort();
    drop(running);
    let database = database.map_or_else(|| data_dir.join("obol.db").display().to_string(), str::to_owned);
    assert_eq!(registered_applications(&database), expected, "applications and active instances are the same set");
}

/// A request to create the instance of an index; gives its id when it was acknowledged.
fn creation(running: &Running, index: usize, token: &str) -> impl FnOnce() -> Option<String> + Send + use<> {
    let body = json!({
        "name": format!("survivor{index}"), "compartmentId": running.env.get("OBOL_COMPARTMENT_ID"),
        "featureSet": "ENTERPRISE_ANALYTICS", "licenseType": "LICENSE_INCLUDED",
        "capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 1}, "idcsAccessToken": token,
    });
    let host = running.address.to_string();
    let retry_token = format!("survivor-{index}");
    let extra = [("opc-retry-token", retry_token.as_str())];
    let request = running.env.signed("POST", "/20190331/analyticsInstances", &host, &body.to_string(), &extra);
    let address = running.address;
    move || {
        let answer = obol_testkit::http::call(address, &request).ok()?;
        assert_eq!(answer.status, 201, "{}\n{}", answer.head, answer.body);
        Some(answer.json()["id"].as_str().unwrap().to_owned())
    }
}

fn wait_for_token(data_dir: &Path) -> String {
    let begun = now();
    loop {
        if let Ok(text) = std::fs::read_to_string(data_dir.join("tokens.tok")) {
            let file: Value = serde_json::from_str(&text).unwrap();
            return file["app_access_token"].as_str().unwrap().to_owned();
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "the walk left no tokens.tok");
        pause(Duration::from_millis(10));
    }
}

/// Waits until no instance is on its way any more, and returns all of them.
fn settle(running: &Running) -> Vec<Value> {
    let begun = now();
    loop {
        let target =
            format!("/20190331/analyticsInstances?limit=1000&compartmentId={}", running.env.get("OBOL_COMPARTMENT_ID"));
        let answer = running.signed("GET", &target, "", &[]).unwrap();
        assert_eq!(answer.status, 200, "{}\n{}", answer.head, answer.body);
        let Value::Array(instances) = answer.json() else { panic!("a list is an array") };
        let busy =
            |instance: &&Value| ["CREATING", "UPDATING", "DELETING"].iter().any(|s| instance["lifecycleState"] == *s);
        let Some(late) = instances.iter().find(busy) else { return instances };
        assert!(begun.elapsed() < SETTLING, "still on its way: {late}");
        pause(Duration::from_millis(50));
    }
}

/// The client ids of all instance applications in all stripes, in order.
fn registered_applications(database: &str) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = obol_store::Db::open(database).await.unwrap();
        let query =
            obol_store::Statement::new("apps", "SELECT name FROM apps WHERE name LIKE 'ANALYTICSINST%' ORDER BY name");
        let rows = db.fetch_all(&query, Vec::new()).await.unwrap();
        rows.iter().map(|row| row.get("name").unwrap()).collect()
    })
}

/// Each run dies at other moments. The seed is printed, which the test runner shows when the test fails, and the variable
/// `OBOL_TEST_SEED` repeats it.
fn seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "whoever repeats a failed run says so")]
    let chosen = std::env::var("OBOL_TEST_SEED").ok();
    let seed = chosen.map_or_else(|| RandomState::new().hash_one(()), |text| text.parse().unwrap());
    #[expect(clippy::print_stderr, reason = "shown when the test fails, to repeat it")]
    {
        eprintln!("the moments of the kills: OBOL_TEST_SEED={seed}");
    }
    seed
}
