//! Rivals for one thread, behind locks.

use std::hash::BuildHasher;
use std::num::NonZeroUsize;

use foldhash::fast::RandomState;
use parking_lot::Mutex;

use crate::peer::{Peer, PeerKey, PeerValue};

/// `lru::LruCache` behind one mutex.
pub struct LockedLru<K: PeerKey, V: PeerValue>(Mutex<lru::LruCache<K, V, RandomState>>);

fn lru<K: PeerKey, V: PeerValue>(capacity: u64) -> Mutex<lru::LruCache<K, V, RandomState>> {
    let capacity = NonZeroUsize::new(capacity as usize).unwrap_or(NonZeroUsize::MIN);
    Mutex::new(lru::LruCache::with_hasher(capacity, RandomState::default()))
}

impl<K: PeerKey, V: PeerValue> Peer<K, V> for LockedLru<K, V> {
    const NAME: &'static str = "lru, one mutex";

    fn with_room_for(capacity: u64) -> Self {
        Self(lru(capacity))
    }

    fn get(&self, key: &K) -> Option<V> {
        self.0.lock().get(key).cloned()
    }

    fn insert(&self, key: K, value: V) {
        self.0.lock().put(key, value);
    }
}

/// How many shards the sharded one has.
const SHARDS: u64 = 16;

/// `lru::LruCache` behind 16 mutexes.
pub struct ShardedLru<K: PeerKey, V: PeerValue> {
    shards: Vec<Mutex<lru::LruCache<K, V, RandomState>>>,
    hasher: RandomState,
}

impl<K: PeerKey, V: PeerValue> ShardedLru<K, V> {
    fn shard(&self, key: &K) -> &Mutex<lru::LruCache<K, V, RandomState>> {
        &self.shards[(self.hasher.hash_one(key) >> 60) as usize]
    }
}

impl<K: PeerKey, V: PeerValue> Peer<K, V> for ShardedLru<K, V> {
    const NAME: &'static str = "lru, 16 mutexes";

    fn with_room_for(capacity: u64) -> Self {
        let shards = (0..SHARDS).map(|_| lru(capacity.div_ceil(SHARDS))).collect();
        Self { shards, hasher: RandomState::default() }
    }

    fn get(&self, key: &K) -> Option<V> {
        self.shard(key).lock().get(key).cloned()
    }

    fn insert(&self, key: K, value: V) {
        self.shard(&key).lock().put(key, value);
    }
}

/// `schnellru::LruMap` behind one mutex.
pub struct LockedSchnellru<K: PeerKey, V: PeerValue>(Mutex<schnellru::LruMap<K, V>>);

impl<K: PeerKey, V: PeerValue> Peer<K, V> for LockedSchnellru<K, V> {
    const NAME: &'static str = "schnellru, one mutex";

    fn with_room_for(capacity: u64) -> Self {
        Self(Mutex::new(schnellru::LruMap::new(schnellru::ByLength::new(capacity as u32))))
    }

    fn get(&self, key: &K) -> Option<V> {
        self.0.lock().get(key).cloned()
    }

    fn insert(&self, key: K, value: V) {
        self.0.lock().insert(key, value);
    }
}
