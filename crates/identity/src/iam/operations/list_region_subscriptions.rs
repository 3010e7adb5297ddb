//! ListRegionSubscriptions: a tenancy has its home region and no other.

use obol_protocol::iam::{RegionSubscription, region};
use obol_store::tenancies;

use super::{Answer, Call, Refusal, tenancy_is_the_callers};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    tenancy_is_the_callers(call)?;
    let row = tenancies::get(&call.identity.0.db, call.tenancy_id()).await?;
    let row = row.ok_or_else(|| Refusal::NotFound { what: "tenancy", id: call.id().to_owned() })?;
    Answer::json(&[RegionSubscription {
        region_key: region::key_of(&row.home_region),
        region_name: row.home_region,
        status: "READY",
        is_home_region: true,
    }])
}
