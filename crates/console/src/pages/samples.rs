//! A sample of every page, rendered. A template that breaks, leaks markup or breaks the content policy fails here.

use askama::Template;
use obol_identity::authorize::{Asked, AskedScope};
use obol_protocol::{Secret, Timestamp};

use super::{
    applications::{ApplicationPage, ApplicationRow, ApplicationsPage, Requirement},
    authorization::OnwardPage,
    consent::ConsentPage,
    device::{DevicePage, Step},
    factors::{self, FactorProblem, FactorsPage, Setup},
    federation::{FederationPage, ProviderPage},
    home::HomePage,
    password::PasswordPage,
    refusal::RefusalPage,
    second_step::{self, SecondStepPage},
    sessions::{SessionRow, SessionsPage},
    signin::{SignInPage, SignInProblem},
    token::{RoleChoice, TokenPage, TokenProblem},
};
use crate::{
    chrome::{Moment, samples::chrome},
    qr::Picture,
};

const HOSTILE: &str = "<script>alert('x')</script>\"&";
const ECID: &str = "Q0ApB1o1000000000";

fn created() -> Moment {
    Moment::from(Timestamp::from_seconds(1_795_386_589))
}

fn row() -> ApplicationRow {
    ApplicationRow {
        id: "89abcdef0123456789abcdef01234567".into(),
        display_name: "Analytics_Token_App".into(),
        description: "Gets access tokens for creating Analytics instances".into(),
        kind: "Confidential application",
        active: true,
        client_id: "fedcba9876543210fedcba9876543210".into(),
    }
}

impl PasswordPage {
    fn sample() -> Self {
        let SignInPage { chrome, form_token, user_name, problem, .. } = SignInPage::sample_refused();
        Self { chrome, form_token, user_name, problem }
    }
}

impl ConsentPage {
    fn sample() -> Self {
        let scope = AskedScope { name: "Read invoices".into(), description: "All of them".into() };
        Self {
            chrome: chrome("Consent"),
            form_token: "sample".into(),
            asked: Asked { client: "Invoices".into(), scopes: vec![scope], query: "client_id=a&state=b".into() },
        }
    }
}

impl OnwardPage {
    fn sample() -> Self {
        Self { chrome: chrome("Continue"), address: "https://client.example/back?code=a&state=b".into() }
    }
}

impl SignInPage {
    fn sample() -> Self {
        let mut chrome = chrome("Sign in");
        chrome.user = None;
        Self {
            chrome,
            form_token: "sample".into(),
            user_name: String::new(),
            next: None,
            problem: None,
            signed_out: false,
            password_changed: false,
        }
    }

    fn sample_refused() -> Self {
        Self {
            user_name: "ada.admin@example.com".into(),
            next: Some("/federation".into()),
            problem: Some(SignInProblem {
                what: "You entered an incorrect user name or password.".into(),
                fix: "Check both and try again. After several wrong attempts an account is locked for a while.",
                ecid: ECID.into(),
            }),
            ..Self::sample()
        }
    }
}

impl HomePage {
    fn sample() -> Self {
        Self {
            chrome: chrome("Home"),
            home_region: "us-ashburn-1".into(),
            tenancy_id: format!("ocid1.tenancy.oc1..{}", "a".repeat(60)),
        }
    }
}

impl FederationPage {
    fn sample() -> Self {
        Self { chrome: chrome("Federation").under("Home", "/"), created: created() }
    }
}

impl ProviderPage {
    fn sample() -> Self {
        let chrome = chrome("OracleIdentityCloudService").under("Home", "/").under("Federation", "/federation");
        let base = format!("http://127.0.0.1:4620{}", chrome.prefix);
        Self {
            chrome,
            console_url: format!("{base}/ui/v1/adminconsole/?root=apps"),
            home_region: "us-ashburn-1".into(),
            domain_id: format!("ocid1.domain.oc1..{}", "a".repeat(60)),
            issuer: "https://identity.oraclecloud.com/".into(),
            token_endpoint: format!("{base}/oauth2/v1/token"),
            created: created(),
        }
    }
}

impl ApplicationsPage {
    fn sample() -> Self {
        let inactive =
            ApplicationRow { display_name: "Reporting".into(), description: String::new(), active: false, ..row() };
        Self { chrome: chrome("Applications").under("Home", "/"), applications: vec![row(), inactive] }
    }
}

impl ApplicationPage {
    fn sample() -> Self {
        Self {
            chrome: chrome("Analytics_Token_App").under("Home", "/").under("Applications", "/adminconsole/?root=apps"),
            application: row(),
            ocid: format!("ocid1.domainapp.oc1.iad.{}", "a".repeat(60)),
            created: created(),
            grants: vec!["Resource Owner".into(), "Client Credentials".into(), "JWT Assertion".into()],
            roles: vec!["Me".into()],
            can_generate: true,
            requirements: [Requirement { text: "It is a confidential application", met: true }; 3],
        }
    }

    fn sample_inactive() -> Self {
        let mut page = Self::sample();
        page.application.active = false;
        page.can_generate = false;
        page.requirements[2] = Requirement { text: "It is active", met: false };
        page
    }
}

impl TokenPage {
    fn sample() -> Self {
        let app = row();
        Self {
            chrome: chrome("Generate Access Token")
                .under("Home", "/")
                .under("Applications", "/adminconsole/?root=apps")
                .under("Analytics_Token_App", &format!("/adminconsole/apps/{}", app.id)),
            form_token: "sample".into(),
            application: app,
            customized: false,
            roles: vec![RoleChoice { name: "Me".into(), chosen: false }],
            command: Some("curl -u 'fedcba9876543210fedcba9876543210:********' \\\n  --data-urlencode 'username=ada.admin@example.com' \\\n  -d 'grant_type=password' -d 'password=********' \\\n  -d 'scope=urn:opc:idm:t.user.me' \\\n  'http://127.0.0.1:4620/idcs-0123456789abcdef0123456789abcdef/oauth2/v1/token'".into()),
            problem: None,
        }
    }

    fn sample_refused() -> Self {
        Self {
            customized: true,
            problem: Some(TokenProblem {
                why: "No app role was chosen.".into(),
                fix: "Choose at least one app role.".into(),
                ecid: ECID.into(),
            }),
            ..Self::sample()
        }
    }
}

impl DevicePage {
    fn sample(step: Step) -> Self {
        let chrome = chrome("Connect a device").under("Home", "/");
        Self { chrome, form_token: "sample".into(), user_code: "SDFGHJKL".into(), step }
    }

    fn sample_wrong() -> Self {
        Self::sample(Step::Wrong { fix: "Check the letters.".into(), ecid: ECID.into() })
    }

    fn sample_asking(application: &str) -> Self {
        let scopes = vec!["urn:opc:idm:t.user.me".into(), "offline_access".into()];
        Self::sample(Step::Ask { application: application.into(), scopes })
    }
}

fn setup() -> Setup {
    let address = Secret::new("otpauth://totp/Acme:ada%40example.com?secret=GEZDGNBVGY3TQOJQ&issuer=Acme");
    Setup {
        id: "0123456789abcdef0123456789abcdef".into(),
        secret: Secret::new("GEZDGNBVGY3TQOJQ"),
        picture: Picture::of(&address),
        address,
    }
}

fn active() -> factors::Step {
    factors::Step::Active { since: created(), left: 9 }
}

fn problem() -> FactorProblem {
    let fix = "Check the clock of the device.".into();
    FactorProblem { what: "The code is not right.", fix, ecid: ECID.into() }
}

fn recovery() -> Vec<Secret> {
    vec![Secret::new("abcde-fghij-klmno-pqrst"), Secret::new("uvwxy-z2345-67abc-defgh")]
}

impl FactorsPage {
    fn sample(step: factors::Step, problem: Option<FactorProblem>) -> Self {
        let chrome = chrome("Two-step verification").under("Home", "/");
        Self { chrome, form_token: "sample".into(), step, problem }
    }
}

impl SecondStepPage {
    fn sample(step: second_step::Step, problem: Option<FactorProblem>) -> Self {
        let SignInPage { mut chrome, form_token, .. } = SignInPage::sample();
        chrome.title = "Verify your identity".into();
        Self { chrome, form_token, next: Some("/federation".into()), step, problem }
    }
}

impl SessionsPage {
    fn sample() -> Self {
        let row = |handle: &str, is_this| SessionRow {
            handle: handle.into(),
            began: created(),
            used: created(),
            ends: created(),
            is_this,
        };
        let chrome = chrome("Sessions").under("Home", "/");
        Self { chrome, form_token: "sample".into(), sessions: vec![row("a", true), row("b", false)] }
    }
}

impl RefusalPage {
    fn sample() -> Self {
        Self {
            chrome: chrome("Not for this user"),
            what: "You cannot open applications.".into(),
            why: "Applications are for an Identity Domain Administrator or an Application Administrator; you hold neither role.".into(),
            fix: "Ask an administrator of this identity domain to grant you one of the two, then sign in again.".into(),
            ecid: ECID.into(),
        }
    }
}

fn every_page() -> Vec<(&'static str, String)> {
    let render = |page: &dyn askama::DynTemplate| page.dyn_render().unwrap();
    vec![
        ("signin", render(&SignInPage::sample())),
        ("signin-refused", render(&SignInPage::sample_refused())),
        ("password", render(&PasswordPage::sample())),
        ("consent", render(&ConsentPage::sample())),
        ("onward", render(&OnwardPage::sample())),
        ("home", render(&HomePage::sample())),
        ("federation", render(&FederationPage::sample())),
        ("provider", render(&ProviderPage::sample())),
        ("applications", render(&ApplicationsPage::sample())),
        ("application", render(&ApplicationPage::sample())),
        ("application-inactive", render(&ApplicationPage::sample_inactive())),
        ("token", render(&TokenPage::sample())),
        ("token-refused", render(&TokenPage::sample_refused())),
        ("factors", render(&FactorsPage::sample(factors::Step::Absent, None))),
        ("factors-setup", render(&FactorsPage::sample(factors::Step::Setup(setup()), None))),
        ("factors-setup-refused", render(&FactorsPage::sample(factors::Step::Setup(setup()), Some(problem())))),
        ("factors-active", render(&FactorsPage::sample(active(), None))),
        ("factors-active-refused", render(&FactorsPage::sample(active(), Some(problem())))),
        ("factors-codes", render(&FactorsPage::sample(factors::Step::Codes(recovery()), None))),
        ("second-step", render(&SecondStepPage::sample(second_step::Step::Code, None))),
        ("second-step-refused", render(&SecondStepPage::sample(second_step::Step::Code, Some(problem())))),
        ("second-step-begin", render(&SecondStepPage::sample(second_step::Step::Begin, None))),
        ("second-step-setup", render(&SecondStepPage::sample(second_step::Step::Setup(setup()), Some(problem())))),
        ("second-step-codes", render(&SecondStepPage::sample(second_step::Step::Codes(recovery()), None))),
        ("sessions", render(&SessionsPage::sample())),
        ("device", render(&DevicePage::sample(Step::Enter))),
        ("device-wrong", render(&DevicePage::sample_wrong())),
        ("device-asking", render(&DevicePage::sample_asking("Television"))),
        ("device-allowed", render(&DevicePage::sample(Step::Allowed))),
        ("device-denied", render(&DevicePage::sample(Step::Denied))),
        ("refusal", render(&RefusalPage::sample())),
    ]
}

#[test]
fn every_page_is_a_whole_document_with_one_heading_of_the_first_rank() {
    for (name, html) in every_page() {
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"), "{name}");
        assert!(html.trim_end().ends_with("</html>"), "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert_eq!(html.matches("<main").count(), 1, "{name}");
        assert_eq!(html.matches("<title>").count(), 1, "{name}");
    }
}

#[test]
fn no_page_needs_script_or_inline_style() {
    for (name, html) in every_page() {
        for forbidden in ["<script", " style=", "<style", " onclick", " onload", "javascript:", "http-equiv"] {
            assert!(!html.contains(forbidden), "{name} has {forbidden}");
        }
    }
}

#[test]
fn every_form_that_changes_something_carries_its_token() {
    for (name, html) in every_page() {
        assert_eq!(html.matches("<form").count(), html.matches(r#"name="form_token""#).count(), "{name}");
        assert_eq!(html.matches("<form").count(), html.matches(r#"method="post""#).count(), "{name}");
    }
}

#[test]
fn every_field_has_its_label() {
    for (name, html) in every_page() {
        for input in html.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
            if input.contains(r#"type="hidden""#) {
                continue;
            }
            let id = input.split("id=\"").nth(1).unwrap().split('"').next().unwrap();
            assert_eq!(html.matches(&format!("<label for=\"{id}\"")).count(), 1, "{name} {id}");
            assert_eq!(html.matches(&format!("id=\"{id}\"")).count(), 1, "{name} {id}");
        }
    }
}

#[test]
fn every_id_is_unique_and_every_reference_has_its_target() {
    for (name, html) in every_page() {
        let ids: Vec<&str> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        for id in &ids {
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{name} {id}");
        }
        for attribute in ["aria-labelledby=\"", "aria-describedby=\""] {
            for target in html.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                assert!(ids.contains(&target), "{name} {target}");
            }
        }
    }
}

#[test]
fn text_from_outside_is_escaped() {
    let mut page = ApplicationPage::sample();
    page.application.display_name = HOSTILE.into();
    page.application.description = HOSTILE.into();
    page.chrome = page.chrome.under(HOSTILE, "/x\"onclick=");
    page.chrome.title = HOSTILE.into();
    let mut signin = SignInPage::sample_refused();
    signin.user_name = HOSTILE.into();
    signin.next = Some(HOSTILE.into());
    let mut token = TokenPage::sample();
    token.roles[0].name = HOSTILE.into();
    token.command = Some(HOSTILE.into());
    let mut consent = ConsentPage::sample();
    consent.asked.client = HOSTILE.into();
    consent.asked.scopes[0].name = HOSTILE.into();
    consent.asked.query = HOSTILE.into();
    let onward = OnwardPage { address: HOSTILE.into(), ..OnwardPage::sample() };
    for html in [consent.render().unwrap(), onward.render().unwrap()] {
        assert!(!html.contains("<script"), "{html}");
    }
    let mut device = DevicePage::sample_asking(HOSTILE);
    device.user_code = HOSTILE.into();
    for html in [page.render(), signin.render(), token.render(), device.render()].map(Result::unwrap) {
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("\"onclick="), "{html}");
    }
}

#[test]
fn the_button_is_there_only_when_a_token_can_be_generated() {
    assert!(ApplicationPage::sample().render().unwrap().contains("Generate Access Token"));
    assert!(!ApplicationPage::sample_inactive().render().unwrap().contains("Generate Access Token"));
}
