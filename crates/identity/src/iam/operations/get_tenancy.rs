//! GetTenancy.

use obol_protocol::iam::{Tenancy, region};
use obol_store::tenancies;

use super::{Answer, Call, Refusal, tenancy_is_the_callers};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Refusal> {
    tenancy_is_the_callers(call)?;
    let row = tenancies::get(&call.identity.0.db, call.tenancy_id()).await?;
    let row = row.ok_or_else(|| Refusal::NotFound { what: "tenancy", id: call.id().to_owned() })?;
    Answer::json(&Tenancy {
        id: row.id,
        name: row.name,
        description: String::new(),
        home_region_key: region::key_of(&row.home_region),
        freeform_tags: [].into(),
        defined_tags: [].into(),
    })
}
