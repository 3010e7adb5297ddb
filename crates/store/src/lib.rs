//! Every SQL statement and migration, on SQLite and PostgreSQL alike. The only crate that knows sqlx.
//!
//! [`Db`] and [`Tx`] are the facade over the two native drivers. Each table has a module of concrete functions that take
//! the tenant as a required argument; a function that takes `&mut Tx` never commits. Statements are constants made with
//! `statements!`, listed in [`census`], and prepared on both engines by a test.

#[macro_use]
mod statement;

pub mod access;
pub mod api_keys;
pub mod app_certificates;
pub mod app_roles;
pub mod app_scopes;
pub mod apps;
pub mod audit;
pub mod authorization_codes;
pub mod compartments;
pub mod consents;
pub mod db;
pub mod device_codes;
pub mod error;
pub mod explanations;
pub mod factors;
pub mod grants;
pub mod groups;
pub mod half_sign_ins;
pub mod instance_children;
pub mod instances;
pub mod meta;
mod migrations;
pub mod open;
mod page;
pub mod password_policies;
pub mod passwords;
pub mod people;
pub mod policies;
pub mod private_access_channels;
pub mod propagation_trusts;
mod readers;
pub mod refresh_tokens;
pub mod resource_groups;
pub mod retry_tokens;
pub mod row;
pub mod scim;
pub mod sessions;
pub mod settings;
pub mod signing_keys;
pub mod stripes;
pub mod tenancies;
pub mod used_assertions;
pub mod user_keys;
pub mod users;
pub mod value;
pub mod vanity_urls;
pub mod work_records;
pub mod work_requests;
pub mod work_steps;

pub use db::{Db, Tx};
pub use error::StoreError;
pub use open::OpenError;
pub use row::Row;
pub use statement::Statement;
pub use value::Value;

/// Every statement of this crate with its name, those put together at run time in all their forms, for the test that prepares them all on both engines.
pub fn census() -> Vec<(&'static str, Statement)> {
    [
        meta::STATEMENTS,
        explanations::STATEMENTS,
        tenancies::STATEMENTS,
        stripes::STATEMENTS,
        settings::STATEMENTS,
        users::STATEMENTS,
        apps::STATEMENTS,
        apps::resource::STATEMENTS,
        app_roles::STATEMENTS,
        app_scopes::STATEMENTS,
        refresh_tokens::STATEMENTS,
        authorization_codes::STATEMENTS,
        consents::STATEMENTS,
        grants::STATEMENTS,
        signing_keys::STATEMENTS,
        sessions::STATEMENTS,
        factors::STATEMENTS,
        half_sign_ins::STATEMENTS,
        people::STATEMENTS,
        groups::STATEMENTS,
        password_policies::STATEMENTS,
        passwords::STATEMENTS,
        audit::STATEMENTS,
        user_keys::STATEMENTS,
        api_keys::STATEMENTS,
        app_certificates::STATEMENTS,
        device_codes::STATEMENTS,
        propagation_trusts::STATEMENTS,
        used_assertions::STATEMENTS,
        instances::STATEMENTS,
        work_requests::STATEMENTS,
        work_steps::STATEMENTS,
        work_records::STATEMENTS,
        retry_tokens::STATEMENTS,
        private_access_channels::STATEMENTS,
        vanity_urls::STATEMENTS,
        resource_groups::STATEMENTS,
        instance_children::STATEMENTS,
        access::STATEMENTS,
        compartments::STATEMENTS,
        policies::STATEMENTS,
    ]
    .concat()
    .into_iter()
    .chain(people::built_statements().into_iter().map(|statement| ("people::list", statement)))
    .chain(user_keys::built_statements().into_iter().map(|statement| ("user_keys::list", statement)))
    .chain(groups::built_statements().into_iter().map(|statement| ("groups::list", statement)))
    .chain(apps::resource::built_statements().into_iter().map(|statement| ("apps::list", statement)))
    .chain(app_roles::built_statements().into_iter().map(|statement| ("app_roles::list", statement)))
    .chain(audit::built_statements().into_iter().map(|statement| ("audit::list", statement)))
    .chain(grants::built_statements().into_iter().map(|statement| ("grants::list", statement)))
    .chain(instances::list_statements().into_iter().map(|statement| ("instances::list", statement)))
    .chain(resource_groups::list_statements().into_iter().map(|statement| ("resource_groups::list", statement)))
    .chain(work_requests::list_statements().into_iter().map(|statement| ("work_requests::list", statement)))
    .collect()
}
