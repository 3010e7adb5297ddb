//! CreateCompartment. It is there at once.

use obol_domain::{
    compartments::{DEEPEST, Node, Tree},
    policy::Permission,
};
use obol_protocol::{iam::CreateCompartmentDetails, oci::ocid};
use obol_store::{
    StoreError,
    compartments::{self, Compartment, MOST},
};

use super::{Answer, Call, Refusal, compartment_view};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    let details = CreateCompartmentDetails::parse(call.body)?;
    call.needs(Permission::CompartmentCreate, &details.compartment_id)?;
    let new = Compartment {
        id: ocid::mint("compartment", None, &call.identity.0.entropy.ocid_unique()).to_string(),
        tenancy_id: call.tenancy_id().to_owned(),
        parent_id: details.compartment_id,
        name: details.name,
        description: details.description,
        defined_tags: details.defined_tags,
        freeform_tags: details.freeform_tags,
        version: 1,
        created_at: call.now,
    };
    let mut tx = call.identity.0.db.begin().await?;
    let all = compartments::hold_all(&mut tx, call.tenancy_id()).await?;
    there_is_room(&all, &new)?;
    match compartments::insert(&mut tx, &new).await {
        Err(StoreError::Duplicate { .. }) => return Err(Refusal::CompartmentExists { name: new.name }),
        other => other?,
    }
    tx.commit().await?;
    Ok(Answer::json(&compartment_view(new, true))?.version(1))
}

/// There may be one more, and its parent is there and not at the bottom already.
fn there_is_room(all: &[Compartment], new: &Compartment) -> Result<(), Refusal> {
    let nodes = all.iter().map(|row| {
        let node = Node { parent_id: row.parent_id.clone(), name: row.name.clone() };
        (row.id.clone(), node)
    });
    let depth = Tree::new(&new.tenancy_id, "", nodes).depth(&new.parent_id);
    match depth {
        None => Err(Refusal::CompartmentUnknown { id: new.parent_id.clone() }),
        Some(depth) if depth >= DEEPEST => Err(Refusal::TooDeep),
        Some(_) if all.len() >= MOST => Err(Refusal::TooMany { what: "compartments", most: MOST }),
        Some(_) => Ok(()),
    }
}
