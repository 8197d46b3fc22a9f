//! `larder`: choose a cache policy and its size by replaying traces.

#![forbid(unsafe_code)]

mod arguments;
mod commands;
mod curves;
mod failure;
mod output;
mod page;
mod picture;
mod progress;
mod story;
mod target;

use std::process::ExitCode;

use clap::Parser;

use failure::Failure;

/// Choose a cache policy and its size by replaying traces through the very code that runs in production.
#[derive(Parser)]
#[command(name = "larder", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    let outcome = match Cli::try_parse() {
        Ok(cli) => cli.command.run(),
        Err(error) if error.use_stderr() => Err(Failure::from(error)),
        Err(help) => {
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            failure.code()
        }
    }
}
