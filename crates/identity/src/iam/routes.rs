//! The routes as data: this table drives the router, the table in the documents, and the test that nothing is open.

use axum::routing::MethodFilter;
use http::Method;

/// An operation by Oracle's `operationId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Lists compartments.
    ListCompartments,
    /// Makes a compartment.
    CreateCompartment,
    /// Shows a compartment.
    GetCompartment,
    /// Changes a compartment.
    UpdateCompartment,
    /// Removes a compartment.
    DeleteCompartment,
    /// Lists the policies of a compartment.
    ListPolicies,
    /// Makes a policy.
    CreatePolicy,
    /// Shows a policy.
    GetPolicy,
    /// Changes a policy.
    UpdatePolicy,
    /// Removes a policy.
    DeletePolicy,
    /// Lists all regions.
    ListRegions,
    /// Shows the tenancy.
    GetTenancy,
    /// Lists the tenancy's regions.
    ListRegionSubscriptions,
    /// Lists a user's API keys.
    ListApiKeys,
    /// Registers an API key.
    UploadApiKey,
    /// Removes an API key.
    DeleteApiKey,
}

impl Operation {
    /// Oracle's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ListCompartments => "ListCompartments",
            Self::CreateCompartment => "CreateCompartment",
            Self::GetCompartment => "GetCompartment",
            Self::UpdateCompartment => "UpdateCompartment",
            Self::DeleteCompartment => "DeleteCompartment",
            Self::ListPolicies => "ListPolicies",
            Self::CreatePolicy => "CreatePolicy",
            Self::GetPolicy => "GetPolicy",
            Self::UpdatePolicy => "UpdatePolicy",
            Self::DeletePolicy => "DeletePolicy",
            Self::ListRegions => "ListRegions",
            Self::GetTenancy => "GetTenancy",
            Self::ListRegionSubscriptions => "ListRegionSubscriptions",
            Self::ListApiKeys => "ListApiKeys",
            Self::UploadApiKey => "UploadApiKey",
            Self::DeleteApiKey => "DeleteApiKey",
        }
    }
}

/// Who may call a route. Each is signed for; none is open. An Identity Domain Administrator of the tenancy may call all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Whom a policy statement gives the operation's permission.
    Permission,
    /// The user it is about, and whom a statement gives the permission.
    Oneself,
    /// Every user of a tenancy: what it answers is public.
    Anybody,
}

/// A route of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with the varying parts in braces. A slash may follow it.
    pub path: &'static str,
    /// What it does.
    pub operation: Operation,
    /// Who may.
    pub policy: Policy,
}

const COMPARTMENTS: &str = "/20160918/compartments";
const COMPARTMENT: &str = "/20160918/compartments/{compartmentId}";
const POLICIES: &str = "/20160918/policies";
const POLICY: &str = "/20160918/policies/{policyId}";
const API_KEYS: &str = "/20160918/users/{userId}/apiKeys";

/// The routes.
pub static ROUTES: [Route; 16] = [
    route(Method::GET, COMPARTMENTS, Operation::ListCompartments, Policy::Permission),
    route(Method::POST, COMPARTMENTS, Operation::CreateCompartment, Policy::Permission),
    route(Method::GET, COMPARTMENT, Operation::GetCompartment, Policy::Permission),
    route(Method::PUT, COMPARTMENT, Operation::UpdateCompartment, Policy::Permission),
    route(Method::DELETE, COMPARTMENT, Operation::DeleteCompartment, Policy::Permission),
    route(Method::GET, POLICIES, Operation::ListPolicies, Policy::Permission),
    route(Method::POST, POLICIES, Operation::CreatePolicy, Policy::Permission),
    route(Method::GET, POLICY, Operation::GetPolicy, Policy::Permission),
    route(Method::PUT, POLICY, Operation::UpdatePolicy, Policy::Permission),
    route(Method::DELETE, POLICY, Operation::DeletePolicy, Policy::Permission),
    route(Method::GET, "/20160918/regions", Operation::ListRegions, Policy::Anybody),
    route(Method::GET, "/20160918/tenancies/{tenancyId}", Operation::GetTenancy, Policy::Permission),
    route(
        Method::GET,
        "/20160918/tenancies/{tenancyId}/regionSubscriptions",
        Operation::ListRegionSubscriptions,
        Policy::Permission,
    ),
    route(Method::GET, API_KEYS, Operation::ListApiKeys, Policy::Oneself),
    route(Method::POST, API_KEYS, Operation::UploadApiKey, Policy::Oneself),
    route(Method::DELETE, "/20160918/users/{userId}/apiKeys/{fingerprint}", Operation::DeleteApiKey, Policy::Oneself),
];

const fn route(method: Method, path: &'static str, operation: Operation, policy: Policy) -> Route {
    Route { method, path, operation, policy }
}

impl Route {
    /// The method as axum filters by it. GET takes HEAD along.
    pub(super) fn filter(&self) -> MethodFilter {
        // A method of the table that axum has no filter for would never match; the test holds that there is none.
        MethodFilter::try_from(self.method.clone()).unwrap_or(MethodFilter::TRACE)
    }
}
