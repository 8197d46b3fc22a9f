//! Larder beside other caches: the same scenarios, in turns, in one run.
//!
//! ```text
//! cargo run --release --manifest-path bench/peers/Cargo.toml                       # everything
//! cargo run --release --manifest-path bench/peers/Cargo.toml -- --quick            # in less than five minutes
//! cargo run --release --manifest-path bench/peers/Cargo.toml -- --only hit         # scenarios with "hit" in their names
//! cargo run --release --manifest-path bench/peers/Cargo.toml -- --csv              # for machines
//! cargo run --release --manifest-path bench/peers/Cargo.toml -- --chart hits.svg   # and a chart of the hits
//! ```

#![forbid(unsafe_code)]

mod chart;
mod memory;
mod options;
mod peer;
mod peers;
mod scenarios;
mod table;
mod tail;

use std::process::ExitCode;
use std::time::Duration;

use larder_bench::contestant::Contestant;
use larder_bench::timing::{Schedule, compete};
use options::Options;
use scenarios::SCENARIOS;
use table::Row;

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("larder-peers: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    if let Some(name) = &options.bytes_of {
        memory::be_measured(name);
        return Ok(());
    }
    // Some rivals look for a runtime.
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("a runtime: {error}"))?;
    let _inside = runtime.enter();
    if options.csv {
        println!("{}", table::CSV_HEAD);
    }
    let mut all = Vec::new();
    for scenario in SCENARIOS.iter().filter(|scenario| options.wants(scenario.name)) {
        all.extend(timed(scenario, options));
    }
    if options.wants("bytes-per-entry") {
        let rows = table::byte_rows(&memory::bytes_per_entry());
        shown(options, &rows, || table::print_bytes(&rows));
    }
    if options.wants("tail") {
        let operations = if options.quick { 1_000_000 } else { 10_000_000 };
        let tails = tail::tails(operations);
        shown(options, &table::tail_rows(&tails), || table::print_tails(operations, &tails));
    }
    match &options.chart {
        Some(path) => std::fs::write(path, chart::svg(&all)).map_err(|error| format!("{path}: {error}")),
        None => Ok(()),
    }
}

fn timed(scenario: &scenarios::Scenario, options: &Options) -> Vec<Row> {
    let (turn, rounds) = if options.quick { (16, 9) } else { (32, 31) };
    let schedule = Schedule { turn: Duration::from_millis(turn), rounds };
    let contestants: Vec<_> = (scenario.contestants)().into_iter().map(Contestant::ready).collect();
    let mut all = Vec::new();
    for &threads in scenario.threads {
        let rows = table::rows(scenario, threads, &compete(&contestants, threads, schedule));
        let plural = if threads == 1 { "" } else { "s" };
        let title = format!("{}: {} · {threads} thread{plural}", scenario.name, scenario.idea);
        shown(options, &rows, || table::print(&title, &rows));
        all.extend(rows);
    }
    all
}

/// As lines for machines, or as `print` does it for people.
fn shown(options: &Options, rows: &[Row], print: impl FnOnce()) {
    if options.csv { rows.iter().for_each(|row| println!("{}", table::csv(row))) } else { print() }
}
