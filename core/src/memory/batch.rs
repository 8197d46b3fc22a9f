//! The memory store: what it does for many keys at once.

use std::hint::black_box;

use super::engine::Memory;
use super::shard::Counts;
use crate::{EvictionPolicy, Key, Lookup, Value};

/// How many keys are fetched together: about as many lines as a processor waits for at a time.
const TOGETHER: usize = 16;

impl<K: Key, V: Value, P: EvictionPolicy> Memory<K, V, P> {
    /// For each key its entry, or a lease to fill it, in their order. Counts each as a hit or a miss, and hits as uses.
    ///
    /// Costs a third of as many calls of [`lookup`](Self::lookup) where the entries are not in the processor's cache: it
    /// waits for several of them at a time. Keys are looked up one after the other, not at one moment.
    pub fn lookup_many(&self, keys: &[K]) -> Vec<Lookup<V>> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(TOGETHER) {
            let mut hashes = [0; TOGETHER];
            hashes.iter_mut().zip(keys).for_each(|(hash, key)| *hash = self.hash(key));
            self.fetch(&hashes[..keys.len()]);
            let look_up = |(key, hash): (&K, &u64)| self.look_up_hashed(*hash, key, Counts::HitsAndMisses);
            found.extend(keys.iter().zip(&hashes).map(look_up));
        }
        found
    }

    /// Has what searches for these hashes will look at brought near. None of the steps waits for the one before it.
    fn fetch(&self, hashes: &[u64]) {
        let of = |hash: &u64| &self.0.shards[self.shard_of(*hash)];
        let groups = hashes.iter().fold(0, |sum, hash| sum ^ of(hash).touch_table(*hash));
        let nodes = hashes.iter().fold(groups, |sum, hash| sum ^ of(hash).touch_node(*hash));
        black_box(nodes);
    }
}
