//! The closed words of policies: verbs, resource types, permissions and variables, and which verb on what grants which
//! permission. The names of Analytics are those of contract analytics 1 (IAM); those of the identity service are Oracle's
//! published ones, as far as there is something here to use them for.

use std::{fmt, str::FromStr};

/// How much a statement allows. Each verb holds what the ones before it hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// To list.
    Inspect,
    /// To see whole.
    Read,
    /// To work with.
    Use,
    /// Everything.
    Manage,
}

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident; $($variant:ident = $word:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each is the word it is spelled with")]
        pub enum $name { $($variant),+ }

        words!($name; $($variant = $word),+);
    };
}

macro_rules! words {
    ($name:ident; $($variant:ident = $word:literal),+ $(,)?) => {
        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as Oracle spells it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        /// Without regard to case.
        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().find(|word| word.as_str().eq_ignore_ascii_case(text)).copied().ok_or(UnknownWord)
            }
        }
    };
}

/// The word is none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a word of the vocabulary")]
pub struct UnknownWord;

words!(Verb; Inspect = "inspect", Read = "read", Use = "use", Manage = "manage");

vocabulary! {
    /// What a statement speaks of. The singular and the plural of a type are the same.
    ResourceType;
    AnalyticsInstance = "analytics-instance",
    AnalyticsInstances = "analytics-instances",
    AnalyticsInstanceWorkRequest = "analytics-instance-work-request",
    AnalyticsInstanceWorkRequests = "analytics-instance-work-requests",
    Compartments = "compartments",
    Tenancies = "tenancies",
    Users = "users",
    Groups = "groups",
    Policies = "policies",
    AllResources = "all-resources",
}

vocabulary! {
    /// What a statement may grant, one by one.
    Permission;
    InstanceInspect = "ANALYTICS_INSTANCE_INSPECT",
    InstanceRead = "ANALYTICS_INSTANCE_READ",
    InstanceUse = "ANALYTICS_INSTANCE_USE",
    InstanceManage = "ANALYTICS_INSTANCE_MANAGE",
    InstanceMove = "ANALYTICS_INSTANCE_MOVE",
    WorkRequestInspect = "ANALYTICS_INSTANCE_WR_INSPECT",
    WorkRequestRead = "ANALYTICS_INSTANCE_WR_READ",
    WorkRequestManage = "ANALYTICS_INSTANCE_WR_MANAGE",
    CompartmentInspect = "COMPARTMENT_INSPECT",
    CompartmentUpdate = "COMPARTMENT_UPDATE",
    CompartmentCreate = "COMPARTMENT_CREATE",
    CompartmentDelete = "COMPARTMENT_DELETE",
    TenancyInspect = "TENANCY_INSPECT",
    UserInspect = "USER_INSPECT",
    UserRead = "USER_READ",
    UserUpdate = "USER_UPDATE",
    UserApiKeyAdd = "USER_APIKEY_ADD",
    UserApiKeyRemove = "USER_APIKEY_REMOVE",
    GroupInspect = "GROUP_INSPECT",
    PolicyRead = "POLICY_READ",
    PolicyUpdate = "POLICY_UPDATE",
    PolicyCreate = "POLICY_CREATE",
    PolicyDelete = "POLICY_DELETE",
}

vocabulary! {
    /// What a condition asks about.
    Variable;
    Operation = "request.operation",
    Permission = "request.permission",
    UserId = "request.user.id",
    UserName = "request.user.name",
    GroupsId = "request.groups.id",
    PrincipalType = "request.principal.type",
    CompartmentId = "target.compartment.id",
    CompartmentName = "target.compartment.name",
    InstanceId = "target.analytics-instance.id",
    InstanceName = "target.analytics-instance.name",
    SourceCompartmentId = "target.analytics-instance.source-compartment.id",
    DestinationCompartmentId = "target.analytics-instance.destination-compartment.id",
}

/// The least verb that grants a permission, and on which type of resource.
pub const fn granted_by(permission: Permission) -> (Verb, ResourceType) {
    use {Permission as P, ResourceType as T, Verb as V};
    match permission {
        P::InstanceInspect => (V::Inspect, T::AnalyticsInstances),
        P::InstanceRead => (V::Read, T::AnalyticsInstances),
        P::InstanceUse => (V::Use, T::AnalyticsInstances),
        P::InstanceManage | P::InstanceMove => (V::Manage, T::AnalyticsInstances),
        P::WorkRequestInspect => (V::Inspect, T::AnalyticsInstanceWorkRequests),
        P::WorkRequestRead => (V::Read, T::AnalyticsInstanceWorkRequests),
        P::WorkRequestManage => (V::Manage, T::AnalyticsInstanceWorkRequests),
        P::CompartmentInspect => (V::Inspect, T::Compartments),
        P::CompartmentUpdate => (V::Use, T::Compartments),
        P::CompartmentCreate | P::CompartmentDelete => (V::Manage, T::Compartments),
        P::TenancyInspect => (V::Inspect, T::Tenancies),
        P::UserInspect => (V::Inspect, T::Users),
        P::UserRead => (V::Read, T::Users),
        P::UserUpdate => (V::Use, T::Users),
        P::UserApiKeyAdd | P::UserApiKeyRemove => (V::Manage, T::Users),
        P::GroupInspect => (V::Inspect, T::Groups),
        P::PolicyRead => (V::Inspect, T::Policies),
        P::PolicyUpdate | P::PolicyCreate | P::PolicyDelete => (V::Manage, T::Policies),
    }
}

impl ResourceType {
    /// The plural, for types that have both.
    const fn plural(self) -> Self {
        match self {
            Self::AnalyticsInstance => Self::AnalyticsInstances,
            Self::AnalyticsInstanceWorkRequest => Self::AnalyticsInstanceWorkRequests,
            other => other,
        }
    }
}

/// Permissions, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u32);

impl Permissions {
    /// What a verb on a type of resource grants.
    pub fn of(verb: Verb, resource: ResourceType) -> Self {
        let granted = |permission: &&Permission| {
            let (least, kind) = granted_by(**permission);
            verb >= least && (resource == ResourceType::AllResources || resource.plural() == kind)
        };
        Permission::ALL.iter().filter(granted).copied().collect()
    }

    /// Whether a permission is one of them.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        Self(permissions.into_iter().fold(0, |set, permission| set | (1 << permission as u32)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_a_place_of_its_own_in_a_set() {
        assert!(Permission::ALL.len() <= 32);
        for (index, one) in Permission::ALL.iter().enumerate() {
            let set: Permissions = [*one].into_iter().collect();
            for (other_index, other) in Permission::ALL.iter().enumerate() {
                assert_eq!(set.has(*other), index == other_index, "{one} {other}");
            }
        }
    }

    #[test]
    fn a_verb_grants_what_the_lesser_ones_grant_and_more() {
        for resource in ResourceType::ALL {
            for pair in Verb::ALL.windows(2) {
                let [less, more] = [pair[0], pair[1]].map(|verb| Permissions::of(verb, *resource));
                assert_eq!(less.0 & more.0, less.0, "{pair:?} {resource}");
            }
        }
    }

    #[test]
    fn verbs_on_instances_grant_what_the_contract_says() {
        use Permission::{InstanceInspect, InstanceManage, InstanceMove, InstanceRead, InstanceUse};
        let all = [InstanceInspect, InstanceRead, InstanceUse, InstanceManage, InstanceMove];
        for (verb, count) in [(Verb::Inspect, 1), (Verb::Read, 2), (Verb::Use, 3), (Verb::Manage, 5)] {
            for resource in [ResourceType::AnalyticsInstance, ResourceType::AnalyticsInstances] {
                let expected: Permissions = all[..count].iter().copied().collect();
                assert_eq!(Permissions::of(verb, resource), expected, "{verb} {resource}");
            }
        }
    }

    #[test]
    fn what_is_granted_on_instances_is_not_granted_on_their_work() {
        let work = Permissions::of(Verb::Manage, ResourceType::AnalyticsInstanceWorkRequests);
        assert!(!work.has(Permission::InstanceInspect) && work.has(Permission::WorkRequestManage));
        let instances = Permissions::of(Verb::Manage, ResourceType::AnalyticsInstances);
        assert!(!instances.has(Permission::WorkRequestInspect) && !instances.has(Permission::PolicyRead));
    }

    #[test]
    fn words_are_read_in_any_case_and_spelled_in_one() {
        assert_eq!("MANAGE".parse(), Ok(Verb::Manage));
        assert_eq!("All-Resources".parse(), Ok(ResourceType::AllResources));
        assert_eq!("Request.Groups.Id".parse(), Ok(Variable::GroupsId));
        assert_eq!("administer".parse::<Verb>(), Err(UnknownWord));
    }
}
