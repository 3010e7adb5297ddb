//! `GET /admin/v1/SigningCert/jwk`: for any client of the stripe with a token, or for everybody when the stripe says so
//! (contract identity 8).

use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{answer, context::Door};
use crate::{Identity, cache::LoadedStripe, tokens::TokenFault};

pub(super) async fn get(State(identity): State<Identity>, door: Door) -> Response {
    let stripe = match identity.locate(&door.locator, door.now).await {
        Ok(Some(stripe)) => stripe,
        Ok(None) => return answer::unknown_stripe(),
        Err(error) => return answer::failed(&error),
    };
    match admit(&identity, &stripe, &door).await {
        Ok(()) => answer::scim(StatusCode::OK, stripe.jwk_set.clone()),
        Err(fault) => answer::token_not_accepted(&fault),
    }
}

async fn admit(identity: &Identity, stripe: &LoadedStripe, door: &Door) -> Result<(), TokenFault> {
    if !stripe.row.signing_cert_public {
        identity.accept_token_of(stripe, door.bearer()?, door.now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use obol_protocol::jose::{CompactJws, JwkSet, VerifyingKey};

    use crate::testing::{OTHER_STRIPE, STRIPE, World, at_stripe, body_of, get};

    const PATH: &str = "/admin/v1/SigningCert/jwk";

    async fn set_public(world: &World, public: bool) {
        let mut tx = world.db().begin().await.unwrap();
        obol_store::stripes::set_signing_cert_public(&mut tx, STRIPE, public).await.unwrap();
        tx.commit().await.unwrap();
        world.identity.forget(STRIPE);
    }

    // Contract identity 8: restricted in a fresh stripe; any client's token opens it.
    #[tokio::test]
    async fn the_key_set_is_guarded_until_the_stripe_opens_it() {
        let world = World::new().await;
        insta::assert_snapshot!(world.refused(world.send(get(PATH, None)).await).await, @r#"
        401
        www-authenticate: Bearer
        {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"],"detail":"Operation failed due to unauthorized access.","status":"401","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error":{"messageId":"error.common.exception.unauthorizedAccess"}}
        check: token_present
        expected: an access token
        seen: none
        fix: send Authorization: Bearer with a token of this stripe
        "#);
        for token in [world.client_token().await, world.user_token().await] {
            assert_eq!(world.send(get(PATH, Some(&token))).await.status(), 200);
        }
        set_public(&world, true).await;
        assert_eq!(world.send(get(PATH, None)).await.status(), 200);
        set_public(&world, false).await;
        assert_eq!(world.send(get(PATH, None)).await.status(), 401);
    }

    #[tokio::test]
    async fn the_key_set_verifies_the_stripes_tokens() {
        let world = World::new().await;
        let token = world.client_token().await;
        let response = world.send(get(PATH, Some(&token))).await;
        assert_eq!(response.headers()["content-type"], "application/json;charset=utf-8");
        let set: JwkSet = serde_json::from_str(&body_of(response).await).unwrap();
        let key = VerifyingKey::from_jwk(&set.keys[0]).unwrap();
        let jws = CompactJws::parse(&token).unwrap();
        key.verify(&jws).unwrap();
        // Contract identity 3.1: the header's thumbprints are those of the published leaf.
        assert_eq!(jws.header().x5t, set.keys[0].x5t);
        assert_eq!(jws.header().x5t_s256, set.keys[0].x5t_s256);
        // Contract identity 8: leaf, then CA.
        assert_eq!(set.keys[0].x5c.len(), 2);
        assert_eq!(set.keys[0].kid.as_deref(), Some("SIGNING_KEY"));
    }

    #[tokio::test]
    async fn another_stripes_token_does_not_open_it() {
        let world = World::new().await;
        let token = world.client_token().await;
        world.add_other_stripe().await;
        assert_eq!(world.send(at_stripe(get(PATH, Some(&token)), OTHER_STRIPE)).await.status(), 401);
        assert_eq!(world.send(at_stripe(get(PATH, Some("x.y.z")), STRIPE)).await.status(), 401);
    }
}
