//! `obol up`: the dev cloud, and on its first start the whole way from a tenancy to a running Analytics instance.
//!
//! The seed is the server's. The rest of the way is walked here with the client library, through the public interfaces,
//! as anyone else would.

mod walk;

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use obol_server::dev::{DevCloud, Options};
use tokio::signal::unix::{SignalKind, signal};

use crate::environment;

/// Start the dev cloud; on the first start walk the whole way from a tenancy to a running instance
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  obol up
  obol up --listen 127.0.0.1:0 --data-dir /tmp/obol --once
  obol up --database-url postgres://obol@127.0.0.1/obol

The data directory gets dev.env (shell exports), oci_config and api_key.pem (for the official command line) and
tokens.tok, readable by you alone.")]
pub struct Up {
    /// The loopback address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4620")]
    listen: SocketAddr,
    /// Where the files go
    #[arg(long, value_name = "DIR", default_value = "obol-data")]
    data_dir: PathBuf,
    /// A SQLite file or postgres://…; without it OBOL_DATABASE_URL, or obol.db in the data directory
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Walk, then exit; with success only if every step succeeded
    #[arg(long)]
    once: bool,
    /// Forget what an earlier start left, the database included
    #[arg(long)]
    fresh: bool,
    /// How long simulated provisioning takes, e.g. 500ms or 2s
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = duration)]
    provisioning: Duration,
    /// Let the tenancy have any number of instances, instead of Oracle's default limits (40 OCPUs)
    #[arg(long)]
    no_limits: bool,
    /// Log to standard error, as JSON lines: error, warn, info (each request), debug
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: tracing::Level,
}

/// Runs the dev cloud until it is told to stop.
pub fn run(up: Up) -> anyhow::Result<ExitCode> {
    obol_server::telemetry::start(up.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads")?;
    let code = runtime.block_on(serve(up));
    // The walk's thread may still wait for a work request; an exit does not wait for it.
    runtime.shutdown_background();
    code
}

/// How the walk ended.
enum Walked {
    Whole,
    Failed,
    Stopped,
}

async fn serve(up: Up) -> anyhow::Result<ExitCode> {
    // Before anything else, so that a signal during the start is not lost.
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let mut told_to_stop = async || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let options = Options {
        listen: up.listen,
        data_dir: up.data_dir,
        database_url: up.database_url.or_else(environment::database_url),
        fresh: up.fresh,
        provisioning: up.provisioning,
        no_limits: up.no_limits,
    };
    let cloud = match DevCloud::start(options).await {
        Ok(cloud) => cloud,
        Err(error) => {
            complain(&format!("error: {error}; {}", error.hint()));
            return Ok(ExitCode::FAILURE);
        }
    };
    let walked = tokio::select! {
        walked = walk(&cloud) => walked,
        () = told_to_stop() => Walked::Stopped,
    };
    let code = match (walked, up.once) {
        (Walked::Whole, true) | (Walked::Stopped, false) => ExitCode::SUCCESS,
        (Walked::Failed | Walked::Stopped, true) => ExitCode::FAILURE,
        (Walked::Whole | Walked::Failed, false) => {
            say(&format!("\nListening on {}. Stop with Ctrl-C.", cloud.url));
            told_to_stop().await;
            ExitCode::SUCCESS
        }
    };
    cloud.stop().await;
    Ok(code)
}

/// Tells what the seed is, and walks the rest of the way on a thread of its own: the client library blocks.
async fn walk(cloud: &DevCloud) -> Walked {
    match walk::walk(cloud).await {
        Ok(()) => Walked::Whole,
        Err(error) => {
            complain(&format!(
                "error: {error:#}\nhint: obol why REQUEST-ID tells why a request was refused; --fresh starts over"
            ));
            Walked::Failed
        }
    }
}

/// The narration is what this command is for: it goes to standard output. A closed pipe is no error.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(split);
    let count: u32 = count.parse().map_err(|_| "give a number and a unit, such as 500ms or 2s".to_owned())?;
    match unit {
        "ms" => Ok(Duration::from_millis(count.into())),
        "s" => Ok(Duration::from_secs(count.into())),
        "m" => Ok(Duration::from_secs(u64::from(count) * 60)),
        _ => Err("the unit is ms, s or m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("1m"), Ok(Duration::from_mins(1)));
        for text in ["", "2", "s", "2h", "-2s", "2 s", "99999999999s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
