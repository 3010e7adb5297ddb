//! ScaleAnalyticsInstance. What is asked for counts against the tenancy's limits from the moment it is accepted, so that two
//! instances cannot both be scaled to the last of it.

use axum::http::StatusCode;
use obol_domain::capacity;
use obol_protocol::analytics::ScaleAnalyticsInstanceDetails;
use obol_store::{
    Tx,
    instances::{self, Instance},
    resource_groups, tenancies,
};
use serde_json::json;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan},
    children::fits_beside,
    http::{Answer, Call, routes::Operation},
    workflows::{self, Workflow},
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    acceptance::accept(analytics, call, &ScaleAnalyticsInstanceDetails::parse(call.body)?).await
}

impl LongOperation for ScaleAnalyticsInstanceDetails {
    const OPERATION: Operation = Operation::ScaleAnalyticsInstance;
    const WORKFLOW: &'static Workflow = &workflows::SCALE;

    async fn plan(&self, held: Held<'_>) -> Result<Plan, Refusal> {
        let wanted = self.capacity;
        capacity::check_scaling(held.instance.capacity, wanted)
            .map_err(|refusal| Refusal::Capacity { refusal, wanted })?;
        let groups = resource_groups::held(held.tx, &held.instance.tenancy_id, &held.instance.id).await?;
        fits_beside(wanted, groups.iter(), 0)?;
        more_is_within_limits(held.analytics, held.tx, held.instance, wanted.capacity_value).await?;
        Ok(Plan { input: json!({ "capacity": wanted }), answer: Answer::empty(StatusCode::ACCEPTED) })
    }
}

/// Contract analytics 2.1, tenancy limits: they are checked when an instance is to become larger.
async fn more_is_within_limits(analytics: &Inner, tx: &mut Tx, instance: &Instance, value: i64) -> Result<(), Refusal> {
    let wanted = value - instance.capacity.capacity_value;
    if wanted <= 0 {
        return Ok(());
    }
    let kind = instance.capacity.capacity_type;
    if let Some(limit) = analytics.settings.limits.of(instance.feature_set, kind) {
        tenancies::lock(tx, &instance.tenancy_id).await?;
        let used = instances::used_capacity(tx, &instance.tenancy_id, instance.feature_set, kind).await?;
        if !limit.admits(used, wanted) {
            return Err(Refusal::LimitExceeded { limit, used, wanted });
        }
    }
    Ok(instances::reserve(tx, &instance.tenancy_id, &instance.id, value).await?)
}
