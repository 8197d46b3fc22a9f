//! A policy of your own: what was used last leaves first, in twenty lines, certified by the testkit's suite.
//!
//! Use one when you know your requests better than any general policy does. These go round and round over a few more keys
//! than there is room for: LRU always drops the very key that is wanted next. It costs what your code costs: it runs
//! under a shard's lock, so each call should be O(1) or O(log n).

use std::collections::{BTreeMap, HashMap};

use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::policy;
use larder::{Hits, Marks, Slot};

/// MRU (Chou and `DeWitt`, "An Evaluation of Buffer Management Strategies for Relational Database Systems", VLDB 1985): the
/// last entry to be used leaves. Each call costs O(log n). The newest counts as used: a full cache admits nobody.
#[derive(Debug, Default)]
struct Mru {
    turn: u64,
    by_turn: BTreeMap<u64, Slot>,
    turns: HashMap<Slot, u64>,
}

impl EvictionPolicy for Mru {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.on_remove(slot);
        self.turn += 1;
        self.by_turn.insert(self.turn, slot);
        self.turns.insert(slot, self.turn);
    }
    fn on_update(&mut self, slot: Slot, _weight: u32) {
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.on_insert(slot, 0, 0);
    }
    fn on_remove(&mut self, slot: Slot) {
        self.turns.remove(&slot).and_then(|turn| self.by_turn.remove(&turn));
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let (_, slot) = self.by_turn.pop_last()?;
        self.turns.remove(&slot);
        Some(slot)
    }
}

fn main() {
    policy::conforms(|_capacity| Mru::default());
    println!("the policy keeps its promises to the engine");

    println!("round and round over 120 keys, with room for 100:");
    let (lru, mru) = (hit_rate(Lru::new), hit_rate(|_capacity| Mru::default()));
    println!("  LRU  hit rate {lru:.2}");
    println!("  MRU  hit rate {mru:.2}");
    assert_eq!(lru, 0.0);
    assert!(mru > 0.8);
}

fn hit_rate<P: EvictionPolicy>(policy: impl Fn(u64) -> P) -> f64 {
    let cache = MemoryOptions::new(100).shards(1).build(policy);
    for key in (0..120).cycle().take(12_000) {
        cache.get_or_insert_with(key, || ());
    }
    cache.stats().hit_rate()
}
