//! A cache in several shards, each with its part of the capacity: what sharding costs.

use crate::chunk::Chunk;
use crate::shards::sample_hash;
use crate::tally::{Replay, Tally};
use crate::workload::Spec;

/// No number.
const NONE: u32 = u32::MAX;

/// A replay in shards: each key belongs to one, by its hash.
pub struct Sharded {
    shards: Vec<Shard>,
    /// The number of each key within its shard.
    numbers: Vec<u32>,
}

struct Shard {
    replay: Box<dyn Replay>,
    keys: u32,
    chunk: Chunk,
}

impl Sharded {
    /// `count` shards (1 at least), each with its part of the capacity of `spec`.
    pub fn new(spec: &Spec, count: u64) -> Self {
        let count = count.max(1);
        let shard = |number| {
            let capacity = spec.capacity / count + u64::from(number < spec.capacity % count);
            let replay = Spec { capacity, ..*spec }.start();
            Shard { replay, keys: 0, chunk: Chunk::default() }
        };
        Self { shards: (0..count).map(shard).collect(), numbers: Vec::new() }
    }
}

impl Replay for Sharded {
    fn feed(&mut self, chunk: &Chunk) {
        self.numbers.resize(chunk.reach.max(self.numbers.len()), NONE);
        let count = self.shards.len() as u64;
        for (index, &key) in chunk.keys.iter().enumerate() {
            let shard = &mut self.shards[(sample_hash(key.into(), u64::MAX) % count) as usize];
            let number = &mut self.numbers[key as usize];
            if *number == NONE {
                *number = shard.keys;
                shard.keys += 1;
            }
            shard.chunk.keys.push(*number);
            if !chunk.sizes.is_empty() {
                shard.chunk.sizes.push(chunk.sizes[index]);
            }
        }
        for shard in &mut self.shards {
            shard.chunk.reach = shard.keys as usize;
            shard.replay.feed(&shard.chunk);
            shard.chunk.keys.clear();
            shard.chunk.sizes.clear();
        }
    }

    fn tally(&self) -> Tally {
        self.shards.iter().map(|shard| shard.replay.tally()).fold(Tally::default(), Tally::plus)
    }
}

impl std::fmt::Debug for Sharded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sharded").field("shards", &self.shards.len()).finish_non_exhaustive()
    }
}
