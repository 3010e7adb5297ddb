//! The device flow's first half: codes for a device, and a user's decision about them (contract identity 2.2; RFC 8628).
//! The second half, a token for the code, is a grant.

use std::time::Duration;

use obol_domain::{
    Entropy, Explanation,
    audit::{Cause, Event, Kind, Outcome, Party},
    entropy::hex,
};
use obol_protocol::{
    Timestamp,
    oauth::{DeviceAnswer, DeviceRequest, GrantType, PresentedClient},
};
use obol_store::device_codes::{self, DeviceCode, DeviceState, NewDeviceCode};

use crate::{
    Identity, ServiceError, StripeLocator,
    cache::LoadedStripe,
    grants::{TokenRefusal, check_grant},
    http::PublicBase,
    users::SignInRefusal,
};

/// How long the codes hold (contract identity 9).
const LIFETIME: Duration = Duration::from_mins(5);
/// The letters of a user code: no vowels, so that no word comes out, and none that looks like another letter or digit.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many letters: 34 bits, which hold for five minutes against ten guesses of each user.
const LENGTH: usize = 8;
/// How many wrong codes a user may type within [`LIFETIME`].
const MOST_FAILURES: i64 = 10;

/// What a user is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceQuestion {
    /// The application's display name.
    pub application: String,
    /// The scopes it asks for, one by one.
    pub scopes: Vec<String>,
}

/// Why a user's code leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum DeviceRefusal {
    /// There is no such stripe.
    #[error("there is no such stripe")]
    UnknownStripe,
    /// No pending code is this one: it was never given out, has ended, or was decided.
    #[error("the code is not valid")]
    UnknownCode,
    /// The user typed too many wrong codes.
    #[error("too many wrong codes were entered")]
    TooManyAttempts,
    /// The user may not act any more.
    #[error("the user may not act")]
    User(#[source] SignInRefusal),
    /// The service failed.
    #[error("the service failed")]
    Service(#[from] ServiceError),
}

impl Identity {
    /// Gives a device its codes. The client is known by its id alone; one that proves itself must do so rightly.
    pub(crate) async fn device_start(
        &self,
        locator: &StripeLocator,
        base: Option<&PublicBase>,
        request: DeviceRequest,
        now: Timestamp,
    ) -> Result<DeviceAnswer, TokenRefusal> {
        let stripe = self.locate(locator, now).await?.ok_or(TokenRefusal::UnknownStripe)?;
        let client = match &request.client {
            PresentedClient::Public { client_id } => self.known_client(&stripe, client_id).await?,
            PresentedClient::Secret { .. } | PresentedClient::Assertion { .. } => {
                self.authenticate_client(&stripe, &request.client, base).await?
            }
        };
        check_grant(&client, GrantType::DeviceCode)?;
        let (device_code, user_code) = (self.0.entropy.uuid(), user_code(&*self.0.entropy));
        let new = NewDeviceCode {
            code_hash: &self.device_hash(&device_code),
            user_code_hash: &self.user_code_hash(&user_code),
            app_id: &client.app.id,
            scope: &request.scope,
            created_at: now,
            expires_at: now.plus(LIFETIME),
        };
        device_codes::insert(&self.0.db, &stripe.row.name, new).await.map_err(ServiceError::Store)?;
        let address = base.map_or(stripe.url.as_str(), |base| &base.0);
        Ok(DeviceAnswer {
            expires_in: LIFETIME.as_secs(),
            device_code,
            user_code,
            verification_uri: format!("{address}/ui/v1/device"),
        })
    }

    /// What a signed-in user is asked about by a code that they typed.
    ///
    /// # Errors
    ///
    /// [`DeviceRefusal`]
    pub async fn device_question(
        &self,
        stripe: &str,
        user_id: &str,
        user_code: &str,
    ) -> Result<DeviceQuestion, DeviceRefusal> {
        let now = self.now();
        let loaded = self.device_user(stripe, user_id, now).await?;
        let code = self.pending(stripe, user_id, user_code, now).await?;
        let client = self.client_now(&loaded, &code.app_id).await?.ok_or(DeviceRefusal::UnknownCode)?;
        Ok(DeviceQuestion {
            application: client.app.display_name,
            scopes: code.scope.split_ascii_whitespace().map(str::to_owned).collect(),
        })
    }

    /// Allows or denies what a code asks for, in the name of a signed-in user.
    ///
    /// # Errors
    ///
    /// [`DeviceRefusal`]
    pub async fn device_decide(
        &self,
        stripe: &str,
        user_id: &str,
        user_code: &str,
        allow: bool,
        cause: &Cause,
    ) -> Result<(), DeviceRefusal> {
        let now = self.now();
        self.device_user(stripe, user_id, now).await?;
        let code = self.pending(stripe, user_id, user_code, now).await?;
        let event = if allow { "sso.device.allow" } else { "sso.device.deny" };
        let event = Event::new(event, Outcome::Success, cause.clone(), now).on(Party::new(Kind::App, &code.app_id, ""));
        let mut tx = self.0.db.begin().await.map_err(ServiceError::Store)?;
        let hash = self.user_code_hash(user_code);
        let decided = device_codes::decide(&mut tx, stripe, &hash, allow, user_id, now).await;
        if !decided.map_err(ServiceError::Store)? {
            return Err(DeviceRefusal::UnknownCode);
        }
        self.audit(&mut tx, stripe, &[event]).await.map_err(ServiceError::Store)?;
        tx.commit().await.map_err(ServiceError::Store)?;
        Ok(())
    }

    async fn device_user(
        &self,
        stripe: &str,
        user_id: &str,
        now: Timestamp,
    ) -> Result<std::sync::Arc<LoadedStripe>, DeviceRefusal> {
        let locator = StripeLocator::Named(stripe.to_owned());
        let loaded = self.locate(&locator, now).await?.ok_or(DeviceRefusal::UnknownStripe)?;
        match self.present_user(&loaded, user_id, now).await {
            Ok(_) => Ok(loaded),
            Err(SignInRefusal::Service(error)) => Err(error.into()),
            Err(refusal) => Err(DeviceRefusal::User(refusal)),
        }
    }

    /// The pending code that a user typed. A wrong one counts, and after too many a right one is not looked at either.
    async fn pending(
        &self,
        stripe: &str,
        user_id: &str,
        user_code: &str,
        now: Timestamp,
    ) -> Result<DeviceCode, DeviceRefusal> {
        let db = &self.0.db;
        if device_codes::failures(db, stripe, user_id, now).await.map_err(ServiceError::Store)? >= MOST_FAILURES {
            return Err(DeviceRefusal::TooManyAttempts);
        }
        let found = device_codes::by_user_code(db, stripe, &self.user_code_hash(user_code)).await;
        let found = found.map_err(ServiceError::Store)?;
        if let Some(code) = found.filter(|code| code.state == DeviceState::Pending && now < code.expires_at) {
            return Ok(code);
        }
        let until = now.plus(LIFETIME);
        device_codes::count_failure(db, stripe, user_id, now, until).await.map_err(ServiceError::Store)?;
        Err(DeviceRefusal::UnknownCode)
    }

    pub(crate) fn device_hash(&self, device_code: &str) -> String {
        hex(&self.0.master.keyed_hash("device code", device_code.as_bytes()))
    }

    /// As people type it: case, spaces and hyphens do not count.
    fn user_code_hash(&self, user_code: &str) -> String {
        let letters: String =
            user_code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect();
        hex(&self.0.master.keyed_hash("user code", letters.as_bytes()))
    }
}

/// Eight letters, each as likely as any other.
fn user_code(entropy: &dyn Entropy) -> String {
    let mut code = String::with_capacity(LENGTH);
    while code.len() < LENGTH {
        let fair = entropy.bytes::<16>().into_iter().filter(|byte| *byte < 240);
        let letters = fair.filter_map(|byte| LETTERS.get(usize::from(byte % 20)).copied().map(char::from));
        code.extend(letters.take(LENGTH.saturating_sub(code.len())));
    }
    code
}

impl DeviceRefusal {
    /// The record for whoever asks why. Service failures have none: they are not the caller's.
    pub fn explanation(&self) -> Option<Explanation> {
        Some(match self {
            Self::UnknownStripe => crate::users::unknown_stripe(),
            Self::UnknownCode => Explanation::new(
                "device_user_code_known",
                "the code that a device shows, within five minutes and not decided yet",
                "another code",
                "check the letters, or start again on the device",
            ),
            Self::TooManyAttempts => Explanation::new(
                "device_attempts_left",
                "at most ten wrong codes within five minutes",
                "more",
                "wait five minutes and start again on the device",
            ),
            Self::User(refusal) => return refusal.explanation(),
            Self::Service(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests;
