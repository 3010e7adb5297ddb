//! The console in a real browser, found by what a person sees: Debian's headless Chromium, driven by the visible labels.
//!
//! `cargo xtask test browser` runs it; it needs the packages chromium and chromium-driver.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use obol_testkit::{
    Running, http,
    running::{now, pause},
};
use serde_json::{Value, json};

const CHROMIUM: &str = "/usr/bin/chromium";
const CHROMEDRIVER: &str = "/usr/bin/chromedriver";
/// How long a page or a download may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The width of a small phone's screen, in CSS pixels.
const PHONE: u64 = 360;

#[test]
fn browser_walks_from_sign_in_to_a_token_that_works_without_a_script() {
    let no_script = json!({ "profile.managed_default_content_settings.javascript": 2 });
    in_browser(&json!({ "prefs": no_script }), async |console| {
        console.client.goto("data:text/html,<title>off</title><script>document.title='on'</script>").await.unwrap();
        assert_eq!(console.client.title().await.unwrap(), "off");
        console.sign_in(console.password()).await;
        console.press("Navigation menu").await;
        console.press("Identity & Security").await;
        console.press("Federation").await;
        console.press("OracleIdentityCloudService").await;
        let url = console.beside("Oracle Identity Cloud Service Console").await;
        let shown = url.text().await.unwrap();
        let expected = format!("/{}/ui/v1/adminconsole/?root=apps", console.cloud.env.get("OBOL_STRIPE"));
        assert!(shown.ends_with(&expected), "{shown}");
        url.click().await.unwrap();
        console.press("Applications").await;
        console.press("Analytics_Token_App").await;
        console.press("Generate Access Token").await;
        console.press("Customized Scopes").await;
        console.press("Invokes Identity Cloud Service APIs").await;
        console.press("Me").await;
        console.press("Download Token").await;

        // Contract identity 4: one line with one member.
        let file = console.download("tokens.tok");
        assert_eq!(file.trim_end().lines().count(), 1);
        let file: Value = serde_json::from_str(&file).unwrap();
        assert_eq!(file.as_object().unwrap().len(), 1);
        let token = file["app_access_token"].as_str().unwrap();
        assert!(token.starts_with("eyJ4NXQjUzI1NiI6"));
        let me = console.get("/admin/v1/Me", &format!("authorization: Bearer {token}\r\n"));
        assert_eq!(me.status, 200, "{}", me.body);
        assert_eq!(me.json()["userName"], console.cloud.env.get("OBOL_USERNAME"));
    });
}

#[test]
fn browser_is_told_of_a_wrong_password_and_may_try_again() {
    in_browser(&json!({}), async |console| {
        console.sign_in("not the password").await;
        let told = console.see("//*[@role='alert']").await.text().await.unwrap();
        assert!(told.contains("You entered an incorrect user name or password."), "{told}");
        let ecid = told.split("ECID ").nth(1).unwrap().trim().to_owned();
        console.missing("Navigation menu").await;
        let explained = console.get(&format!("/obol/v1/explanations/{ecid}"), "");
        assert_eq!(explained.json()["explanations"][0]["check"], "password_matches", "{}", explained.body);
        assert!(!explained.body.contains("not the password"));

        // By keyboard alone: the name is still there, the password field follows it, Enter sends.
        console.field("Password").await.send_keys(&format!("{}\u{e007}", console.password())).await.unwrap();
        console.label("Navigation menu").await;
    });
}

#[test]
fn browser_signs_out_for_good() {
    in_browser(&json!({}), async |console| {
        console.sign_in(console.password()).await;
        let home = console.client.current_url().await.unwrap();
        console.see("//header//details[contains(@class, 'profile')]/summary").await.click().await.unwrap();
        console.press("Sign Out").await;
        console.label("Sign In").await;
        console.client.goto(home.as_str()).await.unwrap();
        console.label("Sign In").await;
        console.missing("Navigation menu").await;
    });
}

#[test]
fn browser_cannot_be_made_to_send_a_form_by_another_page() {
    in_browser(&json!({}), async |console| {
        console.sign_in(console.password()).await;
        let target = format!("{}/ui/v1/adminconsole/apps/x/token", console.cloud.env.get("OBOL_STRIPE_URL"));
        // Another port of this host is the same site, so the cookie is sent along; another name is another site.
        for host in ["127.0.0.1", "localhost"] {
            let page = format!(
                "<!doctype html><form method=post action='{target}'><input type=hidden name=scopes value=available>\
                 <button>Win a prize</button></form>"
            );
            let port = serve(page);
            console.client.goto(&format!("http://{host}:{port}/")).await.unwrap();
            console.press("Win a prize").await;
            let heading = console.see("//h1").await.text().await.unwrap();
            assert_eq!(heading, "This form was not sent from here", "{host}");
        }
    });
}

#[test]
fn browser_shows_every_page_on_a_narrow_screen_without_scrolling_sideways() {
    let phone = json!({ "deviceMetrics": { "width": PHONE, "height": 740, "pixelRatio": 1.0, "touch": true } });
    in_browser(&json!({ "mobileEmulation": phone }), async |console| {
        console.sign_in("not the password").await;
        console.see("//*[@role='alert']").await;
        console.fits().await;
        console.field("Password").await.send_keys(&format!("{}\u{e007}", console.password())).await.unwrap();
        console.see("//h1[.='Home']").await;
        for path in
            ["/", "/federation", "/federation/OracleIdentityCloudService", "/adminconsole/?root=apps", "/nowhere"]
        {
            console.open(path).await;
            console.fits().await;
        }
        console.open("/adminconsole/?root=apps").await;
        console.press("Analytics_Token_App").await;
        console.fits().await;
        console.press("Generate Access Token").await;
        console.press("Customized Scopes").await;
        console.press("Invokes Identity Cloud Service APIs").await;
        console.fits().await;
    });
}

/// A browser at the console of a dev cloud of its own.
struct Console {
    client: Client,
    cloud: Running,
    downloads: tempfile::TempDir,
}

impl Console {
    fn password(&self) -> &str {
        self.cloud.env.get("OBOL_PASSWORD")
    }

    /// Opens a page by what follows `/ui/v1`.
    async fn open(&self, rest: &str) {
        let url = format!("{}/ui/v1{rest}", self.cloud.env.get("OBOL_STRIPE_URL"));
        self.client.goto(&url).await.unwrap();
    }

    async fn sign_in(&self, password: &str) {
        self.open("/").await;
        self.field("User Name").await.send_keys(self.cloud.env.get("OBOL_USERNAME")).await.unwrap();
        self.field("Password").await.send_keys(password).await.unwrap();
        self.press("Sign In").await;
    }

    /// What stands at an XPath, once it is there.
    async fn see(&self, xpath: &str) -> Element {
        match self.client.wait().at_most(PATIENCE).for_element(Locator::XPath(xpath)).await {
            Ok(element) => element,
            Err(error) => {
                let text = match self.client.find(Locator::Css("body")).await {
                    Ok(body) => body.text().await.unwrap_or_default(),
                    Err(error) => error.to_string(),
                };
                panic!("{xpath} is not there ({error}); the page shows:\n{text}");
            }
        }
    }

    /// The link, button, menu or label that reads `text`, once it is there.
    async fn label(&self, text: &str) -> Element {
        self.see(&labelled(text)).await
    }

    /// Presses what reads `text`, as a person would: it must be visible.
    async fn press(&self, text: &str) {
        let element = self.label(text).await;
        if let Err(error) = element.click().await {
            panic!("{text:?} cannot be pressed: {error}");
        }
    }

    /// The field whose label reads `text`.
    async fn field(&self, text: &str) -> Element {
        self.see(&format!("//input[@id = //label[normalize-space(.)='{text}']/@for]")).await
    }

    /// The link in the fact that `text` names.
    async fn beside(&self, text: &str) -> Element {
        self.see(&format!("//dt[normalize-space(.)='{text}']/following-sibling::dd//a")).await
    }

    /// Nothing on the page reads `text`.
    async fn missing(&self, text: &str) {
        assert!(self.client.find(Locator::XPath(&labelled(text))).await.is_err(), "{text:?} is on the page");
    }

    /// The page is no wider than the screen.
    async fn fits(&self) {
        let script = "const e = document.documentElement; return [e.scrollWidth, e.clientWidth, location.pathname];";
        let seen = self.client.execute(script, Vec::new()).await.unwrap();
        assert_eq!(seen[1], PHONE, "the screen is not as narrow as it should be: {seen}");
        assert!(seen[0].as_u64() <= seen[1].as_u64(), "wider than the screen: {seen}");
    }

    /// The file that the browser saves under `name`, once it is whole.
    fn download(&self, name: &str) -> String {
        let begun = now();
        loop {
            // Chromium writes beside it and renames at the end.
            if let Ok(text) = std::fs::read_to_string(self.downloads.path().join(name))
                && !text.is_empty()
            {
                return text;
            }
            if begun.elapsed() > PATIENCE {
                let seen: Vec<_> = std::fs::read_dir(self.downloads.path()).unwrap().flatten().collect();
                panic!("{name} was not saved; the folder has {seen:?}");
            }
            pause(Duration::from_millis(20));
        }
    }

    fn get(&self, path: &str, headers: &str) -> http::Answer {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", self.cloud.address);
        http::call(self.cloud.address, request.as_bytes()).unwrap()
    }
}

fn labelled(text: &str) -> String {
    let kinds = "self::a or self::button or self::summary or self::label";
    format!("//*[{kinds}][normalize-space(.)=\"{text}\"]")
}

/// Starts a dev cloud, a driver and a browser with a new profile, and ends all three after the test's body.
fn in_browser(options: &Value, body: impl AsyncFnOnce(&Console)) {
    let directory = tempfile::tempdir().unwrap();
    let cloud = Running::start(Path::new(env!("CARGO_BIN_EXE_obol")), &directory.path().join("data"), &[]);
    let downloads = tempfile::tempdir().unwrap();
    let driver = Driver::start();
    let profile = directory.path().join("profile");
    let mut chrome = json!({
        "binary": CHROMIUM,
        "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--window-size=1200,900", format!("--user-data-dir={}", profile.display()),
        ],
        "prefs": { "download.default_directory": downloads.path(), "download.prompt_for_download": false },
    });
    merge(&mut chrome, options);
    let capabilities = json!({ "browserName": "chrome", "goog:chromeOptions": chrome });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = runtime.block_on(
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&driver.url),
    );
    let console = Console { client: client.unwrap(), cloud, downloads };
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(body(&console))));
    // The browser outlives its driver, so it is told to go also when the test failed.
    let closed = runtime.block_on(console.client.clone().close());
    if let Err(failure) = ended {
        resume_unwind(failure);
    }
    closed.unwrap();
}

/// Adds what `more` has to `value`, member by member.
fn merge(value: &mut Value, more: &Value) {
    match (value, more) {
        (Value::Object(members), Value::Object(more)) => {
            for (name, more) in more {
                merge(members.entry(name).or_insert(Value::Null), more);
            }
        }
        (value, more) => *value = more.clone(),
    }
}

/// A chromedriver on a free port, killed when dropped.
struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    fn start() -> Self {
        let started = Command::new(CHROMEDRIVER).arg("--port=0").stdout(Stdio::piped()).spawn();
        let child = started.unwrap_or_else(|error| {
            panic!("{CHROMEDRIVER} cannot be started ({error}); install the package chromium-driver")
        });
        let mut driver = Self { child, url: String::new() };
        let mut said = String::new();
        for line in BufReader::new(driver.child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(port) = line.split("started successfully on port ").nth(1) {
                driver.url = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
                return driver;
            }
            said.push_str(&line);
        }
        panic!("chromedriver did not start: {said}");
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves one page on a free port of loopback for as long as the test runs.
fn serve(page: String) -> u16 {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            // What is asked does not matter, but it has to be read before the answer.
            let _ = stream.read(&mut request);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n";
            let _ = write!(stream, "{head}content-length: {}\r\n\r\n{page}", page.len());
        }
    });
    port
}
