//! The regions of Oracle's commercial realm: the identifier of each and its three letters.

use serde::Serialize;

/// Identifier and letters, in the order of the identifiers.
const REGIONS: [(&str, &str); 46] = [
    ("af-casablanca-1", "LEJ"),
    ("af-johannesburg-1", "JNB"),
    ("ap-batam-1", "HSG"),
    ("ap-chuncheon-1", "YNY"),
    ("ap-delhi-1", "ONM"),
    ("ap-hyderabad-1", "HYD"),
    ("ap-kulai-2", "JBP"),
    ("ap-melbourne-1", "MEL"),
    ("ap-mumbai-1", "BOM"),
    ("ap-osaka-1", "KIX"),
    ("ap-seoul-1", "ICN"),
    ("ap-singapore-1", "SIN"),
    ("ap-singapore-2", "XSP"),
    ("ap-sydney-1", "SYD"),
    ("ap-tokyo-1", "NRT"),
    ("ca-montreal-1", "YUL"),
    ("ca-toronto-1", "YYZ"),
    ("eu-amsterdam-1", "AMS"),
    ("eu-frankfurt-1", "FRA"),
    ("eu-madrid-1", "MAD"),
    ("eu-madrid-3", "ORF"),
    ("eu-marseille-1", "MRS"),
    ("eu-milan-1", "LIN"),
    ("eu-paris-1", "CDG"),
    ("eu-stockholm-1", "ARN"),
    ("eu-turin-1", "NRQ"),
    ("eu-zurich-1", "ZRH"),
    ("il-jerusalem-1", "MTZ"),
    ("me-abudhabi-1", "AUH"),
    ("me-dubai-1", "DXB"),
    ("me-jeddah-1", "JED"),
    ("me-riyadh-1", "RUH"),
    ("mx-monterrey-1", "MTY"),
    ("mx-queretaro-1", "QRO"),
    ("sa-bogota-1", "BOG"),
    ("sa-santiago-1", "SCL"),
    ("sa-saopaulo-1", "GRU"),
    ("sa-valparaiso-1", "VAP"),
    ("sa-vinhedo-1", "VCP"),
    ("uk-cardiff-1", "CWL"),
    ("uk-london-1", "LHR"),
    ("us-ashburn-1", "IAD"),
    ("us-chicago-1", "ORD"),
    ("us-phoenix-1", "PHX"),
    ("us-saltlake-2", "AGA"),
    ("us-sanjose-1", "SJC"),
];

/// A region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Region {
    /// Its three letters.
    pub key: &'static str,
    /// Its identifier.
    pub name: &'static str,
}

/// All of them.
pub fn all() -> impl Iterator<Item = Region> {
    REGIONS.iter().map(|&(name, key)| Region { key, name })
}

/// The three letters of a region; its identifier in capitals where it is none of Oracle's.
pub fn key_of(name: &str) -> String {
    all().find(|region| region.name == name).map_or_else(|| name.to_ascii_uppercase(), |region| region.key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_three_letters_and_one_identifier_each() {
        for (index, region) in all().enumerate() {
            assert!(region.key.len() == 3 && region.key.bytes().all(|byte| byte.is_ascii_uppercase()), "{region:?}");
            assert!(!all().skip(index + 1).any(|other| other.key == region.key || other.name == region.name));
        }
        assert_eq!(key_of("us-ashburn-1"), "IAD");
        assert_eq!(key_of("my-place-1"), "MY-PLACE-1");
    }
}
