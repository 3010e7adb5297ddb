//! The three discovery documents below `/.well-known`, public (contract identity 8).

use axum::{extract::State, response::Response};
use obol_protocol::oauth::discovery::{authorization_server, idcs_configuration, openid_configuration};

use super::{answer, context::Door};
use crate::{Identity, ServiceError};

pub(super) async fn openid(State(identity): State<Identity>, door: Door) -> Response {
    match identity.place(door).await {
        Ok(Some((base, issuer))) => answer::document(&openid_configuration(&base, &issuer)),
        Ok(None) => answer::unknown_stripe(),
        Err(error) => answer::failed(&error),
    }
}

pub(super) async fn idcs(State(identity): State<Identity>, door: Door) -> Response {
    match identity.place(door).await {
        Ok(Some((base, issuer))) => answer::document(&idcs_configuration(&base, &issuer)),
        Ok(None) => answer::unknown_stripe(),
        Err(error) => answer::failed(&error),
    }
}

pub(super) async fn authorization_server_document(State(identity): State<Identity>, door: Door) -> Response {
    match identity.place(door).await {
        Ok(Some((base, issuer))) => answer::document(&authorization_server(&base, &issuer)),
        Ok(None) => answer::unknown_stripe(),
        Err(error) => answer::failed(&error),
    }
}

impl Identity {
    /// The stripe's address as this client reaches it, without a slash at its end.
    pub(super) async fn base(&self, door: &Door) -> Result<Option<String>, ServiceError> {
        let stripe = self.locate(&door.locator, door.now).await?;
        let base = |url: &str| door.base.as_ref().map_or(url, |base| &base.0).trim_end_matches('/').to_owned();
        Ok(stripe.map(|stripe| base(&stripe.url)))
    }

    /// The stripe's address as this client reaches it, and its issuer.
    async fn place(&self, door: Door) -> Result<Option<(String, String)>, ServiceError> {
        let stripe = self.locate(&door.locator, door.now).await?;
        Ok(stripe.map(|stripe| {
            let base = door.base.map_or_else(|| stripe.url.clone(), |base| base.0);
            (base, stripe.row.issuer.clone())
        }))
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::super::PublicBase;
    use crate::testing::{STRIPE, World, at_stripe, body_of, get};

    // Contract identity 8: public, the issuer constant, endpoints at the stripe's own address with its port.
    #[tokio::test]
    async fn discovery_is_public_and_names_the_stripes_own_endpoints() {
        let world = World::new().await;
        let response = world.send(get("/.well-known/openid-configuration", None)).await;
        assert_eq!(response.headers()["content-type"], "application/json;charset=UTF-8");
        let document: serde_json::Value = serde_json::from_str(&body_of(response).await).unwrap();
        assert_eq!(document["issuer"], "https://identity.oraclecloud.com/");
        let host = format!("https://{STRIPE}.identity.oraclecloud.com:443");
        assert_eq!(document["token_endpoint"], format!("{host}/oauth2/v1/token"));
        assert_eq!(document["jwks_uri"], format!("{host}/admin/v1/SigningCert/jwk"));

        let nested = world.send(get("/.well-known/idcs-configuration", None)).await;
        let nested: serde_json::Value = serde_json::from_str(&body_of(nested).await).unwrap();
        assert_eq!(nested["openid-configuration"], document);
    }

    #[tokio::test]
    async fn endpoints_stand_where_this_client_reaches_the_stripe() {
        let world = World::new().await;
        let mut request = get("/.well-known/openid-configuration", None);
        let base = format!("http://127.0.0.1:4620/{STRIPE}");
        request.extensions_mut().insert(PublicBase(base.clone()));
        let document: serde_json::Value = serde_json::from_str(&body_of(world.send(request).await).await).unwrap();
        assert_eq!(document["token_endpoint"], format!("{base}/oauth2/v1/token"));
    }

    #[tokio::test]
    async fn an_unknown_stripe_or_document_is_not_found() {
        let world = World::new().await;
        let request = at_stripe(get("/.well-known/openid-configuration", None), "idcs-unknown");
        insta::assert_snapshot!(world.refused(world.send(request).await).await, @r#"
        404
        {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"Request failed: HTTP 404 Not Found.","status":"404"}
        check: stripe_known
        expected: a stripe named by the host or the first part of the path
        seen: none that exists here
        fix: use the stripe's own URL; without one there must be exactly one stripe
        "#);
        assert_eq!(world.send(get("/.well-known/webfinger", None)).await.status(), 404);
        let request = Request::post("/.well-known/openid-configuration").body(axum::body::Body::empty()).unwrap();
        assert_eq!(world.send(request).await.status(), 405);
    }
}
