//! What a workload does over time, and how its requests are spread over its keys.

use crate::replay::Watch;
use crate::stack::Distances;
use crate::workload::Workload;

/// Into how many windows a workload is cut.
pub const WINDOWS: usize = 100;

/// How a workload is, in rows that can be drawn.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Windows of as many requests each, one after the other.
    pub windows: Vec<Window>,
    /// Rank and requests of the keys, the most popular first; few of the many.
    pub popularity: Vec<(u64, u64)>,
    /// The part of the requests whose key was asked for with at most so many others since; few of the many.
    pub reuse: Vec<(u64, f64)>,
    /// Keys asked for but once.
    pub one_hit_wonders: u64,
    /// All distances of reuse, for the exact curve of LRU.
    pub distances: Distances,
}

/// Some consecutive requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// How many requests came up to its end.
    pub end: u64,
    /// How many keys it asks for: its working set.
    pub unique: u64,
    /// How many of them no window before asked for.
    pub new: u64,
}

impl Analysis {
    /// Of all requests, or as far as it is not stopped.
    pub fn of(workload: &Workload, watch: &Watch) -> Self {
        let distances = Distances::of(workload.watched_keys(watch));
        let counts = counts(workload);
        let one_hit_wonders = counts.iter().rev().take_while(|count| **count == 1).count() as u64;
        Self {
            windows: windows(workload),
            popularity: spaced(counts.len() as u64).map(|rank| (rank, counts[rank as usize - 1])).collect(),
            reuse: reuse(&distances),
            one_hit_wonders,
            distances,
        }
    }
}

/// How often each key is asked for, the most popular first.
fn counts(workload: &Workload) -> Vec<u64> {
    let mut counts = vec![0; workload.totals.unique as usize];
    workload.keys().for_each(|key| counts[key as usize] += 1);
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts
}

fn windows(workload: &Workload) -> Vec<Window> {
    let length = (workload.totals.requests as usize).div_ceil(WINDOWS).max(1);
    let mut last_seen = vec![usize::MAX; workload.totals.unique as usize];
    let mut windows: Vec<Window> = Vec::with_capacity(WINDOWS);
    for (at, key) in workload.keys().enumerate() {
        let number = at / length;
        if windows.len() <= number {
            windows.push(Window::default());
        }
        let (window, seen) = (&mut windows[number], &mut last_seen[key as usize]);
        window.end = at as u64 + 1;
        window.new += u64::from(*seen == usize::MAX);
        window.unique += u64::from(*seen != number);
        *seen = number;
    }
    windows
}

fn reuse(distances: &Distances) -> Vec<(u64, f64)> {
    let counts = distances.counts();
    let all = distances.requests().max(1) as f64;
    let mut sums = counts.iter().scan(0, |sum, count| {
        *sum += count;
        Some(*sum)
    });
    let mut at = 0;
    let mut reached = |place: u64| {
        let sum = sums.nth((place - at - 1) as usize).unwrap_or(0);
        at = place;
        (place, sum as f64 / all)
    };
    spaced(counts.len() as u64).map(&mut reached).collect::<Vec<_>>()
}

/// Numbers from 1 to `last`, evenly by their logarithm: at most 80.
fn spaced(last: u64) -> impl Iterator<Item = u64> {
    let count = if last == 0 { 0 } else { 80 };
    crate::curve::capacities(1, last, 80).into_iter().take(count)
}
