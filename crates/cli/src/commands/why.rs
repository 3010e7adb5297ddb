//! `obol why`: the explanation beside a terse refusal.

use std::fmt::Write as _;

use clap::Args;

use crate::{
    connection::LabOptions,
    failure::{Exit, Failure},
    printer,
};

/// Say why a request was refused, by the id its answer carried
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  obol why 4F0C6B1E8A2D4C3F/1A2B3C4D5E6F7081/0F1E2D3C4B5A6978
  obol why 'Q0ApB1o1000000000'

The id is the opc-request-id of an Analytics answer, or the X-ORACLE-DMS-ECID
of a stripe's. A dev cloud keeps the explanations; Oracle Cloud has none.
Exits with 1 when none is recorded under the id.")]
pub(crate) struct Arguments {
    /// The opc-request-id or the ECID
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    lab: LabOptions,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let explanations = arguments.lab.lab()?.explanations(arguments.id.trim())?;
    if explanations.is_empty() {
        return Err(Failure::new(Exit::Refused, "no refusal is recorded under this id")
            .hint("give the whole id of the answer, slashes included"));
    }
    let mut text = String::new();
    for (index, explanation) in explanations.iter().enumerate() {
        if index > 0 {
            text.push_str("\n\n");
        }
        let _ = write!(
            text,
            "check     {}\nexpected  {}\nseen      {}\nfix       {}\nrecorded  {}",
            explanation.check, explanation.expected, explanation.seen, explanation.fix, explanation.recorded_at
        );
    }
    printer::data(&text)
}
