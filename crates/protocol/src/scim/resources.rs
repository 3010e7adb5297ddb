//! The tables of attributes of the resources that are served, one file for each (contract identity 6.4).

pub mod api_key;
pub mod changers;
pub mod group;
pub mod user;
