//! OCI request signatures: the Authorization header, and what it says was signed. A line each for that header, the date, the
//! target; the rest is the body.

#![no_main]

use http::{HeaderMap, HeaderValue, Method, header};
use libfuzzer_sys::fuzz_target;
use obol_protocol::{
    Timestamp,
    oci::signature::{SignatureHeader, SignedRequest, check_body},
};

fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.splitn(4, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (authorization, date, target, body) = (line(), line(), line(), line());
    let Ok(target) = std::str::from_utf8(target) else { return };
    let _ = SignatureHeader::parse(authorization);
    let mut headers = HeaderMap::new();
    for (name, value) in [(header::AUTHORIZATION, authorization), (header::DATE, date), (header::HOST, b"127.0.0.1")] {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(name, value);
        }
    }
    let request = SignedRequest { method: &Method::POST, target, authority: None, headers: &headers };
    let _ = check_body(&request, body);
    if let Ok(text) = std::str::from_utf8(date) {
        let _ = Timestamp::parse_http_date(text);
    }
});
