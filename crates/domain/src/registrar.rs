//! What analytics asks of identity when an instance comes and goes.

use crate::BoxFuture;

/// The instance whose application is to stand in the stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredInstance {
    /// The stripe the creator's token came from.
    pub stripe: String,
    /// The instance's OCID.
    pub instance_id: String,
    /// The instance's name, shown in the application's display name.
    pub instance_name: String,
    /// The SCIM id of the user who created it and becomes its ServiceAdministrator.
    pub creator_user_id: String,
    /// The instance's public address, the audience of tokens for its own API.
    pub service_url: String,
}

/// Registers an instance's application (`ANALYTICSINST_<instance id>` with the Service* app roles, contract identity
/// 10) in its stripe. Both calls are idempotent: they are steps of a workflow and may be repeated after a crash.
pub trait InstanceRegistrar: Send + Sync + 'static {
    /// Registers the application and grants its creator ServiceAdministrator.
    fn register<'a>(&'a self, instance: &'a RegisteredInstance) -> BoxFuture<'a, Result<(), RegistrarError>>;

    /// Removes the application with its roles and grants; absence is success.
    fn unregister<'a>(&'a self, stripe: &'a str, instance_id: &'a str) -> BoxFuture<'a, Result<(), RegistrarError>>;
}

/// Why the stripe could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistrarError {
    /// The stripe or the creator is not there (any more); repeating will not help.
    #[error("{0}")]
    Rejected(String),
    /// The stripe could not be reached or written; repeating may help.
    #[error("the stripe could not be changed")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
