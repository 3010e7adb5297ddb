//! The administration API through its doors: what each resource does, what is refused, and that nothing changed then.

mod applications;
mod bounds;
mod credentials;
mod groups;
mod lists;
mod me;
mod people_refusals;
mod recipe;
mod refusals;
mod settings;
mod support;
mod tenants;
mod users;
