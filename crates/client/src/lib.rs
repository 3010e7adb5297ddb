//! A client for Obol and for Oracle Cloud alike: [`token`] sources with a cache, a signed [`oci`] client, a [`waiter`]
//! for work requests, and the [`lab`] of a dev cloud. Blocking: a command that makes three calls needs no runtime.
//!
//! Time, waiting and randomness come through [`Outside`], so that tests move them; [`System`] is the real one.

pub mod analytics;
pub mod endpoint;
pub mod inspection;
pub mod lab;
pub mod oci;
pub mod outside;
pub mod token;
pub mod token_file;
pub mod transport;
pub mod waiter;

pub use endpoint::Endpoint;
pub use obol_protocol::{
    Secret, Timestamp,
    oci::{
        Fingerprint, RequestId,
        signature::{KeyError, PrivateKey, Signer},
    },
};
pub use oci::{CallError, OciClient};
pub use outside::{Outside, System};
pub use transport::{Transport, TransportError};

#[cfg(test)]
mod recorder;
