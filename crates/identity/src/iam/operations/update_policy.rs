//! UpdatePolicy: all but its name and place; what is absent stays.

use obol_domain::policy::{MOST_STATEMENTS, Permission};
use obol_protocol::iam::UpdatePolicyDetails;
use obol_store::policies::{self, Policy};

use super::{Answer, Call, Refusal, policy_view, statements_are_good};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    let details = UpdatePolicyDetails::parse(call.body, MOST_STATEMENTS)?;
    let unknown = || Refusal::NotFound { what: "policy", id: call.id().to_owned() };
    // Where a policy is attached never changes, so that nobody who may not holds it.
    let seen = policies::get(&call.identity.0.db, call.tenancy_id(), call.id()).await?.ok_or_else(unknown)?;
    call.needs(Permission::PolicyUpdate, &seen.compartment_id)?;
    let mut tx = call.identity.0.db.begin().await?;
    let row = policies::hold(&mut tx, call.tenancy_id(), call.id()).await?.ok_or_else(unknown)?;
    call.matches(row.version)?;
    if let Some(statements) = &details.statements {
        statements_are_good(&call.rules, &row.compartment_id, statements)?;
    }
    let changed = Policy {
        description: details.description.unwrap_or(row.description),
        statements: details.statements.unwrap_or(row.statements),
        version_date: details.version_date.or(row.version_date),
        defined_tags: details.defined_tags.unwrap_or(row.defined_tags),
        freeform_tags: details.freeform_tags.unwrap_or(row.freeform_tags),
        ..row
    };
    if !policies::update(&mut tx, &changed).await? {
        return Err(Refusal::Internal("a policy that was held has changed"));
    }
    tx.commit().await?;
    let version = changed.version.saturating_add(1);
    Ok(Answer::json(&policy_view(changed))?.version(version))
}
