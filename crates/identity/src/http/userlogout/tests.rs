//! Signing out: whose session ends, and where the browser goes.

use axum::body::Body;
use http::{Request, Response, header};
use obol_protocol::{Secret, oauth::form::encode};

use crate::testing::{
    PASSWORD, SIGNED_OUT, STRIPE, USER, World, at_stripe, get, json_of, location, new_user, password_form,
};

const PATH: &str = "/oauth2/v1/userlogout";
const BASE: &str = "https://idcs-00000000000000000000000000000001.identity.oraclecloud.com:443";

async fn world() -> (World, String, Secret) {
    let world = World::new().await;
    world.allow_code_flow().await;
    let answer = json_of(world.ask(&password_form(USER, PASSWORD, "openid")).await).await;
    let session = world.session().await;
    let hint = answer["id_token"].as_str().unwrap().to_owned();
    (world, hint, session)
}

async fn log_out(world: &World, query: &str, session: Option<&Secret>) -> Response<Body> {
    let mut request = Request::get(format!("{PATH}?{query}"));
    if let Some(session) = session {
        request = request.header(header::COOKIE, format!("__Host-obol={}", session.expose()));
    }
    world.send(request.body(Body::empty()).unwrap()).await
}

async fn is_open(world: &World, session: &Secret) -> bool {
    world.identity.session(STRIPE, session).await.unwrap().is_some()
}

#[tokio::test]
async fn the_session_ends_and_the_visitor_goes_to_a_registered_address() {
    let (world, hint, session) = world().await;
    let query = format!("id_token_hint={hint}&post_logout_redirect_uri={}&state=s%2F", encode(SIGNED_OUT));
    let response = log_out(&world, &query, Some(&session)).await;
    assert_eq!(location(&response), format!("{SIGNED_OUT}?state=s%2F"));
    assert!(response.headers()["set-cookie"].to_str().unwrap().starts_with("__Host-obol=; "));
    assert!(!is_open(&world, &session).await);
    assert_eq!(location(&log_out(&world, &query, Some(&session)).await), format!("{SIGNED_OUT}?state=s%2F"));
}

#[tokio::test]
async fn without_an_address_the_visitor_goes_to_the_sign_in_page() {
    let (world, hint, session) = world().await;
    let to = location(&log_out(&world, "", Some(&session)).await);
    assert_eq!(to, format!("{BASE}/ui/v1/signin?signed_out=true"));
    assert!(!is_open(&world, &session).await);
    let to = location(&log_out(&world, &format!("id_token_hint={hint}&state=s"), None).await);
    assert_eq!(to, format!("{BASE}/ui/v1/signin?signed_out=true"));
}

// An ID token lives for eight hours, and says who it was for after that.
#[tokio::test]
async fn an_expired_hint_will_do() {
    let (world, hint, _) = world().await;
    world.clock.advance(std::time::Duration::from_hours(9));
    let query = format!("id_token_hint={hint}&post_logout_redirect_uri={}", encode(SIGNED_OUT));
    assert_eq!(location(&log_out(&world, &query, None).await), SIGNED_OUT);
}

#[tokio::test]
async fn what_is_not_right_ends_no_session_and_leads_nowhere() {
    let (world, hint, session) = world().await;
    let mut tx = world.db().begin().await.unwrap();
    let other = world.provisioning().user(&mut tx, STRIPE, &new_user("other@example.com")).await.unwrap();
    tx.commit().await.unwrap();
    let others =
        world.identity.open_session(STRIPE, &other.id, &obol_domain::audit::Cause::request("test")).await.unwrap();
    let access = world.user_token().await;
    let out = format!("post_logout_redirect_uri={}", encode(SIGNED_OUT));
    let forged = format!("{}AAAA", &hint[..hint.len() - 4]);
    let to = |uri: &str| format!("id_token_hint={hint}&post_logout_redirect_uri={}", encode(uri));
    let address = "post_logout_uri_registered";
    for (what, query, session, check) in [
        ("no hint", out.clone(), &session, address),
        ("other address", to("https://evil.example/"), &session, address),
        ("longer", to(&format!("{SIGNED_OUT}/")), &session, address),
        ("with query", to(&format!("{SIGNED_OUT}?a=b")), &session, address),
        ("a redirect uri", to(crate::testing::REDIRECT), &session, address),
        ("case", to(&SIGNED_OUT.to_uppercase()), &session, address),
        ("script", to("javascript:alert(1)"), &session, address),
        ("access token", format!("id_token_hint={access}&{out}"), &session, "id_token_hint_readable"),
        ("forged", format!("id_token_hint={forged}&{out}"), &session, "id_token_hint_readable"),
        ("nonsense", format!("id_token_hint=canary&{out}"), &session, "id_token_hint_readable"),
        ("twice", format!("{}&id_token_hint=x", to(SIGNED_OUT)), &session, "form_readable"),
        ("encoding", "state=%zz".to_owned(), &session, "form_readable"),
        ("other user", to(SIGNED_OUT), &others, "id_token_hint_of_session"),
    ] {
        let response = log_out(&world, &query, Some(session)).await;
        assert!(response.headers().get("location").is_none(), "{what}");
        assert!(response.headers().get("set-cookie").is_none(), "{what}");
        let text = world.refused(response).await;
        assert!(text.starts_with("400\n{\"error\":\"invalid_request\""), "{what}: {text}");
        assert!(text.contains(&format!("check: {check}")), "{what}: {text}");
        assert!(!text.contains("canary") && !text.contains("evil"), "{what}: {text}");
        assert!(is_open(&world, session).await, "{what}");
    }
    world.change_app(&world.app.id, |app| app.is_active = false).await;
    let text = world.refused(log_out(&world, &to(SIGNED_OUT), Some(&session)).await).await;
    assert!(text.starts_with("400") && text.contains(&format!("check: {address}")), "{text}");
    assert_eq!(world.send(at_stripe(get(PATH, None), "idcs-x")).await.status(), 404);
    assert!(is_open(&world, &session).await);
}
