//! A stripe's signing keys over time: the next one is published before it signs, and an old one is honoured until the last
//! token that it signed is dead, so that no verifier that reads the key set is ever surprised (contract identity 3.1, 8).
//!
//! Every node runs the same loop. The changes are guarded updates in one transaction each, so that it does not matter which
//! node makes them or how many try, and the stripe's version tells the others.

use std::time::Duration;

use obol_domain::audit::{Cause, Event, Kind, Outcome, Party};
use obol_protocol::Timestamp;
use obol_store::{
    StoreError,
    signing_keys::{self, Phase, PublishedKey},
    stripes,
};

use crate::{Identity, ServiceError, StripeLocator, keys};

/// How old a key grows before its successor is made.
const AGE: Duration = Duration::from_hours(24 * 180);
/// How long a successor that the schedule made is published before it signs. Verifiers keep a key set for a day at most.
const AHEAD: Duration = Duration::from_hours(24);
/// How long an old key is honoured: the longest life of any token (contract identity 9: 527,040 minutes), and the skew that
/// a verifier may allow.
const HONOURED: Duration = Duration::from_mins(527_040 + 1);

/// Why keys were not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotateRefusal {
    /// There is no such stripe.
    #[error("there is no such stripe")]
    UnknownStripe,
    /// The service failed.
    #[error("the service failed")]
    Service(#[from] ServiceError),
}

impl Identity {
    /// Publishes a stripe's next key now, if there is none yet, and lets it sign in `ahead` at the latest. Returns when.
    ///
    /// # Errors
    ///
    /// [`RotateRefusal`]
    pub async fn rotate_key(&self, stripe: &str, ahead: Duration, cause: &Cause) -> Result<Timestamp, RotateRefusal> {
        let now = self.now();
        let named = StripeLocator::Named(stripe.to_owned());
        self.locate(&named, now).await?.ok_or(RotateRefusal::UnknownStripe)?;
        let at = now.plus(ahead);
        if let Some(planned) = self.next_key(stripe).await? {
            self.hasten_key(stripe, at, cause, now).await?;
            return Ok(planned.min(at));
        }
        self.publish_next(stripe, at, cause, now).await?;
        Ok(self.next_key(stripe).await?.unwrap_or(now))
    }

    /// The keys of a stripe with where they stand, the current one first.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]
    pub async fn signing_keys(&self, stripe: &str) -> Result<Vec<PublishedKey>, ServiceError> {
        Ok(signing_keys::all(&self.0.db, stripe).await?)
    }

    /// Does what is due on all stripes: removes keys that are honoured no longer, gives the next ones their turn, and makes
    /// successors for those that have grown old.
    pub(crate) async fn turn_keys(&self, now: Timestamp) -> Result<(), ServiceError> {
        let cause = Cause::request("schedule");
        for stripe in signing_keys::due(&self.0.db, now, now.minus(AGE)).await? {
            self.turn_key(&stripe, &cause, now).await?;
            let keys = self.signing_keys(&stripe).await?;
            let has_next = keys.iter().any(|key| matches!(key.phase, Phase::Next(_)));
            if !has_next && self.is_old(&stripe, now).await? {
                self.publish_next(&stripe, now.plus(AHEAD), &cause, now).await?;
            }
        }
        Ok(())
    }

    async fn is_old(&self, stripe: &str, now: Timestamp) -> Result<bool, StoreError> {
        let current = signing_keys::current(&self.0.db, stripe).await?;
        Ok(current.is_some_and(|key| key.created_at <= now.minus(AGE)))
    }

    async fn next_key(&self, stripe: &str) -> Result<Option<Timestamp>, ServiceError> {
        let next = |key: PublishedKey| match key.phase {
            Phase::Next(at) => Some(at),
            Phase::Current | Phase::Old(_) => None,
        };
        Ok(self.signing_keys(stripe).await?.into_iter().find_map(next))
    }

    async fn turn_key(&self, stripe: &str, cause: &Cause, now: Timestamp) -> Result<(), ServiceError> {
        let mut tx = self.0.db.begin().await?;
        let turned = signing_keys::turn(&mut tx, stripe, now, now.plus(HONOURED)).await?;
        let removed = signing_keys::remove(&mut tx, stripe, now).await? > 0;
        if turned || removed {
            if turned {
                self.audit(&mut tx, stripe, &[event("admin.signingkey.activate", stripe, cause, now)]).await?;
            }
            if removed {
                self.audit(&mut tx, stripe, &[event("admin.signingkey.delete", stripe, cause, now)]).await?;
            }
            stripes::bump(&mut tx, stripe).await?;
            tx.commit().await?;
            self.forget(stripe);
            tracing::info!(stripe, turned, removed, "signing keys were turned");
        }
        Ok(())
    }

    async fn hasten_key(&self, stripe: &str, at: Timestamp, cause: &Cause, now: Timestamp) -> Result<(), ServiceError> {
        let mut tx = self.0.db.begin().await?;
        if signing_keys::hasten(&mut tx, stripe, at).await? {
            self.audit(&mut tx, stripe, &[event("admin.signingkey.update", stripe, cause, now)]).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Makes and publishes a successor. Another node may be first, which is as good.
    async fn publish_next(
        &self,
        stripe: &str,
        at: Timestamp,
        cause: &Cause,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let (entropy, master, name) = (self.0.entropy.clone(), self.0.master.clone(), stripe.to_owned());
        // It takes a fifth of a second of a core, which no request should wait behind.
        let making = tokio::task::spawn_blocking(move || keys::make(&*entropy, &master, &name, now));
        let key = making.await.map_err(|_| ServiceError::NoKey)??;
        let mut tx = self.0.db.begin().await?;
        match signing_keys::insert_next(&mut tx, stripe, &key, at).await {
            Ok(()) => {}
            Err(StoreError::Duplicate { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        self.audit(&mut tx, stripe, &[event("admin.signingkey.create", stripe, cause, now)]).await?;
        stripes::bump(&mut tx, stripe).await?;
        tx.commit().await?;
        self.forget(stripe);
        tracing::info!(stripe, at = %at, "the next signing key is published");
        Ok(())
    }
}

fn event(id: &'static str, stripe: &str, cause: &Cause, now: Timestamp) -> Event {
    Event::new(id, Outcome::Success, cause.clone(), now).on(Party::new(Kind::Key, stripe, ""))
}

#[cfg(test)]
mod tests;
