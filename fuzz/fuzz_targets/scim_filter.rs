//! SCIM filters, paths and projections: what is read prints to what reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use obol_protocol::scim::{AttributePath, Condition, Filter, Projection, resources};

fuzz_target!(|text: &str| {
    if let Ok(filter) = Filter::parse(text) {
        assert_eq!(Filter::parse(&filter.to_string()).as_ref(), Ok(&filter));
        let _ = Condition::of(&filter, &resources::user::USER);
        let _ = Condition::of(&filter, &resources::app::APP);
    }
    if let Ok(path) = text.parse::<AttributePath>() {
        assert_eq!(path.to_string().parse::<AttributePath>().as_ref(), Ok(&path));
    }
    let _ = Projection::read(&resources::user::USER, [text], [text]);
});
