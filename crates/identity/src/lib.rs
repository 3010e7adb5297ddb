//! The token service: clients, users, grants, tokens and their doors.
//!
//! [`Identity`] is the service; [`http::router`] its public doors. The console calls the same functions: [`users`] checks
//! a password, [`grants`] issues tokens, [`applications`] and [`sessions`] are what pages need. Analytics reaches it
//! through the traits of `domain`: [`callers`] says who signed a request, [`verifier`] who a token is, and [`registrar`] keeps
//! an instance's application.

mod admin;
pub mod applications;
mod assertions;
pub mod audit;
pub mod authorize;
mod cache;
pub mod callers;
pub mod certificates;
mod claims;
pub mod clients;
pub mod devices;
pub mod factors;
pub mod grants;
pub mod http;
pub mod iam;
mod id_token;
pub mod inspection;
pub mod keys;
pub mod limits;
mod memo;
mod opaque;
pub mod password;
pub mod passwords;
pub mod provisioning;
pub mod registrar;
pub mod rotation;
pub mod service;
pub mod sessions;
pub mod sign_in;
#[cfg(test)]
mod testing;
pub mod tokens;
pub mod trusts;
pub mod users;
pub mod verifier;

pub use service::{Identity, IdentityParts, PublicUrls, Safety, ServiceError, StripeLocator, StripeView};
