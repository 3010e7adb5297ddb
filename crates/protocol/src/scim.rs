//! SCIM 2.0 as IDCS's administration speaks it (contract identity 6): errors, headers, and the resources of the doors
//! that are open.

pub mod error;
pub mod user;

pub use error::ScimError;
pub use user::{Email, Meta, Name, User};

/// The content type of every answer (contract identity 6.1).
pub const CONTENT_TYPE: &str = "application/json;charset=utf-8";

/// The headers of every answer beside its content type and request ids (contract identity 6.1).
pub const HEADERS: [(&str, &str); 5] = [
    ("cache-control", "no-cache, no-store, must-revalidate"),
    ("pragma", "no-cache"),
    ("expires", "Sat, 01 Jan 2000 00:00:00 GMT"),
    ("x-content-type-options", "nosniff"),
    ("x-xss-protection", "1; mode=block"),
];
