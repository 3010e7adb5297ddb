//! Two tenancies, their people and keys, and a control plane over them.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request},
};
use obol_analytics::{
    Analytics, AnalyticsParts, Settings, http,
    provisioner::{Durations, Faults, Simulated},
    work::Engine,
};
use obol_domain::{
    AccessTokenVerifier, BoxFuture, Clock as _, Explanation, Injector, InstanceRegistrar, RequestAuthenticator,
    access_token::{TokenRefusal, VerifiedUser},
    app_role::{BuiltInRole, IDCS_APP_ID},
    caller::{Caller, CallerGroup, CallerRefusal, Freshness},
    capacity::TenancyLimits,
    injector::{Fault, Point},
    lockout::{LockState, LockoutPolicy},
    registrar::{RegisteredInstance, RegistrarError},
    scopes::TrustScope,
    seal::MasterKey,
};
use obol_protocol::{
    Timestamp,
    oci::{
        Fingerprint,
        signature::{KeyId, PrivateKey, PublicKey, SignatureHeader, SignatureRefusal, SignedRequest, Signer},
    },
};
use obol_store::{
    Db, StoreError, api_keys, app_roles, apps,
    explanations::{self, Recorder},
    grants, stripes, tenancies, users,
};
use obol_testkit::{ManualClock, Scratch, SeededEntropy};
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub const HOST: &str = "127.0.0.1:4620";
pub const PROVISIONING: Duration = Duration::from_secs(2);

/// Two keys for the whole run: making one takes a while.
static KEYS: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    [(); 2].map(|()| {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap().as_ref().to_vec()
    })
});

pub fn key(index: usize) -> PrivateKey {
    PrivateKey::from_pkcs8(&KEYS[index]).unwrap()
}

pub fn fingerprint(index: usize) -> Fingerprint {
    key(index).public_key().unwrap().fingerprint()
}

/// Under what keys are sealed.
pub fn master() -> MasterKey {
    MasterKey::new(&[7; 32]).unwrap()
}

/// A tenancy with an administrator (key 0) and somebody without a role (key 1).
pub struct Tenant {
    pub id: String,
    pub compartment: String,
    pub stripe: String,
    pub administrator: Person,
    pub nobody: Person,
}

pub struct Person {
    pub ocid: String,
    pub id: String,
    pub signer: Signer,
}

pub struct World {
    _scratch: Scratch,
    pub db: Db,
    pub clock: ManualClock,
    pub registrar: Arc<FakeRegistrar>,
    pub injector: Arc<Script>,
    pub faults: Faults,
    pub recorder: Recorder,
    pub engine: Engine,
    analytics: Analytics,
    router: Router,
    pub tenants: [Tenant; 2],
}

/// An answer as a client sees it.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    /// Status, headers and body in one text, for snapshots.
    pub fn text(&self) -> String {
        let mut headers: Vec<String> =
            self.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        headers.sort();
        let body = if self.body.is_null() { String::new() } else { format!("\n{:#}", self.body) };
        format!("{}\n{}\n{body}", self.status, headers.join("\n")).trim_end().to_owned()
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(TenancyLimits::UNLIMITED, Script::default()).await
    }

    pub async fn limited(limits: TenancyLimits) -> Self {
        Self::with(limits, Script::default()).await
    }

    pub async fn scripted(script: Script) -> Self {
        Self::with(TenancyLimits::UNLIMITED, script).await
    }

    async fn with(limits: TenancyLimits, script: Script) -> Self {
        Self::over(Scratch::sqlite().await, limits, script).await
    }

    #[cfg(feature = "postgres-tests")]
    pub async fn postgres(script: Script) -> Self {
        Self::over(Scratch::postgres().await, TenancyLimits::UNLIMITED, script).await
    }

    #[cfg(feature = "postgres-tests")]
    pub async fn postgres_limited(limits: TenancyLimits) -> Self {
        Self::over(Scratch::postgres().await, limits, Script::default()).await
    }

    async fn over(scratch: Scratch, limits: TenancyLimits, script: Script) -> Self {
        let db = scratch.db.clone();
        let clock = ManualClock::default();
        let tenants = [seed(&db, &clock, 'a').await, seed(&db, &clock, 'b').await];
        let (recorder, _writer) = Recorder::start(db.clone());
        let registrar = Arc::new(FakeRegistrar::default());
        let injector = Arc::new(script);
        let mut settings = Settings::new("us-ashburn-1", &format!("http://{HOST}"));
        let faults = Faults::default();
        settings.limits = limits;
        let analytics = Analytics::new(AnalyticsParts {
            db: db.clone(),
            clock: Arc::new(clock.clone()),
            entropy: Arc::new(SeededEntropy::new(7)),
            authenticator: Arc::new(FakeAuthenticator(db.clone())),
            verifier: Arc::new(FakeVerifier),
            registrar: Arc::clone(&registrar) as Arc<dyn InstanceRegistrar>,
            master: master(),
            injector: Arc::clone(&injector) as Arc<dyn Injector>,
            provisioner: Arc::new(Simulated::new(Durations::all(PROVISIONING), faults.clone())),
            settings,
            recorder: recorder.clone(),
        });
        let engine = Engine::new(analytics.clone());
        let router = http::router(analytics.clone());
        Self { _scratch: scratch, db, clock, registrar, injector, faults, recorder, engine, analytics, router, tenants }
    }

    /// Another engine over the same control plane, as on another node.
    pub fn second_engine(&self) -> Engine {
        Engine::new(self.analytics.clone())
    }

    pub fn tenant(&self) -> &Tenant {
        &self.tenants[0]
    }

    /// A request signed by the first tenancy's administrator.
    pub async fn call(&self, method: Method, target: &str, body: &[u8]) -> Answer {
        self.call_with(method, target, body, &[]).await
    }

    pub async fn call_with(&self, method: Method, target: &str, body: &[u8], extra: &[(&'static str, &str)]) -> Answer {
        self.call_as(&self.tenant().administrator, method, target, body, extra).await
    }

    pub async fn call_as(
        &self,
        person: &Person,
        method: Method,
        target: &str,
        body: &[u8],
        extra: &[(&'static str, &str)],
    ) -> Answer {
        let headers = person.signer.sign(&method, target, HOST, body, self.clock.wall()).unwrap();
        let mut request = Request::builder().method(method).uri(target).body(Body::from(body.to_vec())).unwrap();
        request.headers_mut().extend(headers);
        for (name, value) in extra {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        self.send(request).await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// The explanation of a refusal, which is one and names the answer's own id.
    pub async fn why(&self, answer: &Answer) -> Explanation {
        self.recorder.flush().await;
        let id = answer.header("opc-request-id");
        let mut found = explanations::find(&self.db, id).await.unwrap();
        assert_eq!(found.len(), 1, "one explanation for {id}, {}", answer.text());
        found.remove(0).explanation
    }

    /// A body that is accepted.
    pub fn details(&self, name: &str) -> Value {
        json!({
            "name": name,
            "compartmentId": self.tenant().compartment,
            "featureSet": "ENTERPRISE_ANALYTICS",
            "capacity": { "capacityType": "OLPU_COUNT", "capacityValue": 1 },
            "licenseType": "LICENSE_INCLUDED",
            "idcsAccessToken": format!("user {}", self.tenant().administrator.id),
        })
    }

    pub async fn create(&self, body: &Value) -> Answer {
        self.call(Method::POST, "/20190331/analyticsInstances", body.to_string().as_bytes()).await
    }

    /// Makes an instance and lets its work end.
    pub async fn active(&self, name: &str) -> String {
        let answer = self.create(&self.details(name)).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        self.settle().await;
        answer.body["id"].as_str().unwrap().to_owned()
    }

    pub async fn get(&self, id: &str) -> Answer {
        self.call(Method::GET, &format!("/20190331/analyticsInstances/{id}"), b"").await
    }

    pub async fn delete(&self, id: &str) -> Answer {
        self.call(Method::DELETE, &format!("/20190331/analyticsInstances/{id}"), b"").await
    }

    pub async fn work(&self, id: &str) -> Answer {
        self.call(Method::GET, &format!("/20190331/workRequests/{id}"), b"").await
    }

    /// Lets all work end, moving the clock over its waits.
    pub async fn settle(&self) {
        for _ in 0..20 {
            self.engine.run_due().await.unwrap();
            self.clock.advance(Duration::from_secs(10));
        }
        self.engine.run_due().await.unwrap();
    }
}

#[expect(clippy::too_many_lines, reason = "a tenancy has many parts, and none of them decides anything")]
async fn seed(db: &Db, clock: &ManualClock, letter: char) -> Tenant {
    let now = clock.now();
    let unique = |kind: char| String::from_iter([letter, kind]).repeat(16);
    let tenancy_id = format!("ocid1.tenancy.oc1..{}", unique('t'));
    let compartment = format!("ocid1.compartment.oc1..{}", unique('c'));
    let stripe = format!("idcs-{}", if letter == 'a' { "a" } else { "b" }.repeat(32));
    let mut tx = db.begin().await.unwrap();
    let tenancy = tenancies::Tenancy {
        id: tenancy_id.clone(),
        name: format!("tenancy-{letter}"),
        home_region: "us-ashburn-1".to_owned(),
        created_at: now,
    };
    tenancies::insert(&mut tx, &tenancy).await.unwrap();
    let filed = tenancies::Compartment {
        id: compartment.clone(),
        tenancy_id: tenancy_id.clone(),
        parent_id: tenancy_id.clone(),
        name: "things".to_owned(),
        created_at: now,
    };
    tenancies::insert_compartment(&mut tx, &filed).await.unwrap();
    let domain = stripes::Stripe {
        name: stripe.clone(),
        tenancy_id: tenancy_id.clone(),
        cloud_account_name: format!("account-{letter}"),
        domain_id: format!("ocid1.domain.oc1..{}", unique('d')),
        domain_name: "Default".to_owned(),
        home_region: "us-ashburn-1".to_owned(),
        region_name: "us-ashburn-idcs-1".to_owned(),
        is_primary: true,
        issuer: "https://identity.oraclecloud.com/".to_owned(),
        previous_issuer: None,
        default_trust_scope: TrustScope::Explicit,
        signing_cert_public: false,
        mfa: obol_domain::totp::MfaPolicy::default(),
        version: 1,
        lockout: LockoutPolicy::STANDARD,
        created_at: now,
    };
    stripes::insert(&mut tx, &domain).await.unwrap();
    let role = BuiltInRole::IdentityDomainAdministrator;
    let app = apps::App {
        id: IDCS_APP_ID.to_owned(),
        ocid: format!("ocid1.app.oc1..{}", unique('p')),
        name: "IDCSApp".to_owned(),
        display_name: "IDCSApp".to_owned(),
        description: String::new(),
        client_type: apps::ClientType::Confidential,
        is_active: true,
        is_oauth_client: false,
        is_oauth_resource: true,
        is_opc_service: false,
        allowed_grants: Vec::new(),
        allowed_operations: Vec::new(),
        audience: None,
        oauth: apps::OAuthSettings::default(),
        secret: apps::ClientSecret::None,
        created_at: now,
        modified_at: now,
    };
    apps::insert(&mut tx, &stripe, &app).await.unwrap();
    let app_role = app_roles::AppRole {
        id: "role".to_owned(),
        app_id: IDCS_APP_ID.to_owned(),
        display_name: role.name().to_owned(),
        is_admin: true,
        available_to_users: true,
        available_to_groups: true,
        available_to_clients: true,
        description: String::new(),
        is_public: false,
        created_at: now,
    };
    app_roles::insert(&mut tx, &stripe, &app_role).await.unwrap();
    let mut people = Vec::new();
    for (index, name) in ["administrator", "nobody"].into_iter().enumerate() {
        let user = users::User {
            id: name.to_owned(),
            ocid: format!("ocid1.user.oc1..{}{name}", unique('u')),
            user_name: name.to_owned(),
            display_name: name.to_owned(),
            given_name: None,
            family_name: name.to_owned(),
            email: format!("{name}@example.com"),
            preferred_language: "en".to_owned(),
            locale: "en".to_owned(),
            timezone: "UTC".to_owned(),
            is_active: true,
            password_hash: None,
            password: obol_domain::password_policy::PasswordState::default(),
            lock: LockState::default(),
            created_at: now,
            modified_at: now,
        };
        users::insert(&mut tx, &stripe, &user).await.unwrap();
        let api_key = api_keys::ApiKey {
            user_id: user.id.clone(),
            fingerprint: fingerprint(index).to_string(),
            public_key: key(index).public_key().unwrap().spki().to_vec(),
            created_at: now,
        };
        api_keys::insert(&mut tx, &stripe, &api_key).await.unwrap();
        let signer = Signer::api_key(&tenancy_id, &user.ocid, &fingerprint(index), key(index));
        people.push(Person { ocid: user.ocid, id: user.id, signer });
    }
    let grant = grants::NewGrant {
        id: "grant",
        role_id: "role",
        grantee: grants::Grantee::User("administrator"),
        mechanism: "ADMINISTRATOR_TO_USER",
    };
    grants::insert(&mut tx, &stripe, &grant, now).await.unwrap();
    tx.commit().await.unwrap();
    let (nobody, administrator) = (people.pop().unwrap(), people.pop().unwrap());
    Tenant { id: tenancy_id, compartment, stripe, administrator, nobody }
}

/// Looks each signature up in the store, and remembers nothing. Each user is in one group, which has its name.
struct FakeAuthenticator(Db);

impl RequestAuthenticator for FakeAuthenticator {
    fn authenticate<'a>(
        &'a self,
        request: SignedRequest<'a>,
        _now: Timestamp,
        wall: Timestamp,
        _freshness: Freshness,
    ) -> BoxFuture<'a, Result<Arc<Caller>, CallerRefusal>> {
        Box::pin(async move {
            let header = SignatureHeader::of(request.headers)?;
            let text = header.signing_string(&request, wall)?;
            let KeyId::ApiKey { tenancy, user, fingerprint } = header.key_id()? else {
                return Err(SignatureRefusal::KeyIdMalformed.into());
            };
            let role = BuiltInRole::IdentityDomainAdministrator;
            let holder = match api_keys::holder(&self.0, tenancy, user, fingerprint, role).await {
                Ok(holder) => holder.ok_or(CallerRefusal::UserUnknown)?,
                Err(error @ StoreError::Unavailable(_)) => return Err(CallerRefusal::Unavailable(error.into())),
                Err(error) => return Err(CallerRefusal::Failed(error.into())),
            };
            let group = CallerGroup {
                ocid: format!("ocid1.group.oc1..{}", holder.user_id),
                name: format!("{}s", holder.user_id),
            };
            let unknown = || SignatureRefusal::KeyUnknown { fingerprint: fingerprint.to_owned() };
            let key = PublicKey::from_der(&holder.public_key.ok_or_else(unknown)?).unwrap();
            if !holder.is_active {
                return Err(CallerRefusal::UserInactive);
            }
            header.verify(&text, &key)?;
            Ok(Arc::new(Caller {
                tenancy_id: tenancy.to_owned(),
                stripe: holder.stripe,
                user_id: holder.user_id,
                user_ocid: user.to_owned(),
                user_name: holder.user_name,
                is_administrator: holder.is_administrator,
                groups: vec![group],
            }))
        })
    }
}

/// Takes `user <id>` for a user's token, and tells the other kinds of refusal apart.
struct FakeVerifier;

impl AccessTokenVerifier for FakeVerifier {
    fn verify_for_instance<'a>(
        &'a self,
        tenancy_id: &'a str,
        token: &'a str,
    ) -> BoxFuture<'a, Result<VerifiedUser, TokenRefusal>> {
        Box::pin(async move {
            let letter = if tenancy_id.contains("atat") { "a" } else { "b" };
            match token.split_once(' ') {
                Some(("user", id)) => Ok(VerifiedUser {
                    stripe: format!("idcs-{}", letter.repeat(32)),
                    user_id: id.to_owned(),
                    user_name: id.to_owned(),
                }),
                Some(("client", _)) => Err(TokenRefusal::NotUserContext(Explanation::new(
                    "token_is_user_context",
                    "sub_type user",
                    "sub_type client",
                    "use a password grant",
                ))),
                Some(("down", _)) => Err(TokenRefusal::Unavailable("the stripe is away".into())),
                _ => Err(TokenRefusal::Invalid(Explanation::new(
                    "token_expiry",
                    "a live token",
                    "an expired one",
                    "renew",
                ))),
            }
        })
    }
}

/// Remembers whose applications stand, and fails on demand.
#[derive(Default)]
pub struct FakeRegistrar {
    pub standing: Mutex<BTreeSet<String>>,
    /// So many of the next calls fail in passing.
    pub passing: AtomicU32,
    /// Whether registering is rejected for good.
    pub rejecting: std::sync::atomic::AtomicBool,
    /// While a test holds this, registering takes for ever.
    pub gate: tokio::sync::Mutex<()>,
    /// Whether unregistering is rejected for good.
    pub clinging: std::sync::atomic::AtomicBool,
}

impl FakeRegistrar {
    pub fn stands(&self, id: &str) -> bool {
        self.standing.lock().unwrap().contains(id)
    }

    fn fails_in_passing(&self) -> bool {
        self.passing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

impl InstanceRegistrar for FakeRegistrar {
    fn register<'a>(&'a self, instance: &'a RegisteredInstance) -> BoxFuture<'a, Result<(), RegistrarError>> {
        Box::pin(async move {
            let _open = self.gate.lock().await;
            if self.fails_in_passing() {
                return Err(RegistrarError::Unavailable("away".into()));
            }
            if self.rejecting.load(Ordering::SeqCst) {
                return Err(RegistrarError::Rejected("the creator is gone".to_owned()));
            }
            self.standing.lock().unwrap().insert(instance.instance_id.clone());
            Ok(())
        })
    }

    fn unregister<'a>(&'a self, _stripe: &'a str, id: &'a str) -> BoxFuture<'a, Result<(), RegistrarError>> {
        Box::pin(async move {
            if self.fails_in_passing() {
                return Err(RegistrarError::Unavailable("away".into()));
            }
            if self.clinging.load(Ordering::SeqCst) {
                return Err(RegistrarError::Rejected("it will not go".to_owned()));
            }
            self.standing.lock().unwrap().remove(id);
            Ok(())
        })
    }
}

/// Something that goes wrong, once.
pub struct Mishap {
    pub point: String,
    pub fault: Fault,
}

/// What goes wrong where. Points are written `before x`, `after x`, `undo x` and `write <what>`.
#[derive(Default)]
pub struct Script {
    mishaps: Mutex<Vec<Mishap>>,
    /// Crash after the write of this number, counted from 1; 0 for never.
    crash_at_write: AtomicU32,
    writes: AtomicU32,
    seen: Mutex<Vec<String>>,
}

impl Script {
    pub fn with(point: &str, fault: Fault) -> Self {
        let script = Self::default();
        script.add(point, fault);
        script
    }

    pub fn add(&self, point: &str, fault: Fault) {
        self.mishaps.lock().unwrap().push(Mishap { point: point.to_owned(), fault });
    }

    pub fn crash_after(write: u32) -> Self {
        let script = Self::default();
        script.crash_at_write.store(write, Ordering::SeqCst);
        script
    }

    /// Crash after the write of this number from now on, counted from 1.
    pub fn crash_after_next(&self, write: u32) {
        self.crash_at_write.store(self.writes.load(Ordering::SeqCst) + write, Ordering::SeqCst);
    }

    /// The points that were passed.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Injector for Script {
    fn at(&self, point: Point<'_>) -> Option<Fault> {
        let name = match point {
            Point::BeforeStep(step) => format!("before {step}"),
            Point::AfterEffect(step) => format!("after {step}"),
            Point::BeforeUndo(step) => format!("undo {step}"),
            Point::AfterWrite(what) => format!("write {what}"),
        };
        self.seen.lock().unwrap().push(name.clone());
        if matches!(point, Point::AfterWrite(_)) {
            let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
            if number == self.crash_at_write.load(Ordering::SeqCst) {
                return Some(Fault::Crash);
            }
        }
        let mut mishaps = self.mishaps.lock().unwrap();
        let index = mishaps.iter().position(|mishap| mishap.point == name)?;
        Some(mishaps.remove(index).fault)
    }
}
