//! Console sessions: an opaque id of 256 bits in the browser, its keyed hash in the database (contract identity 9). A
//! session ends with its time, and before that when nobody uses it; when it was last used is kept to the minute, so that
//! reading pages does not write to the database each time.

use std::time::Duration;

use obol_domain::{
    app_role::BuiltInRole,
    audit::{Cause, Event, Kind, Outcome, Party},
    entropy::hex,
};
use obol_protocol::{Secret, Timestamp};
use obol_store::{sessions, sessions::Session};

use crate::{
    Identity, ServiceError, StripeLocator,
    users::{SignInRefusal, SignedIn},
};

/// The cookie that holds a session's id in the browser. Its name begins `__Host-`: the browser takes it only from us over
/// a secure channel (or loopback) and sends it to this host alone.
pub const COOKIE: &str = "__Host-obol";

/// How long a session lives (contract identity 9).
pub const LIFETIME: Duration = Duration::from_hours(8);

/// How long one lives that is not used. Oracle publishes no number for the console; the claim `sidle` is of tokens.
pub const IDLE: Duration = Duration::from_hours(1);
/// How exactly the last use is kept.
const COARSE: Duration = Duration::from_mins(1);

/// A session as its user sees it among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSession {
    /// What it is ended by. It opens nothing.
    pub handle: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Timestamp,
    /// When it ends, however much it is used.
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// A session that holds.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// Who signed in.
    pub user: SignedIn,
    /// The app roles they hold, the implicit one included.
    pub roles: Vec<BuiltInRole>,
    /// When they signed in.
    pub signed_in_at: Timestamp,
    /// What tokens name it by (`sid`); it tells nothing of the session's id.
    pub sid: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Identity {
    /// Opens a session for a user who was just signed in; returns its id, which only the browser is to keep.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]
    pub async fn open_session(&self, stripe: &str, user_id: &str, cause: &Cause) -> Result<Secret, ServiceError> {
        let id = self.0.entropy.secret256();
        let now = self.now();
        let session = Session {
            id_hash: self.session_hash(&id),
            user_id: user_id.to_owned(),
            created_at: now,
            expires_at: now.plus(LIFETIME),
            last_used_at: now,
        };
        let event = Event::new("sso.session.create", Outcome::Success, cause.clone(), now);
        let event = event.on(Party::new(Kind::Session, &session.id_hash, ""));
        let mut tx = self.0.db.begin().await?;
        sessions::insert(&mut tx, stripe, &session).await?;
        self.audit(&mut tx, stripe, &[event]).await?;
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
        if session.expires_at <= now || session.last_used_at.plus(IDLE) <= now {
            return Ok(None);
        }
        let locator = StripeLocator::Named(stripe.to_owned());
        let Some(loaded) = self.locate(&locator, now).await? else { return Ok(None) };
        match self.acting_user(&loaded, &session.user_id, now).await {
            Ok(found) => {
                if session.last_used_at.plus(COARSE) <= now {
                    sessions::touch(&self.0.db, stripe, &session, now).await?;
                }
                Ok(Some(OpenSession {
                    user: SignedIn {
                        user_id: found.user.id,
                        user_name: found.user.user_name,
                        display_name: found.user.display_name,
                    },
                    roles: found.roles,
                    signed_in_at: session.created_at,
                    sid: self.sid(&session.id_hash),
                    expires_at: session.expires_at,
                }))
            }
            Err(SignInRefusal::Service(error)) => Err(error),
            Err(
                SignInRefusal::UnknownStripe
                | SignInRefusal::Unknown
                | SignInRefusal::Inactive
                | SignInRefusal::Locked(_)
                | SignInRefusal::WrongPassword { .. }
                | SignInRefusal::PasswordExpired
                | SignInRefusal::PasswordMustChange
                | SignInRefusal::Busy(_),
            ) => Ok(None),
        }
    }

    /// Closes a session. One that is not there is closed already.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]
    pub async fn close_session(&self, stripe: &str, id: &Secret, cause: &Cause) -> Result<(), ServiceError> {
        let id_hash = self.session_hash(id);
        let mut tx = self.0.db.begin().await?;
        if sessions::delete(&mut tx, stripe, &id_hash).await? {
            let event = Event::new("sso.session.delete", Outcome::Success, cause.clone(), self.now());
            self.audit(&mut tx, stripe, &[event.on(Party::new(Kind::Session, id_hash, ""))]).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The sessions of a user that hold, newest first; `id` is the one that asks.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]
    pub async fn own_sessions(
        &self,
        stripe: &str,
        user_id: &str,
        id: &Secret,
    ) -> Result<Vec<OwnSession>, ServiceError> {
        let (now, this) = (self.now(), self.session_hash(id));
        let found = sessions::of_user(&self.0.db, stripe, user_id, now, now.minus(IDLE)).await?;
        let own = found.into_iter().map(|session| OwnSession {
            is_this: session.id_hash == this,
            handle: session.id_hash,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
        });
        Ok(own.collect())
    }

    /// Ends a session of a user by its handle. Returns whether it was there and theirs.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]
    pub async fn end_own_session(
        &self,
        stripe: &str,
        user_id: &str,
        handle: &str,
        cause: &Cause,
    ) -> Result<bool, ServiceError> {
        let mut tx = self.0.db.begin().await?;
        if !sessions::delete_own(&mut tx, stripe, user_id, handle).await? {
            return Ok(false);
        }
        let event = Event::new("sso.session.delete", Outcome::Success, cause.clone(), self.now());
        self.audit(&mut tx, stripe, &[event.on(Party::new(Kind::Session, handle, ""))]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// An id for a browser that has not signed in yet, so that the sign-in form can belong to it. It is kept nowhere.
    pub fn visitor_id(&self) -> Secret {
        self.0.entropy.secret256()
    }

    /// A value that belongs to one session and one purpose and that only this installation can make, for form tokens.
    pub fn session_token(&self, id: &Secret, purpose: &str) -> String {
        // A prefix of its own: whatever the purpose is called, the hash kept for the session never comes out.
        hex(&self.0.master.keyed_hash(&format!("form token {purpose}"), id.expose().as_bytes()))
    }

    /// What tokens name a session by: 32 hex digits, a colon and six more (contract identity 3.2).
    fn sid(&self, id_hash: &str) -> String {
        let hash = hex(&self.0.master.keyed_hash("sid", id_hash.as_bytes()));
        let part = |range| hash.get(range).unwrap_or_default();
        format!("{}:{}", part(0..32), part(32..38))
    }

    fn session_hash(&self, id: &Secret) -> String {
        hex(&self.0.master.keyed_hash("session id", id.expose().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        passwords::SetBy,
        sign_in::FirstStep,
        testing::{OTHER_STRIPE, PASSWORD, STRIPE, USER, World, new_user},
    };

    #[tokio::test]
    async fn a_session_holds_until_it_is_closed() {
        let world = World::new().await;
        let identity = &world.identity;
        let first = identity.begin_sign_in(STRIPE, USER, &Secret::new(PASSWORD)).await.unwrap();
        let FirstStep::Whole(user) = first else { panic!("{first:?}") };
        let id = identity.open_session(STRIPE, &user.user_id, &Cause::request("x")).await.unwrap();
        let session = identity.session(STRIPE, &id).await.unwrap().unwrap();
        assert_eq!(session.user.user_name, USER);
        assert_eq!(session.user.display_name, "Ada Lovelace");
        identity.close_session(STRIPE, &id, &Cause::request("x")).await.unwrap();
        identity.close_session(STRIPE, &id, &Cause::request("x")).await.unwrap();
        assert!(identity.session(STRIPE, &id).await.unwrap().is_none());
    }

    // Contract identity 9: 480 minutes.
    #[tokio::test]
    async fn a_session_ends_after_eight_hours_however_much_it_is_used() {
        let world = World::new().await;
        let id = world.identity.open_session(STRIPE, &world.user.id, &Cause::request("x")).await.unwrap();
        let holds = async || world.identity.session(STRIPE, &id).await.unwrap().is_some();
        for _ in 0..15 {
            world.clock.advance(Duration::from_mins(30));
            assert!(holds().await);
        }
        world.clock.advance(Duration::from_mins(30).saturating_sub(Duration::from_micros(1)));
        assert!(holds().await);
        world.clock.advance(Duration::from_micros(1));
        assert!(!holds().await);
    }

    #[tokio::test]
    async fn a_session_ends_an_hour_after_its_last_use() {
        let world = World::new().await;
        let id = world.identity.open_session(STRIPE, &world.user.id, &Cause::request("x")).await.unwrap();
        let holds = async || world.identity.session(STRIPE, &id).await.unwrap().is_some();
        for _ in 0..3 {
            world.clock.advance(IDLE.saturating_sub(Duration::from_micros(1)));
            assert!(holds().await);
        }
        world.clock.advance(IDLE);
        assert!(!holds().await);
        assert!(!holds().await, "looking for it does not bring it back");
        assert_eq!(world.identity.own_sessions(STRIPE, &world.user.id, &id).await.unwrap(), []);
    }

    #[tokio::test]
    async fn the_last_use_is_written_once_a_minute_at_the_most() {
        let world = World::new().await;
        let id = world.identity.open_session(STRIPE, &world.user.id, &Cause::request("x")).await.unwrap();
        let begin = world.identity.now();
        let kept = async || {
            world.identity.session(STRIPE, &id).await.unwrap().unwrap();
            let hash = world.identity.session_hash(&id);
            sessions::get(world.db(), STRIPE, &hash).await.unwrap().unwrap().last_used_at
        };
        world.clock.advance(COARSE.saturating_sub(Duration::from_micros(1)));
        assert_eq!(kept().await, begin);
        world.clock.advance(Duration::from_micros(1));
        assert_eq!(kept().await, begin.plus(COARSE));
        world.clock.advance(Duration::from_secs(59));
        assert_eq!(kept().await, begin.plus(COARSE));
    }

    #[tokio::test]
    async fn a_user_sees_and_ends_their_own_sessions_and_nobody_elses() {
        let world = World::new().await;
        let (identity, cause) = (&world.identity, Cause::request("x"));
        let mut tx = world.db().begin().await.unwrap();
        let other = world.provisioning().user(&mut tx, STRIPE, &new_user("other")).await.unwrap();
        tx.commit().await.unwrap();
        let here = identity.open_session(STRIPE, &world.user.id, &cause).await.unwrap();
        world.clock.advance(Duration::from_secs(1));
        let there = identity.open_session(STRIPE, &world.user.id, &cause).await.unwrap();
        let foreign = identity.open_session(STRIPE, &other.id, &cause).await.unwrap();
        let own = identity.own_sessions(STRIPE, &world.user.id, &here).await.unwrap();
        assert_eq!(own.iter().map(|session| session.is_this).collect::<Vec<_>>(), [false, true]);

        let theirs = &identity.own_sessions(STRIPE, &other.id, &foreign).await.unwrap()[0].handle;
        for (stripe, user_id, handle) in [
            (STRIPE, world.user.id.as_str(), theirs.as_str()),
            (STRIPE, &world.user.id, ""),
            (STRIPE, &world.user.id, there.expose()),
            (OTHER_STRIPE, &world.user.id, &own[0].handle),
            (STRIPE, &other.id, &own[0].handle),
        ] {
            assert!(!identity.end_own_session(stripe, user_id, handle, &cause).await.unwrap(), "{handle}");
        }
        assert!(identity.session(STRIPE, &foreign).await.unwrap().is_some());
        assert!(identity.session(STRIPE, &Secret::new(own[0].handle.as_str())).await.unwrap().is_none(), "no id");

        assert!(identity.end_own_session(STRIPE, &world.user.id, &own[0].handle, &cause).await.unwrap());
        assert!(!identity.end_own_session(STRIPE, &world.user.id, &own[0].handle, &cause).await.unwrap());
        assert!(identity.session(STRIPE, &there).await.unwrap().is_none());
        assert!(identity.session(STRIPE, &here).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_new_password_ends_the_users_sessions_and_nobody_elses() {
        let world = World::new().await;
        let (identity, cause) = (&world.identity, Cause::request("x"));
        let mut tx = world.db().begin().await.unwrap();
        let other = world.provisioning().user(&mut tx, STRIPE, &new_user("other")).await.unwrap();
        tx.commit().await.unwrap();
        let mine = identity.open_session(STRIPE, &world.user.id, &cause).await.unwrap();
        let theirs = identity.open_session(STRIPE, &other.id, &cause).await.unwrap();
        let set = async |password: &str| {
            let by = SetBy::Administrator { must_change: false };
            identity.set_password(STRIPE, &world.user.id, &Secret::new(password), by, &cause).await
        };
        set("short").await.unwrap_err();
        assert!(identity.session(STRIPE, &mine).await.unwrap().is_some(), "a refused one ends nothing");
        set("Correct-7-Horse").await.unwrap();
        assert!(identity.session(STRIPE, &mine).await.unwrap().is_none());
        assert!(identity.session(STRIPE, &theirs).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_session_is_of_one_stripe_and_of_a_user_who_may_act() {
        let world = World::new().await;
        world.add_other_stripe().await;
        let id = world.identity.open_session(STRIPE, &world.user.id, &Cause::request("x")).await.unwrap();
        assert!(world.identity.session(OTHER_STRIPE, &id).await.unwrap().is_none());
        assert!(world.identity.session(STRIPE, &Secret::new("guess")).await.unwrap().is_none());
        let mut tx = world.db().begin().await.unwrap();
        obol_store::users::set_active(&mut tx, STRIPE, &world.user.id, false, world.identity.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.identity.session(STRIPE, &id).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_form_token_belongs_to_its_session_and_purpose() {
        let world = World::new().await;
        let (one, two) = (Secret::new("one"), Secret::new("two"));
        let token = |id, purpose| world.identity.session_token(id, purpose);
        assert_eq!(token(&one, "csrf"), token(&one, "csrf"));
        assert_ne!(token(&one, "csrf"), token(&two, "csrf"));
        assert_ne!(token(&one, "csrf"), token(&one, "other"));
    }

    #[tokio::test]
    async fn a_form_token_is_never_the_hash_kept_for_the_session() {
        let world = World::new().await;
        let id = Secret::new("one");
        assert_ne!(world.identity.session_token(&id, "id"), world.identity.session_hash(&id));
    }
}
