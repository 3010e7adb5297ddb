//! The tables of attributes of the resources that are served, one file for each (contract identity 6.4).

pub mod api_key;
pub mod app;
pub mod app_role;
pub mod audit_event;
pub mod changers;
pub mod grant;
pub mod group;
pub mod my_app;
pub mod password_policy;
pub mod settings;
pub mod user;
