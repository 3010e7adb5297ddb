//! `cargo xtask bench`: Obol beside the floor it stands on, in one run on one machine.

use anyhow::{Result, bail};

/// Runs the measurements and prints them as ratios and counts.
pub fn run(_arguments: &[String]) -> Result<()> {
    bail!("nothing is measured yet")
}
