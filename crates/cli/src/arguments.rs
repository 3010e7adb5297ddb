//! The tree of commands. Each command's options stand in its own file.

use clap::{Parser, Subcommand};

use crate::commands::{analytics_instance, audit, clock, fault, key, serve, token, up, why, work_request};

/// Access tokens and Analytics instances, on your machine and in Oracle Cloud
#[derive(Debug, Parser)]
#[command(
    name = "obol",
    version,
    arg_required_else_help = true,
    after_help = "Examples:
  obol up
  . obol-data/dev.env
  obol token get --output tokens.tok --output-file tokens.tok
  obol analytics-instance list --config-file obol-data/oci_config --all

Exit codes:
  0  done
  1  the service refused, or the answer to the question is no
  2  wrong usage
  3  the work request ended, but not as wanted
  4  the wait was too long
  5  the service could not be reached
  6  a file, profile, key or secret here cannot be used"
)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Up(up::Up),
    Serve(serve::Serve),
    Token(token::Arguments),
    AnalyticsInstance(analytics_instance::Arguments),
    WorkRequest(work_request::Arguments),
    Why(why::Arguments),
    Audit(audit::Arguments),
    Clock(clock::Arguments),
    Fault(fault::Arguments),
    Key(key::Arguments),
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_tree_is_sound() {
        Arguments::command().debug_assert();
    }

    fn describe(command: &mut clap::Command, path: &str, tree: &mut String) {
        if command.get_name() == "help" {
            return;
        }
        let path =
            if path.is_empty() { command.get_name().to_owned() } else { format!("{path} {}", command.get_name()) };
        // A fixed width, so that the terminal of whoever runs the test does not matter.
        let help = std::mem::take(command).term_width(100);
        *command = help;
        write!(tree, "=== {path} --help\n{}\n", command.render_long_help()).unwrap();
        let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
        for name in names {
            describe(command.find_subcommand_mut(&name).unwrap(), &path, tree);
        }
    }

    #[test]
    fn the_help_tree_is_the_reviewed_one() {
        let mut tree = String::new();
        let mut command = Arguments::command();
        command.build();
        describe(&mut command, "", &mut tree);
        insta::assert_snapshot!("help", tree);
    }

    #[test]
    fn every_help_has_an_example() {
        fn check(command: &clap::Command) {
            if command.get_name() != "help" {
                let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(text.contains("Example"), "{}", command.get_name());
                command.get_subcommands().for_each(check);
            }
        }
        check(&Arguments::command());
    }

    #[test]
    fn no_option_takes_a_secret() {
        // A secret on the command line can be read by everybody on the machine.
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                let secret = ["password", "secret", "token", "passphrase"].iter().any(|word| name.contains(word));
                let by_way = name.ends_with("_file") || name.ends_with("_stdin") || name.ends_with("_prompt");
                assert!(!secret || by_way, "{} --{name}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }
}
