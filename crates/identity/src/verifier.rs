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
            let user = self.token_user(&accepted, SCOPE_ME, now).await.map_err(refusal)?.user;
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
            | TokenFault::Audience
            | TokenFault::Scope(_)
            | TokenFault::User(_),
        ) => TokenRefusal::Invalid(explanation),
        (_, fault) => TokenRefusal::Unavailable(Box::new(fault)),
    }
}
