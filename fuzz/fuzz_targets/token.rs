//! Tokens in compact form, their claims, key sets, and the file that the console downloads.

#![no_main]

use libfuzzer_sys::fuzz_target;
use obol_protocol::{
    jose::{AccessTokenClaims, AssertionClaims, CompactJws, JwkSet, SessionTokenClaims, VerifyingKey},
    oauth::TokenFile,
};

fuzz_target!(|text: &str| {
    if let Ok(token) = CompactJws::parse(text) {
        let _ = token.claims::<AccessTokenClaims>();
        let _ = token.claims::<AssertionClaims>();
        let _ = token.claims::<SessionTokenClaims>();
    }
    if let Ok(keys) = serde_json::from_str::<JwkSet>(text) {
        for key in &keys.keys {
            let _ = VerifyingKey::from_jwk(key);
        }
    }
    let _ = TokenFile::is_pasted(text);
    let _ = serde_json::from_str::<TokenFile>(text);
});
