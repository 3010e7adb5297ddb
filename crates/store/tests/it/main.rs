//! The store's suite: every test runs on SQLite, and with the feature `postgres-tests` on PostgreSQL as well.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[macro_use]
extern crate obol_testkit;

mod access;
mod analytics;
mod census;
mod children;
mod facade;
mod factors;
mod granted;
mod identity;
