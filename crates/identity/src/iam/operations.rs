//! The operations, one file each: read, check, take effect, answer.

mod create_compartment;
mod create_policy;
mod delete_api_key;
mod delete_compartment;
mod delete_policy;
mod get_compartment;
mod get_policy;
mod get_tenancy;
mod list_api_keys;
mod list_compartments;
mod list_policies;
mod list_region_subscriptions;
mod list_regions;
mod update_compartment;
mod update_policy;
mod upload_api_key;

use obol_domain::policy::{Permission, Place, Rules, Statement};
use obol_protocol::iam::{self, ACTIVE};
use obol_store::{
    api_keys::{self, Owner},
    compartments::Compartment,
    policies::Policy,
};

use super::{answer::Answer, call::Call, page::Listed, refusal::Refusal, routes::Operation};

/// Carries an operation out.
pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    match call.route.operation {
        Operation::ListCompartments => list_compartments::run(call).await,
        Operation::CreateCompartment => create_compartment::run(call).await,
        Operation::GetCompartment => get_compartment::run(call).await,
        Operation::UpdateCompartment => update_compartment::run(call).await,
        Operation::DeleteCompartment => delete_compartment::run(call).await,
        Operation::ListPolicies => list_policies::run(call).await,
        Operation::CreatePolicy => create_policy::run(call).await,
        Operation::GetPolicy => get_policy::run(call).await,
        Operation::UpdatePolicy => update_policy::run(call).await,
        Operation::DeletePolicy => delete_policy::run(call).await,
        Operation::ListRegions => list_regions::run(),
        Operation::GetTenancy => get_tenancy::run(call).await,
        Operation::ListRegionSubscriptions => list_region_subscriptions::run(call).await,
        Operation::ListApiKeys => list_api_keys::run(call).await,
        Operation::UploadApiKey => upload_api_key::run(call).await,
        Operation::DeleteApiKey => delete_api_key::run(call).await,
    }
}

/// Each statement can be read, and speaks of a place at or below the one that its policy is attached to.
fn statements_are_good(rules: &Rules, compartment_id: &str, statements: &[String]) -> Result<(), Refusal> {
    for (index, text) in statements.iter().enumerate() {
        let statement: Statement = text.parse().map_err(|fault| Refusal::Statement { index, fault })?;
        if !rules.governs(compartment_id, &statement.place) {
            let place = match statement.place {
                Place::Tenancy => "tenancy".to_owned(),
                Place::Path(names) => names.join(":"),
                Place::Id(id) => id,
            };
            return Err(Refusal::StatementPlace { index, place });
        }
    }
    Ok(())
}

/// The user whose keys they are: the caller itself, or one that the caller may look after.
async fn owner(call: &Call<'_>, permission: Permission) -> Result<Owner, Refusal> {
    let user_id = call.id();
    if user_id == call.caller.user_ocid {
        return Ok(Owner { stripe: call.caller.stripe.clone(), user_id: call.caller.user_id.clone() });
    }
    call.needs(permission, call.tenancy_id())?;
    let owner = api_keys::owner(&call.identity.0.db, call.tenancy_id(), user_id).await?;
    owner.ok_or_else(|| Refusal::NotFound { what: "user", id: user_id.to_owned() })
}

/// The tenancy in the path is the caller's, and it may look at it.
fn tenancy_is_the_callers(call: &Call<'_>) -> Result<(), Refusal> {
    if call.id() != call.tenancy_id() {
        return Err(Refusal::NotFound { what: "tenancy", id: call.id().to_owned() });
    }
    call.needs(Permission::TenancyInspect, call.tenancy_id())
}

fn compartment_view(row: Compartment, is_accessible: bool) -> iam::Compartment {
    iam::Compartment {
        id: row.id,
        compartment_id: Some(row.parent_id),
        name: row.name,
        description: row.description,
        time_created: row.created_at,
        lifecycle_state: ACTIVE,
        is_accessible: Some(is_accessible),
        freeform_tags: row.freeform_tags,
        defined_tags: row.defined_tags,
    }
}

fn policy_view(row: Policy) -> iam::Policy {
    iam::Policy {
        id: row.id,
        compartment_id: row.compartment_id,
        name: row.name,
        statements: row.statements,
        description: row.description,
        time_created: row.created_at,
        lifecycle_state: ACTIVE,
        version_date: row.version_date,
        freeform_tags: row.freeform_tags,
        defined_tags: row.defined_tags,
    }
}

impl Listed for Compartment {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn created_at(&self) -> obol_protocol::Timestamp {
        self.created_at
    }
}

impl Listed for Policy {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn created_at(&self) -> obol_protocol::Timestamp {
        self.created_at
    }
}
