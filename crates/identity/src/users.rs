//! Signing a user in by name and password: one function for the token endpoint and the console.
//!
//! Whoever does not know a user's password learns nothing about the user: an unknown name, a locked or deactivated user
//! and a wrong password have the same text and status, cost the same Argon2id and the same write to the database.

use obol_domain::{
    Explanation,
    app_role::BuiltInRole,
    lockout::{LockoutPolicy, Standing},
    password_policy::{Age, PasswordPolicy},
};
use obol_protocol::{Secret, Timestamp, oauth::error::catalogue};
use obol_store::{StoreError, grants, password_policies, users, users::User};

use crate::{
    Identity, ServiceError,
    cache::{LoadedStripe, built_in},
    clients::busy,
    password::Busy,
};

/// A user whose password was right, and who may sign in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The SCIM id.
    pub user_id: String,
    /// The name they sign in with.
    pub user_name: String,
    /// The name shown.
    pub display_name: String,
}

/// Why a user was not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// The stripe is not there.
    #[error("there is no such stripe")]
    UnknownStripe,
    /// Nobody has this name, or has it without a password.
    #[error("nobody signs in by this name and a password")]
    Unknown,
    /// The user is deactivated.
    #[error("the user is deactivated")]
    Inactive,
    /// The user is locked.
    #[error("the user is locked")]
    Locked(
        /// When the lock opens by itself.
        Option<Timestamp>,
    ),
    /// The password is another one.
    #[error("the password is wrong")]
    WrongPassword {
        /// Wrong passwords counted so far.
        attempts: u32,
        /// How many lock the user; zero never does.
        limit: u32,
    },
    /// The password is right and has expired (AUTH-3004).
    #[error("the password has expired")]
    PasswordExpired,
    /// The password is right, and an administrator wants it changed first (AUTH-3005).
    #[error("the password must be changed")]
    PasswordMustChange,
    /// Too many passwords are being checked.
    #[error("too many passwords are being checked")]
    Busy(#[from] Busy),
    /// The service failed.
    #[error("the user could not be looked up")]
    Service(#[from] ServiceError),
}

impl From<StoreError> for SignInRefusal {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

/// A user with the roles their tokens are made from.
pub(crate) struct UserWithRoles {
    pub(crate) user: User,
    pub(crate) roles: Vec<BuiltInRole>,
}

impl Identity {
    /// The named checks: known, active, not locked, password, and that it has not expired and need not be changed.
    pub(crate) async fn check_password(
        &self,
        stripe: &LoadedStripe,
        user_name: &str,
        password: &Secret,
        now: Timestamp,
    ) -> Result<UserWithRoles, SignInRefusal> {
        let found = self.verify_user(stripe, user_name, password, now).await?;
        match found.user.password.age(&self.policy_of(stripe, &found.user.id).await?.rules, now) {
            Age::Good | Age::ExpiresSoon(_) => Ok(found),
            Age::Expired => Err(SignInRefusal::PasswordExpired),
            Age::MustChange => Err(SignInRefusal::PasswordMustChange),
        }
    }

    /// The same for a password that is about to be replaced, however old it is.
    pub(crate) async fn verify_user(
        &self,
        stripe: &LoadedStripe,
        user_name: &str,
        password: &Secret,
        now: Timestamp,
    ) -> Result<UserWithRoles, SignInRefusal> {
        let name = &stripe.row.name;
        let found = users::by_name(&self.0.db, name, user_name).await?;
        let hash = found.as_ref().and_then(|user| user.password_hash.as_deref());
        let remembered = found.as_ref().is_some_and(|user| self.0.memo.knows(name, user, password, now));
        let right = remembered || {
            let checked = self.0.passwords.verify(password, hash).await;
            let key = found.as_ref().map_or("", |user| &user.id);
            checked.map_err(|fault| fault.of::<SignInRefusal>("users", "password_hash", key))?
        };

        let judged = match found {
            None => Err(SignInRefusal::Unknown),
            Some(user) if user.password_hash.is_none() => Err(SignInRefusal::Unknown),
            Some(user) => {
                let lockout = self.policy_of(stripe, &user.id).await?.lockout;
                may_sign_in(lockout, user, now)
            }
        };
        let user = match judged {
            Ok(user) if right => user,
            Ok(user) => return Err(self.count_failure(stripe, &user.id, now).await?),
            Err(refusal) => {
                self.count_nobodys_failure(stripe).await?;
                return Err(refusal);
            }
        };

        // Others may have guessed while this password was being checked: the lock counts as it is now.
        let current = self.user_with_roles(name, &user.id).await?.ok_or(SignInRefusal::Unknown)?;
        if current.user.password_hash != user.password_hash {
            return Err(SignInRefusal::WrongPassword { attempts: current.user.lock.failed_attempts, limit: 0 });
        }
        let lockout = self.policy_of(stripe, &user.id).await?.lockout;
        let user = may_sign_in(lockout, current.user, now)?;
        if user.lock.failed_attempts != 0 {
            users::forgive(&self.0.db, name, &user.id, user.lock).await?;
        }
        if !remembered {
            self.0.memo.remember(name, &user, password, now);
        }
        Ok(UserWithRoles { user, roles: current.roles })
    }

    async fn count_failure(
        &self,
        stripe: &LoadedStripe,
        user_id: &str,
        now: Timestamp,
    ) -> Result<SignInRefusal, StoreError> {
        let policy = self.policy_of(stripe, user_id).await?.lockout;
        let mut tx = self.0.db.begin().await?;
        let state = users::record_failure(&mut tx, &stripe.row.name, user_id, policy, now).await?;
        tx.commit().await?;
        Ok(SignInRefusal::WrongPassword { attempts: state.failed_attempts, limit: policy.max_incorrect_attempts })
    }

    async fn count_nobodys_failure(&self, stripe: &LoadedStripe) -> Result<(), StoreError> {
        let mut tx = self.0.db.begin().await?;
        users::record_nobodys_failure(&mut tx, &stripe.row.name).await?;
        tx.commit().await
    }

    /// A user who may act (there, active, not locked), with their roles.
    pub(crate) async fn acting_user(
        &self,
        stripe: &LoadedStripe,
        user_id: &str,
        now: Timestamp,
    ) -> Result<UserWithRoles, SignInRefusal> {
        let found = self.user_with_roles(&stripe.row.name, user_id).await?.ok_or(SignInRefusal::Unknown)?;
        let lockout = self.policy_of(stripe, user_id).await?.lockout;
        Ok(UserWithRoles { user: may_sign_in(lockout, found.user, now)?, roles: found.roles })
    }

    /// The same by the name they sign in with.
    pub(crate) async fn acting_user_named(
        &self,
        stripe: &LoadedStripe,
        user_name: &str,
        now: Timestamp,
    ) -> Result<UserWithRoles, SignInRefusal> {
        let user = users::by_name(&self.0.db, &stripe.row.name, user_name).await?.ok_or(SignInRefusal::Unknown)?;
        self.acting_user(stripe, &user.id, now).await
    }

    /// The same where the roles do not matter, as they stand in a token already.
    pub(crate) async fn present_user(
        &self,
        stripe: &LoadedStripe,
        user_id: &str,
        now: Timestamp,
    ) -> Result<User, SignInRefusal> {
        let found = users::by_id(&self.0.db, &stripe.row.name, user_id).await?.ok_or(SignInRefusal::Unknown)?;
        may_sign_in(self.policy_of(stripe, user_id).await?.lockout, found, now)
    }

    /// The password policy of a user. Where no group has one it is known without looking.
    pub(crate) async fn policy_of<'a>(
        &self,
        stripe: &'a LoadedStripe,
        user_id: &str,
    ) -> Result<&'a PasswordPolicy, StoreError> {
        if !stripe.has_group_policies() {
            return Ok(stripe.policy(&[]));
        }
        Ok(stripe.policy(&password_policies::groups_of_user(&self.0.db, &stripe.row.name, user_id).await?))
    }

    async fn user_with_roles(&self, stripe: &str, user_id: &str) -> Result<Option<UserWithRoles>, StoreError> {
        let Some(user) = users::by_id(&self.0.db, stripe, user_id).await? else { return Ok(None) };
        let held = grants::of_user(&self.0.db, stripe, user_id).await?;
        Ok(Some(UserWithRoles { user, roles: built_in(&held, BuiltInRole::Authenticated) }))
    }
}

/// Whether a user who is there may sign in or act.
pub(crate) fn may_sign_in(lockout: LockoutPolicy, user: User, now: Timestamp) -> Result<User, SignInRefusal> {
    if !user.is_active {
        return Err(SignInRefusal::Inactive);
    }
    match user.lock.standing(lockout, now) {
        Standing::Open => Ok(user),
        Standing::Locked { until } => Err(SignInRefusal::Locked(until)),
    }
}

impl SignInRefusal {
    /// What the person may read: one text for all that depends on the user (AUTH-3001, contract identity 2.6).
    pub const fn public_text(&self) -> &'static str {
        match self {
            Self::UnknownStripe
            | Self::Unknown
            | Self::Inactive
            | Self::Locked(_)
            | Self::WrongPassword { .. }
            | Self::PasswordExpired
            | Self::PasswordMustChange => catalogue::WRONG_NAME_OR_PASSWORD,
            Self::Busy(_) => "The service is busy. Try again in a moment.",
            Self::Service(_) => "The server could not process the request.",
        }
    }

    /// The record for whoever asks why. Service failures have none: they are not the caller's.
    pub fn explanation(&self) -> Option<Explanation> {
        Some(match self {
            Self::UnknownStripe => unknown_stripe(),
            Self::Unknown => Explanation::new(
                "user_known",
                "a user of this stripe who has a password",
                "no such user",
                "check the user name (it may be an email address) and the stripe in the URL",
            ),
            Self::Inactive => Explanation::new(
                "user_active",
                "an active user",
                "a deactivated user",
                "have an administrator activate the user",
            ),
            Self::Locked(until) => Explanation::new(
                "user_not_locked",
                "a user who is not locked",
                until.map_or_else(
                    || "a user locked until an administrator opens the lock".to_owned(),
                    |until| format!("a user locked until {until}"),
                ),
                "wait until then, or have an administrator unlock the user",
            ),
            Self::WrongPassword { attempts, limit } => Explanation::new(
                "password_matches",
                "the user's password",
                match limit {
                    0 => "another password".to_owned(),
                    limit => format!("another password, {attempts} of {limit} attempts before the user is locked"),
                },
                "check the password; percent-encode it in the form, as curl does with --data-urlencode",
            ),
            Self::PasswordExpired => Explanation::new(
                "password_not_expired",
                "a password that has not expired",
                "the right password, older than its policy allows (AUTH-3004)",
                "change the password at the console's sign-in page, or have an administrator set it",
            ),
            Self::PasswordMustChange => Explanation::new(
                "password_need_not_change",
                "a password that its user has chosen",
                "the right password, which must be changed at the first sign-in (AUTH-3005)",
                "change the password at the console's sign-in page",
            ),
            Self::Busy(_) => busy(),
            Self::Service(_) => return None,
        })
    }
}

/// The explanation of a request for a stripe that is not there.
pub(crate) fn unknown_stripe() -> Explanation {
    Explanation::new(
        "stripe_known",
        "a stripe named by the host or the first part of the path",
        "none that exists here",
        "use the stripe's own URL; without one there must be exactly one stripe",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sign_in::FirstStep,
        testing::{OTHER_STRIPE, PASSWORD, STRIPE, USER, World},
    };

    async fn attempt(world: &World, password: &str) -> Result<FirstStep, SignInRefusal> {
        world.identity.begin_sign_in(STRIPE, USER, &Secret::new(password)).await
    }

    #[tokio::test]
    async fn guesses_that_come_together_are_all_counted() {
        let world = World::new().await;
        let guesses = (0..8).map(|_| {
            let identity = world.identity.clone();
            tokio::spawn(async move { identity.begin_sign_in(STRIPE, USER, &Secret::new("wrong")).await.is_ok() })
        });
        for guess in guesses.collect::<Vec<_>>() {
            assert!(!guess.await.unwrap());
        }
        assert!(matches!(attempt(&world, PASSWORD).await, Err(SignInRefusal::Locked(Some(_)))));
    }

    #[tokio::test]
    async fn a_user_of_one_stripe_does_not_sign_in_to_another() {
        let world = World::new().await;
        world.add_other_stripe().await;
        let password = Secret::new(PASSWORD);
        let other = world.identity.begin_sign_in(OTHER_STRIPE, USER, &password).await;
        assert!(matches!(other, Err(SignInRefusal::Unknown)));
        let nowhere = world.identity.begin_sign_in("idcs-x", USER, &password).await;
        assert!(matches!(nowhere, Err(SignInRefusal::UnknownStripe)));
    }

    #[test]
    fn every_refusal_that_depends_on_the_user_reads_the_same() {
        let texts = [
            SignInRefusal::Unknown,
            SignInRefusal::Inactive,
            SignInRefusal::Locked(None),
            SignInRefusal::WrongPassword { attempts: 1, limit: 5 },
            SignInRefusal::PasswordExpired,
            SignInRefusal::PasswordMustChange,
        ]
        .map(|refusal| refusal.public_text());
        assert_eq!(texts, ["You entered an incorrect user name or password."; 6]);
    }
}
