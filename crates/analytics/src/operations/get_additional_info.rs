//! `GET …/additionalInfo`, which is in no published description of the API: users of the real service read from it where an
//! instance's own requests come from (contract analytics 1). The shape of its answer is not public; here the addresses have
//! the name that they have in a private access channel.

use std::net::IpAddr;

use axum::http::StatusCode;
use serde::Serialize;

use super::instance_stands;
use crate::{
    Inner, Refusal,
    http::{Answer, Call},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdditionalInfo {
    egress_source_ip_addresses: Vec<IpAddr>,
}

pub(super) async fn run(analytics: &Inner, call: &Call<'_>) -> Result<Answer, Refusal> {
    let instance = instance_stands(analytics, call).await?;
    let egress_source_ip_addresses = analytics.provisioner.egress_addresses(&instance);
    Answer::json(StatusCode::OK, &AdditionalInfo { egress_source_ip_addresses })
}
