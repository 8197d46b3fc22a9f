//! One scenario from its contestants to its rows.

use std::time::Duration;

use crate::options::Options;
use crate::report::{Report, Row};
use crate::scenarios::Scenario;
use crate::setting::Setting;
use larder_bench::contestant::Contestant;
use larder_bench::timing::{Schedule, compete};

/// Measures `scenario` for each of its numbers of threads. The first contestant is the yardstick of the others.
pub(crate) fn time(scenario: &Scenario, options: &Options, report: &mut Report) {
    let schedule = if options.quick {
        Schedule { turn: Duration::from_millis(4), rounds: 21 }
    } else {
        Schedule { turn: Duration::from_millis(10), rounds: 101 }
    };
    let contestants: Vec<_> =
        (scenario.contestants)(Setting::TIMED).into_iter().map(Contestant::ready).collect();
    if contestants.is_empty() {
        return; // it has said why
    }
    for threads in scenario.threads {
        report.scenario(scenario, *threads);
        let standings = compete(&contestants, *threads, schedule);
        for standing in &standings {
            report.row(&Row {
                contestant: standing.name.clone(),
                threads: *threads,
                cost: standing.nanos(),
                ratio: standing.ratio_to(&standings[0]),
                hit_rate: Some(standing.hit_rate()),
            });
        }
    }
}
