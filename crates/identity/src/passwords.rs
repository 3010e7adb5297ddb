//! Setting a user's password: the one way, for every door that sets one (contract identity 6.4 and 9).
//!
//! The named checks: user known, who sets it may, the policy's rules, the history, and that nobody else set one meanwhile.
//! The history and the new hash are Argon2id and run on the pool before the transaction begins; the transaction replaces
//! exactly the hash that was judged, ends the user's sessions, and writes the record of it.

use obol_domain::{
    Explanation,
    audit::{Cause, Event, Kind, Outcome, Party},
    password_policy::{self, PasswordRules, Subject, Violation},
};
use obol_protocol::{Secret, Timestamp};
use obol_store::{StoreError, Tx, half_sign_ins, passwords, passwords::NewHash, sessions, users, users::User};

use crate::{
    Identity, ServiceError, StripeLocator,
    cache::LoadedStripe,
    clients::busy,
    password::Busy,
    users::{SignInRefusal, unknown_stripe},
};

/// Who sets a password.
#[derive(Debug, Clone, Copy)]
pub enum SetBy<'a> {
    /// The user, who proves the present one: also where it has expired or must be changed.
    Owner {
        /// The present password.
        current: &'a Secret,
    },
    /// An administrator, for somebody else.
    Administrator {
        /// Whether the user must change it at the next sign-in.
        must_change: bool,
    },
}

/// Why no password was set. Nothing was changed, but a wrong present password was counted.
#[derive(Debug, thiserror::Error)]
pub enum PasswordRefusal {
    /// There is no such stripe.
    #[error("there is no such stripe")]
    UnknownStripe,
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser,
    /// The user did not prove the present password, or may not act.
    #[error("the present password was not proven")]
    NotProven(#[source] SignInRefusal),
    /// An administrator has fixed this user's password.
    #[error("the user may not change the password")]
    CannotChange,
    /// It breaks the user's policy.
    #[error("the password does not comply with the policy")]
    Rules(Vec<Violation>),
    /// Somebody else set one, or removed the user, in the same moment.
    #[error("the password was changed in the same moment")]
    Lost,
    /// Too many passwords are being checked.
    #[error("too many passwords are being checked")]
    Busy(#[from] Busy),
    /// The service failed.
    #[error("the password could not be set")]
    Service(#[from] ServiceError),
}

impl From<StoreError> for PasswordRefusal {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl Identity {
    /// Sets a user's password and ends their sessions. It takes an Argon2id, one more for each password that the policy
    /// remembers, and one for the present one where the user proves it.
    ///
    /// # Errors
    ///
    /// [`PasswordRefusal`]
    pub async fn set_password(
        &self,
        stripe: &str,
        user_id: &str,
        password: &Secret,
        by: SetBy<'_>,
        cause: &Cause,
    ) -> Result<(), PasswordRefusal> {
        let now = self.now();
        let locator = StripeLocator::Named(stripe.to_owned());
        let stripe = self.locate(&locator, now).await?.ok_or(PasswordRefusal::UnknownStripe)?;
        let user = users::by_id(&self.0.db, &stripe.row.name, user_id).await?.ok_or(PasswordRefusal::UnknownUser)?;
        let prepared = self.prepare_password(&stripe, &user, password, by, cause, now).await?;
        let mut tx = self.0.db.begin().await?;
        self.put_password(&mut tx, &stripe.row.name, prepared, now).await?;
        Ok(tx.commit().await?)
    }

    /// Judges a password and hashes it, which takes its time: before the transaction that puts it in place. A refusal is
    /// audited here.
    pub(crate) async fn prepare_password(
        &self,
        stripe: &LoadedStripe,
        user: &User,
        password: &Secret,
        by: SetBy<'_>,
        cause: &Cause,
        now: Timestamp,
    ) -> Result<PreparedPassword, PasswordRefusal> {
        let target = Party::new(Kind::User, &user.id, &user.user_name);
        if let Err(refusal) = self.judge(stripe, user, password, by, now).await {
            if let Some(explanation) = refusal.explanation() {
                let event = Event::new(event_name(by), Outcome::Failure, cause.clone(), now);
                self.audit_later(&stripe.row.name, event.on(target).saying(explanation.check));
            }
            return Err(refusal);
        }
        let hashed = self.0.passwords.hash(&*self.0.entropy, password).await;
        let event = Event::new(event_name(by), Outcome::Success, cause.clone(), now);
        Ok(PreparedPassword {
            user_id: user.id.clone(),
            before: user.password_hash.clone(),
            hash: hashed.map_err(|fault| fault.of::<PasswordRefusal>("users", "password_hash", &user.id))?,
            must_change: matches!(by, SetBy::Administrator { must_change: true }),
            by: by_name(&cause.actor),
            event: event.on(target).changing(["password"]),
        })
    }

    /// Puts a prepared password in place and ends the user's sessions, within the caller's transaction.
    pub(crate) async fn put_password(
        &self,
        tx: &mut Tx,
        stripe: &str,
        prepared: PreparedPassword,
        now: Timestamp,
    ) -> Result<(), PasswordRefusal> {
        let PreparedPassword { user_id, before, hash, must_change, by, event } = prepared;
        let new = NewHash { before: before.as_deref(), hash: &hash, must_change, by: &by, now };
        if !passwords::replace(tx, stripe, &user_id, new).await? {
            return Err(PasswordRefusal::Lost);
        }
        sessions::delete_of_user(tx, stripe, &user_id).await?;
        half_sign_ins::delete_of_user(tx, stripe, &user_id).await?;
        Ok(self.audit(tx, stripe, &[event]).await?)
    }

    /// Changes the password of a user who proves the present one, by the name they sign in with. A name that nobody has
    /// is refused like a wrong password, after the same work.
    ///
    /// # Errors
    ///
    /// [`PasswordRefusal`]
    pub async fn change_password(
        &self,
        stripe: &str,
        user_name: &str,
        current: &Secret,
        new: &Secret,
        cause: &Cause,
    ) -> Result<(), PasswordRefusal> {
        let now = self.now();
        let locator = StripeLocator::Named(stripe.to_owned());
        let loaded = self.locate(&locator, now).await?.ok_or(PasswordRefusal::UnknownStripe)?;
        match users::by_name(&self.0.db, stripe, user_name).await? {
            Some(user) => self.set_password(stripe, &user.id, new, SetBy::Owner { current }, cause).await,
            None => match self.verify_user(&loaded, user_name, current, now).await {
                Ok(_made_in_this_moment) => Err(PasswordRefusal::Lost),
                Err(refusal) => Err(PasswordRefusal::of(refusal)),
            },
        }
    }

    async fn judge(
        &self,
        stripe: &LoadedStripe,
        user: &User,
        password: &Secret,
        by: SetBy<'_>,
        now: Timestamp,
    ) -> Result<(), PasswordRefusal> {
        let rules = &self.policy_of(stripe, &user.id).await?.rules;
        let mut wrong = Vec::new();
        let before = match by {
            SetBy::Owner { current } => {
                let proven = self.verify_user(stripe, &user.user_name, current, now).await;
                proven.map_err(PasswordRefusal::of)?;
                if user.password.cant_change {
                    return Err(PasswordRefusal::CannotChange);
                }
                if user.password.is_too_young_to_change(rules, now) {
                    wrong.push(Violation::TooSoon(rules.min_password_age));
                }
                Some(current)
            }
            SetBy::Administrator { .. } => None,
        };
        let attributes = attributes(user);
        let subject = Subject {
            user_name: &user.user_name,
            given_name: user.given_name.as_deref(),
            family_name: &user.family_name,
            attributes: &attributes,
        };
        wrong.extend(rules.check(password, subject, before));
        if wrong.is_empty() && self.was_used_before(stripe, user, password, rules).await? {
            wrong.push(Violation::InHistory(rules.num_passwords_in_history));
        }
        if wrong.is_empty() { Ok(()) } else { Err(PasswordRefusal::Rules(wrong)) }
    }

    /// Whether it is the present password or one of those that the policy remembers.
    async fn was_used_before(
        &self,
        stripe: &LoadedStripe,
        user: &User,
        password: &Secret,
        rules: &PasswordRules,
    ) -> Result<bool, PasswordRefusal> {
        if rules.num_passwords_in_history == 0 {
            return Ok(false);
        }
        let older = rules.num_passwords_in_history - 1;
        let history = passwords::history(&self.0.db, &stripe.row.name, &user.id, older).await?;
        for hash in user.password_hash.iter().chain(&history) {
            let checked = self.0.passwords.verify(password, Some(hash)).await;
            if checked.map_err(|fault| fault.of::<PasswordRefusal>("password_history", "password_hash", &user.id))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A password that was judged and hashed. It takes the place of the one it was judged beside, and of no other.
pub(crate) struct PreparedPassword {
    user_id: String,
    before: Option<String>,
    hash: String,
    must_change: bool,
    by: String,
    event: Event,
}

/// Who last changed a user, as the user's row keeps it.
fn by_name(actor: &Party) -> String {
    match actor.kind {
        Kind::User | Kind::App => {
            serde_json::json!({ "type": actor.kind, "value": actor.id, "display": actor.name }).to_string()
        }
        Kind::AppRole
        | Kind::Grant
        | Kind::Group
        | Kind::ApiKey
        | Kind::PasswordPolicy
        | Kind::Settings
        | Kind::Session
        | Kind::Token
        | Kind::Factor
        | Kind::Key
        | Kind::Unknown => String::new(),
    }
}

/// Under what name the trail keeps it.
fn event_name(by: SetBy<'_>) -> &'static str {
    match by {
        SetBy::Owner { .. } => "admin.me.password.change",
        SetBy::Administrator { .. } => "admin.user.password.reset",
    }
}

/// What `disallowedUserAttributeValues` may name.
pub(crate) fn attributes(user: &User) -> [(&str, &str); 6] {
    [
        ("userName", &user.user_name),
        ("displayName", &user.display_name),
        ("name.givenName", user.given_name.as_deref().unwrap_or_default()),
        ("name.familyName", &user.family_name),
        ("emails", &user.email),
        ("emails.value", &user.email),
    ]
}

impl PasswordRefusal {
    fn of(refusal: SignInRefusal) -> Self {
        match refusal {
            SignInRefusal::Busy(busy) => Self::Busy(busy),
            SignInRefusal::Service(error) => Self::Service(error),
            refusal => Self::NotProven(refusal),
        }
    }

    /// The public text: what is wrong with the new password is for whoever chose it; of the present one nothing is said.
    pub fn public_text(&self) -> String {
        match self {
            Self::UnknownStripe | Self::UnknownUser => "The user does not exist.".to_owned(),
            Self::NotProven(refusal) => refusal.public_text().to_owned(),
            Self::CannotChange => "The password of this user cannot be changed.".to_owned(),
            Self::Rules(violations) => password_policy::detail(violations),
            Self::Lost => "The password was changed by another request.".to_owned(),
            Self::Busy(_) => "The service is busy. Try again in a moment.".to_owned(),
            Self::Service(_) => "The server could not process the request.".to_owned(),
        }
    }

    /// The record for whoever asks why. Service failures have none: they are not the caller's.
    pub fn explanation(&self) -> Option<Explanation> {
        Some(match self {
            Self::UnknownStripe => unknown_stripe(),
            Self::UnknownUser => {
                Explanation::new("user_known", "a user of this stripe", "no such user", "check the id")
            }
            Self::NotProven(refusal) => return refusal.explanation(),
            Self::CannotChange => Explanation::new(
                "password_changeable",
                "a user who may change the password",
                "a user whose password an administrator has fixed (passwordState.cantChange)",
                "have an administrator set the password",
            ),
            Self::Rules(violations) => Explanation::new(
                "password_policy",
                "a password that complies with the user's password policy",
                violations.iter().map(Violation::attribute).collect::<Vec<_>>().join(", "),
                "choose another password; the answer names every rule that this one breaks",
            ),
            Self::Lost => Explanation::new(
                "password_unchanged_meanwhile",
                "the password that was there when the request came",
                "another one: it was changed, or the user removed, in the same moment",
                "repeat the request if the password is still to be changed",
            ),
            Self::Busy(_) => busy(),
            Self::Service(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests;
