//! The other rivals that are made for many threads.

use crate::peer::{Peer, PeerKey, PeerValue};

/// `moka::sync::Cache`.
pub struct MokaSync<K, V>(moka::sync::Cache<K, V>);

impl<K: PeerKey, V: PeerValue> Peer<K, V> for MokaSync<K, V> {
    const NAME: &'static str = "moka, sync";

    fn with_room_for(capacity: u64) -> Self {
        Self(moka::sync::Cache::new(capacity))
    }

    fn get(&self, key: &K) -> Option<V> {
        self.0.get(key)
    }

    fn insert(&self, key: K, value: V) {
        self.0.insert(key, value);
    }
}

/// `mini_moka::sync::Cache`.
pub struct MiniMoka<K, V>(mini_moka::sync::Cache<K, V>);

impl<K: PeerKey, V: PeerValue> Peer<K, V> for MiniMoka<K, V> {
    const NAME: &'static str = "mini-moka";

    fn with_room_for(capacity: u64) -> Self {
        Self(mini_moka::sync::Cache::new(capacity))
    }

    fn get(&self, key: &K) -> Option<V> {
        self.0.get(key)
    }

    fn insert(&self, key: K, value: V) {
        self.0.insert(key, value);
    }
}

/// `foyer::Cache` with its SIEVE.
pub struct Foyer<K: PeerKey, V: PeerValue>(foyer_memory::Cache<K, V>);

impl<K: PeerKey, V: PeerValue> Peer<K, V> for Foyer<K, V> {
    const NAME: &'static str = "foyer, SIEVE";

    fn with_room_for(capacity: u64) -> Self {
        let builder = foyer_memory::CacheBuilder::new(capacity as usize);
        Self(builder.with_eviction_config(foyer_memory::SieveConfig).build())
    }

    fn get(&self, key: &K) -> Option<V> {
        self.0.get(key).map(|entry| entry.value().clone())
    }

    fn insert(&self, key: K, value: V) {
        self.0.insert(key, value);
    }
}

/// `sieve_cache::ShardedSieveCache`.
pub struct SieveCache<K: PeerKey, V: PeerValue>(sieve_cache::ShardedSieveCache<K, V>);

impl<K: PeerKey, V: PeerValue> Peer<K, V> for SieveCache<K, V> {
    const NAME: &'static str = "sieve-cache, sharded";

    fn with_room_for(capacity: u64) -> Self {
        Self(sieve_cache::ShardedSieveCache::new(capacity as usize).expect("a capacity above zero"))
    }

    fn get(&self, key: &K) -> Option<V> {
        self.0.get(key)
    }

    fn insert(&self, key: K, value: V) {
        self.0.insert(key, value);
    }
}

/// `scc::HashCache`: sets of 32 entries, each with its own order of use.
pub struct SccCache<K: PeerKey, V: PeerValue>(scc::HashCache<K, V>);

impl<K: PeerKey, V: PeerValue> Peer<K, V> for SccCache<K, V> {
    const NAME: &'static str = "scc::HashCache";

    fn with_room_for(capacity: u64) -> Self {
        Self(scc::HashCache::with_capacity(0, capacity as usize))
    }

    fn get(&self, key: &K) -> Option<V> {
        self.0.get_sync(key).map(|entry| entry.get().clone())
    }

    fn insert(&self, key: K, value: V) {
        match self.0.entry_sync(key) {
            scc::hash_cache::Entry::Occupied(mut entry) => *entry.get_mut() = value,
            scc::hash_cache::Entry::Vacant(entry) => drop(entry.put_entry(value)),
        }
    }
}
