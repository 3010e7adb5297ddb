//! UpdatePrivateAccessChannel. What Oracle's Terraform provider takes care of is held here (contract analytics 6.3): a network
//! or subnet that does not change may not be sent, except beside security groups, and security groups do not change without
//! the network and subnet they are in.

use axum::http::StatusCode;
use obol_protocol::analytics::{FieldFault, FieldProblem, PrivateAccessChannel, UpdatePrivateAccessChannelDetails};
use obol_store::{instances::Instance, private_access_channels};
use serde_json::json;

use super::create_private_access_channel::name_is_free;
use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan, etag_matches},
    children::Kind,
    http::{Answer, Call, routes::Operation},
    workflows::{self, Workflow},
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let details = UpdatePrivateAccessChannelDetails::parse(call.body)?;
    something_is_sent(&details)?;
    acceptance::accept(analytics, call, &details).await
}

impl LongOperation for UpdatePrivateAccessChannelDetails {
    const OPERATION: Operation = Operation::UpdatePrivateAccessChannel;
    const WORKFLOW: &'static Workflow = &workflows::UPDATE_PRIVATE_ACCESS_CHANNEL;

    /// The etag is the channel's, which the plan reads.
    fn etag_matches(&self, _call: &Call<'_>, _instance: &Instance) -> Result<(), Refusal> {
        Ok(())
    }

    async fn plan(&self, held: Held<'_>) -> Result<Plan, Refusal> {
        let channels = private_access_channels::held(held.tx, &held.instance.tenancy_id, &held.instance.id).await?;
        let channel = channels
            .iter()
            .find(|channel| channel.details.key == held.call.key)
            .ok_or_else(|| Kind::PrivateAccessChannel.unknown(held.call.key))?;
        etag_matches(held.call, channel.version)?;
        place_changes_or_groups_are_sent(self, &channel.details)?;
        groups_change_with_their_place(self, &channel.details)?;
        let changed = self.applied_to(channel.details.clone());
        name_is_free(&channels, &changed.key, &changed.display_name)?;
        let input = json!({ "channel": changed, "version": channel.version + 1 });
        Ok(Plan { input, answer: Answer::empty(StatusCode::ACCEPTED) })
    }
}

fn something_is_sent(details: &UpdatePrivateAccessChannelDetails) -> Result<(), Refusal> {
    if details.is_empty() {
        return Err(problem(FieldFault::Missing, "displayName", "at least one field to change", "none"));
    }
    Ok(())
}

fn place_changes_or_groups_are_sent(
    details: &UpdatePrivateAccessChannelDetails,
    present: &PrivateAccessChannel,
) -> Result<(), Refusal> {
    if details.network_security_group_ids.is_some() {
        return Ok(());
    }
    for (field, sent, present) in
        [("vcnId", &details.vcn_id, &present.vcn_id), ("subnetId", &details.subnet_id, &present.subnet_id)]
    {
        if sent.as_ref() == Some(present) {
            let expected = "another value than the present one, no value, or networkSecurityGroupIds beside it";
            return Err(problem(FieldFault::OutOfBounds, field, expected, "the present value"));
        }
    }
    Ok(())
}

fn groups_change_with_their_place(
    details: &UpdatePrivateAccessChannelDetails,
    present: &PrivateAccessChannel,
) -> Result<(), Refusal> {
    let Some(groups) = &details.network_security_group_ids else { return Ok(()) };
    if *groups == present.network_security_group_ids {
        return Ok(());
    }
    for (field, sent) in [("vcnId", &details.vcn_id), ("subnetId", &details.subnet_id)] {
        if sent.is_none() {
            let expected = "a value beside networkSecurityGroupIds that change";
            return Err(problem(FieldFault::Missing, field, expected, "no value"));
        }
    }
    Ok(())
}

fn problem(fault: FieldFault, field: &str, expected: &str, seen: &str) -> Refusal {
    Refusal::Field(FieldProblem {
        fault,
        field: field.to_owned(),
        expected: expected.to_owned(),
        seen: seen.to_owned(),
    })
}
