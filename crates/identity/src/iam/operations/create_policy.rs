//! CreatePolicy: its statements are read before they are kept, and hold from then on.

use obol_domain::policy::{MOST_STATEMENTS, Permission};
use obol_protocol::{iam::CreatePolicyDetails, oci::ocid};
use obol_store::{
    StoreError, Tx,
    policies::{self, MOST, Policy},
    tenancies,
};

use super::{Answer, Call, Refusal, policy_view, statements_are_good};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    let details = CreatePolicyDetails::parse(call.body, MOST_STATEMENTS)?;
    call.needs(Permission::PolicyCreate, &details.compartment_id)?;
    statements_are_good(&call.rules, &details.compartment_id, &details.statements)?;
    let new = Policy {
        id: ocid::mint("policy", None, &call.identity.0.entropy.ocid_unique()).to_string(),
        tenancy_id: call.tenancy_id().to_owned(),
        compartment_id: details.compartment_id,
        name: details.name,
        description: details.description,
        statements: details.statements,
        version_date: details.version_date,
        defined_tags: details.defined_tags,
        freeform_tags: details.freeform_tags,
        version: 1,
        created_at: call.now,
    };
    let mut tx = call.identity.0.db.begin().await?;
    keep(&mut tx, &new).await?;
    tx.commit().await?;
    Ok(Answer::json(&policy_view(new))?.version(1))
}

/// The compartment stays, the name is free, and there may be one more.
async fn keep(tx: &mut Tx, new: &Policy) -> Result<(), Refusal> {
    if !tenancies::hold_compartment(tx, &new.tenancy_id, &new.compartment_id).await? {
        return Err(Refusal::CompartmentUnknown { id: new.compartment_id.clone() });
    }
    match policies::insert(tx, new).await {
        Ok(count) if count > MOST => {
            Err(Refusal::TooMany { what: "policies", most: usize::try_from(MOST).unwrap_or(usize::MAX) })
        }
        Ok(_) => Ok(()),
        Err(StoreError::Duplicate { .. }) => Err(Refusal::PolicyExists { name: new.name.clone() }),
        Err(error) => Err(error.into()),
    }
}
