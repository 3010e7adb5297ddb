//! `device_code`: the device asks whether its user has decided (contract identity 2.2; RFC 8628 sections 3.4 and 3.5).

use std::time::Duration;

use obol_domain::Explanation;
use obol_protocol::{
    Secret,
    oauth::{OAuthError, OAuthErrorCode, ScopeList, TokenBody},
};
use obol_store::device_codes::{self, DeviceState};

use super::{Admitted, SignIn, TokenRefusal};
use crate::{Identity, ServiceError, claims::Origin};

/// How long a device waits between two questions (RFC 8628 section 3.2, where the answer names no interval).
const INTERVAL: Duration = Duration::from_secs(5);

/// Why a device code brings no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeviceFault {
    /// Nobody was given it.
    #[error("the device code is unknown")]
    Unknown,
    /// Another client was given it.
    #[error("the device code is another client's")]
    OtherClient,
    /// It brought a token already.
    #[error("the device code was used")]
    Used,
    /// It has ended.
    #[error("the device code has expired")]
    Expired,
    /// The device asked a moment ago.
    #[error("the device asks too often")]
    TooFast,
    /// The user has not decided.
    #[error("the user has not decided yet")]
    Pending,
    /// The user said no.
    #[error("the user denied it")]
    Denied,
}

impl Identity {
    pub(super) async fn device_code(
        &self,
        admitted: &Admitted<'_>,
        device_code: &Secret,
    ) -> Result<TokenBody, TokenRefusal> {
        let Admitted { stripe, client, now, .. } = *admitted;
        let (db, name) = (&self.0.db, stripe.row.name.as_str());
        let hash = self.device_hash(device_code.expose());
        let found = device_codes::by_code(db, name, &hash).await.map_err(ServiceError::Store)?;
        let code = found.ok_or(DeviceFault::Unknown)?;
        if code.app_id != client.app.id {
            return Err(DeviceFault::OtherClient.into());
        }
        if code.expires_at <= now {
            return Err(DeviceFault::Expired.into());
        }
        let user_id = match (code.state, code.user_id) {
            (DeviceState::Allowed, Some(user_id)) => user_id,
            (DeviceState::Used, _) => return Err(DeviceFault::Used.into()),
            (DeviceState::Denied, _) => return Err(DeviceFault::Denied.into()),
            (DeviceState::Pending | DeviceState::Allowed, _) => {
                let in_time = device_codes::poll(db, name, &hash, now, now.minus(INTERVAL)).await;
                let in_time = in_time.map_err(ServiceError::Store)?;
                return Err(if in_time { DeviceFault::Pending } else { DeviceFault::TooFast }.into());
            }
        };
        // Whoever is first has it, also on another node; what is refused from here on has used it up.
        if !device_codes::use_up(db, name, &hash).await.map_err(ServiceError::Store)? {
            return Err(DeviceFault::Used.into());
        }
        let user = self.acting_user(stripe, &user_id, now).await?;
        let scope = ScopeList::parse(&code.scope)
            .map_err(|error| TokenRefusal::Request(obol_protocol::oauth::TokenProblem::Scope(error)))?;
        self.issue_for_user(&Admitted { scope: &scope, ..*admitted }, &user, &SignIn::now(Origin::Device, admitted.now))
            .await
    }
}

impl DeviceFault {
    pub(super) fn answer(self) -> OAuthError {
        let (code, text) = match self {
            Self::Unknown | Self::OtherClient | Self::Used => {
                (OAuthErrorCode::InvalidGrant, "The device code is not valid.")
            }
            Self::Expired => (OAuthErrorCode::ExpiredToken, "The device code has expired."),
            Self::TooFast => (OAuthErrorCode::SlowDown, "The device asks too often."),
            Self::Pending => (OAuthErrorCode::AuthorizationPending, "The user has not decided yet."),
            Self::Denied => (OAuthErrorCode::AccessDenied, "The user denied the request."),
        };
        OAuthError::new(code, text)
    }

    /// The record for whoever asks why.
    pub fn explanation(self) -> Explanation {
        const START: &str = "start again with POST /oauth2/v1/device";
        let known = |seen: &'static str| {
            Explanation::new("device_code_known", "a device code of this client that brought no token yet", seen, START)
        };
        match self {
            Self::Unknown => known("one that nobody was given"),
            Self::OtherClient => known("another client's"),
            Self::Used => known("one that was used"),
            Self::Expired => {
                Explanation::new("device_code_alive", "a code of the last 300 seconds", "an old one", START)
            }
            Self::TooFast => Explanation::new(
                "device_polls_slowly",
                "five seconds between two questions",
                "less",
                "wait five seconds longer each time this is answered",
            ),
            Self::Pending => Explanation::new(
                "device_user_decided",
                "a user who has allowed it",
                "a user who has not decided yet",
                "open the verification_uri, sign in and enter the user code; ask again after five seconds",
            ),
            Self::Denied => {
                Explanation::new("device_user_decided", "a user who has allowed it", "a user who denied it", START)
            }
        }
    }
}
