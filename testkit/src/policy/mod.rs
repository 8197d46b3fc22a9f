//! Certifies eviction policies: what [`EvictionPolicy`] promises, checked by random operations.
//!
//! ```
//! use std::collections::VecDeque;
//!
//! use larder_core::{EvictionPolicy, Hits, Marks, Slot};
//! use larder_testkit::policy;
//!
//! #[derive(Debug, Default)]
//! struct Queue(VecDeque<Slot>);
//!
//! impl EvictionPolicy for Queue {
//!     fn hits(&self) -> Hits {
//!         Hits::Ignored
//!     }
//!     fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
//!         self.0.push_back(slot);
//!     }
//!     fn on_update(&mut self, _slot: Slot, _weight: u32) {}
//!     fn on_remove(&mut self, slot: Slot) {
//!         self.0.retain(|&other| other != slot);
//!     }
//!     fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
//!         self.0.pop_front()
//!     }
//! }
//!
//! policy::conforms(|_capacity| Queue::default());
//! policy::forgets_strangers(|_capacity| Queue::default());
//! policy::admits_when_small(|_capacity| Queue::default());
//! ```
//!
//! To check *which* entry leaves, write the policy a second time, as plainly as its paper does, over a `Vec` and
//! without a thought for speed, and let [`matches_model`] compare the two victim by victim.

mod marks;
mod rig;
mod script;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Debug;

use larder_core::{EvictionPolicy, Marks, Slot};

use self::marks::EndlessHits;
pub use self::marks::TableMarks;
use self::rig::Rig;
use self::script::{Rng, Script, Weights};

const CAPACITIES: [u64; 8] = [0, 1, 2, 7, 30, 100, 1_000, u64::MAX];
const SEEDS: u64 = 6;
const STEPS: usize = 1_500;

/// Checks that the policies which `make` makes keep their promises to the engine.
///
/// Random inserts, hits, updates, removals, expiries, evictions and resizes, in an engine that has slots and weights but
/// no values, with fixed seeds, over capacities from 0 to `u64::MAX`, weights from 0 to `u32::MAX`, and hashes that
/// collide. After each step:
///
/// - `evict` named only slots that were told of and have not left, each once;
/// - it said `None` only when there were none;
///
/// and after each run:
///
/// - every entry still there can be evicted;
/// - a second run with the same calls named the same victims.
///
/// And when hits come in faster than `evict` can lower marks, it ends all the same.
///
/// # Panics
///
/// When a promise is broken; the message says with which capacity and seed, and at which step.
pub fn conforms<P: EvictionPolicy>(make: impl Fn(u64) -> P) {
    for_each_script(|script| {
        let victims = [(); 2].map(|()| {
            let mut rig = Rig::new(make(script.capacity()), script.capacity());
            let mut victims = Vec::new();
            for (step, op) in script.ops().enumerate() {
                victims.extend(
                    rig.apply(&op).unwrap_or_else(|broken| panic!("{broken} at step {step} of {script}")),
                );
            }
            victims.extend(rig.drain().unwrap_or_else(|broken| panic!("{broken} after {script}")));
            victims
        });
        assert!(victims[0] == victims[1], "the same calls named other victims in {script}");
    });
    ends_under_endless_hits(make(100));
}

/// Checks a policy victim by victim against a model of it: another [`EvictionPolicy`], written as plainly as can be.
///
/// Both are driven through the same random operations as in [`conforms`], each with marks of its own.
///
/// # Panics
///
/// When they name different victims, or one of them breaks its promises.
pub fn matches_model<P: EvictionPolicy, M: EvictionPolicy>(
    make: impl Fn(u64) -> P,
    model: impl Fn(u64) -> M,
) {
    for_each_script(|script| {
        let mut rig = Rig::new(make(script.capacity()), script.capacity());
        let mut plain = Rig::new(model(script.capacity()), script.capacity());
        for (step, op) in script.ops().enumerate() {
            let (ours, models) = (rig.apply(&op), plain.apply(&op));
            assert!(
                ours.is_ok() && ours == models,
                "the policy evicts {ours:?}, its model {models:?}, at step {step} of {script}: {op:?}"
            );
        }
        assert_eq!(rig.drain(), plain.drain(), "what is left leaves in another order after {script}");
    });
}

/// Checks that what a policy remembers follows what it holds, however many entries came and went, and is not taken
/// from the capacity.
///
/// Measured is the length of the policy's [`Debug`] text, so derive it.
///
/// # Panics
///
/// When 50,000 strangers passing through a cache of few entries leave it much larger than 5,000 did.
pub fn forgets_strangers<P: EvictionPolicy + Debug>(make: impl Fn(u64) -> P) {
    for (capacity, weight, most) in
        [(0, 0, 3), (100, 0, 100), (100, 1, 100), (u64::MAX, 0, 3), (u64::MAX, 9, 100)]
    {
        let mut rig = Rig::new(make(capacity), capacity);
        let sizes = [5_000, 45_000].map(|strangers| {
            rig.pass(strangers, weight, most)
                .unwrap_or_else(|broken| panic!("{broken} at capacity {capacity}"));
            format!("{:?}", rig.policy()).len()
        });
        assert!(
            sizes[1] <= sizes[0] * 2 + 1_000,
            "its Debug text grew from {} to {} at capacity {capacity} with weights of {weight}",
            sizes[0],
            sizes[1]
        );
    }
}

/// Checks that a policy ignores what it is told about slots it does not know, and being told twice of one it does.
///
/// An engine without defects never does either; a policy that shrugs them off can't turn such a defect into a panic.
///
/// # Panics
///
/// When the policy does, or when it names a slot that it doesn't know, or none although it knows some.
pub fn ignores_unknown_slots<P: EvictionPolicy>(make: impl Fn(u64) -> P) {
    for capacity in CAPACITIES {
        let mut policy = make(capacity);
        let marks = TableMarks::new();
        let mut rng = Rng::new(capacity);
        let mut known = BTreeSet::new();
        for _ in 0..5_000 {
            let slot = Slot(rng.below(20) as u32);
            match rng.below(6) {
                0 => {
                    policy.on_insert(slot, rng.below(50), rng.below(3) as u32);
                    known.insert(slot);
                }
                1 => policy.on_update(slot, rng.below(3) as u32),
                2 => policy.on_hit(slot),
                3 => {
                    policy.on_remove(slot);
                    known.remove(&slot);
                }
                4 => marks.set_up(slot, 3),
                _ => {
                    let victim = policy.evict(&Marks::new(&marks));
                    let sound = victim.map_or(known.is_empty(), |victim| known.remove(&victim));
                    assert!(sound, "evict says {victim:?} at capacity {capacity}, where {known:?} are known");
                }
            }
        }
    }
}

/// Checks that a small cache admits: of capacities 1 to 10 none refuses every newcomer, once it is full.
///
/// A policy that gives a tenth of the room to what is new must not give it nothing where that is less than one entry.
/// Some newcomers may be refused; that is what admission is.
///
/// # Panics
///
/// When all of 200 strangers are refused, one after the other.
pub fn admits_when_small<P: EvictionPolicy>(make: impl Fn(u64) -> P) {
    for capacity in 1..=10 {
        let mut policy = make(capacity);
        let marks = TableMarks::new();
        let mut free: Vec<Slot> = (0..=capacity as u32).map(Slot).collect();
        let mut admitted = 0;
        for key in 0..capacity + 200 {
            let Some(newest) = free.pop() else { break };
            marks.set_up(newest, 0);
            policy.on_insert(newest, Rng::new(key).next(), 1);
            if free.is_empty() {
                free.extend(policy.evict(&Marks::new(&marks)));
                admitted += usize::from(!free.contains(&newest));
            }
        }
        assert!(admitted > 0, "a cache of {capacity} refuses all that is new");
    }
}

fn ends_under_endless_hits(mut policy: impl EvictionPolicy) {
    (0..100).for_each(|slot| policy.on_insert(Slot(slot), u64::from(slot), 1));
    let marks = EndlessHits::default();
    let victims = (0..100).filter_map(|_| policy.evict(&Marks::new(&marks))).count();
    assert_eq!(victims, 100, "evict says None although entries are there, while hits come in");
}

fn for_each_script(mut check: impl FnMut(&Script)) {
    for capacity in CAPACITIES {
        for seed in 0..SEEDS {
            let weights = if seed % 2 == 0 { Weights::One } else { Weights::Mixed };
            check(&Script::new(seed, capacity, weights, seed % 3 == 2, STEPS));
        }
    }
}
