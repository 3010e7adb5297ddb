//! Signing in to the console in two steps: name and password, and then the second factor where the sign-on policy asks for
//! one. Between them the browser holds the id of a row that is no session and opens nothing but the second step.

use std::time::Duration;

use obol_domain::{
    audit::{Cause, Outcome},
    entropy::hex,
    lockout::Standing,
};
use obol_protocol::Secret;
use obol_store::{factors, half_sign_ins, users};

use crate::{
    Identity, StripeLocator,
    factors::{FactorRefusal, Owner},
    users::{SignInRefusal, SignedIn, UserWithRoles},
};

/// How long the second step may take: long enough to install an app.
pub const SECOND_STEP: Duration = Duration::from_mins(10);

/// What came of a right password.
#[derive(Debug, Clone)]
pub enum FirstStep {
    /// The user is signed in.
    Whole(SignedIn),
    /// The second factor is still to come; the id is only for the browser.
    Half(Secret),
}

/// A sign-in that waits for its second factor.
#[derive(Debug, Clone)]
pub struct HalfSignIn {
    /// The SCIM id of who it is for.
    pub user_id: String,
    /// The name they sign in with.
    pub user_name: String,
    /// Whether they have a factor; otherwise they set one up now.
    pub enrolled: bool,
}

impl Identity {
    /// The first step: name and password.
    ///
    /// # Errors
    ///
    /// [`SignInRefusal`]
    pub async fn begin_sign_in(
        &self,
        stripe: &str,
        user_name: &str,
        password: &Secret,
    ) -> Result<FirstStep, SignInRefusal> {
        let now = self.now();
        let locator = StripeLocator::Named(stripe.to_owned());
        let loaded = self.locate(&locator, now).await?.ok_or(SignInRefusal::UnknownStripe)?;
        let UserWithRoles { user, .. } = self.check_password(&loaded, user_name, password, now).await?;
        if !self.asks_for_factor(&loaded, &user.id).await? {
            return Ok(FirstStep::Whole(Owner { stripe: loaded, user, now }.signed_in()));
        }
        let id = self.0.entropy.secret256();
        let mut tx = self.0.db.begin().await?;
        half_sign_ins::insert(&mut tx, stripe, &self.half_hash(&id), &user.id, now.plus(SECOND_STEP)).await?;
        tx.commit().await?;
        Ok(FirstStep::Half(id))
    }

    /// A sign-in that waits for its second factor, if its user may still act.
    ///
    /// # Errors
    ///
    /// [`FactorRefusal`]
    pub async fn half_sign_in(&self, stripe: &str, half: &Secret) -> Result<HalfSignIn, FactorRefusal> {
        let Owner { user, .. } = self.half_owner(stripe, half).await?;
        let enrolled = factors::is_active(&self.0.db, stripe, &user.id).await?;
        Ok(HalfSignIn { user_id: user.id, user_name: user.user_name, enrolled })
    }

    /// The second step: the code of the user's app, or a recovery code.
    ///
    /// # Errors
    ///
    /// [`FactorRefusal`]
    pub async fn finish_sign_in(
        &self,
        stripe: &str,
        half: &Secret,
        typed: &Secret,
        cause: &Cause,
    ) -> Result<SignedIn, FactorRefusal> {
        let owner = self.half_owner(stripe, half).await?;
        let found = factors::get(&self.0.db, stripe, &owner.user.id).await?;
        let factor = found.filter(|factor| factor.confirmed_at.is_some()).ok_or(FactorRefusal::NotEnrolled)?;
        let policy = self.policy_of(&owner.stripe, &owner.user.id).await?.lockout;
        let mut tx = self.0.db.begin().await?;
        // Codes that come together are judged one after the other, each with the lock that those before it led to.
        let lock = users::hold(&mut tx, stripe, &owner.user.id).await?.ok_or(FactorRefusal::NotBegun)?;
        if let Standing::Locked { until } = lock.standing(policy, owner.now) {
            return Err(SignInRefusal::Locked(until).into());
        }
        if !self.use_code(&mut tx, &owner, &factor, typed).await? {
            let attempts = factors::record_failure(&mut tx, stripe, &owner.user.id, policy, owner.now).await?;
            let event = owner.event("sso.auth.factor.use", Outcome::Failure, cause, &factor.id);
            self.audit(&mut tx, stripe, &[event.saying("code_matches")]).await?;
            tx.commit().await?;
            return Err(FactorRefusal::WrongCode { attempts, limit: policy.max_incorrect_attempts });
        }
        if !half_sign_ins::end(&mut tx, stripe, &self.half_hash(half)).await? {
            return Err(FactorRefusal::NotBegun);
        }
        let event = owner.event("sso.auth.factor.use", Outcome::Success, cause, &factor.id);
        self.audit(&mut tx, stripe, &[event]).await?;
        tx.commit().await?;
        Ok(owner.signed_in())
    }

    /// The second step of who has no factor yet: the first code of the app set up now. Returns the recovery codes too.
    ///
    /// # Errors
    ///
    /// [`FactorRefusal`]
    pub async fn finish_enrolment(
        &self,
        stripe: &str,
        half: &Secret,
        enrolment: &str,
        typed: &Secret,
        cause: &Cause,
    ) -> Result<(SignedIn, Vec<Secret>), FactorRefusal> {
        let owner = self.half_owner(stripe, half).await?;
        let codes = self.confirm(&owner, enrolment, typed, cause, Some(&self.half_hash(half))).await?;
        Ok((owner.signed_in(), codes))
    }

    async fn half_owner(&self, stripe: &str, half: &Secret) -> Result<Owner, FactorRefusal> {
        let user_id = half_sign_ins::user_of(&self.0.db, stripe, &self.half_hash(half), self.now()).await?;
        self.factor_owner(stripe, &user_id.ok_or(FactorRefusal::NotBegun)?).await
    }

    fn half_hash(&self, id: &Secret) -> String {
        hex(&self.0.master.keyed_hash("half sign-in id", id.expose().as_bytes()))
    }
}

#[cfg(test)]
mod tests;
