//! `client_credentials`: the client acts for itself (contract identity 2.2). Nothing is read from the database.

use obol_protocol::oauth::TokenBody;

use super::{Admitted, TokenRefusal};
use crate::Identity;

impl Identity {
    pub(super) async fn client_credentials(&self, admitted: &Admitted<'_>) -> Result<TokenBody, TokenRefusal> {
        self.issue_to_client(admitted).await
    }
}
