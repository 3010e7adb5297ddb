//! Resource servers as tokens see them, and which of them a client trusts (contract identity 2.7).

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

/// The audience of a token that trust scope Account opens.
const ACCOUNT_AUDIENCE: &str = "urn:opc:resource:scope:account";
/// What the audience of a token that trust scope Tags opens begins with.
const TAG_AUDIENCE: &str = "urn:opc:resource:scope:tag=";

/// A label of a resource server, and a label a client trusts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// Which resource servers a client may have tokens for beyond its allowed scopes (`trustScope`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrustScope {
    /// None.
    #[default]
    Explicit,
    /// All of the stripe.
    Account,
    /// Those with one of the client's tags.
    Tags,
    /// What the stripe says.
    Default,
}

impl TrustScope {
    /// Every trust scope.
    pub const ALL: [Self; 4] = [Self::Explicit, Self::Account, Self::Tags, Self::Default];

    /// As the wire and the database spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Explicit => "Explicit",
            Self::Account => "Account",
            Self::Tags => "Tags",
            Self::Default => "Default",
        }
    }

    /// What it stands for, given what the stripe says of Default.
    #[must_use]
    pub fn resolved(self, of_stripe: Self) -> Self {
        match (self, of_stripe) {
            (Self::Default, Self::Default) => Self::Explicit,
            (Self::Default, of_stripe) => of_stripe,
            (own, _) => own,
        }
    }
}

impl std::str::FromStr for TrustScope {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|trust| trust.as_str() == text).ok_or(())
    }
}

/// A resource server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The SCIM id of its application.
    pub app_id: String,
    /// Its audience, then its secondary ones.
    pub audience: Vec<String>,
    /// How long access tokens for it live, in seconds, if it says.
    pub access_token_expiry: Option<u32>,
    /// How long refresh tokens for it live, in seconds, if it says.
    pub refresh_token_expiry: Option<u32>,
    /// Whether there are refresh tokens for it.
    pub allow_offline: bool,
    /// What it is labelled with.
    pub tags: Vec<Tag>,
}

/// A scope of a resource server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceScope {
    /// Its resource server.
    pub resource: Arc<Resource>,
    /// Its fully qualified text.
    pub fqs: String,
    /// What a token carries: the fully qualified text without the audience.
    pub value: String,
    /// The name shown to whoever consents.
    pub display_name: String,
    /// What it opens, for whoever consents.
    pub description: String,
    /// Whether the user is asked before a client gets it.
    pub requires_consent: bool,
}

/// The scopes of resource servers that a request names and the stripe has, by their fully qualified text.
pub type KnownScopes = BTreeMap<String, Arc<ResourceScope>>;

/// What a client may have of resource servers.
#[derive(Debug, Clone, Copy)]
pub struct ResourceRights<'a> {
    /// The scopes of resource servers among those requested.
    pub known: &'a KnownScopes,
    /// The client's allowed scopes, fully qualified.
    pub allowed: &'a [String],
    /// What else it trusts; never [`TrustScope::Default`].
    pub trust: TrustScope,
    /// The tags it trusts, if it does.
    pub tags: &'a [Tag],
    /// Whether it may have one token for each of several resource servers, which confidential clients may.
    pub several: bool,
    /// Whether it may have a refresh token by the grant it uses.
    pub refresh: bool,
}

impl ResourceRights<'_> {
    /// Whether the client may have this scope: it is one of its allowed ones, or it trusts the resource server.
    pub(super) fn may_have(&self, scope: &ResourceScope) -> bool {
        self.allowed.contains(&scope.fqs)
            || match self.trust {
                TrustScope::Explicit | TrustScope::Default => false,
                TrustScope::Account => true,
                TrustScope::Tags => scope.resource.tags.iter().any(|tag| self.tags.contains(tag)),
            }
    }

    /// The audience that the trust-scope wildcard opens, if the client trusts more than its allowed scopes.
    pub(super) fn consumer_audience(&self) -> Option<String> {
        match self.trust {
            TrustScope::Explicit | TrustScope::Default => None,
            TrustScope::Account => Some(ACCOUNT_AUDIENCE.to_owned()),
            TrustScope::Tags if self.tags.is_empty() => None,
            TrustScope::Tags => {
                let tags = serde_json::json!({ "tags": self.tags }).to_string();
                Some(format!("{TAG_AUDIENCE}{}", STANDARD.encode(tags)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_scopes_survive_a_round_trip() {
        for trust in TrustScope::ALL {
            assert_eq!(trust.as_str().parse(), Ok(trust));
        }
        assert_eq!("account".parse::<TrustScope>(), Err(()));
    }

    #[test]
    fn default_is_what_the_stripe_says_and_never_itself() {
        for of_stripe in TrustScope::ALL {
            assert_ne!(TrustScope::Default.resolved(of_stripe), TrustScope::Default);
            assert_eq!(TrustScope::Explicit.resolved(of_stripe), TrustScope::Explicit);
        }
        assert_eq!(TrustScope::Default.resolved(TrustScope::Account), TrustScope::Account);
    }

    // Contract identity 2.7: base64 of {"tags":[{"key","value"}]}.
    #[test]
    fn the_audience_of_trusted_tags_lists_them() {
        let known = KnownScopes::new();
        let tags = [Tag { key: "k".into(), value: "v".into() }];
        let rights = ResourceRights {
            known: &known,
            allowed: &[],
            trust: TrustScope::Tags,
            tags: &tags,
            several: false,
            refresh: false,
        };
        let audience = rights.consumer_audience().unwrap();
        let encoded = audience.strip_prefix("urn:opc:resource:scope:tag=").unwrap();
        let decoded = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
        assert_eq!(decoded, r#"{"tags":[{"key":"k","value":"v"}]}"#);
        assert_eq!(ResourceRights { tags: &[], ..rights }.consumer_audience(), None);
    }
}
