//! Time: contestants in turns, medians over rounds.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::contestant::{Contestant, Ready};
use crate::options::Options;
use crate::report::{Report, Row};
use crate::scenarios::Scenario;
use crate::setting::Setting;

/// How long and how often: short turns, so that contestants meet the same weather.
struct Schedule {
    turn: Duration,
    rounds: usize,
}

/// What one contestant did in one turn.
#[derive(Clone, Copy)]
struct Turn {
    nanos: f64,
    hit_rate: f64,
}

/// Measures `scenario` for each of its numbers of threads.
pub(crate) fn time(scenario: &Scenario, options: &Options, report: &mut Report) {
    let schedule = if options.quick {
        Schedule { turn: Duration::from_millis(4), rounds: 21 }
    } else {
        Schedule { turn: Duration::from_millis(10), rounds: 101 }
    };
    let contestants: Vec<_> =
        (scenario.contestants)(Setting::TIMED).into_iter().map(Contestant::ready).collect();
    for threads in scenario.threads {
        report.scenario(scenario, *threads);
        for row in compete(&contestants, *threads, &schedule) {
            report.row(&row);
        }
    }
}

/// All rounds. The first contestant is the yardstick of the others.
fn compete(contestants: &[Ready], threads: usize, schedule: &Schedule) -> Vec<Row> {
    let operations: Vec<u64> =
        contestants.iter().map(|contestant| calibrate(contestant, threads, schedule.turn)).collect();
    let mut turns = vec![Vec::with_capacity(schedule.rounds); contestants.len()];
    for round in 0..schedule.rounds {
        // Another one begins each round.
        for offset in 0..contestants.len() {
            let index = (round + offset) % contestants.len();
            turns[index].push(turn(&contestants[index], threads, operations[index]));
        }
    }
    let row = |(contestant, own): (&Ready, &Vec<Turn>)| {
        let nanos = median(own.iter().map(|turn| turn.nanos));
        let ratio = median(own.iter().zip(&turns[0]).map(|(own, yardstick)| own.nanos / yardstick.nanos));
        let hit_rate = median(own.iter().map(|turn| turn.hit_rate));
        Row { contestant: contestant.name.clone(), threads, cost: nanos, ratio, hit_rate: Some(hit_rate) }
    };
    contestants.iter().zip(&turns).map(row).collect()
}

/// How many operations a thread does in a turn of about `length`. Warms up, too.
fn calibrate(contestant: &Ready, threads: usize, length: Duration) -> u64 {
    let mut operations = 1_000;
    loop {
        let nanos = turn(contestant, threads, operations).nanos * operations as f64;
        if nanos > length.as_nanos() as f64 / 4.0 || operations > 1 << 40 {
            let wanted = length.as_nanos() as f64 / nanos * operations as f64;
            return (wanted as u64).max(1);
        }
        operations *= 2;
    }
}

/// Nanoseconds an operation, as each of the threads sees it.
fn turn(contestant: &Ready, threads: usize, operations: u64) -> Turn {
    let start = Barrier::new(threads);
    let work = |thread| {
        start.wait();
        let began = Instant::now();
        let hits = contestant.run(threads - 1 + thread, operations);
        (began.elapsed(), hits)
    };
    let done: Vec<(Duration, u64)> = if threads == 1 {
        vec![work(0)]
    } else {
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
            running.into_iter().filter_map(|thread| thread.join().ok()).collect()
        })
    };
    let longest = done.iter().map(|(time, _)| *time).max().unwrap_or_default();
    let hits: u64 = done.iter().map(|(_, hits)| hits).sum();
    Turn {
        nanos: longest.as_nanos() as f64 / operations as f64,
        hit_rate: hits as f64 / (operations * threads as u64) as f64,
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        _ if values.is_empty() => f64::NAN,
        1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_shrugs_off_one_outlier() {
        assert_eq!(median([3.0, 1_000.0, 1.0].into_iter()), 3.0);
        assert_eq!(median([1.0, 2.0, 4.0, 90.0].into_iter()), 3.0);
    }
}
