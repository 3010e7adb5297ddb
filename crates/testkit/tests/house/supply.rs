//! What is built from other people's crates. `deny.toml` says the same to cargo-deny; this holds without installing it.

/// Crates that must not be built into anything here, with the reason.
const BANNED: &[(&str, &str)] = &[
    ("rsa", "its timing is open to the Marvin attack, and aws-lc-rs is here"),
    ("ring", "one crypto provider: aws-lc-rs"),
    ("openssl", "bound to the distribution; rustls and aws-lc-rs are here"),
    ("openssl-sys", "bound to the distribution; rustls and aws-lc-rs are here"),
    ("native-tls", "bound to the distribution; rustls is here"),
    ("sqlx-macros", "builds the drivers twice, and checks against one database only"),
];

#[test]
fn banned_crates_are_not_built() {
    let tree =
        crate::cargo(&["tree", "--workspace", "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}"]);
    for (banned, reason) in BANNED {
        let built = tree.lines().any(|line| line.split_whitespace().next() == Some(banned));
        assert!(!built, "{banned} is built: {reason}");
    }
}

#[test]
fn banned_crates_are_named_in_deny_toml() {
    let text = std::fs::read_to_string(crate::root().join("deny.toml")).expect("deny.toml can be read");
    for (banned, _) in BANNED {
        assert!(text.contains(&format!("\"{banned}\"")), "deny.toml does not name {banned}");
    }
}
