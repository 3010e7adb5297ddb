//! The routes as data: this table drives the router, the table in the documents, and the test that nothing is open.

use axum::{http::Method, routing::MethodFilter};

/// An operation by Oracle's `operationId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Lists the instances of a compartment.
    ListAnalyticsInstances,
    /// Makes an instance.
    CreateAnalyticsInstance,
    /// Shows an instance.
    GetAnalyticsInstance,
    /// Changes what can be changed at once.
    UpdateAnalyticsInstance,
    /// Removes an instance.
    DeleteAnalyticsInstance,
    /// Puts a stopped instance into service.
    StartAnalyticsInstance,
    /// Takes an instance out of service.
    StopAnalyticsInstance,
    /// Gives an instance another capacity.
    ScaleAnalyticsInstance,
    /// Files an instance elsewhere.
    ChangeAnalyticsInstanceCompartment,
    /// Changes from where an instance can be reached.
    ChangeAnalyticsInstanceNetworkEndpoint,
    /// Changes the encryption key.
    SetKmsKey,
    /// Changes the product bundle.
    SetFeatureBundle,
    /// Makes a private access channel.
    CreatePrivateAccessChannel,
    /// Shows a private access channel.
    GetPrivateAccessChannel,
    /// Changes a private access channel.
    UpdatePrivateAccessChannel,
    /// Removes a private access channel.
    DeletePrivateAccessChannel,
    /// Makes a vanity URL.
    CreateVanityUrl,
    /// Gives a vanity URL another certificate.
    UpdateVanityUrl,
    /// Removes a vanity URL.
    DeleteVanityUrl,
    /// Lists the resource groups of an instance.
    ListResourceGroups,
    /// Makes a resource group.
    CreateResourceGroup,
    /// Shows a resource group.
    GetResourceGroup,
    /// Changes a resource group.
    UpdateResourceGroup,
    /// Removes a resource group.
    DeleteResourceGroup,
    /// Lists the work requests of a compartment.
    ListWorkRequests,
    /// Shows a work request.
    GetWorkRequest,
    /// Cancels a work request that has not begun.
    DeleteWorkRequest,
    /// Lists why a work request failed.
    ListWorkRequestErrors,
    /// Lists what a work request did.
    ListWorkRequestLogs,
    /// Tells where an instance's requests come from. Oracle publishes no name for it.
    GetAdditionalInfo,
}

impl Operation {
    /// Oracle's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ListAnalyticsInstances => "ListAnalyticsInstances",
            Self::CreateAnalyticsInstance => "CreateAnalyticsInstance",
            Self::GetAnalyticsInstance => "GetAnalyticsInstance",
            Self::UpdateAnalyticsInstance => "UpdateAnalyticsInstance",
            Self::DeleteAnalyticsInstance => "DeleteAnalyticsInstance",
            Self::StartAnalyticsInstance => "StartAnalyticsInstance",
            Self::StopAnalyticsInstance => "StopAnalyticsInstance",
            Self::ScaleAnalyticsInstance => "ScaleAnalyticsInstance",
            Self::ChangeAnalyticsInstanceCompartment => "ChangeAnalyticsInstanceCompartment",
            Self::ChangeAnalyticsInstanceNetworkEndpoint => "ChangeAnalyticsInstanceNetworkEndpoint",
            Self::SetKmsKey => "SetKmsKey",
            Self::SetFeatureBundle => "SetFeatureBundle",
            Self::CreatePrivateAccessChannel => "CreatePrivateAccessChannel",
            Self::GetPrivateAccessChannel => "GetPrivateAccessChannel",
            Self::UpdatePrivateAccessChannel => "UpdatePrivateAccessChannel",
            Self::DeletePrivateAccessChannel => "DeletePrivateAccessChannel",
            Self::CreateVanityUrl => "CreateVanityUrl",
            Self::UpdateVanityUrl => "UpdateVanityUrl",
            Self::DeleteVanityUrl => "DeleteVanityUrl",
            Self::ListResourceGroups => "ListResourceGroups",
            Self::CreateResourceGroup => "CreateResourceGroup",
            Self::GetResourceGroup => "GetResourceGroup",
            Self::UpdateResourceGroup => "UpdateResourceGroup",
            Self::DeleteResourceGroup => "DeleteResourceGroup",
            Self::ListWorkRequests => "ListWorkRequests",
            Self::GetWorkRequest => "GetWorkRequest",
            Self::DeleteWorkRequest => "DeleteWorkRequest",
            Self::ListWorkRequestErrors => "ListWorkRequestErrors",
            Self::ListWorkRequestLogs => "ListWorkRequestLogs",
            Self::GetAdditionalInfo => "GetAdditionalInfo",
        }
    }
}

/// Who may call a route. Each is signed for; none is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// An Identity Domain Administrator of a stripe of the tenancy, and whom its policies give the operation's permission.
    Permission,
}

/// What IAM calls the right to do something; each includes those before it, but for the last (contract analytics 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// To list.
    Inspect,
    /// To look at one.
    Read,
    /// To start and stop.
    Use,
    /// To make, change and remove.
    Manage,
    /// To file elsewhere.
    Move,
}

/// A route of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with at most two varying parts in braces.
    pub path: &'static str,
    /// What it does.
    pub operation: Operation,
    /// Who may.
    pub policy: Policy,
    /// What IAM would ask for.
    pub verb: Verb,
}

/// How a path names an instance.
pub(crate) const INSTANCE_PARAMETER: &str = "{analyticsInstanceId}";
/// How a path names a work request.
pub(crate) const WORK_REQUEST_PARAMETER: &str = "{workRequestId}";
const INSTANCES: &str = "/20190331/analyticsInstances";
const INSTANCE: &str = "/20190331/analyticsInstances/{analyticsInstanceId}";
const CHANNELS: &str = "/20190331/analyticsInstances/{analyticsInstanceId}/privateAccessChannels";
const CHANNEL: &str =
    "/20190331/analyticsInstances/{analyticsInstanceId}/privateAccessChannels/{privateAccessChannelKey}";
const VANITY_URLS: &str = "/20190331/analyticsInstances/{analyticsInstanceId}/vanityUrls";
const VANITY_URL: &str = "/20190331/analyticsInstances/{analyticsInstanceId}/vanityUrls/{vanityUrlKey}";
const GROUPS: &str = "/20190331/analyticsInstances/{analyticsInstanceId}/resourceGroups";
const GROUP: &str =
    "/20190331/analyticsInstances/{analyticsInstanceId}/resourceGroups/{analyticsInstanceResourceGroupId}";
const WORK_REQUESTS: &str = "/20190331/workRequests";
const WORK_REQUEST: &str = "/20190331/workRequests/{workRequestId}";

macro_rules! action {
    ($name:literal) => {
        concat!("/20190331/analyticsInstances/{analyticsInstanceId}/actions/", $name)
    };
}

/// The routes in the order of contract analytics 1, and the one that is in no published description after them.
pub static ROUTES: &[Route] = &[
    route(Method::GET, INSTANCES, Operation::ListAnalyticsInstances, Verb::Inspect),
    route(Method::POST, INSTANCES, Operation::CreateAnalyticsInstance, Verb::Manage),
    route(Method::GET, INSTANCE, Operation::GetAnalyticsInstance, Verb::Read),
    route(Method::PUT, INSTANCE, Operation::UpdateAnalyticsInstance, Verb::Manage),
    route(Method::DELETE, INSTANCE, Operation::DeleteAnalyticsInstance, Verb::Manage),
    route(Method::POST, action!("start"), Operation::StartAnalyticsInstance, Verb::Use),
    route(Method::POST, action!("stop"), Operation::StopAnalyticsInstance, Verb::Use),
    route(Method::POST, action!("scale"), Operation::ScaleAnalyticsInstance, Verb::Manage),
    route(Method::POST, action!("changeCompartment"), Operation::ChangeAnalyticsInstanceCompartment, Verb::Move),
    route(
        Method::POST,
        action!("changeNetworkEndpoint"),
        Operation::ChangeAnalyticsInstanceNetworkEndpoint,
        Verb::Manage,
    ),
    route(Method::POST, action!("setKmsKey"), Operation::SetKmsKey, Verb::Manage),
    route(Method::POST, action!("setFeatureBundle"), Operation::SetFeatureBundle, Verb::Manage),
    route(Method::POST, CHANNELS, Operation::CreatePrivateAccessChannel, Verb::Manage),
    route(Method::GET, CHANNEL, Operation::GetPrivateAccessChannel, Verb::Read),
    route(Method::PUT, CHANNEL, Operation::UpdatePrivateAccessChannel, Verb::Manage),
    route(Method::DELETE, CHANNEL, Operation::DeletePrivateAccessChannel, Verb::Manage),
    route(Method::POST, VANITY_URLS, Operation::CreateVanityUrl, Verb::Manage),
    route(Method::PUT, VANITY_URL, Operation::UpdateVanityUrl, Verb::Manage),
    route(Method::DELETE, VANITY_URL, Operation::DeleteVanityUrl, Verb::Manage),
    route(Method::GET, GROUPS, Operation::ListResourceGroups, Verb::Inspect),
    route(Method::POST, GROUPS, Operation::CreateResourceGroup, Verb::Manage),
    route(Method::GET, GROUP, Operation::GetResourceGroup, Verb::Read),
    route(Method::PUT, GROUP, Operation::UpdateResourceGroup, Verb::Manage),
    route(Method::DELETE, GROUP, Operation::DeleteResourceGroup, Verb::Manage),
    route(Method::GET, WORK_REQUESTS, Operation::ListWorkRequests, Verb::Inspect),
    route(Method::GET, WORK_REQUEST, Operation::GetWorkRequest, Verb::Read),
    route(Method::DELETE, WORK_REQUEST, Operation::DeleteWorkRequest, Verb::Manage),
    route(Method::GET, "/20190331/workRequests/{workRequestId}/errors", Operation::ListWorkRequestErrors, Verb::Read),
    route(Method::GET, "/20190331/workRequests/{workRequestId}/logs", Operation::ListWorkRequestLogs, Verb::Read),
    route(
        Method::GET,
        "/20190331/analyticsInstances/{analyticsInstanceId}/additionalInfo",
        Operation::GetAdditionalInfo,
        Verb::Read,
    ),
];

const fn route(method: Method, path: &'static str, operation: Operation, verb: Verb) -> Route {
    Route { method, path, operation, policy: Policy::Permission, verb }
}

impl Route {
    /// The method as axum filters by it. GET takes HEAD along.
    pub(crate) fn filter(&self) -> MethodFilter {
        // A method of the table that axum has no filter for would never match; the test holds that there is none.
        MethodFilter::try_from(self.method.clone()).unwrap_or(MethodFilter::TRACE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_has_one_route_with_a_method_that_can_be_routed() {
        for (index, route) in ROUTES.iter().enumerate() {
            assert_ne!(route.filter(), MethodFilter::TRACE, "{route:?}");
            let rest = &ROUTES[index + 1..];
            assert!(!rest.iter().any(|other| other.operation == route.operation), "{route:?}");
            assert!(!rest.iter().any(|other| (&other.method, other.path) == (&route.method, route.path)), "{route:?}");
        }
    }
}
