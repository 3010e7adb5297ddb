//! ListApiKeys: public halves only.

use obol_domain::policy::Permission;
use obol_store::api_keys;

use super::{Answer, Call, Refusal, owner, upload_api_key::view};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    let owner = owner(call, Permission::UserRead).await?;
    let keys = api_keys::of_owner(&call.identity.0.db, &owner).await?;
    Answer::json(&keys.into_iter().map(|key| view(call, key)).collect::<Vec<_>>())
}
