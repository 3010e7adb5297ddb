//! CreateResourceGroup: 201 with the group, its id and its etag (contract analytics 1, operation 21). It can be read once its
//! work has succeeded.

use axum::http::StatusCode;
use obol_protocol::analytics::{InstanceResourceGroup, ResourceGroupDetails};
use obol_store::resource_groups::{self, ResourceGroup};
use serde_json::json;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan},
    children::{Kind, fits_beside, group_name_is_free, is_default},
    http::{Answer, Call, routes::Operation},
    views,
    workflows::{self, Workflow},
};

struct Creation(ResourceGroupDetails);

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    acceptance::accept(analytics, call, &Creation(ResourceGroupDetails::parse(call.body)?)).await
}

impl LongOperation for Creation {
    const OPERATION: Operation = Operation::CreateResourceGroup;
    const WORKFLOW: &'static Workflow = &workflows::CREATE_RESOURCE_GROUP;

    async fn plan(&self, held: Held<'_>) -> Result<Plan, Refusal> {
        let Held { analytics, instance, .. } = held;
        let groups = resource_groups::held(held.tx, &instance.tenancy_id, &instance.id).await?;
        Kind::ResourceGroup.has_room(groups.len())?;
        group_name_is_free(&groups, "", &self.0.resource_name)?;
        fits_beside(instance.capacity, groups.iter(), self.0.capacity)?;
        let entropy: &dyn obol_domain::Entropy = &*analytics.entropy;
        let group = ResourceGroup {
            is_default: is_default(&self.0.resource_name),
            details: InstanceResourceGroup {
                id: entropy.hex32(),
                resource_name: self.0.resource_name.clone(),
                display_name: self.0.display_name.clone(),
                description: self.0.description.clone().filter(|text| !text.is_empty()),
                capacity: self.0.capacity,
            },
            version: 1,
        };
        let path = views::instance_path(&instance.id);
        let location = format!("{}{path}/resourceGroups/{}", analytics.settings.public_base, group.details.id);
        let answer = Answer::json(StatusCode::CREATED, &group.details)?
            .etag(views::etag(group.version))
            .location(location)
            .child_resource(&group.details.id);
        Ok(Plan { input: json!({ "group": group.details, "version": group.version }), answer })
    }
}
