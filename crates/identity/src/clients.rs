//! Client authentication (contract identity 2.4): the client is known, is a client, is active, and proves itself.
//!
//! Every failure answers 401 `invalid_client` with one text, so that nobody reads from an answer which client ids exist;
//! the reason is in the explanation only. A stopwatch can still tell: a known client with a supplied secret pays for an
//! Argon2id, an unknown one does not. That is let be, as ids have 128 random bits and nobody comes upon one by trying.

use std::sync::{Arc, PoisonError};

use obol_domain::{Explanation, seal::MasterKey};
use obol_protocol::{
    Secret,
    oauth::{PresentedClient, SecretMethod},
};
use obol_store::apps::{ClientSecret, ClientType};

use crate::{
    Identity, ServiceError,
    assertions::{AssertionFault, Presented, Subject},
    cache::{LoadedClient, LoadedStripe},
    http::PublicBase,
    password::Busy,
};

/// Why a client was not authenticated.
#[derive(Debug, thiserror::Error)]
pub enum ClientRefusal {
    /// No application has this client id.
    #[error("no client has the id {0}")]
    Unknown(String),
    /// The application is not configured as a client.
    #[error("the application {0} is not a client")]
    NotAClient(String),
    /// The application has not been activated, or was deactivated.
    #[error("the application {0} is not active")]
    Inactive(String),
    /// A confidential client presented no secret.
    #[error("the client {0} presented no secret")]
    NoSecret(String),
    /// A public client presented a secret, which it cannot have.
    #[error("the public client {0} presented a secret")]
    PublicWithSecret(String),
    /// A public client presented an assertion, which it has no key for.
    #[error("the public client {0} presented an assertion")]
    PublicWithAssertion(String),
    /// The client's assertion is not accepted.
    #[error("the assertion of the client is not accepted")]
    Assertion(#[source] AssertionFault),
    /// The secret is another one.
    #[error("the secret of the client {0} is wrong")]
    WrongSecret(String),
    /// Too many secrets or passwords are being checked.
    #[error("too many secrets are being checked")]
    Busy(#[from] Busy),
    /// The service failed.
    #[error("the client could not be looked up")]
    Service(#[from] ServiceError),
}

/// The purpose a generated secret is hashed for; another application's hash does not fit.
pub(crate) fn purpose(stripe: &str, app_id: &str) -> String {
    format!("client secret {stripe}/{app_id}")
}

impl Identity {
    /// Authenticates a client by what it presented. `base` is the stripe's address as the client reached it, which an
    /// assertion may be for.
    pub(crate) async fn authenticate_client(
        &self,
        stripe: &LoadedStripe,
        presented: &PresentedClient,
        base: Option<&PublicBase>,
    ) -> Result<Arc<LoadedClient>, ClientRefusal> {
        let id = || presented.client_id().to_owned();
        let client = self.known_client(stripe, presented.client_id()).await?;
        match (presented, client.app.client_type) {
            (PresentedClient::Public { .. }, ClientType::Public) => Ok(client),
            (PresentedClient::Public { .. }, ClientType::Confidential | ClientType::Trusted) => {
                Err(ClientRefusal::NoSecret(id()))
            }
            (PresentedClient::Secret { .. }, ClientType::Public) => Err(ClientRefusal::PublicWithSecret(id())),
            (PresentedClient::Assertion { .. }, ClientType::Public) => Err(ClientRefusal::PublicWithAssertion(id())),
            (PresentedClient::Assertion { assertion, .. }, ClientType::Confidential | ClientType::Trusted) => {
                let at = Presented { stripe, base };
                self.verify_assertion(at, &client, assertion, Subject::Client).await?;
                Ok(client)
            }
            (PresentedClient::Secret { secret, method, .. }, ClientType::Confidential | ClientType::Trusted) => {
                // Where the secret stood does not matter: both ways are open to every client.
                let (SecretMethod::Basic | SecretMethod::Post) = method;
                if self.secret_matches(stripe, &client, secret).await? {
                    Ok(client)
                } else {
                    Err(ClientRefusal::WrongSecret(id()))
                }
            }
        }
    }

    /// An active client by its id, which proves nothing.
    pub(crate) async fn known_client(
        &self,
        stripe: &LoadedStripe,
        client_id: &str,
    ) -> Result<Arc<LoadedClient>, ClientRefusal> {
        let id = || client_id.to_owned();
        let found = self.0.cache.client(stripe, client_id).await.map_err(ServiceError::Store)?;
        let client = found.ok_or_else(|| ClientRefusal::Unknown(id()))?;
        if !client.app.is_oauth_client {
            return Err(ClientRefusal::NotAClient(id()));
        }
        if !client.app.is_active {
            return Err(ClientRefusal::Inactive(id()));
        }
        Ok(client)
    }

    async fn secret_matches(
        &self,
        stripe: &LoadedStripe,
        client: &LoadedClient,
        secret: &Secret,
    ) -> Result<bool, ClientRefusal> {
        let master: &MasterKey = &self.0.master;
        let purpose = purpose(&stripe.row.name, &client.app.id);
        let secret_bytes = secret.expose().as_bytes();
        match &client.app.secret {
            ClientSecret::None => Ok(false),
            ClientSecret::Keyed(hash) => Ok(master.hash_matches(&purpose, secret_bytes, hash)),
            ClientSecret::Password(hash) => {
                let proven = *client.proven.lock().unwrap_or_else(PoisonError::into_inner);
                if proven.is_some_and(|proven| master.hash_matches(&purpose, secret_bytes, &proven)) {
                    return Ok(true);
                }
                let checked = self.0.passwords.verify(secret, Some(hash)).await;
                let id = &client.app.id;
                let matches = checked.map_err(|fault| fault.of::<ClientRefusal>("apps", "secret_password_hash", id))?;
                if matches {
                    let keyed = master.keyed_hash(&purpose, secret_bytes);
                    *client.proven.lock().unwrap_or_else(PoisonError::into_inner) = Some(keyed);
                }
                Ok(matches)
            }
        }
    }

    /// The client id's application, read now and not from memory, with the claims of its tokens.
    pub(crate) async fn client_now(
        &self,
        stripe: &LoadedStripe,
        app_id: &str,
    ) -> Result<Option<LoadedClient>, ServiceError> {
        match obol_store::apps::by_id(&self.0.db, &stripe.row.name, app_id).await? {
            Some(app) => Ok(Some(self.0.cache.load_client(stripe, app).await?)),
            None => Ok(None),
        }
    }
}

impl ClientRefusal {
    /// The record for whoever asks why. Service failures have none: they are not the caller's.
    pub fn explanation(&self) -> Option<Explanation> {
        Some(match self {
            Self::Unknown(id) => Explanation::new(
                "client_known",
                "the client id of an application of this stripe",
                unknown_id(id),
                "check the client id and the stripe in the URL",
            ),
            Self::NotAClient(id) => Explanation::new(
                "client_known",
                "an application configured as a client",
                format!("{id}, which is a resource only"),
                "configure the application as a client, or use another one",
            ),
            Self::Inactive(id) => Explanation::new(
                "client_active",
                "an active application",
                format!("{id}, which is inactive"),
                "activate the application",
            ),
            Self::NoSecret(id) => Explanation::new(
                "client_secret_present",
                "the client's secret, by Basic or in the body",
                format!("the client id {id} alone"),
                "send the secret, e.g. with curl -u id:secret",
            ),
            Self::PublicWithSecret(id) => Explanation::new(
                "client_secret_matches",
                "the client id alone, as the client is public",
                format!("a secret for {id}"),
                "leave the secret out",
            ),
            Self::PublicWithAssertion(id) => Explanation::new(
                "client_secret_matches",
                "the client id alone, as the client is public",
                format!("an assertion for {id}"),
                "leave the assertion out",
            ),
            Self::Assertion(fault) => fault.explanation(),
            Self::WrongSecret(id) => Explanation::new(
                "client_secret_matches",
                format!("the secret of {id}"),
                "another secret",
                "check the secret, and that each part of Basic credentials is URL-encoded; regenerate it if it is lost",
            ),
            Self::Busy(_) => busy(),
            Self::Service(_) => return None,
        })
    }
}

/// Describes a client id that nobody has. It may well be a secret in the wrong place, so it is repeated only in the
/// shape that ids have and secrets do not.
fn unknown_id(id: &str) -> String {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let groups: Vec<_> = id.split('-').map(str::len).collect();
    if id.len() == 32 && hex(id) {
        id.to_owned()
    } else if groups == [8, 4, 4, 4, 12] && id.split('-').all(hex) {
        "what looks like a client secret in the place of the client id".to_owned()
    } else {
        format!("an unknown id of {} characters", id.chars().count())
    }
}

/// The explanation of a request that was turned away under load.
pub(crate) fn busy() -> Explanation {
    Explanation::new(
        "password_capacity",
        "a free place among those whose password is being checked",
        "none",
        "repeat after the time that Retry-After gives",
    )
}
