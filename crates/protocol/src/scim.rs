//! SCIM 2.0 as IDCS's administration speaks it (contract identity 6).
//!
//! A resource is a table of attributes ([`schema`]), and everything else is derived from it: what a body may hold
//! ([`incoming`]), what an answer shows ([`projection`]), what a filter means ([`condition`]), what PATCH does ([`patch`]).

pub mod condition;
pub mod error;
pub mod fault;
pub mod filter;
pub mod incoming;
pub mod list;
pub mod patch;
pub mod path;
pub mod projection;
pub mod resources;
pub mod schema;

pub use condition::Condition;
pub use error::ScimError;
pub use fault::Fault;
pub use filter::Filter;
pub use incoming::Document;
pub use list::{ListAnswer, ListQuery};
pub use path::AttributePath;
pub use projection::Projection;
pub use schema::ResourceType;

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
