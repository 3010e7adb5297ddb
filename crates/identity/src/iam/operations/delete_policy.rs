//! DeletePolicy: what it allowed is refused from then on.

use http::StatusCode;
use obol_domain::policy::Permission;
use obol_store::policies;

use super::{Answer, Call, Refusal};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    let unknown = || Refusal::NotFound { what: "policy", id: call.id().to_owned() };
    // Where a policy is attached never changes, so that nobody who may not holds it.
    let seen = policies::get(&call.identity.0.db, call.tenancy_id(), call.id()).await?.ok_or_else(unknown)?;
    call.needs(Permission::PolicyDelete, &seen.compartment_id)?;
    let mut tx = call.identity.0.db.begin().await?;
    let row = policies::hold(&mut tx, call.tenancy_id(), call.id()).await?.ok_or_else(unknown)?;
    call.matches(row.version)?;
    if !policies::delete(&mut tx, call.tenancy_id(), call.id(), row.version).await? {
        return Err(Refusal::Internal("a policy that was held has changed"));
    }
    tx.commit().await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
