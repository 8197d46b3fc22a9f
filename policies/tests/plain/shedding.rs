//! An engine that asks a policy whether somebody should leave, as a simulator does that wants its exact counts.

use std::collections::HashMap;

use larder_core::{EvictionPolicy, Hits, Marks, Slot};
use larder_testkit::policy::TableMarks;

use crate::rng::SplitMix64;

/// Checks a policy victim by victim against its model where both say when somebody should leave.
pub(crate) fn sheds_like_model<P: EvictionPolicy, M: EvictionPolicy>(
    make: fn(u64) -> P,
    overflows: fn(&P, u64, u64) -> bool,
    model: fn(u64) -> M,
    model_overflows: fn(&M, u64) -> bool,
) {
    for (seed, capacity) in (0..).zip([1, 2, 5, 12, 40, 150, 700, 3_000]) {
        for heaviest in [1, 3, capacity / 8 + 1, capacity / 3 + 2] {
            let asks: Vec<_> = requests(seed, capacity * 3 / (heaviest + 1) + 3, heaviest).collect();
            let ours = run(make(capacity), |policy, used| overflows(policy, used, capacity), &asks, capacity);
            let models = run(model(capacity), model_overflows, &asks, capacity);
            let first = ours.iter().zip(&models).position(|(ours, models)| ours != models);
            assert!(
                first.is_none() && ours.len() == models.len(),
                "at capacity {capacity} with weights to {heaviest}, victim {first:?} is another than the model's"
            );
        }
    }
}

/// Keys of which low ones are asked for more often, with what they weigh.
fn requests(seed: u64, keys: u64, heaviest: u64) -> impl Iterator<Item = (u64, u32)> {
    let mut rng = SplitMix64::new(seed);
    (0..6_000).map(move |_| {
        let key = (rng.below(keys as usize) * rng.below(keys as usize) / keys as usize) as u64;
        (key, (1 + SplitMix64::new(key).below(heaviest as usize)) as u32)
    })
}

/// Which keys leave at which request.
fn run<P: EvictionPolicy>(
    mut policy: P,
    overflows: impl Fn(&P, u64) -> bool,
    requests: &[(u64, u32)],
    capacity: u64,
) -> Vec<(usize, u64)> {
    let marks = TableMarks::new();
    let mut slots = HashMap::new();
    let mut owners: Vec<(u64, u32)> = Vec::new();
    let mut free = Vec::new();
    let mut used = 0;
    let mut victims = Vec::new();
    for (time, &(key, weight)) in requests.iter().enumerate() {
        if let Some(&slot) = slots.get(&key) {
            marks.hit(slot, policy.hits());
            if policy.hits() == Hits::Noted {
                policy.on_hit(slot);
            }
        } else if u64::from(weight) <= capacity {
            let slot = free.pop().unwrap_or(Slot(owners.len() as u32));
            owners.resize(owners.len().max(slot.index() + 1), (0, 0));
            owners[slot.index()] = (key, weight);
            slots.insert(key, slot);
            used += u64::from(weight);
            marks.set_up(slot, 0);
            policy.on_insert(slot, SplitMix64::new(key).next(), weight);
        }
        while overflows(&policy, used) {
            let slot = policy.evict(&Marks::new(&marks)).expect("somebody is there");
            let (key, weight) = owners[slot.index()];
            used -= u64::from(weight);
            slots.remove(&key);
            marks.tear_down(slot);
            free.push(slot);
            victims.push((time, key));
        }
    }
    victims
}
