//! The door's second step, the pages of one's second factor and sessions, and what they must not let through.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use obol_domain::{
    Clock as _, Entropy,
    lockout::LockState,
    seal::MasterKey,
    totp::{MfaPolicy, TotpSecret},
};
use obol_identity::{
    Identity, IdentityParts, PublicUrls,
    http::{PublicBase, StripeLocator},
    provisioning::{NewStripe, NewUser, Provisioning},
};
use obol_protocol::{Secret, oauth::form::encode};
use obol_store::{
    Statement, explanations,
    explanations::Recorder,
    passwords::{self, Flags},
    stripes,
    tenancies::{self, Tenancy},
    users,
};
use obol_testkit::{ManualClock, Scratch, SeededEntropy};
use tower::ServiceExt as _;

const STRIPE: &str = "idcs-00000000000000000000000000000001";
const USER: &str = "ada@example.com";
// As long as the other, so that answers that repeat the name are of one length.
const LOCKED: &str = "locked@exam.com";
const INACTIVE: &str = "inactive@ex.com";
const MUST_CHANGE: &str = "mustchange@x.co";
const PASSWORD: &str = "canary-password 1!";

struct World {
    identity: Identity,
    router: Router,
    recorder: Recorder,
    clock: ManualClock,
    scratch: Scratch,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn form_token(&self) -> String {
        self.between("name=\"form_token\" value=\"", '"')
    }

    fn between(&self, before: &str, end: char) -> String {
        let after = self.body.rsplit(before).next().unwrap();
        after.split(end).next().unwrap().to_owned()
    }

    fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap().strip_prefix(&format!("/{STRIPE}/ui/v1")).unwrap()
    }

    fn ecid(&self) -> &str {
        self.headers["x-oracle-dms-ecid"].to_str().unwrap()
    }
}

/// A browser: it keeps its cookies.
struct Browser<'a> {
    world: &'a World,
    cookies: Vec<(String, String)>,
}

impl Browser<'_> {
    async fn get(&mut self, path: &str) -> Answer {
        let request = Request::get(format!("/ui/v1{path}"));
        self.send(request, String::new()).await
    }

    /// Posts to a page, with the form token of the page that leads there.
    async fn post(&mut self, path: &str, page: &Answer, form: &str) -> Answer {
        let request = Request::post(format!("/ui/v1{path}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::HOST, "127.0.0.1:4620")
            .header(header::ORIGIN, "http://127.0.0.1:4620")
            .header("sec-fetch-site", "same-origin");
        self.send(request, format!("form_token={}&{form}", page.form_token())).await
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.header(header::COOKIE, cookies.join("; ")).body(Body::from(body)).unwrap();
        request.extensions_mut().insert(StripeLocator::Named(STRIPE.into()));
        request.extensions_mut().insert(PublicBase(format!("http://127.0.0.1:4620/{STRIPE}")));
        let (parts, body) = self.world.router.clone().oneshot(request).await.unwrap().into_parts();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(kept, _)| kept != name);
            if !set.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The first step.
    async fn password(&mut self, name: &str, password: &str) -> Answer {
        let door = self.get("/signin").await;
        let form = format!("username={}&password={}", encode(name), encode(password));
        self.post("/signin", &door, &form).await
    }

    async fn signed_in(&mut self) {
        assert_eq!(self.password(USER, PASSWORD).await.location(), "/");
    }

    /// Sets a factor up on the page; returns its secret and recovery codes.
    async fn enrol(&mut self) -> (TotpSecret, Vec<String>) {
        let page = self.get("/factors").await;
        let setup = self.post("/factors", &page, "action=begin").await;
        let secret = secret(&setup);
        let code = secret.code_at(self.world.clock.wall());
        let id = setup.between("name=\"enrolment\" value=\"", '"');
        let done = self.post("/factors", &setup, &format!("enrolment={id}&code={code}")).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        self.world.clock.advance(Duration::from_secs(30));
        (secret, codes(&done))
    }

    fn has(&self, cookie: &str) -> bool {
        self.cookies.iter().any(|(name, _)| name == cookie)
    }
}

/// Reads the key off a page, as an app would.
fn secret(page: &Answer) -> TotpSecret {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let text = page.between("<code id=\"key\">", '<');
    let (mut bits, mut waiting, mut bytes) = (0_u64, 0, Vec::new());
    for letter in text.bytes() {
        bits = (bits << 5) | u64::try_from(ALPHABET.iter().position(|known| *known == letter).unwrap()).unwrap();
        waiting += 5;
        if waiting >= 8 {
            waiting -= 8;
            bytes.push(u8::try_from((bits >> waiting) & 0xff).unwrap());
        }
    }
    assert_eq!(bytes.len(), 20, "{}", page.body);
    TotpSecret::from_bytes(bytes.into())
}

fn codes(page: &Answer) -> Vec<String> {
    let list = page.between("<ul class=\"codes\">", 'X');
    let list = list.split("</ul>").next().unwrap().to_owned();
    list.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
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
        let now = identity.now();
        let making = Provisioning { entropy: &*entropy, master: &master, now };
        let mut tx = scratch.db.begin().await.unwrap();
        let tenancy = Tenancy {
            id: "ocid1.tenancy.oc1..test".into(),
            name: "acme".into(),
            home_region: "us-ashburn-1".into(),
            created_at: now,
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
        for name in [USER, LOCKED, INACTIVE, MUST_CHANGE] {
            let new = NewUser {
                user_name: name.into(),
                given_name: Some("Ada".into()),
                family_name: "Lovelace".into(),
                email: "ada@example.com".into(),
                password: Some(Secret::new(PASSWORD)),
            };
            let id = making.user(&mut tx, STRIPE, &new).await.unwrap().id;
            if name == LOCKED {
                let lock = LockState { failed_attempts: 5, locked_at: Some(now) };
                users::set_lock(&mut tx, STRIPE, &id, lock).await.unwrap();
            } else if name == INACTIVE {
                users::set_active(&mut tx, STRIPE, &id, false, now).await.unwrap();
            } else if name == MUST_CHANGE {
                let flags = Flags { must_change: true, ..Flags::default() };
                passwords::set_flags(&mut tx, STRIPE, &id, flags).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
        let router = obol_console::router(identity.clone());
        Self { identity, router, recorder, clock, scratch }
    }

    fn browser(&self) -> Browser<'_> {
        Browser { world: self, cookies: Vec::new() }
    }

    async fn require(&self) {
        let mut tx = self.scratch.db.begin().await.unwrap();
        assert!(stripes::set_mfa(&mut tx, STRIPE, MfaPolicy::Required).await.unwrap());
        tx.commit().await.unwrap();
        self.identity.forget(STRIPE);
    }

    async fn check(&self, answer: &Answer) -> String {
        self.recorder.flush().await;
        let found = explanations::find(&self.scratch.db, answer.ecid()).await.unwrap();
        found.into_iter().map(|found| found.explanation.check.into_owned()).collect()
    }

    async fn sessions(&self) -> usize {
        let all = Statement::new("sessions", "SELECT id_hash FROM sessions");
        self.scratch.db.fetch_all(&all, vec![]).await.unwrap().len()
    }
}

#[tokio::test]
async fn a_factor_is_set_up_asked_for_and_removed() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.signed_in().await;
    assert!(browser.get("/factors").await.body.contains("It is not set up."));
    let (secret, recovery) = browser.enrol().await;
    assert_eq!(recovery.len(), 10);
    let page = browser.get("/factors").await;
    assert!(page.body.contains("Recovery codes left") && !page.body.contains(&recovery[0]), "{}", page.body);

    let mut other = world.browser();
    let first = other.password(USER, PASSWORD).await;
    assert_eq!((first.status, first.location()), (StatusCode::SEE_OTHER, "/signin/factor"));
    assert!(!other.has("__Host-obol") && other.has("__Host-obol-half"));
    let second = other.get("/signin/factor").await;
    let code = secret.code_at(world.clock.wall());
    let opened = other.post("/signin/factor", &second, &format!("code={code}")).await;
    assert_eq!(opened.location(), "/");
    assert!(other.has("__Host-obol") && !other.has("__Host-obol-half"));
    assert_eq!(other.get("/").await.status, StatusCode::OK);

    let page = other.get("/factors").await;
    let removed = other.post("/factors", &page, &remove(PASSWORD)).await;
    assert!(removed.body.contains("It is not set up."), "{}", removed.body);
    world.browser().signed_in().await;
}

fn remove(password: &str) -> String {
    format!("action=remove&password={}", encode(password))
}

#[tokio::test]
async fn a_setup_shows_key_address_and_picture_and_goes_on_after_a_mistyped_code() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.signed_in().await;
    let page = browser.get("/factors").await;
    let setup = browser.post("/factors", &page, "action=begin").await;
    for part in ["otpauth://totp/", "<svg class=\"qr\"", "Key"] {
        assert!(setup.body.contains(part), "{part}");
    }
    assert_eq!(setup.headers[header::CACHE_CONTROL], "no-store");
    let id = setup.between("name=\"enrolment\" value=\"", '"');
    let again = browser.post("/factors", &setup, &format!("enrolment={id}&code=12345")).await;
    assert_eq!((again.status, world.check(&again).await.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "code_matches"));
    assert_eq!(again.between("<code id=\"key\">", '<'), setup.between("<code id=\"key\">", '<'));
    let other = browser.post("/factors", &setup, "enrolment=other&code=123456").await;
    assert_eq!((other.status, world.check(&other).await.as_str()), (StatusCode::CONFLICT, "enrolment_present"));
    assert!(!other.body.contains("otpauth://"));
    assert!(!browser.get("/factors").await.body.contains("otpauth://"), "not in an answer to GET");
}

#[tokio::test]
async fn a_factor_stays_without_the_password_and_without_the_form_of_its_session() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.signed_in().await;
    browser.enrol().await;
    for action in ["remove", "renew"] {
        let page = browser.get("/factors").await;
        let refused = browser.post("/factors", &page, &format!("action={action}&password=wrong")).await;
        assert_eq!(
            (refused.status, world.check(&refused).await.as_str()),
            (StatusCode::UNAUTHORIZED, "password_matches")
        );
        assert!(refused.body.contains("Recovery codes left"), "{}", refused.body);
    }
    let door = world.browser().get("/signin").await;
    let foreign = browser.post("/factors", &door, &remove(PASSWORD)).await;
    assert_eq!((foreign.status, world.check(&foreign).await.as_str()), (StatusCode::FORBIDDEN, "form_token_matches"));
    let nobody = world.browser().get("/factors").await;
    assert_eq!(nobody.location(), "/signin?next=%2Ffactors");
    assert!(browser.get("/factors").await.body.contains("Recovery codes left"));
}

#[tokio::test]
async fn the_half_way_opens_nothing() {
    let world = World::new().await;
    let mut owner = world.browser();
    owner.signed_in().await;
    owner.enrol().await;
    let before = world.sessions().await;
    let mut half = world.browser();
    half.password(USER, PASSWORD).await;
    for path in ["/", "/factors", "/sessions", "/device", "/federation", "/password/x"] {
        let answer = half.get(path).await;
        assert_ne!(answer.status, StatusCode::OK, "{path}");
        assert!(!answer.body.contains("Ada"), "{path}");
    }
    // Nor does its id as a session's.
    let id = half.cookies.iter().find(|(name, _)| name == "__Host-obol-half").unwrap().1.clone();
    let mut forged = world.browser();
    forged.cookies.push(("__Host-obol".into(), id));
    assert_eq!(forged.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.sessions().await, before);
}

#[tokio::test]
async fn a_wrong_code_opens_nothing_and_says_the_same_as_a_used_one() {
    let world = World::new().await;
    let mut owner = world.browser();
    owner.signed_in().await;
    let (secret, recovery) = owner.enrol().await;
    let before = world.sessions().await;
    let mut browser = world.browser();
    browser.password(USER, PASSWORD).await;
    let used = secret.code_at(world.clock.wall().minus(Duration::from_secs(30)));
    let page = browser.get("/signin/factor").await;
    for code in ["", "12345", "abcde-abcde-abcde-abcde", &used] {
        let refused = browser.post("/signin/factor", &page, &format!("code={}", encode(code))).await;
        assert_eq!((refused.status, world.check(&refused).await.as_str()), (StatusCode::UNAUTHORIZED, "code_matches"));
        assert!(refused.body.contains("The code is not right.") && !browser.has("__Host-obol"), "{}", refused.body);
    }
    assert_eq!(world.sessions().await, before);
    let opened = browser.post("/signin/factor", &page, &format!("code={}", recovery[0])).await;
    assert_eq!(opened.location(), "/");

    let mut again = world.browser();
    again.password(USER, PASSWORD).await;
    let page = again.get("/signin/factor").await;
    let refused = again.post("/signin/factor", &page, &format!("code={}", recovery[0])).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "a recovery code is good once");
}

#[tokio::test]
async fn five_wrong_codes_lock_the_user_at_both_steps() {
    let world = World::new().await;
    let mut owner = world.browser();
    owner.signed_in().await;
    let (secret, _) = owner.enrol().await;
    let mut browser = world.browser();
    browser.password(USER, PASSWORD).await;
    let page = browser.get("/signin/factor").await;
    for _ in 0..5 {
        let refused = browser.post("/signin/factor", &page, "code=wrong").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
    let code = secret.code_at(world.clock.wall());
    let locked = browser.post("/signin/factor", &page, &format!("code={code}")).await;
    assert_eq!((locked.status, world.check(&locked).await.as_str()), (StatusCode::FORBIDDEN, "user_not_locked"));
    let door = world.browser().password(USER, PASSWORD).await;
    assert_eq!((door.status, world.check(&door).await.as_str()), (StatusCode::UNAUTHORIZED, "user_not_locked"));
}

#[tokio::test]
async fn the_second_step_needs_its_own_form_and_ends_with_its_time() {
    let world = World::new().await;
    let mut owner = world.browser();
    owner.signed_in().await;
    let (secret, _) = owner.enrol().await;
    let mut browser = world.browser();
    browser.password(USER, PASSWORD).await;
    let door = world.browser().get("/signin").await;
    let code = format!("code={}", secret.code_at(world.clock.wall()));
    let foreign = browser.post("/signin/factor", &door, &code).await;
    assert_eq!((foreign.status, world.check(&foreign).await.as_str()), (StatusCode::FORBIDDEN, "form_token_matches"));
    let nobody = world.browser().get("/signin/factor").await;
    assert_eq!((nobody.status, world.check(&nobody).await.as_str()), (StatusCode::FORBIDDEN, "sign_in_begun"));
    let page = browser.get("/signin/factor").await;
    world.clock.advance(Duration::from_mins(10));
    let late = browser.post("/signin/factor", &page, &code).await;
    assert_eq!((late.status, world.check(&late).await.as_str()), (StatusCode::FORBIDDEN, "sign_in_begun"));
    assert!(!browser.has("__Host-obol"));
}

#[tokio::test]
async fn where_it_is_required_who_has_none_sets_it_up_on_the_way_in() {
    let world = World::new().await;
    world.require().await;
    let mut browser = world.browser();
    let door = browser.get("/signin?next=%2Ffederation").await;
    let form = format!("username={}&password={}&next=%2Ffederation", encode(USER), encode(PASSWORD));
    let first = browser.post("/signin", &door, &form).await;
    assert_eq!(first.location(), "/signin/factor?next=%2Ffederation");
    let page = browser.get("/signin/factor?next=%2Ffederation").await;
    assert!(page.body.contains("asks for two-step verification") && !page.body.contains("otpauth://"));
    let setup = browser.post("/signin/factor", &page, "action=begin&next=%2Ffederation").await;
    let (secret, id) = (secret(&setup), setup.between("name=\"enrolment\" value=\"", '"'));
    let wrong = browser.post("/signin/factor", &setup, &format!("enrolment={id}&code=12345")).await;
    assert_eq!((wrong.status, world.sessions().await), (StatusCode::UNPROCESSABLE_ENTITY, 0));
    assert!(wrong.body.contains("otpauth://"), "the setup goes on");
    let code = secret.code_at(world.clock.wall());
    let form = format!("enrolment={id}&code={code}&next=%2Ffederation");
    let done = browser.post("/signin/factor", &setup, &form).await;
    assert_eq!((done.status, codes(&done).len()), (StatusCode::OK, 10), "{}", done.body);
    assert!(done.body.contains(&format!("href=\"/{STRIPE}/ui/v1/federation\"")), "{}", done.body);
    assert_eq!(browser.get("/federation").await.status, StatusCode::OK);
    let again = browser.post("/signin/factor", &setup, &form).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_user() {
    let world = World::new().await;
    let (mut here, mut there) = (world.browser(), world.browser());
    here.signed_in().await;
    world.clock.advance(Duration::from_secs(1));
    there.signed_in().await;
    let page = here.get("/sessions").await;
    assert_eq!(page.body.matches("name=\"session\"").count(), 2);
    assert_eq!(page.body.matches("This session").count(), 1);
    let newest = page.body.split("name=\"session\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for (form, status) in [
        ("session=unknown".to_owned(), StatusCode::NOT_FOUND),
        (format!("session={newest}"), StatusCode::SEE_OTHER),
        (format!("session={newest}"), StatusCode::NOT_FOUND),
    ] {
        let answer = here.post("/sessions", &page, &form).await;
        assert_eq!(answer.status, status, "{form}");
        if status == StatusCode::NOT_FOUND {
            assert_eq!(world.check(&answer).await, "session_known");
        }
    }
    assert_eq!(there.get("/").await.status, StatusCode::SEE_OTHER);
    let page = here.get("/sessions").await;
    assert_eq!(page.body.matches("name=\"session\"").count(), 1);
    let door = world.browser().get("/signin").await;
    let foreign = here.post("/sessions", &door, "session=x").await;
    assert_eq!((foreign.status, world.check(&foreign).await.as_str()), (StatusCode::FORBIDDEN, "form_token_matches"));
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(here.get("/").await.status, StatusCode::SEE_OTHER, "an hour without use");
}

// Status, text and headers are one for all that a stranger may meet; which it was stands in the record.
#[tokio::test]
async fn a_wrong_password_looks_the_same_for_everybody() {
    let world = World::new().await;
    let mut seen = Vec::new();
    let mut checks = Vec::new();
    for name in [USER, "unknown@exam.co", LOCKED, INACTIVE, MUST_CHANGE] {
        let mut browser = world.browser();
        browser.cookies.push(("__Host-obol-visitor".into(), "same".into()));
        let mut answer = browser.password(name, "wrong").await;
        checks.push(world.check(&answer).await);
        let ecid = answer.ecid().to_owned();
        answer.headers.remove("x-oracle-dms-ecid");
        let mut headers: Vec<_> = answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.sort();
        seen.push((answer.status, headers, answer.body.replace(&ecid, "ECID").replace(name, "NAME")));
    }
    assert_eq!(checks, ["password_matches", "user_known", "user_not_locked", "user_active", "password_matches"]);
    for answer in &seen {
        assert_eq!(*answer, seen[0]);
    }
    assert_eq!(seen[0].0, StatusCode::UNAUTHORIZED);
}
