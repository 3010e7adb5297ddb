//! `password`: the client sends the user's name and password (contract identity 2.2).

use obol_protocol::{Secret, oauth::TokenAnswer};

use super::{Admitted, TokenRefusal, answer, resolve};
use crate::{
    Identity,
    claims::{self, Origin},
    users::UserWithRoles,
};

impl Identity {
    pub(super) async fn password(
        &self,
        admitted: &Admitted<'_>,
        user_name: &str,
        password: &Secret,
    ) -> Result<TokenAnswer, TokenRefusal> {
        let Admitted { stripe, client, now, .. } = *admitted;
        let UserWithRoles { user, roles } = self.check_password(stripe, user_name, password, now).await?;
        let (granted, on_behalf) = resolve(admitted, Some(&roles))?;
        let issue = self.issue(&granted, now, Origin::Password);
        let claims = claims::for_user(stripe, client, &user, &roles, on_behalf, issue);
        Ok(answer(stripe, &claims, &granted)?)
    }
}
