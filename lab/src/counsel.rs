//! What to do, from what was counted: policy, capacity, shards, and what it costs to be wrong.

use crate::contender::{Contender, Rules};
use crate::curve::Curve;
use crate::replay::{Watch, cores, from_memory};
use crate::sharded::Sharded;
use crate::simulator::Weighing;
use crate::verdict::{Verdict, verdicts};
use crate::workload::{Spec, Workload};

/// What the cache itself takes for an entry, besides its value: about this many bytes.
pub const OVERHEAD: u64 = 96;

/// Policies whose ratios are so near are equals: the simplest of them is chosen.
const NEAR: f64 = 0.002;

/// A shard should hold so many entries, or it is too small to tell who is popular.
const ENTRIES_A_SHARD: u64 = 1024;

/// What to do with a trace's cache.
#[derive(Clone, Debug)]
pub struct Counsel {
    /// The policy to take.
    pub choice: Contender,
    /// What it misses at half the capacity, at it, and at twice as much.
    pub misses: [f64; 3],
    /// The best at the same three capacities, among them the bound and LRU.
    pub verdicts: Vec<Verdict>,
    /// The best of the others at the capacity, and what it misses.
    pub runner_up: Option<(Contender, f64)>,
    /// The lowest miss ratio of all policies a cache could run; `choice` may be simpler and nearly as good.
    pub best: (Contender, f64),
}

/// The three capacities to ask about: half, all, and twice as much.
pub fn around(capacity: u64) -> [u64; 3] {
    [(capacity / 2).max(1), capacity, capacity.saturating_mul(2)]
}

impl Counsel {
    /// From curves at the capacities [`around`] the one in question. `None` if there are none.
    pub fn of(curves: &[Curve]) -> Option<Self> {
        let online = |curve: &&Curve| Contender::named(curve.policy).is_some_and(Contender::is_online);
        let ratio = |curve: &Curve, at: usize| curve.points.get(at).map_or(1.0, |point| point.miss_ratio);
        let mut ranked: Vec<&Curve> =
            curves.iter().filter(online).filter(|curve| curve.points.len() == 3).collect();
        let order = |name: &str| Contender::all().iter().position(|one| one.name() == name);
        ranked
            .sort_by(|a, b| ratio(a, 1).total_cmp(&ratio(b, 1)).then(order(a.policy).cmp(&order(b.policy))));
        let best = *ranked.first()?;
        let near = ranked.iter().filter(|curve| ratio(curve, 1) <= ratio(best, 1) + NEAR);
        let choice = *near.min_by_key(|curve| order(curve.policy))?;
        let other = ranked.iter().find(|curve| curve.policy != choice.policy);
        let named = |curve: &Curve| Some((Contender::named(curve.policy)?, ratio(curve, 1)));
        Some(Self {
            choice: Contender::named(choice.policy)?,
            misses: [0, 1, 2].map(|at| ratio(choice, at)),
            verdicts: verdicts(curves),
            runner_up: other.and_then(|curve| named(curve)),
            best: named(best)?,
        })
    }

    /// How much more the choice misses than the best would, where it does worst: what it may cost to have guessed the
    /// capacity wrong by half or by twice.
    pub fn regret(&self) -> f64 {
        let gaps = self.verdicts.iter().zip(self.misses).map(|(verdict, ratio)| ratio - verdict.winner.1);
        gaps.fold(0.0, f64::max)
    }
}

/// How many shards, and how many more of the requests miss with them than without.
pub fn shards(
    workload: &Workload,
    choice: Contender,
    capacity: u64,
    weighing: Weighing,
    watch: &Watch,
) -> (u64, f64) {
    let entries = match weighing {
        Weighing::Objects => capacity,
        Weighing::Sizes => capacity / (workload.totals.unique_bytes / workload.totals.unique.max(1)).max(1),
    };
    let wanted = (cores() as u64 * 4).next_power_of_two();
    let most = (entries / ENTRIES_A_SHARD).max(1);
    let count = if most.is_power_of_two() { most } else { most.next_power_of_two() / 2 }.min(wanted);
    let spec = Spec { contender: choice, capacity, weighing, rules: Rules::Engine };
    let whole = Box::new(Sharded::new(&spec, 1));
    let tallies = from_memory(vec![whole, Box::new(Sharded::new(&spec, count))], &workload.chunks, watch);
    let ratio = |at: usize| tallies[at].map_or(0.0, |tally| tally.miss_ratio());
    (count, ratio(1) - ratio(0))
}
