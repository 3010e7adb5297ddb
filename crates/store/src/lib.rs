//! Every SQL statement and migration, on SQLite and PostgreSQL alike. The only crate that knows sqlx.
//!
//! [`Db`] and [`Tx`] are the facade over the two native drivers. Each table has a module of concrete functions that take
//! the tenant as a required argument; a function that takes `&mut Tx` never commits. Statements are constants made with
//! `statements!`, listed in [`census`], and prepared on both engines by a test.

#[macro_use]
mod statement;

pub mod app_roles;
pub mod apps;
pub mod db;
pub mod error;
pub mod explanations;
pub mod grants;
pub mod meta;
mod migrations;
pub mod row;
pub mod sessions;
pub mod signing_keys;
pub mod stripes;
pub mod tenancies;
pub mod users;
pub mod value;

pub use db::{Db, OpenError, Tx};
pub use error::StoreError;
pub use row::Row;
pub use statement::Statement;
pub use value::Value;

/// Every constant statement of this crate with its name, for the test that prepares them all on both engines.
pub fn census() -> Vec<(&'static str, Statement)> {
    [
        meta::STATEMENTS,
        explanations::STATEMENTS,
        tenancies::STATEMENTS,
        stripes::STATEMENTS,
        users::STATEMENTS,
        apps::STATEMENTS,
        app_roles::STATEMENTS,
        grants::STATEMENTS,
        signing_keys::STATEMENTS,
        sessions::STATEMENTS,
    ]
    .concat()
}
