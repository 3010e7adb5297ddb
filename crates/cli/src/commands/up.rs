//! `obol up`: the dev cloud, and on its first start the whole way from a tenancy to a running Analytics instance.
//!
//! The seed is the server's. The rest of the way is walked here with the client library, through the public interfaces,
//! as anyone else would.

mod walk;

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use obol_server::dev::{
    DevCloud, Durations, OpenError, OperationType, Options, Safety, StartError, Tier, Vocabulary as _,
};

use super::signals::Signals;
use crate::{
    environment,
    failure::{Exit, Failure},
    printer,
};

/// Start the dev cloud; on the first start walk the whole way from a tenancy to a running instance
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  obol up
  obol up --listen 127.0.0.1:0 --data-dir scratch --once
  obol up --database-url postgres://obol@127.0.0.1/obol

The data directory gets dev.env (shell exports), oci_config and api_key.pem (for the official command line) and
tokens.tok, readable by you alone.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct Up {
    /// The loopback address to listen on, an IP address and a port; port 0 picks a free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:4620", value_parser = address)]
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
    /// How long it takes for one operationType of work requests, in place of --provisioning; may be repeated
    #[arg(long, value_name = "TYPE=DURATION", value_parser = duration_of)]
    provisioning_of: Vec<(OperationType, Duration)>,
    /// Let the tenancy have any number of instances, instead of Oracle's default limits (40 OCPUs of
    /// ENTERPRISE_ANALYTICS, 4 of SELF_SERVICE_ANALYTICS, 200 users of each)
    #[arg(long)]
    no_limits: bool,
    /// Serve the stripe's public signing key to everybody, not only with a token (the stripe keeps the setting)
    #[arg(long)]
    public_signing_cert: bool,
    /// Refuse requests beyond Oracle's limits for a kind of domain, with 429: free, oracle-apps, oracle-apps-premium,
    /// premium or external; without it nothing is limited
    #[arg(long, value_name = "TIER")]
    rate_limits: Option<Tier>,
    /// Check a password anew for every token, also where the same one was right less than a minute ago
    #[arg(long)]
    no_memo: bool,
    /// Log to standard error, as JSON lines: error, warn, info (each request), debug
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: tracing::Level,
}

/// Runs the dev cloud until it is told to stop.
pub(crate) fn run(up: Up) -> Result<(), Failure> {
    obol_server::telemetry::start(up.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Local, "no threads can be started").because(&error))?;
    let outcome = runtime.block_on(serve(up));
    // The walk's thread may still wait for a work request; an exit does not wait for it.
    runtime.shutdown_background();
    outcome
}

async fn serve(up: Up) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let options = Options {
        listen: up.listen,
        data_dir: up.data_dir,
        database_url: up.database_url.or_else(environment::database_url),
        fresh: up.fresh,
        provisioning: up
            .provisioning_of
            .into_iter()
            .fold(Durations::all(up.provisioning), |durations, (kind, duration)| durations.with(kind, duration)),
        no_limits: up.no_limits,
        public_signing_cert: up.public_signing_cert,
        safety: Safety { password_memo: !up.no_memo, rate_limits: up.rate_limits },
    };
    let cloud = DevCloud::start(options).await.map_err(|error| not_started(&error))?;
    let walked = tokio::select! {
        walked = walk::walk(&cloud) => walked,
        () = signals.told_to_stop() => {
            cloud.stop().await;
            let unfinished = Failure::new(Exit::Refused, "stopped during the walk").hint("the next start finishes it");
            return if up.once { Err(unfinished) } else { printer::note("Stopped during the walk; the next start finishes it."); Ok(()) };
        }
    };
    if !up.once {
        if let Err(failure) = &walked {
            printer::note(&failure.to_string());
        }
        say(&format!("\nListening on {}. Stop with Ctrl-C.", cloud.url));
        signals.told_to_stop().await;
    }
    cloud.stop().await;
    if up.once { walked } else { Ok(()) }
}

/// What stands in the way, where, and what to do, in one line.
fn not_started(error: &StartError) -> Failure {
    let exit = match error {
        StartError::NotLoopback(_) => Exit::Usage,
        StartError::Open(error) => exit_of(error),
        StartError::Bind(_)
        | StartError::DataDir(_)
        | StartError::Store(_)
        | StartError::Mismatch { .. }
        | StartError::Missing { .. }
        | StartError::Seed(_) => Exit::Local,
    };
    Failure::new(exit, format!("{error}; {}", error.hint()))
}

/// How a command ends whose database cannot be used.
pub(super) const fn exit_of(error: &OpenError) -> Exit {
    match error {
        OpenError::Url | OpenError::Tls => Exit::Usage,
        OpenError::Server { .. } => Exit::Unreachable,
        OpenError::File { .. }
        | OpenError::Foreign { .. }
        | OpenError::InUse { .. }
        | OpenError::Engine { .. }
        | OpenError::Migration { .. } => Exit::Local,
    }
}

/// The narration is what this command is for: it goes to standard output. A closed pipe is no error.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "give an IP address and a port, such as 127.0.0.1:4620 or [::1]:4620".to_owned())
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

fn duration_of(text: &str) -> Result<(OperationType, Duration), String> {
    let (kind, length) =
        text.split_once('=').ok_or("give an operationType and a duration, such as STOP_ANALYTICS_INSTANCE=5s")?;
    let kind = OperationType::any_case(kind)
        .ok_or_else(|| format!("the operationType is one of {}", OperationType::spellings()))?;
    Ok((kind, duration(length)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_work_may_have_its_own_duration() {
        let minute = Ok((OperationType::StopAnalyticsInstance, Duration::from_mins(1)));
        assert_eq!(duration_of("stop_analytics_instance=1m"), minute);
        for text in
            ["", "=1m", "STOP=1m", "STOP_ANALYTICS_INSTANCE", "STOP_ANALYTICS_INSTANCE=", "STOP_ANALYTICS_INSTANCE=1"]
        {
            assert!(duration_of(text).is_err(), "{text}");
        }
    }

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
