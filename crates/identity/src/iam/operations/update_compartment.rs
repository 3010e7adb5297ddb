//! UpdateCompartment: its name, description and tags; what is absent stays.

use obol_domain::policy::Permission;
use obol_protocol::iam::UpdateCompartmentDetails;
use obol_store::{
    StoreError,
    compartments::{self, Compartment},
};

use super::{Answer, Call, Refusal, compartment_view};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    let details = UpdateCompartmentDetails::parse(call.body)?;
    call.needs(Permission::CompartmentUpdate, call.id())?;
    let mut tx = call.identity.0.db.begin().await?;
    let row = compartments::hold(&mut tx, call.tenancy_id(), call.id()).await?;
    let row = row.ok_or_else(|| Refusal::CompartmentUnknown { id: call.id().to_owned() })?;
    call.matches(row.version)?;
    let changed = Compartment {
        name: details.name.unwrap_or(row.name),
        description: details.description.unwrap_or(row.description),
        defined_tags: details.defined_tags.unwrap_or(row.defined_tags),
        freeform_tags: details.freeform_tags.unwrap_or(row.freeform_tags),
        ..row
    };
    match compartments::update(&mut tx, &changed).await {
        Ok(true) => tx.commit().await?,
        Ok(false) => return Err(Refusal::Internal("a compartment that was held has changed")),
        Err(StoreError::Duplicate { .. }) => return Err(Refusal::CompartmentExists { name: changed.name }),
        Err(error) => return Err(error.into()),
    }
    let version = changed.version.saturating_add(1);
    Ok(Answer::json(&compartment_view(changed, true))?.version(version))
}
