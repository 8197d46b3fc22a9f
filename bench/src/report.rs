//! The tables, for people and for machines.

use std::io::{Write, stdout};

use crate::options::Mode;
use crate::scenarios::Scenario;

/// Prints a line. One that nobody reads any more is no misfortune.
macro_rules! say {
    ($($line:tt)*) => {{
        let _ = writeln!(stdout(), $($line)*);
    }};
}

/// Prints rows as they come.
pub(crate) struct Report {
    csv: bool,
    instructions: bool,
    scenario: &'static str,
}

/// What was found out about one contestant.
pub(crate) struct Row {
    pub(crate) contestant: String,
    pub(crate) threads: usize,
    /// Nanoseconds or instructions an operation.
    pub(crate) cost: f64,
    /// To the first contestant of the scenario.
    pub(crate) ratio: f64,
    pub(crate) hit_rate: Option<f64>,
}

impl Report {
    pub(crate) fn new(csv: bool, mode: Mode) -> Self {
        let instructions = mode == Mode::Instructions;
        if csv && mode == Mode::Time {
            say!("scenario,threads,contestant,ns_per_op,mops,ratio_to_yardstick,hit_rate");
        } else if csv && instructions {
            say!("scenario,contestant,instructions_per_op,ratio_to_yardstick");
        }
        Self { csv, instructions, scenario: "" }
    }

    /// Begins the table of `scenario`.
    pub(crate) fn scenario(&mut self, scenario: &Scenario, threads: usize) {
        self.scenario = scenario.name;
        if self.csv {
            return;
        }
        let plural = if threads == 1 { "" } else { "s" };
        say!("\n{}: {} · {threads} thread{plural}", scenario.name, scenario.idea);
        if self.instructions {
            say!("  {:<34} {:>12} {:>8}", "", "instructions", "ratio");
        } else {
            say!("  {:<34} {:>9} {:>9} {:>8} {:>8}", "", "ns", "Mops/s", "ratio", "hits");
        }
    }

    pub(crate) fn row(&self, row: &Row) {
        let Row { contestant, threads, cost, ratio, .. } = row;
        let mops = *threads as f64 * 1e3 / cost;
        let hits = row.hit_rate.unwrap_or(f64::NAN);
        match (self.csv, self.instructions) {
            (true, true) => say!("{},{contestant},{cost:.1},{ratio:.3}", self.scenario),
            (true, false) => {
                say!("{},{threads},{contestant},{cost:.2},{mops:.3},{ratio:.3},{hits:.4}", self.scenario);
            }
            (false, true) => say!("  {contestant:<34} {cost:>12.1} {ratio:>8.2}"),
            (false, false) => {
                let hits = hits * 100.0;
                say!("  {contestant:<34} {cost:>9.1} {mops:>9.2} {ratio:>8.2} {hits:>7.1}%");
            }
        }
    }
}
