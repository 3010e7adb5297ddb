//! Who may import whom: the house's plan, held over `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Each crate and those of ours that it may depend on; a lower line never imports a higher one.
const HOUSE: &[(&str, &[&str])] = &[
    ("obol", &["obol-client", "obol-server"]),
    ("obol-server", &["obol-console", "obol-identity", "obol-analytics", "obol-store", "obol-domain", "obol-protocol"]),
    ("obol-console", &["obol-identity", "obol-analytics", "obol-domain", "obol-protocol"]),
    ("obol-identity", &["obol-store", "obol-domain", "obol-protocol"]),
    ("obol-analytics", &["obol-store", "obol-domain", "obol-protocol"]),
    ("obol-client", &["obol-protocol"]),
    ("obol-store", &["obol-domain", "obol-protocol"]),
    ("obol-domain", &["obol-protocol"]),
    ("obol-protocol", &[]),
];

/// Stand beside the house: they may look into every room, and only tests may lean on them.
const OUTSIDE: &[&str] = &["obol-testkit", "obol-bench", "xtask"];

/// Other people's crates that only some rooms may depend on, with the reason.
const KEPT_TO: &[(&str, &[&str], &str)] = &[
    ("sqlx", &["obol-store"], "every statement stands in the store"),
    ("rusqlite", &["obol-store"], "every statement stands in the store"),
    ("anyhow", &["obol", "obol-server"], "a library's errors are closed enums"),
    ("ureq", &["obol-client", "obol-server", "obol"], "the services call nobody"),
    ("clap", &["obol"], "arguments are the command line's"),
    ("askama", &["obol-console"], "pages are the console's"),
];

/// Neither I/O nor a runtime may enter the rooms that hold formats and rules.
const PURE: &[&str] = &["obol-protocol", "obol-domain"];
const IMPURE: &[&str] = &["tokio", "axum", "hyper", "hyper-util", "ureq", "sqlx", "tracing-subscriber"];

#[test]
fn every_crate_has_its_place_in_the_plan() {
    let known: BTreeSet<&str> = HOUSE.iter().map(|(name, _)| *name).chain(OUTSIDE.iter().copied()).collect();
    let found: BTreeSet<String> = dependencies(Kind::Shipped).into_keys().collect();
    let strangers: Vec<_> = found.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert!(strangers.is_empty(), "crates without a place in the house: {strangers:?}");
}

#[test]
fn a_lower_crate_never_imports_a_higher_one() {
    let shipped = dependencies(Kind::Shipped);
    for (name, allowed) in HOUSE {
        for dependency in ours(&shipped, name) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn only_tests_depend_on_what_stands_outside_the_house() {
    let shipped = dependencies(Kind::Shipped);
    for (name, dependencies) in shipped.iter().filter(|(name, _)| !OUTSIDE.contains(&name.as_str())) {
        for outside in OUTSIDE {
            assert!(!dependencies.contains(*outside), "{name} must not ship with {outside}");
        }
    }
}

#[test]
fn tests_reach_no_higher_than_their_crate_but_for_the_testkit() {
    let for_tests = dependencies(Kind::Tests);
    for (name, allowed) in HOUSE {
        for dependency in ours(&for_tests, name) {
            let allowed = dependency == "obol-testkit" || dependency == **name || reaches(allowed, &dependency);
            assert!(allowed, "the tests of {name} must not depend on {dependency}");
        }
    }
}

#[test]
fn some_crates_are_kept_to_the_rooms_that_need_them() {
    let shipped = dependencies(Kind::Shipped);
    for (kept, rooms, reason) in KEPT_TO {
        for (name, dependencies) in &shipped {
            let allowed = rooms.contains(&name.as_str()) || OUTSIDE.contains(&name.as_str());
            assert!(allowed || !dependencies.contains(*kept), "{name} must not depend on {kept}: {reason}");
        }
    }
}

#[test]
fn sqlx_is_known_to_the_store_alone_even_in_tests() {
    for kind in [Kind::Shipped, Kind::Tests] {
        for (name, dependencies) in dependencies(kind) {
            assert!(name == "obol-store" || !dependencies.contains("sqlx"), "{name} must not depend on sqlx");
        }
    }
}

#[test]
fn formats_and_rules_have_no_way_to_do_io() {
    let shipped = dependencies(Kind::Shipped);
    for name in PURE {
        for impure in IMPURE {
            assert!(!shipped[*name].contains(*impure), "{name} must not depend on {impure}");
        }
    }
}

#[test]
fn every_crate_takes_the_workspaces_lints() {
    for package in packages() {
        let manifest = package["manifest_path"].as_str().expect("a package has a manifest");
        let text = std::fs::read_to_string(manifest).expect("a manifest can be read");
        assert!(text.contains("[lints]\nworkspace = true\n"), "{manifest} does not take the workspace's lints");
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What a crate is built with: normal and build dependencies.
    Shipped,
    Tests,
}

/// Each package's dependencies of one kind, by package name.
fn dependencies(kind: Kind) -> BTreeMap<String, BTreeSet<String>> {
    let is_kind = |dependency: &&Value| (dependency["kind"] == "dev") == (kind == Kind::Tests);
    let names = |package: &Value| {
        let all = package["dependencies"].as_array().expect("a package lists its dependencies");
        all.iter().filter(is_kind).map(|one| text(&one["name"])).collect()
    };
    packages().iter().map(|package| (text(&package["name"]), names(package))).collect()
}

fn packages() -> Vec<Value> {
    let metadata = crate::cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo metadata is JSON");
    metadata["packages"].as_array().expect("cargo metadata lists packages").clone()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a name is a string").to_owned()
}

/// Those of a package's dependencies that are ours.
fn ours(all: &BTreeMap<String, BTreeSet<String>>, name: &str) -> Vec<String> {
    let is_ours = |one: &&String| *one == "obol" || one.starts_with("obol-") || *one == "xtask";
    all.get(name).map(|set| set.iter().filter(is_ours).cloned().collect()).unwrap_or_default()
}

/// Whether a crate is among the allowed ones or below one of them.
fn reaches(allowed: &[&str], wanted: &str) -> bool {
    allowed
        .iter()
        .any(|name| *name == wanted || HOUSE.iter().any(|(above, below)| above == name && reaches(below, wanted)))
}
