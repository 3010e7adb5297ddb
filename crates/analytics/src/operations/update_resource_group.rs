//! UpdateResourceGroup: 202 with the group as it will be (contract analytics 1, operation 23). What is absent stays as it is.

use axum::http::StatusCode;
use obol_protocol::analytics::{InstanceResourceGroup, ResourceGroupDetails};
use obol_store::{instances::Instance, resource_groups};
use serde_json::json;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan, etag_matches},
    children::{Kind, fits_beside, group_name_is_free},
    http::{Answer, Call, routes::Operation},
    views,
    workflows::{self, Workflow},
};

struct Update(ResourceGroupDetails);

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    acceptance::accept(analytics, call, &Update(ResourceGroupDetails::parse(call.body)?)).await
}

impl LongOperation for Update {
    const OPERATION: Operation = Operation::UpdateResourceGroup;
    const WORKFLOW: &'static Workflow = &workflows::UPDATE_RESOURCE_GROUP;

    /// The etag is the group's, which the plan reads.
    fn etag_matches(&self, _call: &Call<'_>, _instance: &Instance) -> Result<(), Refusal> {
        Ok(())
    }

    async fn plan(&self, held: Held<'_>) -> Result<Plan, Refusal> {
        let groups = resource_groups::held(held.tx, &held.instance.tenancy_id, &held.instance.id).await?;
        let is_own = |group: &&resource_groups::ResourceGroup| group.details.id == held.call.key;
        let group = groups.iter().find(is_own).ok_or_else(|| Kind::ResourceGroup.unknown(held.call.key))?;
        etag_matches(held.call, group.version)?;
        group_name_is_free(&groups, &group.details.id, &self.0.resource_name)?;
        fits_beside(held.instance.capacity, groups.iter().filter(|group| !is_own(group)), self.0.capacity)?;
        let ResourceGroupDetails { resource_name, capacity, display_name, description } = self.0.clone();
        let changed = InstanceResourceGroup {
            id: group.details.id.clone(),
            resource_name,
            display_name: display_name.or_else(|| group.details.display_name.clone()),
            description: description.or_else(|| group.details.description.clone()).filter(|text| !text.is_empty()),
            capacity,
        };
        let version = group.version + 1;
        let answer =
            Answer::json(StatusCode::ACCEPTED, &changed)?.etag(views::etag(version)).child_resource(&changed.id);
        Ok(Plan { input: json!({ "group": changed, "version": version }), answer })
    }
}
