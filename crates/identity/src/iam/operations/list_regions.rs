//! ListRegions: all of Oracle's, whichever are played here.

use obol_protocol::iam::region;

use super::{Answer, Refusal};

pub(super) fn run() -> Result<Answer, Refusal> {
    Answer::json(&region::all().collect::<Vec<_>>())
}
