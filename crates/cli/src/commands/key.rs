//! `obol key`: the dev cloud's signing keys, and a rotation to see what a client makes of it.

use clap::{Args, Subcommand};
use obol_client::lab::{Keys, SigningKey};

use crate::{connection::LabOptions, failure::Failure, printer};

/// Show the dev cloud's signing keys, and rotate them
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  obol key list
  obol key rotate
  obol key rotate --ahead 0s

The next key is published at once and signs when its turn has come. The old one
is honoured until the last token it signed is dead. In production the same
happens by itself every 180 days."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    lab: LabOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show each key with where it stands
    #[command(after_help = "Example:\n  obol key list")]
    List,
    /// Publish the next key, and let it sign after a while
    #[command(after_help = "Examples:\n  obol key rotate\n  obol key rotate --ahead 1h")]
    Rotate {
        /// How long it is published before it signs: a number and s, m, h or d
        #[arg(long, value_name = "DURATION", default_value = "10m")]
        ahead: String,
    },
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let lab = arguments.lab.lab()?;
    let keys = match &arguments.command {
        Command::List => lab.keys(),
        Command::Rotate { ahead } => lab.rotate_key(ahead),
    }?;
    printer::data(&spell(&keys))
}

fn spell(keys: &Keys) -> String {
    let line = |key: &SigningKey| match (&*key.phase, &key.at) {
        ("next", Some(at)) => format!("{}  next, signs from {at}", key.thumbprint),
        ("old", Some(until)) => format!("{}  old, honoured until {until}", key.thumbprint),
        (phase, _) => format!("{}  {phase}", key.thumbprint),
    };
    keys.keys.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_says_where_it_stands() {
        let key = |thumbprint: &str, phase: &str, at: Option<&str>| SigningKey {
            thumbprint: thumbprint.into(),
            phase: phase.into(),
            at: at.map(str::to_owned),
        };
        let keys = vec![key("a", "current", None), key("b", "next", Some("t1")), key("c", "old", Some("t2"))];
        assert_eq!(spell(&Keys { keys }), "a  current\nb  next, signs from t1\nc  old, honoured until t2");
    }
}
