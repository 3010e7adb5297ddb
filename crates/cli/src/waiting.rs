//! `--wait` and `--wait-for-state`: progress on standard error, an end when the work has ended, its errors when it
//! failed.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use clap::{Args, builder::PossibleValuesParser};
use indicatif::{ProgressBar, ProgressStyle};
use obol_client::{
    OciClient,
    oci::Reply,
    waiter::{self, Ending, Wait},
};

use crate::{
    failure::{Exit, Failure},
    printer,
};

/// The states of a work request (contract analytics 2).
pub(crate) const STATES: [&str; 6] = ["ACCEPTED", "IN_PROGRESS", "FAILED", "SUCCEEDED", "CANCELING", "CANCELED"];

/// Whether and how long to wait.
#[derive(Debug, Args)]
#[command(next_help_heading = "Waiting")]
pub(crate) struct WaitOptions {
    /// Wait until the work has succeeded
    #[arg(long, conflicts_with = "wait_for_state")]
    wait: bool,
    /// Wait until the work request has this state, and show the work request; may be given more than once
    #[arg(long, value_name = "STATE", ignore_case = true, value_parser = PossibleValuesParser::new(STATES))]
    wait_for_state: Vec<String>,
    /// How long to wait in all
    #[arg(long, value_name = "SECONDS", default_value_t = 1200)]
    max_wait_seconds: u64,
    /// The longest pause between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    wait_interval_seconds: u64,
}

impl WaitOptions {
    /// Whether `--wait` was given, which shows the resource rather than the work request.
    pub(crate) fn until_done(&self) -> bool {
        self.wait
    }

    /// Waits for the work request that an answer names, where that was asked for; gives the work request.
    pub(crate) fn follow(&self, client: &OciClient, reply: &Reply) -> Result<Option<Reply>, Failure> {
        if !self.wait && self.wait_for_state.is_empty() {
            return Ok(None);
        }
        let Some(id) = reply.header("opc-work-request-id") else {
            return Err(Failure::new(Exit::Refused, "the answer names no work request to wait for"));
        };
        let states = if self.wait {
            vec!["SUCCEEDED".to_owned()]
        } else {
            self.wait_for_state.iter().map(|state| state.to_ascii_uppercase()).collect()
        };
        let wanted = Wait {
            states,
            interval: Duration::from_secs(self.wait_interval_seconds),
            longest: Duration::from_secs(self.max_wait_seconds),
        };
        let mut progress = Progress::start(id);
        let ending = waiter::wait(client, id, &wanted, |status, percent| progress.show(status, percent));
        progress.finish();
        match ending? {
            Ending::Reached(work_request) => Ok(Some(work_request)),
            Ending::EndedOtherwise { status, errors, .. } => {
                let failure = Failure::new(Exit::WorkEnded, format!("the work request ended as {status}"));
                let failure =
                    errors.iter().fold(failure, |failure, (code, message)| failure.with(format!("{code}: {message}")));
                Err(failure.hint(format!("obol work-request get --work-request-id {id}")))
            }
            Ending::TimedOut { status } => Err(Failure::new(
                Exit::TimedOut,
                format!("still {status} after {} seconds; the work goes on", self.max_wait_seconds),
            )
            .hint(format!("obol work-request get --work-request-id {id}, or wait longer with --max-wait-seconds"))),
        }
    }
}

/// A line that moves on a terminal; elsewhere one line for each new state.
struct Progress {
    bar: Option<ProgressBar>,
    id: String,
    last: String,
}

impl Progress {
    fn start(id: &str) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, id: id.to_owned(), last: String::new() }
    }

    fn show(&mut self, status: &str, percent: f64) {
        match &self.bar {
            Some(bar) => bar.set_message(format!("{status} {percent:.0} %")),
            None if self.last != status => printer::note(&format!("{status} {percent:.0} %  {}", self.id)),
            None => {}
        }
        status.clone_into(&mut self.last);
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
