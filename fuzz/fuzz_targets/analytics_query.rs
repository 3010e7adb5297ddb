//! Every query of the Analytics API.

#![no_main]

use libfuzzer_sys::fuzz_target;
use obol_protocol::analytics::query;

fuzz_target!(|text: &str| {
    let _ = query::ListAnalyticsInstances::parse(text);
    let _ = query::ListWorkRequests::parse(text);
    let _ = query::ListResourceGroups::parse(text);
    let _ = query::parse_page(text);
});
