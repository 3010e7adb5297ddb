//! Tells analytics who an access token is.

use obol_domain::{
    AccessTokenVerifier, BoxFuture, Explanation,
    access_token::{TokenRefusal, VerifiedUser},
    app_role::SCOPE_ME,
};

use crate::{Identity, tokens::TokenFault};

impl AccessTokenVerifier for Identity {
    fn verify_for_instance<'a>(
        &'a self,
        tenancy_id: &'a str,
        token: &'a str,
    ) -> BoxFuture<'a, Result<VerifiedUser, TokenRefusal>> {
        Box::pin(async move {
            let now = self.now();
            let accepted = self.accept_token(token, now).await.map_err(refusal)?;
            let row = &accepted.stripe.row;
            if row.tenancy_id != tenancy_id {
                return Err(TokenRefusal::Invalid(Explanation::new(
                    "token_stripe",
                    "a token of a stripe of this tenancy",
                    format!("a token of {}, which belongs to another tenancy", row.name),
                    "get the token from the tenancy's own stripe",
                )));
            }
            let user = self.token_user(&accepted, SCOPE_ME, now).await.map_err(refusal)?;
            Ok(VerifiedUser { stripe: row.name.clone(), user_id: user.id, user_name: user.user_name })
        })
    }
}

fn refusal(fault: TokenFault) -> TokenRefusal {
    match (fault.explanation(), fault) {
        (Some(explanation), TokenFault::NotUser) => TokenRefusal::NotUserContext(explanation),
        (
            Some(explanation),
            TokenFault::Missing
            | TokenFault::WholeFile
            | TokenFault::Malformed(_)
            | TokenFault::OtherStripe { .. }
            | TokenFault::Signature
            | TokenFault::Kind(_)
            | TokenFault::Issuer(_)
            | TokenFault::Expired(_)
            | TokenFault::Early(_)
            | TokenFault::SentTwice
            | TokenFault::Audience
            | TokenFault::Scope(_)
            | TokenFault::User(_),
        ) => TokenRefusal::Invalid(explanation),
        (_, fault) => TokenRefusal::Unavailable(Box::new(fault)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use obol_domain::lockout::LockState;

    use super::*;
    use crate::testing::{ME, PASSWORD, STRIPE, TENANCY, USER, World, password_form, send, token_of, token_request};

    async fn refused(world: &World, tenancy_id: &str, token: &str) -> String {
        match world.identity.verify_for_instance(tenancy_id, token).await.unwrap_err() {
            TokenRefusal::NotUserContext(explanation) => format!("not user-context: {}", explanation.check),
            TokenRefusal::Invalid(explanation) => format!("invalid: {}", explanation.check),
            TokenRefusal::Unavailable(_) => "unavailable".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_users_token_says_who_they_are() {
        let world = World::new().await;
        let token = world.user_token().await;
        let verified = world.identity.verify_for_instance(TENANCY, &token).await.unwrap();
        let expected = VerifiedUser { stripe: STRIPE.into(), user_id: world.user.id.clone(), user_name: USER.into() };
        assert_eq!(verified, expected);
        // The official command line joins the lines of a file and trims it.
        world.identity.verify_for_instance(TENANCY, &format!(" {token}\n")).await.unwrap();
    }

    // Contract analytics 3: OAC-DAL-001041 for a token that is not user-context.
    #[tokio::test]
    async fn a_clients_token_is_not_user_context() {
        let world = World::new().await;
        let token = world.client_token().await;
        assert_eq!(refused(&world, TENANCY, &token).await, "not user-context: token_of_a_user");
    }

    #[tokio::test]
    async fn whatever_else_is_wrong_has_its_own_explanation() {
        let world = World::new().await;
        let token = world.user_token().await;
        let openid = world.token(&password_form(USER, PASSWORD, "openid")).await;
        let other = World::seeded(8).await.user_token().await;
        let file = format!(r#"{{"app_access_token":"{token}"}}"#);
        for (tenancy_id, token, check) in [
            (TENANCY, "", "token_present"),
            (TENANCY, "nonsense", "token_readable"),
            (TENANCY, file.as_str(), "token_readable"),
            (TENANCY, other.as_str(), "token_signature"),
            ("ocid1.tenancy.oc1..other", token.as_str(), "token_stripe"),
            (TENANCY, openid.as_str(), "token_scope"),
        ] {
            assert_eq!(refused(&world, tenancy_id, token).await, format!("invalid: {check}"));
        }
        let ahead = world.node_ahead(Duration::from_secs(61));
        let request = token_request(Some(&world.basic()), &password_form(USER, PASSWORD, ME));
        let early = token_of(send(&ahead, request).await).await;
        assert_eq!(refused(&world, TENANCY, &early).await, "invalid: token_not_early");
        world.clock.advance(Duration::from_hours(1));
        assert_eq!(refused(&world, TENANCY, &token).await, "invalid: token_not_expired");
    }

    #[tokio::test]
    async fn a_user_who_was_locked_or_deleted_since_is_refused() {
        let world = World::new().await;
        let token = world.user_token().await;
        let locked = LockState { failed_attempts: 5, locked_at: Some(world.identity.now()) };
        let mut tx = world.db().begin().await.unwrap();
        obol_store::users::set_lock(&mut tx, STRIPE, &world.user.id, locked).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(refused(&world, TENANCY, &token).await, "invalid: user_not_locked");
        let mut tx = world.db().begin().await.unwrap();
        obol_store::users::delete(&mut tx, STRIPE, &world.user.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(refused(&world, TENANCY, &token).await, "invalid: user_known");
    }

    #[tokio::test]
    async fn a_database_that_is_gone_is_not_the_callers_fault() {
        let world = World::new().await;
        let token = world.user_token().await;
        world.db().close().await;
        assert_eq!(refused(&world, TENANCY, &token).await, "unavailable");
    }
}
