//! GetPolicy.

use obol_domain::policy::Permission;
use obol_store::policies;

use super::{Answer, Call, Refusal, policy_view};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    let row = policies::get(&call.identity.0.db, call.tenancy_id(), call.id()).await?;
    let row = row.ok_or_else(|| Refusal::NotFound { what: "policy", id: call.id().to_owned() })?;
    call.needs(Permission::PolicyRead, &row.compartment_id)?;
    let version = row.version;
    Ok(Answer::json(&policy_view(row))?.version(version))
}
