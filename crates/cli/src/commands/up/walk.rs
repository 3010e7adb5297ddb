//! The way from a seeded tenancy to a running instance, step by step: what was done, how long it took, and the command
//! that does the same by hand.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use obol_client::{
    CallError, Endpoint, Fingerprint, OciClient, Outside as _, PrivateKey, Secret, Signer, System, Transport,
    analytics,
    lab::Lab,
    token::{self, PasswordGrant, TokenError, USER_ME},
    token_file, transport,
    waiter::{self, Ending, Wait},
};
use obol_server::dev::{DevCloud, Facts, REGION};
use serde_json::{Value, json};

use super::say;
use crate::failure::{Exit, Failure};

/// The instance that the walk creates.
const INSTANCE: &str = "firstlight";

/// Walks the whole way on the first start; on a later one tells what is there and fetches a fresh token.
pub(super) async fn walk(cloud: &DevCloud) -> Result<(), Failure> {
    let store = |error| Failure::new(Exit::Local, "the database cannot be read or written").because(&error);
    let again = cloud.walked().await.map_err(store)?;
    let directory = quoted(&cloud.data_dir.directory().display().to_string());
    if again {
        say(&format!("Reusing {directory}: stripe {}, user {}.\n", cloud.facts.stripe, cloud.facts.username));
    } else {
        seed(cloud, &directory);
    }
    let pedestrian = Arc::new(Pedestrian::new(cloud, directory).map_err(|error| local(&error))?);
    let walker = Arc::clone(&pedestrian);
    let token = on_a_thread(move || walker.token().map_err(|error| walker.failed("step 3, the access token", &error)));
    let token = token.await?;
    let written = cloud.data_dir.write("tokens.tok", token_file::spell(&token).expose());
    written.map_err(|error| local(&error.into()))?;
    if again {
        return Ok(());
    }
    on_a_thread(move || {
        pedestrian.instance(&token).map_err(|error| pedestrian.failed("step 4, the Analytics instance", &error))
    })
    .await?;
    cloud.mark_walked(System.now()).await.map_err(store)
}

/// The client library blocks, so it walks beside the runtime.
async fn on_a_thread<T: Send + 'static>(
    walk: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let walked = tokio::task::spawn_blocking(walk).await;
    walked.unwrap_or_else(|error| Err(Failure::new(Exit::Local, "the walk broke off").because(&error)))
}

fn local(error: &anyhow::Error) -> Failure {
    Failure::new(Exit::Local, "the walk cannot begin").because(error.as_ref())
}

/// A path as a shell reads it.
fn quoted(path: &str) -> String {
    let plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte));
    if plain { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

fn seed(cloud: &DevCloud, directory: &str) {
    let Facts { stripe, tenancy_id, compartment_id, username, fingerprint, client_id, .. } = &cloud.facts;
    let [first, second] = cloud.seeding;
    say(&format!("Obol, a dev cloud of its own. Its files are in {directory}.\n"));
    title(1, "Tenancy, stripe, administrator and API key", if cloud.first_start { Some(first) } else { None });
    say(&format!(
        "   tenancy      {tenancy_id}
   compartment  {compartment_id}
   region       {REGION}
   stripe       {stripe}
   user         {username} (password in dev.env)
   API key      {fingerprint}
   by hand      sign up for a tenancy, then: oci setup config
                the fingerprint: openssl rsa -in {directory}/api_key.pem -pubout -outform DER | openssl md5 -c
"
    ));
    title(2, "Confidential application Analytics_Token_App", if cloud.first_start { Some(second) } else { None });
    say(&format!(
        "   grants       Resource Owner, Client Credentials, JWT Assertion
   app role     Me
   client id    {client_id} (secret in dev.env)
   by hand      in Oracle's console: Applications > Add > Confidential Application (here it is seeded)
"
    ));
}

fn title(step: u8, text: &str, took: Option<Duration>) {
    let took =
        took.map_or_else(|| "done by an earlier start".to_owned(), |took| format!("{:.2} s", took.as_secs_f64()));
    say(&format!("{step}. {text}  ({took})"));
}

/// Who walks steps 3 and 4: a stranger with what stands in the data directory.
struct Pedestrian {
    transport: Transport,
    url: Endpoint,
    stripe_url: Endpoint,
    facts: Facts,
    directory: String,
    key: Secret,
}

impl Pedestrian {
    fn new(cloud: &DevCloud, directory: String) -> anyhow::Result<Self> {
        let key = cloud.data_dir.read("api_key.pem")?.context("api_key.pem is not there")?;
        let url = Endpoint::parse(&cloud.url)?;
        Ok(Self {
            transport: Transport::new(&url, &transport::Options::default())?,
            url,
            stripe_url: Endpoint::parse(&cloud.facts.stripe_url(&cloud.url))?,
            facts: cloud.facts.clone(),
            directory,
            key: Secret::new(key),
        })
    }

    /// Says which step failed, and why it was refused if it was: the dev cloud has the explanation.
    fn failed(&self, step: &str, error: &anyhow::Error) -> Failure {
        let mut failure = Failure::new(Exit::Refused, format!("{step}, failed")).because(error.as_ref());
        let id = match (error.downcast_ref::<TokenError>(), error.downcast_ref::<CallError>()) {
            (Some(TokenError::Refused { ecid, .. }), _) => ecid.clone(),
            (_, Some(CallError::Service(error))) => error.request_id.clone(),
            _ => None,
        };
        // That the explanation cannot be had must not hide what it would explain.
        let explained = id.and_then(|id| Lab::new(self.transport.clone(), self.url.clone()).explanations(&id).ok());
        for explanation in explained.into_iter().flatten() {
            failure = failure
                .with(format!("{}: expected {}, seen {}", explanation.check, explanation.expected, explanation.seen))
                .hint(explanation.fix);
        }
        failure
    }

    fn token(&self) -> anyhow::Result<Secret> {
        let begun = System.now();
        let grant = PasswordGrant {
            stripe: self.stripe_url.clone(),
            client_id: self.facts.client_id.clone(),
            client_secret: self.facts.client_secret.clone(),
            username: self.facts.username.clone(),
            password: self.facts.password.clone(),
            scope: USER_ME.to_owned(),
        };
        let issued = token::request(&self.transport, &grant)?;
        title(3, "Access token", Some(System.now().since(begun)));
        say(&format!(
            "   POST         {}
   scope        {USER_ME}
   expires in   {} s, saved as tokens.tok
   by hand      . {directory}/dev.env
                curl -u \"$OBOL_CLIENT_ID:$OBOL_CLIENT_SECRET\" -d grant_type=password -d \"username=$OBOL_USERNAME\" \\
                  -d \"password=$OBOL_PASSWORD\" -d scope={USER_ME} \"$OBOL_STRIPE_URL/oauth2/v1/token\"
                obol token get --output tokens.tok --output-file {directory}/tokens.tok
",
            self.stripe_url.url("/oauth2/v1/token"),
            issued.expires_in,
            directory = self.directory,
        ));
        Ok(issued.access_token)
    }

    fn instance(&self, token: &Secret) -> anyhow::Result<()> {
        let begun = System.now();
        let fingerprint: Fingerprint = self.facts.fingerprint.parse().ok().context("the fingerprint is unreadable")?;
        let key = PrivateKey::from_pem(self.key.expose())?;
        let signer = Signer::api_key(&self.facts.tenancy_id, &self.facts.user_id, &fingerprint, key);
        let client = OciClient::new(self.transport.clone(), self.url.clone(), signer, Arc::new(System));
        let (id, work_request) = match self.existing(&client)? {
            Some(found) => found,
            None => self.create(&client, token)?,
        };
        if let Some(work_request) = &work_request {
            succeed(&client, work_request)?;
        }
        let instance = analytics::get_instance(&client, &id)?.data;
        if text(&instance, "lifecycleState") != "ACTIVE" {
            bail!("the instance {id} is {}", text(&instance, "lifecycleState"));
        }
        title(4, "Analytics instance, created with that token", Some(System.now().since(begun)));
        say(&format!(
            "   instance     {id}
   state        ACTIVE (provisioning is simulated; everything else is real)
   work request {}
   service URL  {}
   by hand      oci analytics analytics-instance create --config-file {directory}/oci_config --endpoint \"$OBOL_URL\" \\
                  --name second --compartment-id \"$OBOL_COMPARTMENT_ID\" --feature-set ENTERPRISE_ANALYTICS \\
                  --license-type LICENSE_INCLUDED --capacity-type OLPU_COUNT --capacity-value 1 \\
                  --idcs-access-token-file token.txt --wait-for-state SUCCEEDED
                (token.txt: the token alone, as `obol token get` prints it; `obol` takes tokens.tok as well:)
                obol analytics-instance create --config-file {directory}/oci_config \\
                  --name second --compartment-id \"$OBOL_COMPARTMENT_ID\" --feature-set ENTERPRISE_ANALYTICS \\
                  --license-type LICENSE_INCLUDED --capacity-type OLPU_COUNT --capacity-value 1 \\
                  --idcs-access-token-file {directory}/tokens.tok --wait",
            work_request.as_deref().unwrap_or("ended in an earlier start"),
            text(&instance, "serviceUrl"),
            directory = self.directory,
        ));
        Ok(())
    }

    /// The instance that an earlier start began, with the work request that is to be followed.
    fn existing(&self, client: &OciClient) -> anyhow::Result<Option<(String, Option<String>)>> {
        let named = [("compartmentId", Some(self.facts.compartment_id.clone())), ("name", Some(INSTANCE.to_owned()))];
        let found = analytics::list_instances(client, named.to_vec())?.data;
        let alive = |instance: &&Value| !matches!(text(instance, "lifecycleState"), "DELETED" | "DELETING");
        let Some(instance) = found.as_array().and_then(|all| all.iter().find(alive)) else { return Ok(None) };
        let id = text(instance, "id").to_owned();
        let of_it = [("compartmentId", Some(self.facts.compartment_id.clone())), ("resourceId", Some(id.clone()))];
        let work = analytics::list_work_requests(client, of_it.to_vec())?.data;
        let work_request = work.pointer("/0/id").and_then(Value::as_str).map(str::to_owned);
        Ok(Some((id, work_request)))
    }

    fn create(&self, client: &OciClient, token: &Secret) -> anyhow::Result<(String, Option<String>)> {
        let details = json!({
            "name": INSTANCE,
            "description": "Created by obol up",
            "compartmentId": self.facts.compartment_id,
            "featureSet": "ENTERPRISE_ANALYTICS",
            "licenseType": "LICENSE_INCLUDED",
            "capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 1},
            "idcsAccessToken": token.expose(),
        });
        let created = analytics::create_instance(client, &details)?;
        let work_request = created.header("opc-work-request-id").context("the answer has no opc-work-request-id")?;
        Ok((text(&created.data, "id").to_owned(), Some(work_request.to_owned())))
    }
}

fn succeed(client: &OciClient, work_request: &str) -> anyhow::Result<()> {
    let wait = Wait {
        states: vec!["SUCCEEDED".to_owned()],
        interval: Duration::from_millis(250),
        longest: Duration::from_mins(20),
    };
    match waiter::wait(client, work_request, &wait, |_status, _percent| {})? {
        Ending::Reached(_) => Ok(()),
        Ending::EndedOtherwise { status, errors, .. } => {
            let errors: Vec<_> = errors.into_iter().map(|(code, message)| format!("{code}: {message}")).collect();
            bail!("the work request {work_request} ended as {status}: {}", errors.join("; "))
        }
        Ending::TimedOut { status } => bail!("the work request {work_request} is still {status} after 20 minutes"),
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("/srv/obol-data"), "/srv/obol-data");
        assert_eq!(quoted("/srv/sp ace'q"), "'/srv/sp ace'\\''q'");
    }
}
