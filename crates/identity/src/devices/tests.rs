//! The device flow through the router, with the user's half as the console calls it. Every refusal states status, body and
//! check, and issues nothing.

use std::time::Duration;

use ::http::Request;
use axum::{body::Body, response::Response};
use obol_domain::{audit::Cause, lockout::LockState};
use obol_protocol::oauth::GrantType;
use obol_store::{apps, stripes, users};
use serde_json::Value;

use super::*;
use crate::{
    provisioning::{MadeApplication, NewApplication},
    testing::{
        ME, OTHER_STRIPE, STRIPE, USER, World, at_stripe, basic, body_of, claims, new_application, send, token_of,
        token_request,
    },
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

struct Devices {
    world: World,
    app: MadeApplication,
}

struct Codes {
    device: String,
    user: String,
}

impl Devices {
    async fn new() -> Self {
        let world = World::new().await;
        let app = Self::application(&world, vec![GrantType::DeviceCode]).await;
        Self { world, app }
    }

    async fn application(world: &World, allowed_grants: Vec<GrantType>) -> MadeApplication {
        let new = NewApplication { display_name: "TV".into(), allowed_grants, ..new_application() };
        let mut tx = world.db().begin().await.unwrap();
        let app = world.provisioning().application(&mut tx, STRIPE, &new).await.unwrap();
        let role = obol_domain::app_role::BuiltInRole::Me;
        world.provisioning().grant_to_client(&mut tx, STRIPE, &app.id, role).await.unwrap();
        tx.commit().await.unwrap();
        world.identity.forget(STRIPE);
        app
    }

    fn start_form(&self) -> String {
        format!("response_type=device_code&scope={ME}&client_id={}", self.app.client_id)
    }

    async fn start(&self) -> Codes {
        let body = body_of(self.world.send(device_request(None, &self.start_form())).await).await;
        let answer: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}"));
        let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{body}")).to_owned();
        Codes { device: text("device_code"), user: text("user_code") }
    }

    async fn poll_at(&self, identity: &Identity, codes: &Codes) -> Response {
        let authorization = basic(&self.app.client_id, self.app.client_secret.expose());
        let form = format!("grant_type={GRANT}&device_code={}", codes.device);
        send(identity, token_request(Some(&authorization), &form)).await
    }

    async fn poll(&self, codes: &Codes) -> Response {
        self.poll_at(&self.world.identity, codes).await
    }

    async fn decide(&self, user_code: &str, allow: bool) -> Result<(), DeviceRefusal> {
        let user = &self.world.user.id;
        self.world.identity.device_decide(STRIPE, user, user_code, allow, &Cause::request("x")).await
    }

    async fn refused(&self, codes: &Codes, code: &str, check: &str) {
        let text = self.world.refused(self.poll(codes).await).await;
        assert!(text.starts_with(&format!("400\n{{\"error\":\"{code}\",")), "{check}: {text}");
        assert!(text.contains(&format!("\ncheck: {check}\n")), "{check}: {text}");
        assert!(!text.contains("access_token"), "{text}");
    }
}

fn device_request(authorization: Option<&str>, form: &str) -> Request<Body> {
    let mut request = token_request(authorization, form);
    *request.uri_mut() = "/oauth2/v1/device".parse().unwrap();
    request
}

// Contract identity 2.2: the members and their order, 300 seconds, eight upper-case letters.
#[tokio::test]
async fn a_device_gets_its_codes_without_authenticating() {
    let devices = Devices::new().await;
    let answer = devices.world.send(device_request(None, &devices.start_form())).await;
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let body = body_of(answer).await;
    let shape = struck_out(&body);
    assert_eq!(
        shape,
        r#"{"expires_in":300,"device_code":"#.to_owned()
            + r#""…","user_code":"…","verification_uri":"https://idcs-00000000000000000000000000000001.identity.oraclecloud.com:443/ui/v1/device"}"#
    );
    let codes = devices.start().await;
    assert_eq!(codes.device.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert_eq!(codes.user.len(), 8);
    assert!(codes.user.bytes().all(|letter| LETTERS.contains(&letter)), "{}", codes.user);
}

/// The answer with the two codes struck out.
fn struck_out(body: &str) -> String {
    let value: Value = serde_json::from_str(body).unwrap();
    ["device_code", "user_code"]
        .iter()
        .fold(body.to_owned(), |text, name| text.replace(value[name].as_str().unwrap(), "…"))
}

#[tokio::test]
async fn an_allowed_code_brings_one_token_on_one_node() {
    let devices = Devices::new().await;
    let codes = devices.start().await;
    devices.refused(&codes, "authorization_pending", "device_user_decided").await;
    let question = devices.world.identity.device_question(STRIPE, &devices.world.user.id, &codes.user).await.unwrap();
    assert_eq!(question, DeviceQuestion { application: "TV".into(), scopes: vec![ME.into()] });
    devices.decide(&codes.user, true).await.unwrap();
    let token = token_of(devices.poll_at(&devices.world.node(), &codes).await).await;
    let issued = claims(&token);
    assert_eq!((issued["sub"].as_str(), issued["gtp"].as_str()), (Some(USER), Some("dc")));
    assert_eq!(issued["client_id"], devices.app.client_id);
    devices.refused(&codes, "invalid_grant", "device_code_known").await;
}

#[tokio::test]
async fn a_code_brings_one_token_however_many_ask_at_once() {
    let devices = Devices::new().await;
    let codes = devices.start().await;
    devices.decide(&codes.user, true).await.unwrap();
    let authorization = basic(&devices.app.client_id, devices.app.client_secret.expose());
    let form = format!("grant_type={GRANT}&device_code={}", codes.device);
    let asked = [(); 6].map(|()| {
        let (node, request) = (devices.world.node(), token_request(Some(&authorization), &form));
        tokio::spawn(async move { send(&node, request).await.status() == 200 })
    });
    let mut issued = 0;
    for answer in asked {
        issued += usize::from(answer.await.unwrap());
    }
    assert_eq!(issued, 1);
}

#[tokio::test]
async fn a_device_that_asks_too_often_is_slowed_down() {
    let devices = Devices::new().await;
    let codes = devices.start().await;
    devices.refused(&codes, "authorization_pending", "device_user_decided").await;
    devices.refused(&codes, "slow_down", "device_polls_slowly").await;
    devices.world.clock.advance(Duration::from_secs(5).saturating_sub(Duration::from_micros(1)));
    devices.refused(&codes, "slow_down", "device_polls_slowly").await;
    devices.world.clock.advance(Duration::from_micros(1));
    devices.refused(&codes, "authorization_pending", "device_user_decided").await;
}

#[tokio::test]
async fn a_code_ends_after_five_minutes_allowed_or_not() {
    let devices = Devices::new().await;
    let (pending, allowed) = (devices.start().await, devices.start().await);
    devices.decide(&allowed.user, true).await.unwrap();
    devices.world.clock.advance(Duration::from_mins(5));
    for codes in [&pending, &allowed] {
        devices.refused(codes, "expired_token", "device_code_alive").await;
    }
    assert!(matches!(devices.decide(&pending.user, true).await, Err(DeviceRefusal::UnknownCode)));
    let mut tx = devices.world.db().begin().await.unwrap();
    obol_store::device_codes::sweep(&mut tx, devices.world.identity.now()).await.unwrap();
    tx.commit().await.unwrap();
    devices.refused(&pending, "invalid_grant", "device_code_known").await;
}

#[tokio::test]
async fn a_denied_code_brings_nothing_and_is_decided_once() {
    let devices = Devices::new().await;
    let codes = devices.start().await;
    devices.decide(&codes.user, false).await.unwrap();
    devices.refused(&codes, "access_denied", "device_user_decided").await;
    assert!(matches!(devices.decide(&codes.user, true).await, Err(DeviceRefusal::UnknownCode)));
    devices.refused(&codes, "access_denied", "device_user_decided").await;
}

#[tokio::test]
async fn a_code_is_its_own_clients() {
    let devices = Devices::new().await;
    let codes = devices.start().await;
    devices.decide(&codes.user, true).await.unwrap();
    let other = Devices::application(&devices.world, vec![GrantType::DeviceCode]).await;
    let form = format!("grant_type={GRANT}&device_code={}", codes.device);
    let authorization = basic(&other.client_id, other.client_secret.expose());
    let text = devices.world.refused(devices.world.send(token_request(Some(&authorization), &form)).await).await;
    assert!(text.starts_with("400\n{\"error\":\"invalid_grant\"") && text.contains("seen: another client's"), "{text}");
    let unknown = Codes { device: codes.user.clone(), user: String::new() };
    devices.refused(&unknown, "invalid_grant", "device_code_known").await;
    token_of(devices.poll(&codes).await).await;
}

#[tokio::test]
async fn each_wrong_start_is_refused() {
    let devices = Devices::new().await;
    let plain = Devices::application(&devices.world, vec![GrantType::Password]).await;
    let good = devices.start_form();
    let id = &devices.app.client_id;
    for (form, start, check) in [
        (good.replace("&client_id=", "&x="), "401\n{\"error\":\"invalid_client\"", "client_presented"),
        (good.replace(id, "nobody"), "401\n{\"error\":\"invalid_client\"", "client_known"),
        (good.replace(id, "IDCSApp"), "401\n{\"error\":\"invalid_client\"", "client_known"),
        (good.replace(id, &plain.client_id), "401\n{\"error\":\"unauthorized_client\"", "grant_allowed_to_client"),
        (good.replace("device_code", "code"), "400\n{\"error\":\"unsupported_grant_type\"", "grant_readable"),
        (good.replace("response_type=device_code&", ""), "400\n{\"error\":\"invalid_request\"", "grant_readable"),
        (good.replace(ME, "%22"), "400\n{\"error\":\"invalid_scope\"", "scope_readable"),
        (format!("{good}&client_secret=wrong"), "401\n{\"error\":\"invalid_client\"", "client_secret_matches"),
        (format!("{good}&scope=x"), "400\n{\"error\":\"invalid_request\"", "form_readable"),
    ] {
        let text = devices.world.refused(devices.world.send(device_request(None, &form)).await).await;
        assert!(text.starts_with(start) && text.contains(&format!("\ncheck: {check}\n")), "{form}: {text}");
        assert!(!text.contains("user_code"), "{text}");
    }
    let mut tx = devices.world.db().begin().await.unwrap();
    apps::set_active(&mut tx, STRIPE, &devices.app.id, false, devices.world.identity.now()).await.unwrap();
    stripes::bump(&mut tx, STRIPE).await.unwrap();
    tx.commit().await.unwrap();
    devices.world.identity.forget(STRIPE);
    let text = devices.world.refused(devices.world.send(device_request(None, &good)).await).await;
    assert!(text.contains("\ncheck: client_active\n"), "{text}");
}

#[tokio::test]
async fn a_user_code_is_read_as_people_type_it() {
    let devices = Devices::new().await;
    let codes = devices.start().await;
    let (front, back) = codes.user.split_at(4);
    let typed = format!(" {}-{} ", front.to_lowercase(), back);
    devices.world.identity.device_question(STRIPE, &devices.world.user.id, &typed).await.unwrap();
    devices.decide(&typed, true).await.unwrap();
}

#[tokio::test]
async fn nobody_tries_all_codes() {
    let devices = Devices::new().await;
    let (world, codes) = (&devices.world, devices.start().await);
    let ask = async |code: &str| world.identity.device_question(STRIPE, &world.user.id, code).await;
    for number in 0..10 {
        assert!(matches!(ask(&format!("WRNG{number}")).await, Err(DeviceRefusal::UnknownCode)));
    }
    assert!(matches!(ask(&codes.user).await, Err(DeviceRefusal::TooManyAttempts)));
    assert!(matches!(devices.decide(&codes.user, true).await, Err(DeviceRefusal::TooManyAttempts)));
    devices.refused(&codes, "authorization_pending", "device_user_decided").await;
    world.clock.advance(Duration::from_mins(5));
    let later = devices.start().await;
    assert!(matches!(ask("").await, Err(DeviceRefusal::UnknownCode)));
    ask(&later.user).await.unwrap();
}

#[tokio::test]
async fn a_user_who_may_not_act_decides_nothing_and_gets_nothing() {
    let devices = Devices::new().await;
    let (decided, open) = (devices.start().await, devices.start().await);
    devices.decide(&decided.user, true).await.unwrap();
    let now = devices.world.identity.now();
    let mut tx = devices.world.db().begin().await.unwrap();
    let lock = LockState { failed_attempts: 5, locked_at: Some(now) };
    users::set_lock(&mut tx, STRIPE, &devices.world.user.id, lock).await.unwrap();
    tx.commit().await.unwrap();
    let refusal = devices.decide(&open.user, true).await.unwrap_err();
    assert_eq!(refusal.explanation().unwrap().check, "user_not_locked");
    devices.refused(&decided, "invalid_grant", "user_not_locked").await;
}

#[tokio::test]
async fn a_code_is_of_one_stripe() {
    let devices = Devices::new().await;
    let codes = devices.start().await;
    devices.world.add_other_stripe().await;
    let elsewhere = at_stripe(device_request(None, &devices.start_form()), OTHER_STRIPE);
    assert_eq!(devices.world.send(elsewhere).await.status(), 401);
    let identity = &devices.world.identity;
    let asked = identity.device_question(OTHER_STRIPE, &devices.world.user.id, &codes.user).await;
    assert!(matches!(asked, Err(DeviceRefusal::User(_))));
    let nowhere = identity.device_question("idcs-x", &devices.world.user.id, &codes.user).await;
    assert!(matches!(nowhere, Err(DeviceRefusal::UnknownStripe)));
}
