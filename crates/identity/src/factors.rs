//! Second factors: a user's authenticator app, from its enrolment to its end, and the recovery codes that stand in for it.
//!
//! A secret is shown only to whoever began its enrolment, by the enrolment's id: somebody else who knows the password can
//! begin another one, which ends the first, but never learns a secret that the user goes on to confirm. Wrong codes are
//! counted apart from wrong passwords, so that a right password does not forgive them, and lock the user all the same.

use obol_domain::{
    Explanation,
    audit::{Cause, Event, Kind, Outcome, Party},
    entropy::hex,
    totp::{self, TotpSecret, Typed},
};
use obol_protocol::{Secret, Timestamp};
use obol_store::{StoreError, Tx, factors, factors::Factor, half_sign_ins, users::User};

use crate::{
    Identity, ServiceError, StripeLocator,
    cache::LoadedStripe,
    users::{SignInRefusal, SignedIn, UserWithRoles, unknown_stripe},
};

/// An enrolment that waits for its first code.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// Its id, which only who began it knows.
    pub id: String,
    /// The secret as it is typed into an app.
    pub secret: Secret,
    /// The same as the address that a QR code holds.
    pub address: Secret,
}

/// A user's confirmed factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveFactor {
    /// When it was confirmed.
    pub since: Timestamp,
    /// How many recovery codes are left.
    pub recovery_codes: i64,
}

/// Why a second factor was not enrolled, used, or removed. Nothing was changed, but a wrong code or password was counted.
#[derive(Debug, thiserror::Error)]
pub enum FactorRefusal {
    /// There is no such stripe.
    #[error("there is no such stripe")]
    UnknownStripe,
    /// The sign-in that it belongs to has ended, or never began.
    #[error("there is no sign-in that waits for a second factor")]
    NotBegun,
    /// The user may not act, or did not prove the password.
    #[error("the user may not act")]
    User(#[from] SignInRefusal),
    /// There is a confirmed factor already.
    #[error("a second factor is enrolled already")]
    Enrolled,
    /// There is no confirmed factor.
    #[error("no second factor is enrolled")]
    NotEnrolled,
    /// The enrolment is gone: another one was begun.
    #[error("another enrolment was begun")]
    Replaced,
    /// The first code of an enrolment is wrong. It is not counted: there is nothing to guess yet.
    #[error("the code does not confirm the enrolment")]
    NotConfirmed,
    /// The code is wrong, or was used before.
    #[error("the code is wrong")]
    WrongCode {
        /// Wrong codes counted so far.
        attempts: u32,
        /// How many lock the user; zero never does.
        limit: u32,
    },
    /// The service failed.
    #[error("the second factor could not be looked up")]
    Service(#[from] ServiceError),
}

impl From<StoreError> for FactorRefusal {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

/// A user about to do something with a second factor.
pub(crate) struct Owner {
    pub(crate) stripe: std::sync::Arc<LoadedStripe>,
    pub(crate) user: User,
    pub(crate) now: Timestamp,
}

impl Owner {
    fn name(&self) -> &str {
        &self.stripe.row.name
    }

    pub(crate) fn event(&self, name: &'static str, outcome: Outcome, cause: &Cause, factor_id: &str) -> Event {
        Event::new(name, outcome, cause.clone(), self.now).on(Party::new(Kind::Factor, factor_id, &self.user.user_name))
    }

    pub(crate) fn signed_in(self) -> SignedIn {
        let User { id, user_name, display_name, .. } = self.user;
        SignedIn { user_id: id, user_name, display_name }
    }
}

impl Identity {
    /// Whether the sign-on policy asks a user for a second factor.
    pub(crate) async fn asks_for_factor(&self, stripe: &LoadedStripe, user_id: &str) -> Result<bool, StoreError> {
        let policy = stripe.row.mfa;
        if policy.asks(false) || !policy.asks(true) {
            return Ok(policy.asks(false));
        }
        Ok(policy.asks(factors::is_active(&self.0.db, &stripe.row.name, user_id).await?))
    }

    pub(crate) async fn factor_owner(&self, stripe: &str, user_id: &str) -> Result<Owner, FactorRefusal> {
        let now = self.now();
        let locator = StripeLocator::Named(stripe.to_owned());
        let stripe = self.locate(&locator, now).await?.ok_or(FactorRefusal::UnknownStripe)?;
        let UserWithRoles { user, .. } = self.acting_user(&stripe, user_id, now).await?;
        Ok(Owner { stripe, user, now })
    }

    /// A user's confirmed factor, if there is one.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]
    pub async fn active_factor(&self, stripe: &str, user_id: &str) -> Result<Option<ActiveFactor>, ServiceError> {
        let factor = factors::get(&self.0.db, stripe, user_id).await?;
        Ok(factor.and_then(|factor| {
            let since = factor.confirmed_at?;
            Some(ActiveFactor { since, recovery_codes: factor.recovery_codes })
        }))
    }

    /// Begins an enrolment, in place of one that was begun before and not confirmed.
    ///
    /// # Errors
    ///
    /// [`FactorRefusal`]
    pub async fn begin_enrolment(
        &self,
        stripe: &str,
        user_id: &str,
        cause: &Cause,
    ) -> Result<Enrolment, FactorRefusal> {
        let owner = self.factor_owner(stripe, user_id).await?;
        let (entropy, id) = (&*self.0.entropy, self.0.entropy.hex32());
        let secret = TotpSecret::generate(entropy);
        let sealed = self.0.master.seal(entropy, &purpose(stripe, user_id, &id), secret.bytes());
        let sealed = sealed.map_err(|_| corrupt(user_id))?;
        let mut tx = self.0.db.begin().await?;
        if !factors::begin(&mut tx, stripe, user_id, &id, &sealed, owner.now).await? {
            return Err(FactorRefusal::Enrolled);
        }
        let event = owner.event("sso.auth.factor.initiate", Outcome::Success, cause, &id);
        self.audit(&mut tx, stripe, &[event]).await?;
        tx.commit().await?;
        Ok(shown(&owner, id, &secret))
    }

    /// An enrolment that still waits for its first code, for who knows its id.
    ///
    /// # Errors
    ///
    /// [`FactorRefusal`]
    pub async fn enrolment(&self, stripe: &str, user_id: &str, id: &str) -> Result<Enrolment, FactorRefusal> {
        let owner = self.factor_owner(stripe, user_id).await?;
        let (id, secret) = self.waiting(&owner, id).await?;
        Ok(shown(&owner, id, &secret))
    }

    /// Confirms an enrolment by its first code; returns the recovery codes, which are shown this once.
    ///
    /// # Errors
    ///
    /// [`FactorRefusal`]
    pub async fn confirm_enrolment(
        &self,
        stripe: &str,
        user_id: &str,
        id: &str,
        typed: &Secret,
        cause: &Cause,
    ) -> Result<Vec<Secret>, FactorRefusal> {
        let owner = self.factor_owner(stripe, user_id).await?;
        self.confirm(&owner, id, typed, cause, None).await
    }

    /// The same, and ends the sign-in that waited for it.
    pub(crate) async fn confirm(
        &self,
        owner: &Owner,
        id: &str,
        typed: &Secret,
        cause: &Cause,
        half: Option<&str>,
    ) -> Result<Vec<Secret>, FactorRefusal> {
        let (id, secret) = self.waiting(owner, id).await?;
        let step = match Typed::read(typed) {
            Some(Typed::Code(code)) => secret.step_of(code.expose(), self.0.clock.wall(), None),
            Some(Typed::Recovery(_)) | None => None,
        };
        let step = step.ok_or(FactorRefusal::NotConfirmed)?;
        let (name, user_id) = (owner.name(), owner.user.id.as_str());
        let (codes, hashes) = self.recovery_codes(name, user_id);
        let mut tx = self.0.db.begin().await?;
        if !factors::confirm(&mut tx, name, user_id, &id, step, owner.now).await? {
            return Err(FactorRefusal::Replaced);
        }
        factors::replace_recovery(&mut tx, name, user_id, &hashes).await?;
        if let Some(half) = half
            && !half_sign_ins::end(&mut tx, name, half).await?
        {
            return Err(FactorRefusal::NotBegun);
        }
        let event = owner.event("sso.auth.factor.create", Outcome::Success, cause, &id);
        self.audit(&mut tx, name, &[event]).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Removes a user's factor and its recovery codes. The user proves the password.
    ///
    /// # Errors
    ///
    /// [`FactorRefusal`]
    pub async fn remove_factor(
        &self,
        stripe: &str,
        user_id: &str,
        password: &Secret,
        cause: &Cause,
    ) -> Result<(), FactorRefusal> {
        let (owner, factor) = self.proven_factor(stripe, user_id, password).await?;
        let mut tx = self.0.db.begin().await?;
        if !factors::delete(&mut tx, stripe, user_id).await? {
            return Err(FactorRefusal::NotEnrolled);
        }
        let event = owner.event("sso.auth.factor.delete", Outcome::Success, cause, &factor.id);
        self.audit(&mut tx, stripe, &[event]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Replaces a user's recovery codes; returns the new ones, which are shown this once. The user proves the password.
    ///
    /// # Errors
    ///
    /// [`FactorRefusal`]
    pub async fn renew_recovery_codes(
        &self,
        stripe: &str,
        user_id: &str,
        password: &Secret,
        cause: &Cause,
    ) -> Result<Vec<Secret>, FactorRefusal> {
        let (owner, factor) = self.proven_factor(stripe, user_id, password).await?;
        let (codes, hashes) = self.recovery_codes(stripe, user_id);
        let mut tx = self.0.db.begin().await?;
        factors::replace_recovery(&mut tx, stripe, user_id, &hashes).await?;
        let event = owner.event("sso.auth.factor.update", Outcome::Success, cause, &factor.id);
        self.audit(&mut tx, stripe, &[event.changing(["recoveryCodes"])]).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// The confirmed factor of a user who has just proven the password.
    async fn proven_factor(
        &self,
        stripe: &str,
        user_id: &str,
        password: &Secret,
    ) -> Result<(Owner, Factor), FactorRefusal> {
        let owner = self.factor_owner(stripe, user_id).await?;
        self.verify_user(&owner.stripe, &owner.user.user_name, password, owner.now).await?;
        let factor = factors::get(&self.0.db, stripe, user_id).await?;
        let active = factor.filter(|factor| factor.confirmed_at.is_some()).ok_or(FactorRefusal::NotEnrolled)?;
        Ok((owner, active))
    }

    /// Uses a code or recovery code up, within `tx`. A wrong one is not counted here.
    pub(crate) async fn use_code(
        &self,
        tx: &mut Tx,
        owner: &Owner,
        factor: &Factor,
        typed: &Secret,
    ) -> Result<bool, FactorRefusal> {
        let (name, user_id) = (owner.name(), owner.user.id.as_str());
        match Typed::read(typed) {
            Some(Typed::Code(code)) => {
                let secret = self.opened(owner, factor)?;
                let Some(step) = secret.step_of(code.expose(), self.0.clock.wall(), Some(factor.last_step)) else {
                    return Ok(false);
                };
                Ok(factors::use_step(tx, name, user_id, &factor.id, step).await?)
            }
            Some(Typed::Recovery(code)) => {
                Ok(factors::use_recovery(tx, name, user_id, &self.recovery_hash(name, user_id, &code)).await?)
            }
            None => Ok(false),
        }
    }

    /// An enrolment that was not confirmed, by its id.
    async fn waiting(&self, owner: &Owner, id: &str) -> Result<(String, TotpSecret), FactorRefusal> {
        let factor = factors::get(&self.0.db, owner.name(), &owner.user.id).await?.ok_or(FactorRefusal::Replaced)?;
        if factor.confirmed_at.is_some() {
            return Err(FactorRefusal::Enrolled);
        }
        if !Secret::new(factor.id.as_str()).matches(id) {
            return Err(FactorRefusal::Replaced);
        }
        let secret = self.opened(owner, &factor)?;
        Ok((factor.id, secret))
    }

    fn opened(&self, owner: &Owner, factor: &Factor) -> Result<TotpSecret, ServiceError> {
        let purpose = purpose(owner.name(), &owner.user.id, &factor.id);
        let bytes = self.0.master.open(&purpose, &factor.sealed_secret).map_err(|_| corrupt(&owner.user.id))?;
        Ok(TotpSecret::from_bytes(bytes))
    }

    /// New recovery codes as they are shown, and as they are kept.
    fn recovery_codes(&self, stripe: &str, user_id: &str) -> (Vec<Secret>, Vec<String>) {
        let codes: Vec<_> = (0..totp::RECOVERY_CODES).map(|_| totp::recovery_code(&*self.0.entropy)).collect();
        let hashes = codes.iter().filter_map(|code| match Typed::read(code) {
            Some(Typed::Recovery(code)) => Some(self.recovery_hash(stripe, user_id, &code)),
            Some(Typed::Code(_)) | None => None,
        });
        let hashes = hashes.collect();
        (codes, hashes)
    }

    fn recovery_hash(&self, stripe: &str, user_id: &str, code: &Secret) -> String {
        hex(&self.0.master.keyed_hash(&format!("recovery code {stripe}/{user_id}"), code.expose().as_bytes()))
    }
}

fn shown(owner: &Owner, id: String, secret: &TotpSecret) -> Enrolment {
    let address = secret.otpauth(&owner.stripe.row.domain_name, &owner.user.user_name);
    Enrolment { id, secret: secret.text(), address }
}

fn purpose(stripe: &str, user_id: &str, id: &str) -> String {
    format!("second factor {stripe}/{user_id}/{id}")
}

fn corrupt(user_id: &str) -> ServiceError {
    ServiceError::Store(StoreError::Corrupt { table: "factors", column: "sealed_secret", key: user_id.to_owned() })
}

impl FactorRefusal {
    /// What the person may read, who has proven the password or is signed in.
    pub const fn public_text(&self) -> &'static str {
        match self {
            Self::UnknownStripe | Self::NotBegun => "This sign-in is not valid any more.",
            Self::User(refusal) => refusal.public_text(),
            Self::Enrolled => "A second factor is set up already.",
            Self::NotEnrolled => "No second factor is set up.",
            Self::Replaced => "The setup was begun anew elsewhere.",
            Self::NotConfirmed | Self::WrongCode { .. } => "The code is not right.",
            Self::Service(_) => "The server could not process the request.",
        }
    }

    /// The record for whoever asks why. Service failures have none: they are not the caller's.
    pub fn explanation(&self) -> Option<Explanation> {
        Some(match self {
            Self::UnknownStripe => unknown_stripe(),
            Self::NotBegun => Explanation::new(
                "sign_in_begun",
                "a sign-in whose password was right less than ten minutes ago",
                "one that has ended, or none",
                "sign in again with name and password",
            ),
            Self::User(refusal) => return refusal.explanation(),
            Self::Enrolled => Explanation::new(
                "factor_not_enrolled",
                "a user without a second factor",
                "a user who has one",
                "remove the present one first",
            ),
            Self::NotEnrolled => Explanation::new(
                "factor_enrolled",
                "a user with a second factor",
                "a user without one",
                "set one up first",
            ),
            Self::Replaced => Explanation::new(
                "enrolment_present",
                "the enrolment that this browser began",
                "another one, or none",
                "begin the setup again, in one window only",
            ),
            Self::NotConfirmed => Explanation::new(
                "code_matches",
                "the six digits that the app shows for this secret now",
                "others",
                "check the clock of the device, and enter the digits before they change",
            ),
            Self::WrongCode { attempts, limit } => Explanation::new(
                "code_matches",
                "the six digits that the app shows now and that were not used before, or an unused recovery code",
                match limit {
                    0 => "neither".to_owned(),
                    limit => format!("neither, {attempts} of {limit} attempts before the user is locked"),
                },
                "check the clock of the device, wait for the next digits, or use a recovery code",
            ),
            Self::Service(_) => return None,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
