//! How a command fails: what happened, why, what to do, and an exit code that means something.

use std::{error::Error, fmt, process::ExitCode};

use obol_client::{CallError, TransportError, lab::LabError, token::TokenError};

/// The exit codes, as `obol --help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: nothing went wrong.
    Done,
    /// 1: the service refused, or the answer to the question is no.
    Refused,
    /// 2: wrong usage.
    Usage,
    /// 3: the work request ended, but not as wanted.
    WorkEnded,
    /// 4: the wait was too long.
    TimedOut,
    /// 5: the service could not be reached.
    Unreachable,
    /// 6: a file, profile, key or secret here cannot be used.
    Local,
}

/// A failed command. Printed as `error:`, its causes, and a `hint:`; printed not at all when it has no text.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    what: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// Says what happened.
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), causes: Vec::new(), hint: None }
    }

    /// Ends the command without a word.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// Adds an error and all that stands behind it.
    pub(crate) fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }

    /// Adds a line of detail.
    pub(crate) fn with(mut self, detail: impl Into<String>) -> Self {
        self.causes.push(detail.into());
        self
    }

    /// Says what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The process' exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.exit {
            Exit::Done => 0,
            Exit::Refused => 1,
            Exit::Usage => 2,
            Exit::WorkEnded => 3,
            Exit::TimedOut => 4,
            Exit::Unreachable => 5,
            Exit::Local => 6,
        })
    }

    fn of_error(exit: Exit, error: &(dyn Error + 'static)) -> Self {
        let failure = Self::new(exit, error.to_string());
        match error.source() {
            Some(source) => failure.because(source),
            None => failure,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.what.is_empty() {
            return Ok(());
        }
        write!(f, "error: {}", self.what)?;
        for cause in &self.causes {
            write!(f, "\n  {cause}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        let hint = match &error {
            TransportError::NoCertificate => Some("--cert-bundle wants a PEM file with at least one certificate"),
            TransportError::HostUnknown(_) => Some("check the URL or the region"),
            TransportError::Refused(..) => Some("check the URL; is the server running? `obol up` starts one here"),
            TransportError::TimedOut(_) => Some("check the URL and any proxy on the way; --read-timeout waits longer"),
            TransportError::Tls(..) => {
                Some("for a server with a certificate of its own, give its authority with --cert-bundle")
            }
            TransportError::Broken(..) => None,
        };
        let exit = match &error {
            TransportError::NoCertificate => Exit::Local,
            TransportError::HostUnknown(_)
            | TransportError::Refused(..)
            | TransportError::TimedOut(_)
            | TransportError::Tls(..)
            | TransportError::Broken(..) => Exit::Unreachable,
        };
        let failure = Self::of_error(exit, &error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Transport(error) => error.into(),
            CallError::Service(error) => {
                let failure = Self::new(Exit::Refused, error.to_string());
                match &error.request_id {
                    Some(id) => failure
                        .with(format!("opc-request-id: {id}"))
                        .hint(format!("where Obol answered, `obol why {id}` says which check it was and what to do")),
                    None => failure,
                }
            }
            error @ (CallError::Signing(_) | CallError::Header(_)) => Self::of_error(Exit::Local, &error),
            error @ CallError::NotJson(..) => Self::of_error(Exit::Refused, &error).hint("is this the right endpoint?"),
        }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Transport(error) => error.into(),
            TokenError::NotATokenEndpoint { .. } => Self::new(Exit::Refused, error.to_string())
                .hint("check the stripe URL: https://idcs-<32 hex>.identity.oraclecloud.com, or OBOL_STRIPE_URL"),
            TokenError::Refused { ref ecid, .. } => {
                let failure = Self::new(Exit::Refused, error.to_string());
                match ecid {
                    Some(ecid) => failure.with(format!("X-ORACLE-DMS-ECID: {ecid}")).hint(format!(
                        "where Obol answered, `obol why '{ecid}'` says which check it was and what to do"
                    )),
                    None => failure,
                }
            }
        }
    }
}

impl From<LabError> for Failure {
    fn from(error: LabError) -> Self {
        match error {
            LabError::Transport(error) => error.into(),
            LabError::NotALab { .. } => Self::new(Exit::Refused, error.to_string())
                .hint("OBOL_URL must name a dev cloud that `obol up` started"),
            LabError::Refused { .. } => Self::new(Exit::Refused, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_error_causes_hint() {
        let failure = Failure::new(Exit::Local, "no").because(&std::io::Error::other("why")).hint("do");
        assert_eq!(failure.to_string(), "error: no\n  why\nhint: do");
        assert_eq!(Failure::silent(Exit::Refused).to_string(), "");
    }
}
