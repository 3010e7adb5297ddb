//! `obol`: the dev cloud, and the command line for Obol and Oracle Cloud alike.
//!
//! Standard output is data and nothing else; narration, progress and errors go to standard error. A client command
//! starts no runtime and no logging: it reads its options, makes its calls and ends.

mod arguments;
mod commands;
mod connection;
mod environment;
mod failure;
mod paging;
mod printer;
mod profile;
mod secrets;
mod shape;
mod waiting;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    commands::run(arguments::Arguments::parse().command)
}
