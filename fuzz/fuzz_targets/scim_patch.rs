//! SCIM bodies: a resource that is made, replaced, and patched with whatever operations. The first line is the resource, the
//! rest the PATCH body.

#![no_main]

use libfuzzer_sys::fuzz_target;
use obol_protocol::scim::{incoming, patch, resources};
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Some((resource, operations)) = text.split_once('\n') else { return };
    let Ok(resource) = serde_json::from_str::<Value>(resource) else { return };
    let Ok(operations) = serde_json::from_str::<Value>(operations) else { return };
    for kind in [&resources::user::USER, &resources::group::GROUP, &resources::app::APP] {
        let Ok(mut document) = incoming::created(kind, &resource) else { continue };
        let _ = incoming::replaced(kind, &operations, &document);
        if let Ok(operations) = patch::read(kind, &operations) {
            let _ = patch::apply(kind, &mut document, &operations);
        }
    }
});
