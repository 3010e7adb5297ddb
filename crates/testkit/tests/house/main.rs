//! The rules of the house that a compiler does not hold: who may depend on whom, what the tree may contain.
//!
//! They are tests, so that `cargo test` alone tells a contributor, without a tool to install.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod edges;
mod supply;
mod tree;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace's root, two steps above this crate.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace has a root")
}

/// What a cargo command prints. Offline: everything these tests ask about was there to build them.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).arg("--offline").current_dir(root()).output();
    let output = output.expect("cargo starts");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}
