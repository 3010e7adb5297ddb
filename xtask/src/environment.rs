//! The environment and the command line of the process, read in this one file.

use std::path::{Path, PathBuf};

/// The variables that `dev.env` exports. A shell that has read one must not steer the tests.
pub const DEV_CLOUD_VARIABLES: [&str; 11] = [
    "OBOL_URL",
    "OBOL_STRIPE",
    "OBOL_STRIPE_URL",
    "OBOL_CLIENT_ID",
    "OBOL_CLIENT_SECRET",
    "OBOL_USERNAME",
    "OBOL_PASSWORD",
    "OBOL_TENANCY_ID",
    "OBOL_COMPARTMENT_ID",
    "OBOL_REGION",
    "OBOL_TOKEN",
];

/// Returns one variable; absent, empty and not-UTF-8 are the same to a chore.
#[expect(clippy::disallowed_methods, reason = "the one place of xtask that reads the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the arguments after the program's name.
pub fn arguments() -> Vec<String> {
    std::env::args().skip(1).collect()
}

/// Returns the cargo that runs this chore, so that a pinned toolchain stays the same throughout.
pub fn cargo() -> PathBuf {
    variable("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// Returns the workspace's root.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}

/// Returns where cargo puts what it builds.
pub fn target() -> PathBuf {
    variable("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
