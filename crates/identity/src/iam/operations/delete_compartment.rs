//! DeleteCompartment: an empty one goes at once.

use http::StatusCode;
use obol_domain::policy::Permission;
use obol_store::compartments;

use super::{Answer, Call, Refusal};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    call.needs(Permission::CompartmentDelete, call.id())?;
    let mut tx = call.identity.0.db.begin().await?;
    let row = compartments::hold(&mut tx, call.tenancy_id(), call.id()).await?;
    let row = row.ok_or_else(|| Refusal::CompartmentUnknown { id: call.id().to_owned() })?;
    call.matches(row.version)?;
    // It goes first, so that nothing can be filed in it while it is asked whether something is.
    if !compartments::delete(&mut tx, call.tenancy_id(), call.id(), row.version).await? {
        return Err(Refusal::Internal("a compartment that was held has changed"));
    }
    if compartments::is_used(&mut tx, call.tenancy_id(), call.id()).await? {
        return Err(Refusal::CompartmentUsed);
    }
    tx.commit().await?;
    Ok(Answer::empty(StatusCode::ACCEPTED))
}
