//! What stands in `Cargo.lock` of other people's crates. `deny.toml` says the same to cargo-deny; this holds without
//! installing it. What is locked but must not be *built* (ring, behind rustls) is looked at by `cargo xtask test`, which may
//! use the network that `cargo tree` wants.

/// Crates that must not even be locked, with the reason.
const BANNED: &[(&str, &str)] = &[
    ("rsa", "its timing is open to the Marvin attack, and aws-lc-rs is here"),
    ("openssl", "bound to the distribution; rustls and aws-lc-rs are here"),
    ("openssl-sys", "bound to the distribution; rustls and aws-lc-rs are here"),
    ("native-tls", "bound to the distribution; rustls is here"),
];

#[test]
fn banned_crates_are_not_locked() {
    let lock = std::fs::read_to_string(crate::root().join("Cargo.lock")).expect("Cargo.lock can be read");
    for (banned, reason) in BANNED {
        assert!(!lock.contains(&format!("name = \"{banned}\"\n")), "{banned} is locked: {reason}");
    }
}

#[test]
fn banned_crates_are_named_in_deny_toml() {
    let text = std::fs::read_to_string(crate::root().join("deny.toml")).expect("deny.toml can be read");
    for (banned, _) in BANNED {
        assert!(text.contains(&format!("\"{banned}\"")), "deny.toml does not name {banned}");
    }
}
