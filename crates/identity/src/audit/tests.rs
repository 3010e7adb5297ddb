//! What the trail keeps, that it holds, and that it shows what was done to it.

use obol_domain::app_role::BuiltInRole;
use obol_store::{Statement, users, values};

use super::*;
use crate::testing::{ME, OTHER_STRIPE, PASSWORD, STRIPE, USER, World, get, password_form, token_request};

async fn events(world: &World) -> Vec<Event> {
    let mut events = Vec::new();
    let each = |kept: &Kept| events.push(serde_json::from_str(&kept.record).unwrap());
    world.identity.follow_audit(STRIPE, each).await.unwrap().unwrap();
    events
}

async fn last(world: &World) -> Event {
    events(world).await.pop().unwrap()
}

async fn whole(world: &World) -> Result<i64, Broken> {
    world.identity.follow_audit(STRIPE, |_| ()).await.unwrap()
}

async fn tamper(world: &World, sql: &'static str) {
    world.identity.flush_audit().await;
    assert_ne!(world.db().execute(&Statement::new("audit_events", sql), values![]).await.unwrap(), 0, "{sql}");
}

async fn some_records(world: &World) {
    for _ in 0..4 {
        world.client_token().await;
    }
    assert_eq!(whole(world).await, Ok(4));
}

#[tokio::test]
async fn a_token_is_recorded_with_who_for_whom_through_what_and_in_which_request() {
    let world = World::new().await;
    let answer = world.ask(&password_form(USER, PASSWORD, ME)).await;
    let event = last(&world).await;
    assert_eq!(event.event_id, "oauth.token.create.success");
    assert_eq!(event.cause.ec_id, answer.headers()["x-oracle-dms-ecid"].to_str().unwrap());
    assert_eq!(event.cause.actor, Party::new(Kind::User, &world.user.id, USER));
    assert_eq!(event.cause.client.as_deref(), Some(world.app.client_id.as_str()));
    assert_eq!(event.timestamp, world.identity.now());
    world.client_token().await;
    assert_eq!(last(&world).await.cause.actor, Party::new(Kind::App, &world.app.id, &world.app.client_id));
}

#[tokio::test]
async fn every_refusal_is_recorded_with_its_check_and_nothing_that_was_sent() {
    let world = World::new().await;
    let wrong = password_form("canary-name", "canary-word", ME);
    let cases = [
        (world.ask(&wrong).await, "sso.authentication.failure", "user_known"),
        (world.ask(&password_form(USER, "canary-word", ME)).await, "sso.authentication.failure", "password_matches"),
        (world.ask("grant_type=canary").await, "oauth.request.failure", "grant_readable"),
        (world.send(token_request(None, "canary=1")).await, "oauth.request.failure", "client_presented"),
        (world.send(get("/admin/v1/Me", Some("canary-token"))).await, "admin.request.failure", "token_readable"),
        (world.send(get("/admin/v1/canary", None)).await, "admin.request.failure", "endpoint_known"),
        (world.send(get("/sso/v1/canary", None)).await, "sso.request.failure", "endpoint_known"),
    ];
    let found = events(&world).await;
    assert_eq!(found.len(), cases.len());
    for (event, (answer, event_id, check)) in found.iter().zip(&cases) {
        assert_eq!((event.event_id.as_str(), event.message.as_str()), (*event_id, *check));
        assert_eq!(event.outcome, Outcome::Failure);
        assert_eq!(event.cause.ec_id, answer.headers()["x-oracle-dms-ecid"].to_str().unwrap());
        assert_eq!(event.cause.actor, Party::nobody());
        assert!(!serde_json::to_string(event).unwrap().contains("canary"));
    }
}

#[tokio::test]
async fn a_refusal_at_a_stripe_that_is_not_there_is_on_nobodys_trail() {
    let world = World::new().await;
    let request = crate::testing::at_stripe(get("/admin/v1/Me", None), OTHER_STRIPE);
    assert_eq!(world.send(request).await.status(), 404);
    assert_eq!(events(&world).await, []);
}

#[tokio::test]
async fn signing_in_and_out_is_recorded() {
    let world = World::new().await;
    let cause = Cause::request("one").by(Party::new(Kind::User, &world.user.id, USER));
    let id = world.identity.open_session(STRIPE, &world.user.id, &cause).await.unwrap();
    world.identity.close_session(STRIPE, &id, &cause).await.unwrap();
    world.identity.close_session(STRIPE, &id, &cause).await.unwrap();
    let ids: Vec<_> = events(&world).await.into_iter().map(|event| event.event_id).collect();
    assert_eq!(ids, ["sso.session.create.success", "sso.session.delete.success"]);
    let text = serde_json::to_string(&events(&world).await).unwrap();
    assert!(!text.contains(id.expose()));
}

#[tokio::test]
async fn the_console_dialogs_token_is_recorded() {
    let world = World::new().await;
    let cause = Cause::request("one");
    world.identity.generate_access_token(STRIPE, &world.user.id, &world.app.id, &["Me"], &cause).await.unwrap();
    let event = last(&world).await;
    assert_eq!((event.event_id.as_str(), event.cause.actor.name.as_str()), ("oauth.token.create.success", USER));
}

#[tokio::test]
async fn a_record_that_was_changed_taken_away_or_put_in_shows() {
    for (sql, shows) in [
        (
            "UPDATE audit_events SET record = REPLACE(record, 'success', 'failure') WHERE number = 2",
            Broken::Changed { number: 2 },
        ),
        ("DELETE FROM audit_events WHERE number = 2", Broken::Missing { expected: 2 }),
        ("DELETE FROM audit_events WHERE number = 4", Broken::Missing { expected: 4 }),
        ("DELETE FROM audit_events", Broken::Missing { expected: 1 }),
        ("DELETE FROM audit_ends", Broken::Ends),
        ("UPDATE audit_ends SET last = 3, last_hash = (SELECT hash FROM audit_events WHERE number = 3)", Broken::Ends),
        (
            "UPDATE audit_ends SET first_after = 1, first_before = (SELECT hash FROM audit_events WHERE number = 1)",
            Broken::Ends,
        ),
    ] {
        let world = World::new().await;
        some_records(&world).await;
        tamper(&world, sql).await;
        assert_eq!(whole(&world).await, Err(shows), "{sql}");
    }
}

#[tokio::test]
async fn a_later_record_does_not_cover_what_was_done_to_the_ends() {
    let world = World::new().await;
    some_records(&world).await;
    tamper(&world, "DELETE FROM audit_events WHERE number = 4").await;
    tamper(&world, "UPDATE audit_ends SET last = 3, last_hash = (SELECT hash FROM audit_events WHERE number = 3)")
        .await;
    world.client_token().await;
    assert_eq!(whole(&world).await, Err(Broken::Ends));
}

#[tokio::test]
async fn a_trail_does_not_hold_under_another_key_or_in_another_stripe() {
    let world = World::new().await;
    world.add_other_stripe().await;
    world.identity.audit_later(STRIPE, Event::new("a", Outcome::Success, Cause::request("x"), world.identity.now()));
    assert_eq!(whole(&world).await, Ok(1));
    let other = MasterKey::new(&[9; 32]).unwrap();
    assert_eq!(audit::follow(world.db(), &other, STRIPE, |_| ()).await.unwrap(), Err(Broken::Ends));
    assert_eq!(world.identity.follow_audit(OTHER_STRIPE, |_| ()).await.unwrap(), Ok(0));
}

#[tokio::test]
async fn nodes_that_write_at_the_same_time_make_one_chain() {
    let world = World::new().await;
    let nodes = [world.node(), world.node(), world.node()];
    let writing =
        nodes.iter().flat_map(|node| (0..10).map(move |number| (node.clone(), number))).map(|(node, number)| {
            tokio::spawn(async move {
                let event = Event::new("a", Outcome::Success, Cause::request(number.to_string()), node.now());
                if number % 2 == 0 {
                    node.audit_later(STRIPE, event);
                    return;
                }
                let mut tx = node.0.db.begin().await.unwrap();
                node.audit(&mut tx, STRIPE, &[event]).await.unwrap();
                tx.commit().await.unwrap();
            })
        });
    for task in writing.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    for node in &nodes {
        node.flush_audit().await;
    }
    assert_eq!(whole(&world).await, Ok(30));
}

#[tokio::test]
async fn a_change_that_is_rolled_back_leaves_no_record() {
    let world = World::new().await;
    let identity = &world.identity;
    let mut tx = world.db().begin().await.unwrap();
    users::set_active(&mut tx, STRIPE, &world.user.id, false, identity.now()).await.unwrap();
    let event = Event::new("admin.user.update", Outcome::Success, Cause::request("x"), identity.now());
    identity.audit(&mut tx, STRIPE, &[event]).await.unwrap();
    drop(tx);
    assert_eq!(whole(&world).await, Ok(0));
}

#[tokio::test]
async fn what_is_older_than_thirty_days_is_taken_away_and_the_rest_still_holds() {
    let world = World::new().await;
    some_records(&world).await;
    world.clock.advance(15 * DAY);
    some_more(&world).await;
    world.clock.advance(15 * DAY);
    world.identity.sweep_audit(world.identity.now()).await.unwrap();
    assert_eq!(whole(&world).await, Ok(6), "thirty days are not more than thirty days");
    world.clock.advance(Duration::from_micros(1));
    world.identity.sweep_audit(world.identity.now()).await.unwrap();
    assert_eq!(whole(&world).await, Ok(2));
    world.client_token().await;
    assert_eq!(whole(&world).await, Ok(3));
    tamper(&world, "DELETE FROM audit_events WHERE number = 5").await;
    assert_eq!(whole(&world).await, Err(Broken::Missing { expected: 5 }), "the first that is left is held too");
}

async fn some_more(world: &World) {
    world.client_token().await;
    world.client_token().await;
    world.identity.flush_audit().await;
}

#[tokio::test]
async fn a_stripe_keeps_its_records_for_as_long_as_it_says() {
    let world = World::new().await;
    some_records(&world).await;
    let mut tx = world.db().begin().await.unwrap();
    assert!(audit::set_retention(&mut tx, STRIPE, 1).await.unwrap());
    tx.commit().await.unwrap();
    world.clock.advance(DAY + Duration::from_micros(1));
    world.identity.sweep_audit(world.identity.now()).await.unwrap();
    assert_eq!(whole(&world).await, Ok(0));
    assert_eq!(audit::of_request(world.db(), STRIPE, "x").await.unwrap(), []);
}

#[tokio::test]
async fn an_endpoint_that_knows_who_was_refused_says_so() {
    let world = World::new().await;
    let refused = Refused {
        event: "admin.user.create",
        actor: Party::new(Kind::User, "u", BuiltInRole::UserAdministrator.name()),
        client: Some("client".into()),
    };
    let explanation = Explanation::new("token_scope", "a", "b", "c");
    let (locator, cause, now) = (StripeLocator::Only, Cause::request("ecid"), world.identity.now());
    world.identity.record_refusal(&locator, "admin.request", Some(refused), explanation, cause, now).await;
    let event = last(&world).await;
    assert_eq!(event.event_id, "admin.user.create.failure");
    assert_eq!((event.cause.actor.id.as_str(), event.cause.client.as_deref()), ("u", Some("client")));
    assert_eq!(audit::of_request(world.db(), STRIPE, "ecid").await.unwrap().len(), 1);
}
