//! `obol audit`: the audit trails of a database, verified and exported, whether a server runs on it or not.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use obol_server::audit::{self, AuditError, Followed, Source};

use crate::{
    environment,
    failure::{Exit, Failure},
    printer,
};

/// Verify and export the audit trail: every change, sign-in and refusal of a stripe
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  obol audit verify
  obol audit export > trail.ndjson
  obol audit verify --database-url postgres://obol@127.0.0.1/obol --master-key-file /etc/obol/master.key"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Follow the trail from end to end; exits with 1 where a record was changed, put in or taken away
    #[command(after_help = "Example:\n  obol audit verify")]
    Verify(Where),
    /// Print the trail, one JSON object a line, and verify it; keep a copy where the server cannot write
    #[command(after_help = "Example:\n  obol audit export > trail.ndjson")]
    Export(Where),
}

#[derive(Debug, Args)]
struct Where {
    /// A data directory, for its database and master key
    #[arg(long, value_name = "DIR", default_value = "obol-data")]
    data_dir: PathBuf,
    /// A SQLite file or postgres://…; without it OBOL_DATABASE_URL, or obol.db in the data directory
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// The master key that the database was made with; without it master.key in the data directory
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// One stripe, by its name; without it all of them
    #[arg(long, value_name = "NAME")]
    stripe: Option<String>,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Local, "no threads can be started").because(&error))?;
    match arguments.command {
        Command::Verify(place) => {
            let followed = runtime.block_on(audit::follow(&source(place), drop)).map_err(|error| unread(&error))?;
            for Followed { stripe, outcome } in &followed {
                if let Ok(count) = outcome {
                    printer::data(&format!("{stripe}: {count} records, each as it was written"))?;
                }
            }
            whole(&followed)
        }
        Command::Export(place) => {
            let mut printed = Ok(());
            let print = |line: String| {
                if printed.is_ok() {
                    printed = printer::data(&line);
                }
            };
            let followed = runtime.block_on(audit::follow(&source(place), print)).map_err(|error| unread(&error))?;
            printed?;
            whole(&followed)
        }
    }
}

fn source(place: Where) -> Source {
    let Where { data_dir, database_url, master_key_file, stripe } = place;
    let database_url = database_url.or_else(environment::database_url);
    Source {
        database_url: database_url.unwrap_or_else(|| data_dir.join("obol.db").display().to_string()),
        master_key_file: master_key_file.unwrap_or_else(|| data_dir.join("master.key")),
        stripe,
    }
}

/// Fails with the first trail that does not hold.
fn whole(followed: &[Followed]) -> Result<(), Failure> {
    let broken = followed.iter().find_map(|Followed { stripe, outcome }| Some((stripe, outcome.err()?)));
    match broken {
        None => Ok(()),
        Some((stripe, broken)) => {
            Err(Failure::new(Exit::Refused, format!("the trail of {stripe} does not hold: {broken}"))
                .hint("compare it with a copy that was exported before"))
        }
    }
}

fn unread(error: &AuditError) -> Failure {
    let exit = match error {
        AuditError::Open(error) => super::up::exit_of(error),
        AuditError::UnknownStripe(_) => Exit::Usage,
        AuditError::NoDatabase(_) | AuditError::KeyFile { .. } | AuditError::WrongKey(_) | AuditError::Store(_) => {
            Exit::Local
        }
    };
    Failure::new(exit, format!("{error}; {}", error.hint()))
}
