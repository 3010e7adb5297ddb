//! What travels on the wire, and nothing else: no I/O, no clock, no database.
//!
//! [`oauth`] and [`jose`] are the token service's dialect, [`scim`] its administration's, [`oci`] what every Oracle
//! Cloud call shares (identifiers, signatures, errors, paging), [`analytics`] the bodies of the Analytics API, [`iam`] those of
//! the identity API 20160918, [`fetch_metadata`]
//! what browsers say of the page that made a request, and [`description`] how to speak of a caller's text without
//! repeating it.

pub mod analytics;
pub mod description;
pub mod fetch_metadata;
pub mod hex;
pub mod iam;
pub mod jose;
pub mod oauth;
pub mod oci;
mod percent;
pub mod scim;
pub mod secret;
pub mod time;

pub use secret::Secret;
pub use time::Timestamp;
