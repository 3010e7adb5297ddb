//! Which capacities exist, and how much of them a tenancy may have (contract analytics 2.1).

use obol_protocol::analytics::{Capacity, CapacityType, FeatureSet};

/// The numbers of OCPUs an instance can be created with.
pub const OCPU_SIZES: [i64; 11] = [1, 2, 4, 6, 8, 10, 12, 16, 24, 36, 52];
/// Those of them that an instance can be scaled between, freely. The others are fixed when it is created.
pub const SCALABLE_OCPU_SIZES: [i64; 8] = [1, 2, 4, 6, 8, 10, 12, 16];
/// The ranges of numbers of users. An instance is scaled only within the one it was created in.
pub const USER_RANGES: [(i64, i64); 3] = [(FEWEST_USERS, 400), (401, 600), (601, i64::MAX)];
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
    /// The kind of capacity is fixed when the instance is created.
    #[error("the kind of capacity cannot change")]
    OtherType,
    /// The instance has a number of OCPUs that is fixed when it is created.
    #[error("an instance of this size cannot be scaled")]
    NotScalable,
    /// No instance is scaled to this number of OCPUs.
    #[error("no instance is scaled to this number of OCPUs")]
    NotScalableSize,
    /// The number of users is outside the range that the instance was created in.
    #[error("outside the range of users")]
    UserRange {
        /// The fewest of the range.
        fewest: i64,
        /// The most of the range.
        most: i64,
    },
}

/// Decides whether an instance can be created with a capacity.
pub fn check_creation(capacity: Capacity) -> Result<(), CapacityRefusal> {
    match capacity.capacity_type {
        CapacityType::OlpuCount if !OCPU_SIZES.contains(&capacity.capacity_value) => Err(CapacityRefusal::OcpuSize),
        CapacityType::UserCount if capacity.capacity_value < FEWEST_USERS => Err(CapacityRefusal::TooFewUsers),
        CapacityType::OlpuCount | CapacityType::UserCount => Ok(()),
    }
}

/// Decides whether an instance of a capacity can be scaled to another.
pub fn check_scaling(present: Capacity, wanted: Capacity) -> Result<(), CapacityRefusal> {
    if present.capacity_type != wanted.capacity_type {
        return Err(CapacityRefusal::OtherType);
    }
    check_creation(wanted)?;
    match wanted.capacity_type {
        CapacityType::OlpuCount if !SCALABLE_OCPU_SIZES.contains(&present.capacity_value) => {
            Err(CapacityRefusal::NotScalable)
        }
        CapacityType::OlpuCount if !SCALABLE_OCPU_SIZES.contains(&wanted.capacity_value) => {
            Err(CapacityRefusal::NotScalableSize)
        }
        CapacityType::OlpuCount => Ok(()),
        CapacityType::UserCount => {
            let holds = |value: i64| move |(fewest, most): &(i64, i64)| (*fewest..=*most).contains(&value);
            match USER_RANGES.into_iter().find(holds(present.capacity_value)) {
                Some((fewest, most)) if !(fewest..=most).contains(&wanted.capacity_value) => {
                    Err(CapacityRefusal::UserRange { fewest, most })
                }
                Some(_) | None => Ok(()),
            }
        }
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
    fn ocpus_scale_freely_inside_the_set_and_not_out_of_it_or_into_it() {
        // Contract analytics 2.1.
        let ocpus = |value| capacity(CapacityType::OlpuCount, value);
        for present in SCALABLE_OCPU_SIZES {
            for wanted in SCALABLE_OCPU_SIZES {
                assert_eq!(check_scaling(ocpus(present), ocpus(wanted)), Ok(()), "{present} to {wanted}");
            }
            for wanted in [24, 36, 52] {
                assert_eq!(check_scaling(ocpus(present), ocpus(wanted)), Err(CapacityRefusal::NotScalableSize));
            }
            for wanted in [0, 3, 5, 14, 20, 60] {
                assert_eq!(check_scaling(ocpus(present), ocpus(wanted)), Err(CapacityRefusal::OcpuSize));
            }
        }
        for present in [24, 36, 52] {
            for wanted in OCPU_SIZES {
                assert_eq!(check_scaling(ocpus(present), ocpus(wanted)), Err(CapacityRefusal::NotScalable));
            }
        }
    }

    #[test]
    fn users_scale_inside_the_range_they_were_created_in() {
        let users = |value| capacity(CapacityType::UserCount, value);
        for (present, wanted) in [(10, 400), (400, 10), (401, 600), (600, 401), (601, 9000)] {
            assert_eq!(check_scaling(users(present), users(wanted)), Ok(()), "{present} to {wanted}");
        }
        for (present, wanted, fewest, most) in
            [(10, 401, 10, 400), (401, 400, 401, 600), (600, 601, 401, 600), (700, 600, 601, i64::MAX)]
        {
            let refusal = CapacityRefusal::UserRange { fewest, most };
            assert_eq!(check_scaling(users(present), users(wanted)), Err(refusal), "{present} to {wanted}");
        }
        assert_eq!(check_scaling(users(10), users(9)), Err(CapacityRefusal::TooFewUsers));
    }

    #[test]
    fn the_kind_of_capacity_never_changes() {
        for (present, wanted) in
            [(CapacityType::OlpuCount, CapacityType::UserCount), (CapacityType::UserCount, CapacityType::OlpuCount)]
        {
            assert_eq!(check_scaling(capacity(present, 10), capacity(wanted, 10)), Err(CapacityRefusal::OtherType));
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
