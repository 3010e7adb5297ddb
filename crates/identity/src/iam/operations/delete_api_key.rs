//! DeleteApiKey: requests signed with it are refused from then on, where they only read within a quarter of a second.

use http::StatusCode;
use obol_domain::policy::Permission;
use obol_store::api_keys;

use super::{Answer, Call, Refusal, owner};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    let owner = owner(call, Permission::UserApiKeyRemove).await?;
    let mut tx = call.identity.0.db.begin().await?;
    if !api_keys::delete(&mut tx, &owner.stripe, &owner.user_id, call.key()).await? {
        return Err(Refusal::NotFound { what: "key", id: call.key().to_owned() });
    }
    tx.commit().await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
