//! Everything that is printed goes through here: data to standard output, narration to standard error.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use serde_json::Value;

use crate::failure::{Exit, Failure};

/// Prints data, with a new line at the end. Whoever closed the pipe has seen enough, which is success.
pub(crate) fn data(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::silent(Exit::Done)),
        Err(error) => Err(Failure::new(Exit::Local, "standard output cannot be written").because(&error)),
    }
}

/// Prints JSON as the official command line does: two spaces, sorted keys (contract analytics 6.2).
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    data(&serde_json::to_string_pretty(&sorted(value)).unwrap_or_default())
}

/// Prints a line of narration. Nobody is told when nobody can be.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Asks a question that is answered with y or n; `None` when there is nobody to answer.
pub(crate) fn confirm(question: &str) -> Option<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return None;
    }
    let mut err = io::stderr().lock();
    write!(err, "{question} [y/N]: ").and_then(|()| err.flush()).ok()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).ok()?;
    Some(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes"))
}

/// Sorted whatever order the JSON library keeps.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            Value::Object(members.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}
