//! The administration API through its doors: what each resource does, what is refused, and that nothing changed then.

mod credentials;
mod groups;
mod lists;
mod me;
mod support;
mod users;
