//! `GET` and `POST /oauth2/v1/userinfo` (contract identity 8): the user an access token with `openid` speaks for.

use axum::{extract::State, response::Response};
use obol_protocol::oauth::{OidcScope, userinfo::UserInfo};

use super::{answer, context::Door};
use crate::{Identity, tokens::TokenFault};

pub(super) async fn answer(State(identity): State<Identity>, door: Door) -> Response {
    match identity.user_info(&door).await {
        Ok(Some(info)) => answer::oauth_body(&info),
        Ok(None) => answer::oauth_unknown_stripe(),
        Err(fault) => answer::bearer_refused(&fault),
    }
}

impl Identity {
    async fn user_info(&self, door: &Door) -> Result<Option<UserInfo>, TokenFault> {
        let Some(stripe) = self.locate(&door.locator, door.now).await? else { return Ok(None) };
        let accepted = self.accept_any_token_of(&stripe, door.bearer()?, door.now).await?;
        let user = self.token_user(&accepted, OidcScope::OpenId.as_str(), door.now).await?;
        let roles = [OidcScope::AppRoles.as_str(), OidcScope::GetAppRoles.as_str()];
        let app_roles = if accepted.claims.scopes().any(|scope| roles.contains(&scope)) {
            Some(self.roles_listed(&stripe, &user.id).await?)
        } else {
            None
        };
        Ok(Some(UserInfo {
            birthdate: "",
            email: user.email,
            email_verified: false,
            family_name: user.family_name,
            gender: "",
            given_name: user.given_name,
            name: user.display_name,
            preferred_username: user.user_name.clone(),
            sub: user.user_name,
            updated_at: user.modified_at.seconds(),
            website: "",
            app_roles,
        }))
    }
}

#[cfg(test)]
mod tests;
