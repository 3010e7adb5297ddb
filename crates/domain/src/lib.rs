//! The rules, pure: values in, decisions out. No I/O, no database, no ambient time or randomness.
//!
//! The traits at the edge are [`Clock`] and [`Entropy`] (given by whoever composes the server) and those that let
//! one service ask the other: [`RequestAuthenticator`], [`AccessTokenVerifier`] and [`InstanceRegistrar`].

pub mod access_token;
pub mod administration;
pub mod app_role;
pub mod application;
pub mod audit;
pub mod caller;
pub mod capacity;
pub mod causes;
pub mod certificate;
pub mod clock;
pub mod compartments;
pub mod entropy;
pub mod explanation;
pub mod granting;
pub mod injector;
pub mod issuer;
pub mod lifecycle;
pub mod lockout;
pub mod password_policy;
pub mod policy;
pub mod rate_limit;
pub mod registrar;
pub mod scopes;
pub mod seal;
pub mod totp;

use std::{future::Future, pin::Pin};

pub use access_token::AccessTokenVerifier;
pub use caller::{Caller, RequestAuthenticator};
pub use causes::with_causes;
pub use clock::Clock;
pub use entropy::Entropy;
pub use explanation::Explanation;
pub use injector::{Injector, NoFaults};
pub use registrar::InstanceRegistrar;

/// A future behind a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
