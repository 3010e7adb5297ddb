//! The small formats: OCIDs, fingerprints, page tokens, times, instance names. What is read prints as it was read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use obol_protocol::{
    Timestamp,
    analytics::InstanceName,
    oci::{Fingerprint, Ocid, PageToken, RequestId},
};

fuzz_target!(|text: &str| {
    if let Ok(ocid) = text.parse::<Ocid>() {
        assert_eq!(ocid.to_string(), text);
    }
    if let Ok(fingerprint) = text.parse::<Fingerprint>() {
        assert_eq!(fingerprint.to_string(), text);
    }
    if let Ok(token) = PageToken::parse(text) {
        let printed = token.to_string();
        assert_eq!(PageToken::parse(&printed).expect("what was printed can be read").to_string(), printed);
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        let printed = time.to_string();
        assert_eq!(printed.parse::<Timestamp>().expect("what was printed can be read").to_string(), printed);
    }
    let _ = text.parse::<InstanceName>();
    let _ = RequestId::mint(Some(text), &[7; 48]);
});
