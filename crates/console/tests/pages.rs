//! The console in process: its doors, its walk, and everything that must not get through.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, Response, StatusCode, header},
};
use http_body_util::BodyExt as _;
use obol_domain::{Entropy, app_role::BuiltInRole, seal::MasterKey};
use obol_identity::{
    Identity, IdentityParts, PublicUrls,
    http::{PublicBase, StripeLocator},
    provisioning::{NewApplication, NewStripe, NewUser, Provisioning},
};
use obol_protocol::{
    Secret,
    oauth::{GrantType, form::encode},
};
use obol_store::{
    Statement, apps, explanations,
    explanations::Recorder,
    tenancies::{self, Tenancy},
    users,
};
use obol_testkit::{ManualClock, Scratch, SeededEntropy};
use tower::ServiceExt as _;

const STRIPE: &str = "idcs-00000000000000000000000000000001";
const ADMIN: &str = "admin@example.com";
const PLAIN: &str = "plain@example.com";
const PASSWORD: &str = "canary-password 1!";

/// A stripe with an administrator, a user without a role, and two applications; one browser.
struct World {
    identity: Identity,
    router: Router,
    recorder: Recorder,
    clock: ManualClock,
    app: String,
    inactive: String,
    admin: String,
    scratch: Scratch,
}

impl World {
    async fn new() -> Self {
        let scratch = Scratch::sqlite().await;
        let (clock, entropy) = (ManualClock::default(), Arc::new(SeededEntropy::new(7)));
        let master = MasterKey::new(&[7; 32]).unwrap();
        let (recorder, _writer) = Recorder::start(scratch.db.clone());
        let identity = Identity::new(IdentityParts {
            db: scratch.db.clone(),
            clock: Arc::new(clock.clone()),
            entropy: Arc::clone(&entropy) as Arc<dyn Entropy>,
            master: master.clone(),
            public: PublicUrls { scheme: "http".into(), authority: "127.0.0.1:4620".into() },
            recorder: recorder.clone(),
            password_slots: 2,
            safety: obol_identity::Safety::default(),
        });
        let mut tx = scratch.db.begin().await.unwrap();
        let making = Provisioning { entropy: &*entropy, master: &master, now: identity.now() };
        let tenancy = Tenancy {
            id: "ocid1.tenancy.oc1..test".into(),
            name: "acme".into(),
            home_region: "us-ashburn-1".into(),
            created_at: identity.now(),
        };
        tenancies::insert(&mut tx, &tenancy).await.unwrap();
        let stripe = NewStripe {
            name: Some(STRIPE.into()),
            tenancy_id: tenancy.id.clone(),
            cloud_account_name: "acme".into(),
            domain_name: "OracleIdentityCloudService".into(),
            home_region: "us-ashburn-1".into(),
        };
        making.stripe(&mut tx, &stripe).await.unwrap();
        let user = |name: &str| NewUser {
            user_name: name.into(),
            given_name: Some("Ada".into()),
            family_name: "Lovelace".into(),
            email: name.into(),
            password: Some(Secret::new(PASSWORD)),
        };
        let admin = making.user(&mut tx, STRIPE, &user(ADMIN)).await.unwrap();
        making.user(&mut tx, STRIPE, &user(PLAIN)).await.unwrap();
        let role = BuiltInRole::ApplicationAdministrator;
        making.grant_to_user(&mut tx, STRIPE, &admin.id, role).await.unwrap();
        let application = |name: &str, is_active| NewApplication {
            display_name: name.into(),
            description: String::new(),
            allowed_grants: vec![GrantType::Password, GrantType::ClientCredentials, GrantType::JwtBearer],
            allowed_operations: vec![],
            is_active,
            secret: None,
        };
        let app = making.application(&mut tx, STRIPE, &application("Analytics_Token_App", true)).await.unwrap();
        let inactive = making.application(&mut tx, STRIPE, &application("Sleeping_App", false)).await.unwrap();
        for id in [&app.id, &inactive.id] {
            making.grant_to_client(&mut tx, STRIPE, id, BuiltInRole::Me).await.unwrap();
        }
        tx.commit().await.unwrap();
        let router = obol_console::router(identity.clone());
        Self { identity, router, recorder, clock, app: app.id, inactive: inactive.id, admin: admin.id, scratch }
    }

    /// Sends a request as the server in front would hand it on.
    async fn send(&self, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(StripeLocator::Named(STRIPE.into()));
        request.extensions_mut().insert(PublicBase(format!("http://127.0.0.1:4620/{STRIPE}")));
        Answer::of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        self.send(post(path, cookie).body(Body::from(form.to_owned())).unwrap()).await
    }

    /// The cookie of somebody who signed in.
    async fn signed_in(&self, user_name: &str) -> String {
        let door = self.get("/ui/v1/signin", "").await;
        let form = sign_in_form(&door, user_name, PASSWORD);
        let answer = self.post("/ui/v1/signin", &door.cookie(), &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.cookie()
    }

    /// Posts the dialog of an application, with a form token of the session.
    async fn generate(&self, cookie: &str, app: &str, choice: &str) -> Answer {
        let token = self.get("/ui/v1/federation", cookie).await.form_token();
        self.post(&format!("/ui/v1/adminconsole/apps/{app}/token"), cookie, &format!("form_token={token}&{choice}"))
            .await
    }

    /// The checks recorded under an answer's id.
    async fn checks(&self, answer: &Answer) -> Vec<String> {
        self.recorder.flush().await;
        let found = explanations::find(&self.scratch.db, &answer.ecid).await.unwrap();
        found.into_iter().map(|found| found.explanation.check.into_owned()).collect()
    }

    async fn set_user_active(&self, active: bool) {
        let mut tx = self.scratch.db.begin().await.unwrap();
        users::set_active(&mut tx, STRIPE, &self.admin, active, self.identity.now()).await.unwrap();
        tx.commit().await.unwrap();
    }
}

fn post(path: &str, cookie: &str) -> axum::http::request::Builder {
    Request::post(path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::HOST, "127.0.0.1:4620")
        .header(header::ORIGIN, "http://127.0.0.1:4620")
        .header("sec-fetch-site", "same-origin")
}

fn sign_in_form(door: &Answer, user_name: &str, password: &str) -> String {
    format!("form_token={}&username={}&password={}", door.form_token(), encode(user_name), encode(password))
}

struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    ecid: String,
    body: String,
}

impl Answer {
    async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let ecid = parts.headers.get("x-oracle-dms-ecid").map(|value| value.to_str().unwrap().to_owned());
        Self { status: parts.status, headers: parts.headers, ecid: ecid.unwrap_or_default(), body }
    }

    /// The cookies it sets, as the browser would send them back.
    fn cookie(&self) -> String {
        let set = self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
        let kept = set.filter(|cookie| !cookie.contains("Max-Age=0")).map(|cookie| cookie.split(';').next().unwrap());
        kept.collect::<Vec<_>>().join("; ")
    }

    fn form_token(&self) -> String {
        let after = self.body.split("name=\"form_token\" value=\"").nth(1).unwrap();
        after.split('"').next().unwrap().to_owned()
    }

    fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// What the page shows, without what is different in every answer.
    fn text(&self) -> String {
        self.body.replace(&self.ecid, "ECID")
    }
}

#[tokio::test]
async fn the_whole_walk_ends_with_the_file() {
    let world = World::new().await;
    let cookie = world.signed_in(ADMIN).await;

    let home = world.get("/ui/v1/", &cookie).await;
    assert!(home.body.contains("Navigation menu") && home.body.contains("Identity &amp; Security"));
    let federation = world.get("/ui/v1/federation", &cookie).await;
    assert!(federation.body.contains(&format!("href=\"/{STRIPE}/ui/v1/federation/OracleIdentityCloudService\"")));
    let provider = world.get("/ui/v1/federation/OracleIdentityCloudService", &cookie).await;
    let url = format!("http://127.0.0.1:4620/{STRIPE}/ui/v1/adminconsole/?root=apps");
    assert!(provider.body.contains(&format!("href=\"{url}\"")), "{}", provider.body);
    let applications = world.get("/ui/v1/adminconsole/?root=apps", &cookie).await;
    assert!(applications.body.contains("Analytics_Token_App") && !applications.body.contains("IDCSApp"));
    let application = world.get(&format!("/ui/v1/adminconsole/apps/{}", world.app), &cookie).await;
    assert!(application.body.contains("Generate Access Token"));
    let dialog = world.get(&format!("/ui/v1/adminconsole/apps/{}/token", world.app), &cookie).await;
    for label in ["Customized Scopes", "Invokes Identity Cloud Service APIs", ">Me<", "Download Token"] {
        assert!(dialog.body.contains(label), "{label}");
    }
    assert!(dialog.body.contains("curl -u"), "{}", dialog.body);

    // Contract identity 4: the file's name, its single line and member.
    let file = world.generate(&cookie, &world.app, "scopes=customized&invokes=idcs&role-1=Me").await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    assert_eq!(file.headers[header::CONTENT_DISPOSITION], "attachment; filename=\"tokens.tok\"");
    assert_eq!(file.headers[header::CACHE_CONTROL], "no-store");
    assert!(file.body.starts_with(r#"{"app_access_token":"eyJ4NXQjUzI1NiI6"#) && file.body.ends_with("\"}"));
    assert_eq!(file.body.lines().count(), 1);
}

#[tokio::test]
async fn available_scopes_are_what_application_and_user_share() {
    let world = World::new().await;
    let cookie = world.signed_in(ADMIN).await;
    let file = world.generate(&cookie, &world.app, "scopes=available").await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    assert!(file.body.starts_with(r#"{"app_access_token":"eyJ4NXQjUzI1NiI6"#));
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_sent_to_the_door_and_back() {
    let world = World::new().await;
    for path in ["/ui/v1/", "/ui/v1/federation", "/ui/v1/federation/OracleIdentityCloudService", "/ui/v1/adminconsole/"]
    {
        for cookie in ["", "__Host-obol=", "__Host-obol=forged", "__Host-obol-visitor=x"] {
            let answer = world.get(path, cookie).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
            assert!(answer.location().starts_with(&format!("/{STRIPE}/ui/v1/signin")), "{}", answer.location());
        }
    }
    let asked = world.get("/ui/v1/adminconsole/?root=apps", "").await;
    assert_eq!(asked.location(), format!("/{STRIPE}/ui/v1/signin?next=%2Fadminconsole%2F%3Froot%3Dapps"));
    let door = world.get("/ui/v1/signin?next=%2Fadminconsole%2F%3Froot%3Dapps", "").await;
    let form = format!("{}&next=%2Fadminconsole%2F%3Froot%3Dapps", sign_in_form(&door, ADMIN, PASSWORD));
    let answer = world.post("/ui/v1/signin", &door.cookie(), &form).await;
    assert_eq!(answer.location(), format!("/{STRIPE}/ui/v1/adminconsole/?root=apps"));
}

#[tokio::test]
async fn the_door_leads_nowhere_else() {
    let world = World::new().await;
    for next in ["//evil.example", "https://evil.example", "/../../evil", "/a%0d%0aSet-Cookie:x"] {
        let door = world.get("/ui/v1/signin", "").await;
        let form = format!("{}&next={next}", sign_in_form(&door, ADMIN, PASSWORD));
        let answer = world.post("/ui/v1/signin", &door.cookie(), &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert!(answer.location().starts_with(&format!("/{STRIPE}/ui/v1/")), "{next} led to {}", answer.location());
    }
}

#[tokio::test]
async fn the_door_does_not_tell_who_exists() {
    let world = World::new().await;
    let mut pages = Vec::new();
    let attempt = async |name: &str, password: &str| {
        let door = world.get("/ui/v1/signin", "__Host-obol-visitor=same").await;
        let form = sign_in_form(&door, name, password);
        let answer = world.post("/ui/v1/signin", "__Host-obol-visitor=same", &form).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.headers.get(header::SET_COOKIE).is_none());
        (answer.text().replace(name, "NAME"), world.checks(&answer).await)
    };
    pages.push(attempt("nobody@example.com", PASSWORD).await);
    pages.push(attempt(ADMIN, "wrong").await);
    pages.push(attempt(ADMIN, "x").await);
    world.set_user_active(false).await;
    pages.push(attempt(ADMIN, PASSWORD).await);
    for (page, _) in &pages {
        assert_eq!(*page, pages[0].0);
        assert!(page.contains("You entered an incorrect user name or password."));
    }
    // The record tells them apart.
    let checks: Vec<_> = pages.iter().map(|(_, checks)| checks.concat()).collect();
    assert_eq!(checks, ["user_known", "password_matches", "password_matches", "user_active"]);
}

fn change_form(door: &Answer, user_name: &str, [present, new, repeated]: [&str; 3]) -> String {
    format!(
        "form_token={}&username={}&password={}&new_password={}&repeated_password={}",
        door.form_token(),
        encode(user_name),
        encode(present),
        encode(new),
        encode(repeated)
    )
}

#[tokio::test]
async fn an_expired_password_is_changed_at_the_door_and_the_new_one_opens() {
    let world = World::new().await;
    world.clock.advance(Duration::from_hours(24 * 120));
    let door = world.get("/ui/v1/signin", "").await;
    let refused = world.post("/ui/v1/signin", &door.cookie(), &sign_in_form(&door, ADMIN, PASSWORD)).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.body.contains("Your password has expired."), "{}", refused.body);
    assert_eq!(world.checks(&refused).await, ["password_not_expired"]);

    let page = world.get("/ui/v1/password", "").await;
    let new = "Correct-7-Horse";
    let changed = world.post("/ui/v1/password", &page.cookie(), &change_form(&page, ADMIN, [PASSWORD, new, new])).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.body);
    let door = world.get("/ui/v1/signin?password_changed=true", "").await;
    assert!(door.body.contains("Your password was changed."));
    let opened = world.post("/ui/v1/signin", &door.cookie(), &sign_in_form(&door, ADMIN, new)).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_password_is_not_changed_without_the_present_one_a_good_new_one_and_its_repetition() {
    let world = World::new().await;
    let good = "Correct-7-Horse";
    for (name, typed, status, text, check) in [
        (ADMIN, ["wrong", good, good], 401, "incorrect user name or password", "password_matches"),
        ("nobody", [PASSWORD, good, good], 401, "incorrect user name or password", "user_known"),
        (ADMIN, [PASSWORD, "short", "short"], 422, "at least 8 character(s)", "password_policy"),
        (ADMIN, [PASSWORD, good, "other"], 422, "not the same", "password_repeated"),
        (ADMIN, ["wrong", "short", "short"], 401, "incorrect user name or password", "password_matches"),
    ] {
        let page = world.get("/ui/v1/password", "").await;
        let refused = world.post("/ui/v1/password", &page.cookie(), &change_form(&page, name, typed)).await;
        assert_eq!(refused.status.as_u16(), status, "{text}");
        assert!(refused.body.contains(text), "{}", refused.body);
        assert_eq!(world.checks(&refused).await, [check]);
        assert!(!refused.body.contains(good) && !refused.body.contains(PASSWORD));
    }
    let page = world.get("/ui/v1/password", "").await;
    let foreign = change_form(&page, ADMIN, [PASSWORD, good, good]);
    assert_eq!(world.post("/ui/v1/password", "", &foreign).await.status, StatusCode::FORBIDDEN);
    world.signed_in(ADMIN).await;
}

#[tokio::test]
async fn a_locked_user_does_not_get_in_and_sees_the_same_page() {
    let world = World::new().await;
    let door = world.get("/ui/v1/signin", "").await;
    let mut answer = None;
    for _ in 0..12 {
        answer = Some(world.post("/ui/v1/signin", &door.cookie(), &sign_in_form(&door, ADMIN, "wrong")).await);
    }
    let wrong = answer.unwrap();
    let right = world.post("/ui/v1/signin", &door.cookie(), &sign_in_form(&door, ADMIN, PASSWORD)).await;
    assert_eq!((right.status, right.text()), (StatusCode::UNAUTHORIZED, wrong.text()));
    assert_eq!(world.checks(&right).await, ["user_not_locked"]);
}

#[tokio::test]
async fn neither_password_nor_secret_comes_back() {
    let world = World::new().await;
    let door = world.get("/ui/v1/signin", "").await;
    let answer = world.post("/ui/v1/signin", &door.cookie(), &sign_in_form(&door, ADMIN, "canary-wrong")).await;
    assert!(!answer.body.contains("canary"));
    assert!(answer.body.contains(ADMIN));
}

#[tokio::test]
async fn a_form_from_elsewhere_is_refused() {
    let world = World::new().await;
    let cookie = world.signed_in(ADMIN).await;
    let token = world.get("/ui/v1/", &cookie).await.form_token();
    let path = format!("/ui/v1/adminconsole/apps/{}/token", world.app);
    let form = format!("form_token={token}&scopes=available");
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
    ] {
        let mut request = post(&path, &cookie).body(Body::from(form.clone())).unwrap();
        if name == "origin" {
            request.headers_mut().remove("sec-fetch-site");
        }
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = world.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(!answer.body.contains("app_access_token"));
        assert_eq!(world.checks(&answer).await, ["sent_by_our_own_page"]);
    }
}

#[tokio::test]
async fn a_form_must_carry_the_token_of_its_own_session() {
    let world = World::new().await;
    let (mine, other) = (world.signed_in(ADMIN).await, world.signed_in(ADMIN).await);
    let foreign = world.get("/ui/v1/", &other).await.form_token();
    let path = format!("/ui/v1/adminconsole/apps/{}/token", world.app);
    for form in [
        "scopes=available".to_owned(),
        "form_token=&scopes=available".to_owned(),
        format!("form_token={foreign}&scopes=available"),
    ] {
        let answer = world.post(&path, &mine, &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{form}");
        assert_eq!(world.checks(&answer).await, ["form_token_matches"]);
    }
    let answer = world.post("/ui/v1/signout", &mine, "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(world.get("/ui/v1/", &mine).await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_in_needs_the_form_that_this_browser_was_given() {
    let world = World::new().await;
    let (door, other) = (world.get("/ui/v1/signin", "").await, world.get("/ui/v1/signin", "").await);
    assert_ne!(door.cookie(), other.cookie());
    for (cookie, form) in [
        (String::new(), sign_in_form(&door, ADMIN, PASSWORD)),
        (other.cookie(), sign_in_form(&door, ADMIN, PASSWORD)),
        (door.cookie(), format!("username={}&password={}", encode(ADMIN), encode(PASSWORD))),
    ] {
        let answer = world.post("/ui/v1/signin", &cookie, &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{form}");
        assert!(answer.headers.get(header::SET_COOKIE).is_none());
    }
}

#[tokio::test]
async fn signing_in_again_ends_the_session_before() {
    let world = World::new().await;
    let first = world.signed_in(ADMIN).await;
    let door = world.get("/ui/v1/signin", "").await;
    let both = format!("{}; {first}", door.cookie());
    let answer = world.post("/ui/v1/signin", &both, &sign_in_form(&door, ADMIN, PASSWORD)).await;
    let second = answer.cookie();
    assert_ne!(first, second);
    assert_eq!(world.get("/ui/v1/", &first).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.get("/ui/v1/", &second).await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_in_again_opens_no_session_when_the_one_before_cannot_be_closed() {
    let world = World::new().await;
    let first = world.signed_in(ADMIN).await;
    let keep = Statement::new(
        "sessions",
        "CREATE TRIGGER keep BEFORE DELETE ON sessions BEGIN SELECT RAISE(ABORT, 'sessions are kept'); END",
    );
    world.scratch.db.execute(&keep, vec![]).await.unwrap();
    let door = world.get("/ui/v1/signin", "").await;
    let cookies = format!("{first}; {}", door.cookie());
    let answer = world.post("/ui/v1/signin", &cookies, &sign_in_form(&door, ADMIN, PASSWORD)).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    let all = Statement::new("sessions", "SELECT id_hash FROM sessions");
    assert_eq!(world.scratch.db.fetch_all(&all, vec![]).await.unwrap().len(), 1, "nobody would have the other one");
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let world = World::new().await;
    let cookie = world.signed_in(ADMIN).await;
    let token = world.get("/ui/v1/", &cookie).await.form_token();
    let answer = world.post("/ui/v1/signout", &cookie, &format!("form_token={token}")).await;
    assert_eq!(answer.location(), format!("/{STRIPE}/ui/v1/signin?signed_out=true"));
    assert!(answer.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(world.get("/ui/v1/", &cookie).await.status, StatusCode::SEE_OTHER);
    assert!(world.get("/ui/v1/signin?signed_out=true", "").await.body.contains("You have signed out."));
}

#[tokio::test]
async fn a_session_ends_with_its_time_and_with_its_user() {
    let world = World::new().await;
    let cookie = world.signed_in(ADMIN).await;
    world.set_user_active(false).await;
    assert_eq!(world.get("/ui/v1/", &cookie).await.status, StatusCode::SEE_OTHER);
    world.set_user_active(true).await;
    assert_eq!(world.get("/ui/v1/", &cookie).await.status, StatusCode::OK);
    world.clock.advance(Duration::from_hours(8));
    assert_eq!(world.get("/ui/v1/", &cookie).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn applications_are_for_administrators() {
    let world = World::new().await;
    let cookie = world.signed_in(PLAIN).await;
    assert_eq!(world.get("/ui/v1/federation", &cookie).await.status, StatusCode::OK);
    let app = format!("/ui/v1/adminconsole/apps/{}", world.app);
    for path in ["/ui/v1/adminconsole/?root=apps".to_owned(), app.clone(), format!("{app}/token")] {
        let answer = world.get(&path, &cookie).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(answer.body.contains(&answer.ecid) && !answer.body.contains("Analytics_Token_App"));
        assert_eq!(world.checks(&answer).await, ["administrator_of_applications"]);
    }
    let answer = world.generate(&cookie, &world.app, "scopes=available").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(!answer.body.contains("app_access_token"));
}

#[tokio::test]
async fn no_token_comes_of_an_application_that_may_not_have_one() {
    let world = World::new().await;
    let cookie = world.signed_in(ADMIN).await;
    let page = world.get(&format!("/ui/v1/adminconsole/apps/{}", world.inactive), &cookie).await;
    assert!(!page.body.contains("Generate Access Token") && page.body.contains("(not met)"));
    let dialog = world.get(&format!("/ui/v1/adminconsole/apps/{}/token", world.inactive), &cookie).await;
    assert_eq!(dialog.status, StatusCode::FORBIDDEN);
    let answer = world.generate(&cookie, &world.inactive, "scopes=available").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.checks(&answer).await, ["application_can_generate"]);
}

#[tokio::test]
async fn no_token_comes_of_a_dialog_that_is_not_filled_in() {
    let world = World::new().await;
    let cookie = world.signed_in(ADMIN).await;
    for choice in [
        "",
        "scopes=customized",
        "scopes=customized&role-1=Me",
        "scopes=customized&invokes=idcs",
        "scopes=x",
        "scopes=customized&invokes=other&role-1=Me",
    ] {
        let answer = world.generate(&cookie, &world.app, choice).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{choice}");
        assert!(answer.body.contains("No token was generated.") && answer.body.contains(&answer.ecid));
        assert_eq!(world.checks(&answer).await, ["scope_requested"]);
    }
}

#[tokio::test]
async fn a_role_that_the_application_does_not_hold_gives_no_token() {
    let world = World::new().await;
    let cookie = world.signed_in(ADMIN).await;
    for role in ["Application+Administrator", "Identity+Domain+Administrator", "Nonsense", "me"] {
        let choice = format!("scopes=customized&invokes=idcs&role-1=Me&role-2={role}");
        let answer = world.generate(&cookie, &world.app, &choice).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{role}");
        assert_eq!(world.checks(&answer).await.len(), 1);
    }
}

#[tokio::test]
async fn an_application_switched_off_between_page_and_form_gives_no_token() {
    let world = World::new().await;
    let cookie = world.signed_in(ADMIN).await;
    let mut tx = world.scratch.db.begin().await.unwrap();
    apps::set_active(&mut tx, STRIPE, &world.app, false, world.identity.now()).await.unwrap();
    tx.commit().await.unwrap();
    let answer = world.generate(&cookie, &world.app, "scopes=available").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn odd_addresses_and_bodies_are_refused_with_a_page() {
    let world = World::new().await;
    let cookie = world.signed_in(ADMIN).await;
    for path in [
        "/ui/v1/nowhere",
        "/ui/v1/federation/Other",
        "/ui/v1/adminconsole/apps/IDCSAppId",
        "/ui/v1/adminconsole/apps/%00",
    ] {
        let answer = world.get(path, &cookie).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.body.contains(&answer.ecid), "{path}");
        assert_eq!(world.checks(&answer).await.len(), 1, "{path}");
    }
    let path = format!("/ui/v1/adminconsole/apps/{}/token", world.app);
    for body in ["%", "form_token=a&form_token=b", "a=%FF"] {
        let answer = world.post(&path, &cookie, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(world.checks(&answer).await, ["form_readable"]);
    }
}

#[tokio::test]
async fn a_form_over_the_limit_is_refused_with_a_page() {
    let world = World::new().await;
    let cookie = world.signed_in(ADMIN).await;
    let long = format!("form_token={}", "a".repeat(70_000));
    let token = format!("/ui/v1/adminconsole/apps/{}/token", world.app);
    for (path, cookie) in [("/ui/v1/signin", ""), ("/ui/v1/signout", &cookie), (&token, &cookie)] {
        let answer = world.post(path, cookie, &long).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert!(answer.body.contains("The form could not be read") && answer.body.contains(&answer.ecid), "{path}");
        assert_eq!(world.checks(&answer).await, ["form_readable"], "{path}");
    }
}

#[tokio::test]
async fn a_fields_name_is_not_repeated() {
    let world = World::new().await;
    let answer = world.post("/ui/v1/signin", "", "canary=1&canary=2").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(!answer.body.contains("canary"), "{}", answer.body);
}

#[tokio::test]
async fn every_answer_is_locked_down() {
    let world = World::new().await;
    let cookie = world.signed_in(ADMIN).await;
    let css = world.get("/ui/v1/signin", "").await.body;
    let css = css.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let css = css.strip_prefix(&format!("/{STRIPE}")).unwrap().to_owned();
    for path in ["/ui/v1/signin", "/ui/v1/", "/ui/v1/nowhere", "/ui/v1/adminconsole/", &css] {
        let answer = world.get(path, &cookie).await;
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{path}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"), "{path}");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(answer.headers[header::REFERRER_POLICY], "same-origin");
        let caching = answer.headers[header::CACHE_CONTROL].to_str().unwrap();
        assert_eq!(caching.contains("no-store"), path != css, "{path}");
    }
}

#[tokio::test]
async fn a_session_is_good_in_its_own_stripe_only() {
    let world = World::new().await;
    let cookie = world.signed_in(ADMIN).await;
    let mut request = Request::builder().method(Method::GET).uri("/ui/v1/").header(header::COOKIE, &cookie);
    request.extensions_mut().unwrap().insert(StripeLocator::Named("idcs-00000000000000000000000000000002".into()));
    let answer = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

impl World {
    /// The code that a device shows, of an application that may use it.
    async fn user_code(&self) -> String {
        let new = NewApplication {
            display_name: "Television".into(),
            description: String::new(),
            allowed_grants: vec![GrantType::DeviceCode],
            allowed_operations: vec![],
            is_active: true,
            secret: None,
        };
        let (entropy, master) = (SeededEntropy::new(8), MasterKey::new(&[7; 32]).unwrap());
        let mut tx = self.scratch.db.begin().await.unwrap();
        let making = Provisioning { entropy: &entropy, master: &master, now: self.identity.now() };
        let app = making.application(&mut tx, STRIPE, &new).await.unwrap();
        tx.commit().await.unwrap();
        self.identity.forget(STRIPE);
        let form = format!("response_type=device_code&scope=urn:opc:idm:t.user.me&client_id={}", app.client_id);
        let mut request = post("/oauth2/v1/device", "").body(Body::from(form)).unwrap();
        request.extensions_mut().insert(StripeLocator::Named(STRIPE.into()));
        let answer = obol_identity::http::router(self.identity.clone()).oneshot(request).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let codes: serde_json::Value = serde_json::from_slice(&body).unwrap();
        codes["user_code"].as_str().unwrap().to_owned()
    }

    async fn device(&self, cookie: &str, form: &str) -> Answer {
        let token = self.get("/ui/v1/device", cookie).await.form_token();
        self.post("/ui/v1/device", cookie, &format!("form_token={token}&{form}")).await
    }
}

// Contract identity 2.2: the user page of the device flow.
#[tokio::test]
async fn a_devices_code_is_shown_what_it_asks_for_and_then_decided() {
    let world = World::new().await;
    let code = world.user_code().await;
    let door = world.get("/ui/v1/device", "").await;
    assert_eq!(door.headers["location"], format!("/{STRIPE}/ui/v1/signin?next=%2Fdevice"));
    let cookie = world.signed_in(PLAIN).await;
    let asked = world.device(&cookie, &format!("user_code={}", code.to_lowercase())).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.body.contains("<strong>Television</strong> wants to act for you"), "{}", asked.body);
    assert!(asked.body.contains("<code>urn:opc:idm:t.user.me</code>"));
    let allowed = world.device(&cookie, &format!("user_code={code}&decision=allow")).await;
    assert!(allowed.body.contains("The device may act for you now."), "{}", allowed.body);
    for decision in ["allow", "deny"] {
        let again = world.device(&cookie, &format!("user_code={code}&decision={decision}")).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(world.checks(&again).await, ["device_user_code_known"]);
    }
}

#[tokio::test]
async fn a_device_can_be_denied() {
    let world = World::new().await;
    let code = world.user_code().await;
    let cookie = world.signed_in(PLAIN).await;
    let denied = world.device(&cookie, &format!("user_code={code}&decision=deny")).await;
    assert!(denied.body.contains("The device was refused."), "{}", denied.body);
}

#[tokio::test]
async fn a_wrong_code_leads_nowhere_and_too_many_end_it() {
    let world = World::new().await;
    let code = world.user_code().await;
    let cookie = world.signed_in(PLAIN).await;
    for number in 0..10 {
        let wrong = world.device(&cookie, &format!("user_code=CANARY{number}&decision=allow")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(world.checks(&wrong).await, ["device_user_code_known"]);
        assert!(!wrong.body.contains("CANARY"), "{}", wrong.body);
    }
    let right = world.device(&cookie, &format!("user_code={code}&decision=allow")).await;
    assert_eq!(world.checks(&right).await, ["device_attempts_left"]);
    let other = world.signed_in(ADMIN).await;
    assert_eq!(world.device(&other, &format!("user_code={code}")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_device_is_not_allowed_by_a_form_from_elsewhere() {
    let world = World::new().await;
    let code = world.user_code().await;
    let cookie = world.signed_in(PLAIN).await;
    let form = format!("user_code={code}&decision=allow");
    let bare = world.post("/ui/v1/device", &cookie, &form).await;
    assert_eq!(
        (bare.status, world.checks(&bare).await),
        (StatusCode::FORBIDDEN, vec!["form_token_matches".to_owned()])
    );
    let nobody = world.post("/ui/v1/device", "", &form).await;
    assert_eq!(nobody.headers["location"], format!("/{STRIPE}/ui/v1/signin"));
    let linked = world.get(&format!("/ui/v1/device?{form}"), &cookie).await;
    assert!(!linked.body.contains(&code), "a code in the address is not taken: {}", linked.body);
    assert_eq!(world.device(&cookie, &form).await.status, StatusCode::OK, "nothing had been decided");
}
