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
    /// Removes an instance.
    DeleteAnalyticsInstance,
    /// Lists the work requests of a compartment.
    ListWorkRequests,
    /// Shows a work request.
    GetWorkRequest,
    /// Lists why a work request failed.
    ListWorkRequestErrors,
    /// Lists what a work request did.
    ListWorkRequestLogs,
}

impl Operation {
    /// Oracle's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ListAnalyticsInstances => "ListAnalyticsInstances",
            Self::CreateAnalyticsInstance => "CreateAnalyticsInstance",
            Self::GetAnalyticsInstance => "GetAnalyticsInstance",
            Self::DeleteAnalyticsInstance => "DeleteAnalyticsInstance",
            Self::ListWorkRequests => "ListWorkRequests",
            Self::GetWorkRequest => "GetWorkRequest",
            Self::ListWorkRequestErrors => "ListWorkRequestErrors",
            Self::ListWorkRequestLogs => "ListWorkRequestLogs",
        }
    }
}

/// Who may call a route. Each is signed for; none is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// An Identity Domain Administrator of a stripe of the tenancy.
    Administrator,
}

/// A route of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with the varying part in braces.
    pub path: &'static str,
    /// What it does.
    pub operation: Operation,
    /// Who may.
    pub policy: Policy,
}

const INSTANCES: &str = "/20190331/analyticsInstances";
const INSTANCE: &str = "/20190331/analyticsInstances/{analyticsInstanceId}";
const WORK_REQUESTS: &str = "/20190331/workRequests";
const WORK_REQUEST: &str = "/20190331/workRequests/{workRequestId}";

/// The routes in the order of contract analytics 1.
pub static ROUTES: [Route; 8] = [
    route(Method::GET, INSTANCES, Operation::ListAnalyticsInstances),
    route(Method::POST, INSTANCES, Operation::CreateAnalyticsInstance),
    route(Method::GET, INSTANCE, Operation::GetAnalyticsInstance),
    route(Method::DELETE, INSTANCE, Operation::DeleteAnalyticsInstance),
    route(Method::GET, WORK_REQUESTS, Operation::ListWorkRequests),
    route(Method::GET, WORK_REQUEST, Operation::GetWorkRequest),
    route(Method::GET, "/20190331/workRequests/{workRequestId}/errors", Operation::ListWorkRequestErrors),
    route(Method::GET, "/20190331/workRequests/{workRequestId}/logs", Operation::ListWorkRequestLogs),
];

const fn route(method: Method, path: &'static str, operation: Operation) -> Route {
    Route { method, path, operation, policy: Policy::Administrator }
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
