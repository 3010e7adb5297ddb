//! `refresh_token`: a user's sign-in goes on without the user (contract identity 2.2; RFC 6749 section 6).
//!
//! Each token is used once and replaced. Whoever sends a used one has it from somewhere it should not be, or the other
//! one has: the whole family ends (RFC 9700 section 4.14.2).

use obol_domain::{
    Explanation,
    audit::{Cause, Event, Kind, Outcome, Party},
    scopes,
};
use obol_protocol::{
    Secret, Timestamp,
    oauth::{ScopeList, TokenBody},
};
use obol_store::refresh_tokens::{self, Found};

use super::{Admitted, SignIn, TokenRefusal};
use crate::{Identity, ServiceError, cache::LoadedStripe, claims::Origin, opaque};

/// Why a refresh token is good for nothing. The answer is the same for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshRefusal {
    /// Nobody was given this token.
    #[error("nobody was given this refresh token")]
    Unknown,
    /// It was given to another client.
    #[error("the refresh token is another client's")]
    OtherClient,
    /// It was used before; its family has ended.
    #[error("the refresh token was used before")]
    Reused,
    /// Its family was ended.
    #[error("the refresh token was revoked")]
    Revoked,
    /// It is past its end.
    #[error("the refresh token expired at {0}")]
    Expired(Timestamp),
    /// The user's password is another one since.
    #[error("the user's password was changed")]
    PasswordChanged,
}

impl Identity {
    pub(super) async fn refresh_token(
        &self,
        admitted: &Admitted<'_>,
        token: &Secret,
    ) -> Result<TokenBody, TokenRefusal> {
        let Admitted { stripe, client, now, .. } = *admitted;
        let name = &stripe.row.name;
        let hash = self.opaque_hash(opaque::Kind::RefreshToken, token).ok_or(RefreshRefusal::Unknown)?;
        let found = refresh_tokens::get(&self.0.db, name, &hash).await.map_err(ServiceError::Store)?;
        let found = found.ok_or(RefreshRefusal::Unknown)?;
        if let Err(refusal) = judge(&found, &client.app.id, now) {
            if refusal == RefreshRefusal::Reused {
                self.end_family(stripe, &found.family.id, admitted.cause, now).await?;
            }
            return Err(refusal.into());
        }
        let family = &found.family;
        let user = self.acting_user(stripe, &family.user_id, now).await?;
        if self.password_mark(user.user.password_hash.as_deref()) != family.password_mark {
            return Err(RefreshRefusal::PasswordChanged.into());
        }
        let held = ScopeList::parse(&family.scope).unwrap_or_default();
        let scope = scopes::narrow(admitted.scope, &held)?;
        let admitted = Admitted { scope: &scope, ..*admitted };
        let sign_in = SignIn {
            origin: Origin::of_gtp(&family.origin),
            auth_time: family.auth_time.unwrap_or(family.created_at),
            // The browser's session may be long over; what was granted then outlives it.
            sid: None,
            nonce: None,
        };
        let made = self.make_for_user(&admitted, &user, &sign_in, true).await?;
        let Some(next) = &made.refresh else { return Ok(self.hand_out(&admitted, made)) };
        let mut tx = self.0.db.begin().await.map_err(ServiceError::Store)?;
        let won = refresh_tokens::rotate(&mut tx, name, &hash, &family.id, next.kept(), now).await;
        if won.map_err(ServiceError::Store)? {
            tx.commit().await.map_err(ServiceError::Store)?;
            return Ok(self.hand_out(&admitted, made));
        }
        drop(tx);
        self.end_family(stripe, &family.id, admitted.cause, now).await?;
        Err(RefreshRefusal::Reused.into())
    }

    /// Ends a family of refresh tokens.
    pub(crate) async fn end_family(
        &self,
        stripe: &LoadedStripe,
        family_id: &str,
        cause: &Cause,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let mut tx = self.0.db.begin().await?;
        if refresh_tokens::revoke(&mut tx, &stripe.row.name, family_id, now).await? {
            let event = Event::new("oauth.token.revoke", Outcome::Success, cause.clone(), now);
            let event = event.on(Party::new(Kind::Token, family_id, "")).saying("All refresh tokens of a sign-in.");
            self.audit(&mut tx, &stripe.row.name, &[event]).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Whether a client may use a token now.
pub(crate) fn judge(found: &Found, app_id: &str, now: Timestamp) -> Result<(), RefreshRefusal> {
    if found.family.app_id != app_id {
        return Err(RefreshRefusal::OtherClient);
    }
    if found.family.revoked_at.is_some() {
        return Err(RefreshRefusal::Revoked);
    }
    if found.used_at.is_some() {
        return Err(RefreshRefusal::Reused);
    }
    if found.family.expires_at <= now {
        return Err(RefreshRefusal::Expired(found.family.expires_at));
    }
    Ok(())
}

impl RefreshRefusal {
    /// The record for whoever asks why.
    pub fn explanation(self) -> Explanation {
        const AGAIN: &str = "have the user sign in again";
        match self {
            Self::Unknown => Explanation::new(
                "refresh_token_known",
                "a refresh token of this stripe",
                "one that nobody was given, or that ended long ago",
                "send the refresh token as it was issued, percent-encoded, to the stripe that issued it",
            ),
            Self::OtherClient => Explanation::new(
                "refresh_token_of_client",
                "a refresh token of this client",
                "another client's",
                "use the client that the refresh token was issued to",
            ),
            Self::Reused => Explanation::new(
                "refresh_token_unused",
                "the newest refresh token",
                "one that was used before, so that all of its sign-in were revoked",
                "keep the refresh token of each answer and use it once; have the user sign in again",
            ),
            Self::Revoked => Explanation::new(
                "refresh_token_not_revoked",
                "a refresh token that holds",
                "one that was revoked, or whose predecessor was used twice",
                AGAIN,
            ),
            Self::Expired(at) => Explanation::new(
                "refresh_token_not_expired",
                "a refresh token that still lives",
                format!("one that expired at {at}"),
                AGAIN,
            ),
            Self::PasswordChanged => Explanation::new(
                "password_unchanged",
                "the password that the user signed in with",
                "another one since",
                AGAIN,
            ),
        }
    }
}
