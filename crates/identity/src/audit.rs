//! The audit trail: a record of every change, in the change's own transaction, and of every refusal and sign-in, by a
//! background writer (contract identity 6.4).
//!
//! How an endpoint calls it:
//!
//! * A **change** makes its record with [`Event::new`], names what it was done to, and hands it to
//!   [`Identity::audit`] with the transaction that makes the change, as the last thing before the commit. So there is never
//!   a change without its record, nor a record without its change.
//! * A **refusal** needs nothing: whoever answers with an `Explanation` in the response's extensions is recorded by the
//!   layer around all doors of this crate. An endpoint that knows who was refused puts a [`Refused`] beside it.
//! * A **sign-in, a token, a sign-out** changes nothing that must not be lost: it goes to [`Identity::audit_later`], which
//!   never waits. A full queue drops records and counts them; the next record that is written says how many.
//!
//! Event ids are Oracle's, `admin.<resource>.<verb>`, `sso.…`, with the outcome at the end.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use obol_domain::{
    Explanation,
    audit::{Broken, Cause, Event, Kind, Outcome, Party},
    seal::MasterKey,
    with_causes,
};
use obol_protocol::{Timestamp, jose::AccessTokenClaims};
use obol_store::{Db, StoreError, Tx, audit, audit::Kept};
use tokio::sync::{mpsc, oneshot};

use crate::{Identity, StripeLocator, cache::LoadedStripe};

/// Records waiting for the writer; more are dropped.
const QUEUE: usize = 8192;
/// Records written in one transaction at the most.
const BATCH: usize = 512;
const DAY: Duration = Duration::from_hours(24);

/// Who was refused, as far as the endpoint knows. It travels in the response's extensions, beside the `Explanation`.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The event's id without its outcome, e.g. `admin.user.create`.
    pub event: &'static str,
    /// Who asked.
    pub actor: Party,
    /// The client it came through.
    pub client: Option<String>,
}

/// Takes records without blocking. Clones feed the same writer, which ends after the last of them is dropped.
#[derive(Clone, Debug)]
pub struct Trail {
    queue: mpsc::Sender<Message>,
    dropped: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Message {
    Record(Box<(String, Event)>),
    Flush(oneshot::Sender<()>),
}

impl Trail {
    /// Starts the writer.
    pub(crate) fn start(db: Db, master: MasterKey) -> Self {
        let (queue, messages) = mpsc::channel(QUEUE);
        let dropped = Arc::<AtomicU64>::default();
        tokio::spawn(write(db, master, messages, Arc::clone(&dropped)));
        Self { queue, dropped }
    }

    fn record(&self, stripe: &str, event: Event) {
        if self.queue.try_send(Message::Record(Box::new((stripe.to_owned(), event)))).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything handed over before is in the database.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.queue.send(Message::Flush(done)).await.is_ok() {
            // The writer answers or is gone; either way nothing is left to wait for.
            let _ = written.await;
        }
    }
}

async fn write(db: Db, master: MasterKey, mut messages: mpsc::Receiver<Message>, dropped: Arc<AtomicU64>) {
    let mut batch = Vec::with_capacity(BATCH);
    while messages.recv_many(&mut batch, BATCH).await > 0 {
        let mut stripes = BTreeMap::<String, Vec<Event>>::new();
        let mut flushes = Vec::new();
        for message in batch.drain(..) {
            match message {
                Message::Record(record) => {
                    let (stripe, event) = *record;
                    stripes.entry(stripe).or_default().push(event);
                }
                Message::Flush(done) => flushes.push(done),
            }
        }
        for (stripe, mut events) in stripes {
            let lost = dropped.swap(0, Ordering::Relaxed);
            if let Some(first) = events.first_mut().filter(|_| lost > 0) {
                let said = format!("{lost} records before this one were lost");
                first.message = if first.message.is_empty() { said } else { format!("{}; {said}", first.message) };
            }
            if let Err(error) = append(&db, &master, &stripe, &events).await {
                let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
                tracing::error!(error = with_causes(&error), count, "audit records lost");
                dropped.fetch_add(count.saturating_add(lost), Ordering::Relaxed);
            }
        }
        for done in flushes {
            // Whoever waited may have gone away.
            let _ = done.send(());
        }
    }
}

async fn append(db: &Db, master: &MasterKey, stripe: &str, events: &[Event]) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    audit::append(&mut tx, master, stripe, events).await?;
    tx.commit().await
}

/// The checks by which a sign-in fails; Oracle has one event for all of them.
const SIGN_IN: [&str; 6] = [
    "user_known",
    "user_active",
    "user_not_locked",
    "password_matches",
    "password_not_expired",
    "password_need_not_change",
];

impl Identity {
    /// Records why a request was refused: the explanation under the request's id, and the refusal in the trail of the
    /// stripe that was asked, if there is one. `door` is the event's id where nothing more is known.
    pub async fn record_refusal(
        &self,
        locator: &StripeLocator,
        door: &'static str,
        refused: Option<Refused>,
        explanation: Explanation,
        cause: Cause,
        now: Timestamp,
    ) {
        if let Ok(Some(stripe)) = self.locate(locator, now).await {
            let sign_in = door != "admin.request" && SIGN_IN.contains(&&*explanation.check);
            let name = match &refused {
                Some(refused) => refused.event,
                None if sign_in => "sso.authentication",
                None => door,
            };
            let cause = match refused {
                Some(Refused { actor, client, .. }) => Cause { client, ..cause.by(actor) },
                None => cause,
            };
            let event = Event::new(name, Outcome::Failure, cause.clone(), now).saying(explanation.check.clone());
            self.audit_later(&stripe.row.name, event);
            self.0.recorder.record(&cause.ec_id, explanation, now);
        } else {
            self.0.recorder.record(&cause.ec_id, explanation, now);
        }
    }

    /// Records that a token was issued.
    pub(crate) fn audit_token(&self, stripe: &LoadedStripe, claims: &AccessTokenClaims, cause: &Cause, now: Timestamp) {
        let actor = match &claims.user_id {
            Some(id) => Party::new(Kind::User, id, &claims.sub),
            None => Party::new(Kind::App, claims.client_guid.as_deref().unwrap_or_default(), &claims.client_id),
        };
        let cause = cause.clone().by(actor).through(&claims.client_id);
        let event = Event::new("oauth.token.create", Outcome::Success, cause, now);
        self.audit_later(&stripe.row.name, event.on(Party::new(Kind::Token, &claims.jti, "")));
    }

    /// Writes the records of a change in its own transaction, as the last thing before the commit.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn audit(&self, tx: &mut Tx, stripe: &str, events: &[Event]) -> Result<(), StoreError> {
        audit::append(tx, &self.0.master, stripe, events).await
    }

    /// Hands the record of something that changed nothing to the background writer. It never waits.
    pub fn audit_later(&self, stripe: &str, event: Event) {
        self.0.trail.record(stripe, event);
    }

    /// The way to the background writer, for whoever ends the server: what was handed over is written before the end.
    pub fn trail(&self) -> Trail {
        self.0.trail.clone()
    }

    /// Waits until everything handed over before is in the database.
    pub async fn flush_audit(&self) {
        self.0.trail.flush().await;
    }

    /// Follows a stripe's trail from one end to the other and gives each record to `each`. Returns how many there are, or
    /// where the chain breaks.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub async fn follow_audit(&self, stripe: &str, each: impl FnMut(&Kept)) -> Result<Result<i64, Broken>, StoreError> {
        self.flush_audit().await;
        audit::follow(&self.0.db, &self.0.master, stripe, each).await
    }

    /// Takes away what every stripe has kept for long enough.
    pub(crate) async fn sweep_audit(&self, now: Timestamp) -> Result<(), StoreError> {
        for (stripe, days) in audit::due(&self.0.db, now).await? {
            let mut tx = self.0.db.begin().await?;
            audit::forget(&mut tx, &self.0.master, &stripe, now.minus(DAY * days)).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
