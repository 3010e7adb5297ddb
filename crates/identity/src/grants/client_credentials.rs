//! `client_credentials`: the client acts for itself (contract identity 2.2). Nothing is read from the database.

use obol_protocol::oauth::TokenAnswer;

use super::{Admitted, TokenRefusal, answer, resolve};
use crate::{
    Identity,
    claims::{self, Origin},
};

impl Identity {
    pub(super) fn client_credentials(&self, admitted: &Admitted<'_>) -> Result<TokenAnswer, TokenRefusal> {
        let (granted, _) = resolve(admitted, None)?;
        let issue = self.issue(&granted, admitted.now, Origin::ClientCredentials);
        let claims = claims::for_client(admitted.client, issue);
        Ok(answer(admitted.stripe, &claims, &granted)?)
    }
}
