//! What the children of an instance have in common: how many there may be, how an unknown one is refused, and what resource
//! groups may take of the instance.

use obol_protocol::analytics::{Capacity, CapacityType};
use obol_store::resource_groups::ResourceGroup;

use crate::Refusal;

/// A kind of child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A private access channel.
    PrivateAccessChannel,
    /// A vanity URL.
    VanityUrl,
    /// A resource group.
    ResourceGroup,
}

impl Kind {
    /// What it is called.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::PrivateAccessChannel => "private access channel",
            Self::VanityUrl => "vanity URL",
            Self::ResourceGroup => "resource group",
        }
    }

    /// The name of the limit, and the most of them an instance has. Oracle publishes neither; the bound keeps an instance's
    /// answer small.
    pub const fn limit(self) -> (&'static str, usize) {
        match self {
            Self::PrivateAccessChannel => ("private-access-channel-count", 5),
            Self::VanityUrl => ("vanity-url-count", 5),
            Self::ResourceGroup => ("resource-group-count", 50),
        }
    }

    /// Checks that an instance that has `count` of them may have another.
    pub(crate) const fn has_room(self, count: usize) -> Result<(), Refusal> {
        if count < self.limit().1 { Ok(()) } else { Err(Refusal::TooManyChildren { kind: self }) }
    }

    /// The refusal of a key that the instance has no child under.
    pub(crate) fn unknown(self, key: &str) -> Refusal {
        Refusal::ChildUnknown { kind: self, key: key.to_owned() }
    }
}

/// Whether a group is the one that lists begin with. Oracle does not say what marks it; here it is the name.
pub(crate) const fn is_default(resource_name: &str) -> bool {
    resource_name.eq_ignore_ascii_case("default")
}

/// The name must be none of the instance's other groups'; that of the group `own` may stay.
pub(crate) fn group_name_is_free(groups: &[ResourceGroup], own: &str, name: &str) -> Result<(), Refusal> {
    if groups.iter().any(|group| group.details.resource_name == name && group.details.id != own) {
        return Err(Refusal::ChildNameTaken { kind: Kind::ResourceGroup, field: "resourceName" });
    }
    Ok(())
}

/// Groups share the OCPUs of their instance. An instance that counts users has no number to hold them to.
pub(crate) fn fits_beside<'a>(
    capacity: Capacity,
    others: impl Iterator<Item = &'a ResourceGroup>,
    wanted: i64,
) -> Result<(), Refusal> {
    let used = others.fold(0_i64, |sum, group| sum.saturating_add(group.details.capacity));
    let most = capacity.capacity_value;
    match capacity.capacity_type {
        CapacityType::OlpuCount if used.saturating_add(wanted) > most => {
            Err(Refusal::GroupsTooLarge { most, used, wanted })
        }
        CapacityType::OlpuCount | CapacityType::UserCount => Ok(()),
    }
}
