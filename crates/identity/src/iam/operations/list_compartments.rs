//! ListCompartments: those directly in one, or all of the tenancy.

use std::collections::BTreeSet;

use obol_domain::policy::Permission;
use obol_protocol::{
    analytics::{FieldFault, FieldProblem},
    iam::query::{Access, ListCompartments, State},
};
use obol_store::compartments::{self, Compartment};

use super::{Answer, Call, Refusal, compartment_view};
use crate::iam::page;

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    let ListCompartments { list, access, in_subtree } = ListCompartments::parse(call.query)?;
    subtree_is_the_tenancys(call, in_subtree, &list.compartment_id)?;
    may_list(call, access, &list.compartment_id)?;
    let all = compartments::all(&call.identity.0.db, call.tenancy_id()).await?;
    let accessible = accessible(call, &all);
    let rows = all.into_iter().filter(|row| {
        (in_subtree || row.parent_id == list.compartment_id)
            && list.name.as_ref().is_none_or(|name| *name == row.name)
            && list.state.is_none_or(|state| state == State::Active)
            && (access == Access::Any || accessible.contains(&row.id))
    });
    let (rows, next_page) = page::part(rows.collect(), &list)?;
    let views: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let is_accessible = accessible.contains(&row.id);
            compartment_view(row, is_accessible)
        })
        .collect();
    Ok(Answer::json(&views)?.next_page(next_page))
}

/// Oracle: `compartmentIdInSubtree` can only be set when the tenancy is listed.
fn subtree_is_the_tenancys(call: &Call<'_>, in_subtree: bool, compartment_id: &str) -> Result<(), Refusal> {
    if !in_subtree || compartment_id == call.tenancy_id() {
        return Ok(());
    }
    Err(Refusal::Field(FieldProblem {
        fault: FieldFault::OutOfBounds,
        field: "compartmentIdInSubtree".to_owned(),
        expected: "true only when compartmentId is the tenancy's OCID".to_owned(),
        seen: "true for another compartment".to_owned(),
    }))
}

/// Everybody may ask what is accessible, which shows no more than that.
fn may_list(call: &Call<'_>, access: Access, compartment_id: &str) -> Result<(), Refusal> {
    match access {
        Access::Any => call.needs(Permission::CompartmentInspect, compartment_id),
        Access::Accessible if call.rules.tree().depth(compartment_id).is_some() => Ok(()),
        Access::Accessible => Err(Refusal::CompartmentUnknown { id: compartment_id.to_owned() }),
    }
}

/// The compartments in which, or below which, the caller may list something.
fn accessible(call: &Call<'_>, all: &[Compartment]) -> BTreeSet<String> {
    const INSPECT: [Permission; 3] =
        [Permission::CompartmentInspect, Permission::InstanceInspect, Permission::WorkRequestInspect];
    let open = all.iter().filter(|row| INSPECT.iter().any(|permission| call.may(*permission, &row.id)));
    open.flat_map(|row| call.rules.tree().upwards(&row.id).map(str::to_owned)).collect()
}
