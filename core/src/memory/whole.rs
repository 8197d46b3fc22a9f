//! The memory store: what it does for all keys.

use std::sync::atomic::Ordering;

use super::callbacks::drop_guarded;
use super::engine::Memory;
use super::options;
use crate::{Entry, EvictionPolicy, Key, Life, Stats, Value};

/// How many entries leave under one lock when many do.
const BATCH: usize = 64;

impl<K: Key, V: Value, P: EvictionPolicy> Memory<K, V, P> {
    /// Removes everything, and voids all leases. O(n).
    pub fn clear(&self) {
        for shard in &self.0.shards {
            let mut removals = self.removals();
            shard.write(|shard| shard.clear(&mut removals));
            shard.write(|shard| shard.collect(&mut removals));
            self.0.calls.detach_all();
            self.deliver(&mut removals);
        }
    }

    /// Removes the entries for which `keep` says no. How many. O(n); `keep` sees copies, outside locks, and an entry
    /// that changes in the meantime stays.
    pub fn retain(&self, keep: impl Fn(&K, &V) -> bool) -> usize {
        let mut gone = 0;
        for shard in &self.0.shards {
            let now = self.0.clock.now();
            let copy =
                |(key, value, _, sequence): (&K, &V, Life, u64)| (key.clone(), value.clone(), sequence);
            let copies: Vec<_> = shard.lock().iter(now).map(copy).collect();
            for (key, value, sequence) in copies {
                if keep(&key, &value) {
                    continue;
                }
                let mut removals = self.removals();
                let hash = self.hash(&key);
                let removed =
                    shard.write(|shard| shard.remove_if_unchanged(hash, &key, sequence, now, &mut removals));
                self.deliver(&mut removals);
                if let Some(removed) = removed {
                    gone += 1;
                    drop_guarded(self.tell(removed), &self.0.panics);
                }
            }
        }
        gone
    }

    /// Removes expired entries now; they would leave by themselves when room is needed. How many. Locks a shard for no
    /// longer than 64 of them take.
    pub fn prune(&self) -> usize {
        let mut pruned = 0;
        for shard in &self.0.shards {
            loop {
                let mut removals = self.removals();
                let now = self.0.clock.now();
                let swept = shard.write(|shard| shard.sweep(now, BATCH, &mut removals));
                self.deliver(&mut removals);
                pruned += swept;
                if swept < BATCH {
                    break;
                }
            }
        }
        pruned
    }

    /// Changes the capacity, and evicts what no longer fits.
    pub fn resize(&self, capacity: u64) {
        self.0.capacity.store(capacity, Ordering::Relaxed);
        for (index, shard) in self.0.shards.iter().enumerate() {
            let share = options::share(capacity, self.0.shards.len(), index);
            let mut removals = self.removals();
            let now = self.0.clock.now();
            shard.write(|shard| shard.resize(share, now, &mut removals));
            shard.write(|shard| shard.collect(&mut removals));
            self.deliver(&mut removals);
        }
    }

    /// How many usable entries there are. Prunes, so that expired ones don't count.
    pub fn len(&self) -> usize {
        self.prune();
        self.0.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Whether there is no usable entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The weight of all entries, expired ones included until they are swept.
    pub fn weight(&self) -> u64 {
        self.0.shards.iter().map(|shard| shard.lock().weight()).sum()
    }

    /// The capacity: entries, or weight if there is a weigher.
    pub fn capacity(&self) -> u64 {
        self.0.capacity.load(Ordering::Relaxed)
    }

    /// The keys of the usable entries, in no order. O(n); a moment's view of each shard.
    pub fn keys(&self) -> Vec<K> {
        self.collect(|key, _, _| key.clone())
    }

    /// The usable entries, in no order. O(n); a moment's view of each shard.
    pub fn entries(&self) -> Vec<(K, Entry<V>)> {
        self.collect(|key, value, life| (key.clone(), Entry::with_life(value.clone(), life)))
    }

    /// What happened so far. O(shards).
    pub fn stats(&self) -> Stats {
        let mut total = Stats { panics: self.0.panics.load(Ordering::Relaxed), ..Stats::default() };
        for shard in &self.0.shards {
            total = total + shard.lock().stats();
        }
        let ((hits, misses), forgotten) = (self.0.readers.counts(), *self.0.forgotten.lock());
        total.hits += hits.saturating_sub(forgotten.0);
        total.misses += misses.saturating_sub(forgotten.1);
        total.max_weight = Some(self.capacity()).filter(|capacity| *capacity != u64::MAX);
        total
    }

    /// Starts counting anew.
    pub fn reset_stats(&self) {
        self.0.panics.store(0, Ordering::Relaxed);
        *self.0.forgotten.lock() = self.0.readers.counts();
        self.0.shards.iter().for_each(|shard| shard.lock().reset_stats());
    }

    fn collect<T>(&self, copy: impl Fn(&K, &V, Life) -> T) -> Vec<T> {
        let mut all = Vec::new();
        for shard in &self.0.shards {
            let now = self.0.clock.now();
            all.extend(shard.lock().iter(now).map(|(key, value, life, _)| copy(key, value, life)));
        }
        all
    }
}
