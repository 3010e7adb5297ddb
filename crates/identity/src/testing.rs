//! A stripe with a user and an application, reached through the router, for the tests of this crate.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use ::http::{Request, Response, header};
use axum::{Router, body::Body};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http_body_util::BodyExt as _;
use obol_domain::{Entropy, app_role::BuiltInRole, audit::Cause, seal::MasterKey};
use obol_protocol::{Secret, Timestamp, oauth::GrantType, oci::signature::PrivateKey};
use obol_store::{
    Db, Statement, app_certificates,
    app_scopes::{self, AppScope},
    apps::{self, App},
    explanations,
    explanations::Recorder,
    stripes,
    tenancies::{self, Tenancy},
};
use obol_testkit::{ManualClock, Scratch, SeededEntropy};
use tower::ServiceExt as _;

use crate::{
    Identity, IdentityParts, PublicUrls, Safety, StripeLocator, certificates, http,
    provisioning::{MadeApplication, MadeUser, NewApplication, NewStripe, NewUser, Provisioning},
};

pub(crate) const TENANCY: &str = "ocid1.tenancy.oc1..aaaaaaaatest";
pub(crate) const USER: &str = "admin@example.com";
pub(crate) const PASSWORD: &str = "canary-password Grüße & more=1";
pub(crate) const STRIPE: &str = "idcs-00000000000000000000000000000001";
pub(crate) const OTHER_STRIPE: &str = "idcs-00000000000000000000000000000002";
pub(crate) const ME: &str = "urn:opc:idm:t.user.me";

pub(crate) const REDIRECT: &str = "https://client.example/back";
pub(crate) const SIGNED_OUT: &str = "https://client.example/out";
/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// One node with a stripe, `Analytics_Token_App` (all three grants of the recipe, role Me) and an administrator.
pub(crate) struct World {
    pub(crate) identity: Identity,
    pub(crate) clock: ManualClock,
    pub(crate) entropy: Arc<SeededEntropy>,
    pub(crate) master: MasterKey,
    pub(crate) user: MadeUser,
    pub(crate) app: MadeApplication,
    pub(crate) scratch: Scratch,
}

pub(crate) fn new_user(name: &str) -> NewUser {
    NewUser {
        user_name: name.into(),
        given_name: Some("Ada".into()),
        family_name: "Lovelace".into(),
        email: "ada@example.com".into(),
        password: Some(Secret::new(PASSWORD)),
    }
}

pub(crate) fn new_application() -> NewApplication {
    NewApplication {
        display_name: "Analytics_Token_App".into(),
        description: String::new(),
        allowed_grants: vec![GrantType::Password, GrantType::ClientCredentials, GrantType::JwtBearer],
        allowed_operations: vec![],
        is_active: true,
        secret: None,
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::seeded(7).await
    }

    /// The same with other guards.
    pub(crate) async fn with(safety: Safety) -> Self {
        let world = Self::new().await;
        let identity = node(&world.scratch.db, &world.clock, &world.entropy, &world.master, safety);
        Self { identity, ..world }
    }

    /// The same with other ids and keys.
    pub(crate) async fn seeded(seed: u64) -> Self {
        #[cfg(not(feature = "postgres-tests"))]
        let scratch = Scratch::sqlite().await;
        #[cfg(feature = "postgres-tests")]
        let scratch = Scratch::postgres().await;
        let (clock, entropy) = (ManualClock::default(), Arc::new(SeededEntropy::new(seed)));
        let master = MasterKey::new(&[7; 32]).unwrap();
        let identity = node(&scratch.db, &clock, &entropy, &master, Safety::default());
        let mut tx = scratch.db.begin().await.unwrap();
        let provisioning = Provisioning { entropy: &*entropy, master: &master, now: identity.now() };
        let tenancy = Tenancy {
            id: TENANCY.into(),
            name: "acme".into(),
            home_region: "us-ashburn-1".into(),
            created_at: identity.now(),
        };
        tenancies::insert(&mut tx, &tenancy).await.unwrap();
        let stripe = provisioning.stripe(&mut tx, &new_stripe(STRIPE, TENANCY)).await.unwrap();
        let user = provisioning.user(&mut tx, &stripe, &new_user(USER)).await.unwrap();
        let app = provisioning.application(&mut tx, &stripe, &new_application()).await.unwrap();
        provisioning.grant_to_client(&mut tx, &stripe, &app.id, BuiltInRole::Me).await.unwrap();
        provisioning.grant_to_user(&mut tx, &stripe, &user.id, BuiltInRole::IdentityDomainAdministrator).await.unwrap();
        tx.commit().await.unwrap();
        Self { identity, clock, entropy, master, user, app, scratch }
    }

    pub(crate) fn db(&self) -> &Db {
        &self.scratch.db
    }

    /// Another node on the same database.
    pub(crate) fn node(&self) -> Identity {
        node(&self.scratch.db, &self.clock, &self.entropy, &self.master, Safety::default())
    }

    /// The same node with its clock ahead, as before a dev cloud's clock was set back.
    pub(crate) fn node_ahead(&self, ahead: Duration) -> Identity {
        let clock = ManualClock::at(self.identity.now().plus(ahead));
        node(&self.scratch.db, &clock, &self.entropy, &self.master, Safety::default())
    }

    pub(crate) fn provisioning(&self) -> Provisioning<'_> {
        Provisioning { entropy: &*self.entropy, master: &self.master, now: self.identity.now() }
    }

    /// A second tenancy with a stripe of its own.
    pub(crate) async fn add_other_stripe(&self) {
        let mut tx = self.db().begin().await.unwrap();
        let tenancy = Tenancy {
            id: "ocid1.tenancy.oc1..other".into(),
            name: "other".into(),
            home_region: "us-ashburn-1".into(),
            created_at: self.identity.now(),
        };
        tenancies::insert(&mut tx, &tenancy).await.unwrap();
        self.provisioning().stripe(&mut tx, &new_stripe(OTHER_STRIPE, &tenancy.id)).await.unwrap();
        tx.commit().await.unwrap();
        self.identity.forget(OTHER_STRIPE);
    }

    /// Changes an application, as an administrator does.
    pub(crate) async fn change_app(&self, app_id: &str, change: impl FnOnce(&mut App)) {
        let mut app = apps::by_id(self.db(), STRIPE, app_id).await.unwrap().unwrap();
        change(&mut app);
        let mut tx = self.db().begin().await.unwrap();
        assert!(apps::update(&mut tx, STRIPE, &app).await.unwrap());
        stripes::bump(&mut tx, STRIPE).await.unwrap();
        tx.commit().await.unwrap();
        self.identity.forget(STRIPE);
    }

    /// A resource server with an audience and the scopes `read` and, with consent, `write`; returns its id.
    pub(crate) async fn add_resource(&self, audience: &str, change: impl FnOnce(&mut App)) -> String {
        let mut tx = self.db().begin().await.unwrap();
        let new = NewApplication { display_name: format!("API {audience}"), ..new_application() };
        let made = self.provisioning().application(&mut tx, STRIPE, &new).await.unwrap();
        let scopes: Vec<_> = [("read", false), ("write", true)]
            .into_iter()
            .map(|(value, requires_consent)| AppScope {
                app_id: made.id.clone(),
                value: value.into(),
                fqs: format!("{audience}{value}"),
                display_name: format!("May {value}"),
                description: String::new(),
                requires_consent,
            })
            .collect();
        app_scopes::replace(&mut tx, STRIPE, &made.id, &scopes).await.unwrap();
        tx.commit().await.unwrap();
        self.change_app(&made.id, |app| {
            app.is_oauth_client = false;
            app.is_oauth_resource = true;
            app.audience = Some(audience.to_owned());
            change(app);
        })
        .await;
        made.id
    }

    /// Makes the application a client of the code flow that may have refresh tokens and introspect, and look into
    /// nothing else.
    pub(crate) async fn allow_code_flow(&self) {
        self.change_app(&self.app.id, |app| {
            app.allowed_grants.extend(["authorization_code".to_owned(), "refresh_token".to_owned()]);
            app.allowed_operations = vec!["introspect".to_owned()];
            app.oauth.redirect_uris = vec![REDIRECT.to_owned(), format!("{REDIRECT}?own=query")];
            app.oauth.post_logout_redirect_uris = vec![SIGNED_OUT.to_owned()];
        })
        .await;
    }

    /// A browser's session of the user.
    pub(crate) async fn session(&self) -> Secret {
        self.identity.open_session(STRIPE, &self.user.id, &Cause::request("test")).await.unwrap()
    }

    /// A browser that comes to the authorization endpoint.
    pub(crate) async fn authorize(&self, query: &str, session: Option<&Secret>) -> Response<Body> {
        let mut request = Request::get(format!("/oauth2/v1/authorize?{query}"));
        if let Some(session) = session {
            request = request.header(header::COOKIE, format!("{}={}", crate::sessions::COOKIE, session.expose()));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// An authorization request of the application with a challenge, and more.
    pub(crate) fn authorization(&self, scope: &str, more: &str) -> String {
        use obol_protocol::oauth::form::encode;
        format!(
            "response_type=code&client_id={}&redirect_uri={}&scope={}&state=st%2Fate&code_challenge={CHALLENGE}&code_challenge_method=S256{more}",
            self.app.client_id,
            encode(REDIRECT),
            encode(scope)
        )
    }

    /// The code that a browser brings to the client.
    pub(crate) async fn code(&self, scope: &str, more: &str) -> String {
        let session = self.session().await;
        let response = self.authorize(&self.authorization(scope, more), Some(&session)).await;
        let location = location(&response);
        let query = location.strip_prefix(&format!("{REDIRECT}?code=")).unwrap_or_else(|| panic!("{location}"));
        query.split('&').next().unwrap().to_owned()
    }

    /// A token request with a code, as it stood in the redirect.
    pub(crate) async fn redeem(&self, code: &str) -> Response<Body> {
        self.ask(&redemption(code, VERIFIER)).await
    }

    /// Gives the user another password hash.
    pub(crate) async fn replace_password(&self) {
        let replace =
            Statement::new("users", "UPDATE users SET password_hash = 'another' WHERE stripe = $1 AND id = $2");
        self.db().execute(&replace, obol_store::values![STRIPE, &self.user.id]).await.unwrap();
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &'static str) -> i64 {
        let count = Statement::built("count", format!("SELECT COUNT(*) AS n FROM {table}"));
        self.db().fetch_optional(&count, vec![]).await.unwrap().unwrap().get("n").unwrap()
    }

    pub(crate) fn basic(&self) -> String {
        basic(&self.app.client_id, self.app.client_secret.expose())
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        send(&self.identity, request).await
    }

    /// A token request with the application's own credentials.
    pub(crate) async fn ask(&self, form: &str) -> Response<Body> {
        self.send(token_request(Some(&self.basic()), form)).await
    }

    /// The token of a request that succeeds.
    pub(crate) async fn token(&self, form: &str) -> String {
        token_of(self.ask(form).await).await
    }

    pub(crate) async fn user_token(&self) -> String {
        self.token(&password_form(USER, PASSWORD, ME)).await
    }

    pub(crate) async fn client_token(&self) -> String {
        self.token("grant_type=client_credentials&scope=urn:opc:idm:__myscopes__").await
    }

    /// Status, own headers, body and explanation of a refusal.
    pub(crate) async fn refused(&self, response: Response<Body>) -> String {
        let ecid = response.headers()["x-oracle-dms-ecid"].to_str().unwrap().to_owned();
        let mut text = response.status().as_u16().to_string();
        for name in [header::WWW_AUTHENTICATE, header::RETRY_AFTER, header::ALLOW] {
            if let Some(value) = response.headers().get(&name) {
                write!(text, "\n{name}: {}", value.to_str().unwrap()).unwrap();
            }
        }
        write!(text, "\n{}", body_of(response).await).unwrap();
        self.identity.0.recorder.flush().await;
        for found in explanations::find(self.db(), &ecid).await.unwrap() {
            let explanation = found.explanation;
            write!(
                text,
                "\ncheck: {}\nexpected: {}\nseen: {}\nfix: {}",
                explanation.check, explanation.expected, explanation.seen, explanation.fix
            )
            .unwrap();
        }
        text
    }
}

pub(crate) fn new_stripe(name: &str, tenancy_id: &str) -> NewStripe {
    NewStripe {
        name: Some(name.into()),
        tenancy_id: tenancy_id.into(),
        cloud_account_name: "acme".into(),
        domain_name: "OracleIdentityCloudService".into(),
        home_region: "us-ashburn-1".into(),
    }
}

fn node(db: &Db, clock: &ManualClock, entropy: &Arc<SeededEntropy>, master: &MasterKey, safety: Safety) -> Identity {
    let (recorder, _writer) = Recorder::start(db.clone());
    Identity::new(IdentityParts {
        db: db.clone(),
        clock: Arc::new(clock.clone()),
        entropy: Arc::clone(entropy) as Arc<dyn Entropy>,
        master: master.clone(),
        public: PublicUrls { scheme: "https".into(), authority: "identity.oraclecloud.com".into() },
        recorder,
        password_slots: 2,
        safety,
    })
}

pub(crate) fn router(identity: &Identity) -> Router {
    http::router(identity.clone())
}

pub(crate) async fn send(identity: &Identity, request: Request<Body>) -> Response<Body> {
    router(identity).oneshot(request).await.unwrap()
}

pub(crate) fn basic(id: &str, secret: &str) -> String {
    use base64::engine::general_purpose::STANDARD;
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

pub(crate) fn token_request(authorization: Option<&str>, form: &str) -> Request<Body> {
    let mut request = Request::post("/oauth2/v1/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded;charset=UTF-8");
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    request.body(Body::from(form.to_owned())).unwrap()
}

pub(crate) fn password_form(user: &str, password: &str, scope: &str) -> String {
    use obol_protocol::oauth::form::encode;
    format!("grant_type=password&username={}&password={}&scope={}", encode(user), encode(password), encode(scope))
}

/// The form that redeems a code.
pub(crate) fn redemption(code: &str, verifier: &str) -> String {
    let redirect = obol_protocol::oauth::form::encode(REDIRECT);
    format!("grant_type=authorization_code&code={code}&redirect_uri={redirect}&code_verifier={verifier}")
}

/// The form of a refresh request.
pub(crate) fn refresh_form(token: &str, more: &str) -> String {
    format!("grant_type=refresh_token&refresh_token={}{more}", obol_protocol::oauth::form::encode(token))
}

/// A form for another door than the token endpoint.
pub(crate) fn post_form(path: &str, authorization: Option<&str>, form: &str) -> Request<Body> {
    let mut request = token_request(authorization, form);
    *request.uri_mut() = path.parse().unwrap();
    request
}

pub(crate) fn location(response: &Response<Body>) -> String {
    let location = response.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
    location.unwrap_or_else(|| panic!("no redirect: {}", response.status()))
}

pub(crate) async fn json_of(response: Response<Body>) -> serde_json::Value {
    let body = body_of(response).await;
    serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}"))
}

pub(crate) fn get(path: &str, token: Option<&str>) -> Request<Body> {
    let mut request = Request::get(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(Body::empty()).unwrap()
}

pub(crate) fn at_stripe(mut request: Request<Body>, stripe: &str) -> Request<Body> {
    request.extensions_mut().insert(StripeLocator::Named(stripe.to_owned()));
    request
}

pub(crate) async fn body_of(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

pub(crate) async fn token_of(response: Response<Body>) -> String {
    let body = body_of(response).await;
    let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
    answer.get("access_token").and_then(serde_json::Value::as_str).unwrap_or_else(|| panic!("{body}")).to_owned()
}

/// The claims as they stand in the token, in their order.
pub(crate) fn claims_text(token: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

pub(crate) fn claims(token: &str) -> serde_json::Value {
    serde_json::from_str(&claims_text(token)).unwrap()
}

/// Status, all headers in alphabetical order, and the body.
pub(crate) async fn whole(response: Response<Body>) -> String {
    let mut text = response.status().as_u16().to_string();
    let mut lines: Vec<_> =
        response.headers().iter().map(|(name, value)| format!("\n{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    text.extend(lines);
    write!(text, "\n\n{}", body_of(response).await).unwrap();
    text
}

/// One of four keys to sign requests or assertions with: making one takes a while.
pub(crate) fn private_key_der(index: usize) -> Vec<u8> {
    static KEYS: [std::sync::OnceLock<Vec<u8>>; 4] = [const { std::sync::OnceLock::new() }; 4];
    let make = || rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    KEYS[index].get_or_init(|| make().serialize_der()).clone()
}

pub(crate) fn private_key(index: usize) -> PrivateKey {
    PrivateKey::from_pkcs8(&private_key_der(index)).unwrap()
}

/// When the test world begins.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_795_348_800);

/// A certificate of one of the keys, from a day before [`NOW`] to a year after it, as people paste it.
pub(crate) fn certificate_text(index: usize) -> String {
    use base64::engine::general_purpose::STANDARD;
    let key = rcgen::KeyPair::try_from(private_key_der(index).as_slice()).unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    let begin = rcgen::date_time_ymd(1970, 1, 1) + NOW.since(Timestamp::default());
    params.not_before = begin - Duration::from_hours(24);
    params.not_after = begin + Duration::from_hours(24 * 365);
    STANDARD.encode(params.self_signed(&key).unwrap().der())
}

/// Any claims under any header, signed RS256 by one of the keys.
pub(crate) fn jwt(index: usize, header: &serde_json::Value, claims: &serde_json::Value) -> String {
    use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", part(header), part(claims));
    let key = KeyPair::from_pkcs8(&private_key_der(index)).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

impl World {
    /// Gives the application the certificate of key 0 under the alias `signing`.
    pub(crate) async fn upload_certificate(&self) {
        let certificate = certificates::upload("signing", &certificate_text(0), NOW).unwrap();
        let mut tx = self.db().begin().await.unwrap();
        app_certificates::insert(&mut tx, STRIPE, &self.app.id, &certificate).await.unwrap();
        stripes::bump(&mut tx, STRIPE).await.unwrap();
        tx.commit().await.unwrap();
        self.identity.forget(STRIPE);
    }
}
