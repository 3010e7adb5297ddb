//! How often a stripe may be asked: the counters in memory, and what whoever asks more often is told.
//!
//! Each node counts for itself, so several nodes together let through as many times more; the limits guard a node.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use obol_domain::{
    Explanation,
    rate_limit::{Counters, Group, Tier, TooMany},
};
use obol_protocol::Timestamp;

use crate::Identity;

/// The counters of all stripes that exist; whoever makes a name up does not get any.
#[derive(Default)]
pub(crate) struct Limiter {
    tier: Option<Tier>,
    stripes: RwLock<HashMap<String, Arc<Counters>>>,
}

impl Limiter {
    pub(crate) fn new(tier: Option<Tier>) -> Self {
        Self { tier, stripes: RwLock::default() }
    }

    fn counters(&self, stripe: &str) -> Arc<Counters> {
        let kept = self.stripes.read().unwrap_or_else(PoisonError::into_inner).get(stripe).cloned();
        kept.unwrap_or_else(|| {
            let mut stripes = self.stripes.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(stripes.entry(stripe.to_owned()).or_default())
        })
    }
}

impl Identity {
    /// Lets a request to a path of a stripe that exists through, or says when to come again. Without limits it costs
    /// nothing, with them a look at a map and two atomic numbers.
    ///
    /// # Errors
    ///
    /// [`TooMany`]
    pub fn admit(&self, stripe: &str, path: &str, now: Timestamp) -> Result<(), TooMany> {
        let Some(tier) = self.0.limiter.tier else { return Ok(()) };
        self.0.limiter.counters(stripe).take(tier, Group::of(path), now)
    }

    /// Whether anything is limited at all.
    pub(crate) fn limits_requests(&self) -> bool {
        self.0.limiter.tier.is_some()
    }
}

/// The record for whoever asks why.
pub fn explanation(refused: &TooMany) -> Explanation {
    let TooMany { group, most, window, .. } = refused;
    Explanation::new(
        "rate_limit",
        format!("at most {most} requests each {window} to the endpoints of the group {}", group.as_str()),
        "more",
        "repeat after the time that Retry-After gives, or start the server with another tier of rate limits",
    )
}

#[cfg(test)]
mod tests {
    use crate::{
        Safety,
        testing::{OTHER_STRIPE, STRIPE, World, at_stripe, get},
    };

    use super::*;

    async fn limited() -> World {
        World::with(Safety { rate_limits: Some(Tier::Free), ..Safety::default() }).await
    }

    const CLIENT_CREDENTIALS: &str = "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__";

    #[tokio::test]
    async fn the_eleventh_token_in_a_second_is_refused_in_the_dialect_of_oauth() {
        let world = limited().await;
        for _ in 0..10 {
            world.client_token().await;
        }
        insta::assert_snapshot!(world.refused(world.ask(CLIENT_CREDENTIALS).await).await, @r#"
        429
        retry-after: 1
        {"error":"temporarily_unavailable","error_description":"Too many requests."}
        check: rate_limit
        expected: at most 10 requests each second to the endpoints of the group Tokens
        seen: more
        fix: repeat after the time that Retry-After gives, or start the server with another tier of rate limits
        "#);
        world.clock.advance(std::time::Duration::from_secs(1));
        world.client_token().await;
    }

    #[tokio::test]
    async fn the_administration_api_refuses_in_its_own_dialect_and_counts_apart() {
        let world = limited().await;
        for _ in 0..20 {
            assert_eq!(world.send(get("/admin/v1/Me", None)).await.status(), 401);
        }
        insta::assert_snapshot!(world.refused(world.send(get("/admin/v1/Me", None)).await).await, @r#"
        429
        retry-after: 1
        {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"Request failed: HTTP 429 Too Many Requests.","status":"429"}
        check: rate_limit
        expected: at most 20 requests each second to the endpoints of the group Others
        seen: more
        fix: repeat after the time that Retry-After gives, or start the server with another tier of rate limits
        "#);
        world.client_token().await;
    }

    #[tokio::test]
    async fn stripes_do_not_count_for_each_other_and_made_up_ones_leave_nothing_behind() {
        let world = limited().await;
        world.add_other_stripe().await;
        for _ in 0..20 {
            world.send(at_stripe(get("/admin/v1/Me", None), STRIPE)).await;
            let unknown = world.send(at_stripe(get("/admin/v1/Me", None), "idcs-made-up")).await;
            assert_eq!(unknown.status(), 404);
        }
        assert_eq!(world.send(at_stripe(get("/admin/v1/Me", None), STRIPE)).await.status(), 429);
        assert_eq!(world.send(at_stripe(get("/admin/v1/Me", None), OTHER_STRIPE)).await.status(), 401);
        assert_eq!(world.identity.0.limiter.stripes.read().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn without_a_tier_nothing_is_limited() {
        let world = World::new().await;
        for _ in 0..200 {
            assert_eq!(world.send(get("/admin/v1/Me", None)).await.status(), 401);
        }
    }
}
