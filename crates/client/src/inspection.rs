//! Reading a token without asking anybody: what it says, and whether it would do for creating an Analytics instance
//! (contract analytics 2.4; contract identity 3.2). The signature and the user behind it are not checked: that takes the
//! stripe.

use std::{fmt, time::Duration};

use obol_protocol::{
    Timestamp,
    jose::{CompactJws, JwsError},
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use crate::token::USER_ME;

/// The longest `idcsAccessToken`, in characters (contract analytics 2).
const LONGEST: usize = 8192;

/// How far ahead of the service's time a token may have been issued (contract identity 9, clock skew).
const SKEW: Duration = Duration::from_mins(1);

/// What a token says.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// The claims in the token's own order.
    pub claims: Vec<(String, Value)>,
    /// When it ends, where it says so.
    pub expires: Option<Timestamp>,
    /// The first reason why it would be refused.
    pub obstacle: Option<Obstacle>,
    now: Timestamp,
}

/// Why a token would be refused for creating an instance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Longer than the field.
    #[error("it is longer than the 8192 characters that idcsAccessToken takes")]
    TooLong,
    /// `tok_type` is not `AT`.
    #[error("it is not an access token (tok_type is not AT)")]
    NotAnAccessToken,
    /// No `exp`.
    #[error("it does not say when it ends (no exp)")]
    NoEnd,
    /// `exp` is over.
    #[error("it ended at {0}")]
    Ended(Timestamp),
    /// `iat` is more than a minute to come.
    #[error("it was issued at {0}, which is to come; get a new one, or set this machine's clock")]
    Early(Timestamp),
    /// `sub_type` is not `user`.
    #[error(
        "it speaks for a client, not for a user (sub_type is not user); get one with the password grant, or from the \
         console (OAC-DAL-001041)"
    )]
    NotAUser,
    /// The scope is not there.
    #[error("its scope has no {USER_ME}; grant the application the app role Me, and ask for that scope")]
    NoScope,
    /// No stripe can be told from it.
    #[error("it does not name the stripe that issued it (no tenant)")]
    NoStripe,
}

/// Why a token cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token cannot be read")]
pub struct Unreadable(#[from] JwsError);

/// Reads a token.
pub fn inspect(token: &str, now: Timestamp) -> Result<Inspection, Unreadable> {
    let Claims(claims) = CompactJws::parse(token)?.claims()?;
    let mut inspection = Inspection { claims, expires: None, obstacle: None, now };
    inspection.expires = inspection.claim("exp").and_then(Value::as_i64).map(Timestamp::from_seconds);
    inspection.obstacle = inspection.first_obstacle(token.len());
    Ok(inspection)
}

impl Inspection {
    /// A claim by name.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.iter().find(|(claim, _)| claim == name).map(|(_, value)| value)
    }

    /// How long it still lasts; none where it ended or does not say.
    pub fn left(&self) -> Option<Duration> {
        self.expires.map(|ends| ends.since(self.now)).filter(|left| !left.is_zero())
    }

    fn issued(&self) -> Option<Timestamp> {
        self.claim("iat").and_then(Value::as_i64).map(Timestamp::from_seconds)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claim(name).and_then(Value::as_str)
    }

    fn first_obstacle(&self, length: usize) -> Option<Obstacle> {
        let stripe = self.text("user_tenantname").or_else(|| self.text("tenant"));
        let scopes = self.text("scope").unwrap_or_default();
        match self.expires {
            _ if length > LONGEST => Some(Obstacle::TooLong),
            _ if self.text("tok_type") != Some("AT") => Some(Obstacle::NotAnAccessToken),
            None => Some(Obstacle::NoEnd),
            Some(ends) if ends <= self.now => Some(Obstacle::Ended(ends)),
            Some(_) if self.issued().is_some_and(|issued| issued > self.now.plus(SKEW)) => {
                self.issued().map(Obstacle::Early)
            }
            Some(_) if self.text("sub_type") != Some("user") => Some(Obstacle::NotAUser),
            Some(_) if !scopes.split(' ').any(|scope| scope == USER_ME) => Some(Obstacle::NoScope),
            Some(_) if stripe.is_none_or(str::is_empty) => Some(Obstacle::NoStripe),
            Some(_) => None,
        }
    }
}

/// An object's members in their order.
struct Claims(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Claims;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims, A::Error> {
                let mut claims = Vec::with_capacity(48);
                while let Some(claim) = map.next_entry()? {
                    claims.push(claim);
                }
                Ok(Claims(claims))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_600_990_000);

    fn token(claims: &Value) -> String {
        let header = r#"{"x5t#S256":"a","x5t":"b","kid":"SIGNING_KEY","alg":"RS256"}"#;
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", encode(header), encode(&claims.to_string()), encode("signature"))
    }

    fn good() -> Value {
        json!({
            "tok_type": "AT", "sub": "admin", "sub_type": "user", "scope": format!("openid {USER_ME}"),
            "exp": 1_600_992_018, "tenant": "idcs-1",
        })
    }

    fn obstacle(name: &str, value: Value) -> Option<Obstacle> {
        let mut claims = good();
        claims[name] = value;
        inspect(&token(&claims), NOW).unwrap().obstacle
    }

    #[test]
    fn a_user_token_with_the_scope_would_be_accepted() {
        let inspection = inspect(&token(&good()), NOW).unwrap();
        assert_eq!(inspection.obstacle, None);
        assert_eq!(inspection.left(), Some(Duration::from_secs(2018)));
        assert_eq!(inspection.claim("sub"), Some(&json!("admin")));
    }

    #[test]
    fn the_first_obstacle_is_named() {
        // Contract analytics 2.4.
        assert_eq!(obstacle("tok_type", json!("IT")), Some(Obstacle::NotAnAccessToken));
        assert_eq!(obstacle("exp", json!("soon")), Some(Obstacle::NoEnd));
        assert_eq!(obstacle("exp", json!(1_600_990_000)), Some(Obstacle::Ended(NOW)));
        assert_eq!(obstacle("iat", json!(1_600_990_060)), None);
        let early = Timestamp::from_seconds(1_600_990_061);
        assert_eq!(obstacle("iat", json!(1_600_990_061)), Some(Obstacle::Early(early)));
        assert_eq!(obstacle("sub_type", json!("client")), Some(Obstacle::NotAUser));
        assert_eq!(obstacle("scope", json!("urn:opc:idm:t.user.me.x openid")), Some(Obstacle::NoScope));
        assert_eq!(obstacle("tenant", json!("")), Some(Obstacle::NoStripe));
        assert_eq!(obstacle("more", json!("x".repeat(LONGEST))), Some(Obstacle::TooLong));
    }

    #[test]
    fn what_is_no_token_is_unreadable() {
        for text in ["", "a.b", "{\"app_access_token\":\"x\"}", &token(&json!([]))] {
            assert!(inspect(text, NOW).is_err(), "{text}");
        }
    }
}
