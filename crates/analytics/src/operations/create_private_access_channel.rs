//! CreatePrivateAccessChannel. The channel's key is chosen here and not told: callers find it in the instance (contract
//! analytics 5.2).

use axum::http::StatusCode;
use obol_protocol::analytics::{CreatePrivateAccessChannelDetails, PrivateAccessChannel};
use obol_store::private_access_channels::{self, Channel};
use serde_json::json;

use crate::{
    Inner, Refusal,
    acceptance::{self, Held, LongOperation, Plan},
    children::Kind,
    http::{Answer, Call, routes::Operation},
    workflows::{self, Workflow},
};

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    acceptance::accept(analytics, call, &CreatePrivateAccessChannelDetails::parse(call.body)?).await
}

impl LongOperation for CreatePrivateAccessChannelDetails {
    const OPERATION: Operation = Operation::CreatePrivateAccessChannel;
    const WORKFLOW: &'static Workflow = &workflows::CREATE_PRIVATE_ACCESS_CHANNEL;

    async fn plan(&self, held: Held<'_>) -> Result<Plan, Refusal> {
        let channels = private_access_channels::held(held.tx, &held.instance.tenancy_id, &held.instance.id).await?;
        Kind::PrivateAccessChannel.has_room(channels.len())?;
        name_is_free(&channels, "", &self.display_name)?;
        let entropy: &dyn obol_domain::Entropy = &*held.analytics.entropy;
        let channel = PrivateAccessChannel {
            key: entropy.hex32(),
            display_name: self.display_name.clone(),
            vcn_id: self.vcn_id.clone(),
            subnet_id: self.subnet_id.clone(),
            // The work finds these out.
            ip_address: String::new(),
            egress_source_ip_addresses: Vec::new(),
            private_source_dns_zones: self.private_source_dns_zones.clone(),
            private_source_scan_hosts: self.private_source_scan_hosts.clone(),
            network_security_group_ids: self.network_security_group_ids.clone(),
        };
        Ok(Plan { input: json!({ "channel": channel, "version": 1 }), answer: Answer::empty(StatusCode::ACCEPTED) })
    }
}

/// The name must be none of the instance's other channels'; that of the channel `own` may stay.
pub(super) fn name_is_free(channels: &[Channel], own: &str, name: &str) -> Result<(), Refusal> {
    if channels.iter().any(|channel| channel.details.display_name == name && channel.details.key != own) {
        return Err(Refusal::ChildNameTaken { kind: Kind::PrivateAccessChannel, field: "displayName" });
    }
    Ok(())
}
