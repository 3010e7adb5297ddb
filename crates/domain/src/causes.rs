//! An error with everything behind it, for a log line: a log in JSON shows no more of an error than its own text, and the
//! text of ours does not repeat its source.

use std::error::Error;

/// The error's text and those of its causes, outermost first, with colons between them.
pub fn with_causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        next = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Layer {
        #[error("disk full")]
        Inner,
        #[error("not written")]
        Outer(#[source] Box<Self>),
    }

    #[test]
    fn every_cause_is_told_in_one_line() {
        let error = Layer::Outer(Box::new(Layer::Outer(Box::new(Layer::Inner))));
        assert_eq!(with_causes(&error), "not written: not written: disk full");
        assert_eq!(with_causes(&Layer::Inner), "disk full");
    }
}
