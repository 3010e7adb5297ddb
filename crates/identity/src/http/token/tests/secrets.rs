//! No secret stands where it should not.

use super::*;

#[tokio::test]
async fn no_secret_stands_in_an_answer_an_explanation_or_a_debug_text() {
    let world = World::new().await;
    let mut seen = Vec::new();
    for form in [
        password_form(USER, "canary-wrong", ME),
        password_form("nobody", "canary-wrong", ME),
        format!("{}&password=canary-twice", password()),
        "grant_type=password&username=canary&password=canary-%zz".to_owned(),
        format!("{CLIENT_CREDENTIALS}&client_assertion=canary-assertion&client_assertion_type=x"),
        password_form(USER, PASSWORD, "urn:opc:idm:t.users"),
        "canary-name=1&canary-name=2".to_owned(),
        "grant_type=canary-grant".to_owned(),
        "grant_type=client_credentials&scope=canary-scope".to_owned(),
        "grant_type=client_credentials&scope=urn:opc:idm:canary-scope".to_owned(),
        "grant_type=client_credentials&scope=urn:opc:idm:role.canary-role".to_owned(),
        "grant_type=client_credentials&scope=https://canary-host/canary-path".to_owned(),
        password_form(USER, PASSWORD, "urn:opc:resource:consumer:canary-name::all"),
        "grant_type=client_credentials&scope=urn:opc:resource:expiry=canary-1".to_owned(),
    ] {
        seen.push(world.refused(world.ask(&form).await).await);
        let wrong = basic(&world.app.client_id, "canary-secret");
        seen.push(world.refused(world.send(token_request(Some(&wrong), &form)).await).await);
    }
    let swapped = basic(world.app.client_secret.expose(), &world.app.client_id);
    seen.push(world.refused(world.send(token_request(Some(&swapped), CLIENT_CREDENTIALS)).await).await);
    let swapped = basic("canary-supplied", "x");
    seen.push(world.refused(world.send(token_request(Some(&swapped), CLIENT_CREDENTIALS)).await).await);
    seen.push(format!("{:?} {:?} {:?}", world.identity, world.app, new_user(USER)));
    let token = world.user_token().await;
    let mut broken = token.clone();
    broken.replace_range(token.len() - 4.., "AAAA");
    seen.push(world.refused(world.send(crate::testing::get("/admin/v1/Me", Some(&broken))).await).await);
    let signature = token.rsplit('.').next().unwrap();
    let secret = world.app.client_secret.expose();
    for text in seen {
        for canary in ["canary-", PASSWORD, secret, &token, &signature[..40]] {
            assert!(!text.contains(canary), "{canary} in {text}");
        }
    }
}
