//! How rows look on the wire.

use std::collections::BTreeMap;

use obol_protocol::analytics::{
    API_VERSION, AnalyticsInstance, AnalyticsInstanceSummary, WorkRequest, WorkRequestResource, WorkRequestSummary,
    work_request::RESOURCE_TYPE,
};
use obol_store::{instance_children::Children, instances, work_requests};

/// The ETag of a row's version. It is opaque to callers; sixteen digits look like one.
pub(crate) fn etag(version: i64) -> String {
    format!("{version:016x}")
}

/// The path of an instance.
pub(crate) fn instance_path(id: &str) -> String {
    format!("/{API_VERSION}/analyticsInstances/{id}")
}

pub(crate) fn instance_summary(row: instances::Instance) -> AnalyticsInstanceSummary {
    whole_instance(row, Children::default()).summary
}

/// All optional maps and lists are there, empty ones too: Terraform takes their absence for a difference (contract
/// analytics 0, rule 6).
pub(crate) fn whole_instance(row: instances::Instance, children: Children) -> AnalyticsInstance {
    let Children { channels, vanity_urls, groups } = children;
    let instances::InstanceDetails {
        description,
        license_type,
        email_notification,
        network_endpoint_details,
        update_channel,
        defined_tags,
        freeform_tags,
        kms_key_id,
        feature_bundle,
        domain_id,
    } = row.details;
    AnalyticsInstance {
        summary: AnalyticsInstanceSummary {
            id: row.id,
            name: row.name,
            description,
            compartment_id: row.compartment_id,
            lifecycle_state: row.state,
            feature_set: row.feature_set,
            capacity: row.capacity,
            license_type: Some(license_type),
            email_notification,
            network_endpoint_details,
            service_url: Some(row.service_url).filter(|url| !url.is_empty()),
            defined_tags,
            freeform_tags,
            system_tags: obol_protocol::analytics::DefinedTags::new(),
            time_created: row.time_created,
            time_updated: Some(row.time_updated),
        },
        update_channel: Some(update_channel),
        private_access_channels: by_key(channels, |channel| (channel.details.key.clone(), channel.details)),
        vanity_url_details: by_key(vanity_urls, |url| (url.details.key.clone(), url.details)),
        kms_key_id,
        feature_bundle,
        domain_id,
        resource_groups: groups.into_iter().map(|group| group.details).collect(),
    }
}

fn by_key<R, T>(rows: Vec<R>, entry: impl Fn(R) -> (String, T)) -> BTreeMap<String, T> {
    rows.into_iter().map(entry).collect()
}

pub(crate) fn work_request_summary(row: work_requests::WorkRequest) -> WorkRequestSummary {
    WorkRequestSummary {
        id: row.id,
        operation_type: row.operation_type,
        status: row.progress.status,
        compartment_id: row.compartment_id,
        resources: vec![WorkRequestResource {
            action_result: row.progress.action_result,
            resource_type: RESOURCE_TYPE.to_owned(),
            resource_uri: instance_path(&row.instance_id),
            identifier: row.instance_id,
            metadata: BTreeMap::new(),
        }],
        time_accepted: row.time_accepted,
        time_started: row.progress.time_started,
        time_finished: row.progress.time_finished,
    }
}

pub(crate) fn work_request(row: work_requests::WorkRequest) -> WorkRequest {
    // The column holds 0 to 100.
    let percent_complete = f32::from(u8::try_from(row.progress.percent_complete).unwrap_or(0));
    WorkRequest { summary: work_request_summary(row), percent_complete }
}
