//! What introspection and revocation have in common: a client authenticates itself and presents a token of somebody's.

use obol_domain::Explanation;
use obol_protocol::{
    Secret, Timestamp,
    oauth::{Form, OAuthError, OAuthErrorCode, PresentedClient},
};
use std::sync::Arc;

use crate::{
    Identity, StripeLocator,
    cache::{LoadedClient, LoadedStripe},
    grants::TokenRefusal,
    http::PublicBase,
};

/// Why a token was neither looked into nor revoked.
#[derive(Debug, thiserror::Error)]
pub enum InspectRefusal {
    /// The request or its client, as at the token endpoint.
    #[error("the request was refused")]
    Request(#[from] TokenRefusal),
    /// There is no token in the request.
    #[error("the token is missing")]
    NoToken,
    /// The client may not look into tokens.
    #[error("the client may not introspect")]
    Operation,
    /// The token is another client's.
    #[error("the token is another client's")]
    OtherClient,
}

/// A client with the token it presented.
pub(crate) struct Presented {
    pub(crate) stripe: Arc<LoadedStripe>,
    pub(crate) client: Arc<LoadedClient>,
    pub(crate) token: Secret,
}

impl Identity {
    /// The checks that come first: stripe, client, token.
    pub(crate) async fn present(
        &self,
        locator: &StripeLocator,
        base: Option<&PublicBase>,
        form: &Form,
        headers: &http::HeaderMap,
        now: Timestamp,
    ) -> Result<Presented, InspectRefusal> {
        let presented =
            PresentedClient::parse(form, headers).map_err(|problem| TokenRefusal::Request(problem.into()))?;
        let stripe = self.locate(locator, now).await.map_err(TokenRefusal::from)?;
        let stripe = stripe.ok_or(TokenRefusal::UnknownStripe)?;
        let client = self.authenticate_client(&stripe, &presented, base).await.map_err(TokenRefusal::from)?;
        let token = form.secret("token").ok_or(InspectRefusal::NoToken)?;
        Ok(Presented { stripe, client, token })
    }
}

impl InspectRefusal {
    /// The public answer, and after how many seconds repeating may help.
    pub fn answer(&self) -> (OAuthError, Option<u32>) {
        match self {
            Self::Request(refusal) => refusal.answer(),
            Self::NoToken => {
                (OAuthError::new(OAuthErrorCode::InvalidRequest, "A required parameter is missing."), None)
            }
            Self::Operation | Self::OtherClient => (OAuthError::client_authorization_failed(), None),
        }
    }

    /// The record for whoever asks why. Service failures have none: they are not the caller's.
    pub fn explanation(&self) -> Option<Explanation> {
        Some(match self {
            Self::Request(refusal) => return refusal.explanation(),
            Self::NoToken => Explanation::new("token_parameter_present", "the parameter token", "none", "send token"),
            Self::Operation => Explanation::new(
                "operation_allowed_to_client",
                "a client with the operation introspect",
                "a client without it",
                "allow Introspect in the application's configuration",
            ),
            Self::OtherClient => Explanation::new(
                "refresh_token_of_client",
                "a refresh token of this client",
                "another client's",
                "use the client that the refresh token was issued to",
            ),
        })
    }
}
