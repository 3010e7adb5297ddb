//! What the audit trail says of administration's changes: on which application, and which attributes; never their values.

use obol_domain::audit::{Kind, Party};
use obol_protocol::scim::Document;
use obol_store::{Tx, apps::App};

use super::{Call, Refusal};

/// The record of a change of an application.
pub(super) async fn app(
    call: &Call,
    tx: &mut Tx,
    event: &'static str,
    app: &App,
    changed: Vec<String>,
) -> Result<(), Refusal> {
    call.audit(tx, event, Party::new(Kind::App, &app.id, &app.display_name), changed).await
}

/// The names of the attributes in which two documents differ.
pub(super) fn changed_names(before: &Document, after: &Document) -> Vec<String> {
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    names.filter(|name| name.as_str() != "schemas" && before.get(*name) != after.get(*name)).cloned().collect()
}
