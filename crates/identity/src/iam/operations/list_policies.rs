//! ListPolicies: those attached to one compartment.

use obol_domain::policy::Permission;
use obol_protocol::iam::query::{List, State};
use obol_store::policies;

use super::{Answer, Call, Refusal, policy_view};
use crate::iam::page;

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    let list = List::parse(call.query)?;
    call.needs(Permission::PolicyRead, &list.compartment_id)?;
    let all = policies::all(&call.identity.0.db, call.tenancy_id()).await?;
    let rows = all.into_iter().filter(|row| {
        row.compartment_id == list.compartment_id
            && list.name.as_ref().is_none_or(|name| *name == row.name)
            && list.state.is_none_or(|state| state == State::Active)
    });
    let (rows, next_page) = page::part(rows.collect(), &list)?;
    let views: Vec<_> = rows.into_iter().map(policy_view).collect();
    Ok(Answer::json(&views)?.next_page(next_page))
}
