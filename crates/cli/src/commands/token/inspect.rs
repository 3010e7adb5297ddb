//! `obol token inspect`: what a token says, without asking anybody.

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use clap::Args;
use obol_client::{
    Outside as _, System,
    inspection::{self, Inspection},
};
use serde_json::{Value, json};

use crate::{
    connection::read_token,
    failure::{Exit, Failure},
    printer,
};

/// Show what an access token says, and whether it would do for creating an Analytics instance
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  obol token inspect tokens.tok
  obol token get | obol token inspect
  obol token inspect --json tokens.tok

Nobody is asked: the signature, and whether the user may still act, are not
checked. Exits with 1 when the token would be refused.")]
pub(crate) struct Arguments {
    /// A file with the token, bare or as the console's tokens.tok; - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    // A token begins like this (contract identity 3.1); the path is not repeated, as it is a secret then.
    if arguments.file.as_os_str().as_encoded_bytes().starts_with(b"eyJ") {
        return Err(Failure::new(Exit::Usage, "a token is no argument: whoever lists the processes would see it")
            .hint("pipe it in, or give the name of a file that holds it"));
    }
    let token = read_token(&arguments.file)?;
    let inspection = inspection::inspect(token.expose(), System.now()).map_err(|error| {
        Failure::new(Exit::Refused, "this is no token").because(&error).with("creating an instance: would be refused")
    })?;
    if arguments.json {
        printer::json(&as_json(&inspection))?;
    } else {
        printer::data(&as_text(&inspection))?;
    }
    if inspection.obstacle.is_some() { Err(Failure::silent(Exit::Refused)) } else { Ok(()) }
}

fn as_json(inspection: &Inspection) -> Value {
    json!({
        "claims": inspection.claims.iter().cloned().collect::<serde_json::Map<_, _>>(),
        "secondsLeft": inspection.left().map_or(0, |left| left.as_secs()),
        "acceptedForCreate": inspection.obstacle.is_none(),
        "reason": inspection.obstacle.as_ref().map(ToString::to_string),
    })
}

fn as_text(inspection: &Inspection) -> String {
    let mut text = String::new();
    let width = inspection.claims.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, value) in &inspection.claims {
        let value = match value {
            Value::String(value) => value.clone(),
            other => other.to_string(),
        };
        // Control characters of a foreign token must not reach the terminal.
        let value: String = value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        let _ = writeln!(text, "{name:width$}  {value}");
    }
    let left = match (inspection.left(), inspection.expires) {
        (Some(left), Some(ends)) => format!("{}, until {ends}", spell(left)),
        (None, Some(ends)) => format!("none, it ended at {ends}"),
        (_, None) => "it does not say".to_owned(),
    };
    let _ = writeln!(text, "\ntime left: {left}");
    let _ = match &inspection.obstacle {
        None => write!(text, "creating an instance: would be accepted, if its signature is good and its user may act"),
        Some(obstacle) => write!(text, "creating an instance: would be refused, {obstacle}"),
    };
    text
}

fn spell(left: Duration) -> String {
    let seconds = left.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_spelled_for_people() {
        assert_eq!(spell(Duration::from_secs(59)), "59 s");
        assert_eq!(spell(Duration::from_secs(3599)), "59 min 59 s");
        assert_eq!(spell(Duration::from_mins(25 * 60 + 1)), "25 h 1 min");
    }
}
