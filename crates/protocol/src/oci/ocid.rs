//! Oracle Cloud identifiers: `ocid1.<kind>.<realm>.[region][.future use].<unique>` (contract analytics 2.2).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The longest OCID, in characters, as the models bound them (contract analytics 2).
pub const LONGEST: usize = 255;

/// The one realm this house plays: Oracle's commercial one.
pub const REALM: &str = "oc1";

/// An identifier of well-formed shape. Callers treat it as opaque; its parts are for messages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ocid(String);

/// The text does not have the shape of an OCID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not of the form ocid1.<kind>.<realm>.[region].<unique>")]
pub struct InvalidOcid;

/// Builds the OCID of a new resource. `unique` comes from the caller's source of randomness; resources that belong to
/// no region (tenancies, users, compartments) leave `region` out.
pub fn mint(kind: &str, region: Option<&str>, unique: &str) -> Ocid {
    Ocid(format!("ocid1.{kind}.{REALM}.{}.{unique}", region.unwrap_or_default()))
}

impl Ocid {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind of resource, e.g. `analyticsinstance`.
    pub fn kind(&self) -> &str {
        self.0.split('.').nth(1).unwrap_or_default()
    }

    /// The region's identifier, where the resource belongs to one.
    pub fn region(&self) -> Option<&str> {
        self.0.split('.').nth(3).filter(|region| !region.is_empty())
    }
}

fn is_well_formed(text: &str) -> bool {
    if text.len() > LONGEST || !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
        return false;
    }
    let mut parts = text.split('.');
    parts.next() == Some("ocid1")
        && parts.next().is_some_and(|kind| !kind.is_empty())
        && parts.next().is_some_and(|realm| !realm.is_empty())
        && parts.next().is_some()
        && parts.next_back().is_some_and(|unique| !unique.is_empty())
}

impl fmt::Display for Ocid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Ocid {
    type Err = InvalidOcid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_well_formed(text) { Ok(Self(text.to_owned())) } else { Err(InvalidOcid) }
    }
}

impl TryFrom<String> for Ocid {
    type Error = InvalidOcid;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if is_well_formed(&text) { Ok(Self(text)) } else { Err(InvalidOcid) }
    }
}

impl From<Ocid> for String {
    fn from(ocid: Ocid) -> Self {
        ocid.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn minted_ids_have_the_contracts_shape() {
        // Contract analytics 2.2.
        let instance = mint("analyticsinstance", Some("us-ashburn-1"), "aaaaaaaaxyz");
        assert_eq!(instance.as_str(), "ocid1.analyticsinstance.oc1.us-ashburn-1.aaaaaaaaxyz");
        assert_eq!((instance.kind(), instance.region()), ("analyticsinstance", Some("us-ashburn-1")));
        let tenancy = mint("tenancy", None, "aaaaaaaaxyz");
        assert_eq!(tenancy.as_str(), "ocid1.tenancy.oc1..aaaaaaaaxyz");
        assert_eq!(tenancy.region(), None);
        assert_eq!(tenancy.as_str().parse(), Ok(tenancy.clone()));
    }

    #[test]
    fn the_future_use_segment_is_read() {
        // Contract analytics 2.2: the older internal form.
        let ocid: Ocid = "ocid1.analyticsinstance.oc1.us-ashburn-1.test.aaaa".parse().unwrap();
        assert_eq!(ocid.region(), Some("us-ashburn-1"));
    }

    #[test]
    fn other_shapes_are_refused() {
        let long = format!("ocid1.tenancy.oc1..{}", "a".repeat(LONGEST));
        for bad in [
            "",
            "ocid1",
            "ocid1.tenancy.oc1.aaaa",
            "ocid1.tenancy.oc1..",
            "ocid1..oc1..aaaa",
            "ocid1.tenancy...aaaa",
            "ocid2.tenancy.oc1..aaaa",
            "ocid1.tenancy.oc1..aa aa",
            "ocid1.tenancy.oc1..aa/aa",
            "ocid1.tenancy.oc1..é",
            &long,
        ] {
            assert_eq!(bad.parse::<Ocid>(), Err(InvalidOcid), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_ocid_or_refused(text in ".*") {
            if let Ok(ocid) = text.parse::<Ocid>() {
                prop_assert_eq!(ocid.as_str(), &text);
                prop_assert!(!ocid.kind().is_empty());
            }
        }
    }
}
