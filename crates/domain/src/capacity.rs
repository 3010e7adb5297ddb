//! Which capacities exist, and how much of them a tenancy may have (contract analytics 2.1).

use obol_protocol::analytics::{Capacity, CapacityType, FeatureSet};

/// The numbers of OCPUs an instance can be created with. The last three cannot be scaled afterwards.
pub const OCPU_SIZES: [i64; 11] = [1, 2, 4, 6, 8, 10, 12, 16, 24, 36, 52];
/// The fewest users an instance can be created with.
pub const FEWEST_USERS: i64 = 10;

/// The capacity does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CapacityRefusal {
    /// No instance has this number of OCPUs.
    #[error("no instance has this number of OCPUs")]
    OcpuSize,
    /// Fewer users than any instance has.
    #[error("fewer users than any instance has")]
    TooFewUsers,
}

/// Decides whether an instance can be created with a capacity.
pub fn check_creation(capacity: Capacity) -> Result<(), CapacityRefusal> {
    match capacity.capacity_type {
        CapacityType::OlpuCount if !OCPU_SIZES.contains(&capacity.capacity_value) => Err(CapacityRefusal::OcpuSize),
        CapacityType::UserCount if capacity.capacity_value < FEWEST_USERS => Err(CapacityRefusal::TooFewUsers),
        CapacityType::OlpuCount | CapacityType::UserCount => Ok(()),
    }
}

/// How much a tenancy's live instances may take together, per edition and kind; `None` for any amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenancyLimits {
    /// `se-ocpu-count`
    pub professional_ocpus: Option<i64>,
    /// `ee-ocpu-count`
    pub enterprise_ocpus: Option<i64>,
    /// `se-user-count`
    pub professional_users: Option<i64>,
    /// `ee-user-count`
    pub enterprise_users: Option<i64>,
}

/// Oracle's own defaults.
impl Default for TenancyLimits {
    fn default() -> Self {
        Self {
            professional_ocpus: Some(4),
            enterprise_ocpus: Some(40),
            professional_users: Some(200),
            enterprise_users: Some(200),
        }
    }
}

/// One of the limits, by the name Oracle's console shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceLimit {
    /// E.g. `ee-ocpu-count`.
    pub name: &'static str,
    /// The most that the tenancy may have.
    pub most: i64,
}

impl TenancyLimits {
    /// No limits: for measuring, and for those who do not want them.
    pub const UNLIMITED: Self =
        Self { professional_ocpus: None, enterprise_ocpus: None, professional_users: None, enterprise_users: None };

    /// The limit that counts for an edition and kind, where there is one.
    pub fn of(&self, feature_set: FeatureSet, capacity_type: CapacityType) -> Option<ServiceLimit> {
        let (name, most) = match (feature_set, capacity_type) {
            (FeatureSet::SelfServiceAnalytics, CapacityType::OlpuCount) => ("se-ocpu-count", self.professional_ocpus),
            (FeatureSet::EnterpriseAnalytics, CapacityType::OlpuCount) => ("ee-ocpu-count", self.enterprise_ocpus),
            (FeatureSet::SelfServiceAnalytics, CapacityType::UserCount) => ("se-user-count", self.professional_users),
            (FeatureSet::EnterpriseAnalytics, CapacityType::UserCount) => ("ee-user-count", self.enterprise_users),
        };
        most.map(|most| ServiceLimit { name, most })
    }
}

impl ServiceLimit {
    /// Whether `wanted` more fits beside what is `used`.
    pub const fn admits(self, used: i64, wanted: i64) -> bool {
        used.saturating_add(wanted) <= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity(capacity_type: CapacityType, capacity_value: i64) -> Capacity {
        Capacity { capacity_type, capacity_value }
    }

    #[test]
    fn only_the_published_sizes_exist() {
        // Contract analytics 2.1.
        let sizes: Vec<i64> =
            (-1..=60).filter(|value| check_creation(capacity(CapacityType::OlpuCount, *value)).is_ok()).collect();
        assert_eq!(sizes, [1, 2, 4, 6, 8, 10, 12, 16, 24, 36, 52]);
    }

    #[test]
    fn an_instance_has_at_least_ten_users() {
        assert_eq!(check_creation(capacity(CapacityType::UserCount, 9)), Err(CapacityRefusal::TooFewUsers));
        for users in [10, 400, 401, 600, 3000] {
            assert_eq!(check_creation(capacity(CapacityType::UserCount, users)), Ok(()));
        }
    }

    #[test]
    fn a_limit_counts_its_own_edition_and_kind() {
        let limits = TenancyLimits::default();
        for (feature_set, capacity_type, name, most) in [
            (FeatureSet::SelfServiceAnalytics, CapacityType::OlpuCount, "se-ocpu-count", 4),
            (FeatureSet::EnterpriseAnalytics, CapacityType::OlpuCount, "ee-ocpu-count", 40),
            (FeatureSet::SelfServiceAnalytics, CapacityType::UserCount, "se-user-count", 200),
            (FeatureSet::EnterpriseAnalytics, CapacityType::UserCount, "ee-user-count", 200),
        ] {
            assert_eq!(limits.of(feature_set, capacity_type), Some(ServiceLimit { name, most }));
            assert_eq!(TenancyLimits::UNLIMITED.of(feature_set, capacity_type), None);
        }
    }

    #[test]
    fn a_limit_is_reached_and_not_passed() {
        let limit = ServiceLimit { name: "ee-ocpu-count", most: 40 };
        assert!(limit.admits(38, 2));
        assert!(!limit.admits(39, 2));
        assert!(!limit.admits(i64::MAX, 1));
    }
}
