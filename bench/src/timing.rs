//! Time: contestants in turns, medians over rounds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::contestant::Ready;

/// How long a turn is and how many there are: short ones, so that contestants meet the same weather.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// About how long one turn takes.
    pub turn: Duration,
    /// How many turns each contestant has.
    pub rounds: usize,
}

/// What one contestant did in one turn.
#[derive(Clone, Copy, Debug)]
struct Turn {
    nanos: f64,
    hit_rate: f64,
}

/// What one contestant did in all of its turns.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What its row is called.
    pub name: String,
    warm_hit_rate: Option<f64>,
    turns: Vec<Turn>,
}

impl Standing {
    /// Nanoseconds an operation, as each of the threads sees it.
    pub fn nanos(&self) -> f64 {
        median(self.turns.iter().map(|turn| turn.nanos))
    }

    /// The part of its operations that were hits: where it was warmed up, before its turns.
    pub fn hit_rate(&self) -> f64 {
        self.warm_hit_rate.unwrap_or_else(|| median(self.turns.iter().map(|turn| turn.hit_rate)))
    }

    /// How many times as long as `yardstick` it takes: the median of the rounds' own ratios.
    pub fn ratio_to(&self, yardstick: &Self) -> f64 {
        median(self.turns.iter().zip(&yardstick.turns).map(|(own, yardstick)| own.nanos / yardstick.nanos))
    }
}

/// All rounds, with `threads` threads at a time.
pub fn compete(contestants: &[Ready], threads: usize, schedule: Schedule) -> Vec<Standing> {
    let operations: Vec<u64> =
        contestants.iter().map(|contestant| calibrate(contestant, threads, schedule.turn)).collect();
    let standing = |contestant: &Ready| Standing {
        name: contestant.name.clone(),
        warm_hit_rate: contestant.hit_rate,
        turns: Vec::new(),
    };
    let mut standings: Vec<_> = contestants.iter().map(standing).collect();
    for round in 0..schedule.rounds {
        // Another one begins each round.
        for offset in 0..contestants.len() {
            let index = (round + offset) % contestants.len();
            standings[index].turns.push(turn(&contestants[index], threads, operations[index]));
        }
    }
    standings
}

/// How many operations a thread does in a turn of about `length`. Warms up, too.
fn calibrate(contestant: &Ready, threads: usize, length: Duration) -> u64 {
    let mut operations = 1_000;
    loop {
        // The least of three: one that was disturbed would have all turns too short.
        let tries = (0..3).map(|_| turn(contestant, threads, operations).nanos);
        let nanos = tries.fold(f64::INFINITY, f64::min) * operations as f64;
        if nanos > length.as_nanos() as f64 / 4.0 || operations > 1 << 40 {
            let wanted = length.as_nanos() as f64 / nanos * operations as f64;
            return (wanted as u64).max(1);
        }
        operations *= 2;
    }
}

/// Nanoseconds an operation, from the first thread's start to the last one's end: what one thread does before or after
/// the other is no work done together. A cache in use is warm: half as many operations go before, for the contestant that
/// had its turn before this one left nothing of it near the processor.
fn turn(contestant: &Ready, threads: usize, operations: u64) -> Turn {
    let running = AtomicUsize::new(0);
    let work = |thread| {
        let client = threads - 1 + thread;
        contestant.run(client, operations / 2);
        wait_for_all(&running, threads);
        let began = Instant::now();
        let hits = contestant.run(client, operations);
        (began, Instant::now(), hits)
    };
    let done: Vec<(Instant, Instant, u64)> = if threads == 1 {
        vec![work(0)]
    } else {
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
            running.into_iter().filter_map(|thread| thread.join().ok()).collect()
        })
    };
    let first = done.iter().map(|(began, ..)| *began).min();
    let last = done.iter().map(|(_, ended, _)| *ended).max();
    let hits: u64 = done.iter().map(|(.., hits)| hits).sum();
    let time = first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first);
    Turn {
        nanos: time.as_nanos() as f64 / operations as f64,
        hit_rate: hits as f64 / (operations * threads as u64) as f64,
    }
}

/// Until all threads are running. They stay awake: one that has to be woken begins when the other has done half.
fn wait_for_all(running: &AtomicUsize, threads: usize) {
    running.fetch_add(1, Ordering::AcqRel);
    while running.load(Ordering::Acquire) < threads {
        std::hint::spin_loop();
    }
}

/// The middle of `values`; not a number if there are none.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
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
