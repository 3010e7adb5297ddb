//! `password`: the client sends the user's name and password (contract identity 2.2).

use obol_protocol::{Secret, oauth::TokenBody};

use super::{Admitted, SignIn, TokenRefusal};
use crate::{Identity, ServiceError, claims::Origin};

impl Identity {
    pub(super) async fn password(
        &self,
        admitted: &Admitted<'_>,
        user_name: &str,
        password: &Secret,
    ) -> Result<TokenBody, TokenRefusal> {
        let user = self.check_password(admitted.stripe, user_name, password, admitted.now).await?;
        // After the password, so that whoever does not know it learns nothing of the policy (contract identity 2.6).
        if self.asks_for_factor(admitted.stripe, &user.user.id).await.map_err(ServiceError::Store)? {
            return Err(TokenRefusal::SecondFactor(admitted.stripe.row.mfa));
        }
        self.issue_for_user(admitted, &user, &SignIn::now(Origin::Password, admitted.now)).await
    }
}
