//! The control plane of Oracle Analytics Cloud, API version 20190331: its signed door, its operations and the durable
//! work behind them.
//!
//! A request enters by [`http`], is authenticated by its signature, and reaches one of the [`operations`]. What takes
//! long is accepted as a work request in the same transaction as its instance, and carried out by [`work`] along one of
//! the [`workflows`]; what becomes of servers is the [`provisioner`]'s. Who signed a request, who an access token is, and
//! how an instance's application is registered, is asked through three traits of `domain`; identity itself is another
//! service.

mod acceptance;
mod access;
mod children;
pub mod http;
mod inner;
pub mod openapi;
mod operations;
pub mod provisioner;
mod refusal;
mod retry;
mod settings;
mod vanity_certificate;
mod views;
pub mod work;
mod workflows;

use std::sync::Arc;

use obol_domain::{
    AccessTokenVerifier, Clock, Entropy, Injector, InstanceRegistrar, RequestAuthenticator, seal::MasterKey,
};
use obol_store::{Db, access::Memory, explanations::Recorder};
use tokio::sync::Notify;

pub use children::Kind as ChildKind;
pub(crate) use inner::Inner;
pub use provisioner::Provisioner;
pub use refusal::Refusal;
pub use settings::Settings;

/// What the control plane is put together from.
pub struct AnalyticsParts {
    /// The database.
    pub db: Db,
    /// The time it lives in.
    pub clock: Arc<dyn Clock>,
    /// Where its ids come from.
    pub entropy: Arc<dyn Entropy>,
    /// Tells who signed a request.
    pub authenticator: Arc<dyn RequestAuthenticator>,
    /// Tells who an access token is.
    pub verifier: Arc<dyn AccessTokenVerifier>,
    /// Registers instances in their stripe.
    pub registrar: Arc<dyn InstanceRegistrar>,
    /// Under what the private keys of vanity URLs are sealed.
    pub master: MasterKey,
    /// What goes wrong on purpose; nothing, in production.
    pub injector: Arc<dyn Injector>,
    /// Makes, changes and removes the servers of instances.
    pub provisioner: Arc<dyn Provisioner>,
    /// What may differ between installations.
    pub settings: Settings,
    /// Where refusals are explained.
    pub recorder: Recorder,
}

/// The control plane. Clones share it.
#[derive(Clone)]
pub struct Analytics(Arc<Inner>);

impl Analytics {
    /// Puts the control plane together.
    pub fn new(parts: AnalyticsParts) -> Self {
        let AnalyticsParts {
            db,
            clock,
            entropy,
            authenticator,
            verifier,
            registrar,
            master,
            injector,
            provisioner,
            settings,
            recorder,
        } = parts;
        Self(Arc::new(Inner {
            rules: Memory::new(db.clone()),
            db,
            clock,
            entropy,
            authenticator,
            verifier,
            registrar,
            master,
            injector,
            provisioner,
            settings,
            recorder,
            accepted: Notify::new(),
        }))
    }
}

impl std::ops::Deref for Analytics {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
