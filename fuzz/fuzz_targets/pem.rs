//! Keys and certificates in PEM and DER, encrypted ones included.

#![no_main]

use libfuzzer_sys::fuzz_target;
use obol_protocol::{
    jose::Certificate,
    oci::signature::{PrivateKey, PublicKey},
};

fuzz_target!(|bytes: &[u8]| {
    let _ = PublicKey::from_der(bytes);
    let _ = PrivateKey::from_pkcs8(bytes);
    let _ = Certificate::from_der(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = PublicKey::from_pem(text);
        let _ = PrivateKey::from_pem(text);
        let _ = PublicKey::from_jwk_text(text);
        let _ = Certificate::from_text(text);
    }
});
