//! What Larder's operations cost, in nanoseconds and in instructions, beside a bare hash map in the same run.
//!
//! ```text
//! cargo run --release -p larder-bench                    # everything
//! cargo run --release -p larder-bench -- --quick         # the same in less than a minute, noisier
//! cargo run --release -p larder-bench -- --only hit      # the scenarios with "hit" in their names
//! cargo run --release -p larder-bench -- --csv           # for machines
//! cargo run --release -p larder-bench -- --instructions  # instructions instead of time; needs valgrind
//! ```
//!
//! Contestants take turns within one run, and each ratio is the median of the rounds' own ratios: what else the machine
//! does at the moment slows all of them alike. Trust ratios before nanoseconds, and instructions before both.

#![forbid(unsafe_code)]

mod instructions;
mod options;
mod report;
mod run;
mod scenarios;
mod setting;

use std::process::ExitCode;

use larder_bench::{contestant, polled, workload};
use options::{Mode, Options};
use report::Report;
use scenarios::SCENARIOS;

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("larder-bench: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let chosen: Vec<_> = SCENARIOS.iter().filter(|scenario| scenario.name.contains(&options.only)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        return Err(format!(
            "no scenario has {:?} in its name; there are {}",
            options.only,
            names.join(", ")
        ));
    }
    let mut report = Report::new(options.csv, options.mode);
    match options.mode {
        Mode::Time => chosen.iter().for_each(|scenario| run::time(scenario, options, &mut report)),
        Mode::Instructions => {
            instructions::find_counter()?;
            for scenario in chosen.iter().filter(|scenario| scenario.is_small) {
                instructions::count(scenario, options, &mut report)?;
            }
        }
        Mode::Counted { contestant, operations } => {
            instructions::be_counted(chosen[0], options, contestant, operations)?;
        }
    }
    Ok(())
}
