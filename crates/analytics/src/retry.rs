//! Retry tokens: the same request with the same `opc-retry-token` gets the first answer again, for 24 hours (contract
//! analytics 5.1). Only what took effect is kept; a refused request may be sent again with the same token.

use std::time::Duration;

use obol_protocol::oci::signature::digest;
use obol_store::{
    Tx,
    retry_tokens::{self, Kept, NewAnswer, TokenKey},
};

use crate::{
    Inner, Refusal,
    http::{Answer, Call, routes::Operation},
};

/// How long a token lives.
pub(crate) const LIFE: Duration = Duration::from_hours(24);
/// The most characters of a token.
const LONGEST: usize = 64;

/// A token that came with a request, and what the request was.
pub(crate) struct RetryToken<'a> {
    token: &'a str,
    digest: String,
}

/// What the token says about the request.
pub(crate) enum Replay {
    /// It is new: carry the request out.
    No,
    /// The first answer.
    Yes(Answer),
}

impl<'a> RetryToken<'a> {
    /// Reads the token of a request, if it has one.
    ///
    /// # Errors
    ///
    /// [`Refusal::RetryTokenMalformed`]
    pub(crate) fn of(call: &Call<'a>, operation: Operation) -> Result<Option<Self>, Refusal> {
        let Some(value) = call.headers.get("opc-retry-token") else { return Ok(None) };
        let token = value.to_str().map_err(|_| Refusal::RetryTokenMalformed)?;
        if !(1..=LONGEST).contains(&token.len()) {
            return Err(Refusal::RetryTokenMalformed);
        }
        let parts = [operation.name().as_bytes(), call.id.as_bytes(), call.key.as_bytes(), call.body];
        let request = parts.join(&b'\n');
        Ok(Some(Self { token, digest: digest(&request) }))
    }

    /// Whose token it is.
    pub(crate) fn key<'b>(&'b self, call: &Call<'b>) -> TokenKey<'b> {
        TokenKey { tenancy_id: &call.caller.tenancy_id, user_ocid: &call.caller.user_ocid, token: self.token }
    }

    /// Looks the token up.
    ///
    /// # Errors
    ///
    /// [`Refusal::RetryTokenOfAnother`] or [`Refusal::RetryTokenInvalidated`].
    pub(crate) async fn replay(&self, analytics: &Inner, call: &Call<'_>) -> Result<Replay, Refusal> {
        self.judge(retry_tokens::find(&analytics.db, self.key(call), call.context.now).await?)
    }

    /// The answer that was given before to a request with its token, if there was one. For operations that judge what may
    /// have changed since.
    ///
    /// # Errors
    ///
    /// As [`RetryToken::of`] and [`RetryToken::replay`].
    pub(crate) async fn replayed(
        analytics: &Inner,
        call: &Call<'_>,
        operation: Operation,
    ) -> Result<Option<Answer>, Refusal> {
        let Some(token) = RetryToken::of(call, operation)? else { return Ok(None) };
        match token.replay(analytics, call).await? {
            Replay::Yes(answer) => Ok(Some(answer)),
            Replay::No => Ok(None),
        }
    }

    /// Looks the token up in the midst of a transaction.
    ///
    /// # Errors
    ///
    /// As [`RetryToken::replay`].
    pub(crate) async fn replay_within(&self, tx: &mut Tx, call: &Call<'_>) -> Result<Replay, Refusal> {
        self.judge(retry_tokens::find_within(tx, self.key(call), call.context.now).await?)
    }

    fn judge(&self, kept: Option<Kept>) -> Result<Replay, Refusal> {
        let Some(kept) = kept else { return Ok(Replay::No) };
        if kept.request_digest != self.digest.as_bytes() {
            return Err(Refusal::RetryTokenOfAnother);
        }
        if kept.is_invalidated {
            return Err(Refusal::RetryTokenInvalidated);
        }
        serde_json::from_str(&kept.answer)
            .map(Replay::Yes)
            .map_err(|_| Refusal::Internal("a kept answer cannot be read"))
    }

    /// The answer of the request that was faster with the same token.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    pub(crate) async fn first_answer(&self, analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
        match self.replay(analytics, call).await? {
            Replay::Yes(answer) => Ok(answer),
            Replay::No => Err(Refusal::Internal("a retry token was taken and is gone")),
        }
    }

    /// Keeps the answer in the transaction that makes it true. Returns `false` when the same token was faster.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    pub(crate) async fn keep(
        &self,
        tx: &mut Tx,
        call: &Call<'_>,
        instance_id: &str,
        answer: &Answer,
    ) -> Result<bool, Refusal> {
        let new = NewAnswer {
            request_digest: self.digest.as_bytes(),
            instance_id,
            answer: serde_json::to_string(answer).map_err(|_| Refusal::Internal("an answer cannot be kept"))?,
            expires_at: call.context.now.plus(LIFE),
            now: call.context.now,
        };
        Ok(retry_tokens::keep(tx, self.key(call), &new).await?)
    }
}
