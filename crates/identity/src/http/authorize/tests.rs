//! The authorization endpoint: what is told to nobody, what is told to the client, and what goes on.

use std::time::Duration;

use obol_store::apps::ClientType;

use crate::testing::{OTHER_STRIPE, REDIRECT, STRIPE, World, at_stripe, json_of, location, post_form};

const BASE: &str = "https://idcs-00000000000000000000000000000001.identity.oraclecloud.com:443";

async fn world() -> World {
    let world = World::new().await;
    world.allow_code_flow().await;
    world
}

#[tokio::test]
async fn a_signed_in_visitor_goes_to_the_client_with_a_code_and_the_state() {
    let world = world().await;
    let session = world.session().await;
    let response = world.authorize(&world.authorization("openid", ""), Some(&session)).await;
    assert_eq!(response.status(), 303);
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["referrer-policy"], "no-referrer");
    let to = location(&response);
    assert!(to.starts_with(&format!("{REDIRECT}?code=AQIDBAX")) && to.ends_with("&state=st%2Fate"), "{to}");
    assert_eq!(world.count("authorization_codes").await, 1);
}

#[tokio::test]
async fn a_registered_query_is_retained() {
    let world = world().await;
    let session = world.session().await;
    let encoded = obol_protocol::oauth::form::encode(REDIRECT);
    let query = world.authorization("openid", "").replace(&encoded, &format!("{encoded}%3Fown%3Dquery"));
    let to = location(&world.authorize(&query, Some(&session)).await);
    assert!(to.starts_with(&format!("{REDIRECT}?own=query&code=")), "{to}");
}

#[tokio::test]
async fn a_request_may_be_posted() {
    let world = world().await;
    let response = world.send(post_form("/oauth2/v1/authorize", None, &world.authorization("openid", ""))).await;
    assert!(location(&response).starts_with(&format!("{BASE}/ui/v1/signin?next=%2Fauthorize%3F")));
}

#[tokio::test]
async fn a_visitor_without_a_session_signs_in_and_comes_back_with_the_same_request() {
    let world = world().await;
    let asked = world.authorization("openid", "&prompt=login&max_age=5&nonce=n");
    let to = location(&world.authorize(&asked, None).await);
    let next = to.strip_prefix(&format!("{BASE}/ui/v1/signin?next=")).unwrap().strip_suffix("&again=true").unwrap();
    let next = obol_protocol::oauth::form::decode(next.as_bytes()).unwrap();
    let query = next.strip_prefix("/authorize?").unwrap();
    assert!(!query.contains("prompt") && !query.contains("max_age") && query.contains("nonce=n"), "{query}");
    let session = world.session().await;
    assert!(location(&world.authorize(query, Some(&session)).await).starts_with(REDIRECT));
    assert_eq!(world.count("authorization_codes").await, 1);
}

#[tokio::test]
async fn a_session_that_does_not_count_is_renewed() {
    let world = world().await;
    let session = world.session().await;
    world.clock.advance(Duration::from_secs(61));
    for (more, again) in
        [("&prompt=login", true), ("&prompt=select_account", true), ("&max_age=60", true), ("&max_age=61", false)]
    {
        let to = location(&world.authorize(&world.authorization("openid", more), Some(&session)).await);
        assert_eq!(to.starts_with(&format!("{BASE}/ui/v1/signin?next=")) && to.ends_with("&again=true"), again, "{to}");
    }
    world.clock.advance(Duration::from_hours(8));
    let to = location(&world.authorize(&world.authorization("openid", ""), Some(&session)).await);
    assert!(to.starts_with(&format!("{BASE}/ui/v1/signin?next=")), "{to}");
}

#[tokio::test]
async fn what_cannot_be_answered_to_a_client_is_not_redirected() {
    let world = world().await;
    let session = world.session().await;
    let resource = world.add_resource("https://api/", |_| {}).await;
    let resource = obol_store::apps::by_id(world.db(), STRIPE, &resource).await.unwrap().unwrap().name;
    let good = world.authorization("openid", "");
    let encoded = obol_protocol::oauth::form::encode(REDIRECT);
    let id = world.app.client_id.clone();
    let with = |uri: &str| good.replace(&encoded, uri);
    let client = |id_: &str| good.replace(&id, id_);
    for (what, query, check) in [
        ("nothing", String::new(), "client_presented"),
        ("no client", client(""), "client_presented"),
        ("unknown client", client("canary"), "client_known"),
        ("the client's name", client("Analytics_Token_App"), "client_known"),
        ("resource only", client(&resource), "client_known"),
        ("client twice", format!("{good}&client_id={id}"), "form_readable"),
        ("no uri", with(""), "redirect_uri_registered"),
        ("other uri", with("https%3A%2F%2Fevil.example%2Fback"), "redirect_uri_registered"),
        ("longer uri", with(&format!("{encoded}%2F")), "redirect_uri_registered"),
        ("shorter uri", with(&encoded[..encoded.len() - 1]), "redirect_uri_registered"),
        ("subdomain", with("https%3A%2F%2Fa.client.example%2Fback"), "redirect_uri_registered"),
        ("suffix", with("https%3A%2F%2Fclient.example.evil%2Fback"), "redirect_uri_registered"),
        ("case", with(&encoded.replace("back", "Back")), "redirect_uri_registered"),
        ("http", with("http%3A%2F%2Fclient.example%2Fback"), "redirect_uri_registered"),
        ("port", with("https%3A%2F%2Fclient.example%3A443%2Fback"), "redirect_uri_registered"),
        ("user info", with("https%3A%2F%2Fevil%40client.example%2Fback"), "redirect_uri_registered"),
        ("fragment", with(&format!("{encoded}%23x")), "redirect_uri_registered"),
        ("query", with(&format!("{encoded}%3Fown%3Dother")), "redirect_uri_registered"),
        ("dots", with("https%3A%2F%2Fclient.example%2Fx%2F..%2Fback"), "redirect_uri_registered"),
        ("script", with("javascript%3Aalert(1)"), "redirect_uri_registered"),
        ("space", with(&format!("+{encoded}")), "redirect_uri_registered"),
        ("uri twice", format!("{good}&redirect_uri={encoded}"), "form_readable"),
        ("state twice", format!("{good}&state=x"), "form_readable"),
        ("long state", good.replace("st%2Fate", &"a".repeat(2049)), "client_presented"),
        ("too long", format!("{good}&x={}", "a".repeat(6000)), "form_readable"),
        ("encoding", format!("{good}&x=%zz"), "form_readable"),
        ("not utf-8", format!("{good}&x=%ff"), "form_readable"),
    ] {
        let response = world.authorize(&query, Some(&session)).await;
        assert!(response.headers().get("location").is_none(), "{what}");
        let text = world.refused(response).await;
        assert!(text.starts_with("400\n{\"error\":\"invalid_request\""), "{what}: {text}");
        assert!(text.contains(&format!("check: {check}")), "{what}: {text}");
        assert!(!text.contains("canary") && !text.contains("evil"), "{what}: {text}");
    }
    world.change_app(&world.app.id, |app| app.is_active = false).await;
    let text = world.refused(world.authorize(&good, Some(&session)).await).await;
    assert!(text.starts_with("400") && text.contains("check: client_active"), "{text}");
    assert_eq!(world.count("authorization_codes").await, 0);
}

#[tokio::test]
async fn a_stripe_that_is_not_there_answers_404() {
    let world = world().await;
    let request = crate::testing::get("/oauth2/v1/authorize?client_id=x", None);
    let text = world.refused(world.send(at_stripe(request, "idcs-x")).await).await;
    assert!(text.starts_with("404") && text.contains("check: stripe_known"), "{text}");
    world.add_other_stripe().await;
    let query = world.authorization("openid", "");
    let request = crate::testing::get(&format!("/oauth2/v1/authorize?{query}"), None);
    let text = world.refused(world.send(at_stripe(request, OTHER_STRIPE)).await).await;
    assert!(text.starts_with("400") && text.contains("check: client_known"), "another stripe's client: {text}");
}

#[tokio::test]
async fn what_a_client_did_wrong_is_told_to_it_with_its_state() {
    let world = world().await;
    world.add_resource("https://api/", |_| {}).await;
    let session = world.session().await;
    let good = world.authorization("openid", "");
    let replaced = |from: &str, to: &str| good.replace(from, to);
    let scope = |text: &str| replaced("scope=openid", &format!("scope={text}"));
    let read = "authorization_request_readable";
    for (what, query, error, check) in [
        ("no type", replaced("response_type=code&", ""), "invalid_request", read),
        ("token", replaced("response_type=code", "response_type=token"), "unsupported_response_type", read),
        ("id_token", replaced("response_type=code", "response_type=id_token"), "unsupported_response_type", read),
        ("hybrid", replaced("response_type=code", "response_type=code+id_token"), "unsupported_response_type", read),
        ("case", replaced("response_type=code", "response_type=Code"), "unsupported_response_type", read),
        ("mode", format!("{good}&response_mode=fragment"), "invalid_request", read),
        ("form post", format!("{good}&response_mode=form_post"), "invalid_request", read),
        ("object", format!("{good}&request=eyJ"), "request_not_supported", read),
        ("object uri", format!("{good}&request_uri=https://x"), "request_not_supported", read),
        ("plain", replaced("=S256", "=plain"), "invalid_request", read),
        ("no method", replaced("&code_challenge_method=S256", ""), "invalid_request", read),
        ("challenge", replaced(crate::testing::CHALLENGE, "short"), "invalid_request", read),
        ("prompt", format!("{good}&prompt=create"), "invalid_request", read),
        ("prompts", format!("{good}&prompt=none+login"), "invalid_request", read),
        ("max_age", format!("{good}&max_age=x"), "invalid_request", read),
        ("negative age", format!("{good}&max_age=-1"), "invalid_request", read),
        ("nonce", format!("{good}&nonce={}", "n".repeat(2049)), "invalid_request", read),
        ("scope text", scope("%22"), "invalid_scope", read),
        ("no scope", scope(""), "invalid_scope", "scope_requested"),
        ("role", scope("urn:opc:idm:t.users"), "unauthorized_client", "scope_granted_to_client"),
        ("resource", scope("https://api/read"), "unauthorized_client", "scope_granted_to_client"),
        ("nonsense", scope("canary"), "unauthorized_client", "scope_granted_to_client"),
        ("wildcard", scope("urn:opc:resource:consumer::all"), "unauthorized_client", "scope_granted_to_client"),
        ("mixed", scope("urn:opc:resource:consumer::all+x"), "invalid_scope", "consumer_scope_alone"),
        ("servers", scope("urn:opc:idm:t.user.me+https://api/read"), "invalid_scope", "one_resource_server"),
        ("life", scope("urn:opc:idm:t.user.me+urn:opc:resource:expiry=1"), "invalid_scope", "lifetime_in_bounds"),
    ] {
        let response = world.authorize(&query, Some(&session)).await;
        let to = location(&response);
        assert!(to.starts_with(&format!("{REDIRECT}?error={error}&error_description=")), "{what}: {to}");
        assert!(to.ends_with("&state=st%2Fate") && !to.contains("code=A"), "{what}: {to}");
        let text = world.refused(response).await;
        assert!(text.starts_with("303") && text.contains(&format!("check: {check}")), "{what}: {text}");
        assert!(!text.contains("canary"), "{what}: {text}");
    }
    world.change_app(&world.app.id, |app| app.allowed_grants.retain(|grant| grant != "refresh_token")).await;
    let to = location(&world.authorize(&scope("openid+offline_access"), Some(&session)).await);
    assert!(to.starts_with(&format!("{REDIRECT}?error=invalid_scope&")), "{to}");
    world.change_app(&world.app.id, |app| app.allowed_grants.retain(|grant| grant != "authorization_code")).await;
    let to = location(&world.authorize(&good, Some(&session)).await);
    assert!(to.starts_with(&format!("{REDIRECT}?error=unauthorized_client&")), "{to}");
    assert_eq!(world.count("authorization_codes").await, 0);
}

#[tokio::test]
async fn a_public_client_must_send_a_challenge() {
    let world = world().await;
    let session = world.session().await;
    world.change_app(&world.app.id, |app| app.client_type = ClientType::Public).await;
    let query = world.authorization("openid", "").replace("code_challenge", "x");
    let response = world.authorize(&query, Some(&session)).await;
    assert!(location(&response).starts_with(&format!("{REDIRECT}?error=invalid_request&")));
    let text = world.refused(response).await;
    assert!(text.contains("check: code_challenge_present"), "{text}");
}

// OpenID Connect Core section 3.1.2.6.
#[tokio::test]
async fn a_visitor_that_may_be_shown_nothing_gets_an_error_instead() {
    let world = world().await;
    let refused = async |query: &str, session| {
        let to = location(&world.authorize(query, session).await);
        to.split("error=").nth(1).map(|rest| rest.split('&').next().unwrap().to_owned())
    };
    let silent = world.authorization("openid", "&prompt=none");
    assert_eq!(refused(&silent, None).await.as_deref(), Some("login_required"));
    let session = world.session().await;
    assert_eq!(refused(&silent, Some(&session)).await, None);
    world.clock.advance(Duration::from_secs(10));
    let aged = world.authorization("openid", "&prompt=none&max_age=9");
    assert_eq!(refused(&aged, Some(&session)).await.as_deref(), Some("login_required"));
    world.add_resource("https://api/", |_| {}).await;
    world.change_app(&world.app.id, |app| app.oauth.allowed_scopes = vec!["https://api/write".into()]).await;
    let consent = world.authorization("https://api/write", "&prompt=none");
    assert_eq!(refused(&consent, Some(&session)).await.as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn a_scope_that_requires_consent_is_asked_for_once() {
    use crate::{StripeLocator, authorize::Decision};
    use obol_protocol::oauth::{Form, form::MEDIA_TYPE};
    let world = world().await;
    let session = world.session().await;
    world.add_resource("https://api/", |_| {}).await;
    let allowed = vec!["https://api/read".to_owned(), "https://api/write".to_owned()];
    world.change_app(&world.app.id, |app| app.oauth.allowed_scopes = allowed).await;
    let go = async |query: &str| location(&world.authorize(query, Some(&session)).await);
    let decide = async |query: &str, decision| {
        let form = Form::parse(Some(MEDIA_TYPE), query.as_bytes()).unwrap();
        let now = world.identity.now();
        let cause = obol_domain::audit::Cause::request("test");
        world.identity.decide(&StripeLocator::Only, &form, Some(&session), decision, &cause, now).await
    };
    let read = world.authorization("https://api/read", "");
    assert!(go(&read).await.starts_with(&format!("{REDIRECT}?code=")), "it requires none");
    let write = world.authorization("https://api/write", "");
    assert!(go(&write).await.starts_with(&format!("{BASE}/ui/v1/myconsole/consent?response_type=code&")));

    let denied = decide(&write, Decision::Deny).await.unwrap_err();
    let crate::authorize::AuthorizeRefusal::Answered(told) = denied else { panic!("{denied:?}") };
    assert!(told.location.starts_with(&format!("{REDIRECT}?error=access_denied&")), "{}", told.location);
    assert_eq!(told.reason.explanation().unwrap().check, "user_consented");
    assert_eq!(world.count("consents").await, 0);

    let resume = decide(&write, Decision::Allow).await.unwrap();
    assert!(go(&resume).await.starts_with(&format!("{REDIRECT}?code=")));
    assert!(go(&write).await.starts_with(&format!("{REDIRECT}?code=")), "remembered");
    let again = world.authorization("https://api/write", "&prompt=consent");
    assert!(go(&again).await.starts_with(&format!("{BASE}/ui/v1/myconsole/consent?")), "asked for");
    let resume = decide(&again, Decision::Allow).await.unwrap();
    assert!(go(&resume).await.starts_with(&format!("{REDIRECT}?code=")));
    assert_eq!(world.count("consents").await, 1);
}

#[tokio::test]
async fn a_client_may_bypass_consent() {
    let world = world().await;
    let session = world.session().await;
    world.add_resource("https://api/", |_| {}).await;
    world
        .change_app(&world.app.id, |app| {
            app.oauth.allowed_scopes = vec!["https://api/write".into()];
            app.oauth.bypass_consent = true;
        })
        .await;
    let to = location(&world.authorize(&world.authorization("https://api/write", ""), Some(&session)).await);
    assert!(to.starts_with(&format!("{REDIRECT}?code=")), "{to}");
}

#[tokio::test]
async fn a_session_of_a_user_who_may_not_act_is_none() {
    let world = world().await;
    let session = world.session().await;
    let mut tx = world.db().begin().await.unwrap();
    obol_store::users::set_active(&mut tx, STRIPE, &world.user.id, false, world.identity.now()).await.unwrap();
    tx.commit().await.unwrap();
    let to = location(&world.authorize(&world.authorization("openid", ""), Some(&session)).await);
    assert!(to.starts_with(&format!("{BASE}/ui/v1/signin")), "{to}");
    let guessed = obol_protocol::Secret::new("guess");
    let to = location(&world.authorize(&world.authorization("openid", ""), Some(&guessed)).await);
    assert!(to.starts_with(&format!("{BASE}/ui/v1/signin")), "{to}");
}

#[tokio::test]
async fn the_consent_pages_own_address_leads_to_the_console() {
    let world = world().await;
    let response = world.send(crate::testing::get("/oauth2/v1/consent?a=b", None)).await;
    assert_eq!(location(&response), format!("{BASE}/ui/v1/myconsole/consent?a=b"));
}

#[tokio::test]
async fn several_resource_servers_may_be_asked_for_by_code() {
    let world = world().await;
    world.add_resource("https://api/", |_| {}).await;
    world.change_app(&world.app.id, |app| app.oauth.allowed_scopes = vec!["https://api/read".into()]).await;
    let scope = "urn:opc:resource:multiresourcescope openid https://api/read urn:opc:idm:t.user.me";
    let code = world.code(scope, "").await;
    let body = json_of(world.redeem(&code).await).await;
    assert_eq!(body["tokenResponses"].as_array().unwrap().len(), 2);
    assert!(body["id_token"].is_string());
}
