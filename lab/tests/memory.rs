//! What a replay takes beyond what its policy does: little for an entry, and the place of its number for a key.

use std::alloc::System;

use larder_core::{EvictionPolicy, Hits, Marks, Slot};
use larder_lab::chunk::Chunk;
use larder_lab::simulator::{Simulator, Weighing};
use larder_lab::tally::Replay;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ENTRIES: u32 = 100_000;

/// First in, first out, of which nothing must be remembered: slots are given out in turn.
struct InTurn(u32);

impl EvictionPolicy for InTurn {
    fn hits(&self) -> Hits {
        Hits::Ignored
    }
    fn on_insert(&mut self, _slot: Slot, _hash: u64, _weight: u32) {}
    fn on_update(&mut self, _slot: Slot, _weight: u32) {}
    fn on_remove(&mut self, _slot: Slot) {}
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let victim = Slot(self.0);
        self.0 = (self.0 + 1) % (ENTRIES + 1);
        Some(victim)
    }
}

/// Bytes held after `keys` were asked for, one after the other.
fn held(keys: u32) -> f64 {
    let all: Vec<u32> = (0..keys).collect();
    let chunks: Vec<Chunk> = all
        .chunks(1 << 14)
        .map(|keys| Chunk {
            keys: keys.to_vec(),
            reach: keys[keys.len() - 1] as usize + 1,
            ..Chunk::default()
        })
        .collect();
    let region = Region::new(ALLOCATOR);
    let mut replay = Simulator::new(InTurn(0), u64::from(ENTRIES), Weighing::Objects);
    chunks.iter().for_each(|chunk| replay.feed(chunk));
    assert_eq!(replay.tally().misses, u64::from(keys));
    let change = region.change();
    change.bytes_allocated as f64 - change.bytes_deallocated as f64
}

/// One test, because the memory is everybody's.
#[test]
fn an_entry_takes_sixteen_bytes_at_most_beyond_its_policy() {
    let resident = held(ENTRIES) / f64::from(ENTRIES);
    assert!(resident <= 16.0, "{resident} bytes an entry");
    let many = 10 * ENTRIES;
    let more = (held(many) - resident * f64::from(ENTRIES)) / f64::from(many - ENTRIES);
    assert!((4.0..=5.0).contains(&more), "{more} bytes for each key that is no longer there");
}
