//! The memory store: what it does for many keys at once.

use super::engine::Memory;
use super::shard::Miss;
use crate::{EvictionPolicy, Key, Lookup, Value};

/// How many keys are fetched together: about as many lines as a processor waits for at a time.
const TOGETHER: usize = 32;

impl<K: Key, V: Value, P: EvictionPolicy> Memory<K, V, P> {
    /// The value of each key, in their order, where there is a usable entry. Counts each as a hit or a miss, and hits as
    /// uses.
    ///
    /// Where the entries are not in the processor's cache this costs less than as many calls of [`get`](Self::get): it
    /// has several of them fetched at a time (on x86-64). Keys are looked up one after the other, not at one moment.
    ///
    /// ```
    /// # use larder_core::Memory;
    /// # use larder_policies::Sieve;
    /// let ages = Memory::new(100, Sieve::new);
    /// ages.insert(1, 36);
    /// ages.insert(3, 85);
    /// assert_eq!(ages.get_many(&[1, 2, 3]), [Some(36), None, Some(85)]);
    /// ```
    pub fn get_many(&self, keys: &[K]) -> Vec<Option<V>> {
        self.many(keys, |hash, key| self.get_hashed(hash, key))
    }

    /// The same with the whole entries, and a lease for each that is missing.
    pub fn lookup_many(&self, keys: &[K]) -> Vec<Lookup<V>> {
        self.many(keys, |hash, key| self.look_up_hashed(hash, key, Miss::CountsAndLeases))
    }

    fn many<T>(&self, keys: &[K], look: impl Fn(u64, &K) -> T) -> Vec<T> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(TOGETHER) {
            let mut hashes = [0; TOGETHER];
            hashes.iter_mut().zip(keys).for_each(|(hash, key)| *hash = self.hash(key));
            self.fetch(&hashes[..keys.len()]);
            found.extend(keys.iter().zip(hashes).map(|(key, hash)| look(hash, key)));
        }
        found
    }

    /// Has what searches for these hashes will look at brought near. None of the steps waits for the one before it.
    fn fetch(&self, hashes: &[u64]) {
        let of = |hash: &u64| &self.0.shards[self.shard_of(*hash)];
        hashes.iter().for_each(|hash| of(hash).fetch_table(*hash));
        hashes.iter().for_each(|hash| of(hash).fetch_node(*hash));
    }
}
