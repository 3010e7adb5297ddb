//! A request whose signature fits, and the question whether it may be carried out.

use std::sync::Arc;

use http::{HeaderMap, header::IF_MATCH};
use obol_domain::{
    caller::Caller,
    policy::{Permission, Question, Rules, Target},
};
use obol_protocol::Timestamp;

use super::{refusal::Refusal, routes::Route};
use crate::Identity;

pub(super) struct Call<'a> {
    pub(super) identity: &'a Identity,
    pub(super) route: &'a Route,
    /// The service's time.
    pub(super) now: Timestamp,
    pub(super) caller: &'a Caller,
    /// Who may do what in the caller's tenancy.
    pub(super) rules: Arc<Rules>,
    /// The parts of the path that vary; empty where nothing does.
    pub(super) ids: [String; 2],
    /// The raw query.
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

impl Call<'_> {
    /// The first part of the path that varies.
    pub(super) fn id(&self) -> &str {
        let [id, _] = &self.ids;
        id
    }

    /// The second one.
    pub(super) fn key(&self) -> &str {
        let [_, key] = &self.ids;
        key
    }

    /// The tenancy that everything of this call lies in.
    pub(super) fn tenancy_id(&self) -> &str {
        &self.caller.tenancy_id
    }

    /// An administrator may everything, anybody else what a statement allows. A compartment that is not there and one in
    /// which nothing is allowed look the same.
    ///
    /// # Errors
    ///
    /// [`Refusal::CompartmentUnknown`] or [`Refusal::NotAllowed`].
    pub(super) fn needs(&self, permission: Permission, compartment_id: &str) -> Result<(), Refusal> {
        if self.rules.tree().depth(compartment_id).is_none() {
            return Err(Refusal::CompartmentUnknown { id: compartment_id.to_owned() });
        }
        if self.caller.is_administrator {
            return Ok(());
        }
        self.rules.decide(self.caller, &self.question(permission, compartment_id)).map_err(|denied| {
            Refusal::NotAllowed {
                operation: self.route.operation.name(),
                compartment_id: compartment_id.to_owned(),
                denied,
            }
        })
    }

    /// Whether the caller may.
    pub(super) fn may(&self, permission: Permission, compartment_id: &str) -> bool {
        self.caller.is_administrator || self.rules.allows(self.caller, &self.question(permission, compartment_id))
    }

    fn question<'q>(&self, permission: Permission, compartment_id: &'q str) -> Question<'q> {
        let target = Target { compartment_id, ..Target::default() };
        Question { operation: self.route.operation.name(), permission, target }
    }

    /// 412 where `if-match` names another version. `*` is any version (RFC 9110 section 13.1.1).
    ///
    /// # Errors
    ///
    /// [`Refusal::EtagMismatch`]
    pub(super) fn matches(&self, version: i64) -> Result<(), Refusal> {
        let Some(sent) = self.headers.get(IF_MATCH) else { return Ok(()) };
        let current = etag(version);
        let matches = sent
            .to_str()
            .is_ok_and(|sent| sent.split(',').map(str::trim).any(|one| one == "*" || one.trim_matches('"') == current));
        if matches { Ok(()) } else { Err(Refusal::EtagMismatch { current }) }
    }
}

/// The ETag of a row's version. It is opaque to callers; sixteen digits look like one.
pub(super) fn etag(version: i64) -> String {
    format!("{version:016x}")
}
