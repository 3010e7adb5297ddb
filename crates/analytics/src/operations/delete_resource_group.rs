//! DeleteResourceGroup: 204 with the group's id in a header (contract analytics 1, operation 24).

use axum::http::StatusCode;
use obol_store::{instances::Instance, resource_groups};
use serde_json::json;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan, etag_matches},
    children::Kind,
    http::{Answer, Call, routes::Operation},
    workflows::{self, Workflow},
};

struct Deletion;

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    acceptance::accept(analytics, call, &Deletion).await
}

impl LongOperation for Deletion {
    const OPERATION: Operation = Operation::DeleteResourceGroup;
    const WORKFLOW: &'static Workflow = &workflows::DELETE_RESOURCE_GROUP;

    /// The etag is the group's, which the plan reads.
    fn etag_matches(&self, _call: &Call<'_>, _instance: &Instance) -> Result<(), Refusal> {
        Ok(())
    }

    async fn plan(&self, held: Held<'_>) -> Result<Plan, Refusal> {
        let groups = resource_groups::held(held.tx, &held.instance.tenancy_id, &held.instance.id).await?;
        let group = groups
            .iter()
            .find(|group| group.details.id == held.call.key)
            .ok_or_else(|| Kind::ResourceGroup.unknown(held.call.key))?;
        etag_matches(held.call, group.version)?;
        let answer = Answer::empty(StatusCode::NO_CONTENT).child_resource(&group.details.id);
        Ok(Plan { input: json!({ "id": group.details.id }), answer })
    }
}
