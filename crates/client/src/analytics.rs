//! The calls of the Analytics API (contract analytics 1), as far as they are offered here. Bodies go in and out as JSON:
//! what a newer service adds is not lost on the way.

use http::Method;
use serde_json::Value;

use crate::{
    endpoint::{percent_encode, with_query},
    oci::{Call, CallError, OciClient, Reply},
};

const VERSION: &str = "/20190331";

/// Parameters of a list, each left out when `None`. Values go as given: the service knows which it takes.
pub type Parameters<'a> = Vec<(&'a str, Option<String>)>;

/// CreateAnalyticsInstance, with the body of `CreateAnalyticsInstanceDetails` (contract analytics 2).
pub fn create_instance(client: &OciClient, details: &Value) -> Result<Reply, CallError> {
    client.call(&Call {
        operation: "CreateAnalyticsInstance",
        method: Method::POST,
        target: format!("{VERSION}/analyticsInstances"),
        body: Some(details),
        if_match: None,
        retry_token: true,
    })
}

/// GetAnalyticsInstance.
pub fn get_instance(client: &OciClient, id: &str) -> Result<Reply, CallError> {
    get(client, "GetAnalyticsInstance", instance_path(id))
}

/// One page of ListAnalyticsInstances.
pub fn list_instances(client: &OciClient, parameters: Parameters<'_>) -> Result<Reply, CallError> {
    let target = with_query(&format!("{VERSION}/analyticsInstances"), parameters);
    get(client, "ListAnalyticsInstances", target)
}

/// DeleteAnalyticsInstance.
pub fn delete_instance(client: &OciClient, id: &str, if_match: Option<&str>) -> Result<Reply, CallError> {
    client.call(&Call {
        operation: "DeleteAnalyticsInstance",
        method: Method::DELETE,
        target: instance_path(id),
        body: None,
        if_match,
        retry_token: true,
    })
}

/// GetWorkRequest.
pub fn get_work_request(client: &OciClient, id: &str) -> Result<Reply, CallError> {
    get(client, "GetWorkRequest", work_request_path(id))
}

/// One page of ListWorkRequests.
pub fn list_work_requests(client: &OciClient, parameters: Parameters<'_>) -> Result<Reply, CallError> {
    let target = with_query(&format!("{VERSION}/workRequests"), parameters);
    get(client, "ListWorkRequests", target)
}

/// The first page of ListWorkRequestErrors.
pub fn list_work_request_errors(client: &OciClient, id: &str) -> Result<Reply, CallError> {
    get(client, "ListWorkRequestErrors", format!("{}/errors", work_request_path(id)))
}

/// Follows `opc-next-page` to the end and joins the pages (contract analytics 5.1).
pub fn all_pages(
    parameters: &Parameters<'_>,
    mut page: impl FnMut(Parameters<'_>) -> Result<Reply, CallError>,
) -> Result<Reply, CallError> {
    let mut rows = Vec::new();
    let mut parameters = parameters.clone();
    loop {
        let mut reply = page(parameters.clone())?;
        if let Value::Array(more) = &mut reply.data {
            rows.append(more);
        }
        let Some(next) = reply.header("opc-next-page").filter(|next| !next.is_empty()).map(str::to_owned) else {
            reply.data = Value::Array(rows);
            return Ok(reply);
        };
        parameters.retain(|(name, _)| *name != "page");
        parameters.push(("page", Some(next)));
    }
}

fn get(client: &OciClient, operation: &'static str, target: String) -> Result<Reply, CallError> {
    client.call(&Call { operation, method: Method::GET, target, body: None, if_match: None, retry_token: false })
}

fn instance_path(id: &str) -> String {
    format!("{VERSION}/analyticsInstances/{}", percent_encode(id))
}

fn work_request_path(id: &str) -> String {
    format!("{VERSION}/workRequests/{}", percent_encode(id))
}
