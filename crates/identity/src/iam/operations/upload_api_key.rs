//! UploadApiKey: an RSA public key that the user signs requests with from then on.

use obol_domain::policy::Permission;
use obol_protocol::{
    iam::{self, ACTIVE, CreateApiKeyDetails},
    oci::{pem, signature::PublicKey},
};
use obol_store::{
    StoreError,
    api_keys::{self, ApiKey},
    tenancies,
};

use super::{Answer, Call, Refusal, owner};

/// How many keys a user has at the most: Oracle's limit.
const MOST: usize = 3;

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    let details = CreateApiKeyDetails::parse(call.body)?;
    let owner = owner(call, Permission::UserApiKeyAdd).await?;
    let key = PublicKey::from_pem(&details.key).map_err(Refusal::KeyUnusable)?;
    let new = ApiKey {
        user_id: owner.user_id.clone(),
        fingerprint: key.fingerprint().to_string(),
        public_key: key.spki().to_vec(),
        created_at: call.now,
    };
    let mut tx = call.identity.0.db.begin().await?;
    // Two uploads wait for each other, so that both cannot be the third.
    tenancies::lock(&mut tx, call.tenancy_id()).await?;
    match api_keys::insert(&mut tx, &owner.stripe, &new).await {
        Err(StoreError::Duplicate { .. }) => return Err(Refusal::KeyExists),
        other => other?,
    }
    if api_keys::count(&mut tx, &owner).await? > i64::try_from(MOST).unwrap_or(i64::MAX) {
        return Err(Refusal::TooMany { what: "API keys", most: MOST });
    }
    tx.commit().await?;
    Answer::json(&view(call, new))
}

pub(super) fn view(call: &Call<'_>, row: ApiKey) -> iam::ApiKey {
    iam::ApiKey {
        key_id: format!("{}/{}/{}", call.tenancy_id(), call.id(), row.fingerprint),
        key_value: pem::encode("PUBLIC KEY", &row.public_key).to_string(),
        fingerprint: row.fingerprint,
        user_id: call.id().to_owned(),
        time_created: row.created_at,
        lifecycle_state: ACTIVE,
    }
}
