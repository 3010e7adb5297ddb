//! Waiting for a work request. The official waiter compares with the wanted states only, so that a wait for SUCCEEDED
//! spins on a FAILED one until its time is up (contract analytics 8, row 10); this one ends when the work has.

use std::time::Duration;

use serde_json::Value;

use crate::{
    analytics,
    oci::{CallError, OciClient, Reply},
};

/// The first pause between two polls; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// States that do not change any more (contract analytics 5.2).
const ENDED: [&str; 3] = ["SUCCEEDED", "FAILED", "CANCELED"];

/// What is waited for, and how long.
#[derive(Debug, Clone)]
pub struct Wait {
    /// The states that end the wait well, in upper case.
    pub states: Vec<String>,
    /// The longest pause between two polls.
    pub interval: Duration,
    /// The longest wait in all.
    pub longest: Duration,
}

/// How a wait ended.
#[derive(Debug, Clone)]
pub enum Ending {
    /// A wanted state was seen.
    Reached(Reply),
    /// The work ended in another state.
    EndedOtherwise {
        /// The work request.
        work_request: Reply,
        /// Its state.
        status: String,
        /// Its errors, oldest first: code and message.
        errors: Vec<(String, String)>,
    },
    /// The time was up first.
    TimedOut {
        /// The state last seen.
        status: String,
    },
}

/// Polls a work request until its state is one of those wanted, or does not change any more, or the time is up.
/// `progress` hears the state and the percentage of each poll.
pub fn wait(
    client: &OciClient,
    id: &str,
    wait: &Wait,
    mut progress: impl FnMut(&str, f64),
) -> Result<Ending, CallError> {
    let begun = client.outside().now();
    let mut pause = FIRST_PAUSE;
    loop {
        let reply = analytics::get_work_request(client, id)?;
        let status = reply.data.get("status").and_then(Value::as_str).unwrap_or_default().to_owned();
        progress(&status, reply.data.get("percentComplete").and_then(Value::as_f64).unwrap_or_default());
        if wait.states.contains(&status) {
            return Ok(Ending::Reached(reply));
        }
        if ENDED.contains(&status.as_str()) {
            // What went wrong is worth a call; that this call fails must not hide that the work did.
            let errors = analytics::list_work_request_errors(client, id).map(|reply| errors(&reply.data));
            return Ok(Ending::EndedOtherwise { work_request: reply, status, errors: errors.unwrap_or_default() });
        }
        let left = wait.longest.saturating_sub(client.outside().now().since(begun));
        if left.is_zero() {
            return Ok(Ending::TimedOut { status });
        }
        client.outside().pause(pause.min(wait.interval).min(left));
        pause = pause.saturating_mul(2);
    }
}

fn errors(list: &Value) -> Vec<(String, String)> {
    let text = |error: &Value, name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    list.as_array()
        .map(|errors| errors.iter().map(|error| (text(error, "code"), text(error, "message"))).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::{Moved, Recorder, client};

    fn work_request(status: &'static str) -> (u16, &'static str, String) {
        (200, "", format!("{{\"id\":\"w\",\"status\":\"{status}\",\"percentComplete\":10.0}}"))
    }

    fn run(
        answers: Vec<(u16, &'static str, String)>,
        states: &[&str],
        longest: u64,
    ) -> (Ending, Vec<String>, Recorder) {
        let recorder = Recorder::new(answers);
        let wanted = Wait {
            states: states.iter().map(|state| (*state).to_owned()).collect(),
            interval: Duration::from_secs(30),
            longest: Duration::from_secs(longest),
        };
        let mut seen = Vec::new();
        let ending = wait(&client(&recorder, Moved::default()), "w", &wanted, |status, _| seen.push(status.to_owned()));
        (ending.unwrap(), seen, recorder)
    }

    #[test]
    fn a_wait_ends_in_the_wanted_state() {
        let answers = vec![work_request("ACCEPTED"), work_request("IN_PROGRESS"), work_request("SUCCEEDED")];
        let (ending, seen, _) = run(answers, &["SUCCEEDED"], 1200);
        assert!(matches!(ending, Ending::Reached(_)));
        assert_eq!(seen, ["ACCEPTED", "IN_PROGRESS", "SUCCEEDED"]);
    }

    #[test]
    fn a_wait_ends_at_once_when_the_work_failed() {
        // Contract analytics 8, rows 10 and 11.
        let errors = (200, "", r#"[{"code":"InternalError","message":"no capacity","timestamp":"x"}]"#.to_owned());
        let (ending, _, recorder) = run(vec![work_request("FAILED"), errors], &["SUCCEEDED"], 1200);
        let Ending::EndedOtherwise { status, errors, .. } = ending else { panic!("{ending:?}") };
        assert_eq!(status, "FAILED");
        assert_eq!(errors, [("InternalError".to_owned(), "no capacity".to_owned())]);
        assert_eq!(recorder.requests().len(), 2);
    }

    #[test]
    fn failed_can_be_what_is_waited_for() {
        let (ending, ..) = run(vec![work_request("FAILED")], &["SUCCEEDED", "FAILED"], 1200);
        assert!(matches!(ending, Ending::Reached(_)));
    }

    #[test]
    fn a_wait_ends_when_its_time_is_up() {
        // Pauses of 0.25, 0.5 and 0.25 seconds.
        let answers = (0..4).map(|_| work_request("IN_PROGRESS")).collect();
        let (ending, seen, _) = run(answers, &["SUCCEEDED"], 1);
        assert!(matches!(ending, Ending::TimedOut { status } if status == "IN_PROGRESS"));
        assert_eq!(seen.len(), 4);
    }
}
