//! Every environment variable that is read, in one place. Options go before variables, variables before files.

use std::path::PathBuf;

use obol_client::Secret;

#[expect(clippy::disallowed_methods, reason = "the one file that reads the environment")]
fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// `OBOL_URL`: the base URL of an Obol server.
pub(crate) fn obol_url() -> Option<String> {
    text("OBOL_URL")
}

/// `OBOL_STRIPE_URL`: the base URL of a stripe.
pub(crate) fn stripe_url() -> Option<String> {
    text("OBOL_STRIPE_URL")
}

/// `OBOL_CLIENT_ID`: the confidential application's client id.
pub(crate) fn client_id() -> Option<String> {
    text("OBOL_CLIENT_ID")
}

/// `OBOL_CLIENT_SECRET`: its secret.
pub(crate) fn client_secret() -> Option<Secret> {
    text("OBOL_CLIENT_SECRET").map(Secret::new)
}

/// `OBOL_USERNAME`: the user's name.
pub(crate) fn username() -> Option<String> {
    text("OBOL_USERNAME")
}

/// `OBOL_PASSWORD`: the user's password.
pub(crate) fn password() -> Option<Secret> {
    text("OBOL_PASSWORD").map(Secret::new)
}

/// `OBOL_COMPARTMENT_ID`: the compartment where none is given.
pub(crate) fn compartment_id() -> Option<String> {
    text("OBOL_COMPARTMENT_ID")
}

/// `OBOL_DATABASE_URL`: where the dev cloud keeps its data. A URL may hold a password, so it need not be an option.
pub(crate) fn database_url() -> Option<String> {
    text("OBOL_DATABASE_URL")
}

/// `HOME`: where `~/.oci/config` is.
pub(crate) fn home() -> Option<PathBuf> {
    text("HOME").map(PathBuf::from)
}

/// The variables of the official command line (contract analytics 6), by the part after `OCI_CLI_`: `CONFIG_FILE`,
/// `PROFILE`, `ENDPOINT`, `REGION`, `TENANCY`, `USER`, `FINGERPRINT`, `KEY_FILE`, `SECURITY_TOKEN_FILE`, `AUTH`,
/// `CERT_BUNDLE`.
pub(crate) fn oci_cli(name: &str) -> Option<String> {
    text(&format!("OCI_CLI_{name}"))
}

/// `OCI_CLI_KEY_CONTENT`: a private key as PEM text.
pub(crate) fn key_content() -> Option<Secret> {
    oci_cli("KEY_CONTENT").map(Secret::new)
}
