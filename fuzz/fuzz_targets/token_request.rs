//! The token endpoint's form: percent-encoding, duplicates, grants, client authentication, scopes. The first line is the
//! Authorization header, the rest the body.

#![no_main]

use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use obol_protocol::oauth::{Form, ScopeList, TokenRequest, form::MEDIA_TYPE};

fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let (authorization, body) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(authorization) {
        headers.insert(header::AUTHORIZATION, value);
    }
    if let Ok(form) = Form::parse(Some(MEDIA_TYPE), body) {
        let _ = TokenRequest::parse(&form, &headers);
    }
    if let Ok(text) = std::str::from_utf8(body)
        && let Ok(scopes) = ScopeList::parse(text)
    {
        let printed: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        let again = ScopeList::parse(&printed.join(" ")).expect("what was printed can be read");
        assert_eq!(again.iter().count(), printed.len());
    }
});
