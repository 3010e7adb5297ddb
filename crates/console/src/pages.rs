//! The pages, one file each. A page is a template with exactly the values it shows.

pub(crate) mod applications;
pub(crate) mod authorization;
pub(crate) mod consent;
pub(crate) mod device;
pub(crate) mod factors;
pub(crate) mod federation;
pub(crate) mod home;
pub(crate) mod password;
pub(crate) mod refusal;
pub(crate) mod second_step;
pub(crate) mod sessions;
pub(crate) mod signin;
pub(crate) mod token;

#[cfg(test)]
mod samples;
