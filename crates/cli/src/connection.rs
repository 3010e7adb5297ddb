//! From options, variables and a profile to a client that signs.

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use obol_client::{
    Endpoint, Fingerprint, KeyError, OciClient, PrivateKey, RequestId, Secret, Signer, System, Transport, inspection,
    token_file, transport,
};

use crate::{
    environment,
    failure::{Exit, Failure},
    printer,
    profile::{Profile, expand},
    secrets,
};

/// The options of the official command line that say where to and who (contract analytics 6).
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionOptions {
    /// The profile file [OCI_CLI_CONFIG_FILE; default: ~/.oci/config]
    #[arg(long, value_name = "FILE", global = true)]
    config_file: Option<PathBuf>,
    /// The profile in it [OCI_CLI_PROFILE; default: DEFAULT]
    #[arg(long, value_name = "NAME", global = true)]
    profile: Option<String>,
    /// The service's URL [OCI_CLI_ENDPOINT, OBOL_URL; default: Oracle's for the region]
    #[arg(long, value_name = "URL", global = true)]
    endpoint: Option<String>,
    /// The region [OCI_CLI_REGION; default: the profile's]
    #[arg(long, value_name = "NAME", global = true)]
    region: Option<String>,
    /// PEM certificates to trust instead of the public ones [OCI_CLI_CERT_BUNDLE]
    #[arg(long, value_name = "FILE", global = true)]
    cert_bundle: Option<PathBuf>,
    /// How to sign [OCI_CLI_AUTH; default: what the profile has]
    #[arg(long, value_name = "KIND", value_parser = ["api_key", "security_token"], global = true)]
    auth: Option<String>,
    /// The request id to send
    #[arg(long, value_name = "ID", value_parser = request_id, global = true)]
    opc_request_id: Option<String>,
    /// Try once only
    #[arg(long, global = true)]
    no_retry: bool,
    /// How often to try in all
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "no_retry", global = true)]
    max_retries: Option<u32>,
    /// How long a connection may take [default: 10]
    #[arg(long, value_name = "SECONDS", global = true)]
    connection_timeout: Option<u64>,
    /// How long an answer may take [default: 60]
    #[arg(long, value_name = "SECONDS", global = true)]
    read_timeout: Option<u64>,
}

/// Takes what the service would take; what it would not, it replaces without a word, and the caller looks for it in vain.
fn request_id(text: &str) -> Result<String, &'static str> {
    if RequestId::is_acceptable(text) {
        Ok(text.to_owned())
    } else {
        Err("an id has 1 to 255 letters, digits and the signs _ . / -")
    }
}

impl ConnectionOptions {
    /// Builds the client. Reads files; connects to nobody.
    pub(crate) fn client(&self) -> Result<OciClient, Failure> {
        let profile = Profile::load(self.config_file.as_deref(), self.profile.as_deref())?;
        let endpoint = self.endpoint(&profile)?;
        let signer = self.signer(&profile)?;
        let transport = Transport::new(&endpoint, &self.transport()?)?;
        let attempts = if self.no_retry { 1 } else { self.max_retries.unwrap_or(OciClient::ATTEMPTS) };
        Ok(OciClient::new(transport, endpoint, signer, Arc::new(System))
            .with_attempts(attempts)
            .with_request_id(self.opc_request_id.clone()))
    }

    fn transport(&self) -> Result<transport::Options, Failure> {
        let bundle = self.cert_bundle.clone().or_else(|| environment::oci_cli("CERT_BUNDLE").map(PathBuf::from));
        Ok(transport::Options {
            ca_pem: bundle.map(|path| read_bundle(&path)).transpose()?,
            connect_timeout: self.connection_timeout.map(Duration::from_secs),
            read_timeout: self.read_timeout.map(Duration::from_secs),
        })
    }

    fn endpoint(&self, profile: &Profile) -> Result<Endpoint, Failure> {
        let url = self.endpoint.clone().or_else(|| environment::oci_cli("ENDPOINT")).or_else(environment::obol_url);
        if let Some(url) = url {
            // The official command line takes the version at the end of an endpoint as read (contract analytics 6).
            let url = url.trim_end_matches('/');
            return parse_endpoint(url.strip_suffix("/20190331").unwrap_or(url));
        }
        let region = match &self.region {
            Some(region) => region.clone(),
            None => profile.require("region")?,
        };
        Endpoint::analytics_in(&region).map_err(|_| {
            Failure::new(Exit::Usage, format!("`{region}` is no region")).hint("a region looks like us-ashburn-1")
        })
    }

    fn signer(&self, profile: &Profile) -> Result<Signer, Failure> {
        let (pem, source) = profile.key()?;
        let key = PrivateKey::from_pem(pem.expose()).map_err(|error| key_failure(error, &source))?;
        // A profile of `oci session authenticate` has a token and no user; that --auth must be said again is a trap of
        // the official command line (contract analytics 8, row 13).
        let token_file = profile.get("security_token_file");
        let by_token = match self.auth.clone().or_else(|| environment::oci_cli("AUTH")).as_deref() {
            Some("api_key") => false,
            Some("security_token") => true,
            Some(other) => {
                return Err(Failure::new(Exit::Usage, format!("OCI_CLI_AUTH={other} is not supported"))
                    .hint("api_key and security_token are"));
            }
            None => token_file.is_some() && profile.get("user").is_none(),
        };
        if by_token {
            let path = profile.require("security_token_file")?;
            return Ok(Signer::session_token(&secrets::read(&expand(path.as_ref()))?, key));
        }
        let fingerprint: Fingerprint = profile
            .require("fingerprint")?
            .parse()
            .map_err(|error| Failure::new(Exit::Local, "the profile's fingerprint is malformed").because(&error))?;
        if key.public_key().is_ok_and(|public| public.fingerprint() != fingerprint) {
            printer::note(&format!("warning: the key in {source} has another fingerprint than the profile says"));
        }
        Ok(Signer::api_key(&profile.require("tenancy")?, &profile.require("user")?, &fingerprint, key))
    }
}

/// Where `obol why` and `obol clock` go.
#[derive(Debug, Args)]
pub(crate) struct LabOptions {
    /// The dev cloud's URL [OBOL_URL; default: http://127.0.0.1:4620]
    #[arg(long, value_name = "URL", global = true)]
    endpoint: Option<String>,
}

impl LabOptions {
    /// Builds the client of the lab.
    pub(crate) fn lab(&self) -> Result<obol_client::lab::Lab, Failure> {
        let url = self.endpoint.clone().or_else(environment::obol_url);
        let endpoint = parse_endpoint(url.as_deref().unwrap_or("http://127.0.0.1:4620"))?;
        let transport = Transport::new(&endpoint, &transport::Options::default())?;
        Ok(obol_client::lab::Lab::new(transport, endpoint))
    }
}

/// Reads a URL, or says what is wrong with it.
pub(crate) fn parse_endpoint(url: &str) -> Result<Endpoint, Failure> {
    Endpoint::parse(url)
        .map_err(|error| Failure::new(Exit::Usage, format!("`{url}` is no service's URL")).because(&error))
}

/// Reads PEM certificates.
pub(crate) fn read_bundle(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(expand(path))
        .map_err(|error| Failure::new(Exit::Local, format!("{} cannot be read", path.display())).because(&error))
}

/// Reads a token out of a file: bare, or the console's `tokens.tok`.
pub(crate) fn read_token(path: &std::path::Path) -> Result<Secret, Failure> {
    let text = secrets::read(&expand(path))?;
    token_file::read(text.expose())
        .map_err(|error| Failure::new(Exit::Local, format!("{} holds no token", path.display())).because(&error))
}

/// What a look at the token alone says against it, to add to a refusal.
pub(crate) fn token_obstacle(token: &Secret) -> Option<String> {
    match inspection::inspect(token.expose(), obol_client::Outside::now(&System)) {
        Ok(inspection) => inspection.obstacle.map(|obstacle| format!("the token is at fault: {obstacle}")),
        Err(error) => Some(format!("the token is at fault: {error}")),
    }
}

fn key_failure(error: KeyError, source: &str) -> Failure {
    let failure = Failure::new(Exit::Local, format!("{source} holds no usable private key")).because(&error);
    match error {
        KeyError::Pem(_) | KeyError::OtherLabel | KeyError::NotRsa | KeyError::WrongSize => {
            failure.hint("an RSA key of at least 2048 bits without a passphrase is wanted, as PEM (PKCS#1 or PKCS#8)")
        }
    }
}
