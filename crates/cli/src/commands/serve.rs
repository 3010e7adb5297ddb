//! `obol serve`: the production server.

use std::path::PathBuf;

use clap::Args;
use obol_server::serve::{Config, ConfigError, ServeError, Server};

use super::signals::Signals;
use crate::{
    environment,
    failure::{Exit, Failure},
    printer,
};

/// Serve in production: no seed, no movable clock, TLS unless a proxy ends it
#[derive(Debug, Args)]
#[command(after_help = "Example:
  obol serve --config obol.toml

The configuration:
  listen = \"0.0.0.0:443\"
  public_url = \"https://identity.example.com\"      # a stripe is https://idcs-<32 hex>.identity.example.com
  database_url = \"postgres://obol@127.0.0.1/obol\"  # or OBOL_DATABASE_URL; any number of nodes share one PostgreSQL
  master_key_file = \"/etc/obol/master.key\"         # what the database was made with
  region = \"us-ashburn-1\"
  provisioning_seconds = 2                         # provisioning is simulated
  rate_limits = \"premium\"                          # 429 beyond these; without it no limits
  password_memo = true                             # skip Argon2id for a minute after it
  behind_proxy = false                             # true where a proxy ends TLS
  [tls]                                            # where TLS ends here
  certificate_file = \"/etc/obol/tls.pem\"           # the server's certificate first
  private_key_file = \"/etc/obol/tls.key\"")]
pub(crate) struct Serve {
    /// The configuration, in TOML
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Log to standard error, as JSON lines: error, warn, info (each request), debug
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log: tracing::Level,
}

/// Runs the server until it is told to stop.
pub(crate) fn run(serve: &Serve) -> Result<(), Failure> {
    let config =
        Config::read(&serve.config, environment::database_url()).map_err(|error| not_started(&error.into()))?;
    obol_server::telemetry::start(serve.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Local, "no threads can be started").because(&error))?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let server = Server::start(config).await.map_err(|error| not_started(&error))?;
        printer::note(&format!("Serving on {}.", server.address));
        signals.told_to_stop().await;
        server.stop().await;
        Ok(())
    })
}

/// What stands in the way, where, and what to do, in one line.
fn not_started(error: &ServeError) -> Failure {
    let exit = match error {
        ServeError::Config(ConfigError::File { .. })
        | ServeError::Bind(_)
        | ServeError::Tls(_)
        | ServeError::KeyFile { .. }
        | ServeError::WrongKey(_)
        | ServeError::Store(_)
        | ServeError::Empty => Exit::Local,
        ServeError::Config(_) => Exit::Usage,
        ServeError::Open(error) => super::up::exit_of(error),
    };
    Failure::new(exit, format!("{error}; {}", error.hint()))
}
