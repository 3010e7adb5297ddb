//! The control plane without a socket: a fixed clock, seeded entropy, and small stand-ins for the other service.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod additional_info;
mod canary;
mod cancel;
mod changes;
mod channels;
mod children;
mod children_injected;
mod create;
mod delete;
mod documents;
mod injected;
mod lists;
mod logging;
mod mixed;
mod openapi;
mod policies;
#[cfg(feature = "postgres-tests")]
mod postgres;
mod races;
mod resource_groups;
mod retry_tokens;
mod routes;
mod signature;
mod tenants;
mod terraform;
mod update;
mod vanity_urls;
mod work;
mod world;
