//! JWT bearer: an assertion that speaks for a user (contract identity 2.2 and 2.4; RFC 7523). The client signed it with a
//! certificate of its own, or it is an id token that this stripe issued.

use obol_protocol::{
    Secret, Timestamp,
    jose::{Audience, CompactJws, SIGNING_KEY},
    oauth::TokenBody,
};
use serde::Deserialize;

use super::{Admitted, SignIn, TokenRefusal};
use crate::{
    Identity,
    assertions::{AssertionFault, Presented, Subject, is_ours},
    cache::LoadedStripe,
    claims::Origin,
};

/// What is believed of an id token.
#[derive(Deserialize)]
struct IdToken {
    iss: String,
    tok_type: String,
    tenant: String,
    user_id: String,
    aud: Audience,
    exp: i64,
}

impl Identity {
    pub(super) async fn jwt_bearer(
        &self,
        admitted: &Admitted<'_>,
        assertion: &Secret,
    ) -> Result<TokenBody, TokenRefusal> {
        let Admitted { stripe, client, now, .. } = *admitted;
        let at = Presented { stripe, base: admitted.base };
        let user = if let Some(user_id) = id_token(at, assertion, now)? {
            self.acting_user(stripe, &user_id, now).await?
        } else {
            let login = self.verify_assertion(at, client, assertion, Subject::User).await?;
            self.acting_user_named(stripe, &login, now).await?
        };
        self.issue_for_user(admitted, &user, &SignIn::now(Origin::JwtBearer, now)).await
    }
}

/// The user of an id token of this stripe, which is known by the `kid` that no certificate of a client can have. The
/// service stamped it, so that its end is judged by the service's time.
fn id_token(at: Presented<'_>, assertion: &Secret, now: Timestamp) -> Result<Option<String>, AssertionFault> {
    let jws = CompactJws::parse(assertion.expose()).map_err(AssertionFault::Malformed)?;
    if jws.header().kid.as_deref() != Some(SIGNING_KEY) {
        return Ok(None);
    }
    let stripe: &LoadedStripe = at.stripe;
    stripe.verifying.verify(&jws).map_err(|_| AssertionFault::Signature)?;
    let claims: IdToken = jws.claims().map_err(|_| AssertionFault::Kind)?;
    if claims.tok_type != "IT" || claims.tenant != stripe.row.name {
        return Err(AssertionFault::Kind);
    }
    if claims.iss != stripe.row.issuer {
        return Err(AssertionFault::Issuer);
    }
    if !is_ours(&claims.aud, at) {
        return Err(AssertionFault::Audience);
    }
    let end = Timestamp::from_seconds(claims.exp);
    if end <= now {
        return Err(AssertionFault::Expired(end));
    }
    Ok(Some(claims.user_id))
}

#[cfg(test)]
mod tests;
