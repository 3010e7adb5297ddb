//! Console sessions: an opaque id of 256 bits in the browser, its keyed hash in the database (contract identity 9).

use std::time::Duration;

use obol_domain::{app_role::BuiltInRole, entropy::hex};
use obol_protocol::{Secret, Timestamp};
use obol_store::{sessions, sessions::Session};

use crate::{
    Identity, ServiceError, StripeLocator,
    users::{SignInRefusal, SignedIn},
};

/// How long a session lives (contract identity 9).
pub const LIFETIME: Duration = Duration::from_hours(8);

/// A session that holds.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// Who signed in.
    pub user: SignedIn,
    /// The app roles they hold, the implicit one included.
    pub roles: Vec<BuiltInRole>,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Identity {
    /// Opens a session for a user who was just signed in; returns its id, which only the browser is to keep.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]
    pub async fn open_session(&self, stripe: &str, user_id: &str) -> Result<Secret, ServiceError> {
        let id = self.0.entropy.secret256();
        let now = self.now();
        let session = Session {
            id_hash: self.session_hash(&id),
            user_id: user_id.to_owned(),
            created_at: now,
            expires_at: now.plus(LIFETIME),
        };
        let mut tx = self.0.db.begin().await?;
        sessions::insert(&mut tx, stripe, &session).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// The session of an id, if it has not ended and its user may still act.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]
    pub async fn session(&self, stripe: &str, id: &Secret) -> Result<Option<OpenSession>, ServiceError> {
        let now = self.now();
        let Some(session) = sessions::get(&self.0.db, stripe, &self.session_hash(id)).await? else { return Ok(None) };
        if session.expires_at <= now {
            return Ok(None);
        }
        let locator = StripeLocator::Named(stripe.to_owned());
        let Some(loaded) = self.locate(&locator, now).await? else { return Ok(None) };
        match self.acting_user(&loaded, &session.user_id, now).await {
            Ok(found) => Ok(Some(OpenSession {
                user: SignedIn {
                    user_id: found.user.id,
                    user_name: found.user.user_name,
                    display_name: found.user.display_name,
                },
                roles: found.roles,
                expires_at: session.expires_at,
            })),
            Err(SignInRefusal::Service(error)) => Err(error),
            Err(
                SignInRefusal::UnknownStripe
                | SignInRefusal::Unknown
                | SignInRefusal::Inactive
                | SignInRefusal::Locked(_)
                | SignInRefusal::WrongPassword { .. }
                | SignInRefusal::Busy(_),
            ) => Ok(None),
        }
    }

    /// Closes a session. One that is not there is closed already.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]
    pub async fn close_session(&self, stripe: &str, id: &Secret) -> Result<(), ServiceError> {
        let mut tx = self.0.db.begin().await?;
        sessions::delete(&mut tx, stripe, &self.session_hash(id)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// An id for a browser that has not signed in yet, so that the sign-in form can belong to it. It is kept nowhere.
    pub fn visitor_id(&self) -> Secret {
        self.0.entropy.secret256()
    }

    /// A value that belongs to one session and one purpose and that only this installation can make, for form tokens.
    pub fn session_token(&self, id: &Secret, purpose: &str) -> String {
        hex(&self.0.master.keyed_hash(&format!("session {purpose}"), id.expose().as_bytes()))
    }

    fn session_hash(&self, id: &Secret) -> String {
        hex(&self.0.master.keyed_hash("session id", id.expose().as_bytes()))
    }
}
