//! UpdateAnalyticsInstance, the one change that is made at once: what is absent stays, tags are replaced as a whole. It takes
//! no retry token (contract analytics 5.1), and work that is under way does not stand in its way.

use axum::http::StatusCode;
use obol_domain::lifecycle::InstanceOperation;
use obol_protocol::analytics::UpdateAnalyticsInstanceDetails;
use obol_store::{
    instance_children,
    instances::{self, InstanceDetails},
};

use crate::{
    Inner, Refusal, acceptance,
    http::{Answer, Call, routes::Operation},
    views,
};

const OPERATION: Operation = Operation::UpdateAnalyticsInstance;

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let changes = UpdateAnalyticsInstanceDetails::parse(call.body)?;
    let mut tx = analytics.db.begin().await?;
    let mut instance = acceptance::hold(&mut tx, call).await?;
    acceptance::etag_matches(call, instance.version)?;
    acceptance::state_allows(OPERATION, InstanceOperation::Update, &instance)?;
    apply(changes, &mut instance.details);
    if !instances::revise(&mut tx, &instance, call.context.now).await? {
        return Err(Refusal::Internal("an instance that was held has changed"));
    }
    tx.commit().await?;
    instance.version += 1;
    instance.time_updated = call.context.now;
    let children = instance_children::of(&analytics.db, &instance.tenancy_id, &instance.id).await?;
    let etag = views::etag(instance.version);
    Ok(Answer::json(StatusCode::OK, &views::whole_instance(instance, children))?.etag(etag))
}

fn apply(changes: UpdateAnalyticsInstanceDetails, details: &mut InstanceDetails) {
    let UpdateAnalyticsInstanceDetails {
        description,
        email_notification,
        license_type,
        defined_tags,
        freeform_tags,
        update_channel,
    } = changes;
    details.description = description.or_else(|| details.description.take());
    details.email_notification = email_notification.or_else(|| details.email_notification.take());
    details.license_type = license_type.unwrap_or(details.license_type);
    details.update_channel = update_channel.unwrap_or(details.update_channel);
    if let Some(tags) = defined_tags {
        details.defined_tags = tags;
    }
    if let Some(tags) = freeform_tags {
        details.freeform_tags = tags;
    }
}
