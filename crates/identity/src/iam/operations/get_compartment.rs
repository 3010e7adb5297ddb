//! GetCompartment. The tenancy is the root, and lies in none.

use obol_domain::policy::Permission;
use obol_protocol::iam::{self, ACTIVE};
use obol_store::{compartments, tenancies};

use super::{Answer, Call, Refusal, compartment_view};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    call.needs(Permission::CompartmentInspect, call.id())?;
    let (db, unknown) = (&call.identity.0.db, || Refusal::CompartmentUnknown { id: call.id().to_owned() });
    if call.id() == call.tenancy_id() {
        let tenancy = tenancies::get(db, call.tenancy_id()).await?.ok_or_else(unknown)?;
        let root = iam::Compartment {
            id: tenancy.id,
            compartment_id: None,
            name: tenancy.name,
            description: String::new(),
            time_created: tenancy.created_at,
            lifecycle_state: ACTIVE,
            is_accessible: Some(true),
            freeform_tags: [].into(),
            defined_tags: [].into(),
        };
        return Answer::json(&root);
    }
    let row = compartments::get(db, call.tenancy_id(), call.id()).await?.ok_or_else(unknown)?;
    let version = row.version;
    Ok(Answer::json(&compartment_view(row, true))?.version(version))
}
