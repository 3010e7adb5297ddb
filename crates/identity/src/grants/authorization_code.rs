//! `authorization_code`: what the authorization endpoint sent is redeemed once (contract identity 2.2; RFC 6749 section
//! 4.1.3, RFC 7636 section 4.6).

use obol_domain::Explanation;
use obol_protocol::{
    Secret, Timestamp,
    oauth::{ScopeList, TokenBody, pkce},
};
use obol_store::authorization_codes::{self, Code};

use super::{Admitted, SignIn, TokenRefusal};
use crate::{Identity, ServiceError, claims::Origin, opaque::Kind};

/// Why a code is good for nothing. The answer is the same for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// Nobody was given this code.
    #[error("nobody was given this code")]
    Unknown,
    /// It was given to another client.
    #[error("the code is another client's")]
    OtherClient,
    /// It was used before; what was issued for it is revoked.
    #[error("the code was used before")]
    Reused,
    /// It is past its end.
    #[error("the code expired at {0}")]
    Expired(Timestamp),
    /// The redirect URI is not the one it was sent to.
    #[error("the redirect_uri is not the one the code was sent to")]
    RedirectUri,
    /// A challenge was sent for it, and no verifier now.
    #[error("the code_verifier is missing")]
    NoVerifier,
    /// The verifier is not what the challenge was made from.
    #[error("the code_verifier does not fit the code_challenge")]
    Verifier,
    /// A verifier without a challenge: the challenge was taken from the request on its way.
    #[error("there was no code_challenge for this code_verifier")]
    NoChallenge,
}

/// What a client sends with a code.
#[derive(Clone, Copy)]
pub(super) struct Redeemed<'a> {
    pub(super) code: &'a Secret,
    pub(super) redirect_uri: Option<&'a str>,
    pub(super) verifier: Option<&'a Secret>,
}

impl Identity {
    pub(super) async fn authorization_code(
        &self,
        admitted: &Admitted<'_>,
        redeemed: Redeemed<'_>,
    ) -> Result<TokenBody, TokenRefusal> {
        let Admitted { stripe, client, now, .. } = *admitted;
        let name = &stripe.row.name;
        let hash = self.opaque_hash(Kind::Code, redeemed.code).ok_or(CodeRefusal::Unknown)?;
        let code = authorization_codes::get(&self.0.db, name, &hash).await.map_err(ServiceError::Store)?;
        let code = code.ok_or(CodeRefusal::Unknown)?;
        match judge(&code, redeemed, &client.app.id, now) {
            Ok(()) => {}
            Err(CodeRefusal::Reused) => return Err(self.replayed(admitted, code.family_id.as_deref()).await),
            Err(refusal) => return Err(refusal.into()),
        }
        let user = self.acting_user(stripe, &code.user_id, now).await?;
        // The scope was fixed when the code was given; one sent now changes nothing (RFC 6749 section 4.1.3 has none).
        let scope = ScopeList::parse(&code.scope).unwrap_or_default();
        let admitted = Admitted { scope: &scope, ..*admitted };
        let sign_in = SignIn {
            origin: Origin::AuthorizationCode,
            auth_time: code.auth_time,
            sid: Some(code.sid),
            nonce: code.nonce,
        };
        let made = self.make_for_user(&admitted, &user, &sign_in, false).await?;
        let mut tx = self.0.db.begin().await.map_err(ServiceError::Store)?;
        let family_id = match &made.refresh {
            Some(refresh) => Some(self.begin_family(&mut tx, &admitted, &user, &sign_in, refresh).await?),
            None => None,
        };
        let won = authorization_codes::consume(&mut tx, name, &hash, family_id.as_deref(), now).await;
        if won.map_err(ServiceError::Store)? {
            tx.commit().await.map_err(ServiceError::Store)?;
            return Ok(self.hand_out(&admitted, made));
        }
        drop(tx);
        // Whoever won has committed, so its family is there to be found.
        let code = authorization_codes::get(&self.0.db, name, &hash).await.map_err(ServiceError::Store)?;
        Err(self.replayed(&admitted, code.and_then(|code| code.family_id).as_deref()).await)
    }

    /// A code that came a second time: what was issued for it ends (RFC 6749 section 4.1.2).
    async fn replayed(&self, admitted: &Admitted<'_>, family_id: Option<&str>) -> TokenRefusal {
        if let Some(family_id) = family_id
            && let Err(error) = self.end_family(admitted.stripe, family_id, admitted.cause, admitted.now).await
        {
            return error.into();
        }
        CodeRefusal::Reused.into()
    }
}

fn judge(code: &Code, redeemed: Redeemed<'_>, app_id: &str, now: Timestamp) -> Result<(), CodeRefusal> {
    if code.app_id != app_id {
        return Err(CodeRefusal::OtherClient);
    }
    if code.used_at.is_some() {
        return Err(CodeRefusal::Reused);
    }
    if code.expires_at <= now {
        return Err(CodeRefusal::Expired(code.expires_at));
    }
    if redeemed.redirect_uri != Some(code.redirect_uri.as_str()) {
        return Err(CodeRefusal::RedirectUri);
    }
    match (&code.code_challenge, redeemed.verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(CodeRefusal::NoChallenge),
        (Some(_), None) => Err(CodeRefusal::NoVerifier),
        (Some(challenge), Some(verifier)) if pkce::fits(verifier, challenge) => Ok(()),
        (Some(_), Some(_)) => Err(CodeRefusal::Verifier),
    }
}

impl CodeRefusal {
    /// The record for whoever asks why.
    pub fn explanation(self) -> Explanation {
        const AGAIN: &str = "send the browser to the authorization endpoint again";
        match self {
            Self::Unknown => Explanation::new(
                "code_known",
                "a code of this stripe",
                "one that nobody was given, or that ended long ago",
                "send the code as it stood in the redirect, decoded once, to the stripe that gave it",
            ),
            Self::OtherClient => Explanation::new(
                "code_of_client",
                "a code of this client",
                "another client's",
                "use the client that sent the browser",
            ),
            Self::Reused => Explanation::new(
                "code_unused",
                "a code that was not used",
                "one that was, so that the refresh tokens issued for it were revoked",
                "use a code once",
            ),
            Self::Expired(at) => Explanation::new(
                "code_not_expired",
                "a code of the last 180 seconds",
                format!("one that expired at {at}"),
                AGAIN,
            ),
            Self::RedirectUri => Explanation::new(
                "redirect_uri_repeated",
                "the redirect_uri of the authorization request, unchanged",
                "another one, or none",
                "send the same redirect_uri again",
            ),
            Self::NoVerifier => Explanation::new(
                "code_verifier_fits",
                "the code_verifier that the code_challenge was made from",
                "none",
                "send code_verifier",
            ),
            Self::Verifier => Explanation::new(
                "code_verifier_fits",
                "the code_verifier that the code_challenge was made from",
                "another one, or one that is not 43 to 128 unreserved characters",
                "send the code_verifier of this very request",
            ),
            Self::NoChallenge => Explanation::new(
                "code_verifier_fits",
                "no code_verifier, as the authorization request had no code_challenge",
                "one",
                "send code_challenge and code_challenge_method=S256 with the authorization request",
            ),
        }
    }
}
