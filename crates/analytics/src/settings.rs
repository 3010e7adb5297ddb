//! What may differ between installations.

use obol_domain::capacity::TenancyLimits;
use obol_protocol::{analytics::InstanceName, oci::signature::digest};

/// The settings of the control plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The region's identifier, e.g. `us-ashburn-1`; part of every OCID.
    pub region: String,
    /// Under which domain instances have their addresses.
    pub service_domain: String,
    /// Scheme and authority as clients see them, without a slash at the end; the `location` header begins with it.
    pub public_base: String,
    /// What a tenancy's instances may take together.
    pub limits: TenancyLimits,
}

impl Settings {
    /// Settings with Oracle's default limits, and instance addresses that lead nowhere but to this machine.
    pub fn new(region: &str, public_base: &str) -> Self {
        Self {
            region: region.to_owned(),
            service_domain: "analytics.ocp.localhost".to_owned(),
            public_base: public_base.trim_end_matches('/').to_owned(),
            limits: TenancyLimits::default(),
        }
    }

    /// The address of an instance: `https://<name>-<12 characters of the tenancy>-<2 letters of the region>.<domain>/ui/`
    /// (contract analytics 2.2).
    pub fn service_url(&self, name: &InstanceName, tenancy_id: &str) -> String {
        let namespace: String = digest(tenancy_id.as_bytes())
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|character| character.to_ascii_lowercase())
            .take(12)
            .collect();
        let letters = self.region_letters();
        format!("https://{name}-{namespace}-{letters}.{}/ui/", self.service_domain)
    }

    /// The two letters that were seen for some regions; the first two of the place for the others.
    fn region_letters(&self) -> &str {
        match self.region.as_str() {
            "us-ashburn-1" => "ia",
            "ap-hyderabad-1" => "hy",
            other => other.split('-').nth(1).and_then(|place| place.get(..2)).unwrap_or("xx"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_form_of_the_contract() {
        // Contract analytics 2.2, serviceUrl.
        let settings = Settings::new("us-ashburn-1", "http://127.0.0.1:4620/");
        assert_eq!(settings.public_base, "http://127.0.0.1:4620");
        let url = settings.service_url(&"myoac".parse().unwrap(), "ocid1.tenancy.oc1..aaaa");
        let label =
            url.strip_prefix("https://myoac-").unwrap().strip_suffix("-ia.analytics.ocp.localhost/ui/").unwrap();
        assert_eq!(label.len(), 12);
        assert!(label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{label}");
        let other = settings.service_url(&"myoac".parse().unwrap(), "ocid1.tenancy.oc1..bbbb");
        assert_ne!(url, other, "two tenancies may use the same name");
    }
}
