//! `obol token get`: an access token by the user's password, from any stripe (contract identity 2.2).

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use obol_client::{
    Secret, Transport,
    token::{self, IssuedToken, PasswordGrant, USER_ME},
    token_file, transport,
};

use crate::{
    connection::{parse_endpoint, read_bundle},
    environment,
    failure::{Exit, Failure},
    printer, secrets,
};

/// Get an access token with a user's name and password
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  . obol-data/dev.env && obol token get
  obol token get --output tokens.tok --output-file tokens.tok
  obol token get --output header | curl -H @- \"$OBOL_STRIPE_URL/admin/v1/Me\"
  obol token get --stripe-url https://idcs-0123.identity.oraclecloud.com \\
    --client-id 4f3a --client-secret-file secret --username me@example.com

The secret and the password are never options: whoever lists the machine's
processes would see them. They are read from a file, from standard input (-),
from OBOL_CLIENT_SECRET and OBOL_PASSWORD, or asked for.")]
pub(crate) struct Arguments {
    /// The stripe's URL [OBOL_STRIPE_URL]
    #[arg(long, value_name = "URL")]
    stripe_url: Option<String>,
    /// The confidential application's client id [OBOL_CLIENT_ID]
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// The file with its secret, - for standard input [OBOL_CLIENT_SECRET]
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    /// Read the secret from standard input
    #[arg(long, conflicts_with = "client_secret_file")]
    client_secret_stdin: bool,
    /// The user's name [OBOL_USERNAME]
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// The file with the user's password, - for standard input [OBOL_PASSWORD]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Read the password from standard input
    #[arg(long, conflicts_with_all = ["password_file", "client_secret_stdin"])]
    password_stdin: bool,
    /// The scopes to ask for, separated by spaces
    #[arg(long, value_name = "SCOPES", default_value = USER_ME)]
    scope: String,
    /// What to print
    #[arg(long, value_enum, default_value_t = Output::Bare)]
    output: Output,
    /// Write it to a file that you alone can read, instead of printing it
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// PEM certificates to trust instead of the public ones [OCI_CLI_CERT_BUNDLE]
    #[arg(long, value_name = "FILE")]
    cert_bundle: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Output {
    /// The token alone
    Bare,
    /// An Authorization header
    Header,
    /// The token endpoint's answer
    Json,
    /// The file that the console downloads
    #[value(name = "tokens.tok")]
    TokensTok,
}

/// Runs the command.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let needed = |value: Option<String>, variable: Option<String>, option: &str, name: &str| {
        value.or(variable).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("no {name}"))
                .hint(format!("give {option}, or source the dev.env that `obol up` wrote"))
        })
    };
    let url =
        needed(arguments.stripe_url, environment::stripe_url(), "--stripe-url or OBOL_STRIPE_URL", "URL of a stripe")?;
    let client_id =
        needed(arguments.client_id, environment::client_id(), "--client-id or OBOL_CLIENT_ID", "client id")?;
    let username = needed(arguments.username, environment::username(), "--username or OBOL_USERNAME", "user name")?;
    let secret_file = arguments.client_secret_file.or_else(|| arguments.client_secret_stdin.then(|| "-".into()));
    let password_file = arguments.password_file.or_else(|| arguments.password_stdin.then(|| "-".into()));
    if secret_file.as_deref() == Some("-".as_ref()) && password_file == secret_file {
        return Err(Failure::new(Exit::Usage, "standard input holds either the secret or the password, not both"));
    }
    let stripe = parse_endpoint(&url)?;
    let bundle = arguments.cert_bundle.or_else(|| environment::oci_cli("CERT_BUNDLE").map(PathBuf::from));
    let options =
        transport::Options { ca_pem: bundle.map(|path| read_bundle(&path)).transpose()?, ..Default::default() };
    let grant = PasswordGrant {
        client_id,
        client_secret: secrets::choose(
            "client secret",
            secret_file.as_deref(),
            environment::client_secret(),
            "give --client-secret-file, --client-secret-stdin or OBOL_CLIENT_SECRET",
        )?,
        username,
        password: secrets::choose(
            "password",
            password_file.as_deref(),
            environment::password(),
            "give --password-file, --password-stdin or OBOL_PASSWORD",
        )?,
        scope: arguments.scope,
        stripe,
    };
    let token = token::request(&Transport::new(&grant.stripe, &options)?, &grant)?;
    let text = spell(&token, arguments.output);
    match arguments.output_file {
        Some(path) => secrets::write(&path, &text),
        None => printer::data(text.expose()),
    }
}

fn spell(token: &IssuedToken, output: Output) -> Secret {
    let bare = token.access_token.expose();
    match output {
        Output::Bare => token.access_token.clone(),
        Output::Header => Secret::new(format!("Authorization: Bearer {bare}")),
        Output::Json => Secret::new(format!(
            "{{\"access_token\":{},\"token_type\":{},\"expires_in\":{}}}",
            serde_json::Value::from(bare),
            serde_json::Value::from(token.token_type.as_str()),
            token.expires_in
        )),
        Output::TokensTok => token_file::spell(&token.access_token),
    }
}
